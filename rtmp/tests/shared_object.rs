//! Shared objects: the messages byte by byte, and what a store tells whom.

use amf::amf0::Value;
use amf::amf3;
use proptest::prelude::*;
use rtmp::shared_object::{Config, Error, Event, Form, Limits, Persistence, SharedObject, Store};
use rtmp::{Message, MessageType};

fn message(payload: &[u8]) -> Message {
    let payload = payload.to_vec().into();
    Message { kind: MessageType::SharedObjectAmf0, timestamp: 0, stream: 0, payload }
}

fn parse(message: &Message) -> Result<SharedObject, Error> {
    SharedObject::parse(message, &Limits::default())
}

fn says(event: Event) -> Message {
    SharedObject::new("board", vec![event]).to_message(Form::Amf0)
}

fn change(name: &str, value: impl Into<Value>) -> Event {
    Event::RequestChange { name: name.into(), value: value.into() }
}

/// Who was told what.
fn told(list: Vec<(u32, Message)>) -> Vec<(u32, Vec<Event>)> {
    list.into_iter().map(|(client, message)| (client, parse(&message).unwrap().events)).collect()
}

fn status(code: &'static str) -> Event {
    Event::Status { code: code.into(), level: "error".into() }
}

const HEAD: &[u8] = b"\x00\x05board\0\0\0\x07\0\0\0\x02\0\0\0\0";

//= rtmp#7.1.3/layout test
//= rtmp#7.1.3/events test
#[test]
fn every_event_has_its_bytes() {
    let name = || "x".into();
    for (bytes, event) in [
        (&b"\x01\0\0\0\0"[..], Event::Use),
        (b"\x02\0\0\0\0", Event::Release),
        (b"\x03\0\0\0\x04\0\x01x\x05", Event::RequestChange { name: name(), value: Value::Null }),
        (b"\x04\0\0\0\x08\0\x01x\x02\0\x02hi", Event::Change { name: name(), value: "hi".into() }),
        (b"\x05\0\0\0\x03\0\x01x", Event::Success { name: name() }),
        (b"\x06\0\0\0\x06\x02\0\x01f\x01\x01", Event::SendMessage(vec!["f".into(), true.into()])),
        (b"\x07\0\0\0\x06\0\x01c\0\x01l", Event::Status { code: "c".into(), level: "l".into() }),
        (b"\x08\0\0\0\0", Event::Clear),
        (b"\x09\0\0\0\x03\0\x01x", Event::Remove { name: name() }),
        (b"\x0a\0\0\0\x03\0\x01x", Event::RequestRemove { name: name() }),
        (b"\x0b\0\0\0\0", Event::UseSuccess),
        (b"\x0e\0\0\0\0", Event::RequestClear),
        (b"\x63\0\0\0\x02??", Event::Other(99, b"??"[..].into())),
    ] {
        let whole = message(&[HEAD, bytes].concat());
        let object = SharedObject { name: "board".into(), version: 7, persistent: true, events: vec![event] };
        assert_eq!(parse(&whole).as_ref(), Ok(&object));
        assert_eq!(object.to_message(Form::Amf0), whole);
        // The other form has one byte more in front, and its own type.
        let other = object.to_message(Form::Amf3);
        assert_eq!((other.kind, other.payload.slice(1..)), (MessageType::SharedObjectAmf3, whole.payload.clone()));
        assert_eq!(parse(&other).as_ref(), Ok(&object));
        // No shorter message is one.
        for length in 0..whole.payload.len() {
            let cut = message(&whole.payload[..length]);
            assert_eq!(parse(&cut).is_ok(), length == HEAD.len(), "{length} bytes");
        }
    }
}

//= rtmp#7.1.3/several test
#[test]
fn one_event_may_change_several_properties() {
    let whole = message(&[HEAD, b"\x03\0\0\0\x08\0\x01a\x05\0\x01b\x06"].concat());
    assert_eq!(parse(&whole).unwrap().events, [change("a", Value::Null), change("b", Value::Undefined)]);
    let value = Value::from(amf3::Value::from(7));
    let whole = message(&[HEAD, b"\x04\0\0\0\x06\0\x01a\x11\x04\x07"].concat());
    assert_eq!(parse(&whole).unwrap().events, [Event::Change { name: "a".into(), value }]);
}

