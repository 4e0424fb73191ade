//! Dialogs (RFC 3261 section 12): what two user agents remember of each other between requests.
//!
//! A [`Dialog`] is a value: it is made from the request and the response that start it, writes the requests that are
//! sent within it, and checks those that arrive. Sending, retransmitting and answering are the user agent's work.

mod id;

use bytestring::ByteString;

pub use id::DialogId;

use crate::message::{
    CSeq, Contact, From, HeaderError, Headers, MaxForwards, Method, Name, NameAddr, RecordRoute, Request, Response,
    Scheme, Status, To, Uri,
};

/// How far a dialog has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// A provisional response started it; it ends with any final response but a 2xx.
    Early,
    /// A 2xx confirmed it; it ends with BYE.
    Confirmed,
}

/// What one side remembers of a dialog.
///
/// ```
/// use rfc3261::dialog::{Dialog, State};
/// use rfc3261::message::{Message, Method};
/// let invite = "INVITE sip:bob@biloxi.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
///     From: <sip:alice@a.example>;tag=a\r\nTo: <sip:bob@biloxi.example>\r\nCall-ID: 7\r\nCSeq: 31 INVITE\r\n\
///     Contact: <sip:alice@192.0.2.1>\r\nContent-Length: 0\r\n\r\n";
/// let ok = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nRecord-Route: <sip:p2.example;lr>\r\n\
///     Record-Route: <sip:p1.example;lr>\r\nFrom: <sip:alice@a.example>;tag=a\r\nTo: <sip:bob@biloxi.example>;tag=b\r\n\
///     Call-ID: 7\r\nCSeq: 31 INVITE\r\nContact: <sip:bob@192.0.2.9>\r\nContent-Length: 0\r\n\r\n";
/// let Message::Request(invite) = Message::parse(invite.into()).unwrap() else { unreachable!() };
/// let Message::Response(ok) = Message::parse(ok.into()).unwrap() else { unreachable!() };
/// let mut dialog = Dialog::uac(&invite, &ok).unwrap();
/// assert_eq!(dialog.state(), State::Confirmed);
/// let bye = dialog.request(Method::Bye);
/// assert_eq!(bye.uri.as_str(), "sip:bob@192.0.2.9");
/// assert_eq!(bye.headers.cseq().unwrap().unwrap().number, 32);
/// assert_eq!(bye.headers.route().unwrap().unwrap().uri().as_str(), "sip:p1.example;lr");
/// ```
#[derive(Clone, Debug)]
pub struct Dialog {
    id: DialogId,
    state: State,
    secure: bool,
    local: NameAddr,
    remote: NameAddr,
    local_number: Option<u32>,
    remote_number: Option<u32>,
    remote_target: Uri,
    route_set: Vec<NameAddr>,
}

impl Dialog {
    /// The caller's side: from its `request` and a 101 to 2xx `response` to it.
    ///
    /// # Errors
    /// [`DialogError`] when a header that the dialog is made of is missing or malformed.
    //= rfc3261#12.1.2/kept MUST
    //# The value holds all of the state and lives as long as its owner keeps it.
    pub fn uac(request: &Request, response: &Response) -> Result<Dialog, DialogError> {
        let (local, remote) = parties(&response.headers)?;
        //= rfc3261#12.1.2/route-set MUST
        //# The Record-Route of the response, turned around.
        let mut route_set = record_routes(&response.headers)?;
        route_set.reverse();
        Ok(Dialog {
            //= rfc3261#12.1.2/tags MUST
            //# Local is the tag of From; remote the tag of the response's To.
            //= rfc3261#12.1.2/null-tag MUST
            //# A To without tag gives an empty one.
            id: DialogId::new(call_id(&response.headers)?, tag(&local), tag(&remote)),
            state: if response.status.0 >= 200 { State::Confirmed } else { State::Early },
            secure: request.uri.is_sips(),
            //= rfc3261#12.1.2/sequence MUST
            //# The number just sent; none was received yet.
            local_number: Some(number(&request.headers)?),
            remote_number: None,
            //= rfc3261#12.1.2/remote-target MUST
            //# The Contact of the response.
            remote_target: target(&response.headers)?.ok_or(DialogError::Missing(Name::Contact))?,
            //= rfc3261#12.1.2/uris MUST
            //# Whole name-addrs are kept, so that later requests show the same names.
            local: local.without_param("tag"),
            remote: remote.without_param("tag"),
            route_set,
        })
    }

