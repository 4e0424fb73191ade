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
        Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') if bytes.iter().all(|b| NAME[usize::from(*b)]) => true,
        Some(_) if !name.is_ascii() => {
            let mut chars = name.chars();
            chars.next().is_some_and(starts_name) && chars.all(continues_name)
        }
        _ => false,
    }
}

/// Prefix (empty when there is none) and local part of a qualified name.
pub(crate) fn split(name: &str) -> Result<(&str, &str), Error> {
    let (prefix, local) = match memchr::memchr(b':', name.as_bytes()) {
        None => ("", name),
        Some(colon) => (&name[..colon], &name[colon + 1..]),
    };
    if !is_ncname(local)
        || (prefix.is_empty() != (local.len() == name.len()))
        || !(prefix.is_empty() || is_ncname(prefix))
    {
        return Err(Error::malformed("a name that is none"));
    }
    Ok((prefix, local))
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

fn starts_name(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

fn continues_name(c: char) -> bool {
    starts_name(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}
