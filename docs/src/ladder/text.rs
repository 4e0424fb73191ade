//! A ladder for a terminal.

use std::fmt::Write;

use super::Ladder;

/// Draws a ladder within `width` characters, if its columns fit.
pub fn draw(ladder: &Ladder, width: usize) -> String {
    let columns = ladder.columns.len().max(1);
    let longest = ladder.arrows.iter().map(|arrow| {
        let steps = arrow.from.abs_diff(arrow.to).max(1);
        (arrow.caption().chars().count() + 5).div_ceil(steps)
    });
    let names = ladder.columns.iter().map(|name| name.chars().count() + 2);
    let room = (width.saturating_sub(TIME + 12) / columns.saturating_sub(1).max(1)).max(NARROWEST);
    let gap = longest.chain(names).max().unwrap_or(0).clamp(NARROWEST, room);

    let mut out = format!("{:TIME$}", "");
    for name in &ladder.columns {
        let _ = write!(out, "{:gap$}", cut(name, gap - 1));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    for arrow in &ladder.arrows {
        let mut line: Vec<char> = vec![' '; gap * (columns - 1) + 1];
        for column in 0..columns {
            line[column * gap] = '|';
        }
        let (left, right) = (arrow.from.min(arrow.to) * gap, arrow.from.max(arrow.to) * gap);
        let caption = arrow.caption();
        let mut tail = String::new();
        if left == right {
            tail = format!(" {caption} (to itself)");
        } else {
            line[left + 1..right].fill('-');
            let to_right = arrow.from < arrow.to;
            line[if to_right { right - 1 } else { left + 1 }] = if to_right { '>' } else { '<' };
            let caption = cut(&caption, right - left - 5);
            for (at, c) in caption.chars().enumerate() {
                line[left + 3 + at] = c;
            }
        }
        let line: String = line.into_iter().collect();
        let _ = writeln!(out, "{:>8.3}   {line}{tail}", arrow.at.as_secs_f64());
    }
    for note in &ladder.notes {
        let _ = writeln!(out, "note: {note}");
    }
    out
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['\u{2026}']).collect()
}

/// Characters of the times.
const TIME: usize = 11;
/// The least characters from one column to the next.
const NARROWEST: usize = 16;
