//! Connections: opening, bytes in and out, timers, the end.
use super::*;

use bytes::Bytes;
use wire::{CloseReason, QueryId, ResolveError, Transmit};

impl Node {
    // ---- opening

    /// Opens a connection to a place unless there is one.
    pub(super) fn dial(&mut self, place: Place, purpose: Purpose) -> Result<(), Error> {
        if self.book.is_linked(&place) || self.lookups.values().any(|(under_way, _)| *under_way == place) {
            return Ok(());
        }
        let opening = self.outgoing.iter().filter_map(|conn| self.links.get(conn));
        let opening = opening.filter(|link| link.stage == Stage::Dialling).count() + self.lookups.len();
        if opening >= self.config.limits.dials {
            return Err(Error::Busy);
        }
        if let Some(remote) = place.address.socket() {
            self.open(place, remote, purpose);
            return Ok(());
        }
        let query = self.next_query;
        self.next_query += 1;
        let (host, port) = (place.address.host.to_string(), place.address.port);
        self.lookups.insert(query, (place, purpose));
        self.out.push_back(Output::Resolve { query: QueryId(query), host, port });
        Ok(())
    }

    pub(super) fn resolved(&mut self, query: u64, answer: Result<Vec<SocketAddr>, ResolveError>) {
        let Some((place, purpose)) = self.lookups.remove(&query) else { return };
        // Any of them, so that one that cannot be reached does not stand in the way for good.
        let addresses = answer.unwrap_or_default();
        let one = self.rng.below(addresses.len() as u64) as usize;
        match addresses.get(one).copied() {
            Some(remote) if !self.book.is_linked(&place) => self.open(place, remote, purpose),
            Some(_) => {}
            None => {
                *self.stats.closed.entry("unresolved").or_default() += 1;
                self.book.fail(self.now, &place, &mut self.rng);
            }
        }
        self.fill();
    }

    fn open(&mut self, place: Place, remote: SocketAddr, purpose: Purpose) {
        let conn = ConnId::outbound(self.next_conn);
        self.next_conn += 1;
        self.stats.dialled += 1;
        let transport = place.transport;
        let mut link = Link::new(self.now, transport, true, &self.config.limits.message);
        link.purpose = purpose;
        self.book.link(self.now, &place, conn, None);
        link.places.push(place);
        self.links.insert(conn, link);
        self.outgoing.insert(conn);
        self.out.push_back(Output::Connect { conn, transport, remote });
        self.timers.arm(Timer::Link(conn), self.now + self.config.timing.dial);
    }

    pub(super) fn opened(&mut self, conn: ConnId, transport: Transport, local: SocketAddr, remote: SocketAddr) {
        if self.links.get(&conn).is_some_and(|link| link.stage != Stage::Dialling) {
            return;
        }
        if conn.is_inbound() {
            let enough = self.config.max_incoming.saturating_mul(2).saturating_add(16);
            if transport == Transport::Udp || self.links.len() - self.outgoing.len() >= enough {
                *self.stats.closed.entry(Reason::Full.name()).or_default() += 1;
                return self.out.push_back(Output::Close { conn });
            }
            self.links.insert(conn, Link::new(self.now, transport, false, &self.config.limits.message));
        }
        let now = self.now;
        let Some(link) = self.links.get_mut(&conn) else { return self.out.push_back(Output::Close { conn }) };
        link.ends = Some((local, remote));
        link.stage = Stage::Greeting;
        (link.since, link.heard) = (now, now);
        self.timers.arm(Timer::Link(conn), now + self.config.timing.handshake);
        //= p2p#3.5/both-speak MUST
        //# The handshake goes out as soon as the connection is open, on either side.
        //= p2p#3.5/ws-server-answers MUST
        //# An accepted WebSocket link is left silent here; `greeted` answers it.
        if !(conn.is_inbound() && matches!(transport, Transport::Ws | Transport::Wss)) {
            self.send_handshake(conn);
        }
    }

    // ---- bytes

    pub(super) fn received(&mut self, conn: ConnId, data: Bytes) {
        let now = self.now;
        let open = self.links.get_mut(&conn).filter(|link| link.stage != Stage::Dialling);
        let Some(link) = open else { return };
        self.stats.bytes_in += data.len() as u64;
        link.heard = now;
        link.pinged = None;
        link.received = link.received.saturating_add(data.len());
        //= p2p#3.11/ws-stream MUST
        //# Pieces of every transport go into one decoder, whatever their bounds.
        link.decoder.push(data);
        let mut whole = false;
        while let Some(link) = self.links.get_mut(&conn)
            && let Some(frame) = link.decoder.next()
        {
            whole = true;
            self.stats.frames_in += 1;
            let limits = &self.config.limits.message;
            let message = frame.and_then(|body| frame::open(body, &link.inflate, limits));
            match message {
                Ok(message) => self.accept(conn, message),
                //= p2p#5/short-array MAY
                //# Both programs keep a link on which a well-hashed array was too short; so does this, and counts it.
                Err(error) if !error.closes() && link.stage == Stage::Routed => {
                    let sender = link.id.clone().unwrap_or_default();
                    self.drop_message(sender, Reason::Junk(error));
                }
                //= p2p#5/junk-closes MUST
                //# Whatever is no frame or no message ends the link that it came on, and nothing else.
                Err(error) => self.close(conn, Reason::Junk(error)),
            }
        }
        self.note_partial(conn, whole);
    }

