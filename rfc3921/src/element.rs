//! What the files of the extensions share to read and write elements.

use rfc3920::jid::Jid;
use rfc3920::xml::Element;

use crate::Error;

/// An element that holds text alone.
pub(crate) fn leaf(ns: &'static str, name: &'static str, text: &str) -> Element {
    Element::new(ns, name).with_text(text)
}

/// What is left out when there is nothing to say.
pub(crate) trait Optional: Sized {
    /// With a child that holds the text, when there is some.
    fn leaf_if(self, ns: &'static str, name: &'static str, text: Option<&str>) -> Self;
}

impl Optional for Element {
    fn leaf_if(self, ns: &'static str, name: &'static str, text: Option<&str>) -> Element {
        self.with(text.map(|text| leaf(ns, name, text)))
    }
}

/// The element, if it is the one of that name.
pub(crate) fn expect(element: &Element, ns: &str, name: &'static str) -> Result<(), Error> {
    if element.is(ns, name) { Ok(()) } else { Err(Error::Other(name)) }
}

/// An attribute that must be there.
pub(crate) fn required<'a>(element: &'a Element, name: &'static str) -> Result<&'a str, Error> {
    element.get(name).ok_or(Error::Missing(name))
}

/// An attribute that must be there and hold an address.
pub(crate) fn address(element: &Element, name: &'static str) -> Result<Jid, Error> {
    parse_address(required(element, name)?, name)
}

/// An attribute that may be there, and then holds an address.
pub(crate) fn address_if(element: &Element, name: &'static str) -> Result<Option<Jid>, Error> {
    element.get(name).map(|text| parse_address(text, name)).transpose()
}

fn parse_address(text: &str, name: &'static str) -> Result<Jid, Error> {
    Jid::parse(text).map_err(|_| Error::Value(name))
}

/// The text of a child, owned.
pub(crate) fn text_of(element: &Element, ns: &str, name: &str) -> Option<String> {
    element.child_text(ns, name).map(|text| text.into_owned())
}

/// A boolean as XML writes it.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.trim() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A fieldless enumeration whose arms have a name on the wire.
macro_rules! names {
    ($(#[$meta:meta])* pub enum $type:ident { $($(#[$arm_meta:meta])* $arm:ident = $name:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $($(#[$arm_meta])* $arm,)+
        }

        impl $type {
            /// All of them, in order.
            pub const ALL: &'static [$type] = &[$($type::$arm),+];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self {
                    $($type::$arm => $name,)+
                }
            }

            /// The one of that name.
            pub fn from_name(name: &str) -> Option<$type> {
                match name {
                    $($name => Some($type::$arm),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
pub(crate) use names;
