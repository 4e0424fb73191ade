//! The tables of the four transactions against the endpoint that goes by them: every row, and every stimulus without one.

mod common;

use std::time::Duration;

use common::*;
use rfc3261::endpoint::{ClientId, Config, Event, Id, ServerId, Target};
use rfc3261::message::Request;
use rfc3261::transaction::On::*;
use rfc3261::transaction::{On, State, Table, Timer, client, invite_client, invite_server, server};
use wire::{CloseReason, ConnId, Input, Walk};

/// All stimuli.
fn stimuli() -> Vec<On> {
    let plain = [Start, Request, Ack, Provisional, Success, Failure, TransportError];
    plain.into_iter().chain(Timer::ALL.map(Fires)).collect()
}

/// A client transaction, about to begin.
struct Caller {
    bench: Bench,
    method: &'static str,
    table: &'static Table,
    sent: Option<(ClientId, Request)>,
}

impl Caller {
    fn new(method: &'static str, table: &'static Table) -> Caller {
        Caller { bench: Bench::new(), method, table, sent: None }
    }

    fn state(&self) -> State {
        match self.sent {
            None => State::Idle,
            Some((id, _)) => self.bench.endpoint.state(Id::Client(id)).unwrap_or(State::Terminated),
        }
    }

    fn apply(&mut self, on: On) -> Option<State> {
        match (on, self.sent.clone()) {
            (Start, None) => {
                let id = self.bench.endpoint.request(self.bench.now, ours(self.method), Target::udp(there())).unwrap();
                self.bench.drain();
                self.sent = Some((id, self.bench.request()));
            }
            (Provisional, Some((_, request))) => self.bench.udp(reply(&request, 180)),
            (Success, Some((_, request))) => self.bench.udp(reply(&request, 200)),
            (Failure, Some((_, request))) => self.bench.udp(reply(&request, 486)),
            (TransportError, Some(_)) => {
                self.bench.input(Input::Unreachable { local: here(), remote: there() });
                self.bench.ms(100);
            }
            (Fires(timer), Some((id, _))) if self.table.runs(self.state(), timer) => {
                if timer == Timer::Cancelled {
                    self.bench.endpoint.cancel(self.bench.now, id).unwrap();
                }
                self.bench.pass(wait(&self.bench, timer));
            }
            _ => return None,
        }
        Some(self.state())
    }
}

/// A little more than the first duration of a timer.
fn wait(bench: &Bench, timer: Timer) -> Duration {
    let first = bench.endpoint.config().timing.first(timer, false).unwrap_or_default();
    first + Duration::from_millis(1)
}

/// A server transaction, about to begin.
struct Callee {
    bench: Bench,
    method: &'static str,
    table: &'static Table,
    /// The connection that it goes by, or UDP.
    conn: Option<ConnId>,
    taken: Option<(ServerId, Request)>,
}

impl Callee {
    fn udp(method: &'static str, table: &'static Table, change: fn(&mut Config)) -> Callee {
        Callee { bench: Bench::with(change), method, table, conn: None, taken: None }
    }

    /// Over a connection, beside which there is room for no other.
    fn tcp(method: &'static str, table: &'static Table) -> Callee {
        let mut bench = Bench::with(|config| config.max_connections = 1);
        let conn = Some(bench.accept(1));
        Callee { bench, method, table, conn, taken: None }
    }

    fn state(&self) -> State {
        match self.taken {
            None => State::Idle,
            Some((id, _)) => self.bench.endpoint.state(Id::Server(id)).unwrap_or(State::Terminated),
        }
    }

    fn arrives(&mut self, method: &str) {
        let text = text(method, "z9hG4bK1", 1);
        match self.conn {
            None => self.bench.udp(text),
            Some(conn) => self.bench.tcp(conn, text.replace("UDP", "TCP")),
        }
    }

    /// Our core responds.
    fn says(&mut self, status: u16) {
        if let Some((id, request)) = &self.taken {
            let _ = self.bench.endpoint.respond(self.bench.now, *id, answer(request, status));
            self.bench.drain();
        }
    }

    /// The connection goes, and its place is taken by another peer's, so that nothing can be sent.
    fn breaks(&mut self) -> Option<()> {
        let conn = self.conn?;
        self.bench.input(Input::Closed { conn, reason: CloseReason::Peer });
        self.conn = Some(self.bench.accept(2));
        Some(())
    }

    fn apply(&mut self, on: On) -> Option<State> {
        if self.taken.is_none() != (on == Start) {
            return None;
        }
        let invite = self.method == "INVITE";
        match on {
            Start => {
                self.arrives(self.method);
                let Event::Request { id, request, .. } = self.bench.event() else { panic!("a request goes up") };
                self.taken = Some((id, request));
            }
            // Once the transaction is over, a repeated request is a new one, and a response has nowhere to go.
            _ if self.state() == State::Terminated => return None,
            Request => self.arrives(self.method),
            Ack if invite => self.arrives("ACK"),
            Provisional if invite => self.says(180),
            // Others may not say so, but for a 100 over a stream (RFC 4320).
            Provisional if self.conn.is_some() => self.says(100),
            Success => self.says(200),
            Failure => self.says(486),
            TransportError => {
                self.breaks()?;
                match self.state() {
                    State::Proceeding if invite => self.says(180),
                    State::Accepted => self.says(200),
                    _ => self.arrives(self.method),
                }
            }
            Fires(timer) if self.table.runs(self.state(), timer) => self.bench.pass(wait(&self.bench, timer)),
            _ => return None,
        }
        Some(self.state())
    }
}

#[test]
fn a_client_transaction_is_its_table() {
    for (method, table) in [("INVITE", &invite_client::TABLE), ("OPTIONS", &client::TABLE)] {
        let mut walk = Walk::new(table.rows());
        walk.run(State::Idle, &stimuli(), || Caller::new(method, table), Caller::apply);
        walk.finish();
    }
}

#[test]
fn an_invite_server_transaction_is_its_table() {
    let table = &invite_server::TABLE;
    let mut walk = Walk::new(table.rows());
    walk.run(State::Idle, &stimuli(), || Callee::udp("INVITE", table, |_| {}), Callee::apply);
    let no_ack = [Start, Request, Provisional, Success, Failure, TransportError];
    walk.run(State::Idle, &no_ack, || Callee::tcp("INVITE", table), Callee::apply);
    walk.finish();
}

#[test]
fn a_non_invite_server_transaction_is_its_table() {
    let table = &server::TABLE;
    let mut walk = Walk::new(table.rows());
    walk.run(State::Idle, &stimuli(), || Callee::udp("OPTIONS", table, |_| {}), Callee::apply);
    // Where T2 is as long as that, the wait for the core ends before a 100 is due.
    let patient = || Callee::udp("OPTIONS", table, |config| config.timing.t2 = Duration::from_secs(100));
    walk.run(State::Idle, &[Start, Fires(Timer::Lapse)], patient, Callee::apply);
    // Over a stream timer J is zero, so that nobody sees the transaction in Completed.
    let open = [Start, Provisional, TransportError];
    walk.run(State::Idle, &open, || Callee::tcp("OPTIONS", table), Callee::apply);
    let mut callee = Callee::tcp("OPTIONS", table);
    callee.apply(Start).unwrap();
    callee.breaks().unwrap();
    callee.says(200);
    assert!(matches!(callee.bench.events()[..], [Event::TransportFailed { .. }, Event::Terminated { .. }]));
    walk.saw(State::Completed, TransportError, State::Terminated);
    walk.finish();
}
