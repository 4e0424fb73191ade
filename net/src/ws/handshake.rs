//! The opening handshake, both sides. The HTTP messages are parsed and written by tungstenite.
use std::io;
use std::net::SocketAddr;

use tungstenite::handshake::client::{Request, Response, generate_key, generate_request};
use tungstenite::handshake::derive_accept_key;
use tungstenite::handshake::machine::TryParse;
use tungstenite::handshake::server::{create_response, write_response};
use tungstenite::http::header::{
    CONNECTION, HOST, HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use tungstenite::http::{HeaderMap, StatusCode, Uri, Version};

use super::Ws;

/// The client's request, and what the answer must show.
pub(super) struct Asked {
    pub request: Vec<u8>,
    pub accept: String,
}

/// A request that is refused: what to answer and why.
#[derive(Debug)]
pub(super) struct Refusal {
    pub answer: Vec<u8>,
    pub reason: String,
}

//= rfc6455#4.1/request MUST
//# This is all that a client says until the answer has come.
pub(super) fn ask(ws: &Ws, remote: SocketAddr) -> io::Result<Asked> {
    //= rfc6455#4.1/key MUST
    //# tungstenite draws 16 bytes from the generator of its thread and encodes them.
    //= rfc6455#4.1/new-key MUST
    //# A request is made for each connection, and a key for each request.
    let key = generate_key();
    //= rfc6455#4.1/valid-uri MUST
    //# Options that cannot be written into a request are refused before a socket is opened; address and transport are typed.
    ws.check()?;
    let uri: Uri = ws.path.parse().map_err(invalid)?;
    let mut request = Request::new(());
    //= rfc6455#4.1/get MUST
    //# A new request is a GET; its version is set here, and tungstenite writes it.
    *request.version_mut() = Version::HTTP_11;
    //= rfc6455#4.1/resource MUST
    //# The path of the options, `/` by default.
    *request.uri_mut() = uri;
    let host = ws.host.clone().unwrap_or_else(|| remote.to_string());
    let headers = request.headers_mut();
    //= rfc6455#4.1/host MUST
    //# By default the address with its port.
    headers.insert(HOST, HeaderValue::try_from(host).map_err(invalid)?);
    //= rfc6455#4.1/connection MUST
    //# Always this one token.
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    //= rfc6455#4.1/upgrade MUST
    //# Always this one protocol.
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    //= rfc6455#4.1/version MUST
    //# The one version that is spoken.
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
    headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::try_from(&key).map_err(invalid)?);
    //= rfc6455#4.1/origin MAY
    //# When the options have one.
    if let Some(origin) = &ws.origin {
        headers.insert(ORIGIN, HeaderValue::try_from(origin).map_err(invalid)?);
    }
    //= rfc6455#4.1/subprotocols MAY
    //# In the order of the options.
    if !ws.subprotocols.is_empty() {
        let list = HeaderValue::try_from(ws.subprotocols.join(", ")).map_err(invalid)?;
        headers.insert(SEC_WEBSOCKET_PROTOCOL, list);
    }
    let accept = derive_accept_key(key.as_bytes());
    //= rfc6455#4.1/http MUST
    //# tungstenite writes it from types that hold nothing that HTTP does not allow.
    let (request, _) = generate_request(request).map_err(invalid)?;
    Ok(Asked { request, accept })
}

