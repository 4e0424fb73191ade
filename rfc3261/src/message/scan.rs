//! Character classes of RFC 3261 section 25.1 as one table, and the few scanners that everything else is made of.

/// Characters of `token`.
pub(crate) const TOKEN: u16 = 1;
/// Characters of the user part of a URI, without escapes.
pub(crate) const USER: u16 = 2;
/// Characters of the password of a URI, without escapes.
pub(crate) const PASSWORD: u16 = 4;
/// `paramchar` without escapes.
pub(crate) const PARAM: u16 = 8;
/// Characters of a header inside a URI, without escapes.
pub(crate) const HNV: u16 = 16;
/// Characters of a host name or IPv4 address. The underscore is no part of the grammar but of many private networks.
pub(crate) const HOST: u16 = 32;
/// Characters of any URI at all, without escapes.
pub(crate) const URIC: u16 = 64;
/// Characters of `word`, of which Call-IDs are made.
pub(crate) const WORD: u16 = 128;
/// Characters of a header parameter's value that is not quoted: a token, or a host. Brackets and colons are those of IPv6
/// addresses, with or without the other (RFC 5118 section 4.5).
pub(crate) const VALUE: u16 = 256;

//= rfc3261#19.1.2/no-raw-space MUST NOT
//# Space and controls are in no class.
static CLASS: [u16; 256] = table();

/// Whether `byte` is in one of the classes.
#[inline]
pub(crate) fn is(byte: u8, classes: u16) -> bool {
    CLASS[usize::from(byte)] & classes != 0
}

/// The byte at `at`, or 0, which is in no class, behind the end.
#[inline]
pub(crate) fn peek(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

/// The end of the run of bytes of the classes that begins at `at`.
#[inline]
pub(crate) fn run(text: &[u8], mut at: usize, classes: u16) -> usize {
    while at < text.len() && is(text[at], classes) {
        at += 1;
    }
    at
}

/// The end of the run of bytes of the classes, or escapes with two hexadecimal digits, that begins at `at`.
#[inline]
pub(crate) fn run_escaped(text: &[u8], mut at: usize, classes: u16) -> usize {
    loop {
        at = run(text, at, classes);
        if peek(text, at) != b'%' || !is_escape(text, at) {
            return at;
        }
        at += 3;
    }
}

/// Whether an escape of two hexadecimal digits stands at `at`.
pub(crate) fn is_escape(text: &[u8], at: usize) -> bool {
    peek(text, at) == b'%' && peek(text, at + 1).is_ascii_hexdigit() && peek(text, at + 2).is_ascii_hexdigit()
}

/// The first byte at or behind `at` that is no white space. Folds are spaces already when this runs.
#[inline]
pub(crate) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while matches!(peek(text, at), b' ' | b'\t') {
        at += 1;
    }
    at
}

/// The end of the quoted string whose opening quote stands at `at`; `None` if it does not end, or holds a line end.
//= rfc3261#25.1/backslash MAY
//# A backslash takes the next byte along, but never a line end.
pub(crate) fn quoted_end(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\r' | b'\n' => return None,
            b'\\' if matches!(text.get(at + 1)?, b'\r' | b'\n') => return None,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The end of the list element that begins at `at`: the next comma outside of quotes and angle brackets, or the end.
#[inline]
pub(crate) fn element_end(text: &[u8], mut at: usize) -> usize {
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr3(b',', b'"', b'<', rest)) {
        at += found;
        at = match text[at] {
            b',' => return at,
            b'"' => quoted_end(text, at).unwrap_or(text.len()),
            _ => text.get(at..).and_then(|rest| memchr::memchr(b'>', rest)).map_or(text.len(), |end| at + end + 1),
        };
    }
    text.len()
}

/// The number that the digits of `text` spell; `None` if it is empty, holds something else or exceeds 64 bits.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |n, &b| {
        if !b.is_ascii_digit() {
            return None;
        }
        n.checked_mul(10)?.checked_add(u64::from(b - b'0'))
    })
}

/// The part of `text` from `start` to `end`, or nothing if there is no such part.
#[inline]
pub(crate) fn part(text: &str, start: u32, end: u32) -> &str {
    text.get(start as usize..end as usize).unwrap_or_default()
}

const fn table() -> [u16; 256] {
    let mut table = [0u16; 256];
    let mut i = 0;
    while i < 128 {
        let b = i as u8;
        if b.is_ascii_alphanumeric() {
            table[i] = 0xffff;
        }
        i += 1;
    }
    // unreserved marks go into every class that URIs are made of
    let mut table = with(table, b"-_.!~*'()", USER | PASSWORD | PARAM | HNV | URIC);
    table = with(table, b"-.!%*_+`'~", TOKEN | WORD | VALUE);
    table = with(table, b"[]:", VALUE);
    table = with(table, b"()<>:\\\"/[]?{}", WORD);
    table = with(table, b"&=+$,;?/", USER);
    table = with(table, b"&=+$,", PASSWORD);
    table = with(table, b"[]/:&+$", PARAM);
    table = with(table, b"[]/?:+$", HNV);
    table = with(table, b";/?:@&=+$,[]", URIC);
    with(table, b"-._", HOST)
}

const fn with(mut table: [u16; 256], bytes: &[u8], classes: u16) -> [u16; 256] {
    let mut i = 0;
    while i < bytes.len() {
        table[bytes[i] as usize] |= classes;
        i += 1;
    }
    table
}
