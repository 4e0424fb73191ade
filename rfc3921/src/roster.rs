//! The roster: one's contacts, as the server keeps them ([RFC 6121, 2](https://www.rfc-editor.org/rfc/rfc6121#section-2)).

use std::collections::{BTreeMap, BTreeSet};

use rfc3920::jid::Jid;
use rfc3920::xml::Element;

use crate::element::{address, boolean, expect, leaf, names};
use crate::{Error, ns};

names! {
    /// Who gets whose presence.
    pub enum Subscription {
        /// Nobody.
        None = "none",
        /// We get the contact's.
        To = "to",
        /// The contact gets ours.
        From = "from",
        /// Each gets the other's.
        Both = "both",
    }
}

impl Subscription {
    /// Whether the contact may see our presence.
    pub const fn sees_us(self) -> bool {
        matches!(self, Subscription::From | Subscription::Both)
    }

    /// Whether we get the contact's presence.
    pub const fn is_seen(self) -> bool {
        matches!(self, Subscription::To | Subscription::Both)
    }
}

/// One contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Who it is.
    pub jid: Jid,
    /// What the user calls them.
    pub name: Option<String>,
    /// Who gets whose presence.
    pub subscription: Subscription,
    /// We have asked for theirs and got no answer.
    pub ask: bool,
    /// We have allowed ours before they asked.
    pub approved: bool,
    /// Where the user sorts them.
    pub groups: BTreeSet<String>,
}

impl Item {
    /// A contact without name, group or subscription.
    pub fn new(jid: Jid) -> Item {
        let groups = BTreeSet::new();
        Item { jid, name: None, subscription: Subscription::None, ask: false, approved: false, groups }
    }

    /// What to show: the name, or else the address.
    pub fn label(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.jid.to_string())
    }
}

/// What happens to one contact: in a push, in a whole roster, or as we ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is this from now on.
    Set(Item),
    /// It is gone.
    Removed(Jid),
}

impl Change {
    /// Reads `<item/>`.
    ///
    /// # Errors
    /// [`Error`], for another element or a missing address.
    ///
    /// ```
    /// use rfc3920::xml::{Element, Limits};
    /// use rfc3921::roster::{Change, Subscription};
    /// let text = "<item xmlns='jabber:iq:roster' jid='hatter@wonderland.example' subscription='both'><group>Tea</group></item>";
    /// let element = Element::parse(text, &Limits::default()).unwrap();
    /// let Ok(Change::Set(item)) = Change::from_element(&element) else { panic!() };
    /// assert_eq!((item.subscription, item.groups.contains("Tea")), (Subscription::Both, true));
    /// ```
    //= rfc6121#2.1.2.3/required MUST
    //# An item without an address, or with none that is one, is no item; the address is its key in the roster.
    //= rfc6121#2.1.2.5/unknown-subscription MUST
    //# No subscription, and a value that is not defined, is none; removal means nothing in a whole roster.
    //= rfc6121#2.1.2.5/push MUST
    //# Read by the same code, where removal is a change of its own.
    pub fn from_element(element: &Element) -> Result<Change, Error> {
        expect(element, ns::ROSTER, "item")?;
        let jid = address(element, "jid")?;
        let subscription = match element.get("subscription") {
            Some("remove") => return Ok(Change::Removed(jid)),
            name => name.and_then(Subscription::from_name).unwrap_or(Subscription::None),
        };
        let groups = element.children().filter(|child| child.is(ns::ROSTER, "group"));
        Ok(Change::Set(Item {
            jid,
            name: element.get("name").filter(|name| !name.is_empty()).map(str::to_owned),
            subscription,
            ask: element.get("ask") == Some("subscribe"),
            approved: element.get("approved").and_then(boolean).unwrap_or(false),
            groups: groups.map(|group| group.text().into_owned()).filter(|name| !name.is_empty()).collect(),
        }))
    }

    /// Writes it whole, as a server does.
    pub fn to_element(&self) -> Element {
        match self {
            Change::Removed(jid) => item_element(jid).attr("subscription", "remove"),
            Change::Set(item) => named(item)
                .attr("subscription", item.subscription.name())
                .attr_opt("ask", item.ask.then_some("subscribe"))
                .attr_opt("approved", item.approved.then_some("true")),
        }
    }

