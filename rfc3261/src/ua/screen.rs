//! The first look at a request: what is answered before anybody is asked (sections 8.2, 11.2; RFC 3428 section 7).

use wire::Instant;

use super::reply;
use super::types::METHODS;
use super::{Event, UserAgent};
use crate::endpoint::{ServerId, Source};
use crate::message::{Method, Name, Request, Response, Status};

impl UserAgent {
    /// A request that began a server transaction.
    //= rfc3261#8.2/order SHOULD
    //# Method, then headers, then body; who sends it is not asked.
    //= rfc3261#8.2/rejected-nothing MUST NOT
    //# Every check comes before anything is done.
    //= rfc3261#8.2/accepted-whole MUST
    //# What comes after the checks cannot fail half way.
    //= rfc3261#8.2.2/ignore-unknown MUST
    //# Headers that no check names are not read.
    //= rfc3261#8.2.2/ignore-malformed SHOULD
    //# Headers that no check names are not read.
    //= rfc3261#8.2.2.1/to-accept SHOULD
    //# To is not compared with anything.
    //= rfc3261#17.1/answer-at-once SHOULD
    //# All but INVITE, and what the application wants for itself, is answered here and now.
    //= rfc3261#8.2.6.1/none-for-non-invite SHOULD NOT
    //# Only INVITEs get provisional responses.
    //= rfc3261#8.2.6.1/final-soon SHOULD
    //# At once.
    pub(super) fn on_request(&mut self, now: Instant, id: ServerId, request: Request, source: &Source) {
        if let Some(response) = self.screen(&request) {
            let _over = self.endpoint.respond(now, id, response);
            return;
        }
        if request.headers.to().ok().flatten().is_some_and(|to| to.tag().is_some()) {
            return self.on_within(now, id, request);
        }
        //= rfc3261#8.2.2.2/check MUST
        //# Requests without To tag are remembered by From tag, Call-ID and CSeq while their transaction lives.
        let Some(key) = merge_key(&request) else { return self.refuse(now, id, &request, 400) };
        if self.merging.contains_key(&key) {
            //= rfc3261#8.2.2.2/482 SHOULD
            //# The transaction is another one, or the endpoint would have absorbed it.
            return self.refuse(now, id, &request, 482);
        }
        self.merging.insert(key.clone(), id);
        self.merged.insert(id, key);
        match request.method {
            Method::Invite => self.on_invite(now, id, request, source),
            Method::Options => self.on_options(now, id, &request),
            Method::Message => self.on_message(now, id, &request),
            //= rfc3261#12.2.2/481 MUST
            //# Without To tag there is no dialog.
            Method::Bye | Method::Info => self.refuse(now, id, &request, 481),
            _ => self.tell(Event::Request { id, call: None, request }),
        }
    }

    /// The refusal of a request that cannot be processed.
    fn screen(&mut self, request: &Request) -> Option<Response> {
        let tag = self.rng.token(10);
        let refusal = |status| Some(self.reply(request, status, &tag));
        let known = METHODS.contains(&request.method) || self.config.methods.contains(&request.method);
        let taken = known && (request.method != Method::Message || self.config.accept_messages);
        //= rfc3261#8.2.1/inspect MUST
        //# First of all.
        if !taken {
            let foreign = matches!(request.method, Method::Other(_));
            //= rfc3261#8.2.1/405 MUST
            //# 501 when even the name means nothing.
            let mut response = self.reply(request, if foreign { 501 } else { 405 }, &tag);
            //= rfc3261#8.2.1/405-allow MUST
            //# In either.
            //= rfc3261#21.4.6/allow MUST
            //# In either.
            response.headers.push(Name::Allow, self.allow());
            return Some(response);
        }
        //= rfc3261#8.2.2.1/416 SHOULD
        //# Only sip and sips name a user agent here.
        if !request.uri.is_sip_or_sips() {
            return refusal(416);
        }
        //= rfc3261#8.2.2.1/404 SHOULD
        //# If the configuration asks for the check.
        let outside = request.headers.to().ok().flatten().is_none_or(|to| to.tag().is_none());
        let user = self.config.from.uri().user();
        if self.config.check_user && outside && request.uri.user().is_some_and(|u| Some(u) != user) {
            return refusal(404);
        }
        //= rfc3261#8.2.2.3/420 MUST
        //# No option is known here.
        //= rfc3261#20.32/heeded MUST NOT
        //# It is looked at in every request.
        //= rfc3261#20.32/understood MUST
        //# None is understood.
        let required: Vec<&str> = request
            .headers
            .raw_all(Name::Require)
            .flat_map(|v| v.split(','))
            .map(str::trim)
            .filter(|v| !v.is_empty())
            .collect();
        if !required.is_empty() {
            let mut response = self.reply(request, 420, &tag);
            //= rfc3261#8.2.2.3/unsupported MUST
            //# All of them.
            //= rfc3261#21.4.15/unsupported MUST
            //# All of them.
            response.headers.push(Name::Unsupported, required.join(", "));
            return Some(response);
        }
        self.screen_body(request, &tag)
    }