/// Looks whether the server's answer is there and opens the connection; returns its length.
//= rfc6455#4.1/validate MUST
//# Every line that a requirement names, in the order of the section.
pub(super) fn verify(ws: &Ws, accept: &str, data: &[u8]) -> Result<Option<usize>, String> {
    match whole(data, ws.handshake) {
        Whole::Yes => {}
        Whole::NotYet => return Ok(None),
        Whole::TooLong => return Err("the server's answer is too long".to_owned()),
    }
    //= rfc6455#4.1/nonconforming MUST
    //# What is no answer of HTTP 1.1 is an error of the parser.
    let Some((length, response)) = Response::try_parse(data).map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    let headers = response.headers();
    //= rfc6455#4.1/status MUST
    //# No redirection is followed and no password given.
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(format!("the server answered {}", response.status()));
    }
    //= rfc6455#4.1/upgrade-answer MUST
    //# Compared without regard to case.
    if !is(headers, &UPGRADE, "websocket") {
        return Err("the answer upgrades to something else".to_owned());
    }
    //= rfc6455#4.1/connection-answer MUST
    //# One token of possibly several is enough.
    if !tokens(headers, &CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade")) {
        return Err("the answer does not upgrade the connection".to_owned());
    }
    //= rfc6455#11.3.3/once MUST NOT
    //# tungstenite writes one; an answer with two is none.
    if twice(headers, &SEC_WEBSOCKET_ACCEPT) {
        return Err("the answer accepts twice".to_owned());
    }
    //= rfc6455#4.1/accept-answer MUST
    //# The header parser has removed white space around the value.
    if headers.get(SEC_WEBSOCKET_ACCEPT).is_none_or(|value| value.as_bytes() != accept.as_bytes()) {
        return Err("the answer is not one to this key".to_owned());
    }
    //= rfc6455#4.1/extension-answer MUST
    //# None is asked for, so that any is one too many.
    if headers.contains_key(SEC_WEBSOCKET_EXTENSIONS) {
        return Err("the answer has an extension that nobody asked for".to_owned());
    }
    //= rfc6455#11.3.4/once MUST NOT
    //# `answer` inserts one; two are refused here.
    //= rfc6455#4.1/subprotocol-answer MUST
    //# Exactly one, of those asked for; none at all only when none was.
    //= rfc7395#3.1/not-agreed MUST
    //# An answer without the subprotocol that was asked for fails the connection.
    let mut agreed = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let fits = match agreed.next() {
        None => ws.subprotocols.is_empty(),
        Some(one) => agreed.next().is_none() && ws.subprotocols.iter().any(|ours| one == ours),
    };
    if fits { Ok(Some(length)) } else { Err("no subprotocol was agreed on".to_owned()) }
}

