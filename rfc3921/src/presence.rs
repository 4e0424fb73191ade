//! Presence: who is there, and who may know ([RFC 6121, 3 and 4](https://www.rfc-editor.org/rfc/rfc6121#section-4)).

use rfc3920::jid::Jid;
use rfc3920::stanza::StanzaError;
use rfc3920::xml::Element;

use crate::caps::Caps;
use crate::delay::Delay;
use crate::element::{Optional, address_if, expect, leaf, names, text_of};
use crate::{Error, ns, occupant, rooms};

names! {
    /// How available somebody is who is there.
    pub enum Show {
        /// Away for a moment.
        Away = "away",
        /// Wants to talk.
        Chat = "chat",
        /// Does not want to be disturbed.
        Dnd = "dnd",
        /// Away for long.
        Xa = "xa",
    }
}

/// What a presence is about.
#[derive(Clone, Debug, PartialEq)]
pub enum PresenceType {
    /// Somebody is there.
    Available,
    /// Somebody is not, or no longer.
    Unavailable,
    /// Asks to get our presence.
    Subscribe,
    /// Lets us have theirs.
    Subscribed,
    /// Does not want ours any more.
    Unsubscribe,
    /// Does not let us have theirs, or no longer.
    Unsubscribed,
    /// Asks for ours once: for servers.
    Probe,
    /// Ours did not arrive.
    Error(Box<StanzaError>),
}

impl PresenceType {
    /// The value of the attribute; available has none.
    pub const fn name(&self) -> Option<&'static str> {
        Some(match self {
            PresenceType::Available => return None,
            PresenceType::Unavailable => "unavailable",
            PresenceType::Subscribe => "subscribe",
            PresenceType::Subscribed => "subscribed",
            PresenceType::Unsubscribe => "unsubscribe",
            PresenceType::Unsubscribed => "unsubscribed",
            PresenceType::Probe => "probe",
            PresenceType::Error(_) => "error",
        })
    }
}

/// A presence stanza, with what the extensions here put into it.
#[derive(Clone, Debug, PartialEq)]
pub struct Presence {
    /// From whom; what comes in always has it, except from one's own server.
    pub from: Option<Jid>,
    /// For whom; without it, for all who are subscribed.
    pub to: Option<Jid>,
    /// Its id.
    pub id: Option<String>,
    /// What it is about.
    pub kind: PresenceType,
    /// How available.
    pub show: Option<Show>,
    /// In words.
    pub status: Option<String>,
    /// Which of one's resources messages prefer; below 0: none for this one.
    pub priority: i8,
    /// What the client can do.
    pub caps: Option<Caps>,
    /// Since when it holds, if it comes late.
    pub delay: Option<Delay>,
    /// What a room says about an occupant.
    pub occupant: Option<rooms::User>,
    /// Which occupant, whatever the nick (XEP-0421).
    pub occupant_id: Option<String>,
}

impl Presence {
    /// One without anything in it.
    pub fn new(kind: PresenceType) -> Presence {
        let (from, to, id, show, status) = (None, None, None, None, None);
        let (caps, delay, occupant, occupant_id) = (None, None, None, None);
        Presence { from, to, id, kind, show, status, priority: 0, caps, delay, occupant, occupant_id }
    }

    /// The same for somebody alone.
    //= rfc6120#8.2.2/directed MAY
    //# As into rooms.
    //= rfc6121#4.6.2/directed MAY
    //# To anybody, such as a room.
    pub fn with_to(mut self, to: Jid) -> Presence {
        self.to = Some(to);
        self
    }

    /// Whether somebody is there.
    pub fn is_available(&self) -> bool {
        self.kind == PresenceType::Available
    }

