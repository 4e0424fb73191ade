//! The flows that `docs/ladders` shows, run anew: the programs record themselves, and who says what to whom has to be as it
//! was. `WRITE_LADDERS=1 cargo test -p apps --test ladders` writes the captures; then run `docs ladders --write`.
//!
//! Each program has a loopback address of its own, which Linux gives without asking.
#![cfg(all(
    target_os = "linux",
    feature = "dialer",
    feature = "sip-proxy",
    feature = "sip-rtmp",
    feature = "rtmp-copy",
    feature = "peer"
))]

mod p2p;
mod program;
mod record;
mod rtmp;
mod sip;
