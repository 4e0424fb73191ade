//! What the RTMP side tells, and what becomes of it.

use amf::amf0::{Object, Value};
use rfc3261::message::NameAddr;
use rtmp::server::{ConnectRequest, Event, Role, Track};
use rtmp::status::{
    CALL_FAILED, PLAY_FAILED, PLAY_STREAM_NOT_FOUND, PUBLISH_BAD_NAME, PUBLISH_DENIED, SEEK_FAILED, Status,
};
use rtmp::url::split_query;
use wire::ConnId;

use super::commands;
use super::dialplan::Named;
use super::line::{Command, LineConfig};
use super::media::codecs::Audio;
use super::run::{Client, LineId, Origin, Program, Seat, Waiting};
use crate::common::parse_address;
use crate::rtmp_server::Action;
use crate::rtmp_server::hub::{Spot, StreamKey};

impl Program {
    pub fn on_rtmp(&mut self, event: Event) {
        match event {
            Event::Connect { conn, request, .. } => self.on_connect(conn, &request),
            Event::Publish { conn, stream, name, query, .. } => self.on_publish(Spot { conn, stream }, &name, &query),
            Event::Play { conn, stream, name, query, .. } => self.on_play(Spot { conn, stream }, &name, &query),
            Event::Media { conn, stream, message } => {
                let (now, place) = (self.server.now(), Spot { conn, stream });
                match self.publishers.get(&place).copied() {
                    Some(line) => {
                        self.at_line(line, |line, now| line.published(now, &message));
                    }
                    None => {
                        self.with_hub(|hub, sink| {
                            hub.media(now, place, &message, sink);
                        });
                    }
                }
            }
            Event::Stopped { conn, stream, was } => self.on_stopped(Spot { conn, stream }, was),
            Event::Pause { conn, stream, pause, .. } => {
                self.hub.set(Spot { conn, stream }, |player| player.paused = pause);
            }
            Event::Receive { conn, stream, track, on } => {
                self.hub.set(Spot { conn, stream }, |player| match track {
                    Track::Audio => player.audio = on,
                    Track::Video => player.video = on,
                });
            }
            Event::Command { conn, transaction, name, arguments, .. } => {
                self.on_command(conn, transaction, &name, &arguments);
            }
            Event::Closed { conn, .. } => self.on_closed(conn),
            Event::Switch { conn, stream, .. } | Event::Seek { conn, stream, .. } => {
                let refused = Status::error(SEEK_FAILED, "This stream is live.");
                let now = self.server.now();
                let _gone = self.server.machine_mut().status(now, conn, stream, &refused);
            }
            Event::Dropped { conn, reason } => tracing::debug!(?conn, ?reason, "dropped"),
            Event::BufferLength { .. } | Event::Answer { .. } | Event::SharedObject { .. } => {}
        }
    }

    fn on_connect(&mut self, conn: ConnId, request: &ConnectRequest) {
        let (app, query) = split_query(&request.app);
        let app = app.trim_matches('/').to_owned();
        self.queries.insert(conn, [query.to_owned(), split_query(&request.tc_url).1.to_owned()]);
        match app.split_once('/') {
            Some(("sip", aor)) if !self.may(Action::Publish, &StreamKey::new("sip", aor), conn, "") => {
                tracing::warn!(aor, "denied: no or the wrong key");
                self.refuse(conn, "no or the wrong key");
            }
            Some(("sip", aor)) => {
                let settled = self.line_of(aor, &request.arguments).and_then(|(path, config)| {
                    let others = self.lines.len() + self.waiting.len();
                    let limit = others >= self.settings.max_lines && !self.paths.contains_key(&path);
                    if limit { Err("too many lines".to_owned()) } else { Ok((path, config)) }
                });
                match settled {
                    Ok((path, config)) => self.take_line(conn, path, config),
                    Err(why) => self.refuse(conn, &why),
                }
            }
            _ if app == "sip" => self.refuse(conn, "a line has the form sip/USER@DOMAIN"),
            _ => {
                let client = if app == self.settings.dial_plan.app() { Client::Plain } else { Client::Other(app) };
                self.clients.insert(conn, client);
                let now = self.server.now();
                let _gone = self.server.machine_mut().accept(now, conn, None);
            }
        }
    }

