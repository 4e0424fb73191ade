//! Invitations to a room: straight from one to another ([XEP-0249](https://xmpp.org/extensions/xep-0249.html)), and the
//! common form of those that a room passes on ([XEP-0045, 7.8.2](https://xmpp.org/extensions/xep-0045.html#invite-mediated)).

use rfc3920::jid::Jid;
use rfc3920::xml::Element;

use crate::element::{address, boolean, expect};
use crate::{Error, ns};

/// What a direct invitation says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// To which room.
    pub room: Jid,
    /// What opens it.
    pub password: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The conversation of two that it goes on.
    pub continues: bool,
    /// The thread of that.
    pub thread: Option<String>,
}

impl Invitation {
    /// To `room`, without a word.
    pub fn new(room: Jid) -> Invitation {
        Invitation { room: room.bare(), password: None, reason: None, continues: false, thread: None }
    }

    /// Reads `<x xmlns='jabber:x:conference'/>`.
    ///
    /// # Errors
    /// [`Error`], for another element or a room whose address is none.
    //= xep-0249#2/jid MUST
    //# Without the bare address of a room it is no invitation.
    pub fn from_element(element: &Element) -> Result<Invitation, Error> {
        expect(element, ns::CONFERENCE, "x")?;
        Ok(Invitation {
            room: address(element, "jid")?.bare(),
            password: element.get("password").map(str::to_owned),
            reason: element.get("reason").map(str::to_owned),
            continues: element.get("continue").and_then(boolean).unwrap_or(false),
            thread: element.get("thread").map(str::to_owned),
        })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        Element::new(ns::CONFERENCE, "x")
            .attr("jid", self.room.as_str())
            .attr_opt("password", self.password.as_deref())
            .attr_opt("reason", self.reason.as_deref())
            .attr_opt("continue", self.continues.then_some("true"))
            .attr_opt("thread", self.thread.as_deref())
    }
}
