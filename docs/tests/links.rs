//! The site of the whole repository: every link within it leads to a page and an anchor that are there.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use docs::site::Site;
use docs::{Coverage, Tree, ladder};

/// The values of an attribute on a page.
fn values<'a>(html: &'a str, attribute: &str) -> impl Iterator<Item = &'a str> {
    let start = format!(" {attribute}=\"");
    let mut rest = html;
    std::iter::from_fn(move || {
        let at = rest.find(&start)? + start.len();
        let length = rest[at..].find('"')?;
        let value = &rest[at..at + length];
        rest = &rest[at + length..];
        Some(value)
    })
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
fn every_link_of_the_real_site_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let tree = Tree::read(root).unwrap();
    let ladders = ladder::recorded::pages(|path| std::fs::read(root.join(path)).ok()).unwrap();
    let files = Site { extra: &ladders, ..Site::new(&tree, &Coverage::of(&tree)) }.files();
    let pages: BTreeMap<&str, &str> = files
        .iter()
        .filter(|(path, _)| path.ends_with(".html"))
        .map(|(path, bytes)| (path.as_str(), std::str::from_utf8(bytes).unwrap()))
        .collect();
    let anchors: BTreeMap<&str, HashSet<&str>> =
        pages.iter().map(|(path, html)| (*path, values(html, "id").collect())).collect();
    let (mut count, mut broken) = (0, Vec::new());
    for (page, html) in &pages {
        for address in values(html, "href").chain(values(html, "src")) {
            if address.starts_with("https:") || address.starts_with("http:") || address.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (path, anchor) = address.split_once('#').unwrap_or((address, ""));
            let target = if path.is_empty() { page.to_string() } else { resolve(page, path) };
            let is_there = target.starts_with("api/") // put there by rustdoc
                || files.contains_key(&target)
                    && (anchor.is_empty() || anchors.get(target.as_str()).is_some_and(|ids| ids.contains(anchor)));
            if !is_there {
                broken.push(format!("{page}: {address}"));
            }
        }
        let ids = values(html, "id").count();
        assert_eq!(ids, anchors[page].len(), "{page} has an anchor twice");
    }
    assert!(count > 50_000, "only {count} links: is this the whole site?");
    assert!(broken.is_empty(), "{} of {count} links lead nowhere:\n{}", broken.len(), broken.join("\n"));
}
