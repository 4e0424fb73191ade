//! Reactions ([XEP-0444](https://xmpp.org/extensions/xep-0444.html)).

use std::collections::BTreeSet;

use rfc3920::xml::Element;

use crate::element::{expect, leaf, required};
use crate::{Error, ns};

/// All reactions of one person to one message, instead of those before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reactions {
    /// The id of the message; in a room the id that the room gave it.
    pub id: String,
    /// One emoji each; empty: none any more.
    pub emojis: BTreeSet<String>,
}

impl Reactions {
    /// Reads `<reactions/>`. What is empty or longer than [`LONGEST`] bytes, and what is beyond [`MOST`], is left out.
    ///
    /// # Errors
    /// [`Error`], for another element or a missing id.
    //= xep-0444#3.1/distinct MUST
    //# A set: the same emoji twice counts once.
    pub fn from_element(element: &Element) -> Result<Reactions, Error> {
        expect(element, ns::REACTIONS, "reactions")?;
        let emojis = element.children().filter(|child| child.is(ns::REACTIONS, "reaction"));
        let emojis = emojis.map(|child| child.text().trim().to_owned());
        let emojis = emojis.filter(|emoji| !emoji.is_empty() && emoji.len() <= LONGEST).take(MOST);
        Ok(Reactions { id: required(element, "id")?.to_owned(), emojis: emojis.collect() })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        let emojis = self.emojis.iter().map(|emoji| leaf(ns::REACTIONS, "reaction", emoji));
        Element::new(ns::REACTIONS, "reactions").attr("id", self.id.as_str()).with(emojis)
    }
}

/// Bytes of one emoji: families with joiners and skin tones fit.
pub const LONGEST: usize = 64;
/// Reactions of one person to one message.
pub const MOST: usize = 32;
