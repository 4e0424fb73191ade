//! Checks the spec annotations of every room.
fn main() {}
