//! Who asked whom: requests of ours that wait for an answer, and requests of others that wait for ours.

use std::collections::BTreeMap;
use std::time::Duration;

use wire::{Instant, Rng};

use super::RequestId;
use super::stanzas::OWN;
use crate::jid::Jid;
use crate::xml::Element;

/// Requests without an answer, both ways.
pub(super) struct Requests {
    /// What our ids begin with: not to be guessed by who has not seen them.
    prefix: String,
    next: u64,
    /// Ours, by the id on the wire.
    ours: BTreeMap<String, Asked>,
    /// Theirs, by sender and id.
    theirs: BTreeMap<(String, String), Instant>,
}

struct Asked {
    request: RequestId,
    to: Option<Jid>,
    until: Instant,
}

impl Requests {
    pub fn new(rng: &mut Rng) -> Requests {
        Requests { prefix: rng.token(10), next: 0, ours: BTreeMap::new(), theirs: BTreeMap::new() }
    }

    /// How many of ours wait.
    pub fn waiting(&self) -> usize {
        self.ours.len()
    }

    /// An id that no other stanza has.
    //= rfc6120#8.2.3/id MUST
    //# Every request of ours has one, whatever the caller wrote.
    //= rfc6120#8.1.3/unique MUST
    //# A random prefix of 50 bits for each client and a running number: unique in and beyond the stream.
    pub fn id(&mut self) -> String {
        self.next += 1;
        format!("{}-{}", self.prefix, self.next)
    }

    /// Waits for the answer of `to` to the iq of that id.
    pub fn ask(&mut self, id: String, to: Option<Jid>, until: Instant) -> RequestId {
        let request = RequestId(self.next);
        self.ours.insert(id, Asked { request, to, until });
        request
    }

    /// The same for what the client asks for itself.
    pub fn ask_for_itself(&mut self, id: String, to: Option<Jid>, until: Instant) {
        self.ours.insert(id, Asked { request: OWN, to, until });
    }

    /// Which request of the client with address `own` this answer is for, if it is one's and from who was asked.
    //= rfc6120#8.2.3/match MUST
    //# By id and by sender: an answer whose `from` is not whom the request went to is nobody's.
    pub fn answer(&mut self, id: &str, from: Option<&Jid>, own: &Jid) -> Option<RequestId> {
        let asked = self.ours.get(id)?;
        if !speaks_for(from, asked.to.as_ref(), own) {
            return None;
        }
        self.ours.remove(id).map(|asked| asked.request)
    }

    /// Takes out the requests whose time is over, in the order of their ids.
    pub fn expired(&mut self, now: Instant) -> Vec<RequestId> {
        let mut late: Vec<_> = self.ours.values().filter(|a| a.until <= now).map(|a| a.request).collect();
        self.ours.retain(|_, asked| asked.until > now);
        late.sort_unstable();
        late
    }

    /// The session is over: takes out all, in the order asked.
    pub fn clear(&mut self) -> Vec<RequestId> {
        self.theirs.clear();
        let mut all: Vec<_> = std::mem::take(&mut self.ours).into_values().map(|a| a.request).collect();
        all.sort_unstable();
        all
    }

    /// Somebody asked something that the application has to answer until then. False: too many wait already.
    pub fn asked(&mut self, from: &str, id: &str, until: Instant, limit: usize) -> bool {
        let room = self.theirs.len() < limit && from.len() + id.len() <= LONGEST;
        if room {
            self.theirs.insert((from.to_owned(), id.to_owned()), until);
        }
        room
    }

    /// The application sends this: if it is an answer, nobody waits for it any longer.
    pub fn answered(&mut self, stanza: &Element) {
        if matches!(stanza.get("type"), Some("result" | "error")) {
            let key =
                (stanza.get("to").unwrap_or_default().to_owned(), stanza.get("id").unwrap_or_default().to_owned());
            self.theirs.remove(&key);
        }
    }

    /// Takes out the requests of others, as sender and id, that the application left without an answer.
    pub fn unanswered(&mut self, now: Instant) -> Vec<(String, String)> {
        let late: Vec<_> = self.theirs.iter().filter(|(_, until)| **until <= now).map(|(key, _)| key.clone()).collect();
        self.theirs.retain(|_, until| *until > now);
        late
    }

    /// When the first of either kind is late.
    pub fn deadline(&self) -> Option<Instant> {
        self.ours.values().map(|a| a.until).chain(self.theirs.values().copied()).min()
    }

    /// Gives every request of others more time: the connection was away.
    pub fn postpone(&mut self, now: Instant, patience: Duration) {
        self.theirs.values_mut().for_each(|until| *until = (*until).max(now + patience));
    }
}

/// Bytes of sender and id together that are kept for a request of somebody's.
const LONGEST: usize = 8_192;

/// Whether an answer from `from` may be the one to a request to `to`.
//= rfc6120#8.1.2.1/absent MUST
//# An answer without `from` counts as the account's own, so it answers requests to nobody, to the account and to the server.
fn speaks_for(from: Option<&Jid>, to: Option<&Jid>, own: &Jid) -> bool {
    let account = own.bare();
    let ours = |jid: &Jid| *jid == account || jid == own;
    let server = |jid: &Jid| jid.local().is_none() && jid.resource().is_none() && jid.domain() == own.domain();
    match (from, to) {
        (None, None) => true,
        (None, Some(to)) => ours(to) || server(to),
        // the account's answers come from its bare address; servers of old wrote the full one, or their own
        (Some(from), None) => ours(from) || server(from),
        (Some(from), Some(to)) if *to == account => ours(from),
        (Some(from), Some(to)) => from == to,
    }
}
