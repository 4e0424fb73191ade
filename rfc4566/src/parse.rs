//! Reads a description line by line. The tolerant reader looks at each line alone; the strict one also at its place
//! ([`rank`]) and its form ([`crate::strict`]).

use std::cmp::Ordering;

use bytes::Bytes;
use bytestring::ByteString;

use crate::attribute::{Attribute, Attributes};
use crate::bandwidth::Bandwidth;
use crate::config::Config;
use crate::connection::Connection;
use crate::error::{Invalid, ParseError, ParseErrorKind};
use crate::media::Media;
use crate::origin::Origin;
use crate::session::{Line, Session};
use crate::strict;
use crate::text::{Text, number};
use crate::time::{Repeat, Time, Zone};

/// Reads a whole description.
pub(crate) fn session(data: Bytes, config: &Config) -> Result<Session, ParseError> {
    let nowhere = |kind| ParseError { line: 0, kind };
    if data.len() > config.max_size {
        return Err(nowhere(ParseErrorKind::TooLarge));
    }
    let (text, octets) = decode(data);
    let mut reader = Reader { config, draft: Draft::default(), rank: 0 };
    for (index, content) in split(&text, config).enumerate() {
        let number = index + 1;
        let at = |kind| ParseError { line: number, kind };
        if number > config.max_lines {
            return Err(at(ParseErrorKind::TooManyLines));
        }
        reader.line(&text, content).map_err(at)?;
    }
    let mut session = reader.finish().map_err(nowhere)?;
    session.octets = octets;
    Ok(session)
}

/// The description as characters. What is not UTF-8 is taken octet for octet, which is right for ISO 8859-1 and
/// loses nothing for any other character set.
//= rfc8866#5/utf8 MUST
//# UTF-8 unless it cannot be; the octets of other character sets survive as one character each.
//= rfc8866#5.3/utf8 MUST
//# The name is among the text that is read this way.
//= rfc8866#5.4/utf8 MUST
//# So is the information.
//= rfc8866#6.10/unknown SHOULD
//# No charset is decoded: what is not UTF-8 stays as octets and is written back as they were.
fn decode(data: Bytes) -> (ByteString, bool) {
    match ByteString::try_from(data.clone()) {
        Ok(text) => (text, false),
        Err(_) => (data.iter().copied().map(char::from).collect::<String>().into(), true),
    }
}

/// The lines, without their ends. A last line without an end counts.
//= rfc8866#5/lf-accepted SHOULD
//# A line ends at LF; one CR before it belongs to the end.
fn split<'a>(text: &'a str, config: &Config) -> impl Iterator<Item = Result<&'a str, ParseErrorKind>> {
    let (strict, mut rest) = (config.strict, Some(text));
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let (line, after) = match memchr::memchr(b'\n', text.as_bytes()) {
            Some(at) => (text.get(..at)?, text.get(at + 1..)),
            None if text.is_empty() => return None,
            None if strict => return Some(Err(ParseErrorKind::NotALine)),
            None => (text, None),
        };
        rest = after;
        let line = line.strip_suffix('\r').unwrap_or(line);
        Some(match memchr::memchr2(0, b'\r', line.as_bytes()) {
            Some(_) => Err(ParseErrorKind::ForbiddenOctet),
            None => Ok(line),
        })
    })
}

/// What has been read so far.
struct Reader<'a> {
    config: &'a Config,
    draft: Draft,
    /// Place of the last line in its section, see [`rank`].
    rank: u8,
}

/// A session whose lines are all optional.
#[derive(Default)]
struct Draft {
    version: Option<()>,
    origin: Option<Origin>,
    name: Option<Text>,
    info: Option<Text>,
    uri: Option<Text>,
    emails: Vec<Text>,
    phones: Vec<Text>,
    connection: Option<Connection>,
    bandwidths: Vec<Bandwidth>,
    times: Vec<Time>,
    attributes: Attributes,
    media: Vec<Media>,
    unknown: Vec<Line>,
}

