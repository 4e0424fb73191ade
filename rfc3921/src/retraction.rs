//! Messages taken back by their sender ([XEP-0424](https://xmpp.org/extensions/xep-0424.html)) or by a room's moderator
//! ([XEP-0425](https://xmpp.org/extensions/xep-0425.html)).

use rfc3920::jid::Jid;
use rfc3920::xml::Element;

use crate::element::{Optional, address_if, expect, required, text_of};
use crate::{Error, ns, occupant};

/// A message is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retraction {
    /// Its id: the sender's in a conversation of two, the one that the room gave it in a room.
    pub id: String,
    /// A moderator did it; only a room itself may say so.
    pub moderated: Option<Moderation>,
    /// Why.
    pub reason: Option<String>,
}

/// Who moderated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moderation {
    /// The moderator's address in the room.
    pub by: Option<Jid>,
    /// The moderator's occupant id.
    pub occupant_id: Option<String>,
}

impl Retraction {
    /// One by the sender.
    pub fn new(id: &str) -> Retraction {
        Retraction { id: id.to_owned(), moderated: None, reason: None }
    }

    /// Reads `<retract/>`.
    ///
    /// # Errors
    /// [`Error`], for another element or a missing id.
    pub fn from_element(element: &Element) -> Result<Retraction, Error> {
        expect(element, ns::RETRACT, "retract")?;
        let moderated = element.find(ns::MODERATE, "moderated");
        let moderated = moderated.map(|m| -> Result<Moderation, Error> {
            Ok(Moderation { by: address_if(m, "by")?, occupant_id: occupant::id_of(m) })
        });
        Ok(Retraction {
            id: required(element, "id")?.to_owned(),
            moderated: moderated.transpose()?,
            reason: text_of(element, ns::RETRACT, "reason"),
        })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        Element::new(ns::RETRACT, "retract")
            .attr("id", self.id.as_str())
            .with(self.moderated.as_ref().map(|moderation| {
                Element::new(ns::MODERATE, "moderated")
                    .attr_opt("by", moderation.by.as_ref().map(Jid::as_str))
                    .with(moderation.occupant_id.as_deref().map(occupant::element))
            }))
            .leaf_if(ns::RETRACT, "reason", self.reason.as_deref())
    }
}

/// What an archive keeps in the place of a message that was taken back: whether there is one.
pub fn is_tombstone(message: &Element) -> bool {
    message.find(ns::RETRACT, "retracted").is_some()
}

/// What asks a room to take back the message to which it gave that id.
pub fn moderate(id: &str, reason: Option<&str>) -> Element {
    let retract = Element::new(ns::RETRACT, "retract");
    Element::new(ns::MODERATE, "moderate").attr("id", id).child(retract).leaf_if(ns::MODERATE, "reason", reason)
}
