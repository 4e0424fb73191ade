//! Headers that are numbers with something behind them.

use std::fmt;

use bytestring::ByteString;
use nom::bytes::complete::{take_till1, take_while, take_while1};
use nom::character::complete::{char, digit1, space0, space1};
use nom::combinator::{all_consuming, map_res, opt, recognize, rest, verify};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use super::params::{self, Params};
use super::{HeaderError, Method, Name, TypedHeader, name_addr, scan};

/// When to try again (RFC 3261 section 20.33): seconds, and maybe a comment and parameters.
///
/// ```
/// use rfc3261::message::{RetryAfter, TypedHeader};
/// let after = RetryAfter::parse("120 (I'm in a meeting);duration=3600".into()).unwrap();
/// assert_eq!((after.seconds(), after.comment(), after.duration()), (120, Some("I'm in a meeting"), Some(3600)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RetryAfter {
    text: ByteString,
    seconds: u32,
    comment: (u32, u32),
    params: u32,
}

impl RetryAfter {
    /// How long to wait.
    pub fn seconds(&self) -> u32 {
        self.seconds
    }

    /// The comment without its parentheses.
    pub fn comment(&self) -> Option<&str> {
        (self.comment.1 > 0).then(|| scan::part(&self.text, self.comment.0, self.comment.1))
    }

    /// How many seconds it will then be possible.
    pub fn duration(&self) -> Option<u32> {
        self.params().value("duration").and_then(|text| text.parse().ok())
    }

    /// All parameters.
    pub fn params(&self) -> Params<'_> {
        Params::new(scan::part(&self.text, self.params, self.text.len() as u32))
    }
}

impl TypedHeader for RetryAfter {
    const NAME: Name = Name::RetryAfter;
    fn parse(text: ByteString) -> Result<RetryAfter, HeaderError> {
        let fault = |what| HeaderError::new(Name::RetryAfter, what);
        let (behind, seconds) = terminated(number::<u32>, space0).parse(&*text).map_err(|_| fault("no seconds"))?;
        let start = text.len() - behind.len();
        let (comment, params) = match comment_end(text.as_bytes(), start) {
            Some(end) if end > start => ((start as u32 + 1, end as u32 - 1), end),
            Some(_) => ((0, 0), start),
            None => return Err(fault("comment without end")),
        };
        if params::end(text.as_bytes(), params).map_err(fault)? != text.len() {
            return Err(fault("something behind the seconds that is no parameter"));
        }
        Ok(RetryAfter { seconds, comment, params: params as u32, text })
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Something that a server has to remark (RFC 3261 section 20.43).
///
/// ```
/// use rfc3261::message::{TypedHeader, Warning};
/// let warning = Warning::parse(r#"307 isi.edu "Session parameter 'foo' not understood""#.into()).unwrap();
/// assert_eq!((warning.code, &*warning.agent), (307, "isi.edu"));
/// assert_eq!(warning.text(), "Session parameter 'foo' not understood");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Warning {
    /// Three digits.
    pub code: u16,
    /// The server that remarks it: host and port, or a pseudonym.
    pub agent: ByteString,
    /// The remark, between quotes.
    quoted: ByteString,
}

impl Warning {
    /// A remark; the agent has to be a host and port or a token, which is not checked but for white space.
    pub fn new(code: u16, agent: &str, text: &str) -> Warning {
        let agent = agent.replace(|c: char| c.is_whitespace() || c.is_control(), "");
        Warning { code: code.clamp(100, 999), agent: agent.into(), quoted: params::quote(text).into() }
    }

    /// The remark without quotes and backslashes.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        params::unquote(&self.quoted)
    }
}

