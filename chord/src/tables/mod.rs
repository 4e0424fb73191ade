//! The old chord of py2p and js2p: five tables, each key in each of them, at the storing node just before its place.
mod position;

pub use position::{Position, Table, distance};
