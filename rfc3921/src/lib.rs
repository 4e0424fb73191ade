//! Messaging over XMPP (RFC 6121) and the extensions of a modern client.
#![forbid(unsafe_code)]

mod element;
mod error;

pub mod archive;
pub mod avatar;
pub mod blocking;
pub mod bookmarks;
pub mod caps;
pub mod carbons;
pub mod chat_states;
pub mod correction;
pub mod datetime;
pub mod delay;
pub mod disco;
pub mod display;
pub mod fallback;
pub mod form;
pub mod forward;
pub mod hints;
pub mod invitation;
pub mod link;
pub mod markers;
pub mod me;
pub mod message;
pub mod ns;
pub mod occupant;
pub mod ping;
pub mod presence;
pub mod pubsub;
pub mod reactions;
pub mod receipts;
pub mod reply;
pub mod result_set;
pub mod retraction;
pub mod rooms;
pub mod roster;
pub mod session;
pub mod stanza_id;
pub mod time;
pub mod upload;
pub mod vcard;
pub mod version;

pub use error::Error;
