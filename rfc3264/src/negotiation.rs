use rfc4566::{Attribute, Group, Media, Session, Word};

use crate::capabilities::{Capabilities, LocalStream};
use crate::error::Error;
use crate::local::{Local, State, closed};
use crate::slot::Slot;
use crate::stream::{Side, Stream};

/// The negotiation of one dialog: what both sides last said, and what that comes to.
///
/// A stream of ours that the peer refused, took away or never offered rests until [`Negotiation::restore`] or an offer
/// of the peer wakes it; it is not offered again on its own. The value is plain: clone it where a call forks.
///
/// ```
/// use rfc3264::{Capabilities, Format, LocalStream, Negotiation};
/// use rfc4566::Direction;
///
/// let party = |host: [u8; 4], port| {
///     let mut own = Capabilities::new(host.into(), u64::from(port));
///     own.streams.push(LocalStream::audio(port, vec![Format::fixed(0).unwrap(), Format::fixed(8).unwrap()]));
///     Negotiation::new(own)
/// };
/// let (mut alice, mut bob) = (party([192, 0, 2, 1], 4000), party([192, 0, 2, 2], 5000));
/// let offer = alice.offer()?;
/// let answer = bob.answer(offer)?;
/// alice.accept(answer)?;
/// assert_eq!(alice.streams()[0].remote_rtp.as_ref().unwrap().socket_addr(), Some(([192, 0, 2, 2], 5000).into()));
///
/// bob.hold();
/// let offer = bob.offer()?;
/// bob.accept(alice.answer(offer)?)?;
/// assert_eq!(alice.streams()[0].direction, Direction::RecvOnly);
/// assert!(alice.streams()[0].held_by_peer);
/// # Ok::<(), rfc3264::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Negotiation {
    /// Who we are. Its list of streams is empty: they are kept in `locals`.
    own: Capabilities,
    locals: Vec<Local>,
    agreed: Agreed,
    /// Our offer that waits for its answer, with what the slots become.
    pending: Option<(Session, Vec<Slot>)>,
    /// Our last description that went out, even if it was refused since: versions count on from it.
    sent: Option<Session>,
    streams: Vec<Stream>,
}

/// Names one of our streams in a [`Negotiation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamId(pub(crate) usize);

/// What both sides last said.
#[derive(Clone, Debug, Default)]
struct Agreed {
    local: Option<Session>,
    remote: Option<Session>,
    /// One for each media description.
    slots: Vec<Slot>,
}

impl Agreed {
    /// The groups that both descriptions have, with the streams that both put into them.
    fn groups(&self) -> Vec<Group> {
        let (Some(local), Some(remote)) = (&self.local, &self.remote) else { return Vec::new() };
        let mut groups: Vec<Group> = local.attributes.groups().collect();
        groups.retain_mut(|group| {
            // Of several groups of one kind, theirs is the one that shares most with ours.
            let shared = |theirs: &Group| theirs.mids.iter().filter(|mid| group.mids.contains(mid)).count();
            let same_kind = remote.attributes.groups().filter(|theirs| theirs.semantics == group.semantics);
            let theirs = same_kind.max_by_key(shared);
            group.mids.retain(|mid| theirs.as_ref().is_some_and(|theirs| theirs.mids.contains(mid)));
            theirs.is_some()
        });
        groups
    }
}

impl Negotiation {
    /// Nothing said yet.
    pub fn new(mut own: Capabilities) -> Negotiation {
        let streams = std::mem::take(&mut own.streams);
        let locals = streams.into_iter().map(|stream| Local { stream, state: State::Wanted, held: false }).collect();
        Negotiation { own, locals, agreed: Agreed::default(), pending: None, sent: None, streams: Vec::new() }
    }

    /// What the two descriptions come to, one entry for each media description. Empty before the first exchange.
    pub fn streams(&self) -> &[Stream] {
        &self.streams
    }

    /// Our last description that counts.
    pub fn local(&self) -> Option<&Session> {
        self.agreed.local.as_ref()
    }

    /// The peer's last description that counts.
    pub fn remote(&self) -> Option<&Session> {
        self.agreed.remote.as_ref()
    }

    /// Whether an offer of ours waits for its answer.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Who we are, to be changed for the next description. Streams have their own methods.
    pub fn capabilities_mut(&mut self) -> &mut Capabilities {
        &mut self.own
    }