    /// Notes since when a frame has been incomplete.
    fn note_partial(&mut self, conn: ConnId, whole: bool) {
        let (now, timing) = (self.now, &self.config.timing);
        let Some(link) = self.links.get_mut(&conn) else { return };
        let buffered = link.decoder.buffered();
        self.partial = self.partial.saturating_sub(link.buffered).saturating_add(buffered);
        link.buffered = buffered;
        if buffered == 0 {
            link.partial = None;
        } else if whole || link.partial.is_none() {
            link.partial = Some(now);
            self.timers.arm_by(Timer::Link(conn), now + timing.frame);
        }
        if link.stage == Stage::Greeting && link.received > self.config.limits.greeting {
            self.close(conn, Reason::Stranger);
        }
        while self.partial > self.config.limits.partial {
            let longest = self.links.iter().max_by_key(|(_, link)| link.buffered).map(|(&conn, _)| conn);
            let Some(longest) = longest else { break };
            self.close(longest, Reason::HalfFrame);
        }
    }

    fn accept(&mut self, conn: ConnId, message: Message) {
        let Some(link) = self.links.get(&conn) else { return };
        let greeting = is_handshake(&message);
        match link.stage {
            Stage::Routed if greeting => self.greeted_again(conn, &message),
            Stage::Routed => self.understand(conn, message),
            _ if greeting => {
                self.greeted(conn, &message);
                let early = self.links.get_mut(&conn).and_then(|link| link.early.take());
                if let Some(early) = early.filter(|_| self.links.contains_key(&conn)) {
                    self.understand(conn, early);
                }
            }
            //= p2p#3.5/early-meta SHOULD
            //# One such message is kept until the handshake has come.
            _ if message.sub() == Some(Flag::Handshake) && self.links.get(&conn).is_some_and(|l| l.early.is_none()) => {
                if let Some(link) = self.links.get_mut(&conn) {
                    link.early = Some(message);
                }
            }
            //= p2p#3.5/before-handshake SHOULD
            //# A link that says anything else first is closed: no known program does so, and a stranger costs one frame.
            _ => self.close(conn, Reason::Stranger),
        }
    }

    /// Sends one message over one link.
    pub(super) fn send(&mut self, conn: ConnId, message: &Message) {
        let Some(link) = self.links.get(&conn) else { return };
        let frame = frame::encode(message, link.deflate);
        self.send_frame(conn, frame);
    }

    /// Sends a frame, in its turn when the other side must not be hurried.
    pub(super) fn send_frame(&mut self, conn: ConnId, frame: Bytes) {
        let (now, pace) = (self.now, self.config.timing.pace);
        let Some(link) = self.links.get_mut(&conn) else { return };
        //= p2p#3.5/pace SHOULD
        //# Links to nodes that are not capable carry one frame at a time, `Timing::pace` apart, from a bounded queue.
        if !link.is_capable() && !pace.is_zero() {
            if link.queue.frames.is_empty() && link.queue.free <= now {
                link.queue.free = now + pace;
            } else if link.queue.bytes + frame.len() > self.config.limits.queue {
                *self.stats.dropped.entry(Reason::Overflow.name()).or_default() += 1;
                return;
            } else {
                link.queue.bytes += frame.len();
                link.queue.frames.push_back(frame);
                let at = link.queue.free;
                return self.timers.arm_by(Timer::Link(conn), at);
            }
        }
        self.transmit(conn, frame);
    }

    fn transmit(&mut self, conn: ConnId, data: Bytes) {
        self.stats.frames_out += 1;
        self.stats.bytes_out += data.len() as u64;
        //= p2p#3.11/ws-frame MUST
        //# One frame in each transmission, which a driver of WebSocket makes one message.
        self.out.push_back(Output::Transmit(Transmit::Stream { conn, data }));
    }

    // ---- time

