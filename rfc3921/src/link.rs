//! A link to a file beside the text ([XEP-0066](https://xmpp.org/extensions/xep-0066.html)), as clients send uploads.

use rfc3920::xml::Element;

use crate::element::{Optional, text_of};
use crate::ns;

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub url: String,
    /// What it is.
    pub description: Option<String>,
}

impl Link {
    /// The one that is in `message`.
    pub fn within(message: &Element) -> Option<Link> {
        let element = message.find(ns::OUT_OF_BAND, "x")?;
        let url = text_of(element, ns::OUT_OF_BAND, "url").filter(|url| !url.is_empty())?;
        Some(Link { url, description: text_of(element, ns::OUT_OF_BAND, "desc") })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        let element = Element::new(ns::OUT_OF_BAND, "x").leaf_if(ns::OUT_OF_BAND, "url", Some(&self.url));
        element.leaf_if(ns::OUT_OF_BAND, "desc", self.description.as_deref())
    }
}
