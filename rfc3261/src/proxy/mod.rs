//! The proxy core: forwards requests to where they belong, and responses back (RFC 3261 section 16, RFC 5393).
//!
//! [`Proxy`] is a [`wire::Machine`] that owns an [`Endpoint`](crate::endpoint::Endpoint) and a [`Router`]. The machine
//! knows how a request is validated, copied, forked, cancelled and answered; the router knows where requests belong.
//! [`Home`] is the router of a domain with registered users: registrar, digest authentication, and the rule who may
//! use the proxy for what.
//!
//! A request takes these steps, one file each:
//!
//! 1. `validate`: syntax, scheme, Max-Forwards, loops, Proxy-Require (16.3);
//! 2. `route`: Route values that name us, strict routers, maddr (16.4);
//! 3. [`Router::route`]: targets (16.5);
//! 4. `context` and `copy`: one copy for each target, in parallel for equal preference, else in sequence (16.6);
//! 5. `responses` and `best`: what goes back at once, and what is best of the rest (16.7).

mod best;
mod config;
mod context;
mod copy;
mod home;
mod machine;
mod next_hop;
mod record;
mod responses;
mod route;
mod router;
mod token;
mod us;
mod validate;

pub use config::{Config, Stats};
pub use home::{Held, Home, HomeConfig, HomeStats};
pub use machine::{Event, Proxy};
pub use router::{Asked, Decision, Fork, Router};