    /// Whether the keys let a client do that: one may stand in the name of the stream, the application, or the address.
    fn may(&self, action: Action, key: &StreamKey, conn: ConnId, query: &str) -> bool {
        let known = self.queries.get(&conn).map(|[app, url]| [query, app, url]);
        self.settings.keys.allow(action, key, &known.unwrap_or([query, "", ""]))
    }

    /// The stream of that name, for clients that have no line; none when they have one.
    fn plain_key(&self, conn: ConnId, name: &str) -> Option<StreamKey> {
        match self.clients.get(&conn)? {
            Client::Line(_) => None,
            Client::Plain => Some(StreamKey::new(self.settings.dial_plan.app(), name)),
            Client::Other(app) => Some(StreamKey::new(app.clone(), name)),
        }
    }

    /// Who a connect means, and how: path and settings of the line.
    fn line_of(&self, aor: &str, arguments: &[Value]) -> Result<(String, LineConfig), String> {
        let bad = || format!("{aor:?} is not USER@DOMAIN");
        let text = |at: usize, what: &str| match arguments.get(at) {
            None | Some(Value::Null | Value::Undefined) => Ok(None),
            Some(value) => match value.as_str().filter(|text| text.len() <= LONGEST) {
                Some("") => Ok(None),
                Some(text) => Ok(Some(text.to_owned())),
                None => Err(format!("connect: the {what} must be text")),
            },
        };
        if aor.contains('/') || !aor.contains('@') {
            return Err(bad());
        }
        let uri = parse_address(&format!("sip:{aor}")).map_err(|_| bad())?;
        if uri.uri().user().is_none() {
            return Err(bad());
        }
        let mut from = NameAddr::new(uri.uri());
        let (login, password) = (text(0, "user name")?, text(1, "password")?);
        if let Some(display) = text(2, "display name")? {
            from = from.with_display(&display);
        }
        let mut config = self.line_config(from);
        (config.login, config.password) = (login, password);
        match text(3, "rate")?.as_deref() {
            None => {}
            Some("wideband") => config.spoken = Audio::Speex,
            Some("narrowband") => (config.spoken, config.narrowband) = (Audio::Speex, true),
            Some(_) => return Err("connect: the rate is wideband or narrowband".to_owned()),
        }
        Ok((format!("sip/{}", aor.to_ascii_lowercase()), config))
    }

    /// The settings that all lines have in common.
    pub fn line_config(&self, from: NameAddr) -> LineConfig {
        let settings = &self.settings;
        let mut config = LineConfig::new(from, settings.int_ip, settings.ability);
        (config.ext_ip, config.proxy) = (settings.ext_ip, settings.proxy.clone());
        (config.spoken, config.goodbye) = (settings.spoken, settings.goodbye);
        config.epoch = self.server.epoch();
        config
    }

    /// Gives a client its line; whoever had it before is sent away first.
    fn take_line(&mut self, conn: ConnId, path: String, config: LineConfig) {
        self.clients.insert(conn, Client::Line(path.clone()));
        let Some(&line) = self.paths.get(&path) else {
            return self.open_line(Origin::Client(conn), path, config);
        };
        if let Some(older) = self.waiting.insert(path, Waiting { conn, config }) {
            self.refuse(older.conn, "the line was taken over by a newer connection");
        }
        if let Some(older) = self.seats.get_mut(&line).and_then(|seat| seat.control.take()) {
            tracing::info!(line, "taken over by a newer connection");
            let now = self.server.now();
            self.server.machine_mut().disconnect(now, older);
        }
        self.close_line(line);
    }

    fn on_publish(&mut self, place: Spot, name: &str, query: &str) {
        let now = self.server.now();
        let plain = self.plain_key(place.conn, name);
        if let Some(key) = plain.filter(|key| !self.may(Action::Publish, key, place.conn, query)) {
            tracing::warn!(%key, "publish denied: no or the wrong key");
            let (machine, why) = (self.server.machine_mut(), "no or the wrong key");
            let _gone = machine.reject_publish(now, place.conn, place.stream, PUBLISH_DENIED, why);
            return;
        }
        match self.clients.get(&place.conn) {
            Some(Client::Line(path)) => match self.paths.get(path).copied() {
                Some(line) => self.seat_publisher(line, place),
                None => {
                    let _gone = self.server.machine_mut().accept_publish(now, place.conn, place.stream);
                }
            },
            Some(Client::Plain) => self.call_by_name(place, name),
            Some(Client::Other(app)) => {
                let key = StreamKey::new(app.clone(), name);
                let taken = self.with_hub(|hub, sink| hub.publish(now, &key, place, sink));
                match taken {
                    Ok(replaced) => {
                        if let Some(replaced) = replaced {
                            self.server.machine_mut().disconnect(now, replaced.conn);
                        }
                        let _gone = self.server.machine_mut().accept_publish(now, place.conn, place.stream);
                    }
                    Err(_) => self.refuse_publish(place, "somebody publishes that name"),
                }
            }
            None => {}
        }
    }