    /// Writes what a client may ask for: name and groups, or the removal.
    //= rfc6121#2.1.2.1/never-sent MUST NOT
    //# Only what a client may ask for is written: the approval of an item that came from the server stays here.
    //= rfc6121#2.1.2.2/no-ask MUST NOT
    //# A request carries address, name and groups alone: never approved, ask, or a subscription other than remove.
    //= rfc6121#2.1.2.5/remove MAY
    //# For a removal, and for nothing else.
    pub fn to_request(&self) -> Element {
        match self {
            Change::Removed(_) => self.to_element(),
            Change::Set(item) => named(item),
        }
    }
}

fn item_element(jid: &Jid) -> Element {
    Element::new(ns::ROSTER, "item").attr("jid", jid.as_str())
}

//= rfc6121#2.1.2.4/name MAY
//# If the contact has one.
//= rfc6121#2.1.2.6/groups MAY
//# All that it is in.
fn named(item: &Item) -> Element {
    item_element(&item.jid)
        .attr_opt("name", item.name.as_deref())
        .with(item.groups.iter().map(|group| leaf(ns::ROSTER, "group", group)))
}

/// `<query/>`: a roster, a push, or a request for either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The version that it leads to; in a request the one that is known.
    pub ver: Option<String>,
    /// What is in it.
    pub items: Vec<Change>,
}

impl Query {
    /// Reads it. Items that are ill-formed are left out.
    ///
    /// # Errors
    /// [`Error`], for another element.
    pub fn from_element(element: &Element) -> Result<Query, Error> {
        expect(element, ns::ROSTER, "query")?;
        let items = element.children().filter_map(|child| Change::from_element(child).ok()).collect();
        Ok(Query { ver: element.get("ver").map(str::to_owned), items })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        Element::new(ns::ROSTER, "query")
            .attr_opt("ver", self.ver.as_deref())
            .with(self.items.iter().map(Change::to_element))
    }
}

/// The roster as it is known here: what the server said last, and the version of that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// The version that the server gave it, if it gives versions.
    //= rfc6121#2.1.1/opaque MUST
    //# A string that nothing here looks into: it goes into the next request as it came.
    pub ver: Option<String>,
    items: BTreeMap<Jid, Item>,
}

impl Roster {
    /// The contacts, by address.
    pub fn iter(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// The contact of that address, with or without resource.
    pub fn find(&self, jid: &Jid) -> Option<&Item> {
        self.items.get(&jid.bare())
    }

    /// How many contacts there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All of it, as a server would tell it.
    pub fn to_query(&self) -> Query {
        Query { ver: self.ver.clone(), items: self.items.values().cloned().map(Change::Set).collect() }
    }

    /// Takes a whole roster; what is beyond `limit` contacts is left out.
    //= rfc6121#2.6.3/replace MUST
    //# A roster that comes in answer to the request replaces what was kept, version and all.
    pub fn replace(&mut self, query: Query, limit: usize) {
        self.items.clear();
        self.ver = query.ver;
        for change in query.items {
            if self.items.len() < limit
                && let Change::Set(item) = change
            {
                self.items.insert(item.jid.clone(), item);
            }
        }
    }

    /// Takes a push. Returns what changed: a push that says what is known already, and one about an unknown contact's
    /// removal or beyond `limit`, change nothing.
    ///
    /// # Errors
    /// [`Error`] when it does not hold exactly one item.
    //= rfc6121#2.1.6/one-item MUST
    //# A push holds exactly one item; with another number it is refused as a whole.
    pub fn push(&mut self, query: Query, limit: usize) -> Result<Option<Change>, Error> {
        let mut items = query.items.into_iter();
        let (Some(change), None) = (items.next(), items.next()) else { return Err(Error::Value("number of items")) };
        if query.ver.is_some() {
            self.ver = query.ver;
        }
        let changed = match &change {
            Change::Removed(jid) => self.items.remove(jid).is_some(),
            Change::Set(item) if !self.items.contains_key(&item.jid) && self.items.len() >= limit => false,
            Change::Set(item) => self.items.insert(item.jid.clone(), item.clone()).as_ref() != Some(item),
        };
        Ok(changed.then_some(change))
    }
}
