//! Between two machines: carries out what one says, until it is an input of the other.
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use wire::{Input, Instant, Machine, Output, QueryId, ResolveError, Transmit};

use super::{Happened, HostId, Network};
use crate::link::{Packet, Verdict};
use crate::queue::{Happening, StreamStep};

impl<M: Machine> Network<M> {
    pub(super) fn command_next(&mut self, host: HostId) {
        let entry = &mut self.hosts[host.index()];
        if !std::mem::replace(&mut entry.commanded, true) {
            self.commanded.push(host);
        }
    }

    /// Carries out what machines say after commands.
    pub(super) fn settle(&mut self) {
        while let Some(host) = self.commanded.pop() {
            self.hosts[host.index()].commanded = false;
            self.drain(host);
        }
    }

    pub(crate) fn feed(&mut self, host: HostId, input: Input) {
        let entry = &mut self.hosts[host.index()];
        if entry.up {
            self.record.input(self.now, host, &input);
            entry.machine.handle(self.now, input);
            self.drain(host);
        }
    }

    pub(crate) fn tell(&mut self, at: Instant, host: HostId, input: Input) {
        let generation = self.hosts[host.index()].generation;
        self.queue.later(at, Happening::Tell { host, generation, input });
    }

    pub(super) fn drain(&mut self, host: HostId) {
        if !self.hosts[host.index()].up {
            return;
        }
        for count in 0u32.. {
            assert!(count < MAX_OUTPUTS, "the machine of {host:?} puts out more and more at {:?}", self.now);
            let Some(output) = self.hosts[host.index()].machine.poll() else { break };
            match output {
                Output::Transmit(Transmit::Datagram { local, remote, data }) => self.send(host, local, remote, data),
                Output::Transmit(Transmit::Stream { conn, data }) => self.write(host, conn, data),
                Output::Connect { conn, transport, remote } => self.connect(host, conn, transport, remote),
                Output::Close { conn } => self.close(host, conn),
                Output::Upgrade { conn } => self.upgrade(host, conn),
                Output::Resolve { query, host: name, port } => self.look_up(host, query, &name, port),
                Output::Event(event) => self.events.push_back(Happened { at: self.now, host, event }),
            }
        }
        self.plan_wake(host);
    }

    fn plan_wake(&mut self, host: HostId) {
        let entry = &mut self.hosts[host.index()];
        let deadline = entry.machine.deadline().filter(|&at| at < Instant::FAR);
        if let Some(at) = deadline.map(|at| at.max(self.now))
            && entry.wake.is_none_or(|planned| at < planned)
        {
            entry.wake = Some(at);
            self.queue.wake(at, host);
        }
    }

    pub(super) fn wake(&mut self, host: HostId) {
        let now = self.now;
        let entry = &mut self.hosts[host.index()];
        if entry.wake != Some(now) || !entry.up {
            return; // an earlier deadline was planned later and has been met, or the host is off
        }
        entry.wake = None;
        if entry.machine.deadline().is_none_or(|deadline| deadline > now) {
            return self.plan_wake(host);
        }
        self.feed(host, Input::Time);
        let entry = &mut self.hosts[host.index()];
        entry.overdue = if entry.wake == Some(now) { entry.overdue + 1 } else { 0 };
        assert!(entry.overdue < MAX_OVERDUE, "the machine of {host:?} keeps a deadline that has come, {now:?}");
    }

    fn send(&mut self, host: HostId, local: SocketAddr, remote: SocketAddr, data: Bytes) {
        if self.sockets.get(&local) != Some(&host) {
            self.record.stats.unbound += 1;
            return;
        }
        self.record.sent(self.now, self.epoch, local, remote, &data);
        let to_host = self.sockets.get(&remote).or_else(|| self.owners.get(&remote.ip())).copied();
        let (mut data, mut copies, mut extra) = (data, 1, Duration::ZERO);
        match self.verdict(host, to_host, local, remote, &data) {
            Verdict::Pass => {}
            Verdict::Drop => {
                self.record.stats.scripted += 1;
                return;
            }
            Verdict::Duplicate => copies = 2,
            Verdict::Delay(time) => extra = time,
            Verdict::Replace(bytes) => data = bytes,
        }
        let stats = &mut self.record.stats;
        let Some(to_host) = to_host else {
            stats.no_route += 1;
            return;
        };
        let waits = self.links.serialise(self.now, (host, to_host), data.len(), false);
        let (link, rng) = (self.links.between(host, to_host), &mut self.rng);
        if self.links.is_cut(host, to_host) {
            stats.cut += 1;
        } else if data.len() > link.mtu {
            stats.oversize += 1;
        } else if link.loses(rng) {
            stats.lost += 1;
        } else if let Some(waits) = waits {
            if link.duplicate > 0.0 && rng.chance(link.duplicate) {
                stats.duplicated += 1;
                copies += 1;
            }
            for _ in 0..copies {
                let held_back = link.held_back(rng);
                stats.reordered += u64::from(held_back > Duration::ZERO);
                let at = self.now + waits + link.transit(rng) + held_back + extra;
                let data = data.clone();
                self.queue.later(at, Happening::Datagram { host: to_host, from: local, to: remote, data });
            }
        } else {
            stats.congested += 1;
        }
    }

    fn verdict(
        &mut self,
        from_host: HostId,
        to_host: Option<HostId>,
        from: SocketAddr,
        to: SocketAddr,
        data: &Bytes,
    ) -> Verdict {
        let scripted = to_host.map_or(Verdict::Pass, |to_host| self.links.scripted(from_host, to_host));
        match &mut self.tap {
            Some(tap) if scripted == Verdict::Pass => tap(&Packet { from_host, to_host, from, to, data, at: self.now }),
            _ => scripted,
        }
    }

    pub(super) fn arrive(&mut self, host: HostId, from: SocketAddr, to: SocketAddr, data: Bytes) {
        if !self.hosts[host.index()].up {
            self.record.stats.cut += 1;
        } else if self.sockets.get(&to) == Some(&host) {
            self.feed(host, Input::Datagram { local: to, remote: from, data });
        } else {
            self.record.stats.unreachable += 1;
            if let Some(&sender) = self.sockets.get(&from)
                && !self.links.is_cut(host, sender)
            {
                let at = self.now + self.links.between(host, sender).transit(&mut self.rng);
                self.tell(at, sender, Input::Unreachable { local: from, remote: to });
            }
        }
    }

    fn look_up(&mut self, host: HostId, query: QueryId, name: &str, port: u16) {
        let literal = name.trim_start_matches('[').trim_end_matches(']').parse().map(|ip| vec![ip]).ok();
        let known = literal.as_ref().or_else(|| self.names.get(&name.trim_end_matches('.').to_ascii_lowercase()));
        let answer = match known {
            None => Err(ResolveError::NotFound),
            Some(ips) if ips.is_empty() => Err(ResolveError::Unavailable),
            Some(ips) => Ok(ips.iter().map(|&ip| SocketAddr::new(ip, port)).collect()),
        };
        let delay = if literal.is_some() { Duration::ZERO } else { self.lookup_delay };
        self.tell(self.now + delay, host, Input::Resolved { query, answer });
    }

    pub(crate) fn plan_stream(&mut self, at: Instant, step: StreamStep) {
        self.queue.stream(at, step);
    }
}

/// A machine that puts out this much at once never stops.
const MAX_OUTPUTS: u32 = 1_000_000;
/// A machine that was told the time this often at one instant never moves its deadline.
const MAX_OVERDUE: u32 = 1_000;
