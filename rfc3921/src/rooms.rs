//! Rooms ([XEP-0045](https://xmpp.org/extensions/xep-0045.html)): what goes into the stanzas of occupants, and the questions
//! of moderators, admins and owners.

use std::collections::BTreeSet;
use std::time::Duration;

use rfc3920::jid::Jid;
use rfc3920::xml::Element;

use crate::element::{Optional, address_if, expect, names, text_of};
use crate::form::Form;
use crate::{Error, datetime, ns};

names! {
    /// What somebody is to a room, for good.
    pub enum Affiliation {
        /// Not let in.
        Outcast = "outcast",
        /// Nothing in particular.
        None = "none",
        /// On the list of a room for members only.
        Member = "member",
        /// May make moderators and ban.
        Admin = "admin",
        /// May do everything.
        Owner = "owner",
    }
}

names! {
    /// What somebody is in a room, for the visit.
    pub enum Role {
        /// Not in it.
        None = "none",
        /// May listen.
        Visitor = "visitor",
        /// May speak.
        Participant = "participant",
        /// May silence and send away.
        Moderator = "moderator",
    }
}

/// What the numbers mean that a room gives with presence.
pub mod status {
    /// Everybody in the room sees full addresses.
    pub const NON_ANONYMOUS: u16 = 100;
    /// The presence is one's own.
    pub const SELF: u16 = 110;
    /// What is said is written down for others.
    pub const LOGGED: u16 = 170;
    /// The room is new.
    pub const CREATED: u16 = 201;
    /// The room gave, or changed, one's nick.
    pub const NICK_ASSIGNED: u16 = 210;
    /// Banned.
    pub const BANNED: u16 = 301;
    /// Has another nick now.
    pub const NICK_CHANGED: u16 = 303;
    /// Sent away.
    pub const KICKED: u16 = 307;
    /// Out because of a change of affiliation.
    pub const AFFILIATION_CHANGED: u16 = 321;
    /// Out because the room is for members now.
    pub const MEMBERS_ONLY: u16 = 322;
    /// Out because the service stops.
    pub const SHUTDOWN: u16 = 332;
    /// Out because of an error on the way.
    pub const ERROR: u16 = 333;
}

/// How much of what was said before a new occupant wants to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// What the room gives.
    Default,
    /// At most so many messages; 0: none.
    Messages(u32),
    /// Those since then, but at most so many messages.
    Since(Duration, u32),
}

/// What enters a room, within a presence to the room's address and the wished nick.
//= xep-0045#7.2.1/muc-x MUST
//# Presence to room and nick with the `<x/>` of the protocol, else the room takes it for a change of presence.
pub fn join(password: Option<&str>, history: History) -> Element {
    let element = Element::new(ns::MUC, "x").leaf_if(ns::MUC, "password", password);
    let most = |n: u32| Element::new(ns::MUC, "history").attr("maxstanzas", n.to_string());
    element.with(match history {
        History::Default => None,
        History::Messages(0) => Some(Element::new(ns::MUC, "history").attr("maxchars", "0")),
        History::Messages(n) => Some(most(n)),
        History::Since(time, n) => Some(most(n).attr("since", datetime::format(time))),
    })
}

/// What a room says about one occupant, or somebody on a list of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What they are to the room.
    pub affiliation: Option<Affiliation>,
    /// What they are in it.
    pub role: Option<Role>,
    /// Their address, where one may see it.
    pub jid: Option<Jid>,
    /// Their nick: the new one when it changes.
    pub nick: Option<String>,
    /// Who did it: a nick, or an address.
    pub actor: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

impl Item {
    /// One that says nothing yet.
    pub const fn new() -> Item {
        Item { affiliation: None, role: None, jid: None, nick: None, actor: None, reason: None }
    }

    /// Reads `<item/>` of either namespace.
    fn from_element(element: &Element) -> Result<Item, Error> {
        let ns = element.ns();
        let actor = element.find(ns, "actor").and_then(|actor| actor.get("nick").or(actor.get("jid")));
        Ok(Item {
            affiliation: element.get("affiliation").and_then(Affiliation::from_name),
            role: element.get("role").and_then(Role::from_name),
            jid: address_if(element, "jid")?,
            nick: element.get("nick").map(str::to_owned),
            actor: actor.map(str::to_owned),
            reason: text_of(element, ns, "reason").filter(|text| !text.is_empty()),
        })
    }

    fn to_element(&self, ns: &'static str) -> Element {
        Element::new(ns, "item")
            .attr_opt("affiliation", self.affiliation.map(Affiliation::name))
            .attr_opt("role", self.role.map(Role::name))
            .attr_opt("jid", self.jid.as_ref().map(Jid::as_str))
            .attr_opt("nick", self.nick.as_deref())
            .with(self.actor.as_deref().map(|nick| Element::new(ns, "actor").attr("nick", nick)))
            .leaf_if(ns, "reason", self.reason.as_deref())
    }
}

impl Default for Item {
    fn default() -> Item {
        Item::new()
    }
}

/// An invitation that goes through the room, or the answer that declines one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invite {
    /// Who invites, or declines; the room writes it.
    pub from: Option<Jid>,
    /// Whom it is for; the room takes it away.
    pub to: Option<Jid>,
    /// Why.
    pub reason: Option<String>,
}

impl Invite {
    fn from_element(element: &Element) -> Result<Invite, Error> {
        let reason = text_of(element, ns::MUC_USER, "reason").filter(|text| !text.is_empty());
        Ok(Invite { from: address_if(element, "from")?, to: address_if(element, "to")?, reason })
    }

