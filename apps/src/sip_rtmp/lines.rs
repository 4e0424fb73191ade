//! Lines: how they are opened and closed, what they tell, and what becomes of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use net::Driver;
use wire::{ConnId, Instant};

use super::commands;
use super::line::{Callback, Command, Event, Line, LineConfig};
use super::run::{LINE, LineId, Origin, Program, Seat};
use crate::common::parse_address;
use crate::rtmp_server::hub::{Spot, StreamKey};

impl Program {
    /// Opens a line for a client, a plain call or an extension: its SIP socket, its machine, its seat.
    pub fn open_line(&mut self, origin: Origin, path: String, config: LineConfig) {
        self.next_line += 1;
        let id = self.next_line;
        let limits = net::Config { clock: self.clock, udp_buffer: UDP_BUFFER, ..net::Config::default() };
        let mut driver = Driver::with_config(Line::new(config, self.rng.split()), limits);
        driver.trace(self.trace.clone());
        let port = self.ports.of(&path);
        let local = match driver.bind_udp(SocketAddr::new(self.settings.int_ip, port)) {
            Ok(local) => local,
            Err(error) => {
                tracing::error!(path, port, "no SIP port: {error}");
                if let Origin::Client(conn) = origin {
                    self.refuse(conn, "Cannot bind socket port");
                }
                return;
            }
        };
        self.ports.keep(&path, local.port());
        tracing::info!(line = id, path, %local, "line opened");
        let key = match &origin {
            Origin::Client(_) => StreamKey::new(format!("{LINE}{id}"), "remote"),
            Origin::Call(_) | Origin::Extension => {
                let (app, name) = path.split_once('/').unwrap_or((&path, ""));
                StreamKey::new(app, name)
            }
        };
        let control = match origin {
            Origin::Client(conn) => Some(conn),
            _ => None,
        };
        let seat =
            Seat { path: path.clone(), origin, key, control, publisher: None, player: None, texts: BTreeMap::new() };
        self.paths.insert(path, id);
        self.seats.insert(id, seat);
        let now = driver.now();
        driver.machine_mut().open(now, local);
        self.lines.insert(id, driver);
    }

    /// Registers the extensions of the dial plan.
    pub fn open_extensions(&mut self) {
        let extensions = self.settings.dial_plan.extension.clone();
        for extension in extensions {
            let Ok(from) = parse_address(&extension.aor) else { continue }; // checked with the settings
            let mut config = self.line_config(from);
            (config.login, config.password) = (extension.login, Some(extension.password.0));
            config.keeps_trying = true;
            let path = format!("{}/{}", self.settings.dial_plan.app(), extension.stream);
            self.open_line(Origin::Extension, path, config);
        }
    }

    /// Gives a line commands, on the time of its driver.
    pub fn at_line<R>(&mut self, line: LineId, act: impl FnOnce(&mut Line, Instant) -> R) -> Option<R> {
        let driver = self.lines.at(&line)?;
        let now = driver.now();
        Some(act(driver.machine_mut(), now))
    }

    /// The client of a line is gone, or is to go: the line says its goodbyes.
    pub fn close_line(&mut self, line: LineId) {
        self.end_playing(line);
        self.at_line(line, |line, now| line.close(now));
    }

    pub fn on_line(&mut self, id: LineId, event: Event) {
        match event {
            Event::Opened => self.on_opened(id),
            Event::Refused(why) => {
                tracing::info!(line = id, why, "line refused");
                if let Some(conn) = self.control(id) {
                    self.refuse(conn, &why);
                }
            }
            Event::Tell(callback) => self.on_callback(id, callback),
            Event::Ports { streams } => self.give_ports(id, streams),
            Event::Release(addresses) => {
                if let Some(driver) = self.lines.at(&id) {
                    for address in addresses {
                        driver.unbind_udp(address);
                    }
                }
            }
            Event::Play(message) => {
                let Some(key) = self.seats.get(&id).map(|seat| seat.key.clone()) else { return };
                let (now, place) = (self.server.now(), Spot::apart(id));
                self.with_hub(|hub, sink| {
                    if hub.published_by(place).is_none() {
                        let _nobody_else_has_it = hub.publish(now, &key, place, sink);
                    }
                    hub.media(now, place, &message, sink);
                });
            }
            Event::Text(ticket, result) => {
                let transaction = self.seats.get_mut(&id).and_then(|seat| seat.texts.remove(&ticket));
                if let (Some(conn), Some(transaction)) = (self.control(id), transaction) {
                    self.answer(conn, transaction, result);
                }
            }
            Event::Gone => self.on_gone(id),
        }
    }

