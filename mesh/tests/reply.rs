//! Replies to nodes that are no neighbours, ways by others, surveys, and links of several transports.
mod common;

use std::collections::BTreeSet;

use common::*;
use mesh::{BASE, Config, Event, Node, Seed};
use serializer::{Flag, Id, MainFlag, Message, Value};
use sim::{HostId, Network};
use wire::Transport;

/// Nodes in a row: each has only its predecessor as seed and opens one link.
fn row(net: &mut Net, count: usize, listens: impl Fn(usize) -> bool) -> Vec<HostId> {
    let hosts = (1..=count)
        .map(|n| {
            let known = if n == 1 { vec![] } else { vec![n - 1] };
            let mut config = Config { max_outgoing: known.len(), ..config(net, n, &known) };
            let listen = config.listen.clone();
            if !listens(n) {
                config.listen.clear(); // it accepts, but tells nobody
            }
            let node = Node::new(config, net.rng());
            let host = net.add(node);
            net.listen(host, Transport::Tcp, listen[0].1).unwrap();
            net.run_for(secs(1));
            host
        })
        .collect();
    net.run_for(secs(2));
    net.events();
    hosts
}

fn reply(net: &mut Net, from: HostId, to: &Id, said: &str) {
    net.command(from, |node, now| node.reply(now, to, vec![said.into()]).unwrap());
}

//= p2p#3.7/dial test
#[test]
fn a_reply_over_hops_opens_a_link() {
    let mut net = Network::new(1);
    let hosts = row(&mut net, 6, |_| true);
    let to = id(&net, hosts[5]);
    assert!(net.machine(hosts[0]).peer(&to).is_none());
    reply(&mut net, hosts[0], &to, "one");
    reply(&mut net, hosts[0], &to, "two");
    net.run_for(secs(2));
    let events = net.events();
    assert_eq!(heard(&events, "one"), [hosts[5]]);
    assert_eq!(heard(&events, "two"), [hosts[5]]);
    assert!(net.machine(hosts[0]).peer(&to).is_some());
}

//= wireworks#1.5/routed test
#[test]
fn a_reply_to_a_node_that_cannot_be_dialled_goes_by_way_of_others() {
    let mut net = Network::new(2);
    let hosts = row(&mut net, 6, |_| false);
    let to = id(&net, hosts[5]);
    reply(&mut net, hosts[0], &to, "over hops");
    net.run_for(secs(8));
    let events = net.events();
    assert_eq!(heard(&events, "over hops"), [hosts[5]]);
    let message =
        events.iter().find_map(|h| if let Event::Message(incoming) = &h.event { Some(incoming) } else { None });
    let message = message.unwrap();
    assert!(message.routed && message.sender() == net.machine(hosts[0]).id());
    assert_eq!(message.message.sub(), Some(Flag::Whisper));
    // And back again, to the sender of a routed message.
    let back = id(&net, hosts[0]);
    reply(&mut net, hosts[5], &back, "and back");
    net.run_for(secs(8));
    assert_eq!(heard(&net.events(), "and back"), [hosts[0]]);
}

#[test]
fn a_reply_to_nobody_comes_back() {
    let mut net = Network::new(3);
    let hosts = row(&mut net, 3, |_| true);
    reply(&mut net, hosts[0], &named("nobody"), "hello?");
    net.run_for(secs(15));
    let events = net.events();
    let undelivered = |event: &Event| matches!(event, Event::Undelivered { to, values } if *to == named("nobody") && values.len() == 1);
    assert!(events.iter().any(|h| h.host == hosts[0] && undelivered(&h.event)), "{events:?}");
    assert_eq!(net.machine(hosts[0]).stats().sizes.pending, 0);
}

