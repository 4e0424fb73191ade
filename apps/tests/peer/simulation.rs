//! `peer sim`.

use serde_json::Value;

use super::program::output;

fn picture(kind: &str) -> (Value, String) {
    let path = std::env::temp_dir().join(format!("peer-sim-{kind}-{}.svg", std::process::id()));
    let out = output(&["sim", kind, "--nodes", "12", "--seed", "5", "--json", "--out", path.to_str().unwrap()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let svg = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    (serde_json::from_slice(&out.stdout).unwrap(), svg)
}

#[test]
fn a_seed_gives_the_same_picture_again() {
    for (kind, fact, count) in
        [("mesh", "broadcast_heard_by", 11), ("sync", "entry_written_at", 12), ("chord", "found", 64)]
    {
        let (facts, svg) = picture(kind);
        assert_eq!(facts[fact], count, "{facts}");
        assert_eq!(svg.matches("<circle").count(), 12);
        assert!(svg.contains("class=\"step\"") && svg.trim_end().ends_with("</svg>"));
        assert_eq!(svg, picture(kind).1);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_the_work() {
    let out = output(&["sim", "--nodes", "1000", "--out", "/nowhere/x.svg"]);
    let why = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.code() == Some(1) && why.contains("choose another file with --out"), "{why}");
}
