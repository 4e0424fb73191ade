//! What is sent over a stream: messages, presence, iq, and their errors (RFC 6120, 8).
