//! The inside of a start tag: its name, its declarations, its attributes.

use bytestring::ByteString;

use super::element::Attribute;
use super::scope::Scope;
use super::{Error, Limits, chars, tree};

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
/// `content` is a part of `text`, and begins with `name`.
pub(crate) fn read(
    text: &ByteString,
    content: &str,
    name: &str,
    scope: &mut Scope,
    limits: &Limits,
) -> Result<Tag, Error> {
    if name.len() > limits.name {
        return Err(Error::limit("a name longer than allowed"));
    }
    let (prefix, local) = chars::split(name)?;
    scope.enter();
    let mut attributes = Vec::new();
    let mut prefixes = Vec::new();
    let mut rest = Rest(content.get(name.len()..).unwrap_or_default());
    let mut count = 0;
    while let Some((name, value)) = rest.next()? {
        count += 1;
        if name.len() > limits.name {
            return Err(Error::limit("a name longer than allowed"));
        }
        if count > limits.attributes {
            return Err(Error::limit("more attributes than allowed"));
        }
        let (prefix, local) = chars::split(name)?;
        let value = unescape(value, text)?;
        match (prefix, local) {
            ("", "xmlns") => scope.declare_default(value)?,
            ("xmlns", _) => scope.declare(text.slice_ref(local), value, limits)?,
            _ => {
                if !prefix.is_empty() {
                    prefixes.push((attributes.len(), prefix));
                }
                attributes.push(Attribute { ns: ByteString::new(), name: text.slice_ref(local), value });
            }
        }
    }
    //= rfc6120#11.3/receive-namespaces MUST NOT
    //# Prefixes that are not declared, reserved ones, and attributes that are equal by namespace are refused.
    // Only now, since a declaration may follow what it is for.
    for (i, prefix) in prefixes {
        attributes[i].ns = scope.resolve(prefix)?;
    }
    let twice = |(i, a): (usize, &Attribute)| attributes[..i].iter().any(|b| a.name == b.name && a.ns == b.ns);
    if attributes.iter().enumerate().any(twice) {
        return Err(Error::malformed("two equal attributes"));
    }
    let ns = if prefix.is_empty() { scope.default_ns().clone() } else { scope.resolve(prefix)? };
    Ok(Tag { ns, name: text.slice_ref(local), prefixed: !prefix.is_empty(), attributes })
}

/// What was not read yet of a tag, behind its name.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// The next attribute as it stands there: name, and value between its quotes.
    fn next(&mut self) -> Result<Option<(&'a str, &'a str)>, Error> {
        let trimmed = self.0.trim_ascii_start();
        if trimmed.is_empty() {
            return Ok(None);
        }
        if trimmed.len() == self.0.len() {
            return Err(Error::malformed("attributes that are not apart"));
        }
        let equals = memchr::memchr(b'=', trimmed.as_bytes()).ok_or(Error::malformed("an attribute without value"))?;
        let name = trimmed[..equals].trim_ascii_end();
        let value = trimmed[equals + 1..].trim_ascii_start();
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
    if !raw.bytes().any(|b| matches!(b, b'&' | b'\t' | b'\n' | b'\r')) {
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
    std::iter::from_fn(|| rest.next().transpose()).take(4).collect()
}
