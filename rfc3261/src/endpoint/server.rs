//! One server transaction: runs the tables of [`invite_server`] and [`server`](crate::transaction::server).

use bytes::Bytes;
use bytestring::ByteString;
use wire::Instant;

use super::clock::Clock;
use super::transport::{Net, Route};
use super::{Event, Id, ServerId};
use crate::message::{Method, Request, Response, Status};
use crate::transaction::{self, Action, On, State, Table, invite_server};

#[derive(Debug)]
pub(crate) struct Server {
    pub state: State,
    pub clock: Clock,
    pub method: Method,
    /// The key under which it is found.
    pub key: Box<str>,
    /// Where responses go.
    pub route: Route,
    /// The request, until a response has been sent: a 100 or a 487 may have to be made from it.
    pub request: Option<Request>,
    /// The tag that we put into To, once a response with one has been sent.
    pub tag: Option<ByteString>,
    table: &'static Table,
    /// The latest response.
    kept: Option<Bytes>,
}

impl Server {
    pub fn new(request: Request, key: Box<str>, route: Route) -> Server {
        let method = request.method.clone();
        Server {
            state: State::Idle,
            clock: Clock::new(),
            table: if method == Method::Invite { &invite_server::TABLE } else { &transaction::server::TABLE },
            method,
            key,
            route,
            request: Some(request),
            tag: None,
            kept: None,
        }
    }

    /// Takes one input through the table, and the timers that fire at once after it. `message` is the response to send,
    /// or for an ACK none. True when the table had a row for it.
    pub fn step(
        &mut self,
        net: &mut Net,
        now: Instant,
        id: ServerId,
        on: On,
        message: Option<Bytes>,
    ) -> Option<&'static [Action]> {
        let (row, mut failed) = self.transition(net, now, id, on, message);
        loop {
            let on = match self.clock.due(now) {
                _ if failed => On::TransportError,
                Some(timer) => On::Fires(timer),
                None => break,
            };
            (_, failed) = self.transition(net, now, id, on, None);
        }
        row
    }

    fn transition(
        &mut self,
        net: &mut Net,
        now: Instant,
        id: ServerId,
        on: On,
        message: Option<Bytes>,
    ) -> (Option<&'static [Action]>, bool) {
        let Some(row) = self.table.step(self.state, on) else { return (None, false) };
        self.state = row.to;
        self.clock.entered(self.table, self.state);
        let mut failed = false;
        for &action in row.action {
            match action {
                Action::Send => {
                    self.kept = message.clone();
                    net.stats.responses_out += 1;
                    failed |= self.send(net, now);
                }
                Action::Resend => {
                    net.stats.retransmitted += u64::from(self.kept.is_some());
                    failed |= self.send(net, now);
                }
                Action::SendTrying => {
                    //= rfc3261#17.2.1/trying-no-tag SHOULD NOT
                    //# The response copies To and adds no tag.
                    let trying = |request| Response::to_request(request, Status::TRYING).to_bytes();
                    self.kept = self.request.as_ref().map(trying);
                    net.stats.responses_out += 1;
                    failed |= self.send(net, now);
                }
                Action::Timeout => {
                    net.stats.timeouts += 1;
                    net.event(Event::Timeout { id: Id::Server(id) });
                }
                Action::Fail => net.event(Event::TransportFailed { id: Id::Server(id) }),
                Action::Arm(_) | Action::Double(_) | Action::Steady(_) | Action::Disarm(_) => {
                    self.clock.act(now, action, &net.config.timing, self.route.transport.is_reliable());
                }
                Action::Deliver | Action::SendAck => {}
            }
        }
        if self.answered() {
            self.request = None;
        }
        (Some(row.action), failed)
    }

    fn send(&mut self, net: &mut Net, now: Instant) -> bool {
        let Some(kept) = self.kept.clone() else { return false };
        let sent = net.send(now, &mut self.route, kept, None);
        net.stats.transport_failures += u64::from(sent.is_err());
        sent.is_err()
    }

    /// Whether a final response has been sent.
    pub fn answered(&self) -> bool {
        !matches!(self.state, State::Idle | State::Trying | State::Proceeding)
    }
}
