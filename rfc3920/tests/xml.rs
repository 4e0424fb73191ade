//! What the reader and the tree make of ordinary text.

use rfc3920::ns;
use rfc3920::xml::{Element, Event, Framing, Limits, Reader};

const OPEN: &str = "<?xml version='1.0'?><stream:stream from='wonderland.example' id='++TR84Sm6A3hnt3Q065SnAbbk3Y=' \
    version='1.0' xml:lang='en' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

fn read(text: &str) -> Vec<Event> {
    let mut reader = Reader::new(Limits::default(), Framing::Stream);
    reader.push(text.to_owned().into());
    reader.map(|e| e.expect("an event")).collect()
}

#[test]
fn a_stream_opens_carries_elements_and_closes() {
    let events = read(&format!(
        "{OPEN}<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features> \n \
         <message from='a@x.example/&apos;'><body>1 &lt; 2 &#x26; <![CDATA[<3]]></body></message></stream:stream >"
    ));
    let [Event::Open(header), Event::Element(features), Event::Element(message), Event::Close] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(header.from.as_deref(), Some("wonderland.example"));
    assert_eq!((header.lang.as_deref(), header.version, &*header.ns), (Some("en"), Some((1, 0)), ns::CLIENT));
    assert!(features.is(ns::STREAMS, "features") && features.has(ns::BIND, "bind"));
    assert_eq!(message.get("from"), Some("a@x.example/'"));
    assert_eq!(message.child_text(ns::CLIENT, "body").as_deref(), Some("1 < 2 & <3"));
}

#[test]
fn a_tree_is_edited_in_place() {
    let mut e: Element = "<a xmlns='x'>one<b/>two<c k='v'>three</c></a>".parse().expect("an element");
    assert_eq!(e.text(), "onetwo");
    assert!(e.remove("x", "b").is_some());
    assert_eq!(e.nodes().len(), 2);
    e.find_mut("x", "c").expect("a child").set("k", "w");
    e.children_mut().for_each(|c| c.unset("k"));
    assert_eq!(e.to_string(), "<a xmlns='x'>onetwo<c>three</c></a>");
}
