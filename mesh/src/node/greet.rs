//! Handshakes, second links to one node, and lists of addresses.
use super::*;

use crate::Limits;

/// What a handshake says.
struct Greeting {
    id: Id,
    protocol: Id,
    address: Address,
    /// Methods of compression and capabilities, in one list.
    codes: Vec<u64>,
    /// The protocol id came as a string, as js2p writes it.
    text: bool,
}

impl Greeting {
    fn read(message: &Message) -> Result<Greeting, &'static str> {
        let [id, protocol, address, codes, ..] = message.values() else { return Err("handshake: fields missing") };
        Ok(Greeting {
            id: Id::from_value(id).map_err(|_| "handshake: id")?.detached(),
            protocol: Id::from_value(protocol).map_err(|_| "handshake: protocol id")?,
            address: read_address(address).ok_or("handshake: address")?,
            codes: read_codes(codes).ok_or("handshake: list of methods")?,
            text: matches!(protocol, Value::Str(_)),
        })
    }
}

impl Node {
    pub(super) fn send_handshake(&mut self, conn: ConnId) {
        let Some(link) = self.links.get(&conn) else { return };
        let (transport, local) = (link.transport, link.ends.map(|(local, _)| local));
        //= p2p#3.5/type-profile SHOULD
        //# Ids go out as strings, the protocol id as bytes: what both programs take as they are.
        let protocol = self.protocol(transport);
        let protocol = if self.config.text_protocol_id { protocol.to_value() } else { protocol.to_bin() };
        let methods = self.config.compression.iter().map(|method| method.code());
        //= wireworks#1.1/announce MUST
        //# The base code and those of machines on top stand behind the methods of compression.
        let base = self.config.extensions.then_some(BASE);
        let features = base.into_iter().chain(self.config.features.iter().copied()).map(u64::from);
        let values = vec![
            self.id.to_value(),
            protocol,
            write_address(&self.own_address(transport, local)),
            Value::Array(methods.chain(features).map(Value::from).collect()),
        ];
        let message = self.message(MainFlag::Whisper, Flag::Handshake, values);
        //= p2p#3.8/handshake-plain MUST
        //# The first goes out before any method is agreed on, and there is no second.
        self.send(conn, &message);
    }

    /// The first handshake on a link.
    pub(super) fn greeted(&mut self, conn: ConnId, message: &Message) {
        let greeting = match Greeting::read(message) {
            Ok(greeting) => greeting,
            Err(what) => return self.close(conn, Reason::Malformed(what)),
        };
        let Some(link) = self.links.get(&conn) else { return };
        let (incoming, transport) = (!link.outgoing, link.transport);
        //= p2p#3.5/other-network MUST
        //# The ids are compared by their bytes, whether they came as string or bytes.
        if greeting.protocol != *self.protocol(transport) {
            return self.close(conn, Reason::Network);
        }
        if greeting.id == self.id {
            return self.close(conn, Reason::Itself);
        }
        if incoming && matches!(transport, Transport::Ws | Transport::Wss) {
            self.send_handshake(conn);
        }
        let id = greeting.id.clone();
        self.adopt(conn, message, greeting);
        if incoming && self.is_full() && !self.table.contains_key(&id) {
            // Whoever is turned away learns of others first.
            self.send_peers(conn);
            self.catch_up(conn);
            if let Some(link) = self.links.get_mut(&conn) {
                link.id = None;
            }
            return self.close(conn, Reason::Full);
        }
        if let Some(&old) = self.table.get(&id) {
            self.second_link(conn, old, id);
        } else {
            self.join(conn, id);
        }
    }

    /// Takes over what the other side says about itself.
    fn adopt(&mut self, conn: ConnId, message: &Message, greeting: Greeting) {
        let own = self.config.compression.clone();
        let now = self.now;
        let Some(link) = self.links.get_mut(&conn) else { return };
        link.greeting = Some(*message.id());
        link.features =
            greeting.codes.iter().filter_map(|&code| u8::try_from(code).ok()).filter(|&c| c >= 0x40).collect();
        if !self.config.extensions {
            link.features.retain(|&code| code != BASE);
        }
        link.singly = greeting.text && !link.is_capable();
        link.agreed = methods(&greeting.codes, &own);
        link.inflate = link.agreed.clone();
        //= p2p#3.8/own-order MUST
        //# The first of our own list that the other side announced.
        link.deflate = own.into_iter().find(|method| link.agreed.contains(method));
        link.address = greeting.address;
        if let Some(remote) = link.remote()
            && link.address.socket().is_some_and(|at| at.ip().is_unspecified())
        {
            link.address.host = remote.ip().to_string().into();
        }
        link.stage = Stage::Routed;
        link.id = Some(greeting.id.clone());
        let told = Seed { transport: link.transport, address: link.address.clone() };
        if told.address.is_dialable() && !link.places.contains(&told) && !self.book.is_linked(&told) {
            link.places.push(told);
        }
        for place in &link.places {
            self.book.link(now, place, conn, Some(&greeting.id));
        }
    }