//= p2p#3.7/request test
//= p2p#3.7/response test
#[test]
fn the_words_of_request_and_response() {
    let mut bench = Bench::plain();
    let [a, b] = ["a", "b"].map(|name| bench.neighbour(name, &[]));
    // We ask.
    let now = bench.now;
    bench.node.reply(now, &named("far"), vec!["hi".into()]).unwrap();
    bench.collect();
    let [question, _] = [bench.sent(a).remove(0), bench.sent(b).remove(0)];
    assert_eq!((question.main(), question.sub()), (MainFlag::Broadcast, Some(Flag::Request)));
    let [request, wanted] = question.values() else { panic!("{question:?}") };
    assert_eq!(wanted, &Value::from("far"));
    // Somebody answers, in the types of py2p.
    let found = Value::Array(vec![Value::Array(vec!["198.51.100.7".into(), 99.into()]), Value::from(&b"far"[..])]);
    let answer = vec![Flag::Response.into(), request.clone(), found];
    let answer = Message::new(MainFlag::Broadcast, &named("x"), bench.unix(), answer);
    bench.send(a, &answer);
    assert_eq!(bench.connects()[0].1, "198.51.100.7:99".parse().unwrap());
    bench.wait(secs(1));
    assert_eq!(bench.sent(b), [answer], "the answer floods on");
    // We are asked.
    let question = vec![Flag::Request.into(), Value::from(&b"r"[..]), Value::from("b")];
    let question = Message::new(MainFlag::Broadcast, &named("y"), bench.unix(), question);
    bench.send(a, &question);
    let answer = bench.sent(a).remove(0);
    assert_eq!((answer.main(), answer.sub()), (MainFlag::Broadcast, Some(Flag::Response)));
    assert_eq!(answer.values()[0].as_bytes().unwrap().as_ref(), b"r");
    let [address, id] = answer.values()[1].as_array().unwrap() else { panic!("{answer:?}") };
    assert_eq!((address.as_array().unwrap().len(), id), (2, &Value::from("b")));
}

//= wireworks#1.5/last-hop test
//= wireworks#1.5/inner test
#[test]
fn an_old_receiver_gets_the_plain_whisper() {
    let mut bench = Bench::plain();
    let capable = bench.neighbour("a", &[u64::from(BASE)]);
    let old = bench.neighbour("old", &[]);
    let routed = |flag: u64, text: &str, to: &str| {
        let payload = vec![0x41.into(), 4.into(), to.into(), to.into(), flag.into(), text.into()];
        Message::new(MainFlag::Whisper, &named("far"), UNIX, payload)
    };
    bench.send(capable, &routed(2, "hi", "old"));
    let sent = bench.sent(old).remove(0);
    assert_eq!(
        (sent.main(), sent.sender(), sent.payload()),
        (MainFlag::Whisper, &named("far"), &[2.into(), "hi".into()][..])
    );
    bench.send(capable, &routed(2, "hi", "old")); // again: once is enough
    bench.wait(secs(1));
    assert!(bench.sent(old).is_empty());
    // To us: users' messages only.
    let own = bench.node.id().to_string();
    bench.send(capable, &routed(7, "no list", &own));
    assert!(!bench.is_closed(capable) && bench.events().is_empty());
    bench.send(capable, &routed(0, "for us", &own));
    assert!(matches!(&bench.events()[..], [Event::Message(incoming)] if incoming.routed && text(incoming) == "for us"));
}

//= wireworks#1.6/survey test
//= wireworks#1.6/survey-rate test
#[test]
fn a_survey_draws_the_network() {
    let mut net = Network::new(4);
    let hosts = star(&mut net, 30);
    net.run_for(secs(10));
    net.events();
    for &host in &hosts {
        net.machine_mut(host).set_state(format!("node {host:?}").into());
    }
    let survey = net.command(hosts[12], |node, now| node.survey(now));
    net.run_for(secs(2));
    let reports: Vec<_> = net
        .events()
        .into_iter()
        .filter(|h| h.host == hosts[12])
        .filter_map(|h| match h.event {
            Event::Surveyed(report) => Some(report),
            _ => None,
        })
        .collect();
    let who: BTreeSet<_> = reports.iter().map(|report| report.id.clone()).collect();
    assert_eq!((reports.len(), who.len()), (30, 30));
    for (&host, report) in
        hosts.iter().map(|host| (host, reports.iter().find(|r| r.id == *net.machine(*host).id()).unwrap()))
    {
        assert_eq!(report.survey, survey);
        assert_eq!(report.links.len(), peers(&net, host));
        assert_eq!(report.state, Value::from(format!("node {host:?}")));
        assert_eq!(report.addresses.len(), 1);
    }
    for _ in 0..100 {
        net.command(hosts[12], |node, now| node.survey(now));
    }
    net.run_for(std::time::Duration::from_millis(500));
    let answered = net
        .events()
        .iter()
        .filter(|h| matches!(&h.event, Event::Surveyed(report) if report.id == *net.machine(hosts[3]).id()))
        .count();
    assert!((1..=8).contains(&answered), "{answered}");
}

