//! The `peer` program itself: started as processes, talked to in JSON lines, typed at, attacked, killed.
#![cfg(feature = "peer")]

mod chord;
mod hostile;
mod mesh;
mod program;
mod raw;
mod simulation;
mod sync;
mod transports;
mod typed;
