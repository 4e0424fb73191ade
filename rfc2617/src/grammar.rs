//! The shared grammar of all the headers: `scheme name=value, name="value", …`, or `scheme token68`.

use std::fmt;

use crate::ParseError;

/// Bounds on what is parsed. The defaults leave room for any honest peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one header value; 8192.
    pub value: usize,
    /// Schemes in one header value; 16.
    pub schemes: usize,
    /// Parameters of one scheme; 64.
    pub params: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { value: 8192, schemes: 16, params: 64 }
    }
}

/// One parameter that this room does not interpret, kept so that it survives a round trip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// The name as it was written.
    pub name: String,
    /// The value without quotes and escapes.
    pub value: String,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

/// One scheme with what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// The name as it was written.
    pub name: String,
    /// The single token that some schemes carry instead of parameters.
    pub token: Option<String>,
    /// The parameters in their order.
    pub params: Vec<Param>,
}

impl Scheme {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The one scheme of a value that must hold just one.
    pub(crate) fn only(value: &str, limits: &Limits) -> Result<Scheme, ParseError> {
        let mut schemes = schemes(value, limits)?;
        match (schemes.pop(), schemes.is_empty()) {
            (Some(scheme), true) => Ok(scheme),
            _ => Err(ParseError::Scheme),
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(token) = &self.token {
            write!(f, " {token}")?;
        }
        let mut list = List::new(f, " ");
        self.params.iter().try_for_each(|p| list.param(p))
    }
}

/// Splits a header value into its schemes: HTTP peers put several into one line.
//= rfc7616#3.3/commas-in-quotes MUST
//# A comma splits only outside quotes; a name not followed by "=" starts the next scheme.
pub(crate) fn schemes(value: &str, limits: &Limits) -> Result<Vec<Scheme>, ParseError> {
    let mut scan = Scanner::new(value, limits)?;
    let mut out: Vec<Scheme> = Vec::new();
    loop {
        scan.skip(|b| is_space(b) || b == b',');
        if scan.is_done() {
            return Ok(out);
        }
        let name = scan.token()?;
        if scan.sees_equals() {
            let param = scan.value(name)?;
            // a scheme carries one token or parameters, never both
            let scheme = out.last_mut().filter(|s| s.token.is_none()).ok_or(ParseError::Scheme)?;
            if scheme.params.len() >= limits.params {
                return Err(ParseError::TooMany);
            }
            scheme.params.push(param);
        } else {
            if out.len() >= limits.schemes {
                return Err(ParseError::TooMany);
            }
            // a digest value never carries a bare token, but may carry "opaque=" with nothing behind it
            let token = if name.eq_ignore_ascii_case("Digest") { None } else { scan.token68() };
            out.push(Scheme { name: name.to_owned(), token, params: Vec::new() });
        }
    }
}

/// Reads a list of parameters that stands without a scheme (Authentication-Info).
pub(crate) fn params(value: &str, limits: &Limits) -> Result<Vec<Param>, ParseError> {
    let mut scan = Scanner::new(value, limits)?;
    let mut out = Vec::new();
    loop {
        scan.skip(|b| is_space(b) || b == b',');
        if scan.is_done() {
            return Ok(out);
        }
        let name = scan.token()?;
        if !scan.sees_equals() {
            return Err(ParseError::Syntax(scan.at));
        }
        if out.len() >= limits.params {
            return Err(ParseError::TooMany);
        }
        out.push(scan.value(name)?);
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, limits: &Limits) -> Result<Scanner<'a>, ParseError> {
        if text.len() > limits.value {
            return Err(ParseError::TooLong);
        }
        Ok(Scanner { text, at: 0 })
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn is_done(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Passes over the bytes that `test` accepts; it must accept ASCII only, or all that is not ASCII.
    fn skip(&mut self, test: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.bytes().position(|b| !test(b)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    fn token(&mut self) -> Result<&'a str, ParseError> {
        let token = self.skip(is_token);
        if token.is_empty() { Err(ParseError::Syntax(self.at)) } else { Ok(token) }
    }

    /// Whether an equals sign comes next; passes over it.
    fn sees_equals(&mut self) -> bool {
        let rest = self.rest();
        let Some(after) = rest.trim_start_matches(SPACES).strip_prefix('=') else { return false };
        self.at += rest.len() - after.len();
        true
    }

    /// A value in quotes or bare, up to the comma that ends it. Old peers leave out quotes where they belong, so a bare
    /// value may hold anything but spaces, commas and quotes.
    fn value(&mut self, name: &str) -> Result<Param, ParseError> {
        self.skip(is_space);
        let quoted = self.rest().starts_with('"');
        let value = if quoted {
            self.quoted()?
        } else {
            self.skip(|b| !is_space(b) && b != b',' && b != b'"' && b >= b' ' && b != 127).to_owned()
        };
        self.skip(is_space);
        match self.rest().bytes().next() {
            None | Some(b',') => Ok(Param { name: name.to_owned(), value, quoted }),
            Some(_) => Err(ParseError::Syntax(self.at)),
        }
    }

    fn quoted(&mut self) -> Result<String, ParseError> {
        let mut value = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += i + 1;
                    return Ok(value);
                }
                '\\' => match chars.next() {
                    Some((_, escaped)) => value.push(escaped),
                    None => break,
                },
                c => value.push(c),
            }
        }
        Err(ParseError::Syntax(self.at)) // the quotes never close
    }

