//! What capable nodes say among themselves (code 0x41): liveness, missed broadcasts, ways by others, surveys.
use super::*;

use bytes::Bytes;

use crate::{Neighbour, Report};

/// The first value after the sub flag 0x41 tells what the message is.
pub(super) mod op {
    pub const PING: u64 = 0;
    pub const PONG: u64 = 1;
    pub const HAVE: u64 = 2;
    pub const WANT: u64 = 3;
    pub const ROUTED: u64 = 4;
    pub const BEACON: u64 = 5;
    pub const SURVEY: u64 = 6;
    pub const REPORT: u64 = 7;
    pub const PRUNE: u64 = 8;
    pub const NEWS: u64 = 9;
    pub const GRAFT: u64 = 10;
}

/// Broadcasts are one to all: these operations come only so, the others never.
fn is_flooded(op: u64) -> bool {
    matches!(op, op::BEACON | op::SURVEY)
}

impl Node {
    pub(super) fn extension(&mut self, conn: ConnId, message: &Message) {
        if !self.links.get(&conn).is_some_and(Link::is_capable) {
            return;
        }
        let Some((op, values)) = message.values().split_first().and_then(|(op, rest)| Some((op.as_u64()?, rest)))
        else {
            return self.close(conn, Reason::Malformed("extension: no operation"));
        };
        //= wireworks#1.2/flooded-op MUST
        //# A flooded ping would be answered by the whole network.
        if is_flooded(op) != (message.main() == MainFlag::Broadcast) {
            return;
        }
        match op {
            //= wireworks#1.3/pong MUST
            //# The value comes back as it was.
            op::PING => self.send_extension(conn, op::PONG, values.iter().take(1).cloned().collect()),
            op::PONG => self.ponged(conn, values),
            op::HAVE => self.offered(conn, values),
            op::WANT => self.wanted(conn, values),
            op::ROUTED => self.routed(conn, message),
            op::BEACON => self.beacon_heard(message.sender()),
            op::SURVEY => self.answer_survey(message.sender(), values),
            op::PRUNE => self.prune_asked(conn),
            op::NEWS => self.news_told(conn, values),
            op::GRAFT => self.graft_asked(conn, values),
            //= wireworks#1.2/unknown-op MUST
            //# Later versions may add operations.
            _ => {}
        }
    }

    fn extension_message(&self, main: MainFlag, op: u64, values: Vec<Value>) -> Message {
        let mut all = vec![Value::from(op)];
        all.extend(values);
        self.message(main, Flag::Other(u64::from(BASE)), all)
    }

    //= wireworks#1.1/only-announced MUST
    //# The only place that sends one; floods look at the same list in `relay`.
    pub(super) fn send_extension(&mut self, conn: ConnId, op: u64, values: Vec<Value>) {
        if self.links.get(&conn).is_some_and(Link::is_capable) {
            let message = self.extension_message(MainFlag::Whisper, op, values);
            self.send(conn, &message);
        }
    }

    fn flood_extension(&mut self, op: u64, values: Vec<Value>) {
        let message = self.extension_message(MainFlag::Broadcast, op, values);
        let _ = self.originate(&message); // the same in one second is no loss
    }

    // ---- liveness

    //= wireworks#1.3/ping SHOULD
    //# After `Timing::ping` of silence; any byte counts as an answer.
    pub(super) fn ping(&mut self, conn: ConnId) {
        let now = self.now;
        if let Some(link) = self.links.get_mut(&conn) {
            link.pinged = Some(now);
            self.send_extension(conn, op::PING, vec![Value::from(now.as_nanos())]);
        }
    }

    fn ponged(&mut self, conn: ConnId, values: &[Value]) {
        let now = self.now;
        if let Some(link) = self.links.get_mut(&conn)
            && let Some(sent) = values.first().and_then(Value::as_u64)
            && sent <= now.as_nanos()
        {
            link.rtt = Some(now - Instant::from_nanos(sent));
        }
    }

    // ---- broadcasts that were missed