impl TypedHeader for Warning {
    const NAME: Name = Name::Warning;
    const LIST: bool = true;
    fn parse(text: ByteString) -> Result<Warning, HeaderError> {
        let code = verify(number::<u16>, |code| (100..1000).contains(code));
        let agent = take_till1(|c: char| c == ' ' || c == '\t' || c == '"' || c.is_control());
        let remark = verify(rest, |text: &str| {
            text.starts_with('"') && scan::quoted_end(text.as_bytes(), 0) == Some(text.len())
        });
        let parsed = (terminated(code, space1), terminated(agent, space1), remark).parse(&*text);
        let (_, (code, agent, quoted)) = parsed.map_err(|_: nom::Err<nom::error::Error<&str>>| {
            HeaderError::new(Name::Warning, "no code, agent and quoted text")
        })?;
        Ok(Warning { code, agent: text.slice_ref(agent), quoted: text.slice_ref(quoted) })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03} {} {}", self.code, self.agent, self.quoted)
    }
}

/// When a request was sent, and how long its answer waited, both in seconds as they were written (section 20.38).
///
/// ```
/// use rfc3261::message::{Timestamp, TypedHeader};
/// let stamp = Timestamp::parse("54.5 0.3".into()).unwrap();
/// assert_eq!((&*stamp.sent, stamp.delay.as_deref()), ("54.5", Some("0.3")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timestamp {
    /// A decimal number, of a clock that only the sender knows.
    pub sent: ByteString,
    /// A decimal number.
    pub delay: Option<ByteString>,
}

impl TypedHeader for Timestamp {
    const NAME: Name = Name::Timestamp;
    fn parse(text: ByteString) -> Result<Timestamp, HeaderError> {
        let digits = || take_while(|c: char| c.is_ascii_digit());
        let sent = recognize((digit1, opt((char('.'), digits()))));
        let delay = recognize((digits(), opt((char('.'), digits()))));
        let parsed: IResult<&str, _> = all_consuming((sent, opt(preceded(space1, delay)))).parse(&*text);
        let (_, (sent, delay)) = parsed.map_err(|_| HeaderError::new(Name::Timestamp, "no decimal number"))?;
        let delay = delay.filter(|delay| !delay.is_empty());
        Ok(Timestamp { sent: text.slice_ref(sent), delay: delay.map(|delay| text.slice_ref(delay)) })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.delay {
            Some(delay) => write!(f, "{} {delay}", self.sent),
            None => f.write_str(&self.sent),
        }
    }
}

/// Which reliable provisional response is acknowledged (RFC 3262 section 7.2).
///
/// ```
/// use rfc3261::message::{Method, RAck, TypedHeader};
/// assert_eq!(RAck::parse("776656 1 INVITE".into()), Ok(RAck { rseq: 776656, cseq: 1, method: Method::Invite }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RAck {
    /// RSeq of the response.
    pub rseq: u32,
    /// The number in its CSeq.
    pub cseq: u32,
    /// The method in its CSeq.
    pub method: Method,
}

impl TypedHeader for RAck {
    const NAME: Name = Name::RAck;
    fn parse(text: ByteString) -> Result<RAck, HeaderError> {
        let method = verify(take_while1(|c: char| !c.is_whitespace()), name_addr::is_token);
        let numbers = (terminated(number::<u32>, space1), terminated(number::<u32>, space1));
        let parsed: IResult<&str, _> = all_consuming((numbers, method)).parse(&*text);
        let (_, ((rseq, cseq), method)) =
            parsed.map_err(|_| HeaderError::new(Name::RAck, "no two numbers and a method"))?;
        Ok(RAck { rseq, cseq, method: method.into() })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.rseq, self.cseq, self.method)
    }
}

fn number<N: std::str::FromStr>(text: &str) -> IResult<&str, N> {
    map_res(digit1, str::parse).parse(text)
}

/// The end of the comment at `at`, in which others may be nested; `at` itself if there is none.
fn comment_end(text: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0usize);
    while at == start || depth > 0 {
        match text.get(at).copied() {
            Some(b'(') => depth += 1,
            _ if at == start => return Some(start),
            Some(b')') => depth -= 1,
            Some(b'\\') => at += 1,
            Some(b'\r' | b'\n') | None => return None,
            Some(_) => {}
        }
        at += 1;
    }
    Some(at)
}
