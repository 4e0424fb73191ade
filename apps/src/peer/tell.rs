//! Tells events: what the machine says becomes JSON, for programs, for the page and, by way of words, for people.

use std::net::SocketAddr;

use mesh::{Incoming, Reason};
use net::Driver;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use serializer::{Compression, Id, Message, protocol_id};
use wire::Transport;

use super::json::{Digits, Plain, from_value, object};
use super::node::{Event, Watched};
use super::options::{Kind, NodeOptions};
use super::run::{Pending, Program, Wants};
use super::words::short;

/// What there is to tell at the start.
pub(super) struct Start<'a> {
    pub kind: Kind,
    pub options: &'a NodeOptions,
    pub driver: &'a Driver<Watched>,
    pub listen: &'a [(Transport, SocketAddr)],
    pub subnet: &'a str,
    pub compression: &'a [Compression],
    pub pin: Option<net::Fingerprint>,
    pub page: Option<SocketAddr>,
}

impl Start<'_> {
    /// The first event.
    pub fn ready(&self) -> Json {
        let first = self.listen.first();
        let transport = first.map_or(Transport::Tcp, |(transport, _)| *transport);
        let codes: Vec<u64> = self.compression.iter().map(|method| method.code()).collect();
        let mut ready = object([
            ("ev", "ready".into()),
            ("impl", "wireworks".into()),
            ("version", env!("CARGO_PKG_VERSION").into()),
            ("kind", self.kind.name().into()),
            ("id", self.id().into()),
            ("wire_id_type", "str".into()),
            ("protocol_id", protocol_id(&self.whole_subnet(), encryption(transport)).as_str().into()),
            ("addr", first.map_or(Json::Null, |(_, at)| json!([at.ip().to_string(), at.port()]))),
            ("compression", codes.into()),
            ("listen", self.listen.iter().map(|(transport, at)| format!("{transport}:{at}")).collect()),
            ("subnet", self.subnet.into()),
        ]);
        if let Some(name) = &self.options.name {
            ready.insert("name".into(), name.as_str().into());
        }
        if let Some(seed) = self.options.random_seed {
            ready.insert("random_seed".into(), seed.into());
        }
        if let Some(pin) = self.pin {
            ready.insert("pin".into(), pin.to_string().into());
        }
        if let Some(page) = self.page {
            ready.insert("http".into(), format!("http://{page}/").into());
        }
        Json::Object(ready)
    }

    /// The same for people.
    pub fn lines(&self) -> Vec<String> {
        let places: Vec<String> = self.listen.iter().map(|(transport, at)| format!("{transport}:{at}")).collect();
        let kind = self.kind.name();
        let mut lines = vec![format!(
            "peer {} {kind}, node {}, listening on {}",
            env!("CARGO_PKG_VERSION"),
            short(&self.id()),
            places.join(" ")
        )];
        let subnet = match self.subnet == kind {
            true => String::new(),
            false => format!(" --subnet {}", self.subnet),
        };
        if let Some(place) = places.first() {
            let secure = place.starts_with("tls:") || place.starts_with("wss:");
            let pin = self.pin.filter(|_| secure).map(|pin| format!(" --pin {pin}")).unwrap_or_default();
            let place = place.strip_prefix("tcp:").unwrap_or(place);
            lines.push(format!("others join with: peer {kind} --seed {place}{subnet}{pin}"));
        }
        if let Some(seed) = self.options.random_seed {
            lines.push(format!("random seed {seed}: the id can be guessed"));
        }
        if let Some(page) = self.page {
            lines.push(format!("page at http://{page}/"));
        }
        lines.push("type to send to everyone, /help for commands".into());
        lines
    }

    /// The subnet as it goes into the protocol id: that of a dictionary says whether keys are leased.
    fn whole_subnet(&self) -> String {
        match self.kind {
            Kind::Sync => format!("{}{}", self.subnet, u8::from(!self.options.no_leasing)),
            Kind::Mesh | Kind::Chord => self.subnet.to_owned(),
        }
    }

    fn id(&self) -> String {
        self.driver.machine().node().map(|node| node.mesh().id().to_string()).unwrap_or_default()
    }
}

impl Program {
    pub fn on_event(&mut self, event: Event) {
        match event {
            Event::Mesh(event) => self.on_mesh_event(event),
            Event::Sync(event) => self.on_sync_event(event),
            Event::Chord(event) => self.on_chord_event(event),
        }
    }