    //= wireworks#1.4/have MUST
    //# Sent once on every new link to a capable node, after the list of addresses.
    /// Tells a new neighbour which broadcasts it can have, and who speaks for this part of the network.
    pub(super) fn catch_up(&mut self, conn: ConnId) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        link.offers += 1;
        let mut list = Vec::with_capacity(self.recent.len() * 24);
        for (key, kept) in self.recent.iter().filter(|(_, kept)| link.takes(kept.feature)) {
            list.extend_from_slice(&key.to_be_bytes());
            list.extend_from_slice(&kept.time.to_be_bytes());
        }
        let head = self.island().map_or(Value::Nil, Id::to_value);
        self.send_extension(conn, op::HAVE, vec![head, Value::Bin(Bytes::from(list))]);
    }

    //= wireworks#1.4/want MUST
    //# Asked for in one message; what comes takes the way of any broadcast, so that it is told once and flooded on.
    fn offered(&mut self, conn: ConnId, values: &[Value]) {
        let [head, list, ..] = values else { return };
        let head = Id::from_value(head).ok();
        let list = list.as_bytes().cloned().unwrap_or_default();
        let kept = self.config.timing.window.max(self.config.timing.recovery).as_secs();
        let oldest = self.unix().saturating_sub(kept);
        let mut wanted = Vec::new();
        for entry in list.chunks_exact(24).take(self.config.limits.recent) {
            let Some((key, time)) = entry.split_first_chunk::<16>() else { break };
            let time = time.first_chunk().map_or(0, |time| u64::from_be_bytes(*time));
            if time < oldest || self.seen.contains(u128::from_be_bytes(*key)) {
                continue;
            }
            wanted.extend_from_slice(key);
            //= wireworks#1.4/not-from-before MUST
            //# Taken over all the same: a node that missed it may have nobody but this one to hand it on.
            if self.started.is_some_and(|started| time < started) && self.untold.len() < self.config.limits.recent {
                self.untold.insert(u128::from_be_bytes(*key));
            }
        }
        if !wanted.is_empty() {
            self.stats.recovered += (wanted.len() / 16) as u64;
            self.send_extension(conn, op::WANT, vec![Value::Bin(Bytes::from(wanted))]);
        }
        self.touched(conn, head.as_ref());
    }

    fn wanted(&mut self, conn: ConnId, values: &[Value]) {
        let Some(list) = values.first().and_then(Value::as_bytes) else { return };
        //= wireworks#1.4/want-once MUST
        //# One choice for each offer, or a few bytes would draw everything again and again.
        let Some(link) = self.links.get_mut(&conn).filter(|link| link.offers > 0) else { return };
        link.offers -= 1;
        let mut frames = Vec::new();
        for key in list.chunks_exact(16).take(self.config.limits.recent) {
            let key = key.first_chunk().map_or(0, |key| u128::from_be_bytes(*key));
            frames.extend(self.recent.find(key).filter(|kept| link.takes(kept.feature)).map(|kept| kept.frame.clone()));
        }
        for frame in frames {
            self.send_frame(conn, frame);
        }
    }

    // ---- by way of others

    /// Sends a whisper to a node that is no neighbour; false when no way is known. `via` is a node that has a link to it.
    pub(super) fn route(&mut self, to: &Id, via: &Id, flag: Flag, values: Vec<Value>) -> bool {
        let mut all = vec![to.to_value(), via.to_value(), Value::from(flag)];
        all.extend(values);
        let message = self.extension_message(MainFlag::Whisper, op::ROUTED, all);
        if self.check_length(&message).is_err() {
            return false;
        }
        let Some(next) = self.next_hop(to, via, None) else { return false };
        self.seen.insert(key(message.id()), message.time());
        self.send(next, &message);
        true
    }

    /// The link to take: to the receiver, to its neighbour `via`, or where broadcasts of these came from.
    fn next_hop(&self, to: &Id, via: &Id, from: Option<ConnId>) -> Option<ConnId> {
        let ways = [self.table.get(to).copied(), self.table.get(via).copied()];
        let ways = ways.into_iter().chain([self.routes.toward(via), self.routes.toward(to)]).flatten();
        let usable = |conn: &ConnId| {
            let link = self.links.get(conn).filter(|link| link.stage == Stage::Routed);
            Some(*conn) != from && link.is_some_and(|link| link.is_capable() || link.id.as_ref() == Some(to))
        };
        ways.into_iter().find(usable)
    }

    //= wireworks#1.5/routed MUST
    //# Forwarded as it came, once: its id is remembered among the broadcasts', so that it cannot run in circles.
    fn routed(&mut self, conn: ConnId, message: &Message) {
        let [_, to, via, flag, values @ ..] = message.values() else { return };
        let (Ok(to), Ok(via), Some(flag)) = (Id::from_value(to), Id::from_value(via), flag.as_u64()) else { return };
        if !self.is_news(message, true) {
            return;
        }
        let mut payload = vec![Value::from(flag)];
        payload.extend(values.iter().cloned());
        let inner = || Message::new(MainFlag::Whisper, message.sender(), message.time(), payload);
        if to == self.id {
            return self.routed_here(conn, inner());
        }
        match self.next_hop(&to, &via, Some(conn)) {
            //= wireworks#1.5/last-hop MUST
            //# A receiver that is not capable gets the plain whisper.
            Some(next) if self.links.get(&next).is_some_and(|link| !link.is_capable()) => {
                if u8::try_from(flag).is_ok_and(|flag| flag < 0x40) {
                    self.send(next, &inner());
                }
            }
            Some(next) => self.send(next, message),
            None => self.drop_message(message.sender().detached(), Reason::NoRoute),
        }
    }

    fn routed_here(&mut self, conn: ConnId, message: Message) {
        match message.sub() {
            Some(Flag::Other(code)) if code == u64::from(BASE) => {
                if let Some((op, values)) = message.values().split_first()
                    && op.as_u64() == Some(op::REPORT)
                    && let Some(report) = read_report(message.sender(), values)
                {
                    self.tell(Event::Surveyed(report));
                }
            }
            //= wireworks#1.5/inner MUST
            //# What steers a link or belongs to a machine on top is not taken from afar.
            Some(Flag::Broadcast | Flag::Whisper) => {
                let from = self.links.get(&conn).and_then(|link| link.id.clone()).unwrap_or_default();
                self.deliver(Incoming { message, from, routed: true });
            }
            _ => {}
        }
    }

    // ---- who speaks, and surveys

    pub(super) fn send_beacon(&mut self) {
        self.flood_extension(op::BEACON, Vec::new());
    }

    pub(super) fn ask_survey(&mut self) -> u64 {
        let survey = self.rng.u64() >> 1; // fits every reader's signed numbers
        self.flood_extension(op::SURVEY, vec![Value::from(survey)]);
        let id = self.id.clone();
        if let Some(report) = read_report(&id, &self.report(survey)) {
            self.tell(Event::Surveyed(report));
        }
        survey
    }

    //= wireworks#1.6/survey-rate SHOULD
    //# A few in a second, so that a question of a hundred bytes does not set the whole network talking at will.
    fn answer_survey(&mut self, asker: &Id, values: &[Value]) {
        let Some(survey) = values.first().and_then(Value::as_u64) else { return };
        let second = self.unix();
        if self.surveyed.0 != second {
            self.surveyed = (second, 0);
        }
        if self.surveyed.1 >= self.config.limits.surveys {
            return;
        }
        self.surveyed.1 += 1;
        let mut values = vec![Value::from(op::REPORT)];
        values.extend(self.report(survey));
        //= wireworks#1.6/survey MUST
        //# Along the way that the survey came.
        self.route(asker, asker, Flag::Other(u64::from(BASE)), values);
    }

    /// The values of a report: survey, addresses, links, state.
    fn report(&self, survey: u64) -> Vec<Value> {
        let listens = self
            .config
            .listen
            .iter()
            .map(|&(transport, at)| Value::Array(vec![transport.name().into(), greet::write_address(&at.into())]));
        let links = self
            .peers()
            .take(MAX_REPORTED)
            .map(|peer| Value::Array(vec![peer.id.to_value(), peer.transport.name().into(), peer.outgoing.into()]));
        let mut encoded = Vec::new();
        self.state.encode(&mut encoded);
        let state = if encoded.len() <= MAX_STATE { self.state.clone() } else { Value::Nil };
        let name = cut(&self.config.name).into();
        vec![Value::from(survey), Value::Array(listens.collect()), Value::Array(links.collect()), state, name]
    }
}

