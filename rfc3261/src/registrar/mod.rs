//! The registrar: keeps which contacts an address of record can be reached at (RFC 3261 section 10).
//!
//! [`Registrar::register`] turns a REGISTER request into its response and the change of [`Bindings`]; a proxy or
//! redirect server of the same domain reads them. Whether the client may do so is decided before, by a [`Guard`].
//! Nothing here sends or waits: see [`proxy::Home`](crate::proxy::Home) for the composition.

mod aor;
mod bindings;
mod guard;
mod process;

pub use aor::aor;
pub use bindings::{Binding, Bindings};
pub use guard::{Admission, Guard, GuardConfig, Users};
pub use process::{Registered, Registrar, RegistrarConfig};
