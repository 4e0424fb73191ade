//! What a peer must not be able to do to the reader: forbidden constructs, lies about ends, sizes without end.

use bytes::Bytes;
use rfc3920::stanza::StreamCondition::{self, *};
use rfc3920::xml::{Element, Error, Event, Framing, Limits, Reader};

const OPEN: &str =
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

fn opened(limits: Limits) -> Reader {
    let mut reader = Reader::new(limits, Framing::Stream);
    reader.push(OPEN.into());
    assert!(matches!(reader.next(), Some(Ok(Event::Open(_)))));
    reader
}

/// The error that the bytes end a stream with: the same one pushed at once and byte by byte, and the last item.
fn error_of(mut reader: impl FnMut() -> Reader, bytes: &[u8]) -> Error {
    let mut whole = reader();
    whole.push(Bytes::copy_from_slice(bytes));
    let at_once: Vec<_> = whole.by_ref().collect();
    let mut slow = reader();
    let mut one_by_one = Vec::new();
    for byte in bytes {
        slow.push(Bytes::copy_from_slice(&[*byte]));
        one_by_one.extend(slow.by_ref());
    }
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
    assert_eq!(at_once, one_by_one, "{shown}");
    for mut reader in [whole, slow] {
        reader.push(Bytes::from_static(b"<message/>"));
        assert_eq!((reader.next(), reader.buffered()), (None, 0), "{shown}");
    }
    match at_once.into_iter().next_back() {
        Some(Err(error)) => error,
        other => panic!("{shown}: {other:?}"),
    }
}

fn in_stream(bytes: impl AsRef<[u8]>) -> StreamCondition {
    error_of(|| opened(Limits::default()), bytes.as_ref()).condition
}

fn at_start(bytes: impl AsRef<[u8]>) -> StreamCondition {
    error_of(|| Reader::new(Limits::default(), Framing::Stream), bytes.as_ref()).condition
}

//= rfc6120#11.1/refuse test
#[test]
fn document_types_comments_and_instructions_end_the_stream() {
    let bomb = "<!DOCTYPE lolz [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]><lolz>&b;</lolz>";
    assert_eq!(at_start(bomb), RestrictedXml);
    assert_eq!(at_start(format!("<?xml version='1.0'?>{bomb}")), RestrictedXml);
    assert_eq!(in_stream(bomb), RestrictedXml);
    for text in ["<!-- x -->", "<message><!-- x --></message>", "<?php x?>", "<message><?php x?></message>"] {
        assert_eq!(in_stream(text), RestrictedXml, "{text}");
        assert!(text.parse::<Element>().is_err());
    }
    assert_eq!(in_stream("<?xml version='1.0'?>"), RestrictedXml);
    assert_eq!(at_start("<?php x?>"), RestrictedXml);
    assert_eq!(at_start("<?>"), NotWellFormed); // its end begins before its beginning is over
    assert_eq!(at_start(" <?>"), NotWellFormed);
    assert_eq!(at_start(format!("<?xml {}", "x".repeat(200))), RestrictedXml);
    assert_eq!(in_stream("<body>&nbsp;</body>"), RestrictedXml);
    assert_eq!(in_stream("<body a='&lol;'/>"), RestrictedXml);
}

//= rfc6120#11.3/receive-well-formed test
#[test]
fn text_that_is_not_well_formed_ends_the_stream() {
    let cases = [
        "<body>&#0;</body>",
        "<body>&#1;</body>",
        "<body>&#xd800;</body>",
        "<body>&#xffff;</body>",
        "<body>&#x110000;</body>",
        "<body>&#+65;</body>",
        "<body>&#x;</body>",
        "<body>&#;</body>",
        "<body>&#xx41;</body>",
        "<body>&#99999999999;</body>",
        "<body>&amp</body>",
        "<body>& </body>",
        "<body a='&amp'/>",
        "<body a='&#1;'/>",
        "<body>\u{1}</body>",
        "<body a='\u{b}'/>",
        "<body>\u{ffff}</body>",
        "<body>\u{fffe}</body>",
        "<body a='\u{ffff}'/>",
        "<bo\u{0}dy/>",
        "<body>]]></body>",
        "<body a='<'/>",
        "<body a=b/>",
        "<body a/>",
        "<body a=/>",
        "<body a='1'b='2'/>",
        "<body a='1' a='2'/>",
        "<body ='1'/>",
        "<body a='1' a=\"1\"/>",
        "<body/ ></body>",
        "<body / a=''>x</body>",
        "<a><b></a></b>",
        "<a></b>",
        "<a></a b='1'>",
        "<a></ a>",
        "<>",
        "< a/>",
        "<1a/>",
        "<-a/>",
        "<a\"b\"/>",
        "<a b\"c\"='1'/>",
        "<a =''/>",
        "</message>",
        "</stream:strea>",
        "</stream>",
        "<![CDATA[x]]><a/>",
        "<a><b/></a ><a></c>",
        "<a 1='x'/>",
        "<\u{d7}/>",
        "<a\u{d7}/>",
        "<<a/>",
        "<a/><>",
    ];
    for text in cases {
        assert_eq!(in_stream(text), NotWellFormed, "{text}");
        assert!(text.starts_with("</") || text.parse::<Element>().is_err(), "{text}");
    }
    assert_eq!(at_start("stream"), NotWellFormed);
    assert_eq!(in_stream("hello"), BadFormat);
    assert_eq!(in_stream("<message/>hello"), BadFormat);
}

