//! What the model wants done, done: by the sessions, the history and the terminal.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use rfc3920::stream::{RequestError, RequestId};
use rfc3921::roster::Item;
use rfc3921::session::{Answer, Availability, CommandError, Event, Session, Text};
use rfc3921::upload::Request;
use wire::Instant;

use super::super::account::Account;
use super::super::connection::Connection;
use super::super::{Ending, put, upload};
use super::action::Action;
use super::command::SubVerb;
use super::conversation::{Kind, Line, Mark, Place, Who};
use super::history::{History, Window};
use super::model::Model;
use super::notify::Notifier;

/// An account and its connection.
pub struct Linked {
    /// Who we are.
    pub account: Account,
    /// Its session on sockets.
    pub connection: Connection,
}

/// What an answer is waited for.
enum Waiting {
    History(Place),
    Ping(Place),
    Version(Place),
    Slot(Place, Request, tokio::fs::File),
    /// Something that is done without words.
    Done(Place),
}

/// An upload under way; gives the address of the file.
type Upload = Pin<Box<dyn Future<Output = (Place, Result<String, Ending>)>>>;

/// The world outside of the model.
pub struct World {
    /// By account.
    pub linked: Vec<Linked>,
    /// What is kept on this machine, if anything is.
    pub history: Option<History>,
    notifier: Notifier,
    waiting: BTreeMap<(usize, RequestId), Waiting>,
    uploads: Vec<Upload>,
    /// Whose turn it is to be looked at first.
    turn: usize,
    /// Lines go to standard output.
    plain: bool,
    /// Something happened since the history was written.
    stale: bool,
}

/// What happened outside.
pub enum News {
    /// A session tells something.
    Event(usize, Box<Event>),
    /// An upload is over.
    Uploaded(Place, Result<String, Ending>),
}

impl World {
    /// With these accounts.
    pub fn new(linked: Vec<Linked>, history: Option<History>, notifier: Notifier, plain: bool) -> World {
        World { linked, history, notifier, waiting: BTreeMap::new(), uploads: Vec::new(), turn: 0, plain, stale: true }
    }

    /// Waits until something happens. May be cancelled without losing it.
    pub async fn next(&mut self) -> News {
        let count = self.linked.len();
        self.turn = (self.turn + 1) % count.max(1);
        let news = poll_fn(|context| {
            for at in 0..self.uploads.len() {
                if let Poll::Ready((place, result)) = self.uploads[at].as_mut().poll(context) {
                    drop(self.uploads.remove(at));
                    return Poll::Ready(News::Uploaded(place, result));
                }
            }
            for step in 0..count {
                let at = (self.turn + step) % count;
                // What it waits for is the connection's, not the future's, which may go.
                if let Poll::Ready(event) = pin!(self.linked[at].connection.next()).poll(context) {
                    return Poll::Ready(News::Event(at, Box::new(event)));
                }
            }
            Poll::Pending
        })
        .await;
        self.stale = true;
        news
    }

    /// Does all that the model wants; true: the user wants to leave.
    pub fn act(&mut self, model: &mut Model) -> bool {
        while let Some(action) = model.next_action() {
            self.stale = true;
            match action {
                Action::Quit => return true,
                action => self.carry_out(model, action),
            }
        }
        false
    }

    fn carry_out(&mut self, model: &mut Model, action: Action) {
        match action {
            Action::Say(place, text, key) => self.say(model, &place, text, key),
            Action::Opened(place) => self.opened(model, &place),
            Action::Closed(place) => self.keep_window(model, &place),
            Action::Older(place) => self.older(model, &place),
            Action::Keep(place, key) => self.keep(model, &place, key),
            Action::Print(place, key) => self.print(model, place.as_ref(), key),
            Action::Notify(title, text) if !self.plain => self.notifier.notify(&title, &text, &mut std::io::stdout()),
            Action::Presence(show, status) => {
                for linked in &mut self.linked {
                    let (session, now) = linked.connection.command();
                    session.set_availability(now, Some(Availability { show, status: status.clone(), priority: 0 }));
                }
            }
            Action::Active(active) => {
                for linked in &mut self.linked {
                    let (session, now) = linked.connection.command();
                    session.set_active(now, active);
                }
            }
            Action::Connect(account, on) => {
                let (session, now) = self.linked[account].connection.command();
                match on {
                    true => drop(session.connect(now)),
                    false => session.close(now),
                }
            }
            Action::Upload(place, path) => self.upload(model, place, path),
            Action::Notify(..) | Action::Quit => {}
            action => self.ask(model, action),
        }
    }