    /// The callee's side: from the `request` and its own 101 to 2xx `response`, whose To has a tag.
    ///
    /// # Errors
    /// [`DialogError`] when a header that the dialog is made of is missing or malformed.
    //= rfc3261#12.1.1/kept MUST
    //# The value holds all of the state and lives as long as its owner keeps it.
    pub fn uas(request: &Request, response: &Response) -> Result<Dialog, DialogError> {
        let (remote, local) = parties(&response.headers)?;
        let remote_target = match target(&request.headers)? {
            Some(target) => target,
            // a peer of RFC 2543 may leave Contact out, and is reached at From
            None if remote.tag().is_none() => remote.uri().clone(),
            None => return Err(DialogError::Missing(Name::Contact)),
        };
        Ok(Dialog {
            //= rfc3261#12.1.1/tags MUST
            //# Remote is the tag of the request's From; local the tag that the response added to To.
            //= rfc3261#12.1.1/null-tag MUST
            //# A From without tag gives an empty one.
            id: DialogId::new(call_id(&request.headers)?, tag(&local), tag(&remote)),
            state: if response.status.0 >= 200 { State::Confirmed } else { State::Early },
            secure: request.uri.is_sips(),
            //= rfc3261#12.1.1/sequence MUST
            //# The number of the request; ours is chosen with our first request.
            local_number: None,
            remote_number: Some(number(&request.headers)?),
            //= rfc3261#12.1.1/remote-target MUST
            //# The Contact of the request.
            remote_target,
            //= rfc3261#12.1.1/uris MUST
            //# Remote from From, local from To.
            local: local.without_param("tag"),
            remote: remote.without_param("tag"),
            //= rfc3261#12.1.1/route-set MUST
            //# The Record-Route of the request, in its order.
            route_set: record_routes(&request.headers)?,
        })
    }

    /// Its id, as this side sees it.
    pub fn id(&self) -> &DialogId {
        &self.id
    }

    /// How far it has come.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether it was started with a sips Request-URI, so that all of it stays on TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Who this side is, without tag.
    pub fn local(&self) -> &NameAddr {
        &self.local
    }

    /// Who the other side is, without tag.
    pub fn remote(&self) -> &NameAddr {
        &self.remote
    }

    /// Where the other side wants its requests.
    pub fn remote_target(&self) -> &Uri {
        &self.remote_target
    }

    /// The proxies that every request visits, first hop first.
    pub fn route_set(&self) -> &[NameAddr] {
        &self.route_set
    }

    /// Where the next request goes first: the first of the route set, or the remote target.
    pub fn next_hop(&self) -> &Uri {
        self.route_set.first().map_or(&self.remote_target, NameAddr::uri)
    }

    /// A 2xx arrived or was sent: the dialog is confirmed. On the caller's side the response's route set and target
    /// replace those of the provisional one (section 13.2.2.4).
    ///
    /// # Errors
    /// [`DialogError`]; then nothing but the state has changed.
    pub fn confirm(&mut self, response: &Response, caller: bool) -> Result<(), DialogError> {
        self.state = State::Confirmed;
        if caller {
            //= rfc3261#13.2.2.4/confirm MUST
            //# The early dialog becomes the confirmed one; its route set is computed anew from the 2xx.
            let mut route_set = record_routes(&response.headers)?;
            route_set.reverse();
            if let Some(target) = target(&response.headers)? {
                self.remote_target = target;
            }
            self.route_set = route_set;
        }
        Ok(())
    }

