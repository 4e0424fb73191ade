//! The two drivers agree: the same scenario, on sockets and on the virtual network, tells the machines the same.
mod common;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use common::{Puppet, loopback};
use net::Driver;
use sim::Network;
use wire::{ConnId, Input, Instant, Transport};

/// What a scenario does at a time: to which machine (0 or 1), knowing where both listen.
type Step = (usize, fn(&mut Puppet, [SocketAddr; 2]));

const CONN: ConnId = ConnId::outbound(0);
const PEER: ConnId = ConnId::inbound(0);

/// What each machine heard, without what may differ: addresses, and where streams are cut.
#[derive(Debug, Default, PartialEq)]
struct Heard([BTreeMap<ConnId, String>; 2], [Vec<String>; 2]);

impl Heard {
    fn hear(&mut self, who: usize, input: &Input) {
        let (conn, text) = match input {
            Input::Stream { conn, data } => (conn, String::from_utf8_lossy(data).into_owned()),
            Input::Opened { conn, transport, .. } => (conn, format!("<opened {transport}>")),
            Input::Closed { conn, reason } => (conn, format!("<closed {reason:?}>")),
            Input::Datagram { data, .. } => return self.1[who].push(format!("{data:?}")),
            Input::Unreachable { .. } => return self.1[who].push("unreachable".to_owned()),
            Input::Resolved { answer, .. } => return self.1[who].push(format!("{answer:?}")),
            Input::Secured { conn, session } => {
                assert!(session.tls13 && session.exporter.is_some() && session.end_point.is_some());
                (conn, "<secured>".to_owned())
            }
            Input::Time => return,
        };
        self.0[who].entry(*conn).or_default().push_str(&text);
    }
}

/// Each step is given time to have its effects before the next.
async fn on_sockets(steps: &[Step]) -> Heard {
    let mut drivers = [Driver::new(Puppet::default()), Driver::new(Puppet::default())];
    let at = [0, 1].map(|n: usize| {
        let address = drivers[n].bind_tcp(loopback()).unwrap();
        drivers[n].bind_udp(address).unwrap()
    });
    let mut heard = Heard::default();
    let [one, two] = &mut drivers;
    for (who, step) in steps {
        step([&mut *one, &mut *two][*who].machine_mut(), at);
        loop {
            let (who, input) = tokio::select! {
                input = one.next() => (0, input),
                input = two.next() => (1, input),
                () = tokio::time::sleep(Duration::from_millis(60)) => break,
            };
            heard.hear(who, &input);
        }
    }
    heard
}

fn in_simulation(steps: &[Step], seed: u64) -> Heard {
    let at: [SocketAddr; 2] = [([10, 0, 0, 1], 5060).into(), ([10, 0, 0, 2], 5060).into()];
    let mut net = Network::new(seed);
    let hosts = at.map(|at| net.add_at(Puppet::default(), at));
    for (who, step) in steps {
        net.command(hosts[*who], |puppet, _now| step(puppet, at));
        net.run_for(Duration::from_millis(60));
    }
    assert!(net.run_until_idle(Instant::from_millis(60_000)));
    let mut heard = Heard::default();
    for happened in net.events() {
        heard.hear(happened.host.index(), &happened.event);
    }
    heard
}

async fn agree(name: &str, steps: &[Step]) {
    let real = on_sockets(steps).await;
    assert_ne!(real, Heard::default(), "{name}: nothing happened");
    for seed in 0..5 {
        assert_eq!(real, in_simulation(steps, seed), "{name}, seed {seed}: sockets left, simulation right");
    }
}

