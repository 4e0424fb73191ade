//! Streams that become secure: what both ends know, what is held, dropped and broken, and servers that are scripted.
mod common;

use std::time::Duration;

use bytes::Bytes;
use common::{Puppet, at, ms, network};
use sim::{Happened, HostId, Link, Network, Node, Script};
use wire::{ConnId, Input, Output, Secured, Transmit, Transport};

const CONN: ConnId = ConnId::outbound(0);
const PEER: ConnId = ConnId::inbound(0);

fn upgrade(conn: ConnId) -> Output<Input> {
    Output::Upgrade { conn }
}

/// What `host` heard, as one line: text, and in brackets what else.
fn line(events: &[Happened<Input>], host: HostId) -> String {
    let told = events.iter().filter(|happened| happened.host == host);
    let words = told.map(|happened| match &happened.event {
        Input::Stream { data, .. } => String::from_utf8_lossy(data).into_owned(),
        Input::Opened { .. } => "<opened>".to_owned(),
        Input::Secured { .. } => "<secured>".to_owned(),
        Input::Closed { reason, .. } => format!("<{reason:?}>"),
        other => panic!("{other:?}"),
    });
    words.collect()
}

fn sessions(events: &[Happened<Input>]) -> Vec<Secured> {
    let session = |happened: &Happened<Input>| match &happened.event {
        Input::Secured { session, .. } => Some((**session).clone()),
        _ => None,
    };
    events.iter().filter_map(session).collect()
}

/// Two hosts with a stream between them, open for a while.
fn open(seed: u64) -> (Network<Puppet>, Vec<HostId>) {
    let (mut net, hosts) = network(seed, 2);
    net.machine_mut(hosts[0]).connect(0, at(1));
    net.run_until(ms(1_000));
    (net, hosts)
}

/// Bytes arrive as they were written.
fn whole() -> Link {
    Link { recut: false, ..Link::default() }
}

fn upgraded(seed: u64) -> (Vec<Happened<Input>>, String, String) {
    let (mut net, hosts) = open(seed);
    net.command(hosts[0], |client, _| {
        client.write(CONN, "clear ");
        client.out.push_back(upgrade(CONN));
        client.write(CONN, "secret");
    });
    net.run_until(ms(1_015));
    net.command(hosts[1], |server, _| server.write(PEER, "held"));
    assert!(net.run_until_idle(ms(60_000)));
    let events = net.events();
    let lines = [0, 1].map(|host: usize| line(&events, hosts[host]));
    let [client, server] = lines;
    (events, client, server)
}

#[test]
fn an_upgrade_takes_a_round_trip_and_holds_what_is_written_meanwhile() {
    let (events, client, server) = upgraded(7);
    assert_eq!((&client[..], &server[..]), ("<opened><secured>held", "<opened>clear <secured>secret"));
    let when: Vec<_> = events.iter().filter(|happened| matches!(happened.event, Input::Secured { .. })).collect();
    assert_eq!([when[0].at, when[1].at], [ms(1_020), ms(1_030)]);
}

#[test]
fn both_ends_know_the_same_and_each_seed_and_stream_something_else() {
    let [one, again, other] = [7, 7, 8].map(|seed| sessions(&upgraded(seed).0));
    assert!(one.len() == 2 && one[0] == one[1] && one[0].exporter.is_some() && one[0].end_point.is_some());
    assert!(one == again && one != other);
}

#[test]
fn a_stream_over_tls_is_secure_right_after_it_is_open() {
    for transport in [Transport::Tls, Transport::Wss] {
        let (mut net, hosts) = network(3, 2);
        let secure = net.listen(hosts[1], transport, "10.0.0.2:0".parse().unwrap()).unwrap();
        let connect = Output::Connect { conn: CONN, transport, remote: secure };
        net.command(hosts[0], |client, _| client.out.push_back(connect.clone()));
        assert!(net.run_until_idle(ms(60_000)));
        let events = net.events();
        assert_eq!([0, 1].map(|host: usize| line(&events, hosts[host])), ["<opened><secured>"; 2]);
        let known = sessions(&events);
        assert_eq!(known[0], known[1]);
        net.distrust(secure, true);
        net.command(hosts[0], |client, _| {
            let conn = ConnId::outbound(1);
            client.out.push_back(Output::Connect { conn, transport, remote: secure });
        });
        assert!(net.run_until_idle(ms(60_000)));
        let events = net.events();
        assert_eq!([0, 1].map(|host: usize| line(&events, hosts[host])), ["<Untrusted>", ""]);
    }
}

