//! Copies of what one's other clients send and get ([XEP-0280](https://xmpp.org/extensions/xep-0280.html)).

use rfc3920::jid::Jid;
use rfc3920::xml::Element;

use crate::element::address_if;
use crate::forward::Forwarded;
use crate::{Error, ns};

/// Which way the message went that this is a copy of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Another client of this account got it.
    Received,
    /// Another client of this account sent it.
    Sent,
}

impl Direction {
    /// The name of its element.
    pub const fn name(self) -> &'static str {
        match self {
            Direction::Received => "received",
            Direction::Sent => "sent",
        }
    }
}

/// A copy of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Carbon {
    /// Which way it went.
    pub direction: Direction,
    /// The message.
    pub forwarded: Forwarded,
}

impl Carbon {
    /// The copy within `message`, or `None` if there is none. `account` is the bare address of the account: only what
    /// comes from there may carry one.
    ///
    /// # Errors
    /// [`Error`] when somebody else sends it, when it is ill-formed, when what is in it neither came from nor went to
    /// this account, and when there is another copy or archived message within.
    ///
    /// ```
    /// use rfc3920::{jid::Jid, xml::{Element, Limits}};
    /// use rfc3921::carbons::Carbon;
    /// let forged = "<message xmlns='jabber:client' from='jabberwock@wood.example/1' to='alice@wonderland.example/1'>
    ///   <received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>
    ///   <message xmlns='jabber:client' from='hatter@wonderland.example' to='alice@wonderland.example'><body>Give him your purse</body></message>
    ///   </forwarded></received></message>";
    /// let (forged, alice) = (Element::parse(forged, &Limits::default()).unwrap(), Jid::parse("alice@wonderland.example").unwrap());
    /// assert!(Carbon::within(&forged, &alice).is_err());
    /// ```
    //= xep-0280#11/own-account MUST
    //# The outer `from` is compared with one's own bare address before the copy is opened.
    pub fn within(message: &Element, account: &Jid) -> Result<Option<Carbon>, Error> {
        let sides = [Direction::Received, Direction::Sent];
        let mut copies = sides.into_iter().filter_map(|d| Some((d, message.find(ns::CARBONS, d.name())?)));
        let Some((direction, element)) = copies.next() else { return Ok(None) };
        if copies.next().is_some() {
            return Err(Error::TooMany("carbons"));
        }
        if address_if(message, "from")?.as_ref() != Some(account) {
            return Err(Error::Value("from"));
        }
        let forwarded = element.find(ns::FORWARD, "forwarded").ok_or(Error::Missing("forwarded"))?;
        let forwarded = Forwarded::from_element(forwarded)?;
        let inner = &forwarded.message;
        let side = if direction == Direction::Sent { "from" } else { "to" };
        if address_if(inner, side)?.is_none_or(|jid| jid.bare() != *account) {
            return Err(Error::Value("address of the copied message"));
        }
        if is_wrapped(inner) {
            return Err(Error::Value("copied message"));
        }
        Ok(Some(Carbon { direction, forwarded }))
    }

    /// Writes the message that carries the copy, as `account`'s server does.
    pub fn to_message(&self, account: &Jid, to: &Jid) -> Element {
        let copy = Element::new(ns::CARBONS, self.direction.name()).child(self.forwarded.to_element());
        Element::new(ns::CLIENT, "message").attr("from", account.as_str()).attr("to", to.as_str()).child(copy)
    }
}

/// Whether a message is a wrapper around another one: a copy or a result of an archive.
pub fn is_wrapped(message: &Element) -> bool {
    [(ns::CARBONS, "received"), (ns::CARBONS, "sent"), (ns::ARCHIVE, "result")]
        .into_iter()
        .any(|(ns, name)| message.find(ns, name).is_some())
}

/// What asks for copies.
pub fn enable() -> Element {
    Element::new(ns::CARBONS, "enable")
}

/// What asks for no more copies.
pub fn disable() -> Element {
    Element::new(ns::CARBONS, "disable")
}

/// What keeps a message from being copied.
pub fn private() -> Element {
    Element::new(ns::CARBONS, "private")
}