    /// Our streams with their names, those that were removed left out.
    pub fn locals(&self) -> impl Iterator<Item = (StreamId, &LocalStream)> {
        let kept = self.locals.iter().enumerate().filter(|(_, local)| local.state != State::Removed);
        kept.map(|(index, local)| (StreamId(index), &local.stream))
    }

    /// One of our streams, to be changed for the next description: port, formats, direction…
    //= rfc3264#8/different MAY
    //# Whatever is changed here stands in the next offer.
    //= rfc3264#8.3.1/port MAY
    //# A field like any other.
    //= rfc3264#8.3.1/transport MAY
    //# The same.
    //= rfc3264#8.3.2/formats MAY
    //# The same; slots see to it that numbers keep their meaning.
    //= rfc3264#8.3.3/type MAY
    //# The same.
    //= rfc3264#8.3.4/any MAY
    //# The same.
    pub fn local_mut(&mut self, id: StreamId) -> Option<&mut LocalStream> {
        self.locals.get_mut(id.0).map(|local| &mut local.stream)
    }

    /// Adds a stream to the next offer.
    pub fn add(&mut self, stream: LocalStream) -> StreamId {
        self.locals.push(Local { stream, state: State::Wanted, held: false });
        StreamId(self.locals.len() - 1)
    }

    /// Takes a stream away with the next offer.
    pub fn remove(&mut self, id: StreamId) {
        self.set_state(id, State::Removed);
    }

    /// Has a stream that rests, or was removed, offered again.
    pub fn restore(&mut self, id: StreamId) {
        self.set_state(id, State::Wanted);
    }

    fn set_state(&mut self, id: StreamId, state: State) {
        if let Some(local) = self.locals.get_mut(id.0) {
            local.state = state;
        }
    }

    /// Puts the peer on hold with the next description: all streams stop receiving.
    //= rfc3264#8.4/zero-port MUST NOT
    //# A hold changes the direction and neither address nor port.
    pub fn hold(&mut self) {
        self.locals.iter_mut().for_each(|local| local.held = true);
    }

    /// Ends the hold with the next description.
    pub fn resume(&mut self) {
        self.locals.iter_mut().for_each(|local| local.held = false);
    }

    /// Holds or resumes one stream with the next description.
    //= rfc3264#8.4/independent MUST
    //# Every stream has its own mark; hold() and resume() only set them all.
    pub fn set_held(&mut self, id: StreamId, held: bool) {
        if let Some(local) = self.locals.get_mut(id.0) {
            local.held = held;
        }
    }

    /// Makes an offer of all that is wanted: the first one, or a later one, which equals our last description up to the
    /// version when nothing has changed.
    ///
    /// # Errors
    /// [`Error::OfferPending`] while one waits for its answer.
    //= rfc3264#4/any-time MAY
    //# Whenever no other offer waits.
    //= rfc3264#8/any-time MAY
    //# Also after the first exchange.
    //= rfc3264#8/identical MAY
    //# An offer without changes equals our last description, its version included.
    //= rfc3264#4/one-offer MUST NOT
    //# An offer of ours that waits blocks the next one; an offer of the peer never waits here, it is answered at once.
    //= rfc3264#4/own-pending MUST NOT
    //# The error comes before anything is looked at.
    //= rfc3264#5/valid MUST
    //# What Session and Media write fits the grammar; contact lines are left out.
    //= rfc3264#8/stream-count MUST
    //# One description a slot, and slots only grow.
    pub fn offer(&mut self) -> Result<Session, Error> {
        if self.pending.is_some() {
            return Err(Error::OfferPending);
        }
        let mut slots = self.agreed.slots.clone();
        self.fill(&mut slots);
        let mut session = self.own.session();
        //= rfc3264#8/streams-kept MUST
        //# There is one slot for each description ever agreed on, in order, and one description for each slot.
        //= rfc3264#8/not-removed MUST NOT
        //# Slots are never taken away; an empty one is written with port 0.
        for (index, slot) in slots.iter().enumerate() {
            let before = self.agreed.local.as_ref().and_then(|session| session.media.get(index));
            session.media.push(self.offered(slot, before));
        }
        add_groups(&mut session, self.agreed.groups());
        self.number(&mut session);
        self.pending = Some((session.clone(), slots));
        Ok(session)
    }

