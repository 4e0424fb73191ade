//! `xmpp`: chat, send, listen and more over XMPP.