    /// The token68 form, only when nothing but a comma or the end follows it.
    fn token68(&mut self) -> Option<String> {
        let start = self.at;
        self.skip(is_space);
        let text = self.rest();
        let body = self.skip(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b)).len();
        let pad = self.skip(|b| b == b'=').len();
        let end = self.rest().trim_start_matches(SPACES);
        if body > 0 && self.at > start && (end.is_empty() || end.starts_with(',')) {
            return text.get(..body + pad).map(str::to_owned);
        }
        self.at = start;
        None
    }
}

/// The white space of both protocols, the ends of folded lines included.
const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}

/// Takes the known parameters out of a list, each at most once; what stays is unknown and kept.
pub(crate) struct Bag(pub Vec<Param>);

impl Bag {
    pub fn take(&mut self, name: &'static str) -> Result<Option<String>, ParseError> {
        let Some(at) = self.position(name) else { return Ok(None) };
        let value = self.0.remove(at).value;
        match self.position(name) {
            Some(_) => Err(ParseError::Duplicate(name)),
            None => Ok(Some(value)),
        }
    }

    pub fn need(&mut self, name: &'static str) -> Result<String, ParseError> {
        self.take(name)?.ok_or(ParseError::Missing(name))
    }

    /// A parameter that is "true" or not there; anything else counts as false.
    pub fn flag(&mut self, name: &'static str) -> Result<bool, ParseError> {
        Ok(self.take(name)?.is_some_and(|v| v.eq_ignore_ascii_case("true")))
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|p| p.name.eq_ignore_ascii_case(name))
    }
}

/// Writes parameters with commas between them.
pub(crate) struct List<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    separator: &'static str,
}

impl<'a, 'f> List<'a, 'f> {
    /// `first` goes before the first parameter.
    pub fn new(f: &'a mut fmt::Formatter<'f>, first: &'static str) -> List<'a, 'f> {
        List { f, separator: first }
    }

    /// `name=value`
    pub fn bare(&mut self, name: &str, value: impl fmt::Display) -> fmt::Result {
        let separator = std::mem::replace(&mut self.separator, ", ");
        write!(self.f, "{separator}{name}={value}")
    }

    /// `name="value"`
    pub fn quoted(&mut self, name: &str, value: &str) -> fmt::Result {
        self.bare(name, Quoted(value))
    }

    pub fn param(&mut self, param: &Param) -> fmt::Result {
        // a bare value that could be read differently goes into quotes: with nothing but "=" behind it, the name of the
        // first parameter would be read as a token
        let bare = !param.quoted && !param.value.is_empty() && !param.value.starts_with('=');
        match bare && param.value.bytes().all(|b| b > b' ' && b < 127 && !b"\",".contains(&b)) {
            true => self.bare(&param.name, &param.value),
            false => self.quoted(&param.name, &param.value),
        }
    }
}

/// A quoted string. Line ends and other control characters cannot stand in one and are left out, so that no value can
/// start a header of its own.
pub(crate) struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        f.write_char('"')?;
        for c in self.0.chars().filter(|c| !c.is_ascii_control() || *c == '\t') {
            if matches!(c, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(c)?;
        }
        f.write_char('"')
    }
}
