//! Commands and data messages: a name and AMF values.
