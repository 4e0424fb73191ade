//! What arrives: framing, matching, and what the layer answers by itself.

use bytes::Bytes;
use wire::{ConnId, Instant, Output, Transmit, Transport};

use super::server::Server;
use super::{DropReason, Endpoint, Event, ServerId, Source, key, via};
use crate::message::{Message, Method, Name, ParseError, Request, Response, Status, Via};
use crate::transaction::{Action, On};

impl Endpoint {
    //= rfc3261#18.1.1/response-datagram MUST
    //# Whichever of our sockets it came to, and whoever sent it: the branch finds the transaction.
    pub(super) fn datagram(&mut self, now: Instant, source: Source, data: Bytes) {
        // Keep-alives of NAT bindings: no message, and no noise either.
        if data.iter().all(|b| matches!(b, b'\r' | b'\n' | 0)) {
            return;
        }
        match Message::parse_within(data, &self.net.config.limits) {
            Ok(message) => self.message(now, source, message),
            Err(error) => self.broken(now, source, &error),
        }
    }

    //= rfc3261#18.1.1/response-same-connection MUST
    //# Requests and responses are read from every connection, whoever opened it.
    //= rfc3261#18/udp-and-tcp MUST
    //# Streams here, datagrams above.
    pub(super) fn stream(&mut self, now: Instant, conn: ConnId, data: Bytes) {
        let Some(source) = self.net.source(conn) else { return };
        let Some(state) = self.net.conns.get_mut(&conn) else { return };
        state.used = now;
        if matches!(state.transport, Transport::Ws | Transport::Wss) {
            return self.datagram(now, source, data);
        }
        state.decoder.push(data);
        let mut complete = false;
        // A message may close the connection it came by.
        while let Some(next) = self.net.conns.get_mut(&conn).and_then(|s| s.decoder.next()) {
            complete = true;
            match next {
                Ok(message) => self.message(now, source, message),
                Err(error) => {
                    self.broken(now, source, &error);
                }
            }
        }
        let Some(state) = self.net.conns.get_mut(&conn) else { return };
        let pongs = state.decoder.take_pings();
        if state.decoder.is_broken() {
            self.net.stats.bad_framing += 1;
            return self.close(now, conn, DropReason::BadFraming);
        }
        state.partial = match state.partial {
            _ if state.decoder.is_idle() => None,
            Some(since) if !complete => Some(since),
            _ => Some(now),
        };
        if state.partial.is_some() {
            self.net.touched.push(conn);
        }
        if pongs > 0 {
            self.net.out.push_back(Output::Transmit(Transmit::Stream { conn, data: Bytes::from_static(b"\r\n") }));
        }
    }

    fn message(&mut self, now: Instant, source: Source, message: Message) {
        match message {
            Message::Request(request) => self.request_in(now, source, request),
            Message::Response(response) => self.response_in(now, source, response),
        }
    }

    fn response_in(&mut self, now: Instant, source: Source, response: Response) {
        self.net.stats.responses_in += 1;
        //= rfc3261#18.1.2/foreign-sent-by MUST
        //# Counted, told and dropped.
        let Some(via) = via::top(&response.headers).filter(|v| self.is_local(v.host().as_str(), v.port())) else {
            self.net.stats.foreign_via += 1;
            return self.net.dropped(DropReason::ForeignVia, source.remote);
        };
        //= rfc3261#17.1.3/branch-and-method MUST
        //# Branches are ours and unique, so the branch finds it; a CANCEL has the branch of its INVITE and its own key.
        let method = response.headers.cseq().ok().flatten().map(|c| c.method);
        self.scratch.clear();
        self.scratch.push_str(via.branch().unwrap_or_default());
        if method == Some(Method::Cancel) {
            self.scratch.push_str(super::CANCEL);
        }
        let found = self.by_branch.get(self.scratch.as_str()).copied();
        let client = found.and_then(|id| Some((id, self.clients.get(id)?)));
        match client.filter(|(_, c)| Some(&c.method) == method.as_ref()) {
            //= rfc3261#18.1.2/to-transaction MUST
            //# Into the table of the transaction.
            Some((id, _)) => {
                let on = match response.status.0 {
                    ..200 => On::Provisional,
                    200..300 => On::Success,
                    _ => On::Failure,
                };
                self.client(now, id, on, Some(response));
            }
            //= rfc3261#18.1.2/to-core MUST
            //# As `Event::Stray`.
            None => {
                self.net.stats.stray += 1;
                self.net.event(Event::Stray { response, source });
            }
        }
    }

    fn request_in(&mut self, now: Instant, source: Source, mut request: Request) {
        self.net.stats.requests_in += 1;
        let honor_maddr = self.net.config.honor_maddr;
        let Some((via, route)) = via::stamp(&mut request.headers, &source, honor_maddr) else {
            self.net.stats.malformed += 1;
            return self.net.dropped(DropReason::Malformed, source.remote);
        };
        if request.method == Method::Ack {
            return self.ack_in(now, source, &via, request);
        }
        key::write(&mut self.scratch, &via, &request, &request.method);
        if let Some(id) = self.by_key.get(self.scratch.as_str()).copied() {
            self.net.stats.absorbed += 1;
            if let Some(server) = self.servers.get_mut(id) {
                server.step(&mut self.net, now, id, On::Request, None);
            }
            return self.settle_server(id);
        }
        if self.servers.len() >= self.net.config.max_servers {
            self.net.stats.overload += 1;
            self.net.dropped(DropReason::Overload, source.remote);
            let mut response = Response::to_request(&request, Status(503));
            response.headers.set(Name::RetryAfter, 5);
            return self.answer(now, response, route);
        }
        let key: Box<str> = self.scratch.as_str().into();
        let cancels = (request.method == Method::Cancel).then(|| self.cancelled_by(&via, &request));
        let id = self.servers.insert(Server::new(request.clone(), key.clone(), route));
        self.by_key.insert(key, id);
        if let Some(server) = self.servers.get_mut(id) {
            server.step(&mut self.net, now, id, On::Start, None);
        }
        match cancels {
            None => self.net.event(Event::Request { id, request, source }),
            Some(invite) => self.cancel_in(now, id, invite, request),
        }
        self.settle_server(id);
    }

