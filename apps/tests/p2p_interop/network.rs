//! Small networks of nodes, and what nodes do in all scenarios.
use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::node::{Kind, Node, Setup, ids};

/// Some nodes of one network. Nodes keep their place when others die.
pub struct Network {
    pub setup: Setup,
    pub nodes: Vec<Node>,
}

impl Network {
    /// Starts these nodes side by side. No node dials another yet.
    pub fn start(setup: Setup, kinds: &[Kind]) -> Result<Network, String> {
        let nodes: Result<Vec<_>, _> = kinds.iter().map(|&kind| Node::spawn(kind, setup)).collect();
        let mut network = Network { setup, nodes: nodes? };
        network.nodes.iter_mut().try_for_each(Node::ready)?;
        Ok(network)
    }

    /// Starts one more node and returns its place.
    pub fn add(&mut self, kind: Kind) -> Result<usize, String> {
        self.nodes.push(Node::spawn(kind, self.setup)?);
        let place = self.nodes.len() - 1;
        self.nodes[place].ready().map(|()| place)
    }

    pub fn id(&self, node: usize) -> String {
        self.nodes[node].id.clone()
    }

    pub fn ask(&mut self, node: usize, command: Value) -> Result<Value, String> {
        self.nodes[node].ask(command)
    }

    pub fn dial(&mut self, from: usize, to: usize) -> Result<(), String> {
        let command = json!({"op": "connect", "host": self.nodes[to].host, "port": self.nodes[to].port});
        self.ask(from, command).map(drop)
    }

    /// Dials and waits until both ends list the link: before that, a broadcast of either goes nowhere.
    pub fn link(&mut self, from: usize, to: usize) -> Result<(), String> {
        self.dial(from, to)?;
        for (one, other) in [(from, to), (to, from)] {
            let id = self.id(other);
            self.nodes[one].until("linked", &json!({"op": "peers"}), |peers| ids(peers).contains(&id))?;
        }
        Ok(())
    }

    /// Waits until each of these has a link to each other of them, and to nobody else.
    pub fn all_linked(&mut self, nodes: &[usize]) -> Result<(), String> {
        for &one in nodes {
            let others: Vec<_> = nodes.iter().filter(|&&n| n != one).map(|&n| self.id(n)).collect();
            self.nodes[one].linked_to(&others.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// `from` broadcasts; every one of `to` hears it.
    pub fn broadcast(&mut self, from: usize, to: &[usize], values: &Value) -> Result<(), String> {
        let sender = self.id(from);
        self.ask(from, json!({"op": "send", "args": values}))?;
        let mut heard = to.iter().map(|&node| self.nodes[node].wait("broadcast", |e| is(e, 0, &sender, values)));
        heard.try_for_each(|r| r.map(drop))
    }

    /// `from` whispers to `to`, which hears it.
    pub fn whisper(&mut self, from: usize, to: usize, values: &Value) -> Result<(), String> {
        let (sender, id) = (self.id(from), self.id(to));
        self.ask(from, json!({"op": "whisper", "id": id, "args": values}))?;
        self.nodes[to].wait("whisper", |e| is(e, 2, &sender, values)).map(drop)
    }

    /// `from` broadcasts, `to` answers it alone.
    pub fn reply(&mut self, from: usize, to: usize, values: &Value) -> Result<(), String> {
        self.broadcast(from, &[to], &json!(["question", values]))?;
        let sender = self.id(to);
        self.ask(to, json!({"op": "reply", "args": values}))?;
        self.nodes[from].wait("reply", |e| is(e, 2, &sender, values)).map(drop)
    }

    /// `count` broadcasts, few at a time as py2p needs it; then every one of `to` has heard each once.
    pub fn paced(&mut self, from: usize, to: &[usize], count: usize, prefix: &str) -> Result<(), String> {
        for i in 0..count {
            self.ask(from, json!({"op": "send", "args": [format!("{prefix}{i}")]}))?;
            if i % 5 == 4 {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let last = json!([format!("{prefix}{}", count - 1)]);
        let sender = self.id(from);
        for &node in to {
            self.nodes[node].wait("last broadcast", |e| is(e, 0, &sender, &last))?;
            let all = self.once(from, node, |packets| text(&packets[0]).starts_with(prefix))?;
            if all != count {
                return Err(format!("{} heard {all} of {count}", self.nodes[node].name()));
            }
        }
        Ok(())
    }

    /// How many different broadcasts of `from` with such content `node` heard; an error when it heard one twice.
    ///
    /// The old programs look at the clock for each neighbour anew. At the turn of a second they send one broadcast as
    /// two, whose times differ and which nobody can tell from two: so twice with two times is not held against anyone.
    pub fn once(&mut self, from: usize, node: usize, is: impl Fn(&Value) -> bool) -> Result<usize, String> {
        let strict = self.nodes[from].kind == Kind::Ours;
        let mut seen = BTreeSet::new();
        let mut texts = BTreeSet::new();
        for message in self.nodes[node].messages(is) {
            let content = message["packets"].to_string();
            let time = if strict { Value::Null } else { message["time"].clone() };
            if !seen.insert((content.clone(), time.to_string())) {
                return Err(format!("{} heard {content} twice", self.nodes[node].name()));
            }
            texts.insert(content);
        }
        Ok(texts.len())
    }
}

/// Whether this event is a message of that kind (0 broadcast, 2 whisper), sender and content.
pub fn is(event: &Value, kind: u64, sender: &str, values: &Value) -> bool {
    event["ev"] == "message" && event["type"] == kind && event["sender"] == sender && event["packets"] == *values
}

/// The text of a value, or nothing.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
