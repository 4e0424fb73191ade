//! Trees from stanzas, beside other parsers, all in one run. One iteration parses the whole mix, weighted: divide by its
//! 108 stanzas (divan shows the items a second as well). The mix: data that is not part of the repository if it is
//! there, else five stanzas of our own.

use bytes::Bytes;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use rfc3920::ns;
use rfc3920::xml::{Element, Event, Framing, Limits, Reader};
use rxml::Parse;

fn main() {
    divan::main();
}

/// Every stanza as often as its weight says.
fn mix() -> Vec<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["../../shared", "../../../shared"].map(|p| root.join(p).join("vectors/xmpp/xmpp_stanza_mix.json"));
    let file = places.iter().find_map(|place| std::fs::read(place).ok());
    let rows: Vec<(String, usize, String)> = match file {
        Some(json) => serde_json::from_slice(&json).expect("rows of name, weight and stanza"),
        None => OWN.iter().map(|(weight, stanza)| (String::new(), *weight, (*stanza).to_owned())).collect(),
    };
    rows.into_iter().flat_map(|(_, weight, stanza)| std::iter::repeat_n(stanza, weight)).collect()
}

fn stanzas(mix: &[String]) -> ItemsCount {
    ItemsCount::new(mix.len())
}

/// The reader as a connection uses it: inside of a stream, a push and an event for each stanza.
#[divan::bench]
fn reader(bencher: Bencher) {
    let mix = mix();
    let pieces: Vec<Bytes> = mix.iter().map(|s| Bytes::copy_from_slice(s.as_bytes())).collect();
    let mut reader = Reader::new(Limits::default(), Framing::Stream);
    reader.push(Bytes::from(format!("<stream:stream xmlns='{}' xmlns:stream='{}'>", ns::CLIENT, ns::STREAMS)));
    assert!(matches!(reader.next(), Some(Ok(Event::Open(_)))));
    bencher.counter(stanzas(&mix)).bench_local(|| {
        for piece in &pieces {
            reader.push(black_box(piece.clone()));
            let Some(Ok(Event::Element(element))) = reader.next() else { panic!("an element") };
            black_box(element);
        }
    });
}

#[divan::bench]
fn element(bencher: Bencher) {
    let (mix, limits) = (mix(), Limits::default());
    bencher.counter(stanzas(&mix)).bench_local(|| {
        for stanza in &mix {
            black_box(Element::parse(black_box(stanza), &limits).expect("a stanza"));
        }
    });
}

/// Linear in the length of text: bytes a second stay the same.
#[divan::bench(args = [1 << 10, 1 << 14, 1 << 18, 1 << 20])]
fn text_of(bencher: Bencher, bytes: usize) {
    let text = format!("<message><body>{}</body></message>", "Curiouser &amp; curiouser! ".repeat(bytes / 27));
    let limits = Limits { bytes: 2 << 20, ..Limits::default() };
    bencher.counter(BytesCount::of_str(&text)).bench(|| Element::parse(black_box(&text), &limits));
}

/// Linear in nesting: bytes a second stay the same.
#[divan::bench(args = [1, 8, 64, 512])]
fn nested(bencher: Bencher, depth: usize) {
    let text = format!("{}{}", "<nested at='level'>".repeat(depth), "</nested>".repeat(depth));
    let limits = Limits { depth, ..Limits::default() };
    bencher.counter(BytesCount::of_str(&text)).bench(|| Element::parse(black_box(&text), &limits));
}

/// Back to text.
#[divan::bench]
fn write(bencher: Bencher) {
    let mix = mix();
    let elements: Vec<Element> = mix.iter().map(|s| s.parse().expect("a stanza")).collect();
    bencher.counter(stanzas(&mix)).bench_local(|| {
        for element in &elements {
            black_box(element.to_bytes(ns::CLIENT).expect("text"));
        }
    });
}

#[divan::bench]
fn minidom(bencher: Bencher) {
    let mix = mix();
    bencher.counter(stanzas(&mix)).bench_local(|| {
        for stanza in &mix {
            black_box(black_box(stanza).parse::<minidom::Element>().expect("a stanza"));
        }
    });
}

/// Events only, no tree.
#[divan::bench]
fn rxml_events(bencher: Bencher) {
    let mix = mix();
    bencher.counter(stanzas(&mix)).bench_local(|| {
        for stanza in &mix {
            let mut parser = rxml::Parser::new();
            let mut rest = black_box(stanza).as_bytes();
            while let Some(event) = parser.parse(&mut rest, true).expect("an event") {
                black_box(event);
            }
        }
    });
}

/// Events with resolved names only: no tree, few checks.
#[divan::bench]
fn quick_xml_ns_events(bencher: Bencher) {
    let mix = mix();
    bencher.counter(stanzas(&mix)).bench_local(|| {
        for stanza in &mix {
            let mut reader = quick_xml::NsReader::from_str(black_box(stanza));
            loop {
                let (ns, event) = reader.read_resolved_event().expect("an event");
                black_box(ns);
                match black_box(event) {
                    quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag) => {
                        for attribute in tag.attributes() {
                            black_box(attribute.expect("an attribute"));
                        }
                    }
                    quick_xml::events::Event::Eof => break,
                    _ => {}
                }
            }
        }
    });
}

/// Weights and stanzas.
const OWN: &[(usize, &str)] = &[
    (
        40,
        "<message xmlns='jabber:client' from='bob@looking-glass.example/desk' to='alice@wonderland.example/phone' \
         type='chat' id='a1' xml:lang='en'><body>Tea at six &amp; not a minute later</body><active \
         xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/><origin-id \
         xmlns='urn:xmpp:sid:0' id='a1'/></message>",
    ),
    (
        20,
        "<message xmlns='jabber:client' from='bob@looking-glass.example/desk' to='alice@wonderland.example/phone' \
         type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
    ),
    (
        30,
        "<presence xmlns='jabber:client' from='bob@looking-glass.example/desk' to='alice@wonderland.example/phone'>\
         <show>away</show><status>Painting roses</status><priority>5</priority><c \
         xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://client.example' ver='0Wb2h8H='/></presence>",
    ),
    (
        10,
        "<message xmlns='jabber:client' to='alice@wonderland.example/phone' id='m1'><result xmlns='urn:xmpp:mam:2' \
         queryid='q1' id='28482'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' \
         stamp='2026-03-04T05:06:07Z'/><message xmlns='jabber:client' from='bob@looking-glass.example' \
         to='alice@wonderland.example' type='chat'><body>Hello</body></message></forwarded></result></message>",
    ),
    (8, "<iq xmlns='jabber:client' from='wonderland.example' id='p1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>"),
];
