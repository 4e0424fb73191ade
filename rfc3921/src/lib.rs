//! Messaging over XMPP (RFC 6121) and the extensions of a modern client.
#![forbid(unsafe_code)]
