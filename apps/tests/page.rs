//! The live page of `peer`, driven in headless Chromium by peers/page/check.js (peers/page/install gets what it needs).

use std::path::Path;
use std::process::Command;

#[test]
fn the_page_of_a_node_shows_the_network_and_speaks_to_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let modules = root.join("target/peers/page/node_modules");
    assert!(modules.is_dir(), "playwright-core is not installed; run peers/page/install");
    let shots = root.join("target/page");
    std::fs::create_dir_all(&shots).unwrap();
    let status = Command::new("node")
        .arg(root.join("peers/page/check.js"))
        .args([Path::new(env!("CARGO_BIN_EXE_peer")), &shots])
        .env("NODE_PATH", modules)
        .status()
        .expect("node runs");
    assert!(
        status.success(),
        "the page differs from what it must show; see above, and the pictures in {}",
        shots.display()
    );
}