    fn control(&self, id: LineId) -> Option<ConnId> {
        self.seats.get(&id)?.control
    }

    fn on_opened(&mut self, id: LineId) {
        let Some(seat) = self.seats.get(&id) else { return };
        match seat.origin.clone() {
            Origin::Client(conn) => {
                let now = self.server.now();
                if self.server.machine_mut().accept(now, conn, None).is_err() {
                    self.close_line(id); // the client did not wait
                }
            }
            Origin::Call(to) => {
                let words = self.settings.dial_plan.words();
                let invite = Command::Invite { to, words };
                if let Some(Err(why)) = self.at_line(id, |line, now| line.command(now, invite)) {
                    tracing::warn!(line = id, why, "call not made");
                    self.end_plain(id);
                }
            }
            Origin::Extension => tracing::info!(line = id, path = seat.path, "extension registered"),
        }
    }

    /// Sockets for the RTP of a call.
    fn give_ports(&mut self, id: LineId, streams: usize) {
        let (ip, first) = (self.settings.int_ip, self.settings.media_port);
        let Some(driver) = self.lines.at(&id) else { return };
        let bound: Result<Vec<_>, _> = (0..streams).map(|_| driver.bind_udp_pair(ip, first..=65_534)).collect();
        let now = driver.now();
        driver.machine_mut().ports(now, bound.map_err(|error| error.to_string()));
    }

    fn on_callback(&mut self, id: LineId, callback: Callback) {
        tracing::debug!(line = id, ?callback, "callback");
        if matches!(callback, Callback::Rejected(_) | Callback::Byed | Callback::Cancelled { .. }) {
            self.end_playing(id);
        }
        let Some(seat) = self.seats.get(&id) else { return };
        if let Some(conn) = seat.control {
            let (name, arguments) = commands::callback(callback);
            let now = self.server.now();
            let _gone = self.server.machine_mut().notify(now, conn, name, arguments);
            return;
        }
        match (&seat.origin, callback) {
            (Origin::Call(to), Callback::Rejected(reason)) => {
                tracing::info!(line = id, to, reason, "call refused");
                self.end_plain(id);
            }
            (Origin::Call(_), Callback::Byed) => self.end_plain(id),
            (Origin::Extension, Callback::Invited { from, .. }) => {
                let heard = seat.publisher.is_some() || self.hub.stream(&seat.key).is_some();
                tracing::info!(line = id, from, heard, "call to an extension");
                let command = match heard {
                    true => Command::Accept(self.settings.dial_plan.words()),
                    false => Command::Reject("480 Temporarily Unavailable".to_owned()),
                };
                self.at_line(id, |line, now| line.command(now, command));
            }
            _ => {}
        }
    }

    /// What the other side said is over.
    pub fn end_playing(&mut self, id: LineId) {
        self.with_hub(|hub, sink| {
            hub.unpublish(Spot::apart(id), sink);
        });
    }

    /// The call of a plain publisher is over: it and its players hear so, and the line goes.
    fn end_plain(&mut self, id: LineId) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        let publisher = seat.publisher.take();
        self.close_line(id);
        if let Some(place) = publisher {
            self.publishers.remove(&place);
            let now = self.server.now();
            self.server.machine_mut().disconnect(now, place.conn);
        }
    }

    /// A line has said its last word; whoever waits for its place gets it.
    fn on_gone(&mut self, id: LineId) {
        self.lines.remove(&id);
        let Some(seat) = self.seats.remove(&id) else { return };
        tracing::info!(line = id, path = seat.path, "line closed");
        if let Some(place) = seat.publisher {
            self.publishers.remove(&place);
        }
        if self.paths.get(&seat.path) == Some(&id) {
            self.paths.remove(&seat.path);
        }
        if let Some(waiting) = self.waiting.remove(&seat.path) {
            self.open_line(Origin::Client(waiting.conn), seat.path, waiting.config);
        } else if let Some(conn) = seat.control {
            let now = self.server.now();
            self.server.machine_mut().disconnect(now, conn);
        }
    }
}

/// Buffers of a line's sockets: a line carries one call.
const UDP_BUFFER: usize = 256 << 10;
