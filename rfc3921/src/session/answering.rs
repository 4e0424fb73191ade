//! Requests of others.

use rfc3920::jid::Jid;
use rfc3920::stanza::Condition;
use rfc3920::xml::Element;
use wire::Instant;

use super::{Config, DropReason, Policy, Session};
use crate::disco::{Identity, Info, Items};
use crate::ns;
use crate::time::Time;
use crate::version::Version;

/// How many requests were answered in this second.
#[derive(Debug, Default)]
pub(super) struct Budget {
    second: u64,
    used: u32,
}

impl Budget {
    fn spend(&mut self, now: Instant, limit: u32) -> bool {
        let second = now.since_origin().as_secs();
        if std::mem::replace(&mut self.second, second) != second {
            self.used = 0;
        }
        self.used = self.used.saturating_add(1);
        self.used <= limit
    }
}

/// What this client is and can do, as it tells others.
//= xep-0030#3.1/own-features MUST
//# Its own feature, and those of what is done here; nothing that a configuration switched off.
pub(super) fn own_info(config: &Config) -> Info {
    let mut features: Vec<String> = FEATURES.iter().map(|feature| (*feature).to_owned()).collect();
    let policies = [(config.receipts, ns::RECEIPTS), (config.markers, ns::MARKERS), (config.states, ns::CHAT_STATES)];
    let allowed = policies.into_iter().filter(|(policy, _)| *policy != Policy::Nobody);
    features.extend(allowed.map(|(_, feature)| feature.to_owned()));
    //= xep-0163#6/notify MUST
    //# What is wanted to be told of is said in the capabilities, by the node's name and +notify.
    if config.bookmarks {
        features.push(format!("{}+notify", ns::BOOKMARKS));
    }
    if config.about != Policy::Nobody {
        features.extend([ns::VERSION, ns::TIME].map(str::to_owned));
    }
    features.push(format!("{}+notify", ns::AVATAR_METADATA));
    features.sort();
    let name = Some(config.software.name.as_str());
    Info { identities: vec![Identity::new("client", "console", name)], features, ..Info::default() }
}

const FEATURES: [&str; 15] = [
    ns::DISCO_INFO,
    ns::DISCO_ITEMS,
    ns::CAPS,
    ns::PING,
    ns::MUC,
    ns::CONFERENCE,
    ns::CORRECTION,
    ns::STANZA_ID,
    ns::RETRACT,
    ns::MODERATE,
    ns::FALLBACK,
    ns::REACTIONS,
    ns::REPLY,
    ns::OUT_OF_BAND,
    ns::DELAY,
];

impl Session {
    /// An iq of type get or set. Pings are answered by the stream.
    pub(super) fn asked(&mut self, iq: &Element) {
        let Some(payload) = iq.children().next() else { return };
        match (iq.get("type"), payload.ns(), payload.name()) {
            (Some("set"), ns::ROSTER, "query") => return self.roster_push(iq),
            (Some("set"), ns::BLOCKING, _) => return self.blocking_push(iq, payload),
            _ => {}
        }
        if !self.budget.spend(self.now, self.config.limits.answers_per_second) {
            return self.drop_noise(DropReason::Flood);
        }
        let answer = match iq.get("type") {
            Some("get") => self.answer_to(iq, payload),
            _ => Err(Condition::ServiceUnavailable),
        };
        match answer {
            Ok(payload) => drop(self.client.reply(self.now, iq, Ok(Some(payload)))),
            Err(condition) => self.refuse(iq, condition),
        }
    }

    //= rfc6121#6/unknown-iq MUST
    //# What is not understood, and what a stranger asks, is answered service-unavailable, once.
    //= rfc6120#8.3.3.19/instead MUST
    //# Strangers hear the same as if there was no such service.
    //= rfc6120#8.4/iq MUST
    //# Whatever has no arm of its own is answered so.
    fn answer_to(&self, iq: &Element, payload: &Element) -> Result<Element, Condition> {
        let from = iq.get("from").and_then(|from| Jid::parse(from).ok());
        let about = self.config.about;
        let disco = if about == Policy::Everybody { about } else { Policy::Contacts };
        match (payload.ns(), payload.name()) {
            (ns::DISCO_INFO, "query") if self.may_know(disco, from.as_ref()) => self.info_of(payload.get("node")),
            (ns::DISCO_ITEMS, "query") if self.may_know(disco, from.as_ref()) => {
                Ok(Items { node: payload.get("node").map(str::to_owned), items: Vec::new() }.to_element())
            }
            (ns::VERSION, "query") if self.may_know(about, from.as_ref()) => {
                Ok(Version::to_element(&self.config.software))
            }
            (ns::TIME, "time") if self.may_know(about, from.as_ref()) => {
                Ok(Time { utc: self.unix(), offset: self.config.offset }.to_element())
            }
            _ => Err(Condition::ServiceUnavailable),
        }
    }

    //= xep-0115#6.2/answer MUST
    //# The node of one's own hash is answered by what was hashed, with the node repeated; other nodes are not known.
    fn info_of(&self, node: Option<&str>) -> Result<Element, Condition> {
        if node.is_some_and(|node| node != self.own_caps.query_node()) {
            return Err(Condition::ItemNotFound);
        }
        Ok(Info { node: node.map(str::to_owned), ..self.own_info.clone() }.to_element())
    }

    /// Whether somebody is told what this policy is about.
    pub(super) fn may_know(&self, policy: Policy, who: Option<&Jid>) -> bool {
        let Some(who) = who else { return policy != Policy::Nobody }; // the own server
        match policy {
            Policy::Nobody => false,
            Policy::Everybody => true,
            Policy::Contacts => {
                let service = who.local().is_none() && who.domain() == self.account.domain();
                service || self.is_contact(who) || self.rooms.contains_key(who.bare_str())
            }
        }
    }
}
