//! Replies to any node: ask the network for its address, dial it, or else send by way of others.
use super::*;

use serializer::base58;

/// Messages that wait for a way to one node.
pub(super) struct Pending {
    to: Id,
    messages: Vec<Vec<Value>>,
    /// When the next way is tried, or all are given up.
    until: Instant,
    /// Who said that it has a link to the receiver.
    via: Option<Id>,
    /// The place that is being dialled.
    dialled: Option<Place>,
}

impl Node {
    pub(super) fn reply_to(&mut self, to: &Id, values: Vec<Value>) -> Result<(), Error> {
        let whisper = self.message(MainFlag::Whisper, Flag::Whisper, values);
        self.check_length(&whisper)?;
        if let Some(&conn) = self.table.get(to) {
            self.send(conn, &whisper);
            return Ok(());
        }
        let values = whisper.values().to_vec();
        if let Some(waiting) = self.pending.values_mut().find(|pending| pending.to == *to) {
            if waiting.messages.len() >= MAX_WAITING {
                return Err(Error::Busy);
            }
            waiting.messages.push(values);
            return Ok(());
        }
        if self.pending.len() >= self.config.limits.requests {
            return Err(Error::Busy);
        }
        let request = self.request_id();
        let until = self.now + self.config.timing.request;
        let to = to.detached();
        let asked = vec![request.to_value(), to.to_value()];
        self.pending.insert(request, Pending { to, messages: vec![values], until, via: None, dialled: None });
        self.timers.arm_by(Timer::Expire, until);
        //= p2p#3.7/request MUST
        //# A broadcast: the request's id and the wanted node's.
        let question = self.message(MainFlag::Broadcast, Flag::Request, asked);
        let _ = self.originate(&question); // its random id makes it new
        Ok(())
    }

    fn request_id(&mut self) -> Id {
        let mut random = [0; 24];
        self.rng.fill(&mut random);
        Id::new(base58::encode(&random)).unwrap_or_default()
    }

    /// Somebody asks for addresses: all of ours, or that of one node.
    pub(super) fn requested(&mut self, conn: ConnId, message: &Message) {
        let [asked, rest @ ..] = message.values() else { return };
        let Some(wanted) = rest.first() else {
            //= p2p#3.5/request-all MUST
            //# `*` is understood as string and as bytes.
            if asked.as_bytes().is_some_and(|text| text.as_ref() == b"*") {
                self.send_peers(conn);
            }
            return;
        };
        let (Ok(request), Ok(wanted)) = (Id::from_value(asked), Id::from_value(wanted)) else { return };
        let Some(link) = self.links.get(&conn) else { return };
        let nowhere = Address::new("0.0.0.0", 0);
        let transport = link.transport;
        let address = if wanted == self.id {
            Some(self.own_address(transport, link.ends.map(|(local, _)| local)))
        } else {
            // An address of another transport is of no use to the asker, but that there is a way is.
            let known = self.table.get(&wanted).and_then(|conn| self.links.get(conn));
            known.map(|link| if link.transport == transport { link.address.clone() } else { nowhere })
        };
        let Some(address) = address else { return };
        //= p2p#3.7/response MUST
        //# A broadcast that starts on the link over which the question came.
        let found = Value::Array(vec![write_address(&address), wanted.to_value()]);
        let answer = self.message(MainFlag::Broadcast, Flag::Response, vec![request.to_value(), found]);
        if self.seen.insert(key(answer.id()), answer.time()) {
            self.send(conn, &answer);
        }
    }

    /// Somebody knows where a node is.
    pub(super) fn responded(&mut self, conn: ConnId, message: &Message) {
        let [request, found, ..] = message.values() else { return };
        let Ok(request) = Id::from_value(request) else { return };
        let Some(waiting) = self.pending.get_mut(&request).filter(|waiting| waiting.via.is_none()) else { return };
        let Some([address, id, ..]) = found.as_array() else { return };
        if Id::from_value(id).as_ref() != Ok(&waiting.to) {
            return;
        }
        waiting.via = Some(message.sender().detached());
        waiting.until = self.now + DIAL_FOR_REPLY;
        self.timers.arm_by(Timer::Expire, waiting.until);
        let transport = self.links.get(&conn).map(|link| link.transport);
        let address = greet::read_address(address).filter(Address::is_dialable);
        //= p2p#3.7/dial MUST
        //# The asker opens a link and whispers over it; where it cannot, the message goes by way of other nodes.
        if let (Some(transport), Some(address)) = (transport, address) {
            let place = Seed { transport, address };
            waiting.dialled = Some(place.clone());
            if self.dial(place, Purpose::Reply).is_ok() {
                return;
            }
        }
        self.send_by_others(&request);
    }

    /// A link to that node is there: whispers what waited for it.
    pub(super) fn deliver_pending(&mut self, id: &Id, conn: ConnId) {
        let Some(request) = self.pending.iter().find(|(_, p)| p.to == *id).map(|(request, _)| request.clone()) else {
            return;
        };
        let Some(waiting) = self.pending.remove(&request) else { return };
        for values in waiting.messages {
            let message = self.message(MainFlag::Whisper, Flag::Whisper, values);
            self.send(conn, &message);
        }
    }

    /// The link that was opened for a reply failed.
    pub(super) fn reply_dial_failed(&mut self, link: &Link) {
        let of_this = |p: &Pending| p.dialled.as_ref().is_some_and(|place| link.places.contains(place));
        if let Some(request) = self.pending.iter().find(|(_, p)| of_this(p)).map(|(request, _)| request.clone()) {
            self.send_by_others(&request);
        }
    }

    /// What waited too long takes the next way, the last.
    pub(super) fn expire(&mut self) {
        let due = self.pending.iter().filter(|(_, p)| p.until <= self.now).map(|(request, _)| request.clone());
        for request in due.collect::<Vec<_>>() {
            self.send_by_others(&request);
        }
        if let Some(next) = self.pending.values().map(|p| p.until).min() {
            self.timers.arm_by(Timer::Expire, next);
        }
    }

    /// Sends by way of other nodes, or gives up.
    fn send_by_others(&mut self, request: &Id) {
        let Some(waiting) = self.pending.remove(request) else { return };
        if let Some(&conn) = self.table.get(&waiting.to) {
            for values in waiting.messages {
                let message = self.message(MainFlag::Whisper, Flag::Whisper, values);
                self.send(conn, &message);
            }
            return;
        }
        let via = waiting.via.unwrap_or_else(|| waiting.to.clone());
        for values in waiting.messages {
            if !self.route(&waiting.to, &via, Flag::Whisper, values.clone()) {
                *self.stats.dropped.entry(Reason::NoRoute.name()).or_default() += 1;
                self.tell(Event::Undelivered { to: waiting.to.clone(), values });
            }
        }
    }
}

use greet::write_address;

/// How long a link that is opened for a reply may take before the reply goes another way.
const DIAL_FOR_REPLY: Duration = Duration::from_secs(3);
/// Messages that may wait for one node.
const MAX_WAITING: usize = 64;
