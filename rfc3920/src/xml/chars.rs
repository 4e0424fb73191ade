//! Which characters may stand where (XML 1.0, 2.2 and 2.3; Namespaces in XML 1.0, 3).

use super::Error;

/// Whether XML 1.0 allows the character in a document at all.
pub(crate) fn is_char(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Refuses text with a character that XML 1.0 forbids. Looks at each byte once or twice.
pub(crate) fn check(text: &str) -> Result<(), Error> {
    let bytes = text.as_bytes();
    // Two passes without branches inside, so that the compiler can vectorise them.
    let control = bytes.iter().fold(false, |bad, b| bad | (*b < 0x20 && !matches!(*b, b'\t' | b'\n' | b'\r')));
    // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
    let rare = memchr::memchr_iter(0xef, bytes).any(|i| matches!(bytes.get(i + 1..i + 3), Some([0xbf, 0xbe | 0xbf])));
    if control || rare { Err(Error::malformed("a character that XML forbids")) } else { Ok(()) }
}

/// White space of XML.
pub(crate) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether this is a name without a colon.
pub(crate) fn is_ncname(name: &str) -> bool {
    let bytes = name.as_bytes();
    match bytes.first() {
        Some(b) if starts(*b) && bytes.iter().fold(true, |ok, b| ok & NAME[usize::from(*b)]) => true,
        Some(_) if !name.is_ascii() => {
            let mut chars = name.chars();
            chars.next().is_some_and(starts_name) && chars.all(continues_name)
        }
        _ => false,
    }
}

/// A qualified name as it was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Qualified<'a> {
    /// Empty when there is none.
    pub(crate) prefix: &'a str,
    pub(crate) local: &'a str,
}

/// Cuts a qualified name from the front of a tag's inside: the name, and what follows it.
pub(crate) fn qualified(inside: &str) -> Result<(Qualified<'_>, &str), Error> {
    let bytes = inside.as_bytes();
    let (mut end, mut colon, mut ascii) = (0, None, true);
    while let Some(b) = bytes.get(end) {
        match *b {
            b if NAME[usize::from(b)] => {}
            b':' if colon.is_none() => colon = Some(end),
            0x80.. => {
                ascii = false;
                // As far as a tag goes on with one word, and all the rules.
                end = inside.find([' ', '\t', '\n', '\r', '=']).unwrap_or(inside.len());
                colon = memchr::memchr(b':', &bytes[..end]);
                break;
            }
            _ => break,
        }
        end += 1;
    }
    let (name, rest) = inside.split_at(end);
    let (prefix, local) = colon.map_or(("", name), |at| (&name[..at], &name[at + 1..]));
    // Of ASCII all but the first characters were looked at.
    let valid = |part: &str| if ascii { part.as_bytes().first().is_some_and(|b| starts(*b)) } else { is_ncname(part) };
    if !valid(local) || (colon.is_some() && !valid(prefix)) {
        return Err(Error::malformed("a name that is none"));
    }
    Ok((Qualified { prefix, local }, rest))
}

/// ASCII characters inside names; the colon is not among them.
const NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 128 {
        let b = i as u8;
        table[i] = b.is_ascii_alphanumeric() || b == b'_' || b == b'-' || b == b'.';
        i += 1;
    }
    table
};

/// Whether a name may start with this byte of ASCII.
fn starts(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_'
}

fn starts_name(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

fn continues_name(c: char) -> bool {
    starts_name(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}
