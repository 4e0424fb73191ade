//! What it costs to read a message and the headers that a proxy looks at, to edit and to write it. One iteration runs over
//! all messages; divide by their number (printed first) for the cost of one. Run with the feature `rsip` for the rival's
//! figures beside ours.

use bytes::Bytes;
use divan::{Bencher, black_box};
use rfc3261::message::{Message, Name, RecordRoute, Route, Via};

fn main() {
    println!("{} messages, {} bytes", messages().len(), messages().iter().map(Bytes::len).sum::<usize>());
    divan::main();
}

/// Parse, then typed values of top Via, From, To, CSeq, Contact and Route.
#[divan::bench]
fn parse_and_access(bencher: Bencher) {
    let messages = messages();
    bencher.bench_local(|| {
        for data in &messages {
            let message = Message::parse(data.clone()).unwrap();
            let headers = message.headers();
            let via = headers.via().unwrap().unwrap();
            black_box((via.host(), via.port(), via.branch()));
            black_box(headers.from().unwrap().unwrap().tag());
            black_box(headers.to().unwrap().unwrap().tag());
            black_box(headers.cseq().unwrap().unwrap().number);
            black_box(headers.contact().unwrap().map(|contact| contact.uri().port()));
            black_box(headers.route().unwrap().map(|route| route.uri().port()));
        }
    });
}

/// Parse only.
#[divan::bench]
fn parse(bencher: Bencher) {
    let messages = messages();
    bencher.bench_local(|| messages.iter().map(|data| Message::parse(black_box(data.clone())).unwrap()).for_each(drop));
}

/// What a proxy does to each request on its way: Max-Forwards, Record-Route, Via, Route, and out.
#[divan::bench]
fn edit_and_write(bencher: Bencher) {
    let messages: Vec<Message> = messages().into_iter().map(|data| Message::parse(data).unwrap()).collect();
    let via = "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKabcdefghijklmnop";
    bencher.bench_local(|| {
        for message in &messages {
            let mut message = message.clone();
            let headers = message.headers_mut();
            headers.set(Name::MaxForwards, 69);
            headers.prepend(Name::RecordRoute, "<sip:198.51.100.1;lr>");
            let _popped = black_box(headers.pop::<Route>());
            headers.prepend(Name::Via, via);
            black_box(message.to_bytes());
        }
    });
}

/// What a proxy does to each response on its way.
#[divan::bench]
fn pop_via_and_write(bencher: Bencher) {
    let messages: Vec<Message> = messages().into_iter().map(|data| Message::parse(data).unwrap()).collect();
    bencher.bench_local(|| {
        for message in &messages {
            let mut message = message.clone();
            let _popped = black_box(message.headers_mut().pop::<Via>());
            black_box(message.headers().list::<RecordRoute>().count());
            black_box(message.to_bytes());
        }
    });
}

#[cfg(feature = "rsip")]
mod rsip_rival {
    use super::*;
    use rsip::headers::ToTypedHeader;
    use rsip::message::HeadersExt;

    #[divan::bench]
    fn parse_and_access(bencher: Bencher) {
        let messages = messages();
        bencher.bench_local(|| {
            for data in &messages {
                let message = rsip::SipMessage::try_from(&data[..]).unwrap();
                black_box(message.via_header().ok().map(|header| header.typed()));
                black_box(message.from_header().ok().map(|header| header.typed()));
                black_box(message.to_header().ok().map(|header| header.typed()));
                black_box(message.cseq_header().ok().map(|header| header.typed()));
                black_box(message.contact_header().ok().map(|contact| contact.typed()));
                black_box(message.route_header().map(|route| route.typed()));
            }
        });
    }
}

/// Ten messages as they are on real networks, or the valid torture messages where those are not at hand.
fn messages() -> Vec<Bytes> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders =
        ["../shared/bench/sip-messages", "../../shared/bench/sip-messages", "../../../shared/bench/sip-messages"]
            .iter()
            .map(|folder| root.join(folder));
    let folder = folders.find(|folder| folder.is_dir()).unwrap_or_else(|| root.join("tests/torture/rfc4475"));
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let messages = files.into_iter().map(|file| Bytes::from(std::fs::read(file).unwrap()));
    messages.filter(|data| Message::parse(data.clone()).is_ok()).collect()
}