//= rfc6120#11.3/receive-namespaces test
#[test]
fn names_that_break_the_rules_of_namespaces_end_the_stream() {
    let cases = [
        "<x:body/>",
        "<body x:a='1'/>",
        "<a><b xmlns:x='urn:x'/><x:c/></a>",
        "<a:b:c xmlns:a='urn:x'/>",
        "<:a/>",
        "<a:/>",
        "<b xmlns:x='urn:x' xmlns:y='urn:x' x:a='1' y:a='2'/>",
        "<b x:a='1' x:a='2' xmlns:x='urn:x'/>",
        "<b xmlns:x='1' xmlns:x='2'/>",
        "<b xmlns='1' xmlns='2'/>",
        "<b xmlns:x=''/>",
        "<b xmlns:xml='urn:x'/>",
        "<b xmlns:xmlns='urn:x'/>",
        "<b xmlns:x='http://www.w3.org/XML/1998/namespace'/>",
        "<xmlns:b/>",
        "<b xmlns:='x'/>",
        "<b xmlns='http://www.w3.org/XML/1998/namespace'/>",
        "<b xmlns:x='http://www.w3.org/2000/xmlns/'/>",
        "<b xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<b xmlns:a:b='urn:x'/>",
        "<b a:='1'/>",
        "<y:b xmlns:x='urn:x' xmlns:y='urn:x'></x:b>",
    ];
    for text in cases {
        assert_eq!(in_stream(text), NotWellFormed, "{text}");
        assert!(text.parse::<Element>().is_err(), "{text}");
    }
}

//= rfc6120#4.8.5/prefixed-content test
#[test]
fn stanzas_with_a_prefix_end_the_stream_but_what_others_quote_does_not() {
    assert_eq!(in_stream("<c:message xmlns:c='jabber:client'/>"), BadNamespacePrefix);
    let mut reader = opened(Limits::default());
    reader.push("<x xmlns='urn:x'><c:message xmlns:c='jabber:client'/></x>".into());
    assert!(matches!(reader.next(), Some(Ok(Event::Element(_)))));
}

//= rfc6120#4.8.1/stream-namespace test
#[test]
fn other_roots_are_no_streams() {
    assert_eq!(at_start("<stream:stream xmlns:stream='http://wrong.example'>"), InvalidNamespace);
    assert_eq!(at_start("<stream>"), InvalidNamespace);
    assert_eq!(at_start("<features xmlns='http://etherx.jabber.org/streams'>"), BadFormat);
    assert_eq!(at_start("<stream:stream>"), NotWellFormed);
    assert_eq!(at_start("</stream:stream>"), NotWellFormed);
    assert_eq!(at_start("<![CDATA[x]]>"), NotWellFormed);
}

