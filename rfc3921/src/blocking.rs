//! Whom nothing is taken from ([XEP-0191](https://xmpp.org/extensions/xep-0191.html)).

use std::collections::BTreeSet;

use rfc3920::jid::Jid;
use rfc3920::xml::Element;

use crate::element::{address, names};
use crate::ns;

names! {
    /// What is said about addresses.
    pub enum Verb {
        /// The whole list.
        List = "blocklist",
        /// They are blocked from now on.
        Block = "block",
        /// They are not any more; nobody named: nobody at all is.
        Unblock = "unblock",
    }
}

/// The list, or a change of it: asked for, or pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocking {
    /// What is said.
    pub verb: Verb,
    /// About whom: accounts, resources, or whole domains.
    pub jids: BTreeSet<Jid>,
}

impl Blocking {
    /// What asks for the list.
    pub fn query() -> Element {
        Element::new(ns::BLOCKING, Verb::List.name())
    }

    /// Reads it; addresses that are none are left out. `None` for another element.
    pub fn from_element(element: &Element) -> Option<Blocking> {
        let verb = Verb::from_name(element.name()).filter(|_| element.ns() == ns::BLOCKING)?;
        let items = element.children().filter(|child| child.is(ns::BLOCKING, "item"));
        Some(Blocking { verb, jids: items.filter_map(|item| address(item, "jid").ok()).collect() })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        let item = |jid: &Jid| Element::new(ns::BLOCKING, "item").attr("jid", jid.as_str());
        Element::new(ns::BLOCKING, self.verb.name()).with(self.jids.iter().map(item))
    }

    /// Changes `list` as this says; beyond `limit` nobody is added.
    //= xep-0191#3.5/push MUST
    //# A push is applied like the change it tells of; unblock without items empties the list.
    pub fn apply(&self, list: &mut BTreeSet<Jid>, limit: usize) {
        match self.verb {
            Verb::Unblock if self.jids.is_empty() => list.clear(),
            Verb::Unblock => list.retain(|jid| !self.jids.contains(jid)),
            Verb::List | Verb::Block => {
                if self.verb == Verb::List {
                    list.clear();
                }
                let free = limit.saturating_sub(list.len());
                list.extend(self.jids.iter().take(free).cloned());
            }
        }
    }
}

/// Whether `list` covers `jid`: the full address, the account, the resource at a domain, or the domain.
//= xep-0191#5/match MUST
//# In the document's order: whole address, account, domain with resource, domain.
pub fn covers(list: &BTreeSet<Jid>, jid: &Jid) -> bool {
    let domain = jid.to_domain();
    let at_domain = jid.resource().and_then(|resource| domain.with_resource(resource).ok());
    [Some(jid.clone()), Some(jid.bare()), at_domain, Some(domain)].into_iter().flatten().any(|j| list.contains(&j))
}
