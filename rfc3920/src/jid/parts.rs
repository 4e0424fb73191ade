//! The three parts of an address, each prepared by its profile (RFC 7622 sections 3.2 to 3.4, RFC 8265).

use std::borrow::Cow;

use precis_core::profile::PrecisFastInvocation;
use precis_profiles::{OpaqueString, UsernameCaseMapped};

use super::domain::{address, name};
use super::{Error, Part, fitting, measured};

/// Prepares a localpart: letters become small, wide forms narrow, accents composed.
///
/// ```
/// use rfc3920::jid::localpart;
/// assert_eq!(localpart("Alice").unwrap(), "alice");
/// assert!(localpart("white rabbit").is_err());
/// ```
///
/// # Errors
/// When it is empty or longer than 1023 bytes, or holds what RFC 8265 section 3.3 or RFC 7622 section 3.3.1 exclude.
//= rfc7622#3.3/username-case-mapped MUST
//# ASCII needs no table: graphic characters, made small; all else goes through the profile, until nothing changes.
pub fn localpart(text: &str) -> Result<Cow<'_, str>, Error> {
    measured(text, Part::Local)?;
    let prepared = if text.is_ascii() {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::Character(Part::Local));
        }
        small(text)
    } else {
        stable(text, Part::Local, |text| UsernameCaseMapped::enforce(text.into_owned()).ok())?
    };
    //= rfc7622#3.3.1/excluded MUST NOT
    //# Looked for after the mapping, so that a wide slash or at sign does not slip through.
    //= rfc6121#9/no-scheme MUST NOT
    //# The colon of a scheme is none of the characters of a localpart, nor of a domain.
    if prepared.bytes().any(|byte| EXCLUDED.contains(&byte)) {
        return Err(Error::Character(Part::Local));
    }
    fitting(prepared, Part::Local)
}

/// Prepares a domainpart: a name gets Unicode labels in small letters and loses its last dot; an IP address its
/// shortest form.
///
/// ```
/// use rfc3920::jid::domainpart;
/// assert_eq!(domainpart("xn--Bcher-kva.example.").unwrap(), "bücher.example");
/// assert_eq!(domainpart("[2001:DB8:0::1]").unwrap(), "[2001:db8::1]");
/// assert!(domainpart("under_score.example").is_err());
/// ```
///
/// # Errors
/// When it is empty, too long for an address or for the DNS, or no host name and no IP address.
pub fn domainpart(text: &str) -> Result<Cow<'_, str>, Error> {
    //= rfc7622#3.2/final-dot MUST
    //# The first thing done, and once: a name that ends in two dots has an empty label.
    let text = text.strip_suffix('.').unwrap_or(text);
    measured(text, Part::Domain)?;
    let prepared = match address(text) {
        Some(address) => address,
        None => name(text)?,
    };
    fitting(prepared, Part::Domain)
}

/// Prepares a resourcepart: its letters stay as they are, unusual spaces become usual ones, accents composed.
///
/// ```
/// use rfc3920::jid::resourcepart;
/// assert_eq!(resourcepart("Tea@Party/4 o'clock").unwrap(), "Tea@Party/4 o'clock");
/// assert!(resourcepart(" tea").is_err());
/// ```
///
/// # Errors
/// When it is empty or longer than 1023 bytes, holds control characters or others that RFC 8265 section 4.2 excludes,
/// or begins with a space.
//= rfc7622#3.4/opaque-string MUST
//# Printable ASCII is as it should be already; all else goes through the profile.
//= rfc7622#3.4/no-meaning SHOULD NOT
//# Nothing here looks into a resource: slashes and at signs in it are letters.
pub fn resourcepart(text: &str) -> Result<Cow<'_, str>, Error> {
    measured(text, Part::Resource)?;
    let prepared = if text.is_ascii() {
        if !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return Err(Error::Character(Part::Resource));
        }
        Cow::Borrowed(text)
    } else {
        stable(text, Part::Resource, |text| OpaqueString::enforce(text.into_owned()).ok())?
    };
    //= rfc7622#3.5/leading-space MUST NOT
    //# The profile alone would let it pass; the table of strings that are no addresses does not.
    if prepared.starts_with(' ') {
        return Err(Error::Character(Part::Resource));
    }
    fitting(prepared, Part::Resource)
}

/// ASCII in small letters, copied only when it has large ones.
pub(super) fn small(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// Applies a profile until its output is its input, as RFC 8264 section 7 asks, at most four times.
fn stable<'a>(
    text: &'a str,
    part: Part,
    enforce: impl Fn(Cow<'a, str>) -> Option<Cow<'a, str>>,
) -> Result<Cow<'a, str>, Error> {
    let mut before = Cow::Borrowed(text);
    for _ in 0..4 {
        let after = enforce(before.clone()).ok_or(Error::Character(part))?;
        if after == before {
            return Ok(after);
        }
        before = after;
    }
    Err(Error::Character(part))
}

/// What a localpart must not hold although its profile would allow it.
const EXCLUDED: &[u8] = b"\"&'/:<>@";
