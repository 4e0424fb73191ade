//! What is written is read as the same element, however the bytes are cut.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rfc3920::ns;
use rfc3920::xml::{Element, Error, Event, Framing, Header, Limits, Node, Reader, close};

const NAMES: &[&str] = &["message", "body", "a", "x-1.2_3", "été", "_", "xmlns-not", "日本", "xml"];
const SPACES: &[&str] = &[ns::CLIENT, ns::STREAMS, "", "urn:x", "urn:a'b\"<&>", ns::XML, "http://x.example/ y"];

/// Text of any characters that XML allows, with those that need care more often.
fn text() -> impl Strategy<Value = String> {
    let care = select(vec![
        '<', '>', '&', '\'', '"', '\r', '\n', '\t', ']', '\u{85}', '\u{2028}', '\u{feff}', '\u{fffd}', ' ',
    ]);
    let any = any::<char>().prop_filter(
        "XML allows it",
        |c| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'),
    );
    vec(prop_oneof![care, any], 0..12).prop_map(String::from_iter)
}

fn leaf() -> impl Strategy<Value = Element> {
    let attribute = (select(vec!["", ns::XML, "urn:x", "urn:y'"]), select(NAMES), text());
    (select(SPACES), select(NAMES), vec(attribute, 0..4)).prop_map(|(ns, name, attributes)| {
        attributes.into_iter().fold(Element::new(ns, name), |e, (ns, name, value)| e.attr_ns(ns, name, value))
    })
}

fn element() -> impl Strategy<Value = Element> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        (leaf(), vec((text(), inner), 0..4), text()).prop_map(|(mut element, children, last)| {
            for (text, child) in children {
                element.push_text(text);
                element.push(child);
            }
            element.with_text(last)
        })
    })
}

/// What a reader makes of bytes that come in such pieces, the last size again and again.
fn events(bytes: &[u8], sizes: &[usize]) -> Vec<Result<Event, Error>> {
    let mut reader = Reader::new(Limits { bytes: 4096, depth: 8, ..Limits::default() }, Framing::Stream);
    let (mut rest, mut out) = (bytes, Vec::new());
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let (piece, more) = rest.split_at((*sizes.next().unwrap_or(&1)).clamp(1, rest.len()));
        reader.push(Bytes::copy_from_slice(piece));
        out.extend(reader.by_ref());
        rest = more;
    }
    out
}

