//! Reading and writing a call's offer and a browser's.

use divan::{Bencher, black_box, counter::BytesCount};
use rfc4566::Session;

fn main() {
    divan::main();
}

const CALL: &str = include_str!("../tests/rfc/rfc4317-01.sdp");
const BROWSER: &str = include_str!("browser.sdp");

#[divan::bench(args = [("call", CALL), ("browser", BROWSER)], max_time = 1)]
fn parse(bencher: Bencher, (_, text): (&str, &'static str)) {
    bencher.counter(BytesCount::of_str(text)).bench(|| Session::parse(black_box(text)));
}

#[divan::bench(args = [("call", CALL), ("browser", BROWSER)], max_time = 1)]
fn print(bencher: Bencher, (_, text): (&str, &'static str)) {
    let session = Session::parse(text).unwrap();
    bencher.counter(BytesCount::of_str(text)).bench(|| black_box(&session).to_bytes());
}
