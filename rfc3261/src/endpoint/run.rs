//! What follows from every input and command: transactions that end, timers that go off, connections that break.

use wire::{ConnId, Instant, Transport};

use super::client::{Cancel, Client};
use super::slab::Slab;
use super::transport::Inspection;
use super::{ClientId, DropReason, Endpoint, Event, Id, Owner, ServerId, Target, via};
use crate::message::{Method, Response};
use crate::transaction::{On, State};

impl Endpoint {
    /// Keeps the list of a connection's users in proportion to those that are alive.
    pub(super) fn forget_users(&mut self, latest: ClientId) {
        let Some(conn) = self.clients.get(latest).and_then(|c| c.route.conn) else { return };
        let Some(conn) = self.net.conns.get_mut(&conn).filter(|c| c.users.len() >= c.room) else { return };
        conn.users.retain(|id| self.clients.get(*id).is_some_and(Client::waits));
        conn.room = (conn.users.len() * 2).max(64);
    }

    /// Runs a client transaction one step.
    pub(super) fn client(&mut self, now: Instant, id: ClientId, on: On, response: Option<Response>) {
        let Some(client) = self.clients.get_mut(id) else { return };
        client.step(&mut self.net, now, id, on, response);
        let cancel = client.cancel == Cancel::Wanted && client.state == State::Proceeding;
        if cancel {
            //= rfc3261#9.1/wait MUST
            //# The first provisional response releases the CANCEL.
            self.send_cancel(now, id);
        }
        self.settle_client(id);
        self.settle(now);
    }

    pub(super) fn settle_client(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        //= rfc3261#17.1.1.2/destroyed MUST
        //# Removed in the same step that led to Terminated.
        //= rfc3261#17.1.2.2/destroyed MUST
        //# Removed in the same step that led to Terminated.
        if client.state == State::Terminated {
            if let Some(client) = self.clients.remove(id) {
                self.by_branch.remove(&client.key);
                if client.cancel != Cancel::Itself {
                    self.net.event(Event::Terminated { id: Id::Client(id) });
                }
            }
        } else if let Some(at) = client.clock.alarm() {
            self.alarms.set(at, Owner::Client(id));
        }
    }

    pub(super) fn settle_server(&mut self, id: ServerId) {
        let Some(server) = self.servers.get_mut(id) else { return };
        //= rfc3261#17.2.1/destroyed MUST
        //# Removed in the same step that led to Terminated.
        //= rfc3261#17.2.2/destroyed MUST
        //# Removed in the same step that led to Terminated.
        if server.state == State::Terminated {
            self.forget_server(id);
        } else if let Some(at) = server.clock.alarm() {
            self.alarms.set(at, Owner::Server(id));
        }
    }

    /// Removes a server transaction, in whatever state it is.
    pub(super) fn forget_server(&mut self, id: ServerId) {
        let Some(server) = self.servers.remove(id) else { return };
        self.by_key.remove(&server.key);
        if server.method != Method::Cancel {
            self.net.event(Event::Terminated { id: Id::Server(id) });
        }
    }

    /// Looks at the connections that were touched; called at the end of every input and command.
    pub(super) fn settle(&mut self, now: Instant) {
        while let Some(conn) = self.net.touched.pop() {
            self.inspect(now, conn);
        }
        // Most transactions end long before their last timer.
        let alive = self.clients.len() + self.servers.len() + self.net.conns.len();
        if self.alarms.len() > (4 * alive).max(1024) {
            self.alarms.retain(|owner| match owner {
                Owner::Client(id) => self.clients.get(id).is_some(),
                Owner::Server(id) => self.servers.get(id).is_some(),
                Owner::Conn(conn) => self.net.conns.contains_key(&conn),
                Owner::Unreachable => true,
            });
        }
    }

