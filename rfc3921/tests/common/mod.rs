//! Sessions and a small server on a virtual network.
#![allow(dead_code)] // each test file uses its part

pub mod house;

use std::convert::Infallible;
use std::time::Duration;

use rfc3920::jid::Jid;
use rfc3920::sasl::Credentials;
use rfc3920::stream::{self, Kind, Target};
use rfc3920::xml::{Element, Limits};
use rfc3921::session::{Config, DropReason, Event, Incoming, RoomEvent, Saved, Session};
use sim::{HostId, Network, Node};
use wire::{Epoch, Instant, Transport};

pub use house::House;

pub const ALICE: &str = "alice@wonderland.example";
pub const BOB: &str = "bob@wonderland.example";
pub const ROOM: &str = "tea@rooms.wonderland.example";

/// What comes out of a host; the server says nothing.
#[derive(Debug)]
pub struct Said(pub Event);

impl From<Event> for Said {
    fn from(event: Event) -> Said {
        Said(event)
    }
}

impl From<Infallible> for Said {
    fn from(never: Infallible) -> Said {
        match never {}
    }
}

/// A network with a server and some sessions.
pub struct World {
    pub net: Network<Node<Said>>,
    pub house: HostId,
    pub told: Vec<(HostId, Event)>,
}

pub fn jid(text: &str) -> Jid {
    Jid::parse(text).expect("an address")
}

pub fn element(text: &str) -> Element {
    Element::parse(text, &Limits::default()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Somebody's configuration.
pub fn config(who: &str) -> Config {
    let account = jid(who);
    let credentials = Credentials::new(account.local().expect("a name"), "looking-glass").expect("credentials");
    let mut stream = stream::Config::new(account, credentials);
    stream.policy.allow_plain = true;
    stream.targets = vec![Target::new("10.0.0.1", 5223, Kind::DirectTls)];
    Config::new(stream, Epoch::from_unix(Duration::from_secs(1_577_836_800)))
}

impl World {
    pub fn new(house: House) -> World {
        let mut net = Network::new(7);
        let at = "10.0.0.1:5223".parse().expect("an address");
        let house = net.add_at(Node::new(house), "10.0.0.1:1".parse().expect("an address"));
        net.listen(house, Transport::Tls, at).expect("to listen");
        World { net, house, told: Vec::new() }
    }

    /// Adds a session, which connects.
    pub fn add(&mut self, config: Config) -> HostId {
        self.add_saved(config, Saved::default())
    }

    pub fn add_saved(&mut self, config: Config, saved: Saved) -> HostId {
        let rng = self.net.rng();
        let at = format!("10.0.1.{}:1", self.net.hosts().count()).parse().expect("an address");
        let host = self.net.add_at(Node::new(Session::new(config, saved, rng)), at);
        self.command(host, |session, now| session.connect(now).expect("to connect"));
        self.run();
        host
    }

    /// The usual: a server as it comes, and Alice.
    pub fn with_alice() -> (World, HostId) {
        let mut world = World::new(House::new());
        let alice = world.add(config(ALICE));
        assert!(world.session(alice).is_ready(), "{:?}", world.told);
        (world, alice)
    }

    pub fn session(&self, host: HostId) -> &Session {
        self.net.machine(host).downcast_ref().expect("a session")
    }

    pub fn command<R>(&mut self, host: HostId, f: impl FnOnce(&mut Session, Instant) -> R) -> R {
        self.net.command(host, |node, now| f(node.downcast_mut().expect("a session"), now))
    }

    /// Commands, and lets happen what follows within two seconds.
    pub fn act<R>(&mut self, host: HostId, f: impl FnOnce(&mut Session, Instant) -> R) -> R {
        let result = self.command(host, f);
        self.run();
        result
    }

    pub fn house(&mut self) -> &mut House {
        self.net.machine_mut(self.house).downcast_mut().expect("the server")
    }

    /// The server says something to everybody who is logged in as that account.
    pub fn say(&mut self, account: &str, text: &str) {
        self.net.command(self.house, |node, _| {
            let house: &mut House = node.downcast_mut().expect("the server");
            house.say_to(account, text);
        });
        self.run();
    }

    pub fn run(&mut self) {
        self.pass(Duration::from_secs(2));
    }

    pub fn pass(&mut self, time: Duration) {
        self.net.run_for(time);
        let events = self.net.events();
        self.told.extend(events.into_iter().map(|happened| (happened.host, happened.event.0)));
    }

    /// What was told since the last look, except noise.
    pub fn take(&mut self, host: HostId) -> Vec<Event> {
        let (mine, rest) = std::mem::take(&mut self.told).into_iter().partition(|(of, _)| *of == host);
        self.told = rest;
        mine.into_iter().map(|(_, event)| event).collect()
    }

    pub fn messages(&mut self, host: HostId) -> Vec<Incoming> {
        messages(self.take(host))
    }

    pub fn texts(&mut self, host: HostId) -> Vec<String> {
        self.messages(host).into_iter().map(|message| message.text).collect()
    }

    pub fn dropped(&mut self, host: HostId) -> Vec<DropReason> {
        let events = self.take(host).into_iter();
        events.filter_map(|event| if let Event::Dropped { reason } = event { Some(reason) } else { None }).collect()
    }

    pub fn room_events(&mut self, host: HostId) -> Vec<RoomEvent> {
        let events = self.take(host).into_iter();
        events.filter_map(|event| if let Event::Room { event, .. } = event { Some(event) } else { None }).collect()
    }

    /// The server breaks all connections; with `forget` it also loses the sessions.
    pub fn break_connections(&mut self, forget: bool) {
        self.net.command(self.house, |node, _| {
            let house: &mut House = node.downcast_mut().expect("the server");
            house.break_all(forget);
        });
        self.run();
    }
}

pub fn messages(events: Vec<Event>) -> Vec<Incoming> {
    let events = events.into_iter();
    events.filter_map(|event| if let Event::Message(incoming) = event { Some(*incoming) } else { None }).collect()
}
