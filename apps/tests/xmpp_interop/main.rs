//! `xmpp` against a real server and a client of another library: `make interop`. Needs what `peers/prosody/install`
//! installs. Every test starts a server of its own.
mod chat;
mod ladder;
mod login;
mod messages;
#[allow(dead_code, reason = "what the SIP programs need besides")]
#[path = "../interop/peers.rs"]
mod peers;
mod programs;
#[path = "../ladders/record.rs"]
mod record;
