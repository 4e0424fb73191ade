//! As much of publish and subscribe ([XEP-0060](https://xmpp.org/extensions/xep-0060.html)) as one's own account offers
//! ([XEP-0163](https://xmpp.org/extensions/xep-0163.html)): items of a node published, fetched, taken back and told of.

use rfc3920::xml::Element;

use crate::element::{expect, required};
use crate::form::Form;
use crate::{Error, ns};

/// One item of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its id; without one the service gives it one.
    pub id: Option<String>,
    /// What it holds; nothing when it is only spoken of.
    pub payload: Option<Element>,
}

impl Item {
    /// One with id and payload.
    pub fn new(id: &str, payload: Element) -> Item {
        Item { id: Some(id.to_owned()), payload: Some(payload) }
    }

    fn from_element(element: &Element) -> Item {
        Item { id: element.get("id").map(str::to_owned), payload: element.children().next().cloned() }
    }

    fn to_element(&self, ns: &'static str) -> Element {
        Element::new(ns, "item").attr_opt("id", self.id.as_deref()).with(self.payload.clone())
    }
}

/// Who may see what is published, and what is kept: the options that a publication asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Contacts who get our presence.
    Presence,
    /// Everybody.
    Open,
    /// Nobody but ourselves.
    Private,
}

impl Access {
    /// The value of `pubsub#access_model`.
    pub const fn name(self) -> &'static str {
        match self {
            Access::Presence => "presence",
            Access::Open => "open",
            Access::Private => "whitelist",
        }
    }
}

/// What publishes `item` on `node`, under the condition that the node is as `access` and `max` say: `max` items are kept,
/// `None` for as many as the service can. `None` for `access`: whatever the node is.
//= xep-0060#7.1.5/publish-options MUST
//# The options are preconditions: what is private is never published on a node that is open.
pub fn publish(node: &str, item: &Item, access: Option<(Access, Option<u32>)>) -> Element {
    let publish = Element::new(ns::PUBSUB, "publish").attr("node", node).child(item.to_element(ns::PUBSUB));
    let options = access.map(|(access, max)| {
        let max = max.map_or("max".to_owned(), |max| max.to_string());
        let form = Form::submit(ns::PUBLISH_OPTIONS)
            .with("pubsub#persist_items", "true")
            .with("pubsub#max_items", &max)
            .with("pubsub#access_model", access.name());
        // our own clients fetch what is private; contacts live on being told the last item when they come
        let form = if access == Access::Private { form.with("pubsub#send_last_published_item", "never") } else { form };
        Element::new(ns::PUBSUB, "publish-options").child(form.to_element())
    });
    Element::new(ns::PUBSUB, "pubsub").child(publish).with(options)
}

/// What takes an item back, and tells subscribers.
pub fn retract(node: &str, id: &str) -> Element {
    let item = Element::new(ns::PUBSUB, "item").attr("id", id);
    let retract = Element::new(ns::PUBSUB, "retract").attr("node", node).attr("notify", "true").child(item);
    Element::new(ns::PUBSUB, "pubsub").child(retract)
}

/// What asks for the items of a node: all, those of these ids, or the last `max`.
pub fn items(node: &str, ids: &[&str], max: Option<u32>) -> Element {
    let items =
        Element::new(ns::PUBSUB, "items").attr("node", node).attr_opt("max_items", max.map(|max| max.to_string()));
    let items = items.with(ids.iter().map(|id| Element::new(ns::PUBSUB, "item").attr("id", *id)));
    Element::new(ns::PUBSUB, "pubsub").child(items)
}

/// The items of a node, in an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Items {
    /// The node.
    pub node: String,
    /// What is on it.
    pub items: Vec<Item>,
}

impl Items {
    /// Reads `<pubsub><items/></pubsub>`.
    ///
    /// # Errors
    /// [`Error`], for another element.
    pub fn from_element(element: &Element) -> Result<Items, Error> {
        expect(element, ns::PUBSUB, "pubsub")?;
        let items = element.find(ns::PUBSUB, "items").ok_or(Error::Missing("items"))?;
        let node = required(items, "node")?.to_owned();
        let items = items.children().filter(|child| child.is(ns::PUBSUB, "item")).map(Item::from_element).collect();
        Ok(Items { node, items })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        let items = self.items.iter().map(|item| item.to_element(ns::PUBSUB));
        let items = Element::new(ns::PUBSUB, "items").attr("node", self.node.as_str()).with(items);
        Element::new(ns::PUBSUB, "pubsub").child(items)
    }
}

/// What happened on a node. Whose node it is says the `from` of the message around it.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// These were published.
    Published {
        /// Where.
        node: String,
        /// What.
        items: Vec<Item>,
    },
    /// These were taken back.
    Retracted {
        /// Where.
        node: String,
        /// The ids.
        ids: Vec<String>,
    },
    /// All of them are gone, or the node itself is.
    Emptied {
        /// Which.
        node: String,
    },
}

impl Event {
    /// Reads `<event/>`: what is published goes before what is retracted in the same one.
    ///
    /// # Errors
    /// [`Error`], for another element, or one that tells something else.
    pub fn from_element(element: &Element) -> Result<Event, Error> {
        expect(element, ns::PUBSUB_EVENT, "event")?;
        let of = |name| element.find(ns::PUBSUB_EVENT, name);
        if let Some(gone) = of("purge").or_else(|| of("delete")) {
            return Ok(Event::Emptied { node: required(gone, "node")?.to_owned() });
        }
        let element = of("items").ok_or(Error::Missing("items"))?;
        let node = required(element, "node")?.to_owned();
        let all = |name| element.children().filter(move |child| child.is(ns::PUBSUB_EVENT, name));
        let items: Vec<_> = all("item").map(Item::from_element).collect();
        if !items.is_empty() {
            return Ok(Event::Published { node, items });
        }
        let ids = all("retract").filter_map(|child| child.get("id").map(str::to_owned)).collect();
        Ok(Event::Retracted { node, ids })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        let items = |node: &str| Element::new(ns::PUBSUB_EVENT, "items").attr("node", node);
        Element::new(ns::PUBSUB_EVENT, "event").child(match self {
            Event::Published { node, items: published } => {
                items(node).with(published.iter().map(|item| item.to_element(ns::PUBSUB_EVENT)))
            }
            Event::Retracted { node, ids } => {
                items(node).with(ids.iter().map(|id| Element::new(ns::PUBSUB_EVENT, "retract").attr("id", id.as_str())))
            }
            Event::Emptied { node } => Element::new(ns::PUBSUB_EVENT, "purge").attr("node", node.as_str()),
        })
    }
}