    /// An ACK belongs to a transaction that waits for it, or to the core.
    fn ack_in(&mut self, now: Instant, source: Source, via: &Via, request: Request) {
        key::write(&mut self.scratch, via, &request, &Method::Invite);
        let Some(id) = self.by_key.get(self.scratch.as_str()).copied() else {
            // The ACK to a refusal that was sent without state: its tag is a function of the Via.
            let ours = self.token_of(request.headers.raw(Name::Via).unwrap_or_default());
            if via::tag(&request.headers).is_some_and(|tag| *tag == *ours) {
                self.net.stats.absorbed += 1;
                return;
            }
            return self.net.event(Event::Ack { request, source });
        };
        let Some(server) = self.servers.get_mut(id) else { return };
        //= rfc3261#17.2.3/old-ack MUST
        //# The key of an old request has no To tag; here that of our response is compared.
        if !via.has_cookie() && via::tag(&request.headers) != server.tag {
            return self.net.event(Event::Ack { request, source });
        }
        //= rfc6026#7.1/ack-up MUST
        //# The table says `Deliver` in Accepted.
        //= rfc6026#6/old-ack-accepted MUST
        //# The same for a match without cookie.
        let actions = server.step(&mut self.net, now, id, On::Ack, None);
        if actions.is_some_and(|a| a.contains(&Action::Deliver)) {
            self.net.event(Event::Ack { request, source });
        } else {
            self.net.stats.absorbed += 1;
        }
        self.settle_server(id);
    }

    /// The transaction that a CANCEL means: the one with its key, of any method but CANCEL and ACK.
    fn cancelled_by(&mut self, via: &Via, cancel: &Request) -> Option<ServerId> {
        use Method::*;
        [Invite, Register, Options, Bye, Message, Subscribe, Notify, Refer, Publish, Info, Update, Prack]
            .into_iter()
            .find_map(|method| {
                key::write(&mut self.scratch, via, cancel, &method);
                self.by_key.get(self.scratch.as_str()).copied()
            })
    }

    /// Answers a CANCEL, and hands it up when there is something left to cancel.
    //= rfc3261#8.2.2.3/ignored-in-cancel MUST
    //# Its Require is not looked at.
    //= rfc3261#8.3/cancel SHOULD
    //# 200, if there is something to cancel.
    fn cancel_in(&mut self, now: Instant, id: ServerId, invite: Option<ServerId>, request: Request) {
        //= rfc3261#9.2/unmatched-481 SHOULD
        //# Nothing found: 481.
        //= rfc3261#9.2/answer-200 MUST
        //# Found, in whatever state: 200.
        let status = if invite.is_some() { Status::OK } else { Status(481) };
        let mut response = Response::to_request(&request, status);
        let server = invite.and_then(|invite| Some((invite, self.servers.get_mut(invite)?)));
        //= rfc3261#9.2/same-tag SHOULD
        //# The tag of the responses so far; if there is none yet, a tag made of the Via, which `Endpoint::tag` gives
        //# for the later ones too.
        let tag = server.as_ref().and_then(|(_, s)| s.tag.clone());
        let tag = tag.map_or_else(|| self.tag(&request), |t| t.to_string());
        via::set_tag(&mut response.headers, &tag);
        let pending =
            invite.filter(|i| self.servers.get(*i).is_some_and(|s| s.method == Method::Invite && !s.answered()));
        if let Err(error) = self.respond(now, id, response) {
            debug_assert!(false, "a new transaction takes a response: {error}");
        }
        if let Some(id) = pending {
            self.net.event(Event::Cancel { id, request });
        }
    }

    /// What is left of a message that cannot be read: a response when it was a request, an event.
    fn broken(&mut self, now: Instant, source: Source, error: &ParseError) {
        let mut answer = error.answer();
        let honor_maddr = self.net.config.honor_maddr;
        let route = answer.as_mut().and_then(|r| via::stamp(&mut r.headers, &source, honor_maddr));
        match (answer, route) {
            (Some(response), Some((_, route))) => {
                self.net.stats.refused += 1;
                self.net.dropped(DropReason::Refused(response.status.0), source.remote);
                self.answer(now, response, route);
            }
            _ => {
                self.net.stats.malformed += 1;
                self.net.dropped(DropReason::Malformed, source.remote);
            }
        }
    }

    /// Sends a response without a transaction.
    //= rfc3261#8.2.7/same-tag MUST
    //# The tag is a function of the Via.
    //= rfc3261#8.2.7/no-1xx MUST NOT
    //# Refusals are final.
    //= rfc3261#8.2.7/no-repeats MUST NOT
    //# Nothing is kept that could be repeated.
    fn answer(&mut self, now: Instant, mut response: Response, mut route: super::Route) {
        let tag = self.token_of(response.headers.raw(Name::Via).unwrap_or_default());
        via::set_tag(&mut response.headers, &tag);
        self.net.stats.responses_out += 1;
        if self.net.send(now, &mut route, response.to_bytes(), None).is_err() {
            self.net.stats.transport_failures += 1;
        }
    }
}