    /// A plain publisher: its stream's name says who is called, or whose calls it answers.
    fn call_by_name(&mut self, place: Spot, name: &str) {
        let path = format!("{}/{name}", self.settings.dial_plan.app());
        let busy = self.paths.get(&path).and_then(|line| self.seats.get(line)).is_some_and(|s| s.publisher.is_some());
        let named = match self.settings.dial_plan.named(name) {
            Ok(_) if busy => Err("somebody publishes that name".to_owned()),
            named => named,
        };
        match named {
            Ok(Named::Extension(_)) => match self.paths.get(&path).copied() {
                Some(line) => self.seat_publisher(line, place),
                None => self.refuse_publish(place, "the extension is not ready"),
            },
            Ok(Named::Call(to)) => {
                let calls = self.seats.values().filter(|seat| matches!(seat.origin, Origin::Call(_))).count();
                if calls >= self.settings.max_calls || self.paths.contains_key(&path) {
                    return self.refuse_publish(place, "too many calls, or the last one is not over yet");
                }
                let config = match self.caller() {
                    Ok(config) => config,
                    Err(why) => return self.refuse_publish(place, &why),
                };
                self.open_line(Origin::Call(to), path.clone(), config);
                match self.paths.get(&path).copied() {
                    Some(line) => self.seat_publisher(line, place),
                    None => self.refuse_publish(place, "no port for the call"),
                }
            }
            Err(why) => self.refuse_publish(place, &why),
        }
    }

    fn seat_publisher(&mut self, line: LineId, place: Spot) {
        if let Some(seat) = self.seats.get_mut(&line) {
            if let Some(before) = seat.publisher.replace(place) {
                self.publishers.remove(&before); // the last one opened wins
            }
            self.publishers.insert(place, line);
        }
        self.at_line(line, |line, _| line.publisher_changed());
        let now = self.server.now();
        let _gone = self.server.machine_mut().accept_publish(now, place.conn, place.stream);
    }

    /// Who calls for plain publishers: not registered, but able to answer challenges.
    fn caller(&self) -> Result<LineConfig, String> {
        let plan = &self.settings.dial_plan;
        let from = match &plan.from {
            Some(from) => parse_address(from)?,
            None => parse_address("\"Anonymous\" <sip:anonymous@anonymous.invalid>")?,
        };
        let mut config = self.line_config(from);
        (config.login, config.registers) = (plan.login.clone(), false);
        config.password = plan.password.clone().map(|password| password.0);
        Ok(config)
    }

    fn on_play(&mut self, place: Spot, name: &str, query: &str) {
        let now = self.server.now();
        let plain = self.plain_key(place.conn, name);
        if let Some(key) = plain.filter(|key| !self.may(Action::Play, key, place.conn, query)) {
            tracing::warn!(%key, "play denied: no or the wrong key");
            let (machine, why) = (self.server.machine_mut(), "no or the wrong key");
            let _gone = machine.reject_play(now, place.conn, place.stream, PLAY_FAILED, why);
            return;
        }
        let (key, line) = match self.clients.get(&place.conn) {
            Some(Client::Line(path)) => {
                let line = self.paths.get(path).copied();
                (line.and_then(|line| self.seats.get(&line)).map(|seat| seat.key.clone()), line)
            }
            Some(Client::Plain) => {
                let path = format!("{}/{name}", self.settings.dial_plan.app());
                (Some(StreamKey::new(self.settings.dial_plan.app(), name)), self.paths.get(&path).copied())
            }
            Some(Client::Other(app)) => (Some(StreamKey::new(app.clone(), name)), None),
            None => (None, None),
        };
        let Some(key) = key else { return self.refuse_play(place, "there is no such line") };
        if let (Some(line), Some(Client::Line(_))) = (line, self.clients.get(&place.conn))
            && let Some(before) = self.seats.get_mut(&line).and_then(|seat| seat.player.replace(place))
        {
            self.hub.stop(before); // the last one opened wins
        }
        let _gone = self.server.machine_mut().accept_play(now, place.conn, place.stream);
        if self.with_hub(|hub, sink| hub.play(now, &key, place, sink)).is_err() {
            return self.refuse_play(place, "too many streams");
        }
        if let Some(line) = line {
            self.at_line(line, |line, now| line.playing(now));
        }
    }

