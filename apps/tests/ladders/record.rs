//! What a run has recorded, against what is committed.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use docs::ladder::capture::Packet;
use docs::ladder::{merge, recorded};

/// Puts the captures of a run together, without what `keep` refuses, and compares who says what to whom with the capture in
/// `docs/ladders`; or writes that, if `WRITE_LADDERS` is set. Programs that still run may write the last of it late.
pub fn check(name: &str, captures: &[String], mut keep: impl FnMut(&Packet) -> bool) {
    let recorded = recorded::ALL.iter().find(|recorded| recorded.name == name).expect("a known ladder");
    let mut fresh = || {
        let captures: Vec<Vec<u8>> = captures.iter().map(|path| std::fs::read(path).unwrap()).collect();
        merge::merge(&captures, &mut keep).unwrap()
    };
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(recorded.file());
    if std::env::var_os("WRITE_LADDERS").is_some() {
        std::thread::sleep(LATE);
        let fresh = fresh();
        assert!(fresh.len() < LARGEST, "{name}: {} bytes are too many to keep", fresh.len());
        return std::fs::write(&file, &fresh).unwrap();
    }
    let committed = std::fs::read(&file).unwrap_or_else(|why| panic!("{}: {why}; {RENEW}", file.display()));
    let then = recorded.ladder(&committed).unwrap().flow();
    let end = Instant::now() + LATE;
    loop {
        let now = recorded.ladder(&fresh()).unwrap().flow();
        if now == then {
            return;
        }
        if Instant::now() > end {
            panic!("{name} does not go as before; if that is meant: {RENEW}\n{}", difference(&then, &now));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What is gone, what is new, and all that there is.
fn difference(then: &[String], now: &[String]) -> String {
    let only = |these: &[String], those: &[String], sign: char| -> String {
        these.iter().filter(|line| !those.contains(line)).map(|line| format!("{sign} {line}\n")).collect()
    };
    format!("{}{}\nnow:\n{}", only(then, now, '-'), only(now, then, '+'), now.join("\n"))
}

/// For how long something may still come.
const LATE: Duration = Duration::from_secs(5);
const RENEW: &str = "WRITE_LADDERS=1 cargo test -p apps --test ladders && cargo run -p docs -- ladders --write";
/// Bytes of a capture in the repository.
const LARGEST: usize = 40_000;