proptest! {
    //= rfc6120#11.3/send-well-formed test
    //= rfc6120#11.3/send-namespaces test
    //= rfc6120#11.1/inject-nothing test
    //= rfc6120#8.4/namespace test
    //= rfc6120#8.4/declared-there test
    #[test]
    fn parse_of_write_is_the_same(x in element()) {
        let limits = Limits::default();
        let text = x.to_bytes("").expect("text");
        prop_assert_eq!(&Element::parse(std::str::from_utf8(&text).expect("UTF-8"), &limits).expect("an element"), &x);
        prop_assert_eq!(&x.to_string().parse::<Element>().expect("an element"), &x);
    }

    #[test]
    fn inside_of_a_stream_too_in_pieces_of_every_size(x in element(), sizes in vec(1usize..40, 1..6)) {
        let limits = Limits::default();
        let header = Header::client();
        let mut bytes = header.to_bytes(Framing::Stream).expect("a header").to_vec();
        bytes.extend_from_slice(&x.to_bytes(ns::CLIENT).expect("text"));
        bytes.extend_from_slice(&close(Framing::Stream));
        prop_assume!(bytes.len() < 4096 && limits.depth > 8);
        let expected = vec![Ok(Event::Open(header)), Ok(Event::Element(x)), Ok(Event::Close)];
        prop_assert_eq!(events(&bytes, &sizes), expected);
    }

    #[test]
    fn each_message_of_a_websocket_stands_alone(x in element()) {
        let mut reader = Reader::new(Limits::default(), Framing::WebSocket);
        reader.push(Header::client().to_bytes(Framing::WebSocket).expect("a header"));
        reader.push(x.to_bytes("").expect("text"));
        prop_assert!(matches!(reader.next(), Some(Ok(Event::Open(_)))));
        prop_assert_eq!(reader.next(), Some(Ok(Event::Element(x))));
    }

    /// Pieces of streams, whole and broken ones, in any order.
    #[test]
    fn pieces_of_every_size_give_the_same_events(
        parts in vec(select(PARTS), 0..24),
        noise in vec((0usize..600, any::<u8>()), 0..2),
        sizes in vec(1usize..30, 1..6),
    ) {
        let mut bytes = Header::client().to_bytes(Framing::Stream).expect("a header").to_vec();
        bytes.extend(parts.concat().bytes());
        for (at, byte) in noise {
            if let Some(b) = bytes.get_mut(at) {
                *b = byte;
            }
        }
        let whole = events(&bytes, &[usize::MAX]);
        prop_assert_eq!(&events(&bytes, &sizes), &whole);
        prop_assert_eq!(&events(&bytes, &[1]), &whole);
    }

    #[test]
    fn forbidden_characters_are_refused_or_replaced(before in text(), after in text(), n in 0usize..31, value: bool) {
        let forbidden: Vec<char> = ('\0'..' ').filter(|c| !"\t\n\r".contains(*c)).chain(['\u{fffe}', '\u{ffff}']).collect();
        let text = format!("{before}{}{after}", forbidden[n]);
        let element = Element::new("urn:x", "a");
        let element = if value { element.attr("b", text.clone()) } else { element.with_text(text.clone()) };
        prop_assert!(element.to_bytes("").is_err());
        let replaced: Element = element.to_string().parse().expect("an element");
        let read = if value { replaced.get("b").map(str::to_owned) } else { Some(replaced.text().into_owned()) };
        prop_assert_eq!(read, Some(text.replace(forbidden[n], "\u{fffd}")));
    }
}

const PARTS: &[&str] = &[
    "<a>",
    "</a>",
    "<a/>",
    "<a b='/>'/>",
    "<x:a xmlns:x='urn:x'>",
    "</x:a>",
    "text",
    " ",
    "&amp;",
    "&#x41;",
    "&",
    "]]>",
    "<![CDATA[",
    "<![CDATA[<]]>",
    "<message>é</message>",
    "<message><body>日本</body></message>",
    "<!--",
    "<?",
    "<stream:features/>",
    "</stream:stream>",
    "<a b=\"1\" c='2'>",
    "<",
    ">",
    "'",
    "<a b='",
    "<a><b><c><d><e><f><g><h><i>",
];

#[test]
fn names_that_are_none_are_not_written() {
    for name in ["", "a b", "a:b", "1", "<", "-a", "a\u{d7}", "a>"] {
        assert!(Element::named("urn:x".into(), name.into()).to_bytes("").is_err(), "{name}");
    }
    assert!(Element::new("urn:x", "a").attr("xmlns", "urn:y").to_bytes("").is_err());
    assert!(Element::new("urn:x", "a").attr_ns(ns::XMLNS, "y", "urn:y").to_bytes("").is_err());
    assert!(Element::new(ns::XMLNS, "a").to_bytes("").is_err());
}

#[test]
fn references_cdata_and_line_ends_read_as_the_characters_they_mean() {
    let e: Element =
        "<a b='1\t2\r\n3&#10;4&lt;'>1\r\n2\r3&#13;<![CDATA[\r\n&amp;]]>&gt;</a>".parse().expect("an element");
    assert_eq!(e.get("b"), Some("1 2 3\n4<"));
    assert_eq!(e.nodes(), [Node::Text("1\n2\n3\r\n&amp;>".into())]);
}

/// Each reference once copied the text before it: a square.
#[test]
fn many_references_take_time_in_proportion() {
    let references = format!("<a>{}</a>", "&amp;".repeat(200_000));
    let e: Element = references.parse().expect("an element");
    assert_eq!(e.text().len(), 200_000);
}