#[test]
fn what_is_no_shared_object_message_is_refused_by_name() {
    let audio = Message { kind: MessageType::Audio, ..message(HEAD) };
    assert_eq!(parse(&audio), Err(Error::Type(MessageType::Audio)));
    assert_eq!(parse(&message(b"\xff\xff")), Err(Error::Truncated));
    assert_eq!(parse(&message(&[HEAD, b"\x01\xff\xff\xff\xff"].concat())), Err(Error::Truncated));
    assert_eq!(parse(&message(b"\x00\x01\xff\0\0\0\0\0\0\0\0\0\0\0\0")), Err(Error::Utf8));
    assert!(matches!(parse(&message(&[HEAD, b"\x06\0\0\0\x01\x04"].concat())), Err(Error::Value(_))));
    let many = [HEAD, &b"\x01\0\0\0\0".repeat(1025)].concat();
    assert_eq!(parse(&message(&many)), Err(Error::TooManyEvents));
    let long = [HEAD, b"\x63\0\x04\0\0", &[0; 1 << 18][..]].concat();
    assert_eq!(parse(&message(&long)), Err(Error::TooLong));
}

//= rtmp#7.1.3/use test
//= rtmp#7.1.3/store test
//= rtmp#7.1.3/version test
//= rtmp#7.1.3/send test
#[test]
fn users_share_properties_and_messages() {
    let mut store = Store::new(Config::default());
    let mut handle = |client, event| store.handle(client, "live", &says(event)).unwrap();
    assert_eq!(told(handle(1, Event::Use)), [(1, vec![Event::UseSuccess, Event::Clear])]);
    assert_eq!(told(handle(1, change("x", 1))), [(1, vec![Event::Success { name: "x".into() }])]);
    let x = || Event::Change { name: "x".into(), value: 1.into() };
    let entered = handle(2, Event::Use);
    assert_eq!(parse(&entered[0].1).unwrap().version, 1);
    assert_eq!(told(entered), [(2, vec![Event::UseSuccess, Event::Clear, x()])]);

    let remove = || Event::Remove { name: "x".into() };
    let gone = handle(2, Event::RequestRemove { name: "x".into() });
    assert_eq!(parse(&gone[1].1).unwrap().version, 2);
    assert_eq!(told(gone), [(2, vec![remove()]), (1, vec![remove()])]);
    // Removed again: nobody else is bothered.
    assert_eq!(told(handle(2, Event::RequestRemove { name: "x".into() })), [(2, vec![remove()])]);

    let hello = || Event::SendMessage(vec!["hello".into(), 7.into()]);
    assert_eq!(told(handle(1, hello())), [(1, vec![hello()]), (2, vec![hello()])]);

    // A property becomes nothing: it is removed.
    handle(1, change("x", 1));
    let success = Event::Success { name: "x".into() };
    assert_eq!(told(handle(1, change("x", Value::Null))), [(1, vec![success]), (2, vec![remove()])]);
    handle(1, change("y", 1));
    assert_eq!(told(handle(1, Event::RequestClear)), [(1, vec![Event::Clear]), (2, vec![Event::Clear])]);

    // Who has left is told nothing, and the last one takes the object along.
    assert!(handle(2, Event::Release).is_empty());
    assert_eq!(handle(1, hello()).len(), 1);
    handle(1, change("z", "kept"));
    assert!(store.bytes() > 0);
    store.leave(1);
    assert_eq!((store.objects().count(), store.bytes(), store.ignored()), (0, 0, 0));
}

