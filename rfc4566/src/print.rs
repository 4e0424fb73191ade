//! Writes a description, in the one order that RFC 8866 section 5 allows.

use std::fmt::{self, Write};

use bytes::Bytes;

use crate::attribute::Attributes;
use crate::bandwidth::Bandwidth;
use crate::media::Media;
use crate::session::{Line, Session};
use crate::time::Time;

/// Writes all lines, each closed by `end`.
//= rfc8866#5/order MUST
//# The order of the statements is the order of the grammar, whatever order the lines were read in.
//= rfc8866#5.12/not-written MUST NOT
//# There is no field for a key, so none can be written.
pub(crate) fn session(session: &Session, out: &mut impl Write, end: &str) -> fmt::Result {
    write!(out, "v=0{end}o={}{end}", session.origin)?;
    //= rfc8866#5.3/not-empty MUST NOT
    //# An empty name, as peers write it, goes out as a single space.
    let name = if session.name.is_empty() { " " } else { session.name.as_str() };
    line(out, 's', name, end)?;
    lines(out, 'i', &session.info, end)?;
    lines(out, 'u', &session.uri, end)?;
    lines(out, 'e', &session.emails, end)?;
    lines(out, 'p', &session.phones, end)?;
    lines(out, 'c', &session.connection, end)?;
    section(
        out,
        &session.bandwidths,
        end,
        |out| times(&session.times, out, end),
        &session.attributes,
        &session.unknown,
    )?;
    session.media.iter().try_for_each(|description| media(description, out, end))
}

fn media(media: &Media, out: &mut impl Write, end: &str) -> fmt::Result {
    line(out, 'm', media, end)?;
    lines(out, 'i', &media.info, end)?;
    lines(out, 'c', &media.connections, end)?;
    section(out, &media.bandwidths, end, |_| Ok(()), &media.attributes, &media.unknown)
}

/// What a session and a media description end with.
fn section<W: Write>(
    out: &mut W,
    bandwidths: &[Bandwidth],
    end: &str,
    between: impl FnOnce(&mut W) -> fmt::Result,
    attributes: &Attributes,
    unknown: &[Line],
) -> fmt::Result {
    lines(out, 'b', bandwidths, end)?;
    between(out)?;
    lines(out, 'a', attributes, end)?;
    unknown.iter().try_for_each(|other| line(out, other.letter, &other.value, end))
}

fn times(times: &[Time], out: &mut impl Write, end: &str) -> fmt::Result {
    if times.is_empty() {
        return line(out, 't', Time::default(), end);
    }
    for time in times {
        line(out, 't', time, end)?;
        lines(out, 'r', &time.repeats, end)?;
        if let Some((first, rest)) = time.zones.split_first() {
            write!(out, "z={first}")?;
            rest.iter().try_for_each(|zone| write!(out, " {zone}"))?;
            out.write_str(end)?;
        }
    }
    Ok(())
}

fn lines<T: fmt::Display>(
    out: &mut impl Write,
    letter: char,
    values: impl IntoIterator<Item = T>,
    end: &str,
) -> fmt::Result {
    values.into_iter().try_for_each(|value| line(out, letter, value, end))
}

//= rfc8866#5/crlf MUST
//# Every line goes through here and is closed by CRLF, unless the caller asked for LF for the sake of a broken peer.
fn line(out: &mut impl Write, letter: char, value: impl fmt::Display, end: &str) -> fmt::Result {
    write!(out, "{letter}={value}{end}")
}

/// The octets of a description: UTF-8, or one octet a character when it came in that way.
pub(crate) fn to_bytes(description: &Session) -> Bytes {
    let mut text = String::with_capacity(512);
    // Writing to a String cannot fail.
    let _ = session(description, &mut text, "\r\n");
    if !description.octets {
        return Bytes::from(text);
    }
    let mut octets = Vec::with_capacity(text.len());
    for c in text.chars() {
        match u8::try_from(u32::from(c)) {
            Ok(octet) => octets.push(octet),
            Err(_) => octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Bytes::from(octets)
}
