//! What in a body is there for clients that know no better ([XEP-0428](https://xmpp.org/extensions/xep-0428.html)).

use rfc3920::xml::Element;

use crate::element::{expect, required};
use crate::{Error, ns};

/// Says that a body, or parts of it, stand in for an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// The namespace of the extension.
    pub of: String,
    /// Which characters (Unicode code points, from the first to before the second) of the body; empty: all of it.
    pub parts: Vec<(usize, usize)>,
}

impl Fallback {
    /// Reads `<fallback/>`. A part that is ill-formed makes the whole worthless, since nothing may be cut off by guess.
    ///
    /// # Errors
    /// [`Error`].
    pub fn from_element(element: &Element) -> Result<Fallback, Error> {
        expect(element, ns::FALLBACK, "fallback")?;
        let of = required(element, "for")?.to_owned();
        let bodies = element.children().filter(|child| child.is(ns::FALLBACK, "body"));
        let mut parts = Vec::new();
        for body in bodies.filter(|body| body.get("start").is_some() || body.get("end").is_some()) {
            let number = |name| required(body, name)?.parse().map_err(|_| Error::Value(name));
            let (start, end): (usize, usize) = (number("start")?, number("end")?);
            if start > end {
                return Err(Error::Value("end"));
            }
            if parts.len() >= PARTS {
                return Err(Error::TooMany("parts of a fallback"));
            }
            parts.push((start, end));
        }
        Ok(Fallback { of, parts })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        let element = Element::new(ns::FALLBACK, "fallback").attr("for", self.of.as_str());
        if self.parts.is_empty() {
            return element.child(Element::new(ns::FALLBACK, "body"));
        }
        element.with(self.parts.iter().map(|(start, end)| {
            Element::new(ns::FALLBACK, "body").attr("start", start.to_string()).attr("end", end.to_string())
        }))
    }

    /// What is left of `body` when this is taken away. Parts that lie outside of it take away what of them lies within.
    ///
    /// ```
    /// use rfc3921::fallback::Fallback;
    /// let quote = Fallback { of: "urn:xmpp:reply:0".into(), parts: vec![(0, 12)] };
    /// assert_eq!(quote.strip("> Why, sir?\nBecause."), "Because.");
    /// ```
    //= xep-0428#3/range SHOULD
    //# Positions count code points; what lies in any part goes, in one pass.
    pub fn strip(&self, body: &str) -> String {
        if self.parts.is_empty() {
            return String::new();
        }
        let cut = |at: usize| self.parts.iter().any(|&(start, end)| (start..end).contains(&at));
        body.chars().enumerate().filter(|&(at, _)| !cut(at)).map(|(_, c)| c).collect()
    }
}

/// Parts that one fallback may have: each is looked at for every character.
const PARTS: usize = 16;
