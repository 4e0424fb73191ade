//! Chat, send, listen and more over XMPP.
fn main() {}