    pub fn on_mesh_event(&mut self, event: mesh::Event) {
        match event {
            mesh::Event::Connect => self.tell(&object([("ev", "connect".into())])),
            mesh::Event::Joined(id) => self.joined(&id),
            mesh::Event::Left(id, reason) => {
                self.count(&reason);
                self.tell(&object([
                    ("ev", "left".into()),
                    ("id", id.as_str().into()),
                    ("reason", reason.to_string().into()),
                ]));
            }
            mesh::Event::Refused(remote, reason) => {
                self.count(&reason);
                let reason = format!("link with {remote}: {reason}");
                self.tell(&object([("ev", "dropped".into()), ("reason", reason.into())]));
            }
            mesh::Event::Dropped(id, reason) => {
                self.count(&reason);
                let reason = format!("message of {}: {reason}", short(id.as_str()));
                self.tell(&object([("ev", "dropped".into()), ("reason", reason.into())]));
            }
            mesh::Event::Message(incoming) => self.message(incoming),
            mesh::Event::Other(incoming) => {
                tracing::debug!(from = %incoming.from, "a message for a machine that is not here")
            }
            mesh::Event::Undelivered { to, .. } => {
                let why = format!("no way to {}: the message was not delivered", short(to.as_str()));
                self.tell(&object([("ev", "error".into()), ("error", why.into())]));
            }
            mesh::Event::Surveyed(report) => self.surveyed(&report),
        }
    }

    fn joined(&mut self, id: &Id) {
        let peer = self.mesh().ok().and_then(|mesh| mesh.peer(id).map(|peer| self::peer(&peer, None)));
        let Some(Json::Object(mut event)) = peer else { return };
        event.insert("ev".into(), "joined".into());
        self.tell(&event);
    }

    fn message(&mut self, incoming: Incoming) {
        self.hear_of(incoming.message.sender());
        self.tell(&Told::from(&incoming.message));
        self.last = Some(incoming);
    }

    /// A report of a survey. When every node that others speak of has answered, nothing more is waited for.
    fn surveyed(&mut self, report: &mesh::Report) {
        self.hear_of(&report.id);
        let links: Vec<&str> = report.links.iter().map(|link| link.id.as_str()).collect();
        let told = json!({
            "id": report.id.as_str(),
            "name": report.name,
            "addr": report.addresses.iter().map(|(transport, at)| format!("{transport}:{at}")).collect::<Vec<_>>(),
            "links": links,
            "state": from_value(&report.state),
        });
        let mut done = Vec::new();
        for (at, pending) in self.pending.iter_mut().enumerate() {
            let Wants::Survey(number, reports) = &mut pending.wants else { continue };
            if *number == report.survey
                && reports.told.len() < MAX_REPORTS
                && reports.add(report.id.as_str(), &links, told.clone())
            {
                done.push(at);
            }
        }
        for at in done.into_iter().rev() {
            let Pending { asker, started, wants, .. } = self.pending.remove(at);
            let answer = self.too_late(started, wants);
            self.answer(asker, answer);
        }
    }

    /// Remembers that a node exists.
    fn hear_of(&mut self, id: &Id) {
        if self.heard_of.len() < MAX_HEARD_OF && !self.heard_of.contains(id) {
            self.heard_of.insert(id.detached());
        }
    }

    /// Counts what should not have happened.
    fn count(&mut self, reason: &Reason) {
        let harmless =
            matches!(reason, Reason::Closed(_) | Reason::Asked | Reason::Conflict | Reason::Done | Reason::Itself);
        if !harmless {
            *self.problems.entry(reason.name().to_owned()).or_default() += 1;
        }
    }

    /// Says that nobody answers.
    pub fn complain_about_seeds(&mut self) {
        if self.mesh().is_ok_and(|mesh| mesh.peers().next().is_some()) {
            return;
        }
        let seeds: Vec<String> = self.options.seed.iter().map(ToString::to_string).collect();
        let why = match self.driver.stats().tls_errors {
            0 => "is a node listening there, with the same transport and the same --subnet?",
            _ => super::security::advice(&self.options),
        };
        let why = format!("no answer from {} yet: {why} (trying on)", seeds.join(" "));
        self.tell(&object([("ev", "error".into()), ("error", why.into())]));
    }
}

