//! Pictures of people ([XEP-0084](https://xmpp.org/extensions/xep-0084.html)): what there is, and its bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rfc3920::xml::Element;
use ring::digest;

use crate::element::{expect, leaf, required};
use crate::{Error, ns};

/// What is known of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// SHA-1 of the bytes, in lower-case hexadecimal.
    pub id: String,
    /// How many bytes.
    pub bytes: u32,
    /// The media type.
    pub kind: String,
    /// Pixels across, if told.
    pub width: Option<u16>,
    /// Pixels down, if told.
    pub height: Option<u16>,
    /// Where else it may be had from.
    pub url: Option<String>,
}

impl Metadata {
    /// The picture that `<metadata/>` offers as an item of the node itself, or `None` when it says that there is none.
    ///
    /// # Errors
    /// [`Error`], for another element, and for a picture without what it must have.
    //= xep-0084#4.2.1/info MUST
    //# An info has id, bytes and type; one with a url is elsewhere and stands behind the one that is not.
    pub fn from_element(element: &Element) -> Result<Option<Metadata>, Error> {
        expect(element, ns::AVATAR_METADATA, "metadata")?;
        let infos: Vec<_> = element.children().filter(|child| child.is(ns::AVATAR_METADATA, "info")).collect();
        let own = infos.iter().find(|info| info.get("url").is_none()).or(infos.first());
        own.map(|info| {
            let size = |name| info.get(name).and_then(|text| text.parse().ok());
            Ok(Metadata {
                id: required(info, "id")?.to_ascii_lowercase(),
                bytes: required(info, "bytes")?.parse().map_err(|_| Error::Value("bytes"))?,
                kind: required(info, "type")?.to_owned(),
                width: size("width"),
                height: size("height"),
                url: info.get("url").map(str::to_owned),
            })
        })
        .transpose()
    }

    /// Writes `<metadata/>`; `None`: there is no picture any more.
    pub fn to_element(this: Option<&Metadata>) -> Element {
        Element::new(ns::AVATAR_METADATA, "metadata").with(this.map(|info| {
            Element::new(ns::AVATAR_METADATA, "info")
                .attr("id", info.id.as_str())
                .attr("bytes", info.bytes.to_string())
                .attr("type", info.kind.as_str())
                .attr_opt("width", info.width.map(|n| n.to_string()))
                .attr_opt("height", info.height.map(|n| n.to_string()))
                .attr_opt("url", info.url.as_deref())
        }))
    }
}

/// The id of a picture.
///
/// ```
/// assert_eq!(rfc3921::avatar::id_of(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
/// ```
pub fn id_of(picture: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, picture);
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes `<data/>`.
pub fn data_to_element(picture: &[u8]) -> Element {
    leaf(ns::AVATAR_DATA, "data", &STANDARD.encode(picture))
}

/// Reads `<data/>`, which was fetched as the item `id`.
///
/// # Errors
/// [`Error`], for another element, what is no Base64, and bytes whose hash is not `id`.
//= xep-0084#4.2.1/hash MUST
//# What comes is hashed, and taken only if it is what the id says.
pub fn data_from_element(element: &Element, id: &str) -> Result<Bytes, Error> {
    expect(element, ns::AVATAR_DATA, "data")?;
    let text: String = element.text().chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let picture = STANDARD.decode(text).map_err(|_| Error::Value("Base64"))?;
    if id_of(&picture) != id.to_ascii_lowercase() {
        return Err(Error::Value("id"));
    }
    Ok(picture.into())
}
