//! The proxy and the registrar of a home domain, message by message: what goes in, what comes out, at what time.

mod bench;

mod cancel;
mod forking;
mod forwarding;
mod hostile;
mod registrar;
mod routing;
mod torture;
mod validation;
