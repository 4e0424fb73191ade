//! Files handed over by HTTP ([XEP-0363](https://xmpp.org/extensions/xep-0363.html)): the server gives a place to put one.

use rfc3920::xml::Element;

use crate::disco::Info;
use crate::element::{expect, required};
use crate::{Error, ns};

/// What asks for a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The name of the file, without folders.
    pub filename: String,
    /// Its size, in bytes.
    pub size: u64,
    /// Its media type.
    pub kind: Option<String>,
}

impl Request {
    /// Writes it.
    pub fn to_element(&self) -> Element {
        Element::new(ns::UPLOAD, "request")
            .attr("filename", self.filename.as_str())
            .attr("size", self.size.to_string())
            .attr_opt("content-type", self.kind.as_deref())
    }

    /// Reads it, as a server does.
    ///
    /// # Errors
    /// [`Error`].
    pub fn from_element(element: &Element) -> Result<Request, Error> {
        expect(element, ns::UPLOAD, "request")?;
        Ok(Request {
            filename: required(element, "filename")?.to_owned(),
            size: required(element, "size")?.parse().map_err(|_| Error::Value("size"))?,
            kind: element.get("content-type").map(str::to_owned),
        })
    }
}

/// A place for one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Where to put it.
    pub put: String,
    /// What else the request to put it carries: names and values.
    pub headers: Vec<(String, String)>,
    /// Where others get it.
    pub get: String,
}

impl Slot {
    /// Reads `<slot/>`.
    ///
    /// # Errors
    /// [`Error`], for another element and for addresses that are not of `https`.
    ///
    /// ```
    /// use rfc3920::xml::{Element, Limits};
    /// use rfc3921::upload::Slot;
    /// let text = "<slot xmlns='urn:xmpp:http:upload:0'><put url='https://up.example/1'>
    ///   <header name='Authorization'>Basic eA==</header><header name='Host'>evil.example</header></put>
    ///   <get url='https://up.example/1'/></slot>";
    /// let slot = Slot::from_element(&Element::parse(text, &Limits::default()).unwrap()).unwrap();
    /// assert_eq!(slot.headers, [("Authorization".to_owned(), "Basic eA==".to_owned())]);
    /// ```
    //= xep-0363#5/headers MUST
    //# Only Authorization, Cookie and Expires are taken, line ends in their values cut out; others are left out.
    //= xep-0363#11/https MUST
    //# Both addresses begin with https, or there is no slot.
    pub fn from_element(element: &Element) -> Result<Slot, Error> {
        expect(element, ns::UPLOAD, "slot")?;
        let put = element.find(ns::UPLOAD, "put").ok_or(Error::Missing("put"))?;
        let get = element.find(ns::UPLOAD, "get").ok_or(Error::Missing("get"))?;
        let headers = put.children().filter(|child| child.is(ns::UPLOAD, "header")).filter_map(|header| {
            let name = HEADERS.iter().find(|name| header.get("name").is_some_and(|n| n.eq_ignore_ascii_case(name)))?;
            let value = header.text().chars().filter(|c| !c.is_control()).collect();
            Some(((*name).to_owned(), value))
        });
        Ok(Slot { headers: headers.take(HEADERS.len()).collect(), put: url(put)?, get: url(get)? })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        let header = |(name, value): &(String, String)| {
            Element::new(ns::UPLOAD, "header").attr("name", name.as_str()).with_text(value.as_str())
        };
        let put = Element::new(ns::UPLOAD, "put").attr("url", self.put.as_str()).with(self.headers.iter().map(header));
        Element::new(ns::UPLOAD, "slot")
            .child(put)
            .child(Element::new(ns::UPLOAD, "get").attr("url", self.get.as_str()))
    }
}

fn url(element: &Element) -> Result<String, Error> {
    let url = required(element, "url")?;
    let fine = url.starts_with("https://") && !url.chars().any(|c| c.is_control() || c.is_whitespace());
    if fine { Ok(url.to_owned()) } else { Err(Error::Value("url")) }
}

/// The headers that a server may ask for.
pub const HEADERS: [&str; 3] = ["Authorization", "Cookie", "Expires"];

/// The most bytes that the service takes for one file, if it says so.
pub fn max_size(info: &Info) -> Option<u64> {
    info.form(ns::UPLOAD)?.value("max-file-size")?.parse().ok()
}