    /// Gives the streams that are wanted and have no slot a free one of their media type, or a new one.
    //= rfc3264#8.1/below MUST
    //# New slots are pushed at the end.
    fn fill(&self, slots: &mut Vec<Slot>) {
        for (index, local) in self.locals.iter().enumerate() {
            let id = StreamId(index);
            if local.state != State::Wanted || slots.iter().any(|slot| slot.id == Some(id)) {
                continue;
            }
            let kind = &local.stream.kind;
            let free =
                |slot: &&mut Slot| slot.closed && slot.kind == *kind && slot.id.is_none_or(|id| self.is_removed(id));
            let fresh = Slot::new(kind.clone(), local.stream.mid.clone(), Some(id));
            match slots.iter_mut().find(free) {
                Some(slot) => *slot = fresh,
                None => slots.push(fresh),
            }
        }
    }

    fn is_removed(&self, id: StreamId) -> bool {
        self.locals.get(id.0).is_none_or(|local| local.state == State::Removed)
    }

    /// The description of one slot in an offer.
    //= rfc3264#8.3.1/rest-unchanged SHOULD
    //# The description is made from the stream's fields; those that are not touched are written as before.
    fn offered(&self, slot: &Slot, before: Option<&Media>) -> Media {
        let local = slot.id.and_then(|id| self.locals.get(id.0));
        let Some(local) = local.filter(|local| local.state == State::Wanted && local.stream.port != 0) else {
            let own = || local.map(|local| local.stream.media(local.stream.formats.clone()));
            let empty = || Media::with(slot.kind.clone(), 0, Word::from_static("RTP/AVP"));
            return closed(&before.cloned().or_else(own).unwrap_or_else(empty));
        };
        let mut media = local.stream.media(slot.number(&local.stream.formats));
        local.write_direction(local.wanted(), &mut media);
        //= rfc5888#9.1/mid-kept SHOULD
        //# The slot remembers the name from the first exchange on.
        if let Some(mid) = &slot.mid {
            set_mid(&mut media, mid);
        }
        media
    }

    /// Takes the answer to our offer.
    ///
    /// The same answer once more, as a provisional and a final SIP response carry it, changes nothing.
    ///
    /// # Errors
    /// [`Error::NoOffer`] when no offer waits; [`Error::AnswerMismatch`] when the answer is for another one, upon which
    /// all is as before the offer.
    //= rfc3264#4/atomic MUST
    //# What was agreed is replaced only at the end; a bad answer drops the offer and nothing else.
    pub fn accept(&mut self, answer: Session) -> Result<&[Stream], Error> {
        let Some((offer, mut slots)) = self.pending.take() else {
            return match self.agreed.remote.as_ref() == Some(&answer) {
                true => Ok(&self.streams),
                false => Err(Error::NoOffer),
            };
        };
        let fits = |(ours, theirs): (&Media, &Media)| theirs.port == 0 || same_kind(ours, theirs);
        if offer.media.len() != answer.media.len() || !offer.media.iter().zip(&answer.media).all(fits) {
            return Err(Error::AnswerMismatch);
        }
        for (slot, (ours, theirs)) in slots.iter_mut().zip(offer.media.iter().zip(&answer.media)) {
            slot.record(ours, theirs);
            if slot.closed && ours.port != 0 {
                self.rest(slot.id);
            }
        }
        self.agree(offer, answer, slots);
        Ok(&self.streams)
    }

    /// Our offer was refused, or its transaction ended without an answer: all is as before it.
    pub fn reject(&mut self) {
        self.pending = None;
    }