    /// The commands that a session does by itself, or with an answer.
    fn ask(&mut self, model: &mut Model, action: Action) {
        let Some(place) = of(&action).cloned() else { return };
        let account = place.account;
        let (session, now) = self.linked[account].connection.command();
        let with = &place.with;
        let done: Result<Option<(RequestId, Waiting)>, CommandError> = match action {
            Action::Correct(_, id, text, key) => {
                let result = session.correct(now, with, &id, text).map_err(|why| why.to_string());
                if let Err(why) = &result {
                    model.say(Some(&place), Who::Error, why);
                }
                model.corrected(&place, key, result.ok());
                return;
            }
            Action::Retract(_, id) => session.retract(now, with, &id).map(|_| None),
            Action::React(_, id, emojis) => session.react(now, with, &id, emojis).map(|_| None),
            Action::ChatState(_, state) => {
                let _no_harm = session.chat_state(now, with, state);
                return;
            }
            Action::Displayed(_, id) => {
                let _no_harm = session.displayed(now, with, &id);
                return;
            }
            Action::Join(_, nick, password) => session.join(now, with, &nick, password.as_deref()).map(|()| None),
            Action::Leave(_, why) => session.leave(now, with, why.as_deref()).map(|()| None),
            Action::Nick(_, nick) => session.set_nick(now, with, &nick).map(|()| None),
            Action::Topic(_, text) => session.set_subject(now, with, &text).map(|()| None),
            Action::Invite(_, whom, why) => session.invite(now, with, &whom, why.as_deref(), true).map(|()| None),
            Action::Kick(_, nick, why) => quietly(session.kick(now, with, &nick, why.as_deref()), &place),
            Action::Bookmark(_, Some(bookmark)) => quietly(session.bookmark(now, &bookmark), &place),
            Action::Bookmark(_, None) => quietly(session.forget_bookmark(now, with), &place),
            Action::Contact(_, name, true) => add_contact(session, now, &place, name),
            Action::Contact(_, _, false) => quietly(session.remove_contact(now, with), &place),
            Action::Block(_, true) => quietly(session.block(now, &[with.bare()]), &place),
            Action::Block(_, false) => quietly(session.unblock(now, &[with.bare()]), &place),
            Action::Sub(_, verb) => subscription(session, now, &place, verb),
            Action::Ping(_) => session.ping(now, with).map(|request| Some((request, Waiting::Ping(place.clone())))),
            Action::Version(_) => {
                let whom = session.resources(with).next().and_then(|(name, _)| with.with_resource(name).ok());
                let whom = whom.filter(|_| with.is_bare()).unwrap_or_else(|| with.clone());
                session.version(now, &whom).map(|request| Some((request, Waiting::Version(place.clone()))))
            }
            _ => Ok(None),
        };
        match done {
            Ok(None) => {}
            Ok(Some((request, waiting))) => drop(self.waiting.insert((account, request), waiting)),
            Err(why) => model.say(Some(&place), Who::Error, &why.to_string()),
        }
    }

    fn say(&mut self, model: &mut Model, place: &Place, text: Text, key: u64) {
        let (session, now) = self.linked[place.account].connection.command();
        let result = session.say(now, &place.with, text).map_err(|why| why.to_string());
        model.taken(place, key, result);
    }

    /// An answer to something that was asked for.
    pub fn answered(
        &mut self,
        model: &mut Model,
        account: usize,
        request: RequestId,
        result: Result<Answer, RequestError>,
    ) {
        let Some(waiting) = self.waiting.remove(&(account, request)) else { return };
        match (waiting, result) {
            (Waiting::History(place), Ok(Answer::History(history))) => {
                let complete = history.fin.complete || history.messages.is_empty();
                model.archived(&place, history.messages, complete);
            }
            (Waiting::History(place), _) => model.restore(&place, Vec::new(), true),
            (Waiting::Ping(place), Ok(Answer::Pong(time))) => {
                let text = format!("{} answered after {:.0} ms", place.with, time.as_secs_f64() * 1000.0);
                model.say(Some(&place), Who::Notice, &text);
            }
            (Waiting::Version(place), Ok(Answer::Version(version))) => {
                let os = version.os.map(|os| format!(" on {os}")).unwrap_or_default();
                let text = format!("{} uses {} {}{os}", place.with, version.name, version.version);
                model.say(Some(&place), Who::Notice, &text);
            }
            (Waiting::Slot(place, request, file), Ok(Answer::Slot(slot))) => {
                let account = self.linked[account].account.clone();
                self.uploads.push(Box::pin(async move {
                    let put = put::put(&account, &slot, &request, file, true).await;
                    (place, put.map(|()| slot.get))
                }));
            }
            (Waiting::Done(_), Ok(_)) => {}
            (waiting, result) => {
                let (Waiting::Ping(place) | Waiting::Version(place) | Waiting::Slot(place, ..) | Waiting::Done(place)) =
                    waiting
                else {
                    return;
                };
                let why = result.err().map_or_else(|| "the answer is none".to_owned(), |why| why.to_string());
                model.say(Some(&place), Who::Error, &format!("{}: {why}", place.with));
            }
        }
    }

