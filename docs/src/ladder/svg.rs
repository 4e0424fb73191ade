//! A ladder as a picture that stands alone.

use std::fmt::Write;

use super::{Arrow, Ladder, Protocol};
use crate::site::escape;

/// Draws a ladder. The picture has its own colours, for light and dark.
pub fn draw(ladder: &Ladder, title: &str) -> String {
    let place = Layout::of(ladder);
    let height = TOP + ROW * ladder.arrows.len() + 24;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"back\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n",
        width = place.width,
        title = escape(title),
    );
    for (column, name) in ladder.columns.iter().enumerate() {
        let x = place.x(column);
        let _ = write!(
            out,
            "<line class=\"life\" x1=\"{x}\" y1=\"44\" x2=\"{x}\" y2=\"{}\"/>\n<text class=\"who\" x=\"{x}\" y=\"32\">{}</text>\n",
            height - 12,
            escape(name)
        );
    }
    for (row, arrow) in ladder.arrows.iter().enumerate() {
        step(&mut out, &place, arrow, TOP + ROW * row);
    }
    out.push_str("</svg>\n");
    out
}

fn step(out: &mut String, place: &Layout, arrow: &Arrow, y: usize) {
    let class = class(arrow.protocol);
    let (from, to) = (place.x(arrow.from), place.x(arrow.to));
    let caption = escape(&arrow.caption());
    let _ = writeln!(out, "<g class=\"{class}\"><title>{:.3} s: {caption}</title>", arrow.at.as_secs_f64());
    if from == to {
        let _ = writeln!(
            out,
            "<path class=\"line\" d=\"M{from} {} h24 v14 h-16\"/><path class=\"head\" d=\"M{from} {y} l10 -4 v8 z\"/>\n\
             <text x=\"{}\" y=\"{}\" class=\"side\">{caption}</text></g>",
            y - 14,
            from + 32,
            y - 3,
        );
        return;
    }
    let back = if from < to { -10 } else { 10 };
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\">{caption}</text><line class=\"line\" x1=\"{from}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\"/>\
         <path class=\"head\" d=\"M{to} {y} l{back} -4 v8 z\"/></g>",
        (from + to) / 2,
        y - 6,
        to + back,
    );
}

/// The class of a protocol's colours.
pub(super) fn class(protocol: Protocol) -> String {
    protocol.name().to_ascii_lowercase()
}

struct Layout {
    gap: i64,
    width: i64,
}

impl Layout {
    /// As narrow as the captions allow.
    fn of(ladder: &Ladder) -> Layout {
        let columns = ladder.columns.len().max(1) as i64;
        let width_of = |text: &str| text.chars().count() as i64 * CHARACTER;
        let mut gap = ladder.columns.iter().map(|name| width_of(name) + 24).max().unwrap_or(0);
        let mut beside = 0;
        for arrow in &ladder.arrows {
            let wide = width_of(&arrow.caption()) + 28;
            match arrow.from.abs_diff(arrow.to) as i64 {
                0 => beside = beside.max(wide + 20 - (columns - 1 - arrow.to as i64) * gap.max(NARROWEST)),
                steps => gap = gap.max((wide + steps - 1) / steps),
            }
        }
        let gap = gap.clamp(NARROWEST, WIDEST);
        Layout { gap, width: gap * (columns - 1) + 2 * MARGIN + beside.clamp(0, WIDEST) }
    }

    fn x(&self, column: usize) -> i64 {
        MARGIN + self.gap * column as i64
    }
}

const STYLE: &str = "\
.back{fill:#fff}.life{stroke:#c6cad4;stroke-dasharray:3 4}text{font:13px system-ui,sans-serif;text-anchor:middle;fill:#1d1f24}\
text.who{font-weight:600;font-size:14px}text.side{text-anchor:start}.line{stroke-width:1.6;fill:none}\
.sip{--c:#0b57b0}.rtp,.rtcp{--c:#2e8b57}.rtmp{--c:#a0327d}.xmpp{--c:#9a5b00}.p2p{--c:#6a4bc4}.http,.tls,.stun,.other{--c:#667}\
.line{stroke:var(--c)}.head{fill:var(--c)}\
@media(prefers-color-scheme:dark){.back{fill:#16181d}.life{stroke:#444a57}text{fill:#dadde3}.sip{--c:#7db4ff}.rtp,.rtcp{--c:#6fcf97}\
.rtmp{--c:#e68fc8}.xmpp{--c:#e5b567}.p2p{--c:#b9a4ff}.http,.tls,.stun,.other{--c:#99a}}";
const TOP: usize = 76;
const ROW: usize = 34;
const MARGIN: i64 = 90;
/// The width of a character at that size, in pixels, rather too much.
const CHARACTER: i64 = 7;
const NARROWEST: i64 = 150;
const WIDEST: i64 = 460;
