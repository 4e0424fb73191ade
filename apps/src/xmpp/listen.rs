//! `xmpp listen`: messages as they come, each once, over whatever the connection goes through.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use rfc3920::jid::Jid;
use rfc3920::stream::RequestId;
use rfc3921::ns;
use rfc3921::session::{Availability, Event, Incoming, Policy, Room, RoomEvent, Saved, Way};
use tokio::time::MissedTickBehavior;

use super::account::Account;
use super::connection::{Connection, Setup, address};
use super::options::ListenOptions;
use super::pin::write_private;
use super::show::{self, print, print_json};
use super::stay::Stay;
use super::{Ending, Outcome, room};
use crate::common::{Failure, Signals, clean};

/// Listens until it is over: by a signal, by enough messages, or by an error that only a person can do something about.
///
/// # Errors
/// An end without success.
pub async fn listen(account: &Account, options: &ListenOptions, signals: &mut Signals) -> Result<(), Ending> {
    let from = options.from.iter().map(|jid| address(jid)).collect::<Result<Vec<_>, _>>()?;
    let rooms = options.room.iter().map(|jid| address(jid)).collect::<Result<Vec<_>, _>>()?;
    let saved = options.state.as_deref().map(load).transpose()?.flatten();
    let continues = saved.is_some();
    let setup = Setup::new(account, &account.password()?)?;
    let mut connection = Connection::begin(setup, saved.unwrap_or_default(), |config| {
        (config.availability, config.carbons) = (Some(Availability::default()), true);
        config.limits.first_page = config.limits.page;
        if options.receipts {
            config.receipts = Policy::Contacts;
        }
    });
    let mut stay = Stay::default();
    for jid in &rooms {
        let nick = room::nick(account, jid.resource(), connection.jid());
        stay.enter(&mut connection, jid, nick, None)?;
    }
    let state = options.state.as_deref().map(|path| State { path, changed: false });
    let mut listener =
        Listener { options, from, state, ready: None, stay, continues, caught_up: BTreeSet::new(), count: 0 };
    let ended = listener.run(&mut connection, signals).await;
    if ended.is_ok() {
        listener.keep(&mut connection).await?;
    }
    tokio::select! {
        () = connection.close() => ended,
        _ = signals.next() => Err(Outcome::Interrupted.because("interrupted twice")),
    }
}

/// The file that tells the next run where this one ended.
struct State<'a> {
    path: &'a Path,
    changed: bool,
}

/// What an earlier run left, if it did.
fn load(path: &Path) -> Result<Option<Saved>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Saved::parse(&text)
            .map(Some)
            .map_err(|_| Failure::usage(format!("{} was not written by xmpp listen: remove it", path.display()))),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(Failure::usage(format!("cannot read {}: {why}", path.display()))),
    }
}

struct Listener<'a> {
    options: &'a ListenOptions,
    from: Vec<Jid>,
    state: Option<State<'a>>,
    /// What was asked behind our presence.
    ready: Option<RequestId>,
    stay: Stay,
    /// What was said since the last run is news.
    continues: bool,
    /// Archives, and rooms, whose past is over: what they still tell is news.
    caught_up: BTreeSet<Jid>,
    count: u64,
}

