//! Which software somebody runs ([XEP-0092](https://xmpp.org/extensions/xep-0092.html)).

use rfc3920::xml::Element;

use crate::element::{Optional, expect, text_of};
use crate::{Error, ns};

/// A name, a version, and perhaps a system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// The software.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The operating system: for privacy mostly not told.
    pub os: Option<String>,
}

impl Version {
    /// The question.
    pub fn query() -> Element {
        Element::new(ns::VERSION, "query")
    }

    /// Reads `<query/>` of an answer.
    ///
    /// # Errors
    /// [`Error`], for another element.
    pub fn from_element(element: &Element) -> Result<Version, Error> {
        expect(element, ns::VERSION, "query")?;
        let text = |name| text_of(element, ns::VERSION, name);
        Ok(Version {
            name: text("name").unwrap_or_default(),
            version: text("version").unwrap_or_default(),
            os: text("os"),
        })
    }

    /// Writes it.
    //= xep-0092#3/name-version MUST
    //# Name and version always, the system only when the configuration says so.
    pub fn to_element(&self) -> Element {
        Version::query()
            .leaf_if(ns::VERSION, "name", Some(&self.name))
            .leaf_if(ns::VERSION, "version", Some(&self.version))
            .leaf_if(ns::VERSION, "os", self.os.as_deref())
    }
}
