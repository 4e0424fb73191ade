//! Where a stream is: `rtmp://user:password@host:port/app/scope/name?query`.
//!
//! RTMP itself knows two names: the application (`app` of connect) and the stream (of publish and play). A URL puts both into
//! one path; [`Url::parse`] cuts it as the common programs do, [`Url::parse_app`] takes the whole path for the application.

use std::fmt;
use std::str::FromStr;

use wire::Transport;

/// How the chunk stream travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Straight over TCP; port 1935.
    Rtmp,
    /// Over TLS; port 443.
    Rtmps,
    /// In HTTP requests; port 80.
    Rtmpt,
    /// In HTTP requests over TLS; port 443.
    Rtmpts,
}

impl Scheme {
    /// The word before `://`.
    pub const fn name(self) -> &'static str {
        match self {
            Scheme::Rtmp => "rtmp",
            Scheme::Rtmps => "rtmps",
            Scheme::Rtmpt => "rtmpt",
            Scheme::Rtmpts => "rtmpts",
        }
    }

    /// The scheme of that word, in any case.
    pub fn from_name(name: &str) -> Option<Scheme> {
        use Scheme::*;
        [Rtmp, Rtmps, Rtmpt, Rtmpts].into_iter().find(|scheme| scheme.name().eq_ignore_ascii_case(name))
    }

    /// The port of a URL that names none.
    pub const fn default_port(self) -> u16 {
        match self {
            Scheme::Rtmp => 1935,
            Scheme::Rtmpt => 80,
            Scheme::Rtmps | Scheme::Rtmpts => 443,
        }
    }

    /// What the driver opens: TCP or TLS.
    pub const fn transport(self) -> Transport {
        match self {
            Scheme::Rtmp | Scheme::Rtmpt => Transport::Tcp,
            Scheme::Rtmps | Scheme::Rtmpts => Transport::Tls,
        }
    }

    /// Whether the bytes go in HTTP requests.
    pub const fn is_tunnelled(self) -> bool {
        matches!(self, Scheme::Rtmpt | Scheme::Rtmpts)
    }
}

/// A parsed URL. `Display` and `Debug` hide the password and the query, where keys tend to sit; see [`Url::secret`].
///
/// ```
/// use rtmp::url::Url;
/// let url: Url = "rtmp://example.net/live/room/cam1?key=abc".parse().unwrap();
/// assert_eq!((url.app.as_str(), url.stream.as_deref()), ("live/room", Some("cam1?key=abc")));
/// assert_eq!(url.tc_url(), "rtmp://example.net/live/room");
/// assert_eq!(url.to_string(), "rtmp://example.net/live/room/cam1?***");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url {
    /// How to get there.
    pub scheme: Scheme,
    /// The user before `@`, percent-decoded.
    pub user: Option<String>,
    /// The password after the user, percent-decoded.
    pub password: Option<String>,
    /// A name or an address; an IPv6 address without its brackets.
    pub host: String,
    /// The port, the scheme's own when the URL names none.
    pub port: u16,
    /// The application, as connect names it: one or two path segments, with the query when there is no stream.
    pub app: String,
    /// The stream, as publish and play name it, with its query.
    pub stream: Option<String>,
}

/// Why a text is no RTMP URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// It does not begin with one of the four schemes and `://`.
    Scheme,
    /// It has no host, or brackets that do not close.
    Host,
    /// The port is no number from 1 to 65,535.
    Port,
    /// It holds a space or a control character, or a percent sign without two hexadecimal digits in the user part.
    Character,
    /// It is longer than 65,535 bytes, which no string of the connect command can be.
    TooLong,
}

impl Url {
    /// Cuts the path as the common programs do: `app`, `app/stream`, `app/scope/stream…`; a segment with a colon
    /// (`mp4:name`) begins the stream. A fragment is dropped.
    ///
    /// # Errors
    /// [`ParseError`] says what is wrong.
    ///
    /// ```
    /// use rtmp::url::Url;
    /// let url = Url::parse("rtmps://[::1]:8443/vod/mp4:a/b.mp4").unwrap();
    /// assert_eq!((url.host.as_str(), url.port, url.app.as_str()), ("::1", 8443, "vod"));
    /// assert_eq!(url.stream.as_deref(), Some("mp4:a/b.mp4"));
    /// ```
    pub fn parse(text: &str) -> Result<Url, ParseError> {
        let mut url = Url::parse_app(text)?;
        let (path, query) = split_query(&url.app);
        let mut cuts = path.match_indices('/').map(|(at, _)| at);
        let Some(first) = cuts.next() else { return Ok(url) };
        let colon = path.get(first..).and_then(|rest| rest.find(':')).map_or(usize::MAX, |at| first + at);
        let cut = cuts.next().filter(|second| *second < colon).unwrap_or(first);
        let (app, stream) = path.split_at(cut);
        let mut stream = stream.strip_prefix('/').unwrap_or(stream).to_owned();
        if stream.is_empty() {
            // `app/` names no stream: the query stays with the application
            let query = if query.is_empty() { String::new() } else { format!("?{query}") };
            url.app = format!("{app}{query}");
            return Ok(url);
        }
        if !query.is_empty() {
            stream.push('?');
            stream.push_str(query);
        }
        url.app = app.to_owned();
        url.stream = Some(stream);
        Ok(url)
    }