    fn upload(&mut self, model: &mut Model, place: Place, path: std::path::PathBuf) {
        let file = std::fs::File::open(&path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = match file {
            Ok((metadata, file)) if metadata.is_file() => (metadata, file),
            Ok(_) => return model.complain(&format!("{} is not a file; pack a folder first", path.display())),
            Err(why) => return model.complain(&format!("{}: {why}", path.display())),
        };
        let filename = path.file_name().map_or_else(|| "file".into(), |name| name.to_string_lossy().into_owned());
        let kind = Some(upload::media_type(&path).to_owned());
        let request = Request { filename, size: metadata.len(), kind };
        let (session, now) = self.linked[place.account].connection.command();
        match session.upload_slot(now, &request) {
            Ok(asked) => {
                model.say(Some(&place), Who::Notice, &format!("uploading {} ({} bytes)", path.display(), request.size));
                let waiting = Waiting::Slot(place.clone(), request, tokio::fs::File::from_std(file));
                self.waiting.insert((place.account, asked), waiting);
            }
            Err(why) => model.complain(&format!("{}: {why}", path.display())),
        }
    }
}

/// What is kept on this machine, and what is printed.
impl World {
    /// A conversation came on the screen: with what was said in it before.
    fn opened(&mut self, model: &mut Model, place: &Place) {
        self.keep_window(model, place);
        let Some(conversation) = model.find(place).map(|at| &mut model.conversations[at]) else { return };
        let is_room = conversation.kind == Kind::Room;
        conversation.looking_back = true;
        let account = self.linked[place.account].connection.jid().clone();
        let lines = self.history.as_mut().map(|history| history.older(&account, &place.with, None, PAGE));
        let lines = lines.unwrap_or_default();
        let nothing = lines.is_empty();
        model.restore(place, lines, false);
        // a room tells by itself what was said before
        if nothing && !is_room && self.linked[place.account].connection.session().is_ready() {
            self.older(model, place);
        }
    }

    /// Older messages: from the history, and what it does not have from the archive.
    fn older(&mut self, model: &mut Model, place: &Place) {
        let Some(at) = model.find(place) else { return };
        let conversation = &mut model.conversations[at];
        conversation.looking_back = true;
        let messages = || conversation.lines.iter().filter(|line| line.is_message());
        let oldest = messages().next().map(|line| line.time);
        let known = messages().find_map(|line| line.stanza_id.clone());
        let account = self.linked[place.account].connection.jid().clone();
        let lines = self.history.as_mut().map(|history| history.older(&account, &place.with, oldest, PAGE));
        let lines = lines.unwrap_or_default();
        if !lines.is_empty() {
            return model.restore(place, lines, false);
        }
        let (session, now) = self.linked[place.account].connection.command();
        match session.history(now, &place.with, known.as_deref(), ARCHIVE_PAGE) {
            Ok(request) => drop(self.waiting.insert((place.account, request), Waiting::History(place.clone()))),
            Err(_) => conversation.looking_back = false,
        }
    }

    fn keep(&mut self, model: &Model, place: &Place, key: u64) {
        let Some(history) = &mut self.history else { return };
        let Some(at) = model.find(place) else { return };
        let line = model.conversations[at].lines.iter().rev().find(|line| line.key == key);
        let account = self.linked[place.account].connection.jid();
        // before it has an id, nobody could find it again to say what became of it
        if let Some(line) = line.filter(|line| line.id.is_some() || line.stanza_id.is_some()) {
            history.put(account, &place.with, line);
        }
    }

    /// Keeps that a conversation is on the screen, or is not.
    fn keep_window(&mut self, model: &Model, place: &Place) {
        let Some(history) = &mut self.history else { return };
        let account = self.linked[place.account].connection.jid();
        let window = model.find(place).map(|at| {
            let conversation = &model.conversations[at];
            let (kind, nick, unread) = (conversation.kind, conversation.nick.clone(), conversation.unread);
            Window { with: place.with.to_string(), kind, nick, unread, order: at }
        });
        history.put_window(account, &place.with, window.as_ref().filter(|window| window.kind != Kind::Private));
    }

