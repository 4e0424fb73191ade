use std::time::Duration;

use net::Driver;
use rfc3261::proxy::{Home, Proxy};

use crate::common::metrics::Figure;

/// Everything that the program counts. The machines count in plain integers; this runs only when someone asks.
pub(super) fn figures(driver: &Driver<Proxy<Home>>, uptime: Duration) -> Vec<Figure> {
    let proxy = driver.machine();
    let (core, home, below, sockets) =
        (proxy.stats(), proxy.router().stats(), proxy.endpoint().stats(), driver.stats());
    let counter = |name, help, value| Figure { name, help, value, is_gauge: false };
    let gauge = |name, help, value| Figure { name, help, value, is_gauge: true };
    vec![
        gauge("uptime_seconds", "Seconds since the start", uptime.as_secs()),
        gauge("bindings", "Contacts registered now", proxy.router().registrar().bindings().len() as u64),
        gauge("live_requests", "Requests under way", proxy.live() as u64),
        gauge("client_transactions", "Client transactions alive", below.clients as u64),
        gauge("server_transactions", "Server transactions alive", below.servers as u64),
        gauge("connections", "Connections open", below.connections as u64),
        counter("requests", "Requests received that began a transaction", core.requests),
        counter("forwarded", "Requests sent on", core.forwarded),
        counter("responses", "Responses sent back that came from downstream", core.responses),
        counter("acks", "ACKs sent on", core.acks),
        counter("acks_dropped", "ACKs that had nowhere to go", core.acks_dropped),
        counter("cancelled", "INVITEs cancelled by their sender", core.cancelled),
        counter("invalid", "Requests that were not valid for forwarding", core.invalid),
        counter("loops", "Requests that had been here before (482)", core.loops),
        counter("refused", "Requests refused while draining (503)", core.refused),
        counter("timer_c", "INVITEs that rang too long", core.timer_c),
        counter("unresolved", "Targets without an address", core.unresolved),
        counter("registered", "REGISTER requests accepted", home.registered),
        counter("register_failed", "REGISTER requests refused", home.register_failed),
        counter("challenged", "Requests challenged (401, 407)", home.challenged),
        counter("denied", "Requests with a wrong password", home.denied),
        counter("guessing", "Requests refused unseen after too many wrong passwords", home.guessing),
        counter("forbidden", "Requests refused for want of permission (403)", home.forbidden),
        counter("not_found", "Requests for nobody (404, 480)", home.not_found),
        counter("messages_malformed", "What was no SIP message", below.malformed),
        counter("messages_refused", "Broken requests answered with an error", below.refused),
        counter("overload", "Requests beyond the limit of transactions (503)", below.overload),
        counter("connections_refused", "Connections beyond the limit", below.connections_refused),
        counter("streams_lost", "Streams closed because their framing was lost", below.bad_framing),
        counter("slow_peers", "Streams closed because a message did not end in time", below.slow_peers),
        counter("retransmitted", "Messages sent once more", below.retransmitted),
        counter("absorbed", "Repeated messages received", below.absorbed),
        counter("stray_responses", "Responses that belonged to nothing", below.stray),
        counter("timeouts", "Transactions without an answer", below.timeouts),
        counter("datagrams_in", "Datagrams received", sockets.datagrams_in),
        counter("datagrams_out", "Datagrams sent", sockets.datagrams_out),
        counter("udp_overflows", "Datagrams dropped because a socket was full", sockets.udp_overflows),
    ]
}
