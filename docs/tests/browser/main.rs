//! The site of the whole repository, read in headless Chromium by check.js (peers/page/install gets what it needs).

use std::path::Path;
use std::process::Command;

use docs::site::{self, Site};
use docs::{Coverage, Tree, ladder};

#[test]
fn the_site_finds_shows_and_leads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let modules = root.join("target/peers/page/node_modules");
    assert!(modules.is_dir(), "playwright-core is not installed; run peers/page/install");
    let (target, shots) = (root.join("target/site-test"), root.join("target/site-shots"));
    std::fs::create_dir_all(&shots).unwrap();
    let tree = Tree::read(root).unwrap();
    let ladders = ladder::recorded::pages(|path| std::fs::read(root.join(path)).ok()).unwrap();
    let coverage = Coverage::of(&tree);
    let site = Site { extra: &ladders, ..Site::new(&tree, &coverage) };
    site::write(&site.files(), &target).unwrap();
    let status = Command::new("node")
        .arg(root.join("docs/tests/browser/check.js"))
        .args([&target, &shots])
        .env("NODE_PATH", modules)
        .status()
        .expect("node runs");
    assert!(
        status.success(),
        "the site differs from what it must show; see above, and the pictures in {}",
        shots.display()
    );
}
