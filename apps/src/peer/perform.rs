//! Carries out operations.

use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use serializer::{Flag, Id, MainFlag, Value};
use tokio::time::Instant as Wake;
use wire::Instant;

use super::address::Place;
use super::op::Op;
use super::run::{Program, Reports, Wants};
use super::tell;

/// What comes of an operation.
pub(super) enum Outcome {
    /// This is the answer.
    Now(Json),
    /// There is none.
    Silent,
    /// It comes when what is wanted has come, at the latest then.
    Later { until: Wake, wants: Wants },
}

/// What an operation came to, or why it could not be done.
pub(super) type Done = Result<Json, String>;

impl Program {
    pub fn perform(&mut self, op: Op) -> Outcome {
        let done = match op {
            Op::Quit => {
                self.leave();
                return Outcome::Silent;
            }
            Op::Survey(time) => return self.survey(time),
            Op::Send(main, sub, args) => self.send(main, sub, args),
            Op::Burst(n, prefix, pad) => self.burst(n, &prefix, pad),
            Op::Whisper(id, args) => self.whisper(&id, args),
            Op::Raw(id, main, args) => self.raw(id.as_deref(), main, args),
            Op::Reply(id, args) => self.reply(id.as_deref(), args),
            Op::Connect(place) => self.connect(&place),
            Op::Disconnect(id) => self.disconnect(&id),
            Op::Peers => return Outcome::Now(self.peers()),
            Op::Status => Ok(self.status()),
            Op::Stats => Ok(Json::Object(self.counters())),
            Op::Cpu => processor_time().ok_or_else(|| "not known on this system".into()).map(Json::from),
            Op::Snapshot => Ok(self.snapshot()),
            Op::Join | Op::Unjoin | Op::Set(..) | Op::Get(..) | Op::Del(_) | Op::Delta(..) | Op::Keys | Op::Data => {
                return self.perform_on_table(op);
            }
        };
        Outcome::Now(answer(done))
    }

    // ---- messages

    fn send(&mut self, main: MainFlag, sub: Flag, args: Vec<Value>) -> Done {
        let now = self.driver.now();
        let mesh = self.mesh_mut()?;
        let sent = match (main, sub) {
            (MainFlag::Broadcast, Flag::Broadcast) => mesh.broadcast(now, args).map(|_| ()),
            (MainFlag::Broadcast, sub) => mesh.broadcast_as(now, sub, args).map(|_| ()),
            (main, sub) => {
                let payload: Vec<Value> = std::iter::once(sub.into()).chain(args).collect();
                let ids: Vec<Id> = mesh.peers().map(|peer| peer.id.clone()).collect();
                ids.iter().try_for_each(|id| mesh.raw(now, id, main, payload.clone()))
            }
        };
        match sent {
            // nobody could tell the two apart, so that the other programs say yes here, and the receivers drop it
            Err(mesh::Error::Repeated) if self.screen.is_json() => Ok(true.into()),
            sent => sent.map(|()| true.into()).map_err(|e| e.to_string()),
        }
    }

