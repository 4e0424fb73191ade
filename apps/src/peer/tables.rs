//! What the program does with the table of a node: the dictionary that all share, or the one that is spread over them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use serializer::{Id, Value};
use tokio::time::Instant as Wake;

use super::json::{bin, from_value, object};
use super::node::Node;
use super::op::Op;
use super::perform::{Done, Outcome, answer};
use super::run::{Program, Wants};
use super::words::short;

impl Program {
    /// Carries out an operation on the table.
    pub fn perform_on_table(&mut self, op: Op) -> Outcome {
        let now = self.driver.now();
        match self.driver.machine_mut().node_mut() {
            Some(Node::Sync(node)) => Outcome::Now(on_sync(node, now, op)),
            Some(Node::Chord(node)) => on_chord(node, now, op),
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
                self.tell(&object([
                    ("ev", "update".into()),
                    ("key", bin(&key)),
                    ("value", from_value(&value)),
                    ("owner", owner.as_str().into()),
                    ("time", time.into()),
                ]));
            }
            sync::Event::Delete { key } => {
                self.show_state();
                self.tell(&object([("ev", "delete".into()), ("key", bin(&key))]));
            }
            sync::Event::Refused { sender, reason, .. } => {
                let reason = format!("write of {}: {reason}", short(sender.as_str()));
                self.tell(&object([("ev", "dropped".into()), ("reason", reason.into())]));
            }
        }
    }

    pub fn on_chord_event(&mut self, event: chord::Event) {
        match event {
            chord::Event::Mesh(event) => self.on_mesh_event(event),
            chord::Event::Add { key } => self.tell(&object([("ev", "add".into()), ("key", bin(&key))])),
            chord::Event::Delete { key } => self.tell(&object([("ev", "delete".into()), ("key", bin(&key))])),
            chord::Event::RingJoined => self.tell(&object([("ev", "ring_joined".into())])),
            chord::Event::RingChanged => self.tell(&object([("ev", "ring_changed".into())])),
            chord::Event::Unjoined => {
                self.handing_over = false;
                self.settle(|wants| *wants == Wants::Unjoined, &json!({"result": true}));
            }
            chord::Event::Answer { query, result, path, took, .. } => {
                let path: Vec<&str> = path.iter().map(Id::as_str).collect();
                let mut told = match result {
                    Ok(chord::Outcome::Value(value)) => json!({"result": from_value(&value)}),
                    Ok(chord::Outcome::Missing) => json!({"result": null}),
                    Ok(chord::Outcome::Done) => json!({"result": true}),
                    Err(failure) => json!({"error": failure.to_string()}),
                };
                told["seconds"] = ((took.as_secs_f64() * 1e6).round() / 1e6).into();
                told["path"] = path.into();
                self.settle(|wants| *wants == Wants::Answer(query), &told);
            }
        }
    }

    /// Answers those who wait for that.
    fn settle(&mut self, is_it: impl Fn(&Wants) -> bool, told: &Json) {
        let waiting = self.pending.extract_if(.., |pending| is_it(&pending.wants)).collect::<Vec<_>>();
        waiting.into_iter().for_each(|pending| self.answer(pending.asker, told.clone()));
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
            Some(Node::Chord(_)) | None => {} // it does
        }
    }

    /// What a snapshot tells of the table.
    pub fn table_snapshot(&self) -> Map<String, Json> {
        match self.driver.machine().node() {
            Some(Node::Sync(node)) => object([("keys", node.len().into()), ("data", sync_rows(node))]),
            Some(Node::Chord(node)) => object([
                ("joined", node.is_joined().into()),
                ("member", node.is_member().into()),
                ("predecessor", node.predecessor().map(Id::as_str).into()),
                ("successors", node.successors().map(Id::as_str).collect()),
                ("fingers", node.fingers().map(Id::as_str).collect()),
                ("old_holders", node.old_holders().map(Id::as_str).collect()),
                ("keys", node.keys().count().into()),
                ("data", chord_data(node)),
            ]),
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
            Some(Node::Chord(node)) => object([
                ("member", u64::from(node.is_member()).into()),
                ("keys", node.keys().count().into()),
                ("entries", node.load().into()),
                ("fingers", node.fingers().count().into()),
            ]),
            Some(Node::Mesh(_)) | None => Map::new(),
        }
    }

    // ---- leaving

    /// Gives what is held to others.
    pub fn hand_over(&mut self) {
        let now = self.driver.now();
        if let Some(Node::Chord(node)) = self.driver.machine_mut().node_mut()
            && node.is_joined()
            && node.mesh().peers().next().is_some()
        {
            node.unjoin(now);
            self.handing_over = true;
        }
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

fn on_chord(node: &mut chord::Node, now: wire::Instant, op: Op) -> Outcome {
    let mut time = HAND_OVER;
    let asked = match op {
        Op::Set(key, value) => node.set(now, &key, value),
        Op::Del(key) => node.delete(now, &key),
        Op::Delta(key, Value::Map(fields)) => node.update(now, &key, fields),
        Op::Get(key, longest) => {
            time = longest;
            node.get(now, &key)
        }
        Op::Keys => return Outcome::Now(json!({"result": node.keys().map(|key| bin(key)).collect::<Vec<_>>()})),
        Op::Data => return Outcome::Now(json!({"result": chord_data(node)})),
        Op::Join => {
            node.join(now);
            return Outcome::Now(json!({"result": true}));
        }
        Op::Unjoin => {
            node.unjoin(now);
            return Outcome::Later { until: Wake::now() + HAND_OVER, wants: Wants::Unjoined };
        }
        _ => return Outcome::Now(answer(Err("not for a hash table".into()))),
    };
    match asked {
        Ok(query) => Outcome::Later { until: Wake::now() + time, wants: Wants::Answer(query) },
        Err(error) => Outcome::Now(answer(Err(error.to_string()))),
    }
}

/// What a node holds: in the ring by the key, and in the five tables by the number, as py2p tells it.
fn chord_data(node: &chord::Node) -> Json {
    let mut parts: BTreeMap<&str, Map<String, Json>> = BTreeMap::new();
    for stored in node.data() {
        let (part, name) = match stored.place {
            chord::Place::Ring(_) => {
                let key = stored.key.map(|key| from_value(&Value::Bin(key))).unwrap_or_default();
                ("ring", super::words::shown(&key))
            }
            chord::Place::Table(position) => (position.table().name(), decimal(position.number())),
        };
        parts.entry(part).or_default().insert(name, from_value(&stored.value));
    }
    json!(parts)
}

/// A big-endian number in decimal digits.
fn decimal(number: &[u8]) -> String {
    let mut digits = vec![0_u8]; // the lowest first
    for byte in number {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) * 256;
            *digit = (carry % 10) as u8;
            carry /= 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

/// How long a change, or the hand-over of what is held, may take.
const HAND_OVER: Duration = Duration::from_secs(10);

/// Key, value, owner and time of every entry.
fn sync_rows(node: &sync::Node) -> Json {
    let rows = node.iter().filter_map(|(key, value)| {
        let meta = node.meta(key)?;
        Some(json!([bin(key), from_value(value), meta.owner.as_str(), meta.time]))
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn numbers_in_decimal() {
        assert_eq!((decimal(&[]), decimal(&[0, 0]), decimal(&[1, 0])), ("0".into(), "0".into(), "256".into()));
        assert_eq!(decimal(&u64::MAX.to_be_bytes()), u64::MAX.to_string());
        assert_eq!(decimal(&u128::MAX.to_be_bytes()), u128::MAX.to_string());
    }
}
