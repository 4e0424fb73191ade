#![no_main]
//! Any message about shared objects: what is read is written to what says the same, and a store forgets who left.
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use rtmp::shared_object::{Config, Event, Form, Limits, SharedObject, Store};
use rtmp::{Message, MessageType};

fuzz_target!(|data: &[u8]| {
    let Some((first, payload)) = data.split_first() else { return };
    let kind = if first % 2 == 0 { MessageType::SharedObjectAmf0 } else { MessageType::SharedObjectAmf3 };
    let message = Message { kind, timestamp: 0, stream: 0, payload: Bytes::copy_from_slice(payload) };
    let Ok(object) = SharedObject::parse(&message, &Limits::default()) else { return };
    for form in [Form::Amf0, Form::Amf3] {
        assert_eq!(SharedObject::parse(&object.to_message(form), &Limits::default()).as_ref(), Ok(&object));
    }
    let mut store = Store::new(Config::default());
    for client in 0..2 {
        let enter = SharedObject { events: vec![Event::Use], ..object.clone() };
        store.handle(client, "app", &enter.to_message(Form::Amf0)).unwrap();
    }
    store.handle(0, "app", &message).unwrap();
    store.leave(0);
    store.leave(1);
    assert_eq!((store.bytes(), store.objects().count()), (0, 0));
});