/// A node that listens on all transports, and nodes of one transport each that know only it.
fn bridged(net: &mut Net) -> (HostId, Vec<(Transport, HostId)>) {
    let ports = [(Transport::Tcp, 1), (Transport::Tls, 2), (Transport::Ws, 3), (Transport::Wss, 4)];
    let at = |n: usize, port: u16| {
        let mut at = at(n);
        at.set_port(port);
        at
    };
    let listen = ports.iter().map(|&(transport, port)| (transport, at(1, port))).collect();
    let all = Config { listen, ..config(net, 1, &[]) };
    let bridge = add(net, all);
    let others = (2..14).map(|n| {
        let (transport, port) = ports[n % 4];
        let seeds = vec![Seed::new(transport, at(1, port))];
        let config = Config { listen: vec![(transport, at(n, port))], seeds, ..config(net, n, &[]) };
        (transport, add(net, config))
    });
    (bridge, others.collect())
}

//= p2p#3.5/peers-own-transport test
//= p2p#3.11/ws-frame test
//= p2p#3.11/ws-stream test
#[test]
fn a_bridge_joins_networks_of_different_transports() {
    let mut net = Network::new(5);
    let (bridge, others) = bridged(&mut net);
    net.run_for(secs(10));
    net.events();
    assert_eq!(peers(&net, bridge), 12);
    for &(transport, host) in &others {
        // Its own kind and the bridge; it was told of no address that it cannot use.
        assert!(net.machine(host).peers().all(|peer| peer.transport == transport));
        assert_eq!(peers(&net, host), 3);
        assert_eq!(
            net.machine(host).stats().dialled,
            net.machine(host).peers().filter(|peer| peer.outgoing).count() as u64
        );
    }
    for &(transport, host) in &others {
        let said = format!("over {transport} by {host:?}");
        broadcast(&mut net, host, &said);
        net.run_for(secs(1));
        assert_eq!(heard(&net.events(), &said).len(), 12, "{said}");
    }
    // A reply across the bridge goes by way of it, since no link can be opened.
    let (from, to) = (others[0].1, others[1].1);
    assert_ne!(others[0].0, others[1].0);
    let wanted = id(&net, to);
    reply(&mut net, from, &wanted, "across");
    net.run_for(secs(8));
    assert_eq!(heard(&net.events(), "across"), [to]);
}

#[test]
fn a_pinned_link_is_kept() {
    let mut net = Network::new(6);
    let hosts = star(&mut net, 20);
    net.run_for(secs(5));
    let (from, to) = (hosts[3], hosts[15]);
    let wanted = id(&net, to);
    net.command(from, |node, now| node.link(now, &wanted, Transport::Tcp, at(16)));
    net.run_for(secs(3));
    assert!(net.machine(from).peer(&wanted).is_some());
    // Cut, healed: it comes back by itself.
    let cut = net.cut(&[from], &[to]);
    net.run_for(secs(30));
    assert!(net.machine(from).peer(&wanted).is_none());
    net.heal(cut);
    net.run_for(secs(90));
    assert!(net.machine(from).peer(&wanted).is_some());
    net.command(from, |node, now| node.unlink(now, &wanted));
    net.run_for(secs(180));
    let outgoing = net.machine(from).peers().filter(|peer| peer.outgoing).count();
    assert!(outgoing <= 5, "{outgoing}");
}
