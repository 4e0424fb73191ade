//! The tree: an element with its attributes, and what it holds.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use bytestring::ByteString;

use super::{Error, Limits, tree, write};
use crate::ns;

/// An element: a name in a namespace, attributes, and child elements and text in their order.
///
/// Built by value, looked into by name, edited in place:
///
/// ```
/// use rfc3920::{ns, xml::Element};
/// let mut message = Element::new(ns::CLIENT, "message")
///     .attr("to", "alice@wonderland.example")
///     .child(Element::new(ns::CLIENT, "body").with_text("Down the <rabbit> hole"));
/// assert_eq!(message.child_text(ns::CLIENT, "body").as_deref(), Some("Down the <rabbit> hole"));
/// message.set("type", "chat");
/// assert_eq!(
///     message.to_bytes(ns::CLIENT)?,
///     "<message to='alice@wonderland.example' type='chat'><body>Down the &lt;rabbit&gt; hole</body></message>"
/// );
/// # Ok::<(), rfc3920::xml::Error>(())
/// ```
///
/// Text that stands side by side is one node, and no text node is empty. The strings of a parsed element are slices
/// of one buffer that holds the text of its stanza and nothing else, so that keeping an element keeps just that.
/// Equality does not regard the order of attributes, as XML does not.
#[derive(Debug, Clone)]
pub struct Element {
    ns: ByteString,
    name: ByteString,
    attributes: Vec<Attribute>,
    nodes: Vec<Node>,
}

/// What an element holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A child.
    Element(Element),
    /// Text, without references or CDATA sections: the characters themselves.
    Text(ByteString),
}

/// An attribute of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    pub(crate) ns: ByteString,
    pub(crate) name: ByteString,
    pub(crate) value: ByteString,
}

impl Attribute {
    /// Its namespace; empty for an attribute without prefix.
    pub fn ns(&self) -> &str {
        &self.ns
    }

    /// Its name, without prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value: the characters themselves.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Making one, by value.
impl Element {
    /// An empty element. Both names are copied by nobody: they are constants of the program.
    pub const fn new(ns: &'static str, name: &'static str) -> Self {
        Self::named(ByteString::from_static(ns), ByteString::from_static(name))
    }

    /// An empty element whose names are known only as the program runs.
    pub const fn named(ns: ByteString, name: ByteString) -> Self {
        Self { ns, name, attributes: Vec::new(), nodes: Vec::new() }
    }

    pub(crate) fn from_parts(ns: ByteString, name: ByteString, attributes: Vec<Attribute>, nodes: Vec<Node>) -> Self {
        Self { ns, name, attributes, nodes }
    }

    /// With this attribute, in no namespace, instead of one of that name.
    #[must_use]
    pub fn attr(mut self, name: &'static str, value: impl Into<ByteString>) -> Self {
        self.set(name, value);
        self
    }

    /// With this attribute if there is a value for it.
    #[must_use]
    pub fn attr_opt(self, name: &'static str, value: Option<impl Into<ByteString>>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// With this attribute in a namespace, such as `xml:lang`: `(ns::XML, "lang")`.
    #[must_use]
    pub fn attr_ns(mut self, ns: &'static str, name: &'static str, value: impl Into<ByteString>) -> Self {
        self.set_ns(ns, name, value);
        self
    }

    /// With this child after what it holds.
    #[must_use]
    pub fn child(mut self, child: Element) -> Self {
        self.push(child);
        self
    }

    /// With these children after what it holds.
    #[must_use]
    pub fn with(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.nodes.extend(children.into_iter().map(Node::Element));
        self
    }

    /// With this text after what it holds.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<ByteString>) -> Self {
        self.push_text(text);
        self
    }
}

/// Looking into one.
impl Element {
    /// Its name, without prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The namespace of its name; empty if it is in none.
    pub fn ns(&self) -> &str {
        &self.ns
    }

