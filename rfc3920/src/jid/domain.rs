//! Domainparts: host names with Unicode labels, and IP addresses (RFC 7622 section 3.2).

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use precis_core::{IdentifierClass, StringClass};

use super::parts::small;
use super::{Error, Part};

/// The canonical form of an IPv4 address, or of an IPv6 address in brackets; `None` when it is neither.
//= rfc7622#3.2/kinds MUST
//# An IPv4 address, an IPv6 address in brackets, or else a host name; the numbers of an address in their shortest form.
pub(super) fn address(text: &str) -> Option<Cow<'_, str>> {
    if text.as_bytes().first().is_some_and(u8::is_ascii_digit) && text.parse::<Ipv4Addr>().is_ok() {
        return Some(Cow::Borrowed(text)); // the parser takes nothing but the shortest form
    }
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    let address: Ipv6Addr = inside.parse().ok()?;
    Some(Cow::Owned(format!("[{address}]")))
}

/// A host name in small letters with Unicode labels.
pub(super) fn name(text: &str) -> Result<Cow<'_, str>, Error> {
    if plain(text) {
        return if text.len() > 253 || text.split('.').any(|label| label.len() > 63) {
            Err(Error::TooLong(Part::Domain))
        } else {
            Ok(small(text))
        };
    }
    let wrong = Error::Character(Part::Domain);
    let bytes = text.as_bytes();
    //= rfc7622#3.2.1/u-labels MUST
    //# Every label that is not plain ASCII becomes a Unicode label; one that is no valid A-label refuses the name.
    //= rfc7622#3.2.2/map MUST
    //# Case, width and normalization by the mapping of UTS 46 without its transitional deviations.
    //= rfc7622#3.2.1/no-a-labels MUST NOT
    //# None is left in what comes out.
    let (unicode, valid) = UTS46.to_unicode(bytes, AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    valid.map_err(|_| wrong)?;
    UTS46
        .to_ascii(unicode.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Ignore)
        .map_err(|_| wrong)
        .and_then(|ascii| if idna::uts46::verify_dns_length(&ascii, false) { Ok(()) } else { Err(length(&ascii)) })?;
    //= rfc7622#3.2.1/code-points MUST
    //# UTS 46 lets symbols pass that IDNA2008 does not: each label must be one of the identifier class, too.
    let class = IdentifierClass::default();
    if unicode.split('.').any(|label| !label.is_ascii() && class.allows(label).is_err()) {
        return Err(wrong);
    }
    Ok(unicode)
}

/// A prepared domainpart with ASCII labels, an IPv6 address without brackets.
pub(super) fn ascii(domain: &str) -> Cow<'_, str> {
    if let Some(address) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return Cow::Borrowed(address);
    }
    let ascii = UTS46.to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Ignore);
    ascii.unwrap_or(Cow::Borrowed(domain))
}

/// Whether it is a host name of ASCII letters, digits and hyphens alone that IDNA has nothing to say about.
fn plain(text: &str) -> bool {
    text.split('.').all(|label| {
        let bytes = label.as_bytes();
        let inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        bytes.first().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.iter().all(inside)
            && !bytes.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"xn--"))
    })
}

/// Tells a label that is missing from one that is too long.
fn length(ascii: &str) -> Error {
    if ascii.split('.').any(str::is_empty) { Error::Empty(Part::Domain) } else { Error::TooLong(Part::Domain) }
}

const UTS46: Uts46 = Uts46::new();
