//! What a run has recorded, against what is committed.

use std::path::PathBuf;

use docs::ladder::capture::Packet;
use docs::ladder::{merge, recorded};

/// Puts the captures of a run together, without what `keep` refuses, and compares who says what to whom with the capture in
/// `docs/ladders`; or writes that, if `WRITE_LADDERS` is set.
pub fn check(name: &str, captures: &[String], keep: impl FnMut(&Packet) -> bool) {
    let recorded = recorded::ALL.iter().find(|recorded| recorded.name == name).expect("a known ladder");
    let captures: Vec<Vec<u8>> = captures.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let fresh = merge::merge(&captures, keep).unwrap();
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(recorded.file());
    if std::env::var_os("WRITE_LADDERS").is_some() {
        assert!(fresh.len() < LARGEST, "{name}: {} bytes are too many to keep", fresh.len());
        std::fs::write(&file, &fresh).unwrap();
    }
    let committed = std::fs::read(&file).unwrap_or_else(|why| panic!("{}: {why}; {RENEW}", file.display()));
    let (now, then) = (recorded.ladder(&fresh).unwrap().flow(), recorded.ladder(&committed).unwrap().flow());
    if now != then {
        let only = |these: &[String], those: &[String], sign: char| -> String {
            these.iter().filter(|line| !those.contains(line)).map(|line| format!("{sign} {line}\n")).collect()
        };
        let (gone, new) = (only(&then, &now, '-'), only(&now, &then, '+'));
        panic!("{name} does not go as before; if that is meant: {RENEW}\n{gone}{new}\nnow:\n{}", now.join("\n"));
    }
}

const RENEW: &str = "WRITE_LADDERS=1 cargo test -p apps --test ladders && cargo run -p docs -- ladders --write";
/// Bytes of a capture in the repository.
const LARGEST: usize = 40_000;
