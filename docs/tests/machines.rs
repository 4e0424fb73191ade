//! The machines of the rooms: tables in code and digest agree, pictures are current, and nothing in them lies on anything else.

use std::path::Path;

use docs::machines::layout::{self, Layout, Line, Rect, Size};
use docs::machines::svg::Drawing;
use docs::machines::{all, check};
use proptest::prelude::*;

#[test]
fn digests_and_pictures_are_those_of_the_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let problems = check(&root, &all());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_changed_table_is_found_in_both_directions() {
    use docs::machines::table::{differences, print, read};
    for machine in all() {
        let mut told = read(&print(&machine), &machine.name).unwrap();
        assert!(differences(&machine.rows, &told).is_empty(), "{}: what is printed is read again", machine.name);
        told[0].to = "Elsewhere".into();
        let lines = differences(&machine.rows, &told);
        assert!(lines.len() > 1);
        assert!(lines[0].starts_with("only in the code") && lines.last().unwrap().contains("Elsewhere"), "{lines:?}");
        assert_eq!(differences(&machine.rows, &machine.rows[1..]).len(), machine.rows[0].from.len());
    }
}

#[test]
fn every_picture_is_readable() {
    for machine in all() {
        readable(&Drawing::of(&machine).layout()).unwrap_or_else(|why| panic!("{}: {why}", machine.name));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_graph_is_readable(boxes in boxes(), lines in lines()) {
        let layout = layout::of(&boxes, &lines_between(boxes.len(), &lines));
        prop_assert_eq!(layout.boxes.len(), boxes.len());
        readable(&layout).map_err(TestCaseError::fail)?;
    }
}

fn boxes() -> impl Strategy<Value = Vec<Size>> {
    prop::collection::vec((40.0..180.0f64, prop::sample::select(vec![33.0, 50.0, 67.0])), 1..12)
}

fn lines() -> impl Strategy<Value = Vec<(prop::sample::Index, prop::sample::Index, f64, usize)>> {
    prop::collection::vec(
        (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 20.0..240.0f64, 1usize..6),
        0..30,
    )
}

/// At most one line from one box to one other, as in a drawing.
fn lines_between(boxes: usize, lines: &[(prop::sample::Index, prop::sample::Index, f64, usize)]) -> Vec<Line> {
    let mut out: Vec<Line> = Vec::new();
    for (from, to, width, rows) in lines {
        let (from, to) = (from.index(boxes), to.index(boxes));
        if out.iter().all(|line| (line.from, line.to) != (from, to)) {
            out.push(Line { from, to, label: (*width, 17.0 * *rows as f64) });
        }
    }
    out
}

/// No box or label overlaps another, no line runs through one, and all is within the frame.
fn readable(layout: &Layout) -> Result<(), String> {
    let labels = layout.paths.iter().map(|path| path.label).filter(|label| label.width > 0.0);
    let things: Vec<Rect> = layout.boxes.iter().copied().chain(labels).collect();
    for (n, thing) in things.iter().enumerate() {
        let (right, bottom) = (thing.x + thing.width, thing.y + thing.height);
        if thing.x < 0.0 || thing.y < 0.0 || right > layout.size.0 || bottom > layout.size.1 {
            return Err(format!("{thing:?} is outside of {:?}", layout.size));
        }
        if let Some(other) = things[n + 1..].iter().find(|other| thing.overlaps(other)) {
            return Err(format!("{thing:?} overlaps {other:?}"));
        }
    }
    for path in &layout.paths {
        for (x, y) in path.walk() {
            let dot = Rect { x: x - 0.25, y: y - 0.25, width: 0.5, height: 0.5 };
            if x < 0.0 || y < 0.0 || x > layout.size.0 || y > layout.size.1 {
                return Err(format!("a line leaves the frame at {x}, {y}"));
            }
            // A line ends at the rim of its boxes, half a dot deep.
            let inside = |thing: &&Rect| thing.shrunk(0.3).overlaps(&dot);
            if let Some(thing) = things.iter().find(inside) {
                return Err(format!("a line runs through {thing:?} at {x}, {y}"));
            }
        }
    }
    Ok(())
}
