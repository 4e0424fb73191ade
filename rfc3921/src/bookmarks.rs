//! Rooms that somebody comes back to ([XEP-0402](https://xmpp.org/extensions/xep-0402.html)), kept at one's own account.

use rfc3920::jid::Jid;
use rfc3920::xml::Element;

use crate::element::{Optional, boolean, expect, text_of};
use crate::pubsub::Item;
use crate::{Error, ns};

/// One room.
#[derive(Clone, Debug, PartialEq)]
pub struct Bookmark {
    /// Its address.
    pub room: Jid,
    /// A name for people.
    pub name: Option<String>,
    /// Enter it whenever online.
    pub autojoin: bool,
    /// As whom.
    pub nick: Option<String>,
    /// What opens it.
    pub password: Option<String>,
    /// What other clients keep there: written back as it came.
    pub extensions: Option<Element>,
}

impl Bookmark {
    /// One that enters by itself as `nick`.
    pub fn new(room: Jid, nick: &str) -> Bookmark {
        let (name, password, extensions) = (None, None, None);
        Bookmark { room: room.bare(), name, autojoin: true, nick: Some(nick.to_owned()), password, extensions }
    }

    /// Reads an item of the node.
    ///
    /// # Errors
    /// [`Error`], for an id that is no address, and another payload.
    //= xep-0402#3/item-id MUST
    //# The id of the item is the room's bare address, and says which room it is.
    //= xep-0402#3/extensions MUST
    //# What is in extensions is kept as it is and written back.
    pub fn from_item(item: &Item) -> Result<Bookmark, Error> {
        let room = Jid::parse(item.id.as_deref().ok_or(Error::Missing("id"))?).map_err(|_| Error::Value("id"))?;
        let element = item.payload.as_ref().ok_or(Error::Missing("conference"))?;
        expect(element, ns::BOOKMARKS, "conference")?;
        Ok(Bookmark {
            room: room.bare(),
            name: element.get("name").filter(|name| !name.is_empty()).map(str::to_owned),
            autojoin: element.get("autojoin").and_then(boolean).unwrap_or(false),
            nick: text_of(element, ns::BOOKMARKS, "nick").filter(|nick| !nick.is_empty()),
            password: text_of(element, ns::BOOKMARKS, "password"),
            extensions: element.find(ns::BOOKMARKS, "extensions").cloned(),
        })
    }

    /// Writes it as an item.
    pub fn to_item(&self) -> Item {
        let element = Element::new(ns::BOOKMARKS, "conference")
            .attr_opt("name", self.name.as_deref())
            .attr_opt("autojoin", self.autojoin.then_some("true"))
            .leaf_if(ns::BOOKMARKS, "nick", self.nick.as_deref())
            .leaf_if(ns::BOOKMARKS, "password", self.password.as_deref())
            .with(self.extensions.clone());
        Item::new(self.room.as_str(), element)
    }
}
