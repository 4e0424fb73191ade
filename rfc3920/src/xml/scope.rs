//! Which namespaces prefixes mean at a place (Namespaces in XML 1.0, 6).

use bytestring::ByteString;

use super::{Error, Limits};
use crate::ns;

/// The declarations in force.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    /// The default namespace.
    default: ByteString,
    bindings: Vec<Binding>,
    /// What each element that was entered has to give back when it is left.
    levels: Vec<Level>,
}

#[derive(Debug, Clone)]
struct Binding {
    prefix: ByteString,
    ns: ByteString,
}

#[derive(Debug, Clone)]
struct Level {
    /// The default namespace outside, if the element declared another.
    outer: Option<ByteString>,
    /// The number of bindings outside.
    bindings: usize,
}

impl Scope {
    pub(crate) fn default_ns(&self) -> &ByteString {
        &self.default
    }

    /// An element begins: its declarations follow.
    pub(crate) fn enter(&mut self) {
        self.levels.push(Level { outer: None, bindings: self.bindings.len() });
    }

    /// The element entered last ends.
    pub(crate) fn leave(&mut self) {
        let Some(level) = self.levels.pop() else { return };
        if let Some(outer) = level.outer {
            self.default = outer;
        }
        self.bindings.truncate(level.bindings);
    }

    /// Declares the default namespace for the element entered last.
    pub(crate) fn declare_default(&mut self, ns: ByteString) -> Result<(), Error> {
        if ns == ns::XML || ns == ns::XMLNS {
            return Err(Error::malformed("a reserved namespace as default"));
        }
        let outer = std::mem::replace(&mut self.default, ns);
        match self.levels.last_mut() {
            Some(Level { outer: Some(_), .. }) => return Err(Error::malformed("two equal declarations")),
            Some(level) => level.outer = Some(outer),
            None => {}
        }
        Ok(())
    }

    /// Declares a prefix for the element entered last.
    pub(crate) fn declare(&mut self, prefix: ByteString, ns: ByteString, limits: &Limits) -> Result<(), Error> {
        let reserved = match &*prefix {
            "xml" if ns == ns::XML => return Ok(()),
            "xml" | "xmlns" => true,
            _ => ns.is_empty() || ns == ns::XML || ns == ns::XMLNS,
        };
        if reserved {
            return Err(Error::malformed("a declaration of what is reserved"));
        }
        let first = self.levels.last().map_or(0, |l| l.bindings);
        if self.bindings.iter().skip(first).any(|b| b.prefix == prefix) {
            return Err(Error::malformed("two equal declarations"));
        }
        if self.bindings.len() >= limits.prefixes {
            return Err(Error::limit("more prefixes than allowed"));
        }
        self.bindings.push(Binding { prefix, ns });
        Ok(())
    }

    /// What a prefix means here.
    pub(crate) fn resolve(&self, prefix: &str) -> Result<ByteString, Error> {
        if prefix == "xml" {
            return Ok(ByteString::from_static(ns::XML));
        }
        let bound = self.bindings.iter().rev().find(|b| b.prefix == prefix);
        bound.map(|b| b.ns.clone()).ok_or(Error::malformed("a prefix that is not declared"))
    }
}
