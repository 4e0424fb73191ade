//! One client transaction: runs the tables of [`invite_client`] and [`client`](crate::transaction::client).

use bytes::Bytes;
use wire::Instant;

use super::clock::Clock;
use super::transport::{Net, Route};
use super::{ClientId, Event, Id, build};
use crate::message::{Method, Request, Response};
use crate::transaction::{self, Action, On, State, Table, Timer, invite_client};

#[derive(Debug)]
pub(crate) struct Client {
    pub state: State,
    pub clock: Clock,
    pub method: Method,
    /// The key under which it is found.
    pub key: Box<str>,
    pub route: Route,
    /// The request, kept where an ACK, a CANCEL or another transport may be made from it.
    pub request: Option<Request>,
    pub cancel: Cancel,
    /// The UDP route to fall back to, when the stream was taken for the size of the request alone.
    pub fallback: Option<Route>,
    table: &'static Table,
    /// What is repeated: the request, later the ACK.
    kept: Bytes,
}

/// Whether the core wants an INVITE cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancel {
    No,
    /// As soon as a provisional response has come.
    Wanted,
    Sent,
    /// This is the CANCEL; nobody waits for its response.
    Itself,
}

impl Client {
    pub fn new(method: Method, key: Box<str>, route: Route, kept: Bytes) -> Client {
        Client {
            state: State::Idle,
            clock: Clock::new(),
            table: if method == Method::Invite { &invite_client::TABLE } else { &transaction::client::TABLE },
            method,
            key,
            route,
            kept,
            request: None,
            cancel: Cancel::No,
            fallback: None,
        }
    }

    /// Takes one input through the table, and the timers that fire at once after it.
    pub fn step(&mut self, net: &mut Net, now: Instant, id: ClientId, on: On, response: Option<Response>) {
        let mut failed = self.transition(net, now, id, on, response);
        loop {
            let on = match self.clock.due(now) {
                _ if failed => On::TransportError,
                Some(timer) => On::Fires(timer),
                None => break,
            };
            failed = self.transition(net, now, id, on, None);
        }
    }

    /// One row of the table; true when something could not be sent.
    fn transition(&mut self, net: &mut Net, now: Instant, id: ClientId, on: On, response: Option<Response>) -> bool {
        let Some(row) = self.table.step(self.state, on) else { return false };
        self.state = row.to;
        self.clock.entered(self.table, self.state);
        let mut failed = false;
        for &action in row.action {
            match action {
                Action::Send => failed |= self.send(net, now, id),
                Action::Resend => {
                    net.stats.retransmitted += 1;
                    failed |= self.send(net, now, id);
                }
                Action::SendAck => {
                    //= rfc3261#17.1.1.2/ack-same-target MUST
                    //# It is sent by the route of the request.
                    if let (Some(request), Some(response)) = (&self.request, &response) {
                        self.kept = build::ack(request, response);
                        failed |= self.send(net, now, id);
                    }
                }
                Action::Deliver | Action::Timeout | Action::Fail | Action::SendTrying => {}
                Action::Arm(_) | Action::Double(_) | Action::Steady(_) | Action::Disarm(_) => {
                    self.clock.act(now, action, &net.config.timing, self.route.transport.is_reliable());
                }
            }
        }
        self.slim();
        let tell = |event| (self.cancel != Cancel::Itself).then_some(event);
        let event = match row.action {
            actions if actions.contains(&Action::Deliver) => {
                response.and_then(|r| tell(Event::Response { id, response: r }))
            }
            [Action::Timeout] => {
                net.stats.timeouts += 1;
                tell(Event::Timeout { id: Id::Client(id) })
            }
            [Action::Fail] => tell(Event::TransportFailed { id: Id::Client(id) }),
            _ => None,
        };
        if let Some(event) = event {
            net.event(event);
        }
        failed
    }

    /// Lets go of what is never sent again, as half a minute may follow.
    fn slim(&mut self) {
        if matches!(self.state, State::Accepted | State::Completed) {
            self.request = None;
            if self.state == State::Accepted || self.method != Method::Invite {
                self.kept = Bytes::new();
            }
        }
    }

    fn send(&mut self, net: &mut Net, now: Instant, id: ClientId) -> bool {
        let sent = net.send(now, &mut self.route, self.kept.clone(), Some(id));
        net.stats.transport_failures += u64::from(sent.is_err());
        sent.is_err()
    }

    /// Whether a request is out that nothing has answered finally, so that a broken transport ends it.
    pub fn waits(&self) -> bool {
        self.table.step(self.state, On::TransportError).is_some()
    }

    /// Starts the wait for the final response to a cancelled INVITE.
    pub fn cancelled(&mut self, net: &Net, now: Instant) {
        self.cancel = Cancel::Sent;
        self.clock.act(now, Action::Arm(Timer::Cancelled), &net.config.timing, true);
    }

    /// Goes on over UDP, after the stream that was taken for size alone has failed.
    pub fn fall_back(&mut self, net: &mut Net, now: Instant, id: ClientId, kept: Bytes, route: Route) {
        (self.kept, self.route) = (kept, route);
        let failed = self.send(net, now, id);
        let timer = if self.method == Method::Invite { Timer::A } else { Timer::E };
        self.clock.act(now, Action::Arm(timer), &net.config.timing, false);
        if failed {
            self.step(net, now, id, On::TransportError, None);
        }
    }
}
