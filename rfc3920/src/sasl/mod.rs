//! Logging in (RFC 6120 section 6): which mechanism to use, its messages, and when to break off.
//!
//! [`choose`] looks at what the server offers, what binds us to it, what we know and what our [`Policy`] says, and
//! begins a [`Login`] with the strongest mechanism, or tells by its [`Error`] why nothing was sent. The login answers
//! challenges and has the last word: what the server calls a success is one only after [`Login::success`].

mod binding;
mod choose;
mod credentials;
mod error;
mod failure;
mod login;
mod mechanism;
mod policy;
pub mod scram;
mod secret;
mod text;

pub use binding::Binding;
pub use choose::{Offer, choose};
pub use credentials::{Credentials, Token};
pub use error::{Error, ServerError};
pub use failure::{Condition, Failure};
pub use login::{Authenticated, Login};
pub use mechanism::{Hash, Mechanism};
pub use policy::{Pin, Policy};
pub use secret::Secret;
pub(crate) use text::base64;
pub use text::{decode, encode};
