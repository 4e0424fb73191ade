//! `xmpp room`: rooms, for one command.

use rfc3920::jid::Jid;
use rfc3921::session::{Answer, Event, History, OccupantChange, Room, RoomEvent, RoomState, Saved, Text};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::account::Account;
use super::connection::{Connection, Setup, address, bounced};
use super::options::{RoomAction, RoomOptions};
use super::send::{deliver, text};
use super::show::{self, print, print_json};
use super::stay::{Stay, left};
use super::{Ending, Outcome};
use crate::common::{Signals, clean, password_file};

/// Does what the options say.
///
/// # Errors
/// An end without success.
pub async fn room(account: &Account, options: &RoomOptions, signals: &mut Signals) -> Result<(), Ending> {
    let place = match &options.action {
        RoomAction::List { service } => service.as_deref().map(address).transpose()?,
        RoomAction::Join { room } | RoomAction::Send { room, .. } | RoomAction::History { room, .. } => {
            Some(address(room)?)
        }
    };
    let said = match &options.action {
        RoomAction::Send { text: words, .. } => Some(text(words, None)?),
        _ => None,
    };
    let password = options.room_password_file.as_deref().map(password_file).transpose()?;
    let setup = Setup::new(account, &account.password()?)?;
    let mut connection = Connection::begin(setup, Saved::default(), |config| {
        config.catch_up = matches!(options.action, RoomAction::Join { .. });
    });
    let nick = nick(account, options.nick.as_deref(), connection.jid());
    let done = async {
        connection.ready().await?;
        let Some(place) = place else {
            let service = service(&mut connection).await?;
            return list(&mut connection, &service, options.json).await;
        };
        if let RoomAction::List { .. } = options.action {
            return list(&mut connection, &place, options.json).await;
        }
        match options.action {
            RoomAction::Join { .. } => enter(&mut connection, &place, &nick, password.as_deref()).await?,
            _ => visit(&mut connection, &place, &nick, password.as_deref()).await?,
        }
        match (&options.action, said) {
            (RoomAction::History { last, .. }, _) => history(&mut connection, &place.bare(), *last, options.json).await,
            (_, Some(said)) => deliver(&mut connection, &place.bare(), Text::from(said.as_str())).await.map(drop),
            _ => {
                let stay = Stay::inside(&place.bare(), &nick, password);
                converse(&mut connection, &place.bare(), stay, options.json, signals).await
            }
        }
    };
    let done = done.await;
    connection.close().await;
    done
}

/// Our name in a room: as asked for, as the account says, or the user part of our address.
pub fn nick(account: &Account, wished: Option<&str>, jid: &Jid) -> String {
    wished.or(account.nick.as_deref()).or(jid.local()).unwrap_or("me").to_owned()
}

/// Enters a room, and waits until we are in it.
///
/// # Errors
/// When it does not let us in, or does not answer.
pub async fn enter(connection: &mut Connection, room: &Jid, nick: &str, password: Option<&str>) -> Result<(), Ending> {
    join(connection, room, nick, password).await.map(drop)
}

/// The same with a room that must be there already: entering makes one, and one that a typing error has made is left
/// again, whereby it ends.
///
/// # Errors
/// As [`enter`].
pub async fn visit(connection: &mut Connection, room: &Jid, nick: &str, password: Option<&str>) -> Result<(), Ending> {
    if !join(connection, room, nick, password).await? {
        return Ok(());
    }
    let (session, now) = connection.command();
    let _left_already = session.leave(now, &room.bare(), None);
    Err(Outcome::NotFound.because(format!("there is no room {}; xmpp room join makes it", room.bare())))
}

/// Enters a room, and tells whether that made it.
async fn join(connection: &mut Connection, room: &Jid, nick: &str, password: Option<&str>) -> Result<bool, Ending> {
    let bare = room.bare();
    let (session, now) = connection.command();
    session.join(now, &bare, nick, password).map_err(|why| Outcome::Usage.because(format!("{bare}: {why}")))?;
    connection
        .wait(&format!("entering {bare}"), |_, event| match event {
            Event::Room { room, event: RoomEvent::Joined { created, .. } } if room == bare => Some(Ok(created)),
            Event::Room { room, event: RoomEvent::Refused(error) } if room == bare => {
                Some(Err(bounced(&format!("cannot enter {bare}"), &error)))
            }
            Event::Room { room, event: RoomEvent::Left { reason } } if room == bare => {
                Some(Err(Outcome::Refused.because(format!("cannot stay in {bare}: {}", left(&reason)))))
            }
            _ => None,
        })
        .await
}

/// The service for rooms that our server names.
async fn service(connection: &mut Connection) -> Result<Jid, Ending> {
    let domain = connection.jid().to_domain();
    let what = format!("{domain} does not say what services it has");
    let Answer::Items(items) = connection.ask(&what, |session, now| session.items(now, &domain, None)).await? else {
        return Err(Outcome::Failed.because(what));
    };
    for item in items.items.into_iter().filter(|item| item.node.is_none()).take(SERVICES) {
        let asked = connection.ask("services", |session, now| session.info(now, &item.jid, None)).await;
        if let Ok(Answer::Info(info)) = asked
            && info.is("conference", "text")
        {
            return Ok(item.jid);
        }
    }
    Err(Outcome::NotFound
        .because(format!("{domain} has no service for rooms: name one, as in xmpp room list rooms.example.org")))
}

