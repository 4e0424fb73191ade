//! The `rtmp-server` program itself: started, published to, played from, stopped.
#![cfg(feature = "rtmp-server")]

mod access;
mod hostile;
mod live;
mod program;
mod recorded;
mod relay;
mod usage;
