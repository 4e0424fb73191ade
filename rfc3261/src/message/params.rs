use std::borrow::Cow;

use super::error::Fault;
use super::scan;

/// Parameters behind semicolons, in their order: name, and the value as it was written (a quoted string with its
/// quotes), `None` for a name alone. Made by the `params` methods of URIs and headers.
#[derive(Clone, Debug)]
pub struct Params<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Params<'a> {
    /// The parameters in `text`, which was checked by [`end`] or by the URI parser and begins with a semicolon.
    pub(crate) fn new(text: &'a str) -> Params<'a> {
        Params { text, at: 0 }
    }

    /// The value of the first parameter of that name, in any case; a name alone has the empty value.
    pub(crate) fn value(mut self, name: &str) -> Option<&'a str> {
        self.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.unwrap_or_default())
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = (&'a str, Option<&'a str>);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let start = scan::skip_space(bytes, self.at);
        if scan::peek(bytes, start) != b';' {
            return None;
        }
        let start = scan::skip_space(bytes, start + 1);
        let name_end = scan::run_escaped(bytes, start, scan::TOKEN | scan::PARAM);
        let name = self.text.get(start..name_end)?;
        let equals = scan::skip_space(bytes, name_end);
        if scan::peek(bytes, equals) != b'=' {
            self.at = equals;
            return Some((name, None));
        }
        let value = scan::skip_space(bytes, equals + 1);
        let end = value_end(bytes, value, scan::VALUE | scan::PARAM);
        self.at = end;
        Some((name, Some(self.text.get(value..end)?)))
    }
}

/// Checks header parameters (`generic-param`) from `at` on, and returns where they end, without white space behind them.
//= rfc3261#20/extension-parameters SHOULD
//# Any name and any value of the grammar pass; nobody asks for those that mean nothing here.
pub(crate) fn end(text: &[u8], mut at: usize) -> Result<usize, Fault> {
    loop {
        let semicolon = scan::skip_space(text, at);
        if scan::peek(text, semicolon) != b';' {
            return Ok(at);
        }
        let name = scan::skip_space(text, semicolon + 1);
        at = scan::run(text, name, scan::TOKEN);
        if at == name {
            return Err("parameter without name");
        }
        let equals = scan::skip_space(text, at);
        if scan::peek(text, equals) != b'=' {
            continue;
        }
        let value = scan::skip_space(text, equals + 1);
        at = value_end(text, value, scan::VALUE);
        if at == value {
            return Err("parameter without value behind the equals sign");
        }
    }
}

/// The end of the value at `at`: a quoted string, or characters of the class.
#[inline]
fn value_end(text: &[u8], at: usize, class: u16) -> usize {
    if scan::peek(text, at) == b'"' {
        return scan::quoted_end(text, at).unwrap_or(at);
    }
    scan::run(text, at, class)
}

/// Takes the quotes and backslashes off a quoted string; any other text is returned as it is.
///
/// ```
/// use rfc3261::message::unquote;
/// assert_eq!(unquote(r#""a \"b\"""#), r#"a "b""#);
/// assert_eq!(unquote("token"), "token");
/// ```
pub fn unquote(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return text.into() };
    if !inner.contains('\\') {
        return inner.into();
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out.into()
}

/// Puts a text between quotes, with a backslash before quotes and backslashes. Line ends become spaces.
///
/// ```
/// assert_eq!(rfc3261::message::quote(r#"a "b""#), r#""a \"b\"""#);
/// ```
//= rfc3261#25.1/quote-specials MUST
//# Writers of display names and parameter values come here when a token will not do.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\r' | '\n' | '\0' => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A parameter value fit to be written: as it is if it is a token, host or quoted string, else quoted.
pub(crate) fn writable(value: &str) -> Cow<'_, str> {
    let bytes = value.as_bytes();
    if !bytes.is_empty() && value_end(bytes, 0, scan::VALUE) == bytes.len() {
        value.into()
    } else {
        quote(value).into()
    }
}

/// The parameters in `text` without those named `name`, and with `name=value` in the place of the first or behind all when
/// `value` is given. `same` compares names.
pub(crate) fn edited(text: &str, name: &str, value: Option<&str>, same: fn(&str, &str) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + name.len() + 16);
    let mut done = value.is_none();
    for (n, v) in Params::new(text) {
        let is_it = same(n, name);
        match (is_it, value) {
            (true, Some(value)) if !done => {
                write_param(&mut out, n, value);
                done = true;
            }
            (true, _) => {}
            (false, _) => {
                out.push(';');
                out.push_str(n);
                if let Some(v) = v {
                    out.push('=');
                    out.push_str(v);
                }
            }
        }
    }
    if let (false, Some(value)) = (done, value) {
        write_param(&mut out, name, value);
    }
    out
}

fn write_param(out: &mut String, name: &str, value: &str) {
    out.push(';');
    out.push_str(name);
    if !value.is_empty() {
        out.push('=');
        out.push_str(value);
    }
}