    /// The link becomes a neighbour's.
    fn join(&mut self, conn: ConnId, id: Id) {
        //= p2p#3.5/connect-event MUST
        //# Told before the neighbour itself is.
        if self.table.is_empty() {
            self.tell(Event::Connect);
        }
        self.table.insert(id.clone(), conn);
        //= p2p#3.5/peers-answer MUST
        //# A handshake is answered with the addresses of our table.
        self.send_peers(conn);
        if self.pinned.contains_key(&id)
            && let Some(link) = self.links.get_mut(&conn).filter(|link| link.outgoing)
        {
            link.purpose = Purpose::Pinned;
        }
        self.tell(Event::Joined(id.clone()));
        self.catch_up(conn);
        self.deliver_pending(&id, conn);
        self.timers.arm_by(Timer::Link(conn), self.now + self.config.timing.ping);
        self.fill();
    }

    /// A second link to a node that is in the table. Both ends must come to the same end without a word.
    fn second_link(&mut self, new: ConnId, old: ConnId, id: Id) {
        let (Some(link), Some(before)) = (self.links.get(&new), self.links.get(&old)) else { return };
        if link.outgoing == before.outgoing {
            if link.outgoing && link.is_capable() {
                // Opened twice by this side, which alone decides, since the two ends may see them in different orders.
                return self.close(new, Reason::Conflict);
            }
            self.send_peers(new);
            return self.wait_behind(new, id);
        }
        //= p2p#3.5/conflict MUST
        //# Of two links opened from both sides the one stays that the node with the larger number opened: that is the
        //# rule of py2p, in whichever order the two come.
        let larger = is_larger(&self.id, &id);
        let mut keeps_new = link.outgoing == larger;
        if link.is_capable() && before.since + SIMULTANEOUS < self.now {
            keeps_new = true; // the other side would not dial if the old one still served it
        }
        if keeps_new {
            self.table.insert(id.clone(), new);
            self.close(old, Reason::Conflict);
            self.send_peers(new);
            self.catch_up(new);
            self.deliver_pending(&id, new);
            self.timers.arm_by(Timer::Link(new), self.now + self.config.timing.ping);
        } else {
            self.close(new, Reason::Conflict);
        }
    }

    /// Keeps a link in case that the other side closes the older one.
    fn wait_behind(&mut self, conn: ConnId, id: Id) {
        if let Some(before) = self.spare.insert(id, conn) {
            self.close(before, Reason::Conflict);
        }
        self.timers.arm_by(Timer::Link(conn), self.now + self.config.timing.ping);
    }

    /// A handshake on a link that has shaken hands: js2p sends two, and hash tables send more.
    pub(super) fn greeted_again(&mut self, conn: ConnId, message: &Message) {
        let Some(link) = self.links.get(&conn) else { return };
        //= p2p#3.5/repeat SHOULD
        //# The same handshake again is ignored; another one is taken over and answered.
        if link.greeting == Some(*message.id()) {
            return;
        }
        let greeting = match Greeting::read(message) {
            Ok(greeting) => greeting,
            Err(what) => return self.close(conn, Reason::Malformed(what)),
        };
        if greeting.protocol != *self.protocol(link.transport) {
            return self.close(conn, Reason::Network);
        }
        if link.id.as_ref() != Some(&greeting.id) {
            return self.close(conn, Reason::Malformed("handshake: another id"));
        }
        self.adopt(conn, message, greeting);
        self.send_peers(conn);
    }

    fn is_full(&self) -> bool {
        let routed = self.table.values().filter(|conn| conn.is_inbound()).count();
        routed >= self.config.max_incoming
    }

    // ---- lists of addresses

    //= p2p#3.5/peers-own-transport MUST
    //# A bridge tells each side only addresses that a link like this one can be opened to.
    pub(super) fn send_peers(&mut self, conn: ConnId) {
        let Some(transport) = self.links.get(&conn).map(|link| link.transport) else { return };
        let fits = |link: &Link| link.transport == transport && link.address.is_dialable();
        let singly = self.links.get(&conn).is_some_and(|link| link.singly);
        let all = self.table.iter().filter(|(_, other)| !singly || **other != conn);
        let all = all.filter_map(|(id, conn)| Some((id, self.links.get(conn).filter(|link| fits(link))?)));
        let mut told: Vec<Value> = Vec::new();
        let limit = if singly { TOLD_SINGLY } else { self.config.limits.peers_told };
        let mut count = 0;
        for (id, link) in all {
            count += 1;
            let at = if told.len() < limit { told.len() } else { self.rng.below(count) as usize };
            if at < limit {
                //= p2p#3.5/id-form MUST
                //# An id keeps the form in which its node wrote it; js2p is told strings.
                let id = if singly { id.to_text() } else { id.to_value() };
                let entry = Value::Array(vec![write_address(&link.address), id]);
                if at < told.len() { told[at] = entry } else { told.push(entry) }
            }
        }
        //= p2p#3.5/one-stranger SHOULD
        //# js2p, known by its protocol id in str, gets the rest of the list later, one by one.
        if singly {
            return self.tell_singly(conn, told);
        }
        let message = self.message(MainFlag::Whisper, Flag::Peers, vec![Value::Array(told)]);
        self.send(conn, &message);
    }