    /// Types, codings, and what the sender would take.
    fn screen_body(&self, request: &Request, tag: &str) -> Option<Response> {
        let coding = request.headers.raw(Name::ContentEncoding).map(str::trim).unwrap_or("identity");
        //= rfc3261#20.11/default-handling SHOULD
        //# Optional only where a parameter says so.
        let disposition = request.headers.raw(Name::ContentDisposition).unwrap_or_default().to_ascii_lowercase();
        let optional = disposition.contains("handling=optional");
        let content_type = request.headers.raw(Name::ContentType).unwrap_or_default();
        let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let sdp = matches!(request.method, Method::Invite);
        let has_body = !request.body.is_empty() && !optional;
        if has_body && !coding.eq_ignore_ascii_case("identity") {
            let mut response = self.reply(request, 415, tag);
            //= rfc3261#8.2.3/415-encoding MUST
            //# None but identity.
            response.headers.push(Name::AcceptEncoding, "identity");
            return Some(response);
        }
        //= rfc3261#8.2.3/415 MUST
        //# Type and coding; a language is nothing that a program has to understand.
        if has_body && sdp && media != "application/sdp" {
            let mut response = self.reply(request, 415, tag);
            //= rfc3261#8.2.3/415-accept MUST
            //# Session descriptions.
            //= rfc3261#21.4.13/accept MUST
            //# Accept here, Accept-Encoding above.
            response.headers.push(Name::Accept, "application/sdp");
            return Some(response);
        }
        let accepts = request.headers.raw_all(Name::Accept).map(str::to_ascii_lowercase).collect::<Vec<_>>().join(",");
        //= rfc3261#20.1/default-sdp SHOULD
        //# No Accept takes what we have.
        let takes_sdp =
            accepts.is_empty() || ["application/sdp", "application/*", "*/*"].iter().any(|t| accepts.contains(t));
        if sdp && !takes_sdp {
            return Some(self.reply(request, 406, tag));
        }
        None
    }

    /// OPTIONS (section 11.2).
    //= rfc3261#11/options MUST
    //# Answered here, sent by `options`.
    //= rfc3261#11.2/as-invite MUST
    //# 486 at the limit of calls, else 200.
    //= rfc3261#11.2/capabilities SHOULD
    //# All but Supported, for which there is nothing to say.
    pub(super) fn on_options(&mut self, now: Instant, id: ServerId, request: &Request) {
        let busy = self.calls.len() >= self.config.max_calls;
        let tag = self.rng.token(10);
        let mut response = self.reply(request, if busy { 486 } else { 200 }, &tag);
        response.headers.push(Name::Allow, self.allow());
        response.headers.push(Name::Accept, "application/sdp");
        response.headers.push(Name::AcceptEncoding, "identity");
        response.headers.push(Name::AcceptLanguage, "en");
        let _over = self.endpoint.respond(now, id, response);
    }

    /// MESSAGE (RFC 3428 section 7).
    //= rfc3428#7/at-once SHOULD
    //# Before the application sees it.
    //= rfc3428#7/2xx-no-body MUST NOT
    //# None.
    //= rfc3428#7/2xx-no-contact MUST NOT
    //# None.
    //= rfc3428#7/text-plain MUST
    //# Any type is handed up.
    pub(super) fn on_message(&mut self, now: Instant, id: ServerId, request: &Request) {
        let (Ok(Some(from)), Ok(Some(to))) = (request.headers.from(), request.headers.to()) else {
            return self.refuse(now, id, request, 400);
        };
        self.refuse(now, id, request, 200);
        if let Some(body) = reply::body(&request.headers, &request.body) {
            self.tell(Event::Message { from: from.0, to: to.0, body });
        }
    }

    /// Answers a request with a bare status.
    pub(super) fn refuse(&mut self, now: Instant, id: ServerId, request: &Request, status: u16) {
        let tag = self.rng.token(10);
        let response = self.reply(request, status, &tag);
        debug_assert_ne!(response.status, Status::TRYING);
        let _over = self.endpoint.respond(now, id, response);
    }
}

/// What merged requests have in common (section 8.2.2.2).
fn merge_key(request: &Request) -> Option<String> {
    let from = request.headers.from().ok()??;
    let (tag, call_id, cseq) =
        (from.tag().unwrap_or_default(), request.headers.call_id()?, request.headers.raw(Name::CSeq)?);
    Some(format!("{tag}\n{call_id}\n{cseq}"))
}
