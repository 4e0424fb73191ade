//! Service discovery: what an entity is, can do and has ([XEP-0030](https://xmpp.org/extensions/xep-0030.html)).

use rfc3920::jid::Jid;
use rfc3920::xml::Element;

use crate::element::{address, expect, required};
use crate::form::Form;
use crate::{Error, ns};

/// What an entity is and can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Which part of it is meant.
    pub node: Option<String>,
    /// What it is.
    pub identities: Vec<Identity>,
    /// What it can do.
    pub features: Vec<String>,
    /// What else it says about itself (XEP-0128).
    pub forms: Vec<Form>,
}

/// One of the things that an entity is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// `client`, `server`, `conference`, `store` and so on.
    pub category: String,
    /// What of that: `pc`, `im`, `text`, `file`.
    pub kind: String,
    /// The language of the name.
    pub lang: Option<String>,
    /// A name for people.
    pub name: Option<String>,
}

impl Identity {
    /// An identity with a name in no language.
    pub fn new(category: &str, kind: &str, name: Option<&str>) -> Identity {
        Identity { category: category.to_owned(), kind: kind.to_owned(), lang: None, name: name.map(str::to_owned) }
    }
}

impl Info {
    /// The question.
    pub fn query(node: Option<&str>) -> Element {
        Element::new(ns::DISCO_INFO, "query").attr_opt("node", node)
    }

    /// Whether it can do that.
    ///
    /// ```
    /// use rfc3920::xml::{Element, Limits};
    /// use rfc3921::disco::Info;
    /// let text = "<query xmlns='http://jabber.org/protocol/disco#info'>
    ///   <identity category='server' type='im'/><feature var='urn:xmpp:ping'/></query>";
    /// let info = Info::from_element(&Element::parse(text, &Limits::default()).unwrap()).unwrap();
    /// assert!(info.has("urn:xmpp:ping") && info.is("server", "im"));
    /// ```
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|var| var == feature)
    }

    /// Whether it is that.
    pub fn is(&self, category: &str, kind: &str) -> bool {
        self.identities.iter().any(|identity| identity.category == category && identity.kind == kind)
    }

    /// The form of that type (XEP-0128).
    pub fn form(&self, form_type: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.form_type() == Some(form_type))
    }

    /// Reads `<query/>` of an answer.
    ///
    /// # Errors
    /// [`Error`], for another element, and for identities or features without what they must have.
    //= xep-0030#3.1/identity MUST
    //# An identity without category or type, and a feature without var, make the answer ill-formed.
    pub fn from_element(element: &Element) -> Result<Info, Error> {
        expect(element, ns::DISCO_INFO, "query")?;
        let mut info = Info { node: element.get("node").map(str::to_owned), ..Info::default() };
        for child in element.children() {
            if child.is(ns::DISCO_INFO, "identity") {
                info.identities.push(Identity {
                    category: required(child, "category")?.to_owned(),
                    kind: required(child, "type")?.to_owned(),
                    lang: child.lang().map(str::to_owned),
                    name: child.get("name").map(str::to_owned),
                });
            } else if child.is(ns::DISCO_INFO, "feature") {
                info.features.push(required(child, "var")?.to_owned());
            } else if child.is(ns::FORMS, "x") {
                info.forms.extend(Form::from_element(child)); // one that is none says nothing
            }
        }
        Ok(info)
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        let identity = |identity: &Identity| {
            let element = Element::new(ns::DISCO_INFO, "identity")
                .attr("category", identity.category.as_str())
                .attr("type", identity.kind.as_str())
                .attr_opt("name", identity.name.as_deref());
            match &identity.lang {
                Some(lang) => element.attr_ns(rfc3920::ns::XML, "lang", lang.as_str()),
                None => element,
            }
        };
        Info::query(self.node.as_deref())
            .with(self.identities.iter().map(identity))
            .with(self.features.iter().map(|var| Element::new(ns::DISCO_INFO, "feature").attr("var", var.as_str())))
            .with(self.forms.iter().map(Form::to_element))
    }
}

/// One of the things that an entity has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Where it is.
    pub jid: Jid,
    /// Which part of that.
    pub node: Option<String>,
    /// A name for people.
    pub name: Option<String>,
}

/// What an entity has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Items {
    /// Which part of the entity is meant.
    pub node: Option<String>,
    /// What it has.
    pub items: Vec<Item>,
}

impl Items {
    /// The question.
    pub fn query(node: Option<&str>) -> Element {
        Element::new(ns::DISCO_ITEMS, "query").attr_opt("node", node)
    }

    /// Reads `<query/>` of an answer. Items whose address is none are left out.
    ///
    /// # Errors
    /// [`Error`], for another element.
    pub fn from_element(element: &Element) -> Result<Items, Error> {
        expect(element, ns::DISCO_ITEMS, "query")?;
        let items = element.children().filter(|child| child.is(ns::DISCO_ITEMS, "item")).filter_map(|item| {
            let (node, name) = (item.get("node").map(str::to_owned), item.get("name").map(str::to_owned));
            Some(Item { jid: address(item, "jid").ok()?, node, name })
        });
        Ok(Items { node: element.get("node").map(str::to_owned), items: items.collect() })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        Items::query(self.node.as_deref()).with(self.items.iter().map(|item| {
            Element::new(ns::DISCO_ITEMS, "item")
                .attr("jid", item.jid.as_str())
                .attr_opt("node", item.node.as_deref())
                .attr_opt("name", item.name.as_deref())
        }))
    }
}
