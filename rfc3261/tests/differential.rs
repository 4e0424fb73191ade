//! The crate `rsip` as an oracle: on messages of its dialect (long names, no folds, methods that it knows) both read the
//! same.
#![cfg(feature = "rsip")]

use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;
use rfc3261::message::{Message, Uri, Via, unquote};
use rsip::headers::{ToTypedHeader, UntypedHeader};
use rsip::message::HeadersExt;

/// Reads the wire with both and compares what a proxy looks at.
fn compare(wire: &str) {
    let ours = Message::parse(Bytes::copy_from_slice(wire.as_bytes())).unwrap();
    let theirs = rsip::SipMessage::try_from(wire.as_bytes()).unwrap();
    match (&ours, &theirs) {
        (Message::Request(ours), rsip::SipMessage::Request(theirs)) => {
            assert_eq!(ours.method.as_str(), theirs.method.to_string());
            same_uri(&ours.uri, &theirs.uri);
        }
        (Message::Response(ours), rsip::SipMessage::Response(theirs)) => {
            assert_eq!(ours.status.0, theirs.status_code.code());
        }
        _ => panic!("one reads a request, the other a response"),
    }
    let headers = ours.headers();
    let via = headers.via().unwrap().unwrap();
    let their_via = theirs.via_header().unwrap().typed().unwrap();
    assert_eq!(via.transport(), their_via.transport.to_string());
    assert_eq!(via.branch(), their_via.branch().map(|branch| branch.value()));
    assert_eq!(via.host().as_str(), their_via.uri.host().to_string());
    assert_eq!(via.port(), their_via.uri.port().map(|port| *port.value()));
    let from = headers.from().unwrap().unwrap();
    let their_from = theirs.from_header().unwrap().typed().unwrap();
    assert_eq!(from.tag(), their_from.tag().map(|tag| tag.value()));
    assert_eq!(from.display().as_deref(), their_from.display_name.as_deref().map(unquote).as_deref()); // rsip keeps quotes
    same_uri(from.uri(), &their_from.uri);
    let to = headers.to().unwrap().unwrap();
    let their_to = theirs.to_header().unwrap().typed().unwrap();
    assert_eq!(to.tag(), their_to.tag().map(|tag| tag.value()));
    same_uri(to.uri(), &their_to.uri);
    let cseq = headers.cseq().unwrap().unwrap();
    let their_cseq = theirs.cseq_header().unwrap().typed().unwrap();
    assert_eq!((cseq.number, cseq.method.as_str()), (their_cseq.seq, their_cseq.method.to_string().as_str()));
    assert_eq!(headers.call_id(), Some(theirs.call_id_header().unwrap().value()));
    // rsip reads no quoted parameters, which Contacts of today have
    if let Some(their_contact) = theirs.contact_header().ok().and_then(|contact| contact.typed().ok()) {
        same_uri(headers.contact().unwrap().unwrap().uri(), &their_contact.uri);
    }
    assert_eq!(ours.body(), theirs.body());
    let back = Message::try_from(&rsip::SipMessage::try_from(&ours).unwrap()).unwrap();
    assert_eq!(back.headers(), ours.headers());
    assert_eq!(back.body(), ours.body());
}

fn same_uri(ours: &Uri, theirs: &rsip::Uri) {
    assert_eq!(ours.scheme_str(), theirs.scheme.as_ref().map(ToString::to_string).unwrap_or_default());
    assert_eq!(ours.user(), theirs.user());
    assert_eq!(ours.host().unwrap().as_str(), theirs.host().to_string());
    assert_eq!(ours.port(), theirs.port().map(|port| *port.value()));
    assert_eq!(ours.params().count(), theirs.params.len());
}

fn request(via: &str, from: &str, uri: &str, more: &str, body: &str) -> String {
    format!(
        "INVITE {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {from};tag=1\r\nTo: <{uri}>\r\nCall-ID: 7@a\r\n\
         CSeq: 1 INVITE\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn both_read_the_same(
        host in "([a-z]{1,6}\\.example|192\\.0\\.2\\.[1-9])", port in "(:[1-9][0-9]{1,3})?", user in "[a-z][a-z0-9]{0,7}",
        transport in "(UDP|TCP|TLS)", branch in "z9hG4bK[a-zA-Z0-9]{1,10}", display in "(\"[A-Za-z ]{1,9}\" )?",
        param in "(;transport=tcp|;lr)?", body in "[a-z\r\n=]{0,30}", contact in any::<bool>(),
    ) {
        let uri = format!("sip:{user}@{host}{port}{param}");
        let via = format!("SIP/2.0/{transport} {host}{port};branch={branch};rport");
        let more = if contact { format!("Contact: <{uri}>\r\n") } else { String::new() };
        compare(&request(&via, &format!("{display}<{uri}>"), &uri, &more, &body));
    }
}

#[test]
fn both_read_a_response() {
    let wire = request("SIP/2.0/UDP a.example;branch=z9hG4bK1", "<sip:a@a.example>", "sip:b@b.example", "", "");
    compare(&wire.replace("INVITE sip:b@b.example SIP/2.0", "SIP/2.0 180 Ringing"));
}

#[test]
fn both_read_messages_of_real_networks() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders =
        ["../shared/bench/sip-messages", "../../shared/bench/sip-messages", "../../../shared/bench/sip-messages"];
    let Some(folder) = folders.iter().map(|folder| root.join(folder)).find(|folder| folder.is_dir()) else {
        println!("skipped: ../shared/bench/sip-messages is not there");
        return;
    };
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let wire = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let ours = Message::parse(wire.clone().into()).unwrap();
        // rsip knows neither compact names nor transports of IPv6 hosts in its typed Via.
        if wire.contains("\r\nv:")
            || ours.headers().list::<Via>().flatten().any(|via| via.host().as_str().contains('['))
        {
            continue;
        }
        compare(&wire);
        compared += 1;
    }
    assert!(compared >= 5, "{compared}");
}