    /// Reads a presence stanza. Children that mean nothing here, or that are ill-formed, are left out.
    ///
    /// # Errors
    /// [`Error`], for another element, a type that is not defined, or addresses that are none.
    ///
    /// ```
    /// use rfc3920::xml::{Element, Limits};
    /// use rfc3921::presence::{Presence, Show};
    /// let text = "<presence xmlns='jabber:client' from='hare@wonderland.example/table'><show>dnd</show><priority>5</priority></presence>";
    /// let presence = Presence::from_element(&Element::parse(text, &Limits::default()).unwrap()).unwrap();
    /// assert_eq!((presence.show, presence.priority, presence.is_available()), (Some(Show::Dnd), 5, true));
    /// ```
    //= rfc6121#4.7.2.1/show-values MUST
    //# Only the four names are taken; any other value, or no `<show/>`, is plainly available.
    //= rfc6121#4.7.2.3/priority MUST
    //# A number from -128 to 127; none, or what is none, is 0.
    //= rfc6121#4.7.1/types MUST
    //# The seven types of the document; another one is an error of the sender, and the stanza is left out.
    //= rfc6120#8.4/presence MUST
    //# Children that are not known leave no trace, so that such a presence is an empty one.
    pub fn from_element(element: &Element) -> Result<Presence, Error> {
        expect(element, ns::CLIENT, "presence")?;
        let find = |ns, name| element.find(ns, name);
        Ok(Presence {
            from: address_if(element, "from")?,
            to: address_if(element, "to")?,
            id: element.get("id").map(str::to_owned),
            kind: kind_of(element)?,
            show: text_of(element, ns::CLIENT, "show").and_then(|text| Show::from_name(text.trim())),
            status: text_of(element, ns::CLIENT, "status").filter(|text| !text.is_empty()),
            priority: text_of(element, ns::CLIENT, "priority").and_then(|text| text.trim().parse().ok()).unwrap_or(0),
            caps: find(ns::CAPS, "c").and_then(|caps| Caps::from_element(caps).ok()),
            delay: find(ns::DELAY, "delay").and_then(|delay| Delay::from_element(delay).ok()),
            occupant: find(ns::MUC_USER, "x").and_then(|user| rooms::User::from_element(user).ok()),
            occupant_id: occupant::id_of(element),
        })
    }

    /// Writes it.
    //= rfc6121#4.7.2/subscription-bare MUST
    //# Presence that is about subscriptions says nothing else: show, status of availability and priority stay out.
    pub fn to_element(&self) -> Element {
        let element = Element::new(ns::CLIENT, "presence")
            .attr_opt("from", self.from.as_ref().map(Jid::as_str))
            .attr_opt("to", self.to.as_ref().map(Jid::as_str))
            .attr_opt("id", self.id.as_deref())
            .attr_opt("type", self.kind.name());
        //= rfc6121#4.7.2.2/optional MAY
        //# If there are any.
        //= rfc6121#4.7.2.2/plain MUST NOT
        //# A text, in which markup is escaped.
        //= rfc6121#4.7.2.2/many MAY skip
        //# One text is written, in the language of the stream.
        //= rfc6121#4.7.2.2/unavailable MAY
        //# As when a room is left.
        let element = element.leaf_if(ns::CLIENT, "status", self.status.as_deref());
        let element = match &self.kind {
            //= rfc6121#4.5.1/no-show MUST NOT
            //# These belong to this arm alone.
            //= rfc6121#4.7.2.1/one MUST NOT
            //# One field, one element.
            //= rfc6121#4.7.2.1/plain MUST NOT
            //# A name of an enum.
            //= rfc6121#4.7.2.1/optional MAY
            //# Written when there is something to say.
            //= rfc6121#4.7.2.3/one MUST NOT
            //# One field, one element.
            //= rfc6121#4.7.2.3/plain MUST NOT
            //# A number.
            //= rfc6121#4.7.2.3/optional MAY
            //# Zero is not written.
            PresenceType::Available => element
                .leaf_if(ns::CLIENT, "show", self.show.map(Show::name))
                .with((self.priority != 0).then(|| leaf(ns::CLIENT, "priority", &self.priority.to_string())))
                .with(self.caps.iter().map(Caps::to_element)),
            //= rfc6121#4.7.1/error-child MUST
            //# The type cannot be had without one.
            PresenceType::Error(error) => element.child(error.to_element()),
            _ => element,
        };
        element
            .with(self.delay.iter().map(Delay::to_element))
            .with(self.occupant.iter().map(rooms::User::to_element))
            .with(self.occupant_id.iter().map(|id| occupant::element(id)))
    }
}

fn kind_of(element: &Element) -> Result<PresenceType, Error> {
    Ok(match element.get("type") {
        None => PresenceType::Available,
        Some("unavailable") => PresenceType::Unavailable,
        Some("subscribe") => PresenceType::Subscribe,
        Some("subscribed") => PresenceType::Subscribed,
        Some("unsubscribe") => PresenceType::Unsubscribe,
        Some("unsubscribed") => PresenceType::Unsubscribed,
        Some("probe") => PresenceType::Probe,
        Some("error") => PresenceType::Error(Box::new(crate::message::error_of(element))),
        Some(_) => return Err(Error::Value("type of presence")),
    })
}