/// A message as an event. There are many of them, so that none is made a value of JSON on its way to a line.
#[derive(Serialize)]
struct Told<'a> {
    ev: &'static str,
    id: Digits<'a>,
    main: u64,
    packets: Plain<'a>,
    sender: &'a str,
    time: u64,
    r#type: Option<u64>,
}

impl<'a> From<&'a Message> for Told<'a> {
    fn from(message: &'a Message) -> Told<'a> {
        Told {
            ev: "message",
            id: Digits(message.id()),
            main: message.main().code(),
            packets: Plain(message.values()),
            sender: message.sender().as_str(),
            time: message.time(),
            r#type: message.sub().map(|flag| flag.code()),
        }
    }
}

/// A neighbour in the fields of the other drivers, and our own.
pub(super) fn peer(peer: &mesh::Peer<'_>, leeching: Option<bool>) -> Json {
    json!({
        "id": peer.id.as_str(),
        "addr": [peer.address.host.to_string(), peer.address.port],
        "outgoing": peer.outgoing,
        "compression": peer.compression.iter().map(|method| method.code()).collect::<Vec<_>>(),
        "leeching": leeching,
        "transport": peer.transport.name(),
        "features": peer.features,
    })
}

/// Every counter under a name of its own.
pub(super) fn counters(mesh: &mesh::Stats, net: &net::Stats) -> Map<String, Json> {
    let sizes = &mesh.sizes;
    let mut counters: Map<String, Json> = [
        ("peers", sizes.peers as u64),
        ("links", sizes.links as u64),
        ("delivered", mesh.delivered),
        ("relayed", mesh.relayed),
        ("duplicates", mesh.duplicates),
        ("recovered", mesh.recovered),
        ("pruned", mesh.pruned),
        ("grafted", mesh.grafted),
        ("frames_in", mesh.frames_in),
        ("frames_out", mesh.frames_out),
        ("bytes_in", mesh.bytes_in),
        ("bytes_out", mesh.bytes_out),
        ("dialled", mesh.dialled),
        ("bridged", mesh.bridged),
        ("seen", sizes.seen as u64),
        ("recent", sizes.recent as u64),
        ("recent_bytes", sizes.recent_bytes as u64),
        ("addresses", sizes.addresses as u64),
        ("routes", sizes.routes as u64),
        ("pending", sizes.pending as u64),
        ("queued_bytes", sizes.queued as u64),
        ("accepted", net.accepted),
        ("connected", net.connected),
        ("connect_errors", net.connect_errors),
        ("connections_refused", net.connections_refused),
        ("stream_overflows", net.stream_overflows),
        ("handshake_timeouts", net.handshake_timeouts),
        ("tls_errors", net.tls_errors),
        ("ws_errors", net.ws_errors),
    ]
    .into_iter()
    .map(|(name, count)| (name.to_owned(), count.into()))
    .collect();
    counters.extend(mesh.closed.iter().map(|(why, times)| (format!("closed_{why}"), (*times).into())));
    counters.extend(mesh.dropped.iter().map(|(why, times)| (format!("dropped_{why}"), (*times).into())));
    counters
}

fn encryption(transport: Transport) -> serializer::Encryption {
    match transport {
        Transport::Tls => serializer::Encryption::Ssl,
        Transport::Ws => serializer::Encryption::Ws,
        Transport::Wss => serializer::Encryption::Wss,
        Transport::Tcp | Transport::Udp => serializer::Encryption::Plaintext,
    }
}

const MAX_HEARD_OF: usize = 4096;
const MAX_REPORTS: usize = 4096;

#[cfg(test)]
mod tests {
    use serializer::{Flag, MainFlag, Value};

    use super::*;

    #[test]
    fn a_message_has_the_fields_of_the_other_programs() {
        let sender = Id::new("2oY").unwrap();
        let told = |payload| {
            let message = Message::new(MainFlag::Whisper, &sender, 7, payload);
            let id = super::super::json::hex(message.id().as_bytes());
            (serde_json::to_value(Told::from(&message)).unwrap(), id)
        };
        let (event, id) = told(vec![Flag::Whisper.into(), "hi".into(), Value::from(&b"k"[..])]);
        let packets = json!(["hi", {"$bin": "6b"}]);
        let fields =
            json!({"ev": "message", "type": 2, "packets": packets, "sender": "2oY", "id": id, "time": 7, "main": 2});
        assert_eq!(event, fields);
        assert_eq!(told(Vec::new()).0["type"], Json::Null);
    }
}
