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

pub(super) fn ask(ws: &Ws, remote: SocketAddr) -> io::Result<Asked> {
    let key = generate_key();
    ws.check()?;
    let uri: Uri = ws.path.parse().map_err(invalid)?;
    let mut request = Request::new(());
    *request.version_mut() = Version::HTTP_11;
    *request.uri_mut() = uri;
    let host = ws.host.clone().unwrap_or_else(|| remote.to_string());
    let headers = request.headers_mut();
    headers.insert(HOST, HeaderValue::try_from(host).map_err(invalid)?);
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
    headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::try_from(&key).map_err(invalid)?);
    if let Some(origin) = &ws.origin {
        headers.insert(ORIGIN, HeaderValue::try_from(origin).map_err(invalid)?);
    }
    if !ws.subprotocols.is_empty() {
        let list = HeaderValue::try_from(ws.subprotocols.join(", ")).map_err(invalid)?;
        headers.insert(SEC_WEBSOCKET_PROTOCOL, list);
    }
    let accept = derive_accept_key(key.as_bytes());
    let (request, _) = generate_request(request).map_err(invalid)?;
    Ok(Asked { request, accept })
}

/// Looks whether the server's answer is there and opens the connection; returns its length.
pub(super) fn verify(ws: &Ws, accept: &str, data: &[u8]) -> Result<Option<usize>, String> {
    match whole(data, ws.handshake) {
        Whole::Yes => {}
        Whole::NotYet => return Ok(None),
        Whole::TooLong => return Err("the server's answer is too long".to_owned()),
    }
    let Some((length, response)) = Response::try_parse(data).map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    let headers = response.headers();
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(format!("the server answered {}", response.status()));
    }
    if !is(headers, &UPGRADE, "websocket") {
        return Err("the answer upgrades to something else".to_owned());
    }
    if !tokens(headers, &CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade")) {
        return Err("the answer does not upgrade the connection".to_owned());
    }
    if headers.get(SEC_WEBSOCKET_ACCEPT).is_none_or(|value| value.as_bytes() != accept.as_bytes()) {
        return Err("the answer is not one to this key".to_owned());
    }
    if headers.contains_key(SEC_WEBSOCKET_EXTENSIONS) {
        return Err("the answer has an extension that nobody asked for".to_owned());
    }
    let mut agreed = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let fits = match agreed.next() {
        None => ws.subprotocols.is_empty(),
        Some(one) => agreed.next().is_none() && ws.subprotocols.iter().any(|ours| one == ours),
    };
    if fits { Ok(Some(length)) } else { Err("no subprotocol was agreed on".to_owned()) }
}

/// Looks whether the client's request is there; returns the answer that opens the connection.
pub(super) fn answer(ws: &Ws, data: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
    use tungstenite::handshake::server::Request;
    match whole(data, ws.handshake) {
        Whole::Yes => {}
        Whole::NotYet => return Ok(None),
        Whole::TooLong => {
            return Err(refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the client's request is too long"));
        }
    }
    let parsed = Request::try_parse(data).map_err(|error| refuse(StatusCode::BAD_REQUEST, error))?;
    let Some((length, request)) = parsed else { return Ok(None) };
    let headers = request.headers();
    if length < data.len() {
        return Err(refuse(StatusCode::BAD_REQUEST, "the client did not wait for the answer"));
    }
    if headers.get_all(HOST).iter().count() != 1 {
        return Err(refuse(StatusCode::BAD_REQUEST, "the request names no host"));
    }
    if Some(request.uri().path()) != ws.path.split('?').next() {
        return Err(refuse(StatusCode::NOT_FOUND, "the request is for another path"));
    }
    if headers.contains_key(UPGRADE) && !is(headers, &SEC_WEBSOCKET_VERSION, VERSION) {
        return Err(refuse(StatusCode::UPGRADE_REQUIRED, "the request is of another version"));
    }
    if headers.get(SEC_WEBSOCKET_KEY).is_some_and(|key| !is_key(key.as_bytes())) {
        return Err(refuse(StatusCode::BAD_REQUEST, "the key is not 16 bytes in base64"));
    }
    let mut response = create_response(&request).map_err(|error| refuse(StatusCode::BAD_REQUEST, error))?;
    if !ws.subprotocols.is_empty() {
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
