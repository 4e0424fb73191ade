//! Frames compressed by each method, between two nodes that offer it alone.
use serde_json::json;

use crate::network::Network;
use crate::node::{Kind, Setup};
use crate::report::{Column, Report};

pub const ROWS: &[&str] = &[SNAPPY, ZLIB, GZIP, BZ2, LZMA, LOSS];
const SNAPPY: &str = "snappy";
const ZLIB: &str = "zlib";
const GZIP: &str = "gzip";
const BZ2: &str = "bz2";
const LZMA: &str = "lzma";
pub const LOSS: &str = "zlib, three nodes: the first dies, the others talk on";

pub fn lacks(column: Column, row: &str) -> Option<&'static str> {
    let js2p = column.kinds().contains(&Kind::Js2p);
    (js2p && [BZ2, LZMA].contains(&row)).then_some("js2p has neither bz2 nor lzma.")
}

pub fn run(report: &mut Report, setup: Setup) -> Result<(), String> {
    let kinds = report.column.kinds();
    for (row, compression) in [(SNAPPY, "32"), (ZLIB, "19"), (GZIP, "17"), (BZ2, "16"), (LZMA, "18")] {
        if lacks(report.column, row).is_some() {
            continue;
        }
        let setup = Setup { compression, ..setup };
        report.row(row, || {
            let net = &mut Network::start(setup, &kinds[..2])?;
            net.dial(1, 0)?;
            net.all_linked(&[0, 1])?;
            let code: u64 = compression.parse().unwrap_or_default();
            for node in &mut net.nodes {
                node.until("offering it", &json!({"op": "peers"}), |peers| {
                    peers[0]["compression"].as_array().is_some_and(|methods| methods.contains(&json!(code)))
                })?;
            }
            for text in ["short".to_owned(), "long ".repeat(4000)] {
                net.broadcast(0, &[1], &json!([text, 0]))?;
                net.broadcast(1, &[0], &json!([text, 1]))?;
                net.whisper(0, 1, &json!([text]))?;
                net.whisper(1, 0, &json!([text]))?;
            }
            Ok(())
        });
    }
    report.row(LOSS, || {
        let net = &mut Network::start(Setup { compression: "19", ..setup }, &kinds)?;
        net.dial(1, 0)?;
        net.all_linked(&[0, 1])?;
        net.dial(2, 0)?;
        net.all_linked(&[0, 1, 2])?;
        net.nodes[0].kill();
        net.all_linked(&[1, 2])?;
        for i in 0..20 {
            net.broadcast(1, &[2], &json!(["one", i]))?;
            net.broadcast(2, &[1], &json!(["two", i]))?;
        }
        net.all_linked(&[1, 2])
    });
    Ok(())
}
