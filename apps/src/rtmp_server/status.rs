//! Figures for Prometheus, and the state of every stream as JSON.

use rtmp::tag::{Audio, Video};
use serde_json::{Value, json};
use wire::Instant;

use super::hub::Stream;
use super::server::Server;
use crate::common::metrics::Figure;

impl Server {
    pub(super) fn figures(&self) -> Vec<Figure> {
        let counter = |name, help, value| Figure { name, help, value, is_gauge: false };
        let gauge = |name, help, value| Figure { name, help, value, is_gauge: true };
        let (streams, machine, sockets) = (self.hub.stats(), self.driver.machine().stats(), self.driver.stats());
        let counts = &self.counts;
        let published = self.hub.streams().filter(|(_, stream)| stream.source().is_some()).count();
        let players: usize = self.hub.streams().map(|(_, stream)| stream.players().len()).sum();
        vec![
            gauge("uptime_seconds", "Seconds since the start", self.driver.now().since_origin().as_secs()),
            gauge("connections", "Connections open, tunnelled sessions included", machine.connections as u64),
            gauge("streams", "Streams published now", published as u64),
            gauge("players", "Players of live streams", players as u64),
            gauge("files_played", "Files being played", self.files.len() as u64),
            gauge("recordings_under_way", "Files being written", self.recordings_open as u64),
            counter("connections_opened", "Connections opened", machine.opened),
            counter("connections_accepted", "Connections whose connect was accepted", machine.accepted),
            counter("published", "Streams that began to be published", counts.published),
            counter("played", "Plays that began", counts.played),
            counter("denied", "Publishers and players without permission", counts.denied),
            counter(
                "publish_refused",
                "Publishers refused because the name is taken or cannot be kept",
                counts.name_taken,
            ),
            counter("not_found", "Applications and streams that do not exist", counts.not_found),
            counter("messages_in", "Messages published", streams.messages_in),
            counter("bytes_in", "Their bytes", streams.bytes_in),
            counter("messages_out", "Messages sent to players", streams.messages_out),
            counter("bytes_out", "Their bytes", streams.bytes_out),
            counter("messages_dropped", "Messages that slow players did not get", streams.dropped),
            counter("players_stalled", "Players disconnected because they read nothing", streams.stalled),
            counter("recordings", "Recordings begun", counts.recordings),
            counter("recordings_broken", "Recordings that broke off", counts.recordings_broken),
            counter("recordings_full", "Recordings that ended because of their size or length", counts.recordings_full),
            counter("recordings_refused", "Streams not recorded because too many are", counts.recordings_refused),
            counter("dropped", "Messages and requests dropped as wrong or too much", machine.dropped),
            counter("received_bytes", "Bytes received", sockets.stream_bytes_in),
            counter("sent_bytes", "Bytes sent", sockets.stream_bytes_out),
        ]
    }

    pub(super) fn status(&self) -> Value {
        let now = self.driver.now();
        let mut streams: Vec<_> = self.hub.streams().collect();
        streams.sort_by_key(|(key, _)| *key);
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "uptime": now.since_origin().as_secs(),
            "connections": self.driver.machine().stats().connections,
            "streams": streams.into_iter().map(|(key, stream)| {
                let mut shown = self.describe(now, stream);
                shown["app"] = key.app.as_str().into();
                shown["name"] = key.name.as_str().into();
                shown
            }).collect::<Vec<_>>(),
            "relays": self.relays.describe(),
        })
    }

    fn describe(&self, now: Instant, stream: &Stream) -> Value {
        let (_, video, audio) = stream.described();
        let stats = stream.stats();
        let publisher = stream.source().map(|source| {
            let client = self.clients.get(&source.place.conn);
            json!({
                "seconds": (now - source.since).as_secs(),
                "silent_ms": (now - source.heard).as_millis() as u64,
                "address": client.map(|client| client.remote.to_string()),
                "program": client.map(|client| client.program.as_str()),
                "secure": client.map(|client| client.secure),
                "recorded": self.recorders.contains_key(&source.place),
            })
        });
        let players: Vec<Value> = stream
            .players()
            .iter()
            .map(|player| {
                let client = self.clients.get(&player.place.conn);
                json!({
                    "seconds": (now - player.since).as_secs(),
                    "address": client.map(|client| client.remote.to_string()),
                    "program": client.map(|client| client.program.as_str()),
                    "dropped": player.dropped,
                    "waiting_bytes": self.driver.unsent(player.place.conn),
                })
            })
            .collect();
        json!({
            "publisher": publisher,
            "players": players,
            "video": video.and_then(|message| Video::parse(&message.payload).ok()).map(|video| format!("{:?}", video.track.codec)),
            "audio": audio.and_then(|message| Audio::parse(&message.payload).ok()).map(|audio| format!("{:?}", audio.track.codec)),
            "messages_in": stats.messages_in,
            "bytes_in": stats.bytes_in,
            "messages_out": stats.messages_out,
            "bytes_out": stats.bytes_out,
            "dropped": stats.dropped,
            "cached_bytes": stream.cached(),
        })
    }
}
