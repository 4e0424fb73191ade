//! Broadcasts, and where every message goes that a link brought.
use super::*;

use bytes::Bytes;

/// Frames of one message, made once for each method of compression.
struct Frames<'a> {
    message: &'a Message,
    made: Vec<(Option<Compression>, Bytes)>,
}

impl Frames<'_> {
    fn with(&mut self, method: Option<Compression>) -> Bytes {
        if let Some((_, frame)) = self.made.iter().find(|(of, _)| *of == method) {
            return frame.clone();
        }
        let frame = frame::encode(self.message, method);
        self.made.push((method, frame.clone()));
        frame
    }
}

impl Node {
    /// A message over a link that has shaken hands.
    pub(super) fn understand(&mut self, conn: ConnId, message: Message) {
        match message.main() {
            MainFlag::Broadcast => self.flooded(conn, message),
            MainFlag::Renegotiate => self.renegotiated(conn, &message),
            //= p2p#3.6/whisper-repeats MUST
            //# What is no broadcast never meets the set of seen ones.
            _ => self.dispatch(conn, message),
        }
    }

    /// A broadcast of ours.
    pub(super) fn originate(&mut self, message: &Message) -> Result<(), Error> {
        let kept = self.config.timing.window.max(self.config.timing.recovery).as_secs();
        self.purge(self.unix().saturating_sub(kept));
        //= p2p#3.6/own-seen MUST
        //# A broadcast of ours that comes back is a repeat.
        if !self.seen.insert(key(message.id()), message.time()) {
            return Err(Error::Repeated);
        }
        self.relay(message, None);
        Ok(())
    }

    fn flooded(&mut self, conn: ConnId, message: Message) {
        let capable = self.links.get(&conn).is_some_and(Link::is_capable);
        if !self.is_news(&message, capable) {
            return self.repeated(conn, &message);
        }
        self.arrived(conn, key(message.id()));
        self.routes.learn(message.sender(), conn);
        if message.sender() != &self.id {
            self.stats.relayed += 1;
        }
        self.relay(&message, Some(conn));
        // The time is looked at again: the one in an offer may be false.
        let before = self.untold.remove(&key(message.id())) && self.started.is_some_and(|at| message.time() < at);
        if !before {
            self.dispatch(conn, message);
        }
    }

    /// Whether the message is neither too old nor too new nor known; remembers it.
    pub(super) fn is_news(&mut self, message: &Message, capable: bool) -> bool {
        let (unix, time) = (self.unix(), message.time());
        let timing = &self.config.timing;
        let kept = timing.window.max(timing.recovery).as_secs();
        let window = if capable { kept } else { timing.window.as_secs() };
        //= p2p#3.6/stale MUST
        //# Older than 60 s is dropped, unless it comes from a capable node, which may pass on what we missed.
        if time.saturating_add(window) < unix {
            self.drop_message(message.sender().detached(), Reason::Stale);
            return false;
        }
        //= p2p#3.6/future SHOULD
        //# The old programs accept any future and keep its key until then; here there is a limit.
        if time > unix.saturating_add(timing.future.as_secs()) {
            self.drop_message(message.sender().detached(), Reason::Future);
            return false;
        }
        self.purge(unix.saturating_sub(kept));
        //= p2p#3.6/once MUST
        //# The message's hash covers its time, so that it alone is the key of (id, time).
        if !self.seen.insert(key(message.id()), time) {
            self.stats.duplicates += 1;
            return false;
        }
        true
    }

    //= p2p#3.6/purge SHOULD
    //# Keys too old to be accepted again are forgotten with each new message.
    fn purge(&mut self, before: u64) {
        if self.purged != before {
            self.purged = before;
            self.seen.purge(before);
            self.recent.purge(before);
        }
    }

