//! What must hold for any bytes at all. Property tests call it here; a fuzz target can include this file.

#![allow(dead_code)] // each test file uses a part

use bytes::Bytes;
use rfc3261::message::{
    Accept, AlertInfo, Allow, AuthenticationInfo, Authorization, CSeq, CallId, CallInfo, Contact, ContentDisposition,
    ContentLength, ContentType, Date, Event, Expires, From, InReplyTo, Limits, MaxForwards, Message, MimeVersion, Name,
    NameAddr, Priority, RAck, Reason, RecordRoute, Replaces, Require, RetryAfter, Route, Server, StreamDecoder,
    Subject, Supported, Timestamp, To, TypedHeader, Uri, UserAgent, Via, Warning, WwwAuthenticate,
};

/// A message parses or is refused; one that parses prints, parses again to the same, and prints the same again; each
/// typed value prints to what it was read from or to something that reads the same; on a stream the same bytes give the
/// same, however they are cut.
pub fn message(data: &[u8]) {
    match Message::parse(Bytes::copy_from_slice(data)) {
        Ok(message) => {
            round_trip(&message);
            typed_values(&message);
        }
        Err(error) => {
            if let Some(answer) = error.answer() {
                assert!(!answer.to_bytes().is_empty());
            }
            for via in error.salvaged().list::<Via>().flatten() {
                assert!(!via.host().as_str().is_empty());
            }
        }
    }
    let whole = decode([data]);
    let cut = data.len() / 3;
    assert_eq!(whole, decode([&data[..cut], &data[cut..]]));
    assert_eq!(whole, decode(data.chunks(7)));
}

/// Prints, parses and prints.
pub fn round_trip(message: &Message) {
    // Printing may add a Content-Length.
    let limits = Limits { message: 1 << 20, headers: 300, ..Limits::default() };
    let printed = message.to_bytes();
    let again = Message::parse_within(printed.clone(), &limits).unwrap_or_else(|e| panic!("{e}: {printed:?}"));
    assert_eq!(without_length(message.clone()), without_length(again.clone()));
    assert_eq!(again.to_bytes(), printed);
    assert_eq!(again.headers().first::<ContentLength>(), Ok(Some(ContentLength(message.body().len() as u32))));
}

/// All messages of a stream and whether it broke.
pub fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Result<Message, String>>, bool, u32) {
    let mut decoder = StreamDecoder::default();
    let mut out = Vec::new();
    let mut pings = 0;
    for piece in pieces {
        decoder.push(Bytes::copy_from_slice(piece));
        while let Some(message) = decoder.next() {
            out.push(message.map_err(|error| error.to_string()));
        }
        pings += decoder.take_pings();
    }
    (out, decoder.is_broken(), pings)
}

fn without_length(mut message: Message) -> Message {
    message.headers_mut().remove(Name::ContentLength);
    if let Message::Response(response) = &mut message {
        response.reason = "".into(); // NUL is written as space
    }
    message
}

fn typed_values(message: &Message) {
    let headers = message.headers();
    macro_rules! each {
        ($($header:ident)*) => {$(
            for value in headers.list::<$header>().take(300).flatten() {
                let text = value.to_string();
                let again = $header::parse(text.as_str().into()).unwrap_or_else(|e| panic!("{e}: {text}"));
                assert_eq!(again.to_string(), text);
            }
        )*};
    }
    each! {
        Accept AlertInfo Allow AuthenticationInfo Authorization CSeq CallId CallInfo Contact ContentDisposition
        ContentLength ContentType Date Event Expires From InReplyTo MaxForwards MimeVersion Priority RAck Reason
        RecordRoute Replaces Require RetryAfter Route Server Subject Supported Timestamp To UserAgent Via Warning
        WwwAuthenticate
    }
    for via in headers.list::<Via>().flatten() {
        assert_eq!(via.with_param("received", "192.0.2.1").received(), "192.0.2.1".parse().ok());
        assert_eq!(via.without_param("branch").branch(), None);
        assert_eq!((via.ttl(), via.maddr().is_some(), via.rport()), (via.ttl(), via.maddr().is_some(), via.rport()));
    }
    for contact in headers.list::<Contact>().flatten() {
        address(&contact);
    }
    if let Message::Request(request) = message {
        uri(&request.uri);
    }
}

fn address(address: &NameAddr) {
    assert!(address.q().is_none_or(|q| q <= 1000));
    let _ = (address.display(), address.expires());
    if !address.is_star() {
        assert_eq!(address.with_tag("x").tag(), Some("x"));
        assert_eq!(address.with_tag("x").uri(), address.uri());
        assert_eq!(address.with_display("a \"b\"").display().as_deref(), Some("a \"b\""));
        uri(address.uri());
    }
}

/// A URI equals itself, prints back, and each edit does what it says and nothing else.
pub fn uri(uri: &Uri) {
    assert!(uri.matches(uri), "{uri}");
    assert_eq!(uri.as_str().parse::<Uri>().as_ref(), Ok(uri));
    assert!(uri.without_headers().headers().is_none() || !uri.is_sip_or_sips());
    if uri.is_sip_or_sips() {
        assert_eq!(uri.with_param("maddr", "192.0.2.1").param("maddr"), Some("192.0.2.1"));
        assert_eq!(uri.without_param("transport").param("transport"), None);
        assert_eq!(uri.with_port(Some(5070)).port(), Some(5070));
        assert_eq!(uri.without_port().host().map(|host| host.as_str()), uri.host().map(|host| host.as_str()));
        assert_eq!(uri.with_user(Some("a b")).user(), Some("a%20b"));
        assert_eq!(uri.with_user(None).param("transport"), uri.param("transport"));
    }
}
