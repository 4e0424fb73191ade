//! Route, Record-Route, maddr, NAT and connections, and who may go where.

use bytes::Bytes;
use rfc3261::endpoint::Listen;
use wire::{CloseReason, ConnId, Input, Transport};

use crate::bench::*;

const CALLER: &str = "192.0.2.9:5060";
const CALLEE: &str = "192.0.2.20:5060";

//= rfc3261#16.6/keep-value-order test
//= rfc3261#16.6/keep-order test
//= rfc3261#16.4/own-route test
#[test]
fn our_own_route_is_taken_off() {
    let mut bench = Bench::new();
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    let routes = "Route: <sip:192.0.2.1;lr>, <sip:192.0.2.50;lr>\r\nRoute: <sip:192.0.2.51;lr>\r\n";
    bench.udp(CALLER, &request("MESSAGE", "sip:bob@other.test", "sip:bob@other.test", routes));
    let copy = bench.one("192.0.2.50:5060");
    assert!(copy.starts_with("MESSAGE sip:bob@other.test SIP/2.0\r\n"));
    assert_eq!(values(&copy, "Route").join(", "), "<sip:192.0.2.50;lr>, <sip:192.0.2.51;lr>");
}

//= rfc3261#16.4/inspect-uri test
//= rfc3261#16.4/strict-router-undone test
//= rfc3261#16.4/continue-rewritten test
#[test]
fn what_a_strict_router_did_is_undone() {
    let mut bench = Bench::new();
    let routes = "Route: <sip:192.0.2.50;lr>, <sip:bob@192.0.2.20>\r\n";
    bench.udp(CALLER, &request("MESSAGE", "sip:192.0.2.1;lr", "sip:bob@other.test", routes));
    let copy = bench.one("192.0.2.50:5060");
    assert!(copy.starts_with("MESSAGE sip:bob@192.0.2.20 SIP/2.0\r\n"), "{copy}");
    assert_eq!(values(&copy, "Route").join(", "), "<sip:192.0.2.50;lr>");
}

//= rfc3261#16.6/look-at-route test
//= rfc3261#16.6/strict-append test
//= rfc3261#16.6/strict-pop test
//= rfc3261#16.6/locate-strict test
//= rfc3261#16.6/locate-route test
#[test]
fn a_strict_router_gets_what_it_expects() {
    let mut bench = Bench::new();
    let routes = "Route: <sip:192.0.2.50>, <sip:192.0.2.51;lr>\r\n";
    bench.udp(CALLER, &request("MESSAGE", "sip:bob@192.0.2.20", "sip:bob@other.test", routes));
    let copy = bench.one("192.0.2.50:5060");
    assert!(copy.starts_with("MESSAGE sip:192.0.2.50 SIP/2.0\r\n"), "{copy}");
    assert_eq!(values(&copy, "Route").join(", "), "<sip:192.0.2.51;lr>, <sip:bob@192.0.2.20>");
}

//= rfc3261#16.4/maddr-check test
//= rfc3261#16.4/maddr-strip test
//= rfc3261#16.5/maddr-only test
#[test]
fn a_maddr_of_ours_is_stripped_and_another_is_followed() {
    let mut bench = Bench::new();
    bench.udp(
        CALLER,
        &request("MESSAGE", "sip:bob@192.0.2.20;maddr=192.0.2.1;transport=udp;x=1", "sip:bob@other.test", ""),
    );
    assert!(bench.one(CALLEE).starts_with("MESSAGE sip:bob@192.0.2.20;x=1 SIP/2.0\r\n"));
    bench.udp(CALLER, &request("MESSAGE", "sip:bob@other.test;maddr=192.0.2.60", "sip:bob@other.test", ""));
    assert!(bench.one("192.0.2.60:5060").starts_with("MESSAGE sip:bob@other.test;maddr=192.0.2.60 SIP/2.0\r\n"));
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    bench.udp(CALLER, &request("MESSAGE", "sip:bob@example.com;maddr=192.0.2.60", "sip:bob@example.com", ""));
    assert_eq!(bench.to("192.0.2.60:5060").len(), 1, "even for a user of ours");
    bench.nothing();
}

//= rfc3261#16.5/foreign-domain test
//= rfc3261#16.5/no-targets-for-others test
#[test]
fn a_foreign_domain_is_the_only_target() {
    let mut bench = Bench::new();
    bench.udp(CALLER, &request("MESSAGE", "sip:bob@192.0.2.20", "sip:bob@other.test", ""));
    assert!(bench.one(CALLEE).starts_with("MESSAGE sip:bob@192.0.2.20 SIP/2.0\r\n"));
    bench.nothing();
}