    /// A new request of this dialog, its CSeq counted up, without Via, Contact or body. Not for ACK and CANCEL.
    //= rfc3261#12.2.1.1/cseq-by-one MUST
    //# The local number grows by one with each call, and nothing else changes it.
    //= rfc3261#12.2.1.1/cseq-first MUST
    //# The callee's first number is 1, well below 2^31.
    pub fn request(&mut self, method: Method) -> Request {
        let number = self.next_number();
        self.with_number(method, number)
    }

    /// The CSeq number of the next request, for one that is sent again with credentials.
    //= rfc3261#8.1.1.5/below-2-31 MUST
    //# It stops there; no dialog lives that long.
    pub fn next_number(&mut self) -> u32 {
        let number = self.local_number.map_or(1, |n| n.saturating_add(1)).min((1 << 31) - 1);
        self.local_number = Some(number);
        number
    }

    /// The ACK to a 2xx that answered the INVITE with the CSeq `number` (section 13.2.2.4).
    //= rfc3261#13.2.2.4/ack-cseq MUST
    //# The number of the INVITE, the method ACK; the number of the dialog does not move.
    //= rfc3261#8.2.2.3/ack-same MUST
    //# It has neither Require nor Proxy-Require.
    pub fn ack(&self, number: u32) -> Request {
        self.with_number(Method::Ack, number)
    }

    fn with_number(&self, method: Method, number: u32) -> Request {
        let (uri, routes) = self.path();
        //= rfc3261#12.2.1.1/cseq-method MUST
        //# One method writes both the request line and CSeq.
        let mut request = Request::new(method.clone(), uri);
        let headers = &mut request.headers;
        for route in routes {
            headers.push(Name::Route, route);
        }
        headers.push(Name::MaxForwards, MaxForwards(70));
        //= rfc3261#12.2.1.1/to-and-from MUST
        //# Both parties as they were, with the tags that are not empty.
        headers.push(Name::From, with_tag(&self.local, &self.id.local_tag));
        headers.push(Name::To, with_tag(&self.remote, &self.id.remote_tag));
        //= rfc3261#12.2.1.1/call-id MUST
        //# Always the one that the dialog is known by.
        //= rfc3261#8.1.1.4/same-in-dialog MUST
        //# The one of the dialog.
        headers.push(Name::CallId, &self.id.call_id);
        headers.push(Name::CSeq, CSeq::new(number, method));
        request
    }

    /// The Request-URI and the Route headers of the next request.
    //= rfc3261#16.6/record-route-dialog-only MUST NOT
    //# The route set never leaves its dialog.
    fn path(&self) -> (Uri, Vec<NameAddr>) {
        match self.route_set.first() {
            //= rfc3261#12.2.1.1/no-route-set MUST
            //# The remote target becomes the Request-URI.
            //= rfc3261#12.2.1.1/no-route-set-no-route MUST NOT
            //# No Route header is written.
            None => (self.remote_target.clone(), Vec::new()),
            //= rfc3261#12.2.1.1/loose MUST
            //# The whole set, in order.
            Some(first) if first.uri().param("lr").is_some() => (self.remote_target.clone(), self.route_set.clone()),
            //= rfc3261#12.2.1.1/strict MUST
            //# The first of the set becomes the Request-URI, the target goes to the end.
            Some(first) => {
                let uri = first.uri().without_headers().without_param("method");
                let rest = self.route_set[1..].iter().cloned();
                (uri, rest.chain([NameAddr::new(&self.remote_target)]).collect())
            }
        }
    }