    /// Does for one link what is due, and plans the next look.
    pub(super) fn look_after(&mut self, conn: ConnId) {
        self.send_queued(conn);
        self.tell_more(conn);
        let (now, timing) = (self.now, &self.config.timing);
        let Some(link) = self.links.get(&conn) else { return };
        let mut next = Instant::FAR;
        match link.stage {
            Stage::Dialling if link.since + timing.dial <= now => {
                return self.close(conn, Reason::Closed(CloseReason::Timeout));
            }
            Stage::Dialling => next = link.since + timing.dial,
            //= p2p#3.5/never-speaking SHOULD
            //# Without a handshake in time the connection is closed; generous, since py2p may be busy for a minute.
            Stage::Greeting if link.since + timing.handshake <= now => return self.close(conn, Reason::Silent),
            Stage::Greeting => next = link.since + timing.handshake,
            Stage::Routed => {}
        }
        //= p2p#3.5/half-frame SHOULD
        //# The clock runs from the frame's first byte, so that dripping bytes does not stop it.
        if let Some(partial) = link.partial {
            if partial + timing.frame <= now {
                return self.close(conn, Reason::HalfFrame);
            }
            next = next.min(partial + timing.frame);
        }
        if !link.queue.frames.is_empty() {
            next = next.min(link.queue.free);
        }
        if !link.untold.is_empty() {
            next = next.min(link.tell_next);
        }
        if link.stage == Stage::Routed && link.is_capable() {
            let (heard, pinged) = (link.heard, link.pinged);
            match pinged {
                Some(at) if at + timing.pong <= now => return self.close(conn, Reason::Unresponsive),
                Some(at) => next = next.min(at + timing.pong),
                None if heard + timing.ping <= now => {
                    next = next.min(now + timing.pong);
                    self.ping(conn);
                }
                None => next = next.min(heard + timing.ping),
            }
        }
        if let Some(at) = self.outlived(conn) {
            if at <= now {
                return self.close(conn, Reason::Done);
            }
            next = next.min(at);
        }
        if next < Instant::FAR {
            self.timers.arm_by(Timer::Link(conn), next);
        }
    }

    fn send_queued(&mut self, conn: ConnId) {
        let (now, pace) = (self.now, self.config.timing.pace);
        if let Some(link) = self.links.get_mut(&conn)
            && link.queue.free <= now
            && let Some(frame) = link.queue.pop()
        {
            link.queue.free = now + pace;
            self.transmit(conn, frame);
        }
    }

    // ---- the end

    /// Ends a link that is of no more use.
    pub(super) fn close(&mut self, conn: ConnId, reason: Reason) {
        self.end(conn, reason, true);
    }

    /// Forgets a link, whoever ended it.
    pub(super) fn end(&mut self, conn: ConnId, reason: Reason, tell_driver: bool) {
        let Some(link) = self.links.remove(&conn) else { return };
        self.outgoing.remove(&conn);
        self.partial = self.partial.saturating_sub(link.buffered);
        self.timers.disarm(Timer::Link(conn));
        if tell_driver {
            self.out.push_back(Output::Close { conn });
        }
        *self.stats.closed.entry(reason.name()).or_default() += 1;
        self.settle_places(conn, &link, &reason);
        match &link.id {
            Some(id) if self.table.get(id) == Some(&conn) => {
                self.table.remove(id);
                if let Some(spare) = self.spare.remove(id) {
                    self.table.insert(id.clone(), spare);
                    self.catch_up(spare);
                } else {
                    self.tell(Event::Left(id.clone(), reason));
                    self.lost(id);
                    self.branch_lost(&link);
                }
            }
            Some(id) if self.spare.get(id) == Some(&conn) => {
                self.spare.remove(id);
            }
            _ => {
                let remote = link.remote().or_else(|| link.places.first().and_then(|place| place.address.socket()));
                if let Some(remote) = remote.filter(|_| link.ends.is_some() || link.purpose == Purpose::Asked) {
                    self.tell(Event::Refused(remote, reason));
                }
            }
        }
        self.after_touch(&link);
        if link.purpose == Purpose::Reply {
            self.reply_dial_failed(&link);
        }
        self.fill();
    }

    /// Tells the address book how it went.
    fn settle_places(&mut self, conn: ConnId, link: &Link, reason: &Reason) {
        let lived = self.now - link.since;
        let worked =
            link.stage == Stage::Routed && lived >= WORKED || matches!(reason, Reason::Done | Reason::Conflict);
        for place in &link.places {
            self.book.unlink(self.now, place, conn, worked, &mut self.rng);
            match reason {
                Reason::Itself => self.book.is_itself(place),
                Reason::Asked => self.book.rest(place, self.now + self.config.timing.refresh),
                Reason::Done => self.book.rest(place, self.now + self.config.timing.touch / 2),
                _ => {}
            }
        }
    }
}

/// Whether the message is a handshake of the mesh: a hash table's has fewer items.
fn is_handshake(message: &Message) -> bool {
    message.main() == MainFlag::Whisper && message.sub() == Some(Flag::Handshake) && message.payload().len() >= 5
}

/// A link that lasted so long did not fail.
const WORKED: Duration = Duration::from_secs(10);
