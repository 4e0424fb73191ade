//! The site of a small tree: every link leads somewhere.

use std::collections::BTreeMap;

use docs::site::{Extra, Site};
use docs::{Coverage, Tree};

const TREE: [(&str, &str); 8] = [
    ("docs/guide/README.md", "# Guide\n\n## Start\n- [First](first.md)\n"),
    ("docs/guide/first.md", "# First\n\n![p](p.svg) See `rfc9999#1.2/greet` in [code](../../room/src/lib.rs#L7).\n"),
    ("docs/guide/p.svg", "<svg/>"),
    ("README.md", "# All\n\nSee [the room](room/README.md) and `code`.\n"),
    (
        "room/README.md",
        "# room\n\nGreets. See [source](src/lib.rs), [all](../README.md), [far](https://example.org/).\n",
    ),
    (
        "room/SPEC.md",
        "# RFC 9999 Example\nsource: https://www.rfc-editor.org/rfc/rfc9999\n\n## 1.2 Start\n\
         - `greet` MUST (client): Say <hello> & goodbye.\n- `smile` SHOULD (both): Be kind.\n",
    ),
    (
        "room/src/lib.rs",
        "//! Crate.\n\n//= rfc9999#1.2/greet MUST\n//# At once.\n//= rfc9999#1.2/smile SHOULD\n//# Always.\n\
         pub fn hello() -> &'static str {\n    \"<hello>\"\n}\n\nfn more() {}\n",
    ),
    ("room/tests/hello.rs", "//= rfc9999#1.2/greet test\n#[test]\nfn greets() {}\n"),
];

fn site() -> BTreeMap<String, String> {
    let tree = Tree::from(TREE);
    let extra = Extra { path: "ladders/index.html".into(), title: "Ladders".into(), body: "<h1>L</h1>".into() };
    let files = Site { extra: &[extra], ..Site::new(&tree, &Coverage::of(&tree)) }.files();
    files.into_iter().map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap())).collect()
}

/// The values of an attribute on a page.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    html.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The path that a relative address leads to from a page.
fn resolve(page: &str, address: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in address.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn every_link_leads_to_a_page_and_an_anchor() {
    let files = site();
    for (page, html) in files.iter().filter(|(page, _)| page.ends_with(".html")) {
        for address in values(html, "href") {
            if address.starts_with("https://") {
                continue;
            }
            let (path, anchor) = address.split_once('#').unwrap_or((address, ""));
            let target = if path.is_empty() { page.clone() } else { resolve(page, path) };
            if target.starts_with("api/") {
                continue; // put there by rustdoc
            }
            let target_html = files.get(&target).unwrap_or_else(|| panic!("{page}: {address} leads to {target}"));
            assert!(anchor.is_empty() || values(target_html, "id").contains(&anchor), "{page}: {address}");
        }
    }
}

#[test]
fn pages_of_the_guide_and_made_elsewhere_are_framed_and_linked() {
    let files = site();
    let page = &files["guide/first.html"];
    assert!(page.contains("../src/room/src/lib.rs.html#L7") && page.contains("../spec/rfc9999.html#1.2/greet"));
    assert!(page.contains("src=\"../guide/p.svg\"") && files["guide/p.svg"] == "<svg/>");
    assert!(files["guide/index.html"].contains("href=\"../guide/first.html\""));
    assert!(files["ladders/index.html"].contains("<h1>L</h1>"));
    assert!(page.contains("href=\"../ladders/index.html\">Ladders</a>"));
}

#[test]
fn a_requirement_leads_to_its_code_and_its_test_and_back() {
    let files = site();
    let spec = &files["spec/rfc9999.html"];
    assert!(
        spec.contains("../src/room/src/lib.rs.html#rfc9999/1.2/greet\"")
            && spec.contains("../src/room/tests/hello.rs.html#rfc9999/1.2/greet\"")
    );
    assert!(spec.contains("https://www.rfc-editor.org/rfc/rfc9999.html#section-1.2"));
    assert!(spec.contains("Say &lt;hello&gt; &amp; goodbye."));
    let source = &files["src/room/src/lib.rs.html"];
    assert_eq!(source.matches("<details class=\"card").count(), 2);
    assert!(source.contains("../../../spec/rfc9999.html#1.2/greet"));
    assert!(files["coverage.html"].contains(
        "<td>2</td><td>1</td><td>1</td><td class=\"zero\">0</td><td>1</td><td>1</td><td class=\"zero\">0</td>"
    ));
}

#[test]
fn a_heading_may_have_any_white_space() {
    let tree = Tree::from([("room/SPEC.md", "# RFC\u{2003}9999 Example\n## 1 Start\n- `greet` MAY (both): Wave.\n")]);
    let files = Site::new(&tree, &Coverage::of(&tree)).files();
    let page = String::from_utf8_lossy(&files["spec/rfc9999.html"]);
    assert!(page.contains("<h1>RFC\u{2003}9999 Example</h1>"), "{page}");
}

#[test]
fn a_source_comes_out_whole_and_in_order() {
    let source = &site()["src/room/src/lib.rs.html"];
    let lines = TREE[6].1.lines().count();
    let anchors: Vec<String> = (1..=lines).map(|line| format!("L{line}")).collect();
    assert_eq!(
        values(source, "id").iter().filter(|id| id.starts_with('L')).collect::<Vec<_>>(),
        anchors.iter().collect::<Vec<_>>()
    );
}

#[test]
fn the_search_index_has_requirements_files_items_and_rooms() {
    let index = &site()["search.js"];
    for row in [
        "[\"rfc9999\",\"RFC 9999 Example\",[[\"1.2\",\"Start\",[[\"greet\",0,0,\"Say \\u003chello> & goodbye.\"]",
        "[\"room/src/lib.rs\",[\"fhello\",\"fmore\"]]",
        "[\"ladders/index.html\",\"Ladders\",[[\"\",\"Ladders\",\"\"]]]",
        "[\"rooms/room.html\",\"room\",[[\"\",\"room\",\"Greets. See source, all, far. \"]]]",
    ] {
        assert!(index.contains(row), "{row} in {index}");
    }
    assert!(!index.contains('<'), "safe within a page");
}