    /// Sends a broadcast on: the same bytes, to every neighbour but its sender, the one it came from, and those that
    /// want to be told of it only.
    fn relay(&mut self, message: &Message, from: Option<ConnId>) {
        let feature = message.sub().and_then(feature);
        let old = message.time().saturating_add(self.config.timing.window.as_secs()) < self.unix();
        let mut frames = Frames { message, made: Vec::with_capacity(1) };
        //= wireworks#1.7/whole MUST
        //# `lazy` is set by the neighbour's wish alone; what cannot be asked for later is pushed all the same.
        let kept = is_kept(message).then(|| frames.with(None)).filter(|frame| self.recent.takes(frame.len()));
        let mut lazily = false;
        //= p2p#3.6/waterfall MUST
        //# To all neighbours but the original sender. Not back to where it came from either, which the old programs do.
        let to: Vec<(ConnId, Option<Compression>)> = self
            .table
            .iter()
            .filter_map(|(id, &conn)| {
                let link = self.links.get(&conn)?;
                let wanted = Some(conn) != from && id != message.sender() && link.takes(feature);
                if wanted && link.branch.lazy && kept.is_some() {
                    lazily = true;
                    return None;
                }
                // Neighbours that are not capable drop what is old.
                (wanted && (!old || link.is_capable())).then_some((conn, link.deflate))
            })
            .collect();
        for (conn, method) in to {
            self.send_frame(conn, frames.with(method));
        }
        if let Some(frame) = kept {
            self.keep(message, frame, from, lazily);
        }
    }

    /// What a message is for.
    pub(super) fn dispatch(&mut self, conn: ConnId, message: Message) {
        match message.sub() {
            Some(Flag::Peers) => self.peers_told(conn, &message),
            Some(Flag::Request) => self.requested(conn, &message),
            Some(Flag::Response) => self.responded(conn, &message),
            //= p2p#3.8/resend-ignored SHOULD
            //# No last message is kept: what py2p would make of one is junk anyway.
            Some(Flag::Resend) => {}
            Some(Flag::Other(code)) if code == u64::from(BASE) => self.extension(conn, &message),
            _ => {
                let from = self.links.get(&conn).and_then(|link| link.id.clone()).unwrap_or_default();
                self.deliver(Incoming { message, from, routed: false });
            }
        }
    }

    /// Shows a message to the handlers, then tells it.
    pub(super) fn deliver(&mut self, incoming: Incoming) {
        self.stats.delivered += 1;
        let handled = self.handlers.iter_mut().map(|handler| handler(&incoming)).find(|done| *done != Handled::Passed);
        match handled {
            Some(Handled::Consumed) => {}
            Some(Handled::Reply(values)) => {
                let to = incoming.sender().clone();
                if self.reply_to(&to, values).is_err() {
                    self.drop_message(to.detached(), Reason::NoRoute);
                }
            }
            //= p2p#3.6/other-main MUST
            //# A message with an unknown main flag reaches the user by its sub flag, as if whispered.
            Some(Handled::Passed) | None => self.tell(match incoming.message.sub() {
                Some(Flag::Broadcast | Flag::Whisper) => Event::Message(incoming),
                _ => Event::Other(incoming),
            }),
        }
    }

    /// The other side wants other methods of compression, or the last message again.
    fn renegotiated(&mut self, conn: ConnId, message: &Message) {
        let own = self.config.compression.clone();
        let Some(link) = self.links.get_mut(&conn).filter(|_| message.sub() == Some(Flag::Compression)) else { return };
        let Some(codes) = message.values().first().and_then(read_codes) else {
            return self.close(conn, Reason::Malformed("renegotiate: no list"));
        };
        let wanted = greet::methods(&codes, &own);
        if wanted == link.agreed {
            return;
        }
        //= p2p#3.8/renegotiate MUST
        //# The link's list becomes the given one, and a change is answered with what remains of ours in our order.
        link.deflate = own.iter().copied().find(|method| wanted.contains(method));
        let answer = own.into_iter().filter(|method| wanted.contains(method)).map(|method| Value::from(method.code()));
        let answer = Value::Array(answer.collect());
        // What is under way may still be compressed by a method that is no longer wanted: `inflate` keeps it.
        for &method in &wanted {
            if !link.inflate.contains(&method) {
                link.inflate.push(method);
            }
        }
        link.agreed = wanted;
        //= p2p#3.8/never-renegotiates SHOULD NOT
        //# This answer is the only renegotiation that is ever sent; the last message is never asked for.
        let message = self.message(MainFlag::Renegotiate, Flag::Compression, vec![answer]);
        self.send(conn, &message);
    }
}

use greet::read_codes;

/// Whether neighbours that missed the broadcast should get it later: not what only serves the moment.
fn is_kept(message: &Message) -> bool {
    match message.sub() {
        Some(Flag::Request | Flag::Response) => false,
        Some(Flag::Other(code)) => code != u64::from(BASE),
        _ => true,
    }
}