impl Reader<'_> {
    fn line(&mut self, text: &ByteString, line: Result<&str, ParseErrorKind>) -> Result<(), ParseErrorKind> {
        let line = line?;
        if line.is_empty() && !self.config.strict {
            return Ok(());
        }
        let mut chars = line.chars();
        let (Some(letter), Some('=')) = (chars.next(), chars.next()) else {
            return Err(ParseErrorKind::NotALine);
        };
        let value = Text::trusted(text.slice_ref(chars.as_str()));
        if letter != 'v' && self.draft.version.is_none() {
            return Err(ParseErrorKind::Missing('v'));
        }
        if self.config.strict {
            self.in_order(letter)?;
            strict::value(letter, &value).map_err(|why| ParseErrorKind::Invalid(letter, why))?;
        }
        match self.draft.media.is_empty() || letter == 'm' {
            true => self.session_line(letter, value),
            false => self.media_line(letter, value),
        }
    }

    fn session_line(&mut self, letter: char, value: Text) -> Result<(), ParseErrorKind> {
        let invalid = |why| ParseErrorKind::Invalid(letter, why);
        let draft = &mut self.draft;
        match letter {
            'v' => {
                //= rfc8866#5.1/zero MUST
                //# Any other version fails the description; writing knows no other.
                if number::<u64>(&value, "").ok() != Some(0) {
                    return Err(ParseErrorKind::Version);
                }
                once(&mut draft.version, letter, ())
            }
            'o' => once(&mut draft.origin, letter, Origin::parse(&value).map_err(invalid)?),
            //= rfc8866#5.3/one-name MUST
            //# A second s= fails the description; a missing one fails it when strict and is read as a dash otherwise.
            's' => once(&mut draft.name, letter, value),
            //= rfc8866#5.4/one MUST
            //# A second one fails the description; the same below an m= line.
            'i' => once(&mut draft.info, letter, value),
            //= rfc8866#5.5/one MUST
            //# A second one fails the description.
            'u' => once(&mut draft.uri, letter, value),
            'e' => many(&mut draft.emails, value),
            'p' => many(&mut draft.phones, value),
            //= rfc8866#5.7/session-one MUST NOT
            //# A second c= before the first m= fails the description.
            'c' => once(&mut draft.connection, letter, Connection::parse(&value).map_err(invalid)?),
            'b' => many(&mut draft.bandwidths, Bandwidth::parse(&value).map_err(invalid)?),
            't' => many(&mut draft.times, Time::parse(&value).map_err(invalid)?),
            'r' | 'z' => self.repetition(letter, &value),
            //= rfc8866#5.12/discarded MUST
            //# Looked at by nobody and kept by nobody.
            //= rfc8866#5.12/not-used MUST NOT
            //# No type of this crate can hold the key.
            'k' => Ok(()),
            'a' => many_attributes(&mut draft.attributes, value).map_err(invalid),
            'm' if draft.media.len() >= self.config.max_media => Err(ParseErrorKind::TooManyMedia),
            'm' => many(&mut draft.media, Media::parse(&value).map_err(invalid)?),
            _ => self.unknown_line(letter, value),
        }
    }

    fn media_line(&mut self, letter: char, value: Text) -> Result<(), ParseErrorKind> {
        let invalid = |why| ParseErrorKind::Invalid(letter, why);
        let Some(media) = self.draft.media.last_mut() else {
            return Err(ParseErrorKind::OutOfOrder(letter));
        };
        match letter {
            'i' => once(&mut media.info, letter, value),
            'c' => many(&mut media.connections, Connection::parse(&value).map_err(invalid)?),
            'b' => many(&mut media.bandwidths, Bandwidth::parse(&value).map_err(invalid)?),
            'k' => Ok(()),
            'a' => many_attributes(&mut media.attributes, value).map_err(invalid),
            //= rfc8866#5.6/contact-first MUST
            //# Below an m= line, e= and p= lines are out of order even for the tolerant reader, as all session lines are.
            'v' | 'o' | 's' | 'u' | 'e' | 'p' | 't' | 'r' | 'z' => Err(ParseErrorKind::OutOfOrder(letter)),
            _ => self.unknown_line(letter, value),
        }
    }

    /// `r=` and `z=` belong to the `t=` above them.
    fn repetition(&mut self, letter: char, value: &Text) -> Result<(), ParseErrorKind> {
        let invalid = |why| ParseErrorKind::Invalid(letter, why);
        let time = self.draft.times.last_mut().ok_or(ParseErrorKind::OutOfOrder(letter))?;
        if letter == 'r' {
            if self.config.strict && !time.zones.is_empty() {
                return Err(ParseErrorKind::OutOfOrder(letter));
            }
            return many(&mut time.repeats, Repeat::parse(value).map_err(invalid)?);
        }
        //= rfc8866#5.11/after-repeat MUST
        //# A z= line is kept with the r= lines above it and written after them; the strict reader refuses one without.
        if self.config.strict && time.repeats.is_empty() {
            return Err(ParseErrorKind::OutOfOrder(letter));
        }
        if !time.zones.is_empty() {
            return Err(ParseErrorKind::Repeated(letter));
        }
        time.zones = Zone::parse(value).map_err(invalid)?;
        Ok(())
    }

    //= rfc8866#5/unknown-letter MUST
    //# An unknown letter fails the description, unless the caller passes descriptions on and asked to have it kept.
    fn unknown_line(&mut self, letter: char, value: Text) -> Result<(), ParseErrorKind> {
        if !self.config.keep_unknown_lines {
            return Err(ParseErrorKind::UnknownLine(letter));
        }
        let unknown = match self.draft.media.last_mut() {
            Some(media) => &mut media.unknown,
            None => &mut self.draft.unknown,
        };
        unknown.push(Line { letter, value });
        Ok(())
    }

    /// Whether the letter may come after the ones before it.
    fn in_order(&mut self, letter: char) -> Result<(), ParseErrorKind> {
        let Some((rank, repeatable)) = rank(letter, !self.draft.media.is_empty()) else {
            return Ok(());
        };
        match rank.cmp(&self.rank) {
            Ordering::Less if letter != 'm' => Err(ParseErrorKind::OutOfOrder(letter)),
            Ordering::Equal if !repeatable => Err(ParseErrorKind::Repeated(letter)),
            _ => {
                self.rank = rank;
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<Session, ParseErrorKind> {
        let Draft { version, origin, name, info, uri, emails, phones, connection, .. } = self.draft;
        let Draft { bandwidths, times, attributes, media, unknown, .. } = self.draft;
        version.ok_or(ParseErrorKind::Missing('v'))?;
        let mut session = Session::new(origin.ok_or(ParseErrorKind::Missing('o'))?);
        if self.config.strict {
            if name.is_none() || times.is_empty() {
                return Err(ParseErrorKind::Missing(if name.is_none() { 's' } else { 't' }));
            }
            //= rfc8866#5.7/present MUST
            //# The strict reader wants an address for every media description, or else for the session.
            if connection.is_none() && media.iter().any(|m| m.connections.is_empty()) {
                return Err(ParseErrorKind::Missing('c'));
            }
        }
        session.name = name.unwrap_or(session.name);
        if !times.is_empty() {
            session.times = times;
        }
        Ok(Session { info, uri, emails, phones, connection, bandwidths, attributes, media, unknown, ..session })
    }
}

/// The place of a line in its section, and whether it may follow one of the same place.
fn rank(letter: char, in_media: bool) -> Option<(u8, bool)> {
    let order = if in_media || letter == 'm' { "micbka" } else { "vosiuepcbtka" };
    let letter = if matches!(letter, 'r' | 'z') { 't' } else { letter };
    let place = order.find(letter)?;
    let repeatable = matches!(letter, 'e' | 'p' | 'b' | 't' | 'a' | 'm') || (in_media && letter == 'c');
    Some((u8::try_from(place).ok()? + 1, repeatable))
}

fn once<T>(slot: &mut Option<T>, letter: char, value: T) -> Result<(), ParseErrorKind> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(ParseErrorKind::Repeated(letter)),
    }
}

fn many<T>(list: &mut Vec<T>, value: T) -> Result<(), ParseErrorKind> {
    list.push(value);
    Ok(())
}

fn many_attributes(attributes: &mut Attributes, value: Text) -> Result<(), Invalid> {
    attributes.push(Attribute::parse(value)?);
    Ok(())
}
