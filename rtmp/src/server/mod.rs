//! The server machine: all connections of a listener.
