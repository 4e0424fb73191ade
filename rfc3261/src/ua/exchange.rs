//! Requests of ours outside of calls: MESSAGE (RFC 3428), OPTIONS (section 11).

use wire::Instant;

use super::attempt::{Attempt, Purpose};
use super::{Body, Error, Exchange, UserAgent, reply};
use crate::message::{Method, Name, Uri};

impl UserAgent {
    /// Sends an instant message (RFC 3428). [`Event::Finished`](super::Event::Finished) brings the outcome. While one to the same URI is under
    /// way, it waits.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Busy`], [`Error::NoListener`], [`Error::TooLarge`].
    //= rfc3428#9/body MAY
    //# What the caller gives.
    //= rfc3428#4/text-plain MUST
    //# Any type.
    pub fn message(&mut self, now: Instant, to: Uri, body: Body) -> Result<Exchange, Error> {
        self.exchange(now, Method::Message, to, Some(body))
    }

    /// Asks what an address can do (section 11). [`Event::Finished`](super::Event::Finished) brings the outcome.
    ///
    /// # Errors
    /// As [`message`](Self::message).
    //= rfc3261#11.1/accept SHOULD
    //# Session descriptions.
    pub fn options(&mut self, now: Instant, to: Uri) -> Result<Exchange, Error> {
        self.exchange(now, Method::Options, to, None)
    }

    fn exchange(&mut self, now: Instant, method: Method, to: Uri, body: Option<Body>) -> Result<Exchange, Error> {
        let now = self.clock(now);
        let from = self.config.from.clone();
        let accept = (method == Method::Options).then_some("application/sdp");
        let (mut request, hop) = self.outside(method, &to, &from)?;
        if let Some(accept) = accept {
            request.headers.push(Name::Accept, accept);
        }
        reply::set_body(&mut request.headers, &mut request.body, body);
        let exchange = Exchange(self.number());
        //= rfc3428#8/1300 MUST NOT
        //# With room for the Via that is added.
        let message = request.method == Method::Message;
        if message && request.to_bytes().len() > 1300 - 150 {
            return Err(Error::TooLarge);
        }
        let attempt = Attempt::new(Purpose::Exchange(exchange, None), request, hop, self.config.transport);
        if message {
            //= rfc3428#8/one-pending MUST NOT
            //# The next one waits for the final response.
            if self.messages.values().any(|other| other.matches(&to)) {
                if self.waiting.len() >= self.config.max_requests {
                    return Err(Error::Busy);
                }
                self.waiting.push_back((to, attempt));
                return Ok(exchange);
            }
            self.messages.insert(exchange, to);
        }
        if let Err(error) = self.dispatch(now, attempt) {
            self.messages.remove(&exchange);
            return Err(error);
        }
        Ok(exchange)
    }

    /// A message has its final response: the next one to that URI may go.
    pub(super) fn next_message(&mut self, now: Instant, exchange: Exchange) {
        let Some(to) = self.messages.remove(&exchange) else { return };
        let Some(at) = self.waiting.iter().position(|(other, _)| other.matches(&to)) else { return };
        let Some((to, attempt)) = self.waiting.remove(at) else { return };
        let purpose = attempt.purpose.clone();
        if let Purpose::Exchange(exchange, _) = purpose {
            self.messages.insert(exchange, to);
        }
        if self.dispatch(now, attempt).is_err() {
            self.failed(now, purpose, 503, None);
        }
    }
}