    /// Takes the whole path, query included, for the application: as programs do that ask for the stream's name or key apart.
    ///
    /// # Errors
    /// [`ParseError`] says what is wrong.
    ///
    /// ```
    /// use rtmp::url::Url;
    /// let url = Url::parse_app("rtmp://example.net/sip/bob@example.org").unwrap();
    /// assert_eq!((url.app.as_str(), url.stream), ("sip/bob@example.org", None));
    /// ```
    pub fn parse_app(text: &str) -> Result<Url, ParseError> {
        if text.len() > usize::from(u16::MAX) {
            return Err(ParseError::TooLong);
        }
        if text.chars().any(|c| c.is_control() || c == ' ') {
            return Err(ParseError::Character);
        }
        let (scheme, rest) = text.split_once("://").ok_or(ParseError::Scheme)?;
        let scheme = Scheme::from_name(scheme).ok_or(ParseError::Scheme)?;
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (user, password, place) = match authority.rsplit_once('@') {
            None => (None, None, authority),
            Some((info, place)) => {
                let (user, password) = info.split_once(':').map_or((info, None), |(u, p)| (u, Some(p)));
                (Some(decode(user)?), password.map(decode).transpose()?, place)
            }
        };
        let (host, port) = split_port(place)?;
        let port = match port {
            None | Some("") => scheme.default_port(),
            Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => {
                port.parse().ok().filter(|port| *port != 0).ok_or(ParseError::Port)?
            }
            Some(_) => return Err(ParseError::Port),
        };
        let app = path.strip_prefix('/').unwrap_or(path);
        Ok(Url { scheme, user, password, host: host.to_owned(), port, app: app.to_owned(), stream: None })
    }

    /// What connect tells as `tcUrl`: scheme, host, port unless it is the scheme's own, and application.
    pub fn tc_url(&self) -> String {
        format!("{}/{}", self.origin(), self.app)
    }

    /// The whole URL with its secrets, for whoever must store it. Never log it.
    ///
    /// ```
    /// use rtmp::url::Url;
    /// let text = "rtmp://bob:s%3Aecret@example.net/live/a?key=1";
    /// assert_eq!(Url::parse(text).unwrap().secret(), text);
    /// ```
    pub fn secret(&self) -> String {
        let mut out = format!("{}://", self.scheme.name());
        if let Some(user) = &self.user {
            out.push_str(&encode(user));
            if let Some(password) = &self.password {
                out.push(':');
                out.push_str(&encode(password));
            }
            out.push('@');
        }
        out.push_str(&self.place());
        out.push('/');
        out.push_str(&self.app);
        if let Some(stream) = &self.stream {
            out.push('/');
            out.push_str(stream);
        }
        out
    }

    /// Host and port as a `Host` header has them: brackets around IPv6, no port when it is the scheme's own.
    pub fn place(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == self.scheme.default_port() { host } else { format!("{host}:{}", self.port) }
    }

    fn origin(&self) -> String {
        format!("{}://{}", self.scheme.name(), self.place())
    }
}

/// Cuts `name?query` at the first question mark; the query comes without it.
///
/// ```
/// use rtmp::url::split_query;
/// assert_eq!(split_query("cam1?key=a?b"), ("cam1", "key=a?b"));
/// assert_eq!(split_query("cam1"), ("cam1", ""));
/// ```
pub fn split_query(name: &str) -> (&str, &str) {
    name.split_once('?').unwrap_or((name, ""))
}