#[tokio::test]
async fn datagrams() {
    agree("there and back", &[(0, |m, at| m.datagram(at[0], at[1], "a")), (1, |m, at| m.datagram(at[1], at[0], "b"))])
        .await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_closed_port() {
    let nowhere: Step = (0, |m, at| m.datagram(at[0], SocketAddr::new(at[1].ip(), 9), "a"));
    agree("nobody has bound it", &[nowhere]).await;
}

#[tokio::test]
async fn streams_that_open_and_close() {
    let connect: Step = (0, |m, at| _ = m.connect(0, at[1]));
    agree("the client closes", &[connect, (0, |m, _| m.write(CONN, "hi")), (0, |m, _| m.close(CONN))]).await;
    agree("the server closes", &[connect, (1, |m, _| m.write(PEER, "hi")), (1, |m, _| m.close(PEER))]).await;
    agree(
        "everything at once",
        &[(0, |m, at| {
            m.connect(0, at[1]);
            m.write(CONN, "all ");
            m.write(CONN, "at once");
            m.close(CONN);
        })],
    )
    .await;
    agree(
        "writing after closing",
        &[
            connect,
            (0, |m, _| {
                m.write(CONN, "before");
                m.close(CONN);
                m.write(CONN, "after");
                m.close(CONN);
            }),
            (1, |m, _| m.write(PEER, "too late")),
        ],
    )
    .await;
    agree("both close at once", &[connect, (0, |m, _| m.close(CONN)), (1, |m, _| m.close(PEER))]).await;
}

#[tokio::test]
async fn streams_that_do_not_open() {
    agree(
        "given up at once",
        &[(0, |m, at| {
            m.connect(0, at[1]);
            m.close(CONN)
        })],
    )
    .await;
    agree("refused", &[(0, |m, at| _ = m.connect(0, SocketAddr::new(at[1].ip(), 9)))]).await;
    agree(
        "nothing to connect over",
        &[(0, |m, at| {
            m.out.push_back(wire::Output::Connect { conn: CONN, transport: Transport::Udp, remote: at[1] });
        })],
    )
    .await;
}

#[tokio::test]
async fn numbers() {
    let twice: Step = (0, |m, at| {
        m.connect(0, at[1]);
        m.connect(0, at[1]);
        m.connect(1, at[1]);
    });
    agree("one number twice and another once", &[twice]).await;
    agree("an address is not looked up", &[(0, |m, _| m.resolve(1, "192.0.2.1"))]).await;
}

#[cfg(feature = "tls")]
mod secure {
    use std::net::TcpListener;

    use bytes::Bytes;
    use common::starttls::{BOTH, config, secure, serve};
    use common::tls::{certify, trusting};
    use net::Trust;
    use sim::{HostId, Link, Node, Script};
    use wire::{Output, Transmit};

    use super::*;

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

    /// Upgrades when it is told to, and says a line at once.
    fn client() -> Puppet {
        let react = |input: &Input| match input {
            Input::Opened { transport: Transport::Tcp, .. } => vec![write("starttls")],
            Input::Opened { .. } => vec![write("hello\n")],
            Input::Stream { data, .. } if data == "proceed" => vec![Output::Upgrade { conn: CONN }, write("hello\n")],
            _ => Vec::new(),
        };
        Puppet { react, ..Puppet::default() }
    }

    fn write(text: &'static str) -> Output<Input> {
        Output::Transmit(Transmit::Stream { conn: CONN, data: Bytes::from(text) })
    }

    /// What a client hears until it has heard the end.
    async fn on_sockets(transport: Transport, address: SocketAddr, trust: Trust) -> String {
        let mut driver = Driver::with_config(client(), trusting(trust));
        driver.machine_mut().connect_over(transport, 0, address);
        let mut heard = Heard::default();
        loop {
            let input = common::next(&mut driver).await;
            heard.hear(0, &input);
            if matches!(input, Input::Closed { .. }) {
                return heard.0[0][&CONN].clone();
            }
        }
    }

    fn in_simulation(transport: Transport, script: Script, distrust: bool) -> String {
        let at: [SocketAddr; 2] = [([10, 0, 0, 1], 5222).into(), ([10, 0, 0, 2], 5222).into()];
        let mut net: Network<Node<Told>> = Network::new(1);
        net.set_default_link(Link { recut: false, ..Link::default() });
        let [host, server]: [HostId; 2] = [net.add(Node::new(client())), net.add(Node::new(script))];
        net.bind_udp(host, at[0]).unwrap();
        net.listen(server, transport, at[1]).unwrap();
        net.distrust(at[1], distrust);
        let puppet: &mut Puppet = net.machine_mut(host).downcast_mut().unwrap();
        puppet.connect_over(transport, 0, at[1]);
        assert!(net.run_until_idle(Instant::from_millis(600_000)));
        let mut heard = Heard::default();
        net.events().iter().for_each(|happened| heard.hear(0, &happened.event.0));
        heard.0[0][&CONN].clone()
    }

    fn asked() -> Script {
        Script::new().expect("starttls").answer("proceed")
    }

    fn echo(script: Script) -> Script {
        script.secure().expect("\n").answer_with(|came| Bytes::copy_from_slice(came.data)).close()
    }

    #[tokio::test]
    async fn upgrades() {
        let certified = certify(&["127.0.0.1"]);
        let trust = || Trust::roots(&certified.root).unwrap();
        let config = || config(&certified, BOTH, None);
        let tcp = Transport::Tcp;

        let (address, _server) = serve(config(), &[b"proceed"]);
        let real = on_sockets(tcp, address, trust()).await;
        assert_eq!(real, "<opened tcp>proceed<secured>hello\n<closed Peer>");
        assert_eq!(real, in_simulation(tcp, echo(asked()), false));

        let (address, _server) = serve(config(), &[b"proceed"]);
        let real = on_sockets(tcp, address, Trust::Pinned(Vec::new())).await;
        assert_eq!(real, "<opened tcp>proceed<closed Untrusted>");
        assert_eq!(real, in_simulation(tcp, echo(asked()), true));

        let (address, _server) = serve(config(), &[b"proceed", b"injected"]);
        let real = on_sockets(tcp, address, trust()).await;
        assert_eq!(real, "<opened tcp>proceed<closed Untrusted>");
        let late = asked().wait(Duration::from_millis(5)).answer("injected");
        assert_eq!(real, in_simulation(tcp, late, false));
    }

    #[tokio::test]
    async fn secure_from_the_start() {
        let certified = certify(&["127.0.0.1"]);
        for (trust, expected) in [
            (Trust::roots(&certified.root).unwrap(), "<opened tls><secured>hello\n<closed Peer>"),
            (Trust::Pinned(Vec::new()), "<closed Untrusted>"),
        ] {
            let listener = TcpListener::bind(loopback()).unwrap();
            let address = listener.local_addr().unwrap();
            let config = config(&certified, BOTH, None);
            std::thread::spawn(move || secure(config, listener.accept().unwrap().0));
            let real = on_sockets(Transport::Tls, address, trust).await;
            assert_eq!(real, expected);
            let distrust = expected == "<closed Untrusted>";
            assert_eq!(real, in_simulation(Transport::Tls, echo(Script::new()), distrust));
        }
    }

    #[tokio::test]
    async fn a_server_that_leaves_during_an_upgrade() {
        let listener = TcpListener::bind(loopback()).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            use std::io::{Read, Write};
            let mut stream = listener.accept().unwrap().0;
            stream.read_exact(&mut [0; 8]).unwrap();
            stream.write_all(b"proceed").unwrap();
        });
        let real = on_sockets(Transport::Tcp, address, Trust::Anyone).await;
        assert_eq!(real, "<opened tcp>proceed<closed Reset>");
        assert_eq!(real, in_simulation(Transport::Tcp, asked().close(), false));
    }
}