fn read_report(id: &Id, values: &[Value]) -> Option<Report> {
    let [survey, addresses, links, state, rest @ ..] = values else { return None };
    let addresses = addresses.as_array()?.iter().take(MAX_REPORTED).filter_map(|entry| {
        let [transport, address, ..] = entry.as_array()? else { return None };
        Some((Transport::from_name(transport.as_str()?)?, greet::read_address(address)?))
    });
    let links = links.as_array()?.iter().take(MAX_REPORTED).filter_map(|entry| {
        let [id, transport, outgoing, ..] = entry.as_array()? else { return None };
        let transport = Transport::from_name(transport.as_str()?)?;
        Some(Neighbour { id: Id::from_value(id).ok()?, transport, outgoing: outgoing.as_bool()? })
    });
    Some(Report {
        survey: survey.as_u64()?,
        id: id.clone(),
        name: cut(rest.first().and_then(Value::as_str).unwrap_or_default()).to_owned(),
        addresses: addresses.collect(),
        links: links.collect(),
        state: state.clone(),
    })
}

/// The beginning of a name, as much as a report carries.
fn cut(name: &str) -> &str {
    let end = (0..=name.len().min(MAX_NAME)).rev().find(|&end| name.is_char_boundary(end));
    &name[..end.unwrap_or(0)]
}

/// Bytes of a name in one report.
const MAX_NAME: usize = 64;
/// Links and addresses in one report.
const MAX_REPORTED: usize = 256;
/// Bytes of state in one report.
const MAX_STATE: usize = 16 << 10;