    /// Answers an offer of the peer, the first one or a later one.
    ///
    /// # Errors
    /// [`Error::Glare`] while an offer of ours waits, [`Error::StreamsMissing`] when the offer forgot streams,
    /// [`Error::NotAcceptable`] when no stream of it can be used. All is then as before the offer.
    //= rfc3264#4/answer-or-reject MAY
    //# An error is what the carrier refuses the offer with.
    //= rfc3264#8.3.1/answer-same MAY
    //# An offer that changes nothing for us brings the description from before.
    //= rfc3264#6/origin MUST
    //# The origin line is our own.
    //= rfc3264#8/no-op MUST
    //# The version of an offer is not looked at.
    //= rfc3264#8/no-op-answer MUST
    //# Every offer goes the same way.
    //= rfc3264#6/zero-streams MUST
    //# No offered stream, no turn of the loop.
    pub fn answer(&mut self, offer: Session) -> Result<Session, Error> {
        if self.pending.is_some() {
            return Err(Error::Glare);
        }
        let before = self.agreed.slots.len();
        if offer.media.len() < before {
            return Err(Error::StreamsMissing { before, offered: offer.media.len() });
        }
        let mut session = self.own.session();
        //= rfc3264#6/time MUST
        //# Copied.
        session.times = offer.times.clone();
        let mut slots = self.agreed.slots.clone();
        //= rfc3264#6/streams MUST
        //# One description is pushed for each offered one, in order.
        //= rfc3264#6/stream-count MUST
        //# The same loop makes the count equal, also for none.
        for (index, theirs) in offer.media.iter().enumerate() {
            if index == slots.len() {
                slots.push(Slot::new(theirs.kind.clone(), None, None));
            }
            let side = Side::new(&offer, theirs);
            let choice = if theirs.port == 0 { None } else { self.choose(index, &slots, side) };
            if let Some(id) = choice {
                let elsewhere = slots.iter_mut().enumerate().filter(|(at, slot)| *at != index && slot.id == Some(id));
                elsewhere.for_each(|(_, slot)| slot.id = None);
            }
            let Some(slot) = slots.get_mut(index) else { continue };
            let media = match choice.and_then(|id| Some((id, self.locals.get(id.0)?))) {
                None => closed(theirs),
                Some((id, local)) => {
                    slot.take(id, theirs);
                    local.answered(side, self.own.single_format)
                }
            };
            slot.record(&media, theirs);
            session.media.push(media);
        }
        let offered = offer.media.iter().any(|media| media.port != 0);
        if offered && session.media.iter().all(|media| media.port == 0) {
            return Err(Error::NotAcceptable);
        }
        self.answer_groups(&offer, &mut session);
        self.number(&mut session);
        self.settle(&slots);
        self.agree(session.clone(), offer, slots);
        Ok(session)
    }

    /// Which of our streams answers an offered one: the one that was there before, else the first that is free and fits.
    //= rfc3264#6.1/no-common MUST
    //# Without a stream that has a format in common nothing is chosen, and the description is answered with port 0.
    fn choose(&self, index: usize, slots: &[Slot], offered: Side<'_>) -> Option<StreamId> {
        let fits = |id: &StreamId| {
            let local = self.locals.get(id.0);
            local.is_some_and(|local| local.state != State::Removed && local.fits(offered))
        };
        let taken =
            |id: &StreamId| slots.iter().enumerate().any(|(at, s)| at != index && s.id == Some(*id) && !s.closed);
        let own = slots.get(index).and_then(|slot| slot.id).filter(fits).filter(|id| !taken(id));
        own.or_else(|| (0..self.locals.len()).map(StreamId).filter(fits).find(|id| !taken(id)))
    }

    /// Wakes the streams that have been answered; the others rest.
    fn settle(&mut self, slots: &[Slot]) {
        for (index, local) in self.locals.iter_mut().enumerate() {
            let used = slots.iter().any(|slot| slot.id == Some(StreamId(index)) && !slot.closed);
            if local.state != State::Removed {
                local.state = if used { State::Wanted } else { State::Resting };
            }
        }
    }

    fn rest(&mut self, id: Option<StreamId>) {
        let local = id.and_then(|id| self.locals.get_mut(id.0));
        if let Some(local) = local.filter(|local| local.state == State::Wanted) {
            local.state = State::Resting;
        }
    }

    //= rfc5888#9.2/unknown-semantics MUST
    //# Groups of kinds that the application did not name are left out of the answer; BUNDLE always is.
    //= rfc5888#9.2/known-semantics MUST
    //# The others are answered.
    //= rfc5888#6/several MAY
    //# Each group of the offer is answered by itself.
    //= rfc5888#6/in-several MAY
    //# So a stream comes back in every one that had it.
    //= rfc5888#9.2/subset MUST
    //# With the names of the offer, less those of refused streams.
    //= rfc5888#9.2/offerer-asks MUST
    //# Nothing is grouped in an answer but what the offer grouped.
    //= rfc5888#6/no-mid MUST NOT
    //# One offered stream without a name, and no group with members is answered.
    //= rfc5888#6/unknown-mid MUST
    //# A group with a name that no offered stream has is passed over.
    fn answer_groups(&self, offer: &Session, session: &mut Session) {
        let own = || self.own.groups.iter().filter(|semantics| **semantics != "BUNDLE");
        let known = |group: &Group| own().any(|semantics| *semantics == group.semantics);
        let mids: Option<Vec<Word>> = offer.media.iter().map(Media::mid).collect();
        let sound = |group: &Group| match &mids {
            Some(mids) => group.mids.iter().all(|mid| mids.contains(mid)),
            None => group.mids.is_empty(),
        };
        let mut groups: Vec<Group> = offer.attributes.groups().filter(|group| known(group) && sound(group)).collect();
        //= rfc5888#9.3/capabilities SHOULD
        //# An empty group in the offer is answered with an empty one for each kind that we know.
        if offer.attributes.groups().any(|group| group.mids.is_empty()) {
            let missing = |semantics: &&Word| !groups.iter().any(|group| group.semantics == **semantics);
            let others: Vec<Word> = own().filter(missing).cloned().collect();
            groups.extend(others.into_iter().map(|semantics| Group { semantics, mids: Vec::new() }));
        }
        add_groups(session, groups);
    }