async fn list(connection: &mut Connection, service: &Jid, json: bool) -> Result<(), Ending> {
    let what = format!("{service} does not list its rooms");
    match connection.ask(&what, |session, now| session.items(now, service, None)).await? {
        Answer::Items(items) => items.items.iter().try_for_each(|item| match json {
            true => print_json(&json!({"room": item.jid.as_str(), "name": item.name})),
            false => print(&clean(&format!("{:<40} {}", item.jid.as_str(), item.name.as_deref().unwrap_or_default()))),
        }),
        _ => Err(Outcome::Failed.because(what)),
    }
}

/// The last messages of a room, oldest first.
async fn history(connection: &mut Connection, room: &Jid, last: u32, json: bool) -> Result<(), Ending> {
    let what = format!("the archive of {room}");
    let mut messages = Vec::new();
    let mut before: Option<String> = None;
    while messages.len() < last as usize {
        let left = last.saturating_sub(messages.len() as u32);
        let answer = connection.ask(&what, |session, now| session.history(now, room, before.as_deref(), left)).await?;
        let Answer::History(History { messages: mut page, fin }) = answer else {
            return Err(Outcome::Failed.because(format!("{what} gives an answer that is none")));
        };
        let first = fin.page.first;
        let is_done = fin.complete || first.is_none() || first == before;
        page.append(&mut messages);
        messages = page;
        before = first;
        if is_done {
            break;
        }
    }
    messages.iter().try_for_each(|incoming| match json {
        true => print_json(&show::json(incoming)),
        false => print(&show::line(incoming)),
    })
}

/// Prints what is said, and says each line of standard input.
async fn converse(
    connection: &mut Connection,
    room: &Jid,
    mut stay: Stay,
    json: bool,
    signals: &mut Signals,
) -> Result<(), Ending> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut open = true;
    if let Some(room) = connection.session().room(room) {
        let names: Vec<String> = room.occupants.keys().map(|nick| clean(nick)).collect();
        tracing::info!("in {} as {}, with {}", clean(room.jid.as_str()), clean(&room.nick), names.join(", "));
    }
    loop {
        tokio::select! {
            line = lines.next_line(), if open && is_inside(connection.session().room(room)) => match line {
                Ok(Some(line)) if line.trim().is_empty() => {}
                Ok(Some(line)) => {
                    let (session, now) = connection.command();
                    session.say(now, room, Text::from(line.as_str())).map_err(|why| Outcome::Failed.because(why))?;
                }
                _ => open = false, // it goes on without us
            },
            event = connection.next() => {
                if let Some(end) = connection.is_over(&event) {
                    return Err(end);
                }
                if let Event::Room { room, event } = &event {
                    stay.on_event(connection, room, event)?;
                }
                tell(room, event, json)?;
                if !stay.is_anywhere() {
                    return Err(Outcome::Refused.because(format!("{room} does not want us any longer")));
                }
            }
            room = stay.due() => stay.again(connection, &room),
            _ = signals.next() => {
                let (session, now) = connection.command();
                let _left_already = session.leave(now, room, None);
                return Ok(());
            }
        }
    }
}

fn is_inside(room: Option<&Room>) -> bool {
    room.is_some_and(|room| room.state == RoomState::Joined)
}

fn tell(here: &Jid, event: Event, json: bool) -> Result<(), Ending> {
    match event {
        Event::Message(incoming) if json => print_json(&show::json(&incoming)),
        Event::Message(incoming) => print(&show::line(&incoming)),
        Event::Failed { with, error, .. } => {
            tracing::warn!("not said: {}", clean(&bounced(with.as_str(), &error).why));
            Ok(())
        }
        Event::Room { room, event } if room == *here => happened(here, event, json),
        Event::Offline { error, .. } => {
            tracing::warn!("the connection is lost: {}; trying again", clean(&error.to_string()));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn happened(room: &Jid, event: RoomEvent, json: bool) -> Result<(), Ending> {
    let (nick, what) = match event {
        RoomEvent::Subject { from, text } if !text.is_empty() => {
            let nick = from.resource().unwrap_or_default().to_owned();
            (nick, format!("the subject is: {text}"))
        }
        RoomEvent::Occupant { nick, change: OccupantChange::Joined } => (nick, "comes".to_owned()),
        RoomEvent::Occupant { nick, change: OccupantChange::Left(_) } => (nick, "goes".to_owned()),
        RoomEvent::Occupant { nick, change: OccupantChange::Renamed(new) } => (nick, format!("is now {new}")),
        _ => return Ok(()),
    };
    match json {
        true => print_json(&json!({"event": "room", "room": room.as_str(), "nick": nick, "what": what})),
        false => print(&clean(&format!("{room} -- {nick} {what}"))),
    }
}

/// Services that are asked what they are.
const SERVICES: usize = 32;
