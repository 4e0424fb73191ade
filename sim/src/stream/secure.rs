//! Encryption, of which nothing is played but what machines notice: it takes a round trip, holds back what is written
//! meanwhile, is broken by what comes in the clear, and at its end both know the same numbers.
use std::time::Duration;

use bytes::Bytes;
use wire::{CloseReason, ConnId, Input, Machine, Secured, Transport};

use super::{Piece, State};
use crate::network::{HostId, Network};

impl<M: Machine> Network<M> {
    /// The client's first word, behind what it has written in the clear.
    pub(crate) fn upgrade(&mut self, host: HostId, conn: ConnId) {
        let Some(&(slot, side)) = self.hosts[host.index()].streams.get(&conn) else {
            self.record.stats.late_writes += 1;
            return;
        };
        let Some(stream) = self.streams.at(slot) else { return };
        let [client, server] = &mut stream.ends;
        let open = matches!(client.state, State::Open) && stream.transport == Transport::Tcp;
        if side != 0 || !open || stream.session.is_some() {
            return self.break_off(slot, side, CloseReason::Untrusted);
        }
        client.state = State::Upgrading { since: self.now, waiting: Vec::new(), close: false };
        let path = (client.host, server.host);
        stream.session = Some(Box::new(self.secrets.session()));
        self.dispatch(slot, 0, path, Duration::ZERO, Piece::Hello);
    }

    /// The client's first word arrives at the server, which answers.
    pub(super) fn hello(&mut self, slot: u32) {
        let Some(stream) = self.streams.at(slot) else { return };
        let [client, server] = &mut stream.ends;
        server.state = State::Upgrading { since: self.now, waiting: Vec::new(), close: false };
        let path = (server.host, client.host);
        self.dispatch(slot, 1, path, Duration::ZERO, Piece::Secured);
    }

    /// Something arrives at an end that waits for the other's word.
    pub(super) fn upgrading(&mut self, slot: u32, side: usize, piece: Piece) {
        let Some(stream) = self.streams.at(slot) else { return };
        match (&stream.ends[side].state, piece) {
            (_, Piece::Secured) if side == 0 && self.distrusted.contains(&stream.ends[1].address) => {
                self.break_off(slot, side, CloseReason::Untrusted);
            }
            (_, Piece::Secured) => self.secured(slot, side),
            // It was there before our first word was out.
            (State::Upgrading { since, .. }, Piece::Data(data)) if *since == self.now => {
                self.record.stats.clear_bytes_dropped += data.len() as u64;
            }
            (_, Piece::Data(_)) => self.break_off(slot, side, CloseReason::Untrusted),
            _ => self.break_off(slot, side, CloseReason::Reset),
        }
    }

    /// An end has what it needs: the client says so to the server, both let go what was held, and know.
    fn secured(&mut self, slot: u32, side: usize) {
        let Some(stream) = self.streams.at(slot) else { return };
        let path = (stream.ends[side].host, stream.ends[1 - side].host);
        let before = std::mem::replace(&mut stream.ends[side].state, State::Open);
        let State::Upgrading { waiting, close, .. } = before else { return };
        let held: usize = waiting.iter().map(Bytes::len).sum();
        stream.flows[side].bytes = stream.flows[side].bytes.saturating_sub(held);
        if side == 0 {
            self.dispatch(slot, side, path, Duration::ZERO, Piece::Secured);
        }
        for data in waiting {
            self.transmit(slot, side, data);
        }
        if close {
            self.finish(slot, side);
        } else {
            self.tell_secured(slot, side);
        }
    }

    /// Tells one end what both know, if they do.
    pub(super) fn tell_secured(&mut self, slot: u32, side: usize) {
        let Some(stream) = self.streams.at(slot) else { return };
        let (host, conn) = (stream.ends[side].host, stream.ends[side].conn);
        if let Some(session) = stream.session.clone() {
            self.feed(host, Input::Secured { conn, session });
        }
    }
}

/// Where sessions come from: apart from the rest, so that encryption changes nothing else about a run.
pub(crate) struct Secrets(wire::Rng);

impl Secrets {
    pub fn new(seed: u64) -> Secrets {
        Secrets(wire::Rng::from_u64(!seed))
    }

    pub fn session(&mut self) -> Secured {
        let (mut exporter, mut end_point) = ([0; 32], [0; 32]);
        self.0.fill(&mut exporter);
        self.0.fill(&mut end_point);
        let end_point = Some(Bytes::copy_from_slice(&end_point));
        Secured { tls13: true, exporter: Some(exporter), end_point, ..Secured::default() }
    }
}
