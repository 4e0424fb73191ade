//! The inside of a start tag: its name, its declarations, its attributes.

use bytestring::ByteString;

use super::chars::Qualified;
use super::element::Attribute;
use super::scope::Scope;
use super::{Error, Limits, chars, known, tree};

/// A start tag whose names are resolved.
pub(crate) struct Tag {
    pub(crate) ns: ByteString,
    pub(crate) name: ByteString,
    /// Whether the name was written with a prefix.
    pub(crate) prefixed: bool,
    /// All but the declarations, which went into the scope.
    pub(crate) attributes: Vec<Attribute>,
}

/// Reads what stands between `<` and `>` (or `/>`), enters the scope, and declares there what the tag declares.
/// `inside` is a part of `text`.
//= rfc6120#8.4/any-prefix MUST NOT
//# A prefix is looked up and forgotten: elements and attributes have namespace and name.
pub(crate) fn read(text: &ByteString, inside: &str, scope: &mut Scope, limits: &Limits) -> Result<Tag, Error> {
    let (Qualified { prefix, local }, rest) = chars::qualified(inside)?;
    check_length(inside.len() - rest.len(), limits)?;
    scope.enter();
    let mut attributes = Vec::new();
    // Which attributes have a prefix that is still to be resolved.
    let mut prefixes = Vec::new();
    let mut rest = Rest(rest);
    let mut count = 0;
    while let Some((name, value)) = rest.next()? {
        count += 1;
        check_length(name.prefix.len() + 1 + name.local.len(), limits)?;
        if count > limits.attributes {
            return Err(Error::limit("more attributes than allowed"));
        }
        let value = unescape(value, text)?;
        match (name.prefix, name.local) {
            ("", "xmlns") => scope.declare_default(known::namespace(value))?,
            ("xmlns", prefix) => scope.declare(text.slice_ref(prefix), known::namespace(value), limits)?,
            (prefix, local) => {
                if !prefix.is_empty() {
                    prefixes.push((attributes.len(), prefix));
                }
                attributes.push(Attribute { ns: ByteString::new(), name: known::name(local, text), value });
            }
        }
    }
    //= rfc6120#11.3/receive-namespaces MUST NOT
    //# Prefixes that are not declared, reserved ones, and attributes that are equal by namespace are refused.
    // Only now, since a declaration may follow what it is for.
    for (i, prefix) in prefixes {
        attributes[i].ns = scope.resolve(prefix)?;
    }
    let equal = |a: &Attribute, b: &Attribute| known::same(&a.name, &b.name) && a.ns == b.ns;
    let twice = |(i, a): (usize, &Attribute)| attributes[..i].iter().any(|b| equal(a, b));
    if attributes.iter().enumerate().any(twice) {
        return Err(Error::malformed("two equal attributes"));
    }
    let ns = if prefix.is_empty() { scope.default_ns().clone() } else { scope.resolve(prefix)? };
    Ok(Tag { ns, name: known::name(local, text), prefixed: !prefix.is_empty(), attributes })
}

fn check_length(name: usize, limits: &Limits) -> Result<(), Error> {
    if name > limits.name { Err(Error::limit("a name longer than allowed")) } else { Ok(()) }
}

/// What was not read yet of a tag, behind its name.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// The next attribute as it stands there: name, and value between its quotes.
    fn next(&mut self) -> Result<Option<(Qualified<'a>, &'a str)>, Error> {
        let trimmed = self.0.trim_ascii_start();
        if trimmed.is_empty() {
            return Ok(None);
        }
        if trimmed.len() == self.0.len() {
            return Err(Error::malformed("attributes that are not apart"));
        }
        let (name, rest) = chars::qualified(trimmed)?;
        let value = rest.trim_ascii_start().strip_prefix('=').ok_or(Error::malformed("an attribute without value"))?;
        let value = value.trim_ascii_start();
        let quote = match value.as_bytes().first() {
            Some(quote @ (b'\'' | b'"')) => *quote,
            _ => return Err(Error::malformed("a value without quotes")),
        };
        let value = &value[1..];
        match memchr::memchr2(quote, b'<', value.as_bytes()) {
            Some(end) if value.as_bytes()[end] == quote => {
                self.0 = &value[end + 1..];
                Ok(Some((name, &value[..end])))
            }
            _ => Err(Error::malformed("a value that does not end")),
        }
    }
}

/// The value that is meant: references resolved, white space as XML 1.0, 3.3.3, wants it. A slice of the text if there
/// was nothing to do.
fn unescape(raw: &str, text: &ByteString) -> Result<ByteString, Error> {
    // No control character but these three is left in the text.
    if !raw.bytes().fold(false, |found, b| found | (b == b'&') | (b < b' ')) {
        return Ok(text.slice_ref(raw));
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.bytes().position(|b| matches!(b, b'&' | b'\t' | b'\n' | b'\r')) {
        out.push_str(&rest[..at]);
        let special = &rest[at..];
        let length = if let Some(inner) = special.strip_prefix('&') {
            let end =
                memchr::memchr(b';', inner.as_bytes()).ok_or(Error::malformed("a reference that does not end"))?;
            out.push(tree::reference(&inner[..end])?);
            end + 2
        } else {
            out.push(' ');
            if special.starts_with("\r\n") { 2 } else { 1 }
        };
        rest = &special[length..];
    }
    out.push_str(rest);
    Ok(out.into())
}

/// The name-value pairs of an XML declaration, none of which has references.
pub(crate) fn pairs(inside: &str) -> Result<Vec<(&str, &str)>, Error> {
    let mut rest = Rest(inside);
    let pair = || rest.next().map(|found| found.map(|(name, value)| (name.local, value))).transpose();
    std::iter::from_fn(pair).take(4).collect()
}
