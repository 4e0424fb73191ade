//! What the strict reader asks of a line's value beyond what its meaning needs: the grammar of RFC 8866 section 9.

use crate::attribute::{Direction, Fmtp, Rtcp, Rtpmap, TypedAttribute};
use crate::connection::Connection;
use crate::error::Invalid;
use crate::text::{Text, is_token};

/// Checks the form of one line's value. Its content is checked where it is read.
//= rfc8866#5/syntax MUST
//# Config::strict runs this on every line; what is written fits the grammar because the types hold nothing else.
pub(crate) fn value(letter: char, value: &Text) -> Result<(), Invalid> {
    ensure(!value.is_empty(), "empty value")?;
    if matches!(letter, 'o' | 'c' | 'b' | 't' | 'r' | 'z' | 'm') {
        let spaced = value.split(' ').any(str::is_empty);
        ensure(!spaced, "not a single space between subfields")?;
    }
    match letter {
        'o' => address(value.splitn(4, ' ').nth(3).unwrap_or_default()),
        'c' => address(value),
        'b' => tokens(value.split(':').next(), "bandwidth type is no token"),
        't' => value.split(' ').try_for_each(time),
        'z' => value.split(' ').step_by(2).try_for_each(time),
        'r' => ensure(!value.starts_with('0'), "interval starts with 0"),
        'm' => media(value),
        'a' => attribute(value),
        'p' => ensure(value.bytes().any(|b| b.is_ascii_digit()), "phone without a digit"),
        _ => Ok(()),
    }
}

fn address(text: &str) -> Result<(), Invalid> {
    let connection: Connection = text.parse()?;
    tokens([&*connection.nettype, &*connection.addrtype], "network or address type is no token")?;
    connection.address().map(|_| ())
}

fn time(text: &str) -> Result<(), Invalid> {
    ensure(text == "0" || (text.len() >= 10 && !text.starts_with('0')), "time has fewer than ten digits")
}

fn media(value: &Text) -> Result<(), Invalid> {
    let mut words = value.split(' ');
    tokens(words.next(), "media type is no token")?;
    let (_port, proto) = (words.next(), words.next().unwrap_or_default());
    tokens(proto.split('/'), "transport protocol is not made of tokens")?;
    tokens(words, "format is no token")
}

fn attribute(value: &Text) -> Result<(), Invalid> {
    let (name, content) = value.split_once(':').map_or((value.as_str(), None), |(name, content)| (name, Some(content)));
    ensure(is_token(name), "attribute name is no token")?;
    ensure(content != Some(""), "attribute value is empty")?;
    let content = content.map(|content| value.slice(content));
    let with_value = |read: fn(&Text) -> bool| content.as_ref().is_some_and(read);
    let fits = match name {
        "rtpmap" => with_value(|v| Rtpmap::parse(v).is_ok()),
        "fmtp" => with_value(|v| Fmtp::parse(v).is_ok_and(|fmtp| !fmtp.parameters.is_empty())),
        "rtcp" => with_value(|v| Rtcp::parse(v).is_ok()),
        "rtcp-mux" => content.is_none(),
        _ if Direction::from_name(name).is_some() => content.is_none(),
        _ => true,
    };
    ensure(fits, "value does not fit the attribute")
}

fn tokens<'a>(words: impl IntoIterator<Item = &'a str>, why: &'static str) -> Result<(), Invalid> {
    ensure(words.into_iter().all(is_token), why)
}

fn ensure(holds: bool, why: &'static str) -> Result<(), Invalid> {
    if holds { Ok(()) } else { Err(Invalid(why)) }
}
