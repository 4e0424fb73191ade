//! `peer sim`: many nodes in one process, on a virtual network, and a picture of them.

mod picture;
mod run;

use std::path::PathBuf;

use serde_json::{Map, Value as Json};

use run::Facts;

use super::options::SimOptions;
use crate::common::Failure;

/// Runs the simulation that the options ask for, writes its picture and prints what was found.
///
/// # Errors
/// When the picture cannot be written.
pub(super) fn simulate(options: &SimOptions) -> Result<(), Failure> {
    let path = options
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("peer-sim-{}-{}.svg", options.kind.name(), options.nodes)));
    let cannot = |e: std::io::Error| {
        Failure::runtime(format!("cannot write {}: {e}; choose another file with --out", path.display()))
    };
    std::fs::write(&path, "").map_err(cannot)?; // before the work, not after it
    let found = run::run(options);
    std::fs::write(&path, picture::draw(&found)).map_err(cannot)?;
    let mut facts = found.facts;
    facts.push(("picture", path.display().to_string().into()));
    print(facts, options.json);
    Ok(())
}

fn print(facts: Facts, json: bool) {
    if json {
        let object: Map<String, Json> = facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        println!("{}", Json::Object(object));
        return;
    }
    for (name, value) in facts {
        let value = match value {
            Json::Number(number) if number.is_f64() => format!("{:.2}", number.as_f64().unwrap_or_default()),
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        println!("{:<28} {value}", name.replace('_', " "));
    }
}
