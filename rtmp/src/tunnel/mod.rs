//! RTMPT: RTMP inside HTTP.