    /// Whether it has this name in this namespace.
    pub fn is(&self, ns: &str, name: &str) -> bool {
        self.name == name && self.ns == ns
    }

    /// Value of an attribute without prefix.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_ns("", name)
    }

    /// Value of an attribute in a namespace.
    pub fn get_ns(&self, ns: &str, name: &str) -> Option<&str> {
        self.attributes.iter().find(|a| a.name == name && a.ns == ns).map(Attribute::value)
    }

    /// Language of its text, from `xml:lang` on this element itself.
    pub fn lang(&self) -> Option<&str> {
        self.get_ns(ns::XML, "lang")
    }

    /// Its attributes, in the order of the text.
    pub fn attrs(&self) -> impl ExactSizeIterator<Item = &Attribute> {
        self.attributes.iter()
    }

    /// All text directly in it, that of its children left out. Copies only if a child stands between two texts.
    pub fn text(&self) -> Cow<'_, str> {
        let mut texts = self.nodes.iter().filter_map(|n| match n {
            Node::Text(text) => Some(&**text),
            Node::Element(_) => None,
        });
        let first = texts.next().unwrap_or_default();
        texts.fold(Cow::Borrowed(first), |all, more| all + more)
    }

    /// What it holds, in order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Its child elements, in order.
    pub fn children(&self) -> impl DoubleEndedIterator<Item = &Element> {
        self.nodes.iter().filter_map(|n| match n {
            Node::Element(child) => Some(child),
            Node::Text(_) => None,
        })
    }

    //= rfc6120#11.4/ignore-unknown SHOULD
    //# What is wanted is asked for by namespace and name; what else is there is never looked at.
    /// The first child of that name.
    //= rfc6120#11.4/validate MAY skip
    //# No schema is read.
    pub fn find(&self, ns: &str, name: &str) -> Option<&Element> {
        self.children().find(|c| c.is(ns, name))
    }

    /// All children of that name.
    pub fn find_all<'a>(&'a self, ns: &'a str, name: &'a str) -> impl DoubleEndedIterator<Item = &'a Element> {
        self.children().filter(move |c| c.is(ns, name))
    }

    /// Whether there is a child of that name.
    pub fn has(&self, ns: &str, name: &str) -> bool {
        self.find(ns, name).is_some()
    }

    /// Text of the first child of that name.
    pub fn child_text(&self, ns: &str, name: &str) -> Option<Cow<'_, str>> {
        self.find(ns, name).map(Element::text)
    }
}

/// Editing one in place.
impl Element {
    /// Gives an attribute without prefix this value.
    pub fn set(&mut self, name: &'static str, value: impl Into<ByteString>) {
        self.set_ns("", name, value);
    }

    /// Gives an attribute in a namespace this value.
    pub fn set_ns(&mut self, ns: &'static str, name: &'static str, value: impl Into<ByteString>) {
        let value = value.into();
        match self.attributes.iter_mut().find(|a| a.name == name && a.ns == ns) {
            Some(attribute) => attribute.value = value,
            None => {
                let (ns, name) = (ByteString::from_static(ns), ByteString::from_static(name));
                self.attributes.push(Attribute { ns, name, value });
            }
        }
    }

    /// Takes an attribute without prefix away.
    pub fn unset(&mut self, name: &str) {
        self.attributes.retain(|a| a.name != name || !a.ns.is_empty());
    }

    /// Appends a child.
    pub fn push(&mut self, child: Element) {
        self.nodes.push(Node::Element(child));
    }

    /// Appends text, to the text before it if it ends in text.
    pub fn push_text(&mut self, text: impl Into<ByteString>) {
        let text = text.into();
        match self.nodes.last_mut() {
            _ if text.is_empty() => {}
            Some(Node::Text(before)) => *before = [&**before, &*text].concat().into(),
            _ => self.nodes.push(Node::Text(text)),
        }
    }