/// Looks whether the client's request is there; returns the answer that opens the connection.
//= rfc6455#4.2.1/refuse MUST
//# Every way out of this function but the last is a status of HTTP.
//= rfc6455#4.2.1/unknown-headers MUST
//# Nothing is looked for but what the section names.
pub(super) fn answer(ws: &Ws, data: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
    use tungstenite::handshake::server::Request;
    match whole(data, ws.handshake) {
        Whole::Yes => {}
        Whole::NotYet => return Ok(None),
        Whole::TooLong => {
            return Err(refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the client's request is too long"));
        }
    }
    //= rfc6455#4.2.1/get MUST
    //# The parser takes GET of HTTP 1.1 alone; anything else is its error.
    let parsed = Request::try_parse(data).map_err(|error| refuse(StatusCode::BAD_REQUEST, error))?;
    let Some((length, request)) = parsed else { return Ok(None) };
    let headers = request.headers();
    if length < data.len() {
        return Err(refuse(StatusCode::BAD_REQUEST, "the client did not wait for the answer"));
    }
    //= rfc6455#4.2.1/host MUST
    //# One, as HTTP has it. What it says is not compared: a listener does not know its names.
    if headers.get_all(HOST).iter().count() != 1 {
        return Err(refuse(StatusCode::BAD_REQUEST, "the request names no host"));
    }
    //= rfc6455#11.3.1/once MUST NOT
    //# `ask` inserts one; a request with two is refused, as each could be meant.
    //= rfc6455#11.3.5/once MUST NOT
    //# The same.
    if twice(headers, &SEC_WEBSOCKET_KEY) || twice(headers, &SEC_WEBSOCKET_VERSION) {
        return Err(refuse(StatusCode::BAD_REQUEST, "a header that stands once stands there twice"));
    }
    //= rfc6455#4.2.2/resource MUST
    //# Answered with 404; a listener has one resource.
    if Some(request.uri().path()) != ws.path.split('?').next() {
        return Err(refuse(StatusCode::NOT_FOUND, "the request is for another path"));
    }
    //= rfc6455#4.2.1/version MUST
    //# 13 and nothing else.
    //= rfc6455#4.2.2/version MUST
    //# Answered with 426 and the version that is known.
    if headers.contains_key(UPGRADE) && !is(headers, &SEC_WEBSOCKET_VERSION, VERSION) {
        return Err(refuse(StatusCode::UPGRADE_REQUIRED, "the request is of another version"));
    }
    //= rfc6455#4.2.1/key MUST
    //# It is not decoded, but looked at digit by digit.
    if headers.get(SEC_WEBSOCKET_KEY).is_some_and(|key| !is_key(key.as_bytes())) {
        return Err(refuse(StatusCode::BAD_REQUEST, "the key is not 16 bytes in base64"));
    }
    //= rfc6455#4.2.1/upgrade MUST
    //# tungstenite looks at this line and the next, and refuses a request without them.
    //= rfc6455#4.2.1/connection MUST
    //# Among the tokens of the list.
    //= rfc6455#4.2.2/answer MUST
    //# tungstenite writes these lines, with the accept value of the key.
    //= rfc6455#4.2.2/extensions MUST
    //# Whatever the client lists, nothing is chosen.
    //= rfc6455#11.3.2/once MUST NOT
    //# There is not even one.
    //= rfc6455#4.2.2/unasked-extensions MUST NOT
    //# Nothing is named.
    let mut response = create_response(&request).map_err(|error| refuse(StatusCode::BAD_REQUEST, error))?;
    if !ws.subprotocols.is_empty() {
        //= rfc6455#11.3.4/lines MAY
        //# All lines of the header are one list.
        //= rfc6455#4.2.2/subprotocol MUST
        //# The first of the client's list that the options have; the spelling is the client's.
        //= rfc6455#4.2.2/no-subprotocol MUST NOT
        //# The header is written only below; with options that have subprotocols, a connection without one is refused instead.
        let agreed = tokens(headers, &SEC_WEBSOCKET_PROTOCOL).find(|token| ws.subprotocols.iter().any(|o| o == token));
        let agreed = agreed.and_then(|token| HeaderValue::from_str(token).ok());
        let Some(agreed) = agreed else {
            return Err(refuse(StatusCode::BAD_REQUEST, "no subprotocol can be agreed on"));
        };
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, agreed);
    }
    let mut answer = Vec::new();
    write_response(&mut answer, &response).map_err(|error| refuse(StatusCode::BAD_REQUEST, error))?;
    Ok(Some(answer))
}

/// What a refused client hears.
//= rfc6455#4.4/all-versions MUST
//# 13 is all.
fn refuse(status: StatusCode, reason: impl ToString) -> Refusal {
    let version = if status == StatusCode::UPGRADE_REQUIRED { "Sec-WebSocket-Version: 13\r\n" } else { "" };
    let answer = format!("HTTP/1.1 {status}\r\n{version}Connection: close\r\nContent-Length: 0\r\n\r\n").into_bytes();
    Refusal { answer, reason: reason.to_string() }
}

enum Whole {
    Yes,
    NotYet,
    TooLong,
}

/// Whether the empty line after the headers has come; until then it is not worth a parser's time.
fn whole(data: &[u8], limit: usize) -> Whole {
    let end = data.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
    match end {
        _ if end.unwrap_or(data.len()) > limit => Whole::TooLong,
        Some(_) => Whole::Yes,
        None => Whole::NotYet,
    }
}

fn is(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    headers.get(name).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(wanted.as_bytes()))
}

fn twice(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get_all(name).iter().nth(1).is_some()
}

fn tokens<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let lists = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim)
}

/// Whether a key is the base64 of 16 bytes.
fn is_key(key: &[u8]) -> bool {
    let digits = key.strip_suffix(b"==").unwrap_or_default();
    digits.len() == 22 && digits.iter().all(|&digit| digit.is_ascii_alphanumeric() || matches!(digit, b'+' | b'/'))
}

fn invalid(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

const VERSION: &str = "13";
