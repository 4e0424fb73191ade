//! Reading and writing a call's offer and one as large as a browser's.

use divan::{Bencher, black_box, counter::BytesCount};
use rfc4566::Session;

fn main() {
    divan::main();
}

const CALL: &str = include_str!("../tests/rfc/rfc4317-01.sdp");

/// Audio and video with transport addresses, fifty formats and their parameters.
fn browser() -> String {
    let mut text = String::from(
        "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
         a=extmap-allow-mixed\r\n",
    );
    for (mid, kind) in ["audio", "video"].into_iter().enumerate() {
        let formats: String = (96..121).map(|number| format!(" {number}")).collect();
        text += &format!("m={kind} 9 UDP/TLS/RTP/SAVPF{formats}\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n");
        for n in 0..6 {
            text += &format!(
                "a=candidate:{n} 1 udp 212226{n} 192.0.2.{n} 6{n}672 typ host generation 0 network-id {n}\r\n"
            );
        }
        text += &format!(
            "a=ice-ufrag:x{mid}\r\na=ice-pwd:0123456789012345678901\r\na=mid:{mid}\r\na=sendrecv\r\na=rtcp-mux\r\n"
        );
        for number in 96..121 {
            text += &format!("a=rtpmap:{number} codec{number}/90000\r\na=rtcp-fb:{number} nack pli\r\n");
            text +=
                &format!("a=fmtp:{number} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n");
        }
        for n in 0..4 {
            text += &format!("a=ssrc:{n} cname:0123456789abcdef\r\na=ssrc:{n} msid:stream track{n}\r\n");
        }
    }
    text
}

fn text(of: &str) -> String {
    if of == "call" { CALL.to_owned() } else { browser() }
}

#[divan::bench(args = ["call", "browser"], max_time = 1)]
fn parse(bencher: Bencher, of: &str) {
    let text = text(of);
    let data = bytes::Bytes::copy_from_slice(text.as_bytes());
    bencher.counter(BytesCount::of_str(&text)).bench(|| Session::parse(black_box(data.clone())));
}

#[divan::bench(args = ["call", "browser"], max_time = 1)]
fn print(bencher: Bencher, of: &str) {
    let text = text(of);
    let session: Session = text.parse().expect("an offer");
    bencher.counter(BytesCount::of_str(&text)).bench(|| black_box(&session).to_bytes());
}