    pub(super) fn inspect(&mut self, now: Instant, conn: ConnId) {
        match self.net.inspect(now, conn) {
            Inspection::Gone | Inspection::Fine => {}
            Inspection::Alarm(at) => self.alarms.set(at, Owner::Conn(conn)),
            Inspection::Idle => {
                self.net.stats.idle_closed += 1;
                self.net.close(conn);
            }
            Inspection::Slow => {
                self.net.stats.slow_peers += 1;
                self.close(now, conn, DropReason::SlowPeer);
            }
        }
    }

    /// Closes a connection because of what the peer does with it.
    pub(super) fn close(&mut self, now: Instant, conn: ConnId, reason: DropReason) {
        if let Some(state) = self.net.close(conn) {
            self.net.dropped(reason, state.remote);
            self.failed(now, state.users);
        }
    }

    /// The transport of these client transactions is broken.
    //= rfc3261#18.4/connection-failure SHOULD
    //# A closed connection is an error of the transport to each transaction that still waits.
    pub(super) fn failed(&mut self, now: Instant, users: Vec<ClientId>) {
        for id in users {
            let Some(client) = self.clients.get_mut(id).filter(|c| c.waits()) else { continue };
            self.net.stats.transport_failures += 1;
            //= rfc3261#18.1.1/fall-back-to-udp SHOULD
            //# A request that went by TCP for its size alone goes on by UDP.
            let Some((route, mut request)) = client.fallback.take().zip(client.request.clone()) else {
                self.client(now, id, On::TransportError, None);
                continue;
            };
            let target = Target { local: Some(route.local), ..Target::udp(route.remote) };
            let Ok((route, via)) = self.outgoing(&target, branch_of(&self.clients, id)) else { continue };
            via::replace_top(&mut request.headers, &via);
            if let Some(client) = self.clients.get_mut(id) {
                let data = request.to_bytes();
                client.request = Some(request);
                client.fall_back(&mut self.net, now, id, data, route);
            }
            self.settle_client(id);
        }
    }

    /// Time never runs backwards.
    pub(super) fn clock(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    /// A token that is a function of `text` and of our seed.
    pub(super) fn token_of(&self, text: &str) -> String {
        use std::hash::BuildHasher;
        format!("{:016x}", self.hasher.hash_one(text))
    }

    pub(super) fn time(&mut self, now: Instant) {
        while let Some(owner) = self.alarms.due(now) {
            match owner {
                Owner::Client(id) => {
                    let Some(client) = self.clients.get_mut(id) else { continue };
                    client.clock.alarmed();
                    while let Some(timer) = self.clients.get_mut(id).and_then(|c| c.clock.due(now)) {
                        self.client(now, id, On::Fires(timer), None);
                    }
                    self.settle_client(id);
                }
                Owner::Server(id) => {
                    let Some(server) = self.servers.get_mut(id) else { continue };
                    server.clock.alarmed();
                    while let Some(timer) = server.clock.due(now) {
                        server.step(&mut self.net, now, id, On::Fires(timer), None);
                    }
                    self.settle_server(id);
                }
                Owner::Conn(conn) => {
                    self.net.alarmed(conn);
                    self.inspect(now, conn);
                }
                Owner::Unreachable => self.sweep(now),
            }
        }
    }

    /// Ends the client transactions whose datagrams do not arrive. Reports are gathered for a moment, so that a storm
    /// of them costs one pass over the transactions.
    //= rfc3261#18.4/icmp-unreachable SHOULD
    //# The driver reports it, and the transactions to that address fail.
    pub(super) fn sweep(&mut self, now: Instant) {
        let gone = std::mem::take(&mut self.unreachable);
        let hit = |c: &Client| c.route.transport == Transport::Udp && c.waits() && gone.contains(&c.route.remote);
        let users: Vec<ClientId> = self.clients.iter().filter(|(_, c)| hit(c)).map(|(id, _)| id).collect();
        self.failed(now, users);
    }
}

/// The branch of a client transaction.
fn branch_of(clients: &Slab<ClientId, Client>, id: ClientId) -> &str {
    clients.get(id).map_or("", |c| &c.key)
}
