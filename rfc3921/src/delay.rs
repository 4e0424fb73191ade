//! Delayed delivery ([XEP-0203](https://xmpp.org/extensions/xep-0203.html)).
//!
//! Anybody can write such an element: whether the time is to be believed depends on who states it, and [`Delay::is_from`]
//! looks at that.

use std::time::Duration;

use rfc3920::jid::Jid;
use rfc3920::xml::Element;

use crate::element::{address_if, expect, required};
use crate::{Error, datetime, ns};

/// When something was sent that comes late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delay {
    /// Who says so.
    pub from: Option<Jid>,
    /// When: since 1970.
    pub stamp: Duration,
}

impl Delay {
    /// Whether `jid` says so.
    pub fn is_from(&self, jid: &Jid) -> bool {
        self.from.as_ref() == Some(jid)
    }

    /// Reads `<delay/>`.
    ///
    /// # Errors
    /// [`Error`], for another element, a time that is none and an address that is none.
    //= xep-0203#2/stamp MUST
    //# The time is that of XEP-0082; without one it is no delay.
    pub fn from_element(element: &Element) -> Result<Delay, Error> {
        expect(element, ns::DELAY, "delay")?;
        Ok(Delay { from: address_if(element, "from")?, stamp: datetime::parse(required(element, "stamp")?)? })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        Element::new(ns::DELAY, "delay")
            .attr_opt("from", self.from.as_ref().map(Jid::as_str))
            .attr("stamp", datetime::format(self.stamp))
    }
}
