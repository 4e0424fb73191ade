//! Contact cards: [XEP-0054](https://xmpp.org/extensions/xep-0054.html), and [XEP-0292](https://xmpp.org/extensions/xep-0292.html)
//! where it is published. What a card of either kind says to people; the rest of it stays in the element.

use rfc3920::xml::Element;

use crate::element::{Optional, leaf};
use crate::{Error, ns};

/// What a card says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vcard {
    /// The name in full.
    pub full_name: Option<String>,
    /// What they are called.
    pub nickname: Option<String>,
    /// Mail addresses.
    pub emails: Vec<String>,
    /// Telephone numbers.
    pub phones: Vec<String>,
    /// A page on the Web.
    pub url: Option<String>,
    /// For whom they work.
    pub organization: Option<String>,
    /// As what.
    pub title: Option<String>,
    /// The birthday, as it is written there.
    pub birthday: Option<String>,
    /// What else they say.
    pub note: Option<String>,
}

impl Vcard {
    /// What asks for a card of the old kind.
    pub fn query() -> Element {
        Element::new(ns::VCARD_TEMP, "vCard")
    }

    /// Reads `<vCard/>` of either kind.
    ///
    /// # Errors
    /// [`Error`], for another element.
    pub fn from_element(element: &Element) -> Result<Vcard, Error> {
        match (element.ns(), element.name()) {
            (ns::VCARD_TEMP, "vCard") => Ok(from_temp(element)),
            (ns::VCARD4, "vcard") => Ok(from_four(element)),
            _ => Err(Error::Other("vcard")),
        }
    }

    /// Writes one of the old kind.
    //= xep-0054#3.1/names MUST
    //# The element and property names of vcard-temp as they are, in capitals.
    pub fn to_temp(&self) -> Element {
        let ns = ns::VCARD_TEMP;
        Vcard::query()
            .leaf_if(ns, "FN", self.full_name.as_deref())
            .leaf_if(ns, "NICKNAME", self.nickname.as_deref())
            .with(self.emails.iter().map(|email| Element::new(ns, "EMAIL").child(leaf(ns, "USERID", email))))
            .with(self.phones.iter().map(|phone| Element::new(ns, "TEL").child(leaf(ns, "NUMBER", phone))))
            .leaf_if(ns, "URL", self.url.as_deref())
            .with(self.organization.iter().map(|name| Element::new(ns, "ORG").child(leaf(ns, "ORGNAME", name))))
            .leaf_if(ns, "TITLE", self.title.as_deref())
            .leaf_if(ns, "BDAY", self.birthday.as_deref())
            .leaf_if(ns, "DESC", self.note.as_deref())
    }

    /// Writes one of the kind of XEP-0292.
    //= xep-0292#3.1/xml MUST
    //# Every property holds its value in a child that is named by the value's type.
    pub fn to_four(&self) -> Element {
        let ns = ns::VCARD4;
        let property = |name, kind, value: &str| Element::new(ns, name).child(leaf(ns, kind, value));
        let text = |name, value: &Option<String>| value.as_deref().map(|value| property(name, "text", value));
        Element::new(ns, "vcard")
            .with(text("fn", &self.full_name))
            .with(text("nickname", &self.nickname))
            .with(self.emails.iter().map(|email| property("email", "text", email)))
            .with(self.phones.iter().map(|phone| property("tel", "text", phone)))
            .with(self.url.iter().map(|url| property("url", "uri", url)))
            .with(text("org", &self.organization))
            .with(text("title", &self.title))
            .with(self.birthday.iter().map(|day| property("bday", "date", day)))
            .with(text("note", &self.note))
    }
}

fn from_temp(element: &Element) -> Vcard {
    let ns = ns::VCARD_TEMP;
    let text = |of: &Element, name| of.child_text(ns, name).map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    let all = |name, inner| {
        let found = element.children().filter(move |child| child.is(ns, name));
        found.filter_map(move |child| text(child, inner)).take(MOST).collect::<Vec<_>>()
    };
    Vcard {
        full_name: text(element, "FN"),
        nickname: text(element, "NICKNAME"),
        emails: all("EMAIL", "USERID"),
        phones: all("TEL", "NUMBER"),
        url: text(element, "URL"),
        organization: element.find(ns, "ORG").and_then(|org| text(org, "ORGNAME")),
        title: text(element, "TITLE"),
        birthday: text(element, "BDAY"),
        note: text(element, "DESC").or_else(|| text(element, "NOTE")),
    }
}

fn from_four(element: &Element) -> Vcard {
    let ns = ns::VCARD4;
    let all = |name| {
        let found = element.children().filter(move |child| child.is(ns, name));
        // the first child that is a value; parameters stand before it
        let value = |property: &Element| {
            property.children().find(|child| child.name() != "parameters").map(|v| v.text().trim().to_owned())
        };
        found.filter_map(value).filter(|text| !text.is_empty()).take(MOST).collect::<Vec<_>>()
    };
    let first = |name| all(name).into_iter().next();
    Vcard {
        full_name: first("fn"),
        nickname: first("nickname"),
        emails: all("email"),
        phones: all("tel").into_iter().map(|tel| tel.strip_prefix("tel:").map(str::to_owned).unwrap_or(tel)).collect(),
        url: first("url"),
        organization: first("org"),
        title: first("title"),
        birthday: first("bday"),
        note: first("note"),
    }
}

/// Addresses and numbers of one kind.
const MOST: usize = 16;