#[test]
fn what_is_under_way_in_the_clear_breaks_an_upgrade() {
    let (mut net, hosts) = open(1);
    net.command(hosts[1], |server, _| server.write(PEER, "injected"));
    net.command(hosts[0], |client, _| client.out.push_back(upgrade(CONN)));
    assert!(net.run_until_idle(ms(60_000)));
    let events = net.events();
    assert_eq!([0, 1].map(|host: usize| line(&events, hosts[host])), ["<opened><Untrusted>", "<opened><Reset>"]);
}

#[test]
fn what_is_there_in_the_clear_is_dropped_and_counted() {
    let (mut net, hosts) = open(1);
    net.set_default_link(whole());
    net.machine_mut(hosts[0]).react = |input| match input {
        Input::Stream { data, .. } if data == "proceed" => vec![upgrade(CONN)],
        _ => Vec::new(),
    };
    net.command(hosts[1], |server, _| {
        server.write(PEER, "proceed");
        server.write(PEER, "injected");
    });
    assert!(net.run_until_idle(ms(60_000)));
    assert_eq!(line(&net.events(), hosts[0]), "<opened>proceed<secured>");
    assert_eq!(net.stats().clear_bytes_dropped, 8);
}

#[test]
fn upgrades_fail_that_cannot_be_or_are_not_trusted() {
    let (mut net, hosts) = open(1);
    net.distrust(at(1), true);
    net.command(hosts[0], |client, _| client.out.push_back(upgrade(CONN)));
    assert!(net.run_until_idle(ms(60_000)));
    let events = net.events();
    assert_eq!([0, 1].map(|host: usize| line(&events, hosts[host])), ["<opened><Untrusted>", "<opened><Reset>"]);
    // The server's end, one that is secure already, one that is gone.
    let (mut net, hosts) = open(1);
    net.command(hosts[1], |server, _| server.out.push_back(upgrade(PEER)));
    net.command(hosts[1], |server, _| server.out.push_back(upgrade(PEER)));
    assert!(net.run_until_idle(ms(60_000)));
    assert_eq!(line(&net.events(), hosts[1]), "<opened><Untrusted>");
    assert_eq!(net.stats().late_writes, 1);
    let (mut net, hosts) = open(1);
    net.command(hosts[0], |client, _| client.out.extend([upgrade(CONN), upgrade(CONN)]));
    assert!(net.run_until_idle(ms(60_000)));
    assert_eq!(line(&net.events(), hosts[0]), "<opened><Untrusted>");
}

#[test]
fn every_way_to_end_an_upgrade_tells_both() {
    type End = fn(&mut Network<Puppet>, &[HostId]);
    let ends: [(&str, End, [&str; 2]); 4] = [
        ("closed at once", |net, hosts| net.machine_mut(hosts[0]).close(CONN), ["<Local>", "<Reset>"]),
        (
            "closed after a last word",
            |net, hosts| {
                net.machine_mut(hosts[0]).write(CONN, "bye");
                net.machine_mut(hosts[0]).close(CONN);
            },
            ["<Local>", "<secured>bye<Peer>"],
        ),
        ("closed by the server", |net, hosts| net.machine_mut(hosts[1]).close(PEER), ["<Reset>", "<Local>"]),
        (
            "too much is held",
            |net, hosts| net.machine_mut(hosts[0]).write(CONN, vec![0; (1 << 20) + 1]),
            ["<Overflow>", "<Reset>"],
        ),
    ];
    for (what, end, expected) in ends {
        let (mut net, hosts) = open(1);
        net.events();
        net.command(hosts[0], |client, _| client.out.push_back(upgrade(CONN)));
        end(&mut net, &hosts);
        assert!(net.run_until_idle(ms(300_000)), "{what}");
        let events = net.events();
        assert_eq!([0, 1].map(|host: usize| line(&events, hosts[host])), expected, "{what}");
        assert_eq!(net.streams(), 0, "{what}");
    }
}

// ---- scripts

struct Told(Input);

impl From<Input> for Told {
    fn from(input: Input) -> Told {
        Told(input)
    }
}

impl From<std::convert::Infallible> for Told {
    fn from(never: std::convert::Infallible) -> Told {
        match never {}
    }
}

fn against(script: Script) -> (Network<Node<Told>>, [HostId; 2]) {
    let mut net = Network::new(5);
    let client = net.add_at(Node::new(Puppet::default()), at(0));
    let server = net.add_at(Node::new(script), at(1));
    (net, [client, server])
}