//= rfc6120#11.6/utf-8 test
//= rfc6120#11.6/refuse test
#[test]
fn other_encodings_and_wrong_utf_8_end_the_stream() {
    for bytes in
        [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xe2\x82", b"\xf0\x9f\x98"]
    {
        assert_eq!(in_stream([b"<a>", bytes, b"</a>"].concat()), UnsupportedEncoding, "{bytes:x?}");
        assert_eq!(in_stream([b"<a b='", bytes, b"'/>"].concat()), UnsupportedEncoding, "{bytes:x?}");
        assert_eq!(in_stream([b"<a", bytes, b"/>"].concat()), UnsupportedEncoding, "{bytes:x?}");
    }
    for start in [&b"\xff\xfe<\0?\0"[..], b"\xfe\xff\0<\0?", b"\0<\0?"] {
        assert_eq!(at_start(start), UnsupportedEncoding, "{start:x?}");
    }
    assert_eq!(at_start("<?xml version='1.0' encoding='ISO-8859-1'?>"), UnsupportedEncoding);
}

//= rfc6120#11.6/mark-is-a-space test
#[test]
fn a_byte_order_mark_is_text() {
    assert_eq!(at_start(format!("\u{feff}{OPEN}")), NotWellFormed);
    let element: Element = "<a>\u{feff}</a>".parse().expect("an element");
    assert_eq!(element.text(), "\u{feff}");
}

//= rfc6120#11.5/rules-of-xml test
#[test]
fn declarations_have_the_form_of_xml() {
    for text in [
        "<?xml?>",
        "<?xml ?>",
        "<?xml version='2.0'?>",
        "<?xml version='1.'?>",
        "<?xml encoding='utf-8'?>",
        "<?xmlversion='1.0'?>",
        "<?xml version='1.0' standalone='maybe'?>",
        "<?xml version='1.0' encoding='utf-8' x='y'?>",
        "<?xml version=1.0?>",
        "<?xml version='1.0' standalone='no' encoding='utf-8'?>",
        "<?xml version='1.0'encoding='utf-8'?>",
    ] {
        assert_eq!(at_start(text), NotWellFormed, "{text}");
    }
}

fn limited(limits: Limits, text: &str) -> StreamCondition {
    assert!(text.len() > limits.bytes || Element::parse(text, &limits).is_err());
    error_of(|| opened(limits), text.as_bytes()).condition
}

#[test]
fn depth_is_limited_and_never_costs_the_stack() {
    let limits = Limits { depth: 3, ..Limits::default() };
    assert!(Element::parse("<a><b><c>x</c></b></a>", &limits).is_ok());
    assert_eq!(limited(limits, "<a><b><c><d>x</d></c></b></a>"), PolicyViolation);
    assert_eq!(limited(limits, "<a><b><c><d/></c></b></a>"), PolicyViolation);
    // Refused at the 65th, although 3 MB follow.
    let deep = "<a>".repeat(1_000_000);
    let mut reader = opened(Limits::default());
    let scanned = reader.scanned();
    reader.push(deep.clone().into());
    assert_eq!(reader.next().and_then(Result::err).map(|e| e.condition), Some(PolicyViolation));
    assert!(reader.scanned() - scanned < 64 * 3 + 3);
    assert!(Element::parse(&deep, &Limits { bytes: usize::MAX, ..Limits::default() }).is_err());
    // A million levels that somebody allowed, or built, are taken apart without a stack.
    let unlimited = Limits { bytes: usize::MAX, depth: usize::MAX, nodes: usize::MAX, ..Limits::default() };
    let element = Element::parse(&(deep + &"</a>".repeat(1_000_000)), &unlimited).expect("a deep tree");
    drop(element);
}

//= rfc6120#13.12/stanza-limit test
#[test]
fn bytes_of_an_element_are_limited_whatever_they_are() {
    assert!(Limits::default().bytes > 10_000);
    let limits = Limits { bytes: 200, ..Limits::default() };
    let exact = format!("<a>{}</a>", "x".repeat(193));
    let mut reader = opened(limits);
    reader.push(format!("{exact}{exact}").into());
    assert!(matches!(reader.next(), Some(Ok(Event::Element(_)))));
    assert!(matches!(reader.next(), Some(Ok(Event::Element(_)))));
    assert_eq!(limited(limits, &format!("<a>{}</a>", "x".repeat(194))), PolicyViolation);
    let endless = "x".repeat(300);
    for start in ["<a>", "<", "<a b='", "<a b=\"", "<a ", "<a><![CDATA[", "<a>&", "<a></"] {
        assert_eq!(limited(limits, &format!("{start}{endless}")), PolicyViolation, "{start}");
    }
    let header = format!("<stream:stream a='{endless}'");
    assert_eq!(error_of(|| Reader::new(limits, Framing::Stream), header.as_bytes()).condition, PolicyViolation);
}

#[test]
fn ten_megabytes_of_text_are_never_held() {
    let limits = Limits::default();
    let mut reader = opened(limits);
    reader.push("<message><body>".into());
    let piece = Bytes::from(vec![b'x'; 16 * 1024]);
    let mut refused = None;
    for _ in 0..640 {
        reader.push(piece.clone());
        if let Some(event) = reader.next() {
            assert!(refused.is_none(), "told once");
            refused = event.err();
        }
        assert!(reader.buffered() <= limits.bytes + piece.len());
    }
    assert_eq!(refused.map(|e| e.condition), Some(PolicyViolation));
    assert_eq!(reader.buffered(), 0);
}

#[test]
fn names_attributes_prefixes_and_nodes_are_limited() {
    let limits = Limits { name: 16, attributes: 4, prefixes: 3, nodes: 10, ..Limits::default() };
    assert!(Element::parse("<abcdefghijklmnop a:bcdefghijklmno='' xmlns:a='x'/>", &limits).is_ok());
    assert_eq!(limited(limits, "<abcdefghijklmnopq/>"), PolicyViolation);
    assert_eq!(limited(limits, "<a abcdefghijklmnopq=''/>"), PolicyViolation);
    assert_eq!(limited(limits, "<a xmlns:ghijklmnopq=''/>"), PolicyViolation);
    assert!(Element::parse("<a b='' c='' d='' e=''/>", &limits).is_ok());
    assert_eq!(limited(limits, "<a b='' c='' d='' e='' f=''/>"), PolicyViolation);
    assert_eq!(limited(limits, "<a b='' c='' d='' e='' xmlns='x'/>"), PolicyViolation);
    assert!(Element::parse("<a xmlns:b='1' xmlns:c='2' xmlns:d='3'><b xmlns=''/></a>", &limits).is_ok());
    assert_eq!(limited(limits, "<a xmlns:b='1' xmlns:c='2'><x xmlns:d='3' xmlns:e='4'/></a>"), PolicyViolation);
    assert!(Element::parse("<a>1<b/>3<b/>5<b x=''/>8<b/></a>", &limits).is_ok());
    assert_eq!(limited(limits, "<a>1<b/>3<b/>5<b x=''/>8<b/>10</a>"), PolicyViolation);
    assert_eq!(limited(limits, "<a><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/></a>"), PolicyViolation);
    // The defaults: a name of a megabyte, a hundred thousand attributes.
    let many: String = (0..100_000).map(|i| format!(" a{i}=''")).collect();
    assert_eq!(in_stream(format!("<a{many}/>")), PolicyViolation);
    let name = "n".repeat(1_000_000);
    assert_eq!(in_stream(format!("<{name}/>")), PolicyViolation);
    assert_eq!(in_stream(format!("<a>{}</a>", "<b/>".repeat(70_000))), PolicyViolation);
}

//= rfc6120#11.7/between-elements test
#[test]
fn white_space_that_keeps_alive_costs_nothing() {
    let mut reader = opened(Limits::default());
    let spaces = Bytes::from(" \n\t\r".repeat(4096));
    for _ in 0..1000 {
        reader.push(spaces.clone());
        assert_eq!((reader.next(), reader.buffered()), (None, 0));
    }
    let mut before = Reader::new(Limits::default(), Framing::Stream);
    before.push(spaces.clone());
    assert_eq!((before.next(), before.buffered()), (None, 0));
    reader.push("<message/> ".into());
    assert!(matches!(reader.next(), Some(Ok(Event::Element(_)))));
}

#[test]
fn work_grows_with_the_bytes_however_they_are_cut() {
    let body = "<a b='1'>&amp;<![CDATA[]]]]>x</a>".repeat(400);
    let stanza = format!("<message><x>{body}</x></message>");
    let bytes = stanza.as_bytes();
    for size in [1, 2, 3, 7, 64, 1000, bytes.len()] {
        let mut reader = opened(Limits::default());
        let before = reader.scanned();
        let mut elements = 0;
        for piece in bytes.chunks(size) {
            reader.push(Bytes::copy_from_slice(piece));
            elements += reader.by_ref().filter(|e| matches!(e, Ok(Event::Element(_)))).count();
        }
        assert_eq!((elements, reader.scanned() - before), (1, bytes.len() as u64), "pieces of {size}");
    }
}

//= rfc6120#4.9.1.1/no-recovery test
//= rfc6120#4.4/closing-tag test
#[test]
fn nothing_is_read_behind_an_error_or_the_end() {
    let mut reader = opened(Limits::default());
    reader.push("<a></b><message/>".into());
    assert!(matches!(reader.next(), Some(Err(_))));
    assert!(reader.next().is_none());
    let mut reader = opened(Limits::default());
    reader.push("</stream:stream><message/>".into());
    assert_eq!(reader.next(), Some(Ok(Event::Close)));
    reader.push("<message/>".into());
    assert_eq!((reader.next(), reader.buffered()), (None, 0));
}