    /// Tells the next of the entries that a link was not told yet, when its time has come.
    pub(super) fn tell_more(&mut self, conn: ConnId) {
        let now = self.now;
        if let Some(link) = self.links.get_mut(&conn)
            && !link.untold.is_empty()
            && link.tell_next <= now
        {
            let entries = std::mem::take(&mut link.untold);
            self.tell_singly(conn, entries);
        }
    }

    /// Sends a list of one of these entries, and remembers the others for later.
    fn tell_singly(&mut self, conn: ConnId, mut entries: Vec<Value>) {
        let first = Value::Array(entries.pop().into_iter().collect());
        let message = self.message(MainFlag::Whisper, Flag::Peers, vec![first]);
        self.send(conn, &message);
        let next = self.now + SINGLY;
        if let Some(link) = self.links.get_mut(&conn) {
            (link.untold, link.tell_next) = (entries, next);
            self.timers.arm_by(Timer::Link(conn), next);
        }
    }

    /// A list of nodes: remembers them, and dials as many as are wanted.
    pub(super) fn peers_told(&mut self, conn: ConnId, message: &Message) {
        let Some(list) = message.values().first().and_then(Value::as_array) else {
            return self.close(conn, Reason::Malformed("peers: no list"));
        };
        let Some(link) = self.links.get_mut(&conn) else { return };
        let transport = link.transport;
        let touching = link.purpose == Purpose::Touch;
        let entries: Vec<(Place, Id)> = read_peers(list, transport, &self.config.limits).collect();
        if touching {
            link.told = entries.iter().filter(|(_, id)| *id != self.id).map(|(place, _)| place.clone()).collect();
        }
        //= p2p#3.5/peers-junk SHOULD
        //# Entries that are no address with an id are passed over and counted; the rest of the list is used.
        let skipped = list.len().min(self.config.limits.peers_read) - entries.len();
        if skipped > 0 {
            *self.stats.dropped.entry("peers-entry").or_default() += skipped as u64;
        }
        let mut acquainted = false;
        for (place, id) in entries {
            if id != self.id {
                acquainted |= self.table.get(&id).is_some_and(|&known| known != conn);
                self.book.hear(self.now, &place, &id);
            }
        }
        self.touched_peers(conn, acquainted);
        self.fill();
    }
}

/// Whether id `a` is the larger number; text that is no number counts by its bytes.
fn is_larger(a: &Id, b: &Id) -> bool {
    match (a.number(), b.number()) {
        (Some(a), Some(b)) => a > b,
        _ => a > b,
    }
}

fn read_peers(list: &[Value], transport: Transport, limits: &Limits) -> impl Iterator<Item = (Place, Id)> {
    list.iter().take(limits.peers_read).filter_map(move |entry| {
        let [address, id, ..] = entry.as_array()? else { return None };
        let address = read_address(address).filter(Address::is_dialable)?;
        Some((Seed { transport, address }, Id::from_value(id).ok()?))
    })
}

/// `[host, port]`, in memory of its own.
pub(super) fn read_address(value: &Value) -> Option<Address> {
    let [host, port, ..] = value.as_array()? else { return None };
    let host = std::str::from_utf8(host.as_bytes()?).ok().filter(|host| host.len() <= 255)?;
    let port = u16::try_from(port.as_u64()?).ok()?;
    Some(Address::new(host.to_owned(), port))
}

pub(super) fn write_address(address: &Address) -> Value {
    Value::Array(vec![Value::Str(address.host.clone()), Value::from(u64::from(address.port))])
}

/// A list of codes; what is no number among them is passed over.
pub(super) fn read_codes(value: &Value) -> Option<Vec<u64>> {
    let codes = value.as_array()?.iter().filter_map(Value::as_u64);
    Some(codes.take(MAX_CODES).collect())
}

/// Those of the codes that are methods which we know too, in the order in which they were announced.
pub(super) fn methods(codes: &[u64], own: &[Compression]) -> Vec<Compression> {
    let known = codes.iter().filter_map(|&code| Compression::from_code(code));
    let mut methods: Vec<Compression> = known.filter(|method| own.contains(method)).collect();
    methods.truncate(Compression::ALL.len());
    methods
}

/// Links opened from both sides within this time are the same event.
const SIMULTANEOUS: Duration = Duration::from_secs(10);
/// js2p throws while it reads a list of peers when it is dialling one already, and drops the link that the list came
/// from: a list of two strangers is enough. So it is told one at a time, with time to dial between them.
const SINGLY: Duration = Duration::from_secs(1);
/// js2p opens no more links than this, whoever tells it of whom.
const TOLD_SINGLY: usize = 4;
/// Codes read of one list.
const MAX_CODES: usize = 64;