#[test]
fn applications_and_forms_are_kept_apart() {
    let mut store = Store::new(Config::default());
    let amf3 = SharedObject::new("board", vec![Event::Use]).to_message(Form::Amf3);
    assert_eq!(store.handle(1, "a", &amf3).unwrap()[0].1.kind, MessageType::SharedObjectAmf3);
    store.handle(2, "a", &says(Event::Use)).unwrap();
    store.handle(3, "b", &says(Event::Use)).unwrap();
    let list = store.handle(2, "a", &says(change("x", 1))).unwrap();
    assert_eq!(list.iter().map(|(client, _)| *client).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(list[1].1.kind, MessageType::SharedObjectAmf3);
    assert_eq!((store.property("a", "board", "x"), store.property("b", "board", "x")), (Some(1.into()), None));
    assert_eq!(store.objects().collect::<Vec<_>>(), [("a", "board", 2), ("b", "board", 1)]);
    assert_eq!(store.set("a", "board", "x", None).len(), 2);
    assert!(store.set("a", "board", "x", None).is_empty());
}

#[test]
fn strangers_and_events_of_servers_change_nothing() {
    let mut store = Store::new(Config::default());
    store.handle(1, "live", &says(Event::Use)).unwrap();
    for event in [change("x", 1), Event::RequestClear, Event::Release, Event::SendMessage(vec![])] {
        assert!(store.handle(2, "live", &says(event)).unwrap().is_empty());
    }
    for event in [Event::Clear, Event::UseSuccess, Event::Other(12, Default::default()), status("x")] {
        assert!(store.handle(1, "live", &says(event)).unwrap().is_empty());
    }
    assert_eq!((store.ignored(), store.bytes()), (8, 0));
}

//= rtmp#7.1.3/limits test
#[test]
fn what_clients_leave_behind_is_limited() {
    let config = Config {
        objects: 2,
        objects_per_client: 2,
        properties: 2,
        object_bytes: 40,
        bytes: 60,
        name: 5,
        ..Config::default()
    };
    let mut store = Store::new(config);
    let mut handle = |client: u32, name: &str, event: Event| {
        let list = store.handle(client, "live", &SharedObject::new(name, vec![event]).to_message(Form::Amf0)).unwrap();
        let events = told(list).remove(0).1.remove(0);
        (events, store.bytes())
    };
    let refused = status("SharedObject.ObjectCreationFailed");
    let denied = status("SharedObject.NoWriteAccess");
    assert_eq!(handle(1, "longer", Event::Use).0, refused);
    assert_eq!(handle(1, "", Event::Use).0, refused);
    assert_eq!(handle(1, "a", Event::Use).0, Event::UseSuccess);
    assert_eq!(handle(1, "b", Event::Use).0, Event::UseSuccess);
    assert_eq!(handle(2, "c", Event::Use).0, refused);
    assert_eq!(handle(1, "a", Event::Use).0, Event::UseSuccess); // again
    assert_eq!(handle(1, "a", change("toolong", 1)), (denied.clone(), 0));
    assert_eq!(handle(1, "a", change("x", "y".repeat(40))), (denied.clone(), 0));
    assert_eq!(handle(1, "a", change("x", "y".repeat(30))).1, 34);
    assert_eq!(handle(1, "a", change("x", "y".repeat(20))).1, 24); // in the place of the longer one
    assert_eq!(handle(1, "a", change("y", 1)).1, 34);
    assert_eq!(handle(1, "a", change("z", true)), (denied.clone(), 34)); // a third
    assert_eq!(handle(1, "b", change("x", "y".repeat(30))), (denied, 34)); // of all objects
    // Uses of one client.
    let mut store = Store::new(Config { objects_per_client: 1, ..Config::default() });
    store.handle(1, "live", &says(Event::Use)).unwrap();
    let second = store.handle(1, "other", &says(Event::Use)).unwrap();
    assert_eq!(told(second), [(1, vec![refused])]);
}

#[test]
fn objects_that_should_outlive_their_users() {
    let says = |name: &str, event| {
        SharedObject { persistent: true, ..SharedObject::new(name, vec![event]) }.to_message(Form::Amf0)
    };
    let mut store = Store::new(Config::default());
    let list = store.handle(1, "live", &says("a", Event::Use)).unwrap();
    assert_eq!(told(list), [(1, vec![status("SharedObject.BadPersistence")])]);

    let config = Config { persistence: Persistence::Memory, objects: 1, ..Config::default() };
    let mut store = Store::new(config);
    store.handle(1, "live", &says("a", Event::Use)).unwrap();
    store.handle(1, "live", &says("a", change("x", 1))).unwrap();
    store.leave(1);
    assert_eq!(store.property("live", "a", "x"), Some(1.into()));
    // Full, but nobody uses it: the next one takes its place.
    let list = store.handle(2, "live", &says("b", Event::Use)).unwrap();
    assert_eq!(told(list)[0].1[0], Event::UseSuccess);
    assert_eq!((store.property("live", "a", "x"), store.bytes()), (None, 0));
}

proptest! {
    #[test]
    fn garbage_is_read_or_refused(bytes in proptest::collection::vec(0u8..13, 0..60)) {
        let whole = message(&[HEAD, &bytes].concat());
        if let Ok(object) = parse(&whole) {
            let again = parse(&object.to_message(Form::Amf0));
            prop_assert_eq!(again, Ok(object));
        }
        let mut store = Store::new(Config::default());
        store.handle(1, "live", &says(Event::Use)).unwrap();
        let _ = store.handle(1, "live", &whole);
        store.leave(1);
        prop_assert_eq!(store.bytes(), 0);
    }
}