impl FromStr for Url {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Url, ParseError> {
        Url::parse(text)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.name())?;
        if let Some(user) = &self.user {
            f.write_str(&encode(user))?;
            f.write_str(if self.password.is_some() { ":***@" } else { "@" })?;
        }
        write!(f, "{}", self.place())?;
        for part in [Some(&self.app), self.stream.as_ref()].into_iter().flatten() {
            let (name, query) = split_query(part);
            write!(f, "/{name}{}", if query.is_empty() { "" } else { "?***" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ParseError::Scheme => "the URL does not begin with rtmp://, rtmps://, rtmpt:// or rtmpts://",
            ParseError::Host => "the URL names no host",
            ParseError::Port => "the URL's port is no number from 1 to 65535",
            ParseError::Character => "the URL holds a space, a control character or a broken percent sign",
            ParseError::TooLong => "the URL is longer than 65535 bytes",
        })
    }
}

impl std::error::Error for ParseError {}

fn split_port(place: &str) -> Result<(&str, Option<&str>), ParseError> {
    let (host, port) = if let Some(rest) = place.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(ParseError::Host)?;
        match after.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if after.is_empty() => (host, None),
            None => return Err(ParseError::Host),
        }
    } else {
        place.rsplit_once(':').map_or((place, None), |(host, port)| (host, Some(port)))
    };
    if host.is_empty() || host.contains(['[', ']']) || (host.contains(':') && !place.starts_with('[')) {
        return Err(ParseError::Host);
    }
    Ok((host, port))
}

fn decode(text: &str) -> Result<String, ParseError> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(b) = bytes.next() {
        if b != b'%' {
            out.push(b);
            continue;
        }
        let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16)).ok_or(ParseError::Character);
        out.push((digit()? << 4 | digit()?) as u8);
    }
    String::from_utf8(out).map_err(|_| ParseError::Character)
}

fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> (String, Option<String>) {
        let url = Url::parse(text).unwrap();
        (url.app, url.stream)
    }

    #[test]
    fn the_path_is_cut_as_others_cut_it() {
        let some = |s: &str| Some(s.to_owned());
        assert_eq!(cut("rtmp://h"), (String::new(), None));
        assert_eq!(cut("rtmp://h/live"), ("live".to_owned(), None));
        assert_eq!(cut("rtmp://h/live/"), ("live".to_owned(), None));
        assert_eq!(cut("rtmp://h/live?k=1/2"), ("live?k=1/2".to_owned(), None));
        assert_eq!(cut("rtmp://h/live/a"), ("live".to_owned(), some("a")));
        assert_eq!(cut("rtmp://h/live/a/b"), ("live/a".to_owned(), some("b")));
        assert_eq!(cut("rtmp://h/live/a/b/c?x=/y"), ("live/a".to_owned(), some("b/c?x=/y")));
        assert_eq!(cut("rtmp://h/vod/mp4:a/b.mp4"), ("vod".to_owned(), some("mp4:a/b.mp4")));
        assert_eq!(cut("rtmp://h/vod/x/mp4:b.mp4"), ("vod/x".to_owned(), some("mp4:b.mp4")));
        assert_eq!(cut("rtmp://h/live/a#top"), ("live".to_owned(), some("a")));
    }

    #[test]
    fn secrets_are_not_shown() {
        let url = Url::parse("rtmp://u:pw@h:1/live?tok=1").unwrap();
        for shown in [url.to_string(), format!("{url:?}")] {
            assert!(!shown.contains("pw") && !shown.contains("tok"), "{shown}");
        }
        assert_eq!(url.tc_url(), "rtmp://h:1/live?tok=1");
    }

    #[test]
    fn what_is_no_url_is_refused() {
        let error = |text: &str| Url::parse(text).unwrap_err();
        assert_eq!(error("http://h/a"), ParseError::Scheme);
        assert_eq!(error("rtmp:/h/a"), ParseError::Scheme);
        assert_eq!(error("rtmp:///a"), ParseError::Host);
        assert_eq!(error("rtmp://[::1/a"), ParseError::Host);
        assert_eq!(error("rtmp://::1/a"), ParseError::Host);
        assert_eq!(error("rtmp://h:0/a"), ParseError::Port);
        assert_eq!(error("rtmp://h:65536/a"), ParseError::Port);
        assert_eq!(error("rtmp://h:+1/a"), ParseError::Port);
        assert_eq!(error("rtmp://h/a b"), ParseError::Character);
        assert_eq!(error("rtmp://h/a\0"), ParseError::Character);
        assert_eq!(error("rtmp://%zz@h/a"), ParseError::Character);
        assert_eq!(error(&format!("rtmp://h/{}", "a".repeat(65_536))), ParseError::TooLong);
    }
}