#[test]
fn nobody_is_relayed_for_strangers() {
    let mut bench = Bench::with(|_| (), |home| home.open_relay = false);
    bench.udp(CALLER, &request("INVITE", "sip:bob@192.0.2.20", "sip:bob@other.test", ""));
    assert_eq!(bench.status(CALLER), 403);
    assert_eq!(bench.proxy.router().stats().forbidden, 1);
    bench.udp("127.0.0.1:7000", &request("MESSAGE", "sip:bob@192.0.2.20", "sip:bob@other.test", ""));
    assert!(bench.one(CALLEE).starts_with("MESSAGE "), "this host itself may");
}

//= rfc3261#16.5/unknown-user test
//= rfc3261#16.5/empty test
#[test]
fn nobody_home_is_480() {
    let mut bench = Bench::new();
    bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", ""));
    assert_eq!(bench.status(CALLER), 480);
    bench.udp(CALLER, &request("OPTIONS", "sip:example.com", "sip:example.com", ""));
    let alive = bench.one(CALLER);
    assert_eq!(status(&alive), 200);
    assert!(values(&alive, "Allow")[0].contains("INVITE"));
}

//= rfc3261#16.5/canonical test
#[test]
fn users_are_found_however_they_are_written() {
    let mut bench = Bench::new();
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    for uri in [
        "sip:b%6fb@example.com",
        "sip:bob@EXAMPLE.com",
        "sip:bob:secret@example.com;user=phone",
        "sip:bob@192.0.2.1:5060",
    ] {
        bench.udp(CALLER, &request("MESSAGE", uri, "sip:bob@example.com", ""));
        match uri.contains("192.0.2.1") {
            false => assert_eq!(bench.to(CALLEE).len(), 1, "{uri}"),
            true => assert_eq!(bench.status(CALLER), 480, "another host part is another address of record"),
        }
    }
}

#[test]
fn redirect_mode_tells_the_contacts() {
    let mut bench = Bench::with(|_| (), |home| home.redirect = true);
    bench.register("bob", &["<sip:bob@192.0.2.20>;q=0.5", "\"Bob\" <sip:bob@192.0.2.21>"]);
    bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", ""));
    let moved = bench.one(CALLER);
    assert_eq!(status(&moved), 302);
    let contacts = values(&moved, "Contact");
    assert!(
        contacts[0].contains("192.0.2.21") && contacts[1].contains("192.0.2.20") && contacts[1].contains("q=0.5"),
        "{contacts:?}"
    );
}

//= rfc3261#16.6/record-route-on-top test
//= rfc3261#16.6/record-route-sip test
//= rfc3261#16.6/record-route-lr test
//= rfc3261#16.6/record-route-resolves test
//= rfc3261#16.7/record-route-rules test
#[test]
fn a_dialog_stays_on_the_recorded_route() {
    let mut bench = Bench::with(|c| c.record_route = true, |_| ());
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    let before = "Record-Route: <sip:192.0.2.77;lr>\r\n";
    bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", before));
    let copy = bench.one(CALLEE);
    let records = values(&copy, "Record-Route");
    let (token, rest) = records[0].strip_prefix("<sip:").unwrap().split_once('@').unwrap();
    assert!(token.len() == 16 && rest == "192.0.2.1:5060;lr>" && records[1] == "<sip:192.0.2.77;lr>", "{records:?}");
    bench.udp(CALLEE, &response(&copy, 200, "Contact: <sip:bob@192.0.2.20>\r\n"));
    let ok = bench.one(CALLER);
    assert_eq!(values(&ok, "Record-Route"), records);
    bench.udp(CALLER, &within("BYE", &ok).replace("<sip:192.0.2.77;lr>, ", ""));
    assert!(bench.one(CALLEE).starts_with("BYE sip:bob@192.0.2.20 "));
}

/// To pretend to be in a dialog opens no door.
#[test]
fn only_dialogs_whose_route_we_recorded_are_relayed() {
    let mut bench = Bench::with(|c| c.record_route = true, |home| home.open_relay = false);
    bench.register("bob", &["<sip:bob@192.0.2.20>"]);
    bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", ""));
    let copy = bench.one(CALLEE);
    bench.udp(CALLEE, &response(&copy, 200, "Contact: <sip:bob@192.0.2.20>\r\n"));
    let ok = bench.one(CALLER);
    bench.udp(CALLER, &within("ACK", &ok));
    assert!(bench.one(CALLEE).starts_with("ACK "));
    let info = within("INFO", &ok);
    bench.udp(CALLER, &info);
    assert!(bench.one(CALLEE).starts_with("INFO "));
    let id = format!("Call-ID: {}", values(&ok, "Call-ID")[0]);
    let token = values(&ok, "Record-Route")[0].strip_prefix("<sip:").unwrap().split('@').next().unwrap();
    for (old, new) in [(id.as_str(), "Call-ID: another"), (token, "0123456789abcdef"), (&format!("{token}@"), "")] {
        let forged = info.replace("z9hG4bKINFO", &format!("z9hG4bK{}", new.len())).replace(old, new);
        bench.udp(CALLER, &forged);
        assert_eq!(bench.status(CALLER), 403, "{forged}");
    }
}

