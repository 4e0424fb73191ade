//! Escaping of localparts (XEP-0106): names from elsewhere, such as mail addresses, as localparts and back for display.

/// Escapes what a localpart cannot hold, so that [`super::localpart`] accepts the outcome; spaces at the ends are
/// dropped, since an escaped localpart must not begin or end with one.
///
/// ```
/// use rfc3920::jid::{escape, unescape};
/// assert_eq!(escape("d'artagnan 7@musketeers"), r"d\27artagnan\207\40musketeers");
/// assert_eq!(unescape(r"d\27artagnan\207\40musketeers"), "d'artagnan 7@musketeers");
/// assert_eq!(escape(r"c:\5commas"), r"c\3a\5c5commas"); // a backslash only where it could be misread
/// ```
pub fn escape(name: &str) -> String {
    let name = name.trim_matches(' ');
    let mut out = String::with_capacity(name.len());
    for (at, c) in name.char_indices() {
        match code(c) {
            Some(code) if c != '\\' || name.get(at..).and_then(escaped).is_some() => {
                out.push('\\');
                out.push_str(code);
            }
            _ => out.push(c),
        }
    }
    out
}

/// Undoes [`escape`], for display alone: the outcome is no localpart, and must not be used as one.
pub fn unescape(local: &str) -> String {
    let mut out = String::with_capacity(local.len());
    let mut rest = local;
    while let Some(c) = rest.chars().next() {
        match escaped(rest) {
            // An escaped space at either end was made by nobody who keeps to the rules: it stays visible.
            Some(' ') if out.is_empty() || rest.len() == 3 => {
                out.push_str(rest.get(..3).unwrap_or_default());
                rest = rest.get(3..).unwrap_or_default();
            }
            Some(plain) => {
                out.push(plain);
                rest = rest.get(3..).unwrap_or_default();
            }
            None => {
                out.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out
}

/// The two digits of a character that is escaped.
fn code(c: char) -> Option<&'static str> {
    CODES.iter().find(|(plain, _)| *plain == c).map(|(_, code)| *code)
}

/// The character whose escape begins this text.
fn escaped(text: &str) -> Option<char> {
    let digits = text.strip_prefix('\\')?.get(..2)?;
    CODES.iter().find(|(_, code)| *code == digits).map(|(plain, _)| *plain)
}

const CODES: [(char, &str); 10] = [
    (' ', "20"),
    ('"', "22"),
    ('&', "26"),
    ('\'', "27"),
    ('/', "2f"),
    (':', "3a"),
    ('<', "3c"),
    ('>', "3e"),
    ('@', "40"),
    ('\\', "5c"),
];
