//! What the reader and the tree make of ordinary text.

use rfc3920::xml::{Element, Event, Framing, Header, Limits, Reader};
use rfc3920::{ns, stanza};

const OPEN: &str = "<?xml version='1.0'?><stream:stream from='wonderland.example' id='++TR84Sm6A3hnt3Q065SnAbbk3Y=' \
    version='1.0' xml:lang='en' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

fn read(text: &str) -> Vec<Event> {
    let mut reader = Reader::new(Limits::default(), Framing::Stream);
    reader.push(text.to_owned().into());
    reader.map(|e| e.expect("an event")).collect()
}

//= rfc6120#4.8.3/client-default test
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

//= rfc6120#11.5/declaration test
//= rfc6120#11.5/no-standalone test
//= rfc6120#11.6/no-mark test
//= rfc6120#4.8.2/not-the-stream test
//= rfc6120#4.7.5/no-zeros test
//= rfc6120#4.8.5/no-extensions test
#[test]
fn our_header_has_a_declaration_and_both_namespaces() {
    let header = Header { to: Some("wonderland.example".into()), lang: Some("en".into()), ..Header::client() };
    let text = header.to_bytes(Framing::Stream).expect("a header");
    assert_eq!(
        text,
        "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
         to='wonderland.example' version='1.0' xml:lang='en'>"
    );
    assert!(Header { to: Some("\u{1}".into()), ..Header::client() }.to_bytes(Framing::Stream).is_err());
}

fn header(text: &str) -> Header {
    match &read(text)[..] {
        [Event::Open(header), ..] => header.clone(),
        other => panic!("{other:?}"),
    }
}

//= rfc6120#4.7.5/integers test
//= rfc6120#4.7.5/leading-zeros test
//= rfc6120#4.7.5/absent test
#[test]
fn versions_are_numbers() {
    let version = |version: &str| header(&OPEN.replace("version='1.0' xml", &format!("{version} xml"))).version;
    assert!(
        version("version='2.4'") < version("version='2.13'") && version("version='2.13'") < version("version='12.3'")
    );
    assert_eq!(version("version='01.000'"), Some((1, 0)));
    for none in ["", "version='1'", "version='+1.0'", "version='1.0.0'", "version=''", "version='99999999999.0'"] {
        assert_eq!(version(none), None, "{none}");
    }
    assert!(version("") < Some((0, 9)));
}

//= rfc6120#4.8.2/prefix-free test
//= rfc6120#11.5/standalone test
//= rfc6120#8.4/any-prefix test
#[test]
fn a_stream_may_do_without_prefixes_or_with_others() {
    let events =
        read("<stream xmlns='http://etherx.jabber.org/streams'><features/><message xmlns='jabber:client'/></stream>");
    assert!(matches!(&events[..], [Event::Open(_), Event::Element(a), Event::Element(b), Event::Close]
        if a.is(ns::STREAMS, "features") && b.is(ns::CLIENT, "message")));
    let events = read(
        "<?xml version=\"1.0\" encoding='UTF-8' standalone='no' ?>\n<s:stream \
        xmlns:s='http://etherx.jabber.org/streams'/>",
    );
    assert!(matches!(&events[..], [Event::Open(h), Event::Close] if h.ns.is_empty()));
}

//= rfc6120#4.8.5/header-scope test
#[test]
fn a_restart_forgets_the_stream_and_its_declarations() {
    let mut reader = Reader::new(Limits::default(), Framing::Stream);
    reader.push(OPEN.replace("xmlns=", "xmlns:x='urn:x' xmlns=").into());
    reader.push("<x:a/><success/><half".into());
    assert_eq!(reader.by_ref().filter(|e| e.is_ok()).count(), 3);
    reader.restart();
    assert_eq!((reader.next(), reader.buffered()), (None, 0));
    reader.push(OPEN.into());
    reader.push("<x:a/>".into());
    assert!(matches!(reader.next(), Some(Ok(Event::Open(_)))));
    assert!(matches!(reader.next(), Some(Err(_))));
}

//= rfc6120#4.8.3/no-server test
//= rfc6120#4.8.5/no-prefix test
//= rfc6120#8.4/no-attributes test
#[test]
fn what_we_make_is_for_clients_and_has_no_prefix() {
    let request = stanza::iq_set(Some("alice@wonderland.example"), "1", Element::new(ns::BIND, "bind"));
    for element in [&request, &stanza::iq_result(&request, None)] {
        assert_eq!(element.ns(), ns::CLIENT);
        assert!(element.to_bytes(ns::CLIENT).expect("text").starts_with(b"<iq type='"));
        assert!(element.to_bytes("").expect("text").starts_with(b"<iq xmlns='jabber:client' type='"));
    }
}