/// A client behind a NAT: it writes a private address and is seen from another one.
#[test]
fn calls_reach_a_client_behind_a_nat_and_its_dialog_too() {
    let mut bench = Bench::with(|c| c.record_route = true, |_| ());
    let nat = "198.51.100.7:31000";
    let register =
        request("REGISTER", "sip:example.com", "sip:bob@example.com", "Contact: <sip:bob@10.0.0.5:5060>\r\n")
            .replace("192.0.2.9:5060", "10.0.0.5:5060;rport");
    bench.udp(nat, &register);
    assert_eq!(bench.status(nat), 200);
    bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", ""));
    let copy = bench.one(nat);
    assert!(copy.starts_with("INVITE sip:bob@10.0.0.5:5060 SIP/2.0\r\n"));
    bench.udp(nat, &response(&copy, 200, "Contact: <sip:bob@10.0.0.5:5060>\r\n"));
    let ok = bench.one(CALLER);
    let recorded: Vec<String> =
        values(&ok, "Record-Route").iter().flat_map(|v| v.split(", ")).map(str::to_string).collect();
    assert_eq!(recorded.len(), 2, "one for each side: {recorded:?}");
    // The caller's route set is the reverse; the proxy pops both and finds the way by the token in the second.
    let bye = within("BYE", &ok);
    bench.udp(CALLER, &bye);
    let copy = bench.one(nat);
    assert!(copy.starts_with("BYE sip:bob@10.0.0.5:5060 SIP/2.0\r\n"));
    assert_eq!(values(&copy, "Route"), Vec::<&str>::new());
    // A token that somebody made up leads nowhere but where the Request-URI does.
    bench.udp(
        CALLER,
        &bye.replace("z9hG4bK", "z9hG4bKx").replace("<sip:", "<sip:f").replace("bob@10.0.0.5", "bob@192.0.2.20"),
    );
    assert!(bench.one(CALLEE).starts_with("BYE "));
}

#[test]
fn a_call_takes_the_connection_that_the_client_registered_over() {
    let mut bench = Bench::new();
    let conn = ConnId::inbound(0);
    let (local, remote) = (PROXY.parse().unwrap(), "198.51.100.7:31000".parse().unwrap());
    bench.input(Input::Opened { conn, transport: Transport::Tcp, local, remote });
    let register =
        request("REGISTER", "sip:example.com", "sip:bob@example.com", "Contact: <sip:bob@10.0.0.5;transport=tcp>\r\n");
    bench.input(Input::Stream { conn, data: Bytes::from(register.replace("SIP/2.0/UDP", "SIP/2.0/TCP")) });
    assert_eq!(bench.status(&format!("{conn:?}")), 200);
    bench.udp(CALLER, &request("INVITE", "sip:bob@example.com", "sip:bob@example.com", ""));
    let copy = bench.one(&format!("{conn:?}"));
    assert!(copy.starts_with("INVITE sip:bob@10.0.0.5;transport=tcp SIP/2.0\r\n"));
    assert!(values(&copy, "Via")[0].starts_with("SIP/2.0/TCP "));
    assert!(bench.connects.is_empty());
    bench.input(Input::Closed { conn, reason: CloseReason::Peer });
    assert_eq!(bench.to(CALLER).iter().map(|t| status(t)).next_back(), Some(500), "its connection broke");
}

//= rfc3261#16.1/reliability-stateful test
//= rfc3261#16.6/content-length test
//= rfc3261#16.6/record-route-no-transport test
#[test]
fn from_udp_to_tcp_and_back() {
    let mut bench = Bench::with(|c| c.record_route = true, |_| ());
    bench.register("bob", &["<sip:bob@192.0.2.20;transport=tcp>"]);
    let invite =
        request("INVITE", "sip:bob@example.com", "sip:bob@example.com", "").replace("Content-Length: 0\r\n", "");
    bench.udp(CALLER, &invite);
    let (conn, remote) = bench.connects.remove(0);
    assert_eq!(remote, CALLEE.parse().unwrap());
    let copy = bench.one(&format!("{conn:?}"));
    assert_eq!(values(&copy, "Content-Length"), ["0"]);
    let record = values(&copy, "Record-Route").join(", ");
    let (outward, inward) = record.split_once(", ").unwrap();
    assert!(outward.contains(";transport=tcp;lr") && !inward.contains("transport"), "{record}");
}

