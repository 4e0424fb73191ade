//! What the core tells the endpoint to do.

use bytes::Bytes;
use wire::{Instant, Transport};

use super::client::{Cancel, Client};
use super::transport::Route;
use super::{CANCEL, ClientId, Endpoint, Error, Sent, ServerId, Target, build, via};
use crate::message::{Method, Name, Request, Response, Status};
use crate::transaction::{On, State};

impl Endpoint {
    /// Sends a request in a new client transaction, with a Via of ours on top. Not for ACK and CANCEL.
    ///
    /// # Errors
    /// [`Error::Misuse`] for ACK, CANCEL and a request without CSeq, [`Error::Busy`] at the limit of transactions,
    /// [`Error::NoListener`] without a suitable bound address.
    pub fn request(&mut self, now: Instant, request: Request, target: Target) -> Result<ClientId, Error> {
        self.forward(now, request, target, "")
    }

    /// As [`request`](Self::request); the branch ends in `mark`, by which a proxy knows its own requests when they come
    /// back to it (RFC 5393). The mark consists of token characters.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub fn forward(&mut self, now: Instant, request: Request, target: Target, mark: &str) -> Result<ClientId, Error> {
        let now = self.clock(now);
        let method = request.method.clone();
        if matches!(method, Method::Ack | Method::Cancel) || request.headers.raw(Name::CSeq).is_none() {
            return Err(Error::Misuse);
        }
        if self.clients.len() >= self.net.config.max_clients {
            return Err(Error::Busy);
        }
        //= rfc3261#8.1.1.7/branch MUST
        //# Every request gets a Via with a branch here.
        //= rfc3261#8.1.1.7/branch-unique MUST
        //# 100 random bits.
        //= rfc3261#8.1.1.7/branch-cookie MUST
        //# The cookie comes first.
        //= rfc3261#20.42/magic-cookie MUST
        //# The cookie comes first.
        let branch = format!("{}{}{mark}", via::COOKIE, self.rng.token(20));
        //= rfc3261#8.1.1.7/present MUST
        //# On top of every request.
        let (request, data, route, fallback) = self.render(request, &target, &branch)?;
        let mut client = Client::new(method, branch.into_boxed_str(), route, data);
        client.fallback = fallback;
        client.request = (client.method == Method::Invite || fallback.is_some()).then_some(request);
        let key = client.key.clone();
        let id = self.clients.insert(client);
        self.by_branch.insert(key, id);
        self.net.stats.requests_out += 1;
        self.client(now, id, On::Start, None);
        self.forget_users(id);
        Ok(id)
    }

    /// Sends a request without a transaction: the ACK to a 2xx. The result can be sent again with
    /// [`resend`](Self::resend). A request that already has a Via, one that is forwarded, gets a branch that is a
    /// function of that Via, so that its repetitions get the same one.
    ///
    /// # Errors
    /// [`Error::NoListener`] without a suitable bound address, [`Error::Busy`] at the limit of connections.
    pub fn send(&mut self, now: Instant, request: Request, target: Target) -> Result<Sent, Error> {
        let now = self.clock(now);
        let branch = match request.headers.raw(Name::Via) {
            Some(below) => format!("{}{}", via::COOKIE, self.token_of(below)),
            None => format!("{}{}", via::COOKIE, self.rng.token(20)),
        };
        let (_, data, mut route, _) = self.render(request, &target, &branch)?;
        self.net.stats.requests_out += 1;
        self.net.send(now, &mut route, data.clone(), None)?;
        self.settle(now);
        Ok(Sent { data, route })
    }

    /// Sends once more what [`send`](Self::send) sent.
    ///
    /// # Errors
    /// [`Error::Busy`] at the limit of connections.
    pub fn resend(&mut self, now: Instant, sent: &mut Sent) -> Result<(), Error> {
        let now = self.clock(now);
        self.net.stats.retransmitted += 1;
        self.net.send(now, &mut sent.route, sent.data.clone(), None)?;
        self.settle(now);
        Ok(())
    }

    /// Sends two line ends, which keep a NAT and a connection from forgetting us (RFC 5626 section 3.5.1). False, and
    /// nothing sent, when the target is a stream and there is no connection to it any more.
    ///
    /// # Errors
    /// [`Error::NoListener`] without a suitable bound address.
    pub fn keep_alive(&mut self, now: Instant, target: &Target) -> Result<bool, Error> {
        let now = self.clock(now);
        let Target { transport, remote, conn, .. } = *target;
        let mut route =
            Route { transport, remote, conn, local: self.net.listener(target).ok_or(Error::NoListener)?.local };
        if transport.is_reliable() && !self.net.is_connected(&route) {
            return Ok(false);
        }
        self.net.send(now, &mut route, Bytes::from_static(b"\r\n\r\n"), None)?;
        Ok(true)
    }

    /// Sends a response in its server transaction. The caller has given it a To tag, unless it is a 100.
    ///
    /// # Errors
    /// [`Error::Gone`] when the transaction is over, [`Error::Answered`] when it has its final response, except for a
    /// further 2xx to an INVITE.
    pub fn respond(&mut self, now: Instant, id: ServerId, response: Response) -> Result<(), Error> {
        let now = self.clock(now);
        let server = self.servers.get_mut(id).ok_or(Error::Gone)?;
        let status = response.status;
        //= rfc4320#4.1/only-100 MUST NOT
        //# Another provisional response is counted and forgotten.
        //= rfc4320#4.2/no-408 MUST NOT
        //# So is a 408; timer `Lapse` ends the transaction.
        //= rfc4320#4.1/100-not-early MUST NOT
        //# Over datagrams the core's own 100 is forgotten: timer `Late` sends one when the time has come.
        //= rfc4320#4.1/100-reliable MAY
        //# Over a stream the core may send one at any time.
        let early = status.0 == 100 && !server.route.transport.is_reliable();
        if server.method != Method::Invite && (status.0 == 408 || early || (101..200).contains(&status.0)) {
            self.net.stats.suppressed += 1;
            return Ok(());
        }
        let on = match status.0 {
            100..200 => On::Provisional,
            200..300 => On::Success,
            _ => On::Failure,
        };
        if server.tag.is_none() {
            server.tag = via::tag(&response.headers);
        }
        let taken = server.step(&mut self.net, now, id, on, Some(response.to_bytes()));
        self.settle_server(id);
        self.settle(now);
        taken.map(|_| ()).ok_or(Error::Answered)
    }

    /// Sends a final response and forgets the transaction at once: a repeated request is a new one to this endpoint. Keeps
    /// memory small where requests are answered that nobody should have sent. Not for INVITE, whose ACK has to be met.
    ///
    /// # Errors
    /// As [`respond`](Self::respond), and [`Error::Misuse`] for an INVITE.
    pub fn respond_stateless(&mut self, now: Instant, id: ServerId, response: Response) -> Result<(), Error> {
        if self.servers.get(id).is_some_and(|s| s.method == Method::Invite) {
            return Err(Error::Misuse);
        }
        self.respond(now, id, response)?;
        self.forget_server(id);
        Ok(())
    }

    /// Sends a 100 now, instead of after the 200 ms that the layer waits.
    ///
    /// # Errors
    /// As [`respond`](Self::respond).
    pub fn trying(&mut self, now: Instant, id: ServerId) -> Result<(), Error> {
        let server = self.servers.get(id).ok_or(Error::Gone)?;
        let request = server.request.as_ref().ok_or(Error::Answered)?;
        let response = Response::to_request(request, Status::TRYING);
        self.respond(now, id, response)
    }

    /// A To tag for the responses to a request: a function of its top Via, so that the response to a CANCEL, which this
    /// layer sends by itself, has the same one (section 9.2).
    pub fn tag(&self, request: &Request) -> String {
        self.token_of(via::top(&request.headers).as_ref().and_then(|v| v.branch()).unwrap_or_default())
    }

    /// The request of a server transaction that has no final response yet.
    pub fn pending(&self, id: ServerId) -> Option<&Request> {
        self.servers.get(id)?.request.as_ref()
    }

    /// Cancels an INVITE of ours (section 9.1): at once if a provisional response has come, else as soon as one comes.
    /// The INVITE ends by its final response, or by [`Event::Timeout`](super::Event::Timeout) 64 T1 after the CANCEL.
    ///
    /// # Errors
    /// [`Error::Gone`], [`Error::Misuse`] for another method, [`Error::Answered`] after the final response.
    pub fn cancel(&mut self, now: Instant, id: ClientId) -> Result<(), Error> {
        let now = self.clock(now);
        let client = self.clients.get_mut(id).ok_or(Error::Gone)?;
        //= rfc3261#9.1/invite-only SHOULD NOT
        //# Other methods are refused.
        if client.method != Method::Invite {
            return Err(Error::Misuse);
        }
        //= rfc3261#9.1/look-for-responses SHOULD
        //# The state says what came so far.
        match (client.state, client.cancel) {
            //= rfc3261#9.1/not-before-provisional MUST NOT
            //# In Calling the wish is only noted.
            (State::Calling, _) => client.cancel = Cancel::Wanted,
            (State::Proceeding, Cancel::No) => self.send_cancel(now, id),
            (State::Proceeding, _) => {}
            //= rfc3261#9.1/not-after-final SHOULD NOT
            //# After a final response it is an error.
            _ => return Err(Error::Answered),
        }
        self.settle(now);
        Ok(())
    }

    pub(super) fn send_cancel(&mut self, now: Instant, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let Some(data) = client.request.as_ref().map(build::cancel) else { return };
        //= rfc3261#9.1/give-up SHOULD
        //# Timer `Cancelled` of the INVITE client table.
        client.cancelled(&self.net, now);
        //= rfc3261#9.1/same-target MUST
        //# The route of the INVITE.
        let (key, route) = (cancel_key(&client.key), client.route);
        let mut cancel = Client::new(Method::Cancel, key.clone(), route, data);
        cancel.cancel = Cancel::Itself;
        let cancel = self.clients.insert(cancel);
        self.by_branch.insert(key, cancel);
        self.net.stats.requests_out += 1;
        self.settle_client(id);
        self.client(now, cancel, On::Start, None);
    }

    /// Puts our Via on a request and finds its way; by TCP and with a way back to UDP when it is large.
    pub(super) fn render(
        &mut self,
        mut request: Request,
        target: &Target,
        branch: &str,
    ) -> Result<(Request, Bytes, Route, Option<Route>), Error> {
        let (route, via) = self.outgoing(target, branch)?;
        request.headers.prepend(Name::Via, via);
        let data = request.to_bytes();
        let limit = self.net.config.mtu.saturating_sub(200);
        if route.transport != Transport::Udp || self.net.config.mtu == 0 || data.len() <= limit {
            return Ok((request, data, route, None));
        }
        //= rfc3261#18.1.1/large-over-stream MUST
        //# A request of more than `Config::mtu` less 200 bytes goes by TCP.
        let (stream, via) = self.outgoing(&Target::tcp(target.remote), branch)?;
        //= rfc3261#18.1.1/large-via MUST
        //# The Via is made anew.
        via::replace_top(&mut request.headers, &via);
        self.net.stats.too_large_for_udp += 1;
        let data = request.to_bytes();
        Ok((request, data, stream, Some(route)))
    }

    /// The route to a target, and the Via that goes with it.
    pub(super) fn outgoing(&self, target: &Target, branch: &str) -> Result<(Route, String), Error> {
        let listen = self.net.listener(target).ok_or(Error::NoListener)?;
        let Target { transport, remote, conn, .. } = *target;
        //= rfc3581#3/listen-at-source MUST
        //# From the listener's own address.
        let route = Route { transport, local: listen.local, remote, conn };
        Ok((route, via::render(listen, transport, branch)))
    }
}

/// The key of the CANCEL of an INVITE, which has the same branch.
fn cancel_key(branch: &str) -> Box<str> {
    format!("{branch}{CANCEL}").into_boxed_str()
}
