#![no_main]
//! Whatever a capture holds, its ladder is drawn: no panic, and every arrow stands between two columns.
use docs::ladder::{Ladder, Limits, Names, html, svg, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { arrows: 200, detail: 256, details: 16 << 10, connections: 16, columns: 8 };
    let Ok(ladder) = Ladder::read(data, &Names::default(), &limits) else { return };
    assert!(ladder.arrows.len() <= limits.arrows && ladder.columns.len() <= limits.columns);
    assert!(ladder.arrows.iter().all(|arrow| arrow.from.max(arrow.to) < ladder.columns.len()));
    html::page(&ladder, "fuzz");
    svg::draw(&ladder, "fuzz");
    text::draw(&ladder, 80);
    ladder.flow();
});
