//! The client side of XMPP's core (RFC 6120, 7622, 7590): XML streams, TLS, SASL, resource binding, stanzas.
#![forbid(unsafe_code)]

pub mod jid;
pub mod ns;
pub mod sasl;
pub mod stanza;
pub mod stream;
pub mod xml;