    fn to_element(&self, name: &'static str) -> Element {
        Element::new(ns::MUC_USER, name)
            .attr_opt("from", self.from.as_ref().map(Jid::as_str))
            .attr_opt("to", self.to.as_ref().map(Jid::as_str))
            .leaf_if(ns::MUC_USER, "reason", self.reason.as_deref())
    }
}

/// A room is no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destroy {
    /// Where to go instead.
    pub jid: Option<Jid>,
    /// Why.
    pub reason: Option<String>,
}

impl Destroy {
    fn from_element(element: &Element) -> Result<Destroy, Error> {
        Ok(Destroy { jid: address_if(element, "jid")?, reason: text_of(element, element.ns(), "reason") })
    }

    fn to_element(&self, ns: &'static str) -> Element {
        let jid = self.jid.as_ref().map(Jid::as_str);
        Element::new(ns, "destroy").attr_opt("jid", jid).leaf_if(ns, "reason", self.reason.as_deref())
    }
}

/// What a room puts into presence and messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// About the occupant whose presence it is.
    pub item: Option<Item>,
    /// What happened: see [`status`].
    pub statuses: BTreeSet<u16>,
    /// An invitation.
    pub invite: Option<Invite>,
    /// Somebody declined.
    pub decline: Option<Invite>,
    /// The room is no more.
    pub destroy: Option<Destroy>,
    /// What opens the room that one is invited to.
    pub password: Option<String>,
}

impl User {
    /// Whether the room says that.
    pub fn says(&self, code: u16) -> bool {
        self.statuses.contains(&code)
    }

    /// Reads `<x/>`.
    ///
    /// # Errors
    /// [`Error`], for another element and for addresses that are none.
    //= xep-0045#15.6.2/unknown MUST
    //# Codes are numbers; those that mean nothing here are kept and do nothing.
    pub fn from_element(element: &Element) -> Result<User, Error> {
        expect(element, ns::MUC_USER, "x")?;
        let find = |name| element.find(ns::MUC_USER, name);
        let codes = element.children().filter(|child| child.is(ns::MUC_USER, "status"));
        Ok(User {
            item: find("item").map(Item::from_element).transpose()?,
            statuses: codes.filter_map(|status| status.get("code")?.parse().ok()).take(CODES).collect(),
            invite: find("invite").map(Invite::from_element).transpose()?,
            decline: find("decline").map(Invite::from_element).transpose()?,
            destroy: find("destroy").map(Destroy::from_element).transpose()?,
            password: text_of(element, ns::MUC_USER, "password"),
        })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        let status = |code: &u16| Element::new(ns::MUC_USER, "status").attr("code", code.to_string());
        Element::new(ns::MUC_USER, "x")
            .with(self.item.as_ref().map(|item| item.to_element(ns::MUC_USER)))
            .with(self.invite.as_ref().map(|invite| invite.to_element("invite")))
            .with(self.decline.as_ref().map(|decline| decline.to_element("decline")))
            .with(self.destroy.as_ref().map(|destroy| destroy.to_element(ns::MUC_USER)))
            .leaf_if(ns::MUC_USER, "password", self.password.as_deref())
            .with(self.statuses.iter().map(status))
    }
}

/// Codes that are looked at in one element.
const CODES: usize = 32;

/// Items of a list of a room: set, asked for, or answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admin {
    /// What is on it.
    pub items: Vec<Item>,
}

impl Admin {
    /// Gives the occupant of that nick a role: none is a kick.
    //= xep-0045#8.2/kick MUST
    //# A kick names the nick and the role none.
    pub fn role(nick: &str, role: Role, reason: Option<&str>) -> Admin {
        let (nick, reason) = (Some(nick.to_owned()), reason.map(str::to_owned));
        Admin { items: vec![Item { role: Some(role), nick, reason, ..Item::new() }] }
    }

    /// Gives somebody an affiliation: outcast is a ban.
    //= xep-0045#9.1/ban MUST
    //# A ban names the bare address and the affiliation outcast.
    pub fn affiliation(jid: &Jid, affiliation: Affiliation, reason: Option<&str>) -> Admin {
        let (jid, reason) = (Some(jid.bare()), reason.map(str::to_owned));
        Admin { items: vec![Item { affiliation: Some(affiliation), jid, reason, ..Item::new() }] }
    }

    /// Asks who has an affiliation.
    pub fn list(affiliation: Affiliation) -> Admin {
        Admin { items: vec![Item { affiliation: Some(affiliation), ..Item::new() }] }
    }

    /// Reads `<query/>`. Items with addresses that are none are left out.
    ///
    /// # Errors
    /// [`Error`], for another element.
    pub fn from_element(element: &Element) -> Result<Admin, Error> {
        expect(element, ns::MUC_ADMIN, "query")?;
        let items = element.children().filter(|child| child.is(ns::MUC_ADMIN, "item"));
        Ok(Admin { items: items.filter_map(|item| Item::from_element(item).ok()).collect() })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        Element::new(ns::MUC_ADMIN, "query").with(self.items.iter().map(|item| item.to_element(ns::MUC_ADMIN)))
    }
}

/// What asks an owner's room for its form of configuration, or submits one.
pub fn configure(form: Option<&Form>) -> Element {
    Element::new(ns::MUC_OWNER, "query").with(form.map(Form::to_element))
}

/// What opens a new room as it is: an empty form.
//= xep-0045#10.1.2/instant MUST
//# A room that was just created is opened by an empty form, as nobody else gets in before.
pub fn configure_default() -> Element {
    let form = Element::new(ns::FORMS, "x").attr("type", "submit");
    Element::new(ns::MUC_OWNER, "query").child(form)
}

/// What ends a room.
pub fn destroy(destroy: &Destroy) -> Element {
    Element::new(ns::MUC_OWNER, "query").child(destroy.to_element(ns::MUC_OWNER))
}
