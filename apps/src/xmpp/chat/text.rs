//! Text on a grid of cells: measured by what a reader sees as one character, made harmless before anything else.

use rfc3921::display::{safe, safe_line};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Cells that the text takes.
///
/// ```
/// use apps::xmpp::chat::text::width;
/// assert_eq!((width("tea"), width("お茶"), width("e\u{301}"), width("👩\u{200d}💻")), (3, 4, 1, 2));
/// ```
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(cell_width).sum()
}

/// Cells of one character, as the screen counts them.
pub fn cell_width(grapheme: &str) -> usize {
    grapheme.width()
}

/// One line of at most `cells`, with `…` where something is left out.
///
/// ```
/// use apps::xmpp::chat::text::fit;
/// assert_eq!(fit("Mad Hatter", 7), "Mad Ha…");
/// assert_eq!(fit("お茶の会", 5), "お茶…");
/// assert_eq!(fit("a\u{1b}[2J", 9), "a␛[2J");
/// ```
pub fn fit(text: &str, cells: usize) -> String {
    let text = safe_line(text);
    if width(&text) <= cells {
        return text.into_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        used += cell_width(grapheme);
        if used >= cells {
            break;
        }
        out.push_str(grapheme);
    }
    if cells > 0 {
        out.push('…');
    }
    out
}

/// The same, filled with spaces behind it.
pub fn pad(text: &str, cells: usize) -> String {
    let mut out = fit(text, cells);
    out.extend(std::iter::repeat_n(' ', cells.saturating_sub(width(&out))));
    out
}

/// The same, filled with spaces before it.
pub fn pad_left(text: &str, cells: usize) -> String {
    let out = fit(text, cells);
    " ".repeat(cells.saturating_sub(width(&out))) + &out
}

/// Lines of at most `cells`, broken between words where that is possible. Never empty.
///
/// ```
/// use apps::xmpp::chat::text::wrap;
/// assert_eq!(wrap("Off with his head", 8), ["Off with", "his head"]);
/// assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
/// assert_eq!(wrap("one\n\ntwo", 9), ["one", "", "two"]);
/// ```
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let text = safe(text);
    text.split('\n').flat_map(|line| wrap_line(line, cells.max(2))).collect()
}

fn wrap_line(line: &str, cells: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let (mut row, mut used) = (String::new(), 0);
    for word in line.split_inclusive(' ') {
        let bare = width(word.trim_end_matches(' '));
        if used > 0 && used + bare > cells {
            rows.push(std::mem::take(&mut row).trim_end_matches(' ').to_owned());
            used = 0;
        }
        for grapheme in word.graphemes(true) {
            let wide = cell_width(grapheme);
            if used + wide > cells {
                if grapheme == " " {
                    continue; // the break takes its place
                }
                rows.push(std::mem::take(&mut row));
                used = 0;
            }
            row.push_str(grapheme);
            used += wide;
        }
    }
    rows.push(row);
    rows
}

/// A moment on the user's clock: date and time of day.
///
/// ```
/// use apps::xmpp::chat::text::clock;
/// let day = std::time::Duration::from_secs(1_000_000_000);
/// assert_eq!(clock(day, 120), ("2001-09-09".to_owned(), "03:46".to_owned()));
/// ```
pub fn clock(unix: std::time::Duration, minutes_east: i16) -> (String, String) {
    let shift = std::time::Duration::from_secs(u64::from(minutes_east.unsigned_abs()) * 60);
    let local = if minutes_east < 0 { unix.saturating_sub(shift) } else { unix.saturating_add(shift) };
    let text = rfc3921::datetime::format(local);
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().to_owned();
    (part(0..10), part(11..16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_is_wider_than_the_place() {
        let text = "Alice 👩\u{200d}👩\u{200d}👧 お茶の会に行きます e\u{301}e\u{301}e\u{301} \
                    a-very-long-word-that-fits-nowhere https://wonderland.example/a/b/c?d=e%20f नमस्ते";
        for cells in 2..60 {
            let rows = wrap(text, cells);
            assert!(rows.iter().all(|row| width(row) <= cells), "{cells}: {rows:?}");
            let kept: String = rows.concat().chars().filter(|c| *c != ' ').collect();
            assert_eq!(kept, text.replace(' ', ""), "{cells}");
            assert!(width(&fit(text, cells)) <= cells);
            assert_eq!(width(&pad(text, cells)), cells.min(width(&pad(text, cells))));
        }
    }

    #[test]
    fn what_acts_on_a_terminal_is_shown_instead() {
        for text in ["\u{1b}[2J", "a\u{202e}b", "\u{9b}31m", "a\rb", "\u{7}"] {
            for row in [wrap(text, 10).concat(), fit(text, 10), pad(text, 10)] {
                assert!(!row.chars().any(|c| c.is_control() || c == '\u{202e}'), "{row:?}");
            }
        }
    }
}
