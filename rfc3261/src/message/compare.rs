//! Whether two URIs name the same (RFC 3261 section 19.1.4, RFC 3966 section 4).

use super::{Scheme, Uri, scan};

pub(crate) fn matches(a: &Uri, b: &Uri) -> bool {
    match (a.scheme(), b.scheme()) {
        //= rfc3261#19.1.4/scheme MUST
        //# Unequal schemes fall through to the last arm.
        (Scheme::Sip, Scheme::Sip) | (Scheme::Sips, Scheme::Sips) => sip_matches(a, b),
        (Scheme::Tel, Scheme::Tel) => tel_matches(a, b),
        (Scheme::Other, Scheme::Other) => {
            let rest = |uri: &Uri| uri.as_str().split_once(':').map(|(_, rest)| rest.to_owned());
            a.scheme_str().eq_ignore_ascii_case(b.scheme_str()) && rest(a) == rest(b)
        }
        _ => false,
    }
}

fn sip_matches(a: &Uri, b: &Uri) -> bool {
    //= rfc3261#19.1.4/user-case MUST
    //# `same` goes by case, `same_text` does not.
    //= rfc3261#19.1.4/default-not-equal MUST
    //# A missing part is `None`, which equals only `None`.
    same(a.user(), b.user())
        && same(a.password(), b.password())
        && a.port() == b.port()
        && match (a.host(), b.host()) {
            (Some(x), Some(y)) => x.matches(y),
            _ => false,
        }
        && params_match(a, b)
        && params_match(b, a)
        && headers_match(a, b)
        && headers_match(b, a)
}

/// Whether each parameter of `a` agrees with `b`.
//= rfc3261#19.1.4/order-free MUST
//# Each is looked up by name in the other URI.
fn params_match(a: &Uri, b: &Uri) -> bool {
    a.params().all(|(name, _)| match (value(a, name), value(b, name)) {
        //= rfc3261#19.1.4/common-parameters MUST
        //# Both there: compared; one alone: ignored, unless it is of the next kind.
        (Some(x), Some(y)) => same_text(x, y),
        //= rfc3261#19.1.4/special-parameters MUST
        //# Alone, one of these four is a mismatch.
        _ => !["user", "ttl", "method", "maddr"].iter().any(|special| same_text(special, name)),
    })
}

/// The value of the first parameter whose name means the same.
fn value<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    uri.params().find(|(n, _)| same_text(n, name)).map(|(_, value)| value.unwrap_or_default())
}

/// Whether each header of `a` stands in `b` with the same value.
//= rfc3261#19.1.4/headers MUST
//# Checked in both directions, so none is left over.
fn headers_match(a: &Uri, b: &Uri) -> bool {
    a.header_fields().all(|(name, _)| {
        let of = |uri: &Uri| -> Vec<String> {
            let values = uri.header_fields().filter(|(n, _)| same_text(n, name));
            values
                .map(|(_, value)| String::from_utf8_lossy(&unescaped(value).collect::<Vec<u8>>()).into_owned())
                .collect()
        };
        let (x, y) = (of(a), of(b));
        x.len() == y.len() && x.iter().zip(&y).all(|(x, y)| x.eq_ignore_ascii_case(y))
    })
}

fn same(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => tokens(a).eq(tokens(b)),
        (None, None) => true,
        _ => false,
    }
}

pub(crate) fn same_text(a: &str, b: &str) -> bool {
    let fold = |(byte, escaped): (u8, bool)| (byte.to_ascii_lowercase(), escaped);
    tokens(a).map(fold).eq(tokens(b).map(fold))
}

/// The bytes that a part stands for, and whether each is a reserved character that was escaped, which is not the same
/// as the bare one.
//= rfc3261#19.1.4/escapes-equal MUST
//# An escape yields the byte itself, and the mark only for reserved characters.
fn tokens(text: &str) -> impl Iterator<Item = (u8, bool)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let &byte = bytes.get(at)?;
        if scan::is_escape(bytes, at) {
            let byte = hex(bytes[at + 1]) << 4 | hex(bytes[at + 2]);
            at += 3;
            return Some((byte, RESERVED.contains(&byte)));
        }
        at += 1;
        Some((byte, false))
    })
}

/// The bytes that a text with escapes stands for.
pub(crate) fn unescaped(text: &str) -> impl Iterator<Item = u8> {
    tokens(text).map(|(byte, _)| byte)
}

fn hex(digit: u8) -> u8 {
    char::from(digit).to_digit(16).unwrap_or(0) as u8
}

const RESERVED: &[u8] = b";/?:@&=+$,";

/// RFC 3966 section 4: global or local numbers alike, without visual separators, and the same parameters.
fn tel_matches(a: &Uri, b: &Uri) -> bool {
    let digits = |uri: &Uri| -> String {
        let number = uri.user().unwrap_or_default().chars();
        number.filter(|c| !matches!(c, '-' | '.' | '(' | ')')).map(|c| c.to_ascii_lowercase()).collect()
    };
    digits(a) == digits(b) && tel_params(a, b) && tel_params(b, a)
}

fn tel_params(a: &Uri, b: &Uri) -> bool {
    a.params().all(|(name, _)| matches!((value(a, name), value(b, name)), (Some(x), Some(y)) if same_text(x, y)))
}
