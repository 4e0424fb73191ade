use std::collections::BTreeMap;

use rfc3920::jid::Jid;
use rfc3920::xml::{Element, Limits};

use crate::Error;
use crate::element::{address, expect, required};
use crate::roster::{Query, Roster};

/// What a session would like to know the next time: the roster with its version, up to where archives were read, and
/// which messages were told last. Kept by the application as text.
///
/// ```
/// use rfc3921::session::Saved;
/// let mut saved = Saved::default();
/// saved.positions.insert("alice@wonderland.example".parse().unwrap(), "28482-98726-73623".into());
/// assert_eq!(Saved::parse(&saved.to_text()), Ok(saved));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// The roster.
    pub roster: Roster,
    /// The archive of the account, and those of rooms: the id of the last message that was told.
    pub positions: BTreeMap<Jid, String>,
    /// Marks of messages, oldest first.
    pub seen: Vec<u128>,
}

impl Saved {
    /// As text: an element.
    pub fn to_text(&self) -> String {
        let position = |(jid, id): (&Jid, &String)| {
            Element::new(NS, "position").attr("archive", jid.as_str()).attr("id", id.as_str())
        };
        let seen: Vec<_> = self.seen.iter().map(|mark| format!("{mark:032x}")).collect();
        let element = Element::new(NS, "saved")
            .child(self.roster.to_query().to_element())
            .with(self.positions.iter().map(position))
            .child(Element::new(NS, "seen").with_text(seen.join(" ")));
        element.to_string()
    }

    /// From text.
    ///
    /// # Errors
    /// [`Error`], for text that is no such thing: then begin with nothing, which costs no more than time.
    pub fn parse(text: &str) -> Result<Saved, Error> {
        let limits = Limits { bytes: usize::MAX, nodes: usize::MAX, ..Limits::default() };
        let element = Element::parse(text, &limits).map_err(|_| Error::Other("saved"))?;
        expect(&element, NS, "saved")?;
        let mut saved = Saved::default();
        for child in element.children() {
            if let Ok(query) = Query::from_element(child) {
                saved.roster.replace(query, usize::MAX);
            } else if child.is(NS, "position") {
                saved.positions.insert(address(child, "archive")?, required(child, "id")?.to_owned());
            } else if child.is(NS, "seen") {
                saved.seen = child.text().split_whitespace().filter_map(|s| u128::from_str_radix(s, 16).ok()).collect();
            }
        }
        Ok(saved)
    }
}

const NS: &str = "urn:wireworks:session:0";
