//! Shared objects: properties that a server keeps for all who use an object, and messages between them.
//!
//! A [`SharedObject`] is one message about one object: its name, its version and a list of [`Event`]s. [`Store`] is the
//! server's side of it: all objects by application and name, and who uses them.
//!
//! ```
//! use amf::amf0::Value;
//! use rtmp::shared_object::{Config, Event, Form, SharedObject, Store};
//!
//! let mut store = Store::new(Config::default());
//! let says = |event| SharedObject::new("board", vec![event]).to_message(Form::Amf0);
//!
//! // Two clients use the same object; each is told that it may and what is in it.
//! let told = store.handle(1, "live", &says(Event::Use))?;
//! assert_eq!(SharedObject::parse(&told[0].1, &Default::default())?.events, [Event::UseSuccess, Event::Clear]);
//! store.handle(2, "live", &says(Event::Use))?;
//!
//! // One changes a property: it learns that this was granted, the other learns the value.
//! let change = Event::RequestChange { name: "colour".into(), value: "red".into() };
//! let told = store.handle(1, "live", &says(change))?;
//! let events = |at: usize| SharedObject::parse(&told[at].1, &Default::default()).unwrap().events;
//! assert_eq!((told[0].0, events(0)), (1, vec![Event::Success { name: "colour".into() }]));
//! assert_eq!((told[1].0, events(1)), (2, vec![Event::Change { name: "colour".into(), value: "red".into() }]));
//! assert_eq!(store.property("live", "board", "colour"), Some(Value::from("red")));
//! # Ok::<(), rtmp::shared_object::Error>(())
//! ```

mod codec;
mod store;

pub use codec::{Error, Event, Form, Limits, SharedObject};
pub use store::{Config, Persistence, Store};