fn puppet(net: &mut Network<Node<Told>>, host: HostId) -> &mut Puppet {
    net.machine_mut(host).downcast_mut().unwrap()
}

fn heard(net: &mut Network<Node<Told>>) -> String {
    assert!(net.run_until_idle(ms(600_000)));
    let events = net.events().into_iter();
    let told: Vec<_> = events.map(|told| Happened { at: told.at, host: told.host, event: told.event.0 }).collect();
    told.first().map_or_else(String::new, |first| line(&told, first.host))
}

#[test]
fn a_script_waits_takes_what_it_expects_and_leaves_the_rest() {
    let script = Script::new()
        .answer("220 hello\n")
        .expect("HELO ")
        .expect_with(|came| came.iter().position(|&byte| byte == b'\n').map(|at| at + 1))
        .answer_with(|came| format!("250 {}\n", came.text().trim()))
        .expect("QUIT\n")
        .wait(Duration::from_secs(30))
        .answer("221 bye\n")
        .close()
        .closed();
    let (mut net, [client, server]) = against(script);
    puppet(&mut net, client).connect(0, at(1));
    "HELO wonderland.example\nQU".bytes().for_each(|byte| puppet(&mut net, client).write(CONN, vec![byte]));
    assert_eq!(heard(&mut net), "<opened>220 hello\n250 wonderland.example\n");
    let script: &Script = net.machine(server).downcast_ref().unwrap();
    assert_eq!(script.waits_for().unwrap(), "step 5, expect \"QUIT\\n\"; came: \"QU\"");
    puppet(&mut net, client).write(CONN, "IT\n");
    let before = net.now();
    assert_eq!(heard(&mut net), "221 bye\n<Peer>");
    assert!(net.now() - before > Duration::from_secs(30));
    let script: &Script = net.machine(server).downcast_ref().unwrap();
    assert!(script.is_done(), "{script:?}");
}

#[test]
fn a_script_plays_one_connection_after_the_other() {
    let round = || Script::new().expect("a").restart().expect("b").answer("c").closed();
    let (mut net, [client, server]) = against(round().and(round()));
    for n in 0..2 {
        let conn = puppet(&mut net, client).connect(n, at(1));
        puppet(&mut net, client).write(conn, "a");
        assert_eq!(heard(&mut net), "<opened>");
        puppet(&mut net, client).write(conn, "b");
        assert_eq!(heard(&mut net), "c");
        puppet(&mut net, client).close(conn);
        assert_eq!(heard(&mut net), "<Local>");
    }
    let script: &mut Script = net.machine_mut(server).downcast_mut().unwrap();
    assert!(script.is_done() && !script.say("nobody is there"));
}

#[test]
fn a_script_knows_the_session_and_drops_what_came_in_the_clear() {
    let script = Script::new()
        .expect("tls")
        .answer("go")
        .secure()
        .expect("?")
        .answer_with(|came| Bytes::copy_from_slice(&came.session.unwrap().exporter.unwrap()));
    let (mut net, [client, _]) = against(script);
    net.set_default_link(whole());
    puppet(&mut net, client).connect(0, at(1));
    puppet(&mut net, client).react = |input| match input {
        Input::Opened { .. } => vec![write("tls"), write("injected?")],
        Input::Stream { data, .. } if data == "go" => vec![upgrade(CONN), write("which?")],
        _ => Vec::new(),
    };
    assert!(net.run_until_idle(ms(60_000)));
    let told: Vec<_> = net.events().into_iter().map(|told| told.event.0).collect();
    let [Input::Secured { session, .. }, Input::Stream { data, .. }] = &told[told.len() - 2..] else {
        panic!("{told:?}")
    };
    assert_eq!(session.exporter.map(|exporter| exporter.to_vec()), Some(data.to_vec()));
}

fn write(text: &'static str) -> Output<Input> {
    Output::Transmit(Transmit::Stream { conn: CONN, data: Bytes::from_static(text.as_bytes()) })
}

#[test]
fn an_upgrade_to_a_server_that_dies_meanwhile_ends() {
    let (mut net, hosts) = open(1);
    net.command(hosts[0], |client, _| client.out.push_back(upgrade(CONN)));
    net.stop(hosts[1]);
    assert!(net.run_until_idle(ms(3_600_000)));
    assert_eq!(line(&net.events(), hosts[0]), "<opened><Reset>");
}