impl Listener<'_> {
    async fn run(&mut self, connection: &mut Connection, signals: &mut Signals) -> Result<(), Ending> {
        let mut login = Box::pin(tokio::time::sleep(connection.timeout()));
        let mut keep = tokio::time::interval(KEEP);
        keep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let event = tokio::select! {
                event = connection.next() => event,
                _ = signals.next() => return Ok(()),
                _ = keep.tick(), if self.state.as_ref().is_some_and(|state| state.changed) => {
                    self.keep(connection).await?;
                    continue;
                }
                room = self.stay.due() => {
                    self.stay.again(connection, &room);
                    continue;
                }
                () = &mut login, if !connection.was_online() => {
                    return Err(Outcome::Timeout.because("login took too long: see --timeout"));
                }
            };
            self.on_event(connection, event)?;
            if self.options.count.is_some_and(|count| self.count >= count) {
                return Ok(());
            }
        }
    }

    fn on_event(&mut self, connection: &mut Connection, event: Event) -> Result<(), Ending> {
        if let Some(end) = connection.is_over(&event) {
            return Err(end);
        }
        match event {
            Event::Message(incoming) => self.message(connection, &incoming)?,
            Event::CaughtUp { archive, .. } => {
                self.caught_up.insert(archive);
                self.changed();
            }
            Event::Room { room, event } => self.room(connection, &room, &event)?,
            Event::Presence(presence) if self.options.presence => match self.options.json {
                true => show::presence_json(&presence, connection.unix()).map_or(Ok(()), |it| print_json(&it))?,
                false => show::presence_line(&presence).map_or(Ok(()), |line| print(&line))?,
            },
            Event::Offline { error, .. } => {
                tracing::warn!("the connection is lost: {}; trying again", clean(&error.to_string()))
            }
            Event::Online(online) if online.resumed => tracing::info!("the session goes on"),
            // When this is answered, the server has our presence, and messages come here.
            Event::Ready => {
                let domain = connection.jid().to_domain();
                let (session, now) = connection.command();
                self.ready = session.ping(now, &domain).ok();
            }
            Event::Answer { request, .. } if self.ready == Some(request) => {
                let jid = connection.session().jid().map_or("", Jid::as_str);
                tracing::info!("listening as {}", clean(jid));
            }
            Event::Asked { from, .. } => {
                let from = clean(from.as_str());
                tracing::info!("{from} asks to see when we are there: xmpp roster approve {from}");
            }
            Event::Dropped { reason } => tracing::debug!("left aside: {reason:?}"),
            _ => {}
        }
        Ok(())
    }

    fn changed(&mut self) {
        if let Some(state) = &mut self.state {
            state.changed = true;
        }
    }

    /// Writes down what was told, for nobody else to read: who one's contacts are is one's own business. What the session
    /// knows and this program does not is told before, so that none of it is lost.
    async fn keep(&mut self, connection: &mut Connection) -> Result<(), Ending> {
        if !self.state.as_ref().is_some_and(|state| state.changed) {
            return Ok(());
        }
        while let Ok(event) = tokio::time::timeout(Duration::ZERO, connection.next()).await {
            self.on_event(connection, event)?;
        }
        let Some(state) = &mut self.state else { return Ok(()) };
        state.changed = false;
        let written = write_private(state.path, &connection.session().saved().to_text());
        Ok(written.map_err(|e| Failure::runtime(format!("cannot write {}: {e}", state.path.display())))?)
    }

    fn message(&mut self, connection: &Connection, incoming: &Incoming) -> Result<(), Ending> {
        self.changed();
        let archive = match connection.session().room(&incoming.with) {
            Some(room) => &room.jid,
            None => connection.jid(),
        };
        let is_past = matches!(incoming.way, Way::Archive | Way::History) && !self.caught_up.contains(archive);
        let is_wanted =
            |jid: &Jid| *jid == incoming.from || *jid == incoming.from.bare() || *jid == incoming.from.to_domain();
        if is_past && !self.continues || !self.from.is_empty() && !self.from.iter().any(is_wanted) {
            return Ok(());
        }
        self.count += 1;
        match self.options.json {
            true => print_json(&show::json(incoming)),
            false => print(&show::line(incoming)),
        }
    }

    fn room(&mut self, connection: &Connection, room: &Jid, event: &RoomEvent) -> Result<(), Ending> {
        let archives = |room: &Room| room.info.has(ns::ARCHIVE);
        // It ends what a room says about the time before, where there is no archive to be read.
        if let RoomEvent::Subject { .. } = event
            && !connection.session().room(room).is_some_and(archives)
        {
            self.caught_up.insert(room.clone());
        }
        self.stay.on_event(connection, room, event)
    }
}

/// How often what was told is written down.
const KEEP: Duration = Duration::from_secs(1);