    /// Its child elements, to be changed.
    pub fn children_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Element> {
        self.nodes.iter_mut().filter_map(|n| match n {
            Node::Element(child) => Some(child),
            Node::Text(_) => None,
        })
    }

    /// The first child of that name, to be changed.
    pub fn find_mut(&mut self, ns: &str, name: &str) -> Option<&mut Element> {
        self.children_mut().find(|c| c.is(ns, name))
    }

    /// Takes the first child of that name out.
    pub fn remove(&mut self, ns: &str, name: &str) -> Option<Element> {
        let at = self.nodes.iter().position(|n| matches!(n, Node::Element(child) if child.is(ns, name)))?;
        let Node::Element(child) = self.nodes.remove(at) else { return None };
        self.join_text_at(at);
        Some(child)
    }

    /// Takes everything out, and gives the children, in order.
    pub fn take_children(&mut self) -> impl DoubleEndedIterator<Item = Element> + use<> {
        std::mem::take(&mut self.nodes).into_iter().filter_map(|n| match n {
            Node::Element(child) => Some(child),
            Node::Text(_) => None,
        })
    }

    /// Takes everything out, and puts this text in.
    pub fn set_text(&mut self, text: impl Into<ByteString>) {
        self.nodes.clear();
        self.push_text(text);
    }

    /// Two texts between which a child was taken out become one.
    fn join_text_at(&mut self, at: usize) {
        if let Some(Node::Text(after)) = self.nodes.get(at).cloned()
            && let Some(Node::Text(before)) = at.checked_sub(1).and_then(|i| self.nodes.get_mut(i))
        {
            *before = [&**before, &*after].concat().into();
            self.nodes.remove(at);
        }
    }
}

/// From and to text.
impl Element {
    /// Parses a whole document: one element, with white space and an XML declaration around it allowed. For files and
    /// tests; what arrives on a connection goes through a [`Reader`](super::Reader).
    ///
    /// # Errors
    /// Text that is not well-formed, holds what RFC 6120, 11.1, forbids, or exceeds a limit.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, Error> {
        tree::document(&ByteString::from(text), limits)
    }

    /// Appends the element as XML, where `scope` is the default namespace at that place: `jabber:client` directly
    /// inside a stream, empty for a message of a WebSocket.
    ///
    /// # Errors
    /// A name that is none, or a character that XML forbids, in the element or below. `out` then holds a part of it.
    pub fn write(&self, out: &mut String, scope: &str) -> Result<(), Error> {
        write::element(self, out, scope, write::Forbidden::Refuse)
    }

    /// The element as XML, where `scope` is the default namespace at that place, see [`Element::write`].
    ///
    /// # Errors
    /// As [`Element::write`].
    pub fn to_bytes(&self, scope: &str) -> Result<Bytes, Error> {
        let mut out = String::with_capacity(256);
        self.write(&mut out, scope)?;
        Ok(out.into())
    }
}

/// As XML that declares all its namespaces. Characters that XML forbids come out as U+FFFD.
impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        // Nothing is refused here, since everything forbidden is replaced.
        let _ = write::element(self, &mut out, "", write::Forbidden::Replace);
        f.write_str(&out)
    }
}

/// [`Element::parse`] with the default limits.
impl FromStr for Element {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text, &Limits::default())
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.ns == other.ns
            && self.attributes.len() == other.attributes.len()
            && self.attributes.iter().all(|a| other.attributes.contains(a))
            && self.nodes == other.nodes
    }
}

/// Takes deep trees apart level by level, since a destructor that calls itself has only the stack to go.
impl Drop for Element {
    fn drop(&mut self) {
        let has_children = |n: &Node| matches!(n, Node::Element(child) if !child.nodes.is_empty());
        if !self.nodes.iter().any(has_children) {
            return;
        }
        let mut rest = std::mem::take(&mut self.nodes);
        while let Some(node) = rest.pop() {
            if let Node::Element(mut child) = node {
                rest.append(&mut child.nodes);
            }
        }
    }
}
