//! Three nodes in a line: the ends reach each other through the one in the middle.
use serde_json::json;

use crate::network::{Network, is};
use crate::node::Setup;
use crate::report::Report;

pub const ROWS: &[&str] = &[RELAY, REPLY];
const RELAY: &str = "broadcast of either end reaches the other";
pub const REPLY: &str = "reply of the later end to the other, which it has no link to";

pub fn run(report: &mut Report, setup: Setup) -> Result<(), String> {
    let [middle, late, early] = report.column.kinds();
    let setup = Setup { max_outgoing: "1", ..setup };
    let net = &mut Network::start(setup, &[middle, late, early])?;
    net.link(2, 0)?;
    net.link(1, 0)?;
    let ends = [net.id(1), net.id(2)];
    report.row(RELAY, || {
        net.broadcast(1, &[0, 2], &json!(["from the later end"]))?;
        net.broadcast(2, &[0, 1], &json!(["from the early end"]))?;
        let middle = net.id(0);
        net.nodes[1].linked_to(&[&middle])?;
        net.nodes[2].linked_to(&[&middle])
    });
    report.row(REPLY, || {
        net.broadcast(2, &[1], &json!(["who answers?"]))?;
        net.ask(1, json!({"op": "reply", "args": ["I do"]}))?;
        net.nodes[2].wait("reply", |e| is(e, 2, &ends[0], &json!(["I do"]))).map(drop)
    });
    Ok(())
}