    /// Gives a new description its version: the last one's, or one more when anything differs.
    //= rfc3264#8/origin MUST
    //# Everything else in the line comes from the capabilities, whose session number stays.
    //= rfc3264#8/version MUST
    //# One more than the last version that went out.
    //= rfc3264#8/same-version MUST
    //# The old version is kept only by a description that equals the old one.
    fn number(&mut self, session: &mut Session) {
        if let Some(before) = &self.sent {
            let version = before.origin.version().unwrap_or(0);
            session.origin.set_version(version);
            if session != before {
                session.origin.set_version(version.wrapping_add(1));
            }
        }
        self.sent = Some(session.clone());
    }

    fn agree(&mut self, local: Session, remote: Session, slots: Vec<Slot>) {
        let pairs = || local.media.iter().zip(&remote.media);
        //= rfc5888#9.1/alignment MUST
        //# Streams are paired by their place; a=mid is only looked at afterwards.
        let pair = |(index, ((ours, theirs), slot)): (usize, ((&Media, &Media), &Slot))| {
            Stream::new(index, slot.id, Side::new(&local, ours), Side::new(&remote, theirs))
        };
        self.streams = pairs().zip(&slots).enumerate().map(pair).collect();
        //= rfc5888#9.1/changed-mid MUST
        //# One stream whose name differs takes the names of all away.
        if pairs().any(|(ours, theirs)| theirs.mid().is_some_and(|mid| ours.mid() != Some(mid))) {
            self.streams.iter_mut().for_each(|stream| stream.mid = None);
        }
        self.agreed = Agreed { local: Some(local), remote: Some(remote), slots };
    }
}

/// An offer from capabilities alone, such as the one of a call that is just being made.
pub fn offer(own: &Capabilities) -> Session {
    let mut negotiation = Negotiation::new(own.clone());
    negotiation.offer().unwrap_or_else(|_| own.session()) // a new negotiation has no offer that waits
}

/// The answer to a first offer, and what it comes to.
///
/// # Errors
/// [`Error::NotAcceptable`] when no stream of it can be used.
pub fn answer(offer: Session, own: &Capabilities) -> Result<(Session, Vec<Stream>), Error> {
    let mut negotiation = Negotiation::new(own.clone());
    let answer = negotiation.answer(offer)?;
    Ok((answer, negotiation.streams))
}

fn set_mid(media: &mut Media, mid: &Word) {
    if let Ok(attribute) = Attribute::value("mid", mid) {
        media.attributes.set(attribute);
    }
}

/// Writes groups, as far as their streams are there.
//= rfc5888#9.2/refused-mid MUST NOT
//# Names of streams with port 0 drop out, in answers and later offers.
//= rfc5888#9.2/answer-counts MUST
//# Later offers repeat the groups that both last descriptions have, with the streams that both name.
//= rfc5888#6/all-named MUST
//# Groups come from an offer in which every stream has a name, and names are kept.
fn add_groups(session: &mut Session, groups: Vec<Group>) {
    let open: Vec<Word> = session.media.iter().filter(|media| media.port != 0).filter_map(Media::mid).collect();
    let written: Vec<Word> = session.attributes.groups().map(|group| group.semantics).collect();
    for mut group in groups.into_iter().filter(|group| !written.contains(&group.semantics)) {
        group.mids.retain(|mid| open.contains(mid));
        session.attributes.push_typed(&group);
    }
}

fn same_kind(ours: &Media, theirs: &Media) -> bool {
    ours.kind.eq_ignore_ascii_case(&theirs.kind)
}