    /// Takes a request that arrived within this dialog: checks its order, and follows a moved target. ACK and CANCEL
    /// are not given here.
    ///
    /// # Errors
    /// The status to refuse it with: 500 when its number is not above the last one, 400 when it is malformed.
    pub fn receive(&mut self, request: &Request) -> Result<(), Status> {
        let got = number(&request.headers).map_err(|_| Status(400))?;
        //= rfc3261#12.2.2/out-of-order MUST
        //# A number at or below the last is refused; a gap above it is not.
        //= rfc3261#12.2.2/gap SHOULD
        //# Any greater number is taken.
        if self.remote_number.is_some_and(|last| got <= last) {
            return Err(Status(500));
        }
        //= rfc3261#12.2.2/refresh MUST
        //# A Contact in INVITE, UPDATE, SUBSCRIBE or NOTIFY becomes the remote target.
        if refreshes_target(&request.method)
            && let Some(target) = target(&request.headers).map_err(|_| Status(400))?
        {
            self.remote_target = target;
        }
        //= rfc3261#12.2.2/first-number MUST
        //# A callee's first request sets the number as any later one does.
        //= rfc3261#12.2.2/number-kept MUST
        //# The number of every request taken is the next one to be above.
        self.remote_number = Some(got);
        Ok(())
    }

    /// Follows the target of a 2xx `response` to a request of ours that refreshes it.
    //= rfc3261#12.2.1.2/refresh MUST
    //# The Contact of a 2xx to such a request becomes the remote target.
    pub fn refreshed(&mut self, method: &Method, response: &Response) {
        if refreshes_target(method)
            && (200..300).contains(&response.status.0)
            && let Ok(Some(target)) = target(&response.headers)
        {
            self.remote_target = target;
        }
    }
}

/// Why no dialog can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialogError {
    /// The other side left this header out.
    Missing(Name),
    /// The other side's header cannot be read.
    Malformed(HeaderError),
}

impl std::fmt::Display for DialogError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DialogError::Missing(name) => write!(f, "the peer sent no {name}"),
            DialogError::Malformed(error) => write!(f, "the peer sent a {error}"),
        }
    }
}

impl std::error::Error for DialogError {}

impl std::convert::From<HeaderError> for DialogError {
    fn from(error: HeaderError) -> DialogError {
        DialogError::Malformed(error)
    }
}

/// Whether requests of this method move the remote target (section 12.2; RFC 3311, 6665).
pub fn refreshes_target(method: &Method) -> bool {
    matches!(method, Method::Invite | Method::Update | Method::Subscribe | Method::Notify)
}

fn parties(headers: &Headers) -> Result<(NameAddr, NameAddr), DialogError> {
    let from: From = headers.from()?.ok_or(DialogError::Missing(Name::From))?;
    let to: To = headers.to()?.ok_or(DialogError::Missing(Name::To))?;
    Ok((from.0, to.0))
}

fn tag(party: &NameAddr) -> ByteString {
    party.tag().unwrap_or_default().into()
}

fn with_tag(party: &NameAddr, tag: &str) -> NameAddr {
    if tag.is_empty() { party.clone() } else { party.with_tag(tag) }
}

fn call_id(headers: &Headers) -> Result<ByteString, DialogError> {
    headers.call_id().map(ByteString::from).ok_or(DialogError::Missing(Name::CallId))
}

fn number(headers: &Headers) -> Result<u32, DialogError> {
    Ok(headers.cseq()?.ok_or(DialogError::Missing(Name::CSeq))?.number)
}

/// The first Contact that is a SIP or SIPS URI.
fn target(headers: &Headers) -> Result<Option<Uri>, DialogError> {
    match headers.first::<Contact>()? {
        Some(contact) if matches!(contact.uri().scheme(), Scheme::Sip | Scheme::Sips) => {
            Ok(Some(contact.uri().without_headers()))
        }
        _ => Ok(None),
    }
}

fn record_routes(headers: &Headers) -> Result<Vec<NameAddr>, DialogError> {
    let routes: Result<Vec<RecordRoute>, HeaderError> = headers.list::<RecordRoute>().take(MAX_ROUTES).collect();
    Ok(routes?.into_iter().map(|r| r.0).collect())
}

/// More proxies than any request passes within its Max-Forwards of 70.
const MAX_ROUTES: usize = 70;
