//! Broadcast, whisper, reply, peers exchange and the loss of a node, with a listener, a dialler and a newcomer.
use serde_json::json;

use crate::network::Network;
use crate::node::Setup;
use crate::report::Report;

pub const ROWS: &[&str] = &[JOIN, BROADCAST, WHISPER, REPLY, PACED, LARGE, EXCHANGE, REACH, LOSS, ONCE];
const JOIN: &str = "join";
const BROADCAST: &str = "broadcast both ways, values of every type";
const WHISPER: &str = "whisper both ways";
const REPLY: &str = "reply both ways";
pub const PACED: &str = "250 paced broadcasts both ways";
pub const LARGE: &str = "64 KiB and 1 MiB both ways";
pub const EXCHANGE: &str = "peers exchange: a third node meets both";
pub const REACH: &str = "broadcast from each reaches all";
pub const LOSS: &str = "the first node dies, the others talk on";
const ONCE: &str = "every broadcast heard once";

pub fn run(report: &mut Report, setup: Setup) -> Result<(), String> {
    let net = &mut Network::start(setup, &report.column.kinds()[..2])?;
    let third = report.column.kinds()[2];
    let joined = report.row(JOIN, || {
        net.dial(1, 0)?;
        for node in &mut net.nodes {
            node.wait("connect", |e| e["ev"] == "connect")?;
        }
        net.all_linked(&[0, 1])
    });
    if !joined {
        return Ok(());
    }
    let values = json!(["grüße", 7, -300, 70_000, 1.5, true, null, {"$bin": "00ff80"}, [1, ["x"]], {"k": "v"}]);
    report.row(BROADCAST, || net.broadcast(0, &[1], &values).and_then(|()| net.broadcast(1, &[0], &values)));
    report.row(WHISPER, || net.whisper(0, 1, &values).and_then(|()| net.whisper(1, 0, &values)));
    report.row(REPLY, || net.reply(0, 1, &json!(["right"])).and_then(|()| net.reply(1, 0, &json!(["left"]))));
    report.row(PACED, || net.paced(0, &[1], 250, "down").and_then(|()| net.paced(1, &[0], 250, "up")));
    report.row(LARGE, || {
        for size in [64 << 10, 1 << 20] {
            net.broadcast(0, &[1], &json!(["d".repeat(size)]))?;
            net.broadcast(1, &[0], &json!(["u".repeat(size)]))?;
        }
        Ok(())
    });
    report.row(EXCHANGE, || {
        let newcomer = net.add(third)?;
        net.dial(newcomer, 0)?;
        net.all_linked(&[0, 1, 2])
    });
    report.row(REACH, || {
        (0..3).try_for_each(|from| {
            let others: Vec<_> = (0..3).filter(|&n| n != from).collect();
            net.broadcast(from, &others, &json!([format!("to all from {from}")]))
        })
    });
    report.row(LOSS, || {
        net.nodes[0].kill();
        net.all_linked(&[1, 2])?;
        net.broadcast(1, &[2], &json!(["still there"]))?;
        net.broadcast(2, &[1], &json!(["here too"]))?;
        net.whisper(1, 2, &json!(["alone"]))?;
        net.whisper(2, 1, &json!(["alone"]))
    });
    report.row(ONCE, || {
        let needles = ["down7", "up7", "to all from 0", "to all from 1", "to all from 2"];
        for (node, (place, needle)) in [1, 2].into_iter().flat_map(|n| needles.iter().enumerate().map(move |s| (n, s)))
        {
            let from = [0, 1, 0, 1, 2][place];
            net.once(from, node, |packets| packets[0] == **needle)?;
        }
        Ok(())
    });
    Ok(())
}