/// A proxy that listens on TLS too, and a client on a connection to it: the transport, and what Record-Route says to an
/// INVITE of `uri` from there, for the way on and for the way back.
fn recorded(from: Transport, uri: &str, record_route: bool) -> Vec<String> {
    let mut bench = Bench::with(|c| c.record_route = record_route, |_| ());
    let local = "192.0.2.1:5061".parse().unwrap();
    bench.proxy.listen(Listen::new(Transport::Tls, local));
    let invite = request("INVITE", uri, "sip:bob@other.test", "");
    match from {
        Transport::Udp => bench.udp(CALLER, &invite),
        _ => {
            let conn = ConnId::inbound(0);
            bench.input(Input::Opened { conn, transport: from, local, remote: CALLER.parse().unwrap() });
            bench.input(Input::Stream { conn, data: Bytes::from(invite.replace("SIP/2.0/UDP", "SIP/2.0/TLS")) });
        }
    }
    let copy = match bench.connects.pop() {
        Some((conn, remote)) => {
            bench.input(Input::Opened { conn, transport: Transport::Tls, local, remote });
            bench.to(&format!("{conn:?}")).remove(0)
        }
        None => bench.to(CALLEE).remove(0),
    };
    let all = values(&copy, "Record-Route").join(", ");
    // Without the tokens, which differ each time.
    let bare = |value: &str| format!("{}:{}", value.split(':').next().unwrap(), value.split('@').nth(1).unwrap());
    all.split(", ").filter(|value| !value.is_empty()).map(bare).collect()
}

//= rfc3261#16.6/record-route-sips test
//= rfc3261#16.6/record-route-tls-boundary test
//= rfc3261#16.7/record-route-to-sips test
//= rfc3261#16.7/record-route-to-sip test
#[test]
fn each_side_of_a_tls_boundary_has_its_scheme() {
    use Transport::{Tls, Udp};
    let (sip, sips) = ("<sip:192.0.2.1:5060;lr>", "<sips:192.0.2.1:5061;lr>");
    assert_eq!(recorded(Udp, "sips:bob@192.0.2.20", false), [sips, sip], "into TLS");
    assert_eq!(recorded(Tls, "sip:bob@192.0.2.20", false), [sip, sips], "out of TLS");
    assert_eq!(recorded(Tls, "sips:bob@192.0.2.20", true), [sips, sips], "TLS all the way");
    assert!(recorded(Tls, "sips:bob@192.0.2.20", false).is_empty(), "no boundary, and nobody asked");
    assert!(recorded(Udp, "sip:bob@192.0.2.20", false).is_empty());
}

//= rfc3261#16.6/locate-sips test
//= rfc3261#19.1.1/sips-transport test
#[test]
fn sips_goes_by_tls_whatever_the_transport_says() {
    for uri in ["sips:bob@192.0.2.20", "sips:bob@192.0.2.20;transport=udp", "sips:bob@192.0.2.20;transport=tcp"] {
        let mut bench = Bench::new();
        bench.udp(CALLER, &request("MESSAGE", uri, "sip:bob@other.test", ""));
        assert_eq!(bench.connects.remove(0).1, "192.0.2.20:5061".parse().unwrap(), "{uri}");
        assert!(bench.to(CALLEE).is_empty());
        bench.udp(CALLER, &request("MESSAGE", uri, "sip:bob@other.test", "Route: <sip:192.0.2.50;lr>\r\n"));
        assert_eq!(bench.connects.remove(0).1, "192.0.2.50:5061".parse().unwrap(), "{uri}, by a Route");
    }
}

//= rfc3261#8.3/not-itself test
//= rfc3261#8.3/ignore-unknown test
#[test]
fn redirects_lead_elsewhere_whatever_the_request_wants() {
    let mut bench = Bench::with(|_| (), |home| home.redirect = true);
    bench.register("bob", &["<sip:bob@example.com>", "<sip:bob@192.0.2.20>"]);
    bench.udp(CALLER, &request("FROBNICATE", "sip:bob@example.com", "sip:bob@example.com", "Require: foo\r\nX: ;\r\n"));
    let moved = bench.one(CALLER);
    assert_eq!((status(&moved), values(&moved, "Contact")), (302, vec!["<sip:bob@192.0.2.20>"]));
    bench.register("carol", &["<sip:carol@example.com>"]);
    bench.udp(CALLER, &request("INVITE", "sip:carol@example.com", "sip:carol@example.com", ""));
    assert_eq!(bench.status(CALLER), 404);
}
