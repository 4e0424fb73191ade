//! What a peer may make the reader hold.

/// Bounds of one first-level element (a stanza, a stream header, a negotiation element). Whatever exceeds one of them
/// ends the stream with `policy-violation` (RFC 6120, 4.9.3.14), before the memory for it is taken.
///
/// With the defaults a reader holds at most [`Limits::bytes`] of unread text, and the tree of one element at most
/// about 20 MB (65,536 nodes that each have one attribute); the stanzas of usual traffic take one or two kilobytes.
///
/// ```
/// use rfc3920::xml::{Element, Limits};
/// let tight = Limits { depth: 2, ..Limits::default() };
/// assert!(Element::parse("<a><b/></a>", &tight).is_ok());
/// assert!(Element::parse("<a><b><c/></b></a>", &tight).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one first-level element, from its `<` to its `>`. Default 1,048,576: a roster of 8,000 contacts.
    /// RFC 6120, 13.12, asks for 10,000 at least.
    pub bytes: usize,
    /// Elements inside each other, the first-level element being the first. Default 64. Comparing, copying and writing an
    /// element go down by calling themselves, so thousands of levels need a large stack; dropping it does not.
    pub depth: usize,
    /// Elements, attributes and runs of text in one first-level element together. Default 65,536.
    pub nodes: usize,
    /// Attributes of one element, namespace declarations among them. Default 128.
    pub attributes: usize,
    /// Bytes of one name of an element or attribute, with its prefix. Default 256.
    pub name: usize,
    /// Prefixes declared at one place of the tree, by the element there and those around it. Default 64.
    pub prefixes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        //= rfc6120#13.12/stanza-limit MUST NOT
        //# A hundred times as much by default.
        Self { bytes: 1 << 20, depth: 64, nodes: 1 << 16, attributes: 128, name: 256, prefixes: 64 }
    }
}