    /// Writes what is new to the history, and where each session is.
    pub fn flush(&mut self, model: &mut Model) {
        if self.history.is_none() || !std::mem::take(&mut self.stale) {
            return;
        }
        let places: Vec<_> = model.conversations.iter().filter_map(|conversation| conversation.place.clone()).collect();
        places.iter().for_each(|place| self.keep_window(model, place));
        let Some(history) = &mut self.history else { return };
        for linked in self.linked.iter().filter(|linked| linked.connection.was_online()) {
            history.put_saved(linked.connection.jid(), &linked.connection.session().saved());
        }
        if let Err(why) = history.flush() {
            self.history = None;
            model.complain(&format!("{why}; nothing is kept from now on"));
        }
    }

    fn print(&self, model: &Model, place: Option<&Place>, key: u64) {
        if !self.plain {
            return;
        }
        let at = place.map_or(Some(0), |place| model.find(place));
        let Some(conversation) = at.and_then(|at| model.conversations.get(at)) else { return };
        let Some(line) = conversation.lines.iter().rev().find(|line| line.key == key) else { return };
        println!("{}", plain(place, conversation.kind, line));
    }
}

/// A line without a screen: when, where, who, what. The lines of a longer one are indented.
pub fn plain(place: Option<&Place>, kind: Kind, line: &Line) -> String {
    let time = rfc3921::datetime::format(line.time);
    let clean = |text: &str| rfc3921::display::safe_line(text).into_owned();
    let with = place.map_or_else(|| "xmpp".to_owned(), |place| clean(place.with.as_str()));
    let text = if line.retracted { "(taken back)" } else { &line.text };
    let text = text.split('\n').map(clean).collect::<Vec<_>>().join("\n    ");
    let edited = if line.edited { "(corrected) " } else { "" };
    let failed = if line.mark == Mark::Failed { " (not delivered)" } else { "" };
    match line.who {
        Who::Notice => format!("{time} {with} -- {text}"),
        Who::Error => format!("{time} {with} !! {text}"),
        Who::Me if kind == Kind::Chat => format!("{time} to {with}: {edited}{text}{failed}"),
        Who::Them if kind == Kind::Chat => format!("{time} {with}: {edited}{text}"),
        _ => format!("{time} {with} <{}>: {edited}{text}{failed}", clean(&line.name)),
    }
}

fn quietly(
    asked: Result<RequestId, CommandError>,
    place: &Place,
) -> Result<Option<(RequestId, Waiting)>, CommandError> {
    asked.map(|request| Some((request, Waiting::Done(place.clone()))))
}

/// A contact comes in, or gets another name; a new one is asked for their presence.
fn add_contact(
    session: &mut Session,
    now: Instant,
    place: &Place,
    name: Option<String>,
) -> Result<Option<(RequestId, Waiting)>, CommandError> {
    let known = session.roster().find(&place.with).cloned();
    let is_new = known.is_none();
    let item = Item { name, ..known.unwrap_or_else(|| Item::new(place.with.bare())) };
    let asked = session.set_contact(now, item);
    if is_new && asked.is_ok() {
        session.subscribe(now, &place.with, None)?;
    }
    quietly(asked, place)
}

fn subscription(
    session: &mut Session,
    now: Instant,
    place: &Place,
    verb: SubVerb,
) -> Result<Option<(RequestId, Waiting)>, CommandError> {
    let with = &place.with;
    let done = match verb {
        SubVerb::Request => session.subscribe(now, with, None),
        SubVerb::Cancel => session.unsubscribe(now, with),
        SubVerb::Deny => session.refuse_presence(now, with),
        SubVerb::Allow => {
            let wanted = session.roster().find(with).is_none_or(|item| !item.subscription.is_seen() && !item.ask);
            let approved = session.approve(now, with);
            // who is let in is mostly somebody whom one wants to see
            if wanted && approved.is_ok() { session.subscribe(now, with, None) } else { approved }
        }
    };
    done.map(|()| None)
}

/// The conversation that an action is about.
fn of(action: &Action) -> Option<&Place> {
    match action {
        Action::Correct(place, ..)
        | Action::Retract(place, _)
        | Action::React(place, ..)
        | Action::ChatState(place, _)
        | Action::Displayed(place, _)
        | Action::Join(place, ..)
        | Action::Leave(place, _)
        | Action::Nick(place, _)
        | Action::Topic(place, _)
        | Action::Invite(place, ..)
        | Action::Kick(place, ..)
        | Action::Bookmark(place, _)
        | Action::Sub(place, _)
        | Action::Contact(place, ..)
        | Action::Block(place, _)
        | Action::Ping(place)
        | Action::Version(place) => Some(place),
        _ => None,
    }
}

/// Lines of the history at a time.
const PAGE: usize = 200;
/// Messages of the archive at a time.
const ARCHIVE_PAGE: u32 = 50;