    fn on_stopped(&mut self, place: Spot, was: Role) {
        if was == Role::Playing {
            self.hub.stop(place);
            return;
        }
        let Some(line) = self.publishers.remove(&place) else {
            self.with_hub(|hub, sink| {
                hub.unpublish(place, sink);
            });
            return;
        };
        self.at_line(line, |line, _| line.publisher_changed());
        let Some(seat) = self.seats.get_mut(&line) else { return };
        seat.publisher = seat.publisher.filter(|publisher| *publisher != place);
        match seat.origin {
            Origin::Client(_) => {}
            Origin::Call(_) => self.close_line(line),
            Origin::Extension => {
                self.at_line(line, |line, now| {
                    let _no_call = line.command(now, Command::Bye);
                });
                self.end_playing(line);
            }
        }
    }

    fn on_command(&mut self, conn: ConnId, transaction: f64, name: &str, arguments: &[Value]) {
        let line = match self.clients.get(&conn) {
            Some(Client::Line(path)) => self.paths.get(path).copied(),
            _ => None,
        };
        let done = match (line, commands::read(name, arguments)) {
            (Some(line), Ok(command)) => {
                tracing::debug!(line, name, "command");
                self.at_line(line, |line, now| line.command(now, command)).unwrap_or(Ok(None))
            }
            (None, Ok(_)) => Err("this application has no telephone".to_owned()),
            (_, Err(why)) => Err(why),
        };
        match done {
            Ok(Some(ticket)) => {
                if let Some(seat) = line.and_then(|line| self.seats.get_mut(&line)) {
                    seat.texts.insert(ticket, transaction);
                }
            }
            Ok(None) => self.answer(conn, transaction, Ok(())),
            Err(why) => self.answer(conn, transaction, Err(why)),
        }
    }

    /// Answers a command: null, or an information object that says what was wrong.
    pub fn answer(&mut self, conn: ConnId, transaction: f64, result: Result<(), String>) {
        if transaction == 0.0 {
            return;
        }
        let result: Result<Vec<Value>, Object> = match result {
            Ok(()) => Ok(vec![Value::Null]),
            Err(why) => Err(Status::error(CALL_FAILED, &why).to_object()),
        };
        let now = self.server.now();
        let _gone = self.server.machine_mut().answer(now, conn, transaction, result);
    }

    fn on_closed(&mut self, conn: ConnId) {
        self.with_hub(|hub, sink| hub.gone(conn, sink));
        self.waiting.retain(|_, waiting| waiting.conn != conn);
        self.queries.remove(&conn);
        let Some(Client::Line(path)) = self.clients.remove(&conn) else { return };
        let Some(&line) = self.paths.get(&path) else { return };
        let mine = |seat: &Seat| seat.control == Some(conn);
        if self.seats.get(&line).is_some_and(mine) {
            self.close_line(line);
        }
    }

    pub fn refuse(&mut self, conn: ConnId, why: &str) {
        self.clients.remove(&conn);
        let now = self.server.now();
        let _gone = self.server.machine_mut().reject(now, conn, why);
    }

    fn refuse_publish(&mut self, place: Spot, why: &str) {
        let now = self.server.now();
        let _gone = self.server.machine_mut().reject_publish(now, place.conn, place.stream, PUBLISH_BAD_NAME, why);
    }

    fn refuse_play(&mut self, place: Spot, why: &str) {
        let now = self.server.now();
        let _gone = self.server.machine_mut().reject_play(now, place.conn, place.stream, PLAY_STREAM_NOT_FOUND, why);
    }
}

/// The longest argument of connect, in bytes.
const LONGEST: usize = 1024;