    fn burst(&mut self, n: u64, prefix: &str, pad: usize) -> Done {
        let now = self.driver.now();
        let filling = "x".repeat(pad);
        let mesh = self.mesh_mut()?;
        for i in 0..n {
            match mesh.broadcast(now, vec![format!("{prefix}{i}{filling}").into()]) {
                Ok(_) | Err(mesh::Error::Repeated) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(true.into())
    }

    fn whisper(&mut self, id: &str, args: Vec<Value>) -> Done {
        let id = self.find(id)?;
        let now = self.driver.now();
        let mesh = self.mesh_mut()?;
        let sent = match mesh.peer(&id).is_some() {
            true => mesh.whisper(now, &id, args),
            false => mesh.reply(now, &id, args),
        };
        sent.map(|_| true.into()).map_err(|e| e.to_string())
    }

    fn reply(&mut self, id: Option<&str>, args: Vec<Value>) -> Done {
        let id = match (id, &self.last) {
            (Some(id), _) => self.find(id)?,
            (None, Some(last)) => last.sender().clone(),
            (None, None) => return Err("there is no message to reply to yet".into()),
        };
        let now = self.driver.now();
        self.mesh_mut()?.reply(now, &id, args).map(|_| true.into()).map_err(|e| e.to_string())
    }

    fn raw(&mut self, id: Option<&str>, main: MainFlag, args: Vec<Value>) -> Done {
        let id = match id {
            Some(id) => self.neighbour(id)?,
            None => self.mesh()?.peers().next().ok_or("no neighbours")?.id.clone(),
        };
        let now = self.driver.now();
        self.mesh_mut()?.raw(now, &id, main, args).map(|()| true.into()).map_err(|e| e.to_string())
    }

    // ---- links

    fn connect(&mut self, place: &Place) -> Done {
        let transport = place.transport.unwrap_or(self.options.transport());
        let address = mesh::Address::new(place.host.clone(), place.port);
        let now = self.driver.now();
        self.mesh_mut()?.connect(now, transport, address).map(|_| Json::Null).map_err(|e| e.to_string())
    }

    fn disconnect(&mut self, id: &str) -> Done {
        let id = self.neighbour(id)?;
        let now = self.driver.now();
        self.mesh_mut()?.disconnect(now, &id).map(|()| true.into()).map_err(|e| e.to_string())
    }

    fn peers(&self) -> Json {
        let Ok(mesh) = self.mesh() else { return json!({"result": [], "awaiting": 0}) };
        let node = self.driver.machine().node();
        let leeching = |peer: &_| node.and_then(|node| node.is_leeching(peer));
        let peers: Vec<Json> = mesh.peers().map(|peer| tell::peer(&peer, leeching(&peer))).collect();
        let awaiting = mesh.stats().sizes.links.saturating_sub(peers.len());
        json!({"result": peers, "awaiting": awaiting})
    }

    // ---- state

    /// `Nominal`, or what went wrong and how often.
    fn status(&self) -> Json {
        match self.problems.is_empty() {
            true => "Nominal".into(),
            false => self.problems.iter().map(|(what, times)| format!("{what}: {times}")).collect(),
        }
    }

    fn snapshot(&self) -> Json {
        let mut all = self.ready.as_object().cloned().unwrap_or_default();
        all.remove("ev");
        all.insert("uptime".into(), self.driver.now().since_origin().as_secs().into());
        all.insert("peers".into(), self.peers()["result"].take());
        all.insert("status".into(), self.status());
        all.insert("stats".into(), Json::Object(self.counters()));
        all.extend(self.table_snapshot());
        Json::Object(all)
    }

    fn counters(&self) -> Map<String, Json> {
        let Ok(mesh) = self.mesh() else { return Map::new() };
        let mut counters = tell::counters(&mesh.stats(), self.driver.stats());
        counters.extend(self.table_counters());
        if let Some((now, peak)) = memory() {
            counters.insert("memory_bytes".into(), now.into());
            counters.insert("memory_peak_bytes".into(), peak.into());
        }
        counters
    }

    fn survey(&mut self, time: Duration) -> Outcome {
        let now = self.driver.now();
        match self.mesh_mut().map(|mesh| mesh.survey(now)) {
            Ok(number) => {
                Outcome::Later { until: Wake::now() + time, wants: Wants::Survey(number, Reports::default()) }
            }
            Err(why) => Outcome::Now(answer(Err(why))),
        }
    }

    /// The answer to an operation whose time is up.
    pub fn too_late(&self, started: Instant, wants: Wants) -> Json {
        match wants {
            Wants::Survey(_, reports) => json!({"result": reports.told.into_values().collect::<Vec<_>>()}),
            Wants::Answer(_) => {
                let seconds = (self.driver.now() - started).as_secs_f64();
                json!({"error": "no answer in time", "seconds": seconds})
            }
            Wants::Unjoined => json!({"error": "the others did not take everything in time"}),
        }
    }

    // ---- the machine and its nodes

    pub fn mesh(&self) -> Result<&mesh::Node, String> {
        self.driver.machine().node().map(|node| node.mesh()).ok_or_else(|| "the node is not there".into())
    }

    pub fn mesh_mut(&mut self) -> Result<&mut mesh::Node, String> {
        self.driver.machine_mut().node_mut().map(|node| node.mesh_mut()).ok_or_else(|| "the node is not there".into())
    }

    /// The neighbour whose id begins so.
    fn neighbour(&self, start: &str) -> Result<Id, String> {
        let ids: Vec<Id> = self.mesh()?.peers().map(|peer| peer.id.clone()).collect();
        one_of(start, ids.iter()).map_err(|many| if many { ambiguous(start) } else { format!("no such peer: {start}") })
    }

    /// The neighbour whose id begins so, or else the node further away; a whole id will do for one never heard of.
    fn find(&self, start: &str) -> Result<Id, String> {
        let ids: Vec<Id> = self.mesh()?.peers().map(|peer| peer.id.clone()).collect();
        match one_of(start, ids.iter())
            .or_else(|many| if many { Err(many) } else { one_of(start, self.heard_of.iter()) })
        {
            Ok(id) => Ok(id),
            Err(true) => Err(ambiguous(start)),
            Err(false) if start.len() >= WHOLE_ID => Id::new(start.to_owned()).map_err(|e| e.to_string()),
            Err(false) => Err(format!("no such peer: {start}")),
        }
    }
}

/// The only id that begins so; else whether there are several.
fn one_of<'a>(start: &str, ids: impl Iterator<Item = &'a Id>) -> Result<Id, bool> {
    let mut found: Option<&Id> = None;
    for id in ids.filter(|id| id.as_str().starts_with(start)) {
        if id.as_str() == start {
            return Ok(id.clone());
        }
        if found.replace(id).is_some_and(|before| before != id) {
            return Err(true);
        }
    }
    found.cloned().ok_or(false)
}

fn ambiguous(start: &str) -> String {
    format!("several ids begin with {start}: write more of it")
}

/// The answer object.
pub(super) fn answer(done: Done) -> Json {
    match done {
        Ok(result) => json!({"result": result}),
        Err(why) => json!({"error": why}),
    }
}

/// Seconds of processor time that this process used.
fn processor_time() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(ticks as f64 / TICKS_PER_SECOND)
}

/// Bytes of memory in use, now and at most.
fn memory() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    Some((field("VmRSS:")?, field("VmHWM:")?))
}

/// The same on every Linux of today.
const TICKS_PER_SECOND: f64 = 100.0;
/// A number of 384 bits has 65 or 66 digits in base 58, seldom fewer.
const WHOLE_ID: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_an_id_will_do_if_it_is_the_only_one() {
        let ids: Vec<Id> = ["abc", "abd", "x", "xy"].map(|id| Id::new(id).unwrap()).into();
        assert_eq!(one_of("abc", ids.iter()), Ok(ids[0].clone()));
        assert_eq!(one_of("x", ids.iter()), Ok(ids[2].clone()));
        assert_eq!((one_of("ab", ids.iter()), one_of("z", ids.iter())), (Err(true), Err(false)));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_tells_time_and_memory() {
        assert!(processor_time().is_some());
        assert!(memory().is_some_and(|(now, peak)| 0 < now && now <= peak));
    }
}
