//! What the program does with the table of a node: the dictionary that all share, or the one that is spread over them.

use serde_json::{Map, Value as Json, json};
use serializer::Value;

use super::json::{bin, from_value, object};
use super::node::Node;
use super::op::Op;
use super::perform::{Done, Outcome, answer};
use super::run::Program;
use super::words::short;

impl Program {
    /// Carries out an operation on the table.
    pub fn perform_on_table(&mut self, op: Op) -> Outcome {
        let now = self.driver.now();
        match self.driver.machine_mut().node_mut() {
            Some(Node::Sync(node)) => Outcome::Now(on_sync(node, now, op)),
            Some(Node::Mesh(_)) | None => {
                Outcome::Now(answer(Err("a mesh has no table: start peer sync or peer chord".into())))
            }
        }
    }

    pub fn on_sync_event(&mut self, event: sync::Event) {
        match event {
            sync::Event::Mesh(event) => self.on_mesh_event(event),
            sync::Event::Update { key, value, owner, time } => {
                self.show_state();
                self.tell(object([
                    ("ev", "update".into()),
                    ("key", bin(&key)),
                    ("value", from_value(&value)),
                    ("owner", owner.as_str().into()),
                    ("time", time.into()),
                ]));
            }
            sync::Event::Delete { key } => {
                self.show_state();
                self.tell(object([("ev", "delete".into()), ("key", bin(&key))]));
            }
            sync::Event::Refused { sender, reason, .. } => {
                let reason = format!("write of {}: {reason}", short(sender.as_str()));
                self.tell(object([("ev", "dropped".into()), ("reason", reason.into())]));
            }
        }
    }

    /// Tells surveys about this node, as far as the machine does not do so itself.
    pub fn show_state(&mut self) {
        let mut state: Vec<(Value, Value)> = vec![("kind".into(), self.kind.name().into())];
        if let Some(name) = &self.options.name {
            state.push(("name".into(), name.as_str().into()));
        }
        match self.driver.machine_mut().node_mut() {
            Some(Node::Mesh(node)) => node.set_state(Value::Map(state)),
            Some(Node::Sync(node)) => {
                state.push(("keys".into(), node.len().into()));
                node.mesh_mut().set_state(Value::Map(state));
            }
            None => {}
        }
    }

    /// What a snapshot tells of the table.
    pub fn table_snapshot(&self) -> Map<String, Json> {
        match self.driver.machine().node() {
            Some(Node::Sync(node)) => object([("keys", node.len().into()), ("data", sync_rows(node))]),
            Some(Node::Mesh(_)) | None => Map::new(),
        }
    }

    /// The counters of the table.
    pub fn table_counters(&self) -> Map<String, Json> {
        match self.driver.machine().node() {
            Some(Node::Sync(node)) => {
                let stats = node.stats();
                object([
                    ("keys", node.len().into()),
                    ("table_bytes", node.table().bytes().into()),
                    ("tombstones", node.table().tombstones().into()),
                    ("written", stats.written.into()),
                    ("applied", stats.applied.into()),
                    ("refused", stats.refused.into()),
                    ("malformed", stats.malformed.into()),
                    ("transferred", stats.transferred.into()),
                    ("repaired", stats.repaired.into()),
                ])
            }
            Some(Node::Mesh(_)) | None => Map::new(),
        }
    }

    // ---- leaving

    /// Gives what is held to others.
    pub fn hand_over(&mut self) {}

    /// Whether some of it is still under way.
    pub fn is_handing_over(&self) -> bool {
        false
    }
}

fn on_sync(node: &mut sync::Node, now: wire::Instant, op: Op) -> Json {
    let written = |done: Result<(), sync::Error>| answer(done.map(|()| true.into()).map_err(|e| e.to_string()));
    match op {
        Op::Set(key, value) => written(node.set(now, key, value)),
        Op::Del(key) => written(node.delete(now, key)),
        Op::Delta(key, Value::Map(fields)) => written(node.update(now, key, fields)),
        Op::Get(key, _) => json!({"result": node.get(key).map(from_value), "seconds": 0}),
        Op::Keys => json!({"result": node.iter().map(|(key, _)| bin(key)).collect::<Vec<_>>()}),
        Op::Data => json!({"result": sync_rows(node)}),
        _ => answer(Done::Err("this is for a distributed hash table: start peer chord".into())),
    }
}

/// Key, value, owner and time of every entry.
fn sync_rows(node: &sync::Node) -> Json {
    let rows = node.iter().filter_map(|(key, value)| {
        let meta = node.meta(key)?;
        Some(json!([bin(key), from_value(value), meta.owner.as_str(), meta.time]))
    });
    rows.collect()
}
