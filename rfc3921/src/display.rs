//! Text from others, made harmless for a terminal.
//!
//! A name, a status or a message may hold anything that XML lets through: the C1 controls, which old terminals obey as
//! they do escape sequences; characters that turn the direction of what follows, so that a file name or an address reads
//! as another; separators that start a new line in the middle of ours. [`safe`] and [`safe_line`] replace what acts by
//! something that shows, and leave the rest as it is: letters of every script, emoji with their joiners, combining marks.

use std::borrow::Cow;

/// `text` with every character that acts on a terminal replaced by one that only shows. Line feeds stay; tabs become
/// a space. Text that was harmless is not copied.
///
/// ```
/// use rfc3921::display::safe;
/// assert_eq!(safe("Curiouser and curiouser!\nSaid Alice"), "Curiouser and curiouser!\nSaid Alice");
/// assert_eq!(safe("\u{1b}[2Jgone\u{7}"), "␛[2Jgone␇");
/// assert_eq!(safe("gpj\u{202e}.exe"), "gpj\u{fffd}.exe");
/// assert_eq!(safe("\u{9b}31m"), "\u{fffd}31m");
/// ```
//= xep-0245#4/display MUST
//# Whatever acts on a terminal is shown as a symbol instead, before any text from others is printed.
pub fn safe(text: &str) -> Cow<'_, str> {
    replace(text, |c| acts(c) && c != '\n')
}

/// As [`safe`], for what must stay on one line: line feeds become a symbol too.
///
/// ```
/// use rfc3921::display::safe_line;
/// assert_eq!(safe_line("hatter\n<alice> I owe you"), "hatter␊<alice> I owe you");
/// ```
pub fn safe_line(text: &str) -> Cow<'_, str> {
    replace(text, acts)
}

fn replace(text: &str, bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    match text.find(&bad) {
        None => Cow::Borrowed(text),
        Some(first) => {
            let mut out = String::with_capacity(text.len() + 8);
            let (clean, rest) = text.split_at(first);
            out.push_str(clean);
            out.extend(rest.chars().map(|c| if bad(c) { symbol(c) } else { c }));
            Cow::Owned(out)
        }
    }
}

/// Whether a terminal may do something at `c` other than to show it.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200e}' | '\u{200f}'          // marks of direction
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // embeddings, overrides, isolates
            | '\u{2028}' | '\u{2029}'                     // line and paragraph separator
            | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' // deprecated formatting, annotation
            | '\u{200b}' | '\u{2060}' | '\u{feff}'        // width of nothing, to tell equal names apart
            | '\u{e0000}'..='\u{e001f}'                   // language tags
        )
}

/// What stands for it: the picture of a control character, or the replacement character.
fn symbol(c: char) -> char {
    match c {
        '\t' => ' ',
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= xep-0245#4/display test
    #[test]
    fn nothing_that_acts_is_left() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text = format!("a{c}b");
            assert!(!safe(&text).chars().any(|c| acts(c) && c != '\n'), "{c:?}");
            assert!(!safe_line(&text).chars().any(acts), "{c:?}");
        }
    }

    #[test]
    fn joined_emoji_and_marks_stay() {
        for text in ["👩\u{200d}👩\u{200d}👧", "❤\u{fe0f}", "नमस्ते", "می\u{200c}خواهم", "e\u{301}"]
        {
            assert!(matches!(safe_line(text), Cow::Borrowed(same) if same == text));
        }
    }
}
