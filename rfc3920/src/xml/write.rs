//! Elements to text. What comes out is well-formed whatever the element holds, or nothing comes out.

use super::element::{Attribute, Element, Node};
use super::{Error, chars};
use crate::ns;

/// What to do about characters that XML forbids, and names that are none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forbidden {
    Refuse,
    Replace,
}

/// Appends an element, where `scope` is the default namespace around it.
pub(crate) fn element(element: &Element, out: &mut String, scope: &str, forbidden: Forbidden) -> Result<(), Error> {
    // The namespace of `xml:` is bound to that prefix alone: it can not be a default (Namespaces in XML, 3).
    //= rfc6120#4.8.5/no-prefix MUST NOT
    //# Elements never get one, except those in the namespace of XML itself.
    //= rfc7395#3.3.3/standalone MUST
    //# With an empty scope each element declares its namespace.
    //= rfc7395#3.3.3/stream-prefix MUST
    //# Features and errors have no prefix either: they declare their namespace as the default.
    let prefix = if element.ns() == ns::XML { "xml:" } else { "" };
    let inner = if prefix.is_empty() { element.ns() } else { scope };
    if element.ns() == ns::XMLNS {
        return Err(Error::malformed("an element in the namespace of declarations"));
    }
    out.push('<');
    out.push_str(prefix);
    name(element.name(), out, forbidden)?;
    //= rfc6120#8.4/namespace MUST
    //# An element is made with its namespace, which is declared wherever it is not that around it.
    //= rfc6120#8.4/payload MAY
    //# Any namespace but that of declarations.
    //= rfc6120#8.4/declared-there MUST
    //# On the element itself; the header knows nothing of it.
    if inner != scope {
        out.push_str(" xmlns='");
        escape(inner, out, true, forbidden)?;
        out.push('\'');
    }
    for (i, attribute) in element.attrs().enumerate() {
        write_attribute(attribute, i, out, forbidden)?;
    }
    if element.nodes().is_empty() {
        out.push_str("/>");
        return Ok(());
    }
    out.push('>');
    for node in element.nodes() {
        match node {
            Node::Element(child) => self::element(child, out, inner, forbidden)?,
            Node::Text(text) => escape(text, out, false, forbidden)?,
        }
    }
    out.push_str("</");
    out.push_str(prefix);
    name(element.name(), out, forbidden)?;
    out.push('>');
    Ok(())
}

/// Writes ` name='value'`; a namespace gets a prefix that is declared beside it, except that of `xml:`.
fn write_attribute(attribute: &Attribute, i: usize, out: &mut String, forbidden: Forbidden) -> Result<(), Error> {
    out.push(' ');
    match attribute.ns() {
        "" if attribute.name() == "xmlns" => return Err(Error::malformed("a declaration given as an attribute")),
        "" => {}
        ns::XML => out.push_str("xml:"),
        ns::XMLNS => return Err(Error::malformed("a declaration given as an attribute")),
        other => {
            let prefix = format!("a{i}");
            out.extend(["xmlns:", &prefix, "='"]);
            escape(other, out, true, forbidden)?;
            out.extend(["' ", &prefix, ":"]);
        }
    }
    name(attribute.name(), out, forbidden)?;
    out.push_str("='");
    escape(attribute.value(), out, true, forbidden)?;
    out.push('\'');
    Ok(())
}

fn name(name: &str, out: &mut String, forbidden: Forbidden) -> Result<(), Error> {
    //= rfc6120#11.3/send-well-formed MUST NOT
    //# Names are checked and text escaped as they are written; what can not be written is an error.
    //= rfc6120#11.3/send-namespaces MUST NOT
    //# No name has a colon, and each namespace is declared where it is needed.
    match forbidden {
        _ if chars::is_ncname(name) => out.push_str(name),
        Forbidden::Refuse => return Err(Error::malformed("a name that is none")),
        Forbidden::Replace => out.push('_'),
    }
    Ok(())
}

//= rfc6120#11.1/inject-nothing MUST NOT
//# Every `<` and `&` of text and values is escaped, so no comment, instruction, DTD or entity can come out.
/// Appends text with all that markup uses as references.
pub(crate) fn escape(text: &str, out: &mut String, value: bool, forbidden: Forbidden) -> Result<(), Error> {
    let mut from = 0;
    for (i, b) in text.bytes().enumerate() {
        let reference = match b {
            b'&' => "&amp;",
            b'<' => "&lt;",
            // Only `]]>` needs it; always is simpler.
            b'>' => "&gt;",
            b'\r' => "&#13;",
            b'\'' if value => "&apos;",
            b'"' if value => "&quot;",
            b'\n' if value => "&#10;",
            b'\t' if value => "&#9;",
            0..0x20 if b != b'\n' && b != b'\t' => "\u{fffd}",
            // The third byte of U+FFFE or U+FFFF.
            0xbe | 0xbf if i >= 2 && text.as_bytes()[i - 2..i] == [0xef, 0xbf] => "",
            _ => continue,
        };
        if reference == "\u{fffd}" || reference.is_empty() {
            if forbidden == Forbidden::Refuse {
                return Err(Error::malformed("a character that XML forbids"));
            }
            let start = if reference.is_empty() { i - 2 } else { i };
            out.push_str(&text[from..start]);
            out.push('\u{fffd}');
        } else {
            out.push_str(&text[from..i]);
            out.push_str(reference);
        }
        from = i + 1;
    }
    out.push_str(&text[from..]);
    Ok(())
}
