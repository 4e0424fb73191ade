//! What every page has to know of the others: which file of the repository has which page, and what leads there.

use std::collections::BTreeMap;

use super::Site;
use super::page::{Page, document_path, id_href, source_path, up};
use crate::{Document, Id};

/// The site as a whole.
pub(super) struct Plan<'a> {
    /// What it is made from.
    pub(super) site: Site<'a>,
    /// The documents of all rooms by name.
    pub(super) documents: BTreeMap<&'a str, Vec<&'a Document>>,
    /// Paths of the repository, files and directories, with the page that shows them.
    pages: BTreeMap<String, String>,
}

impl<'a> Plan<'a> {
    /// Lays out the site.
    pub(super) fn of(site: Site<'a>) -> Plan<'a> {
        let mut documents: BTreeMap<&str, Vec<&Document>> = BTreeMap::new();
        for document in &site.coverage.documents {
            documents.entry(&document.name).or_default().push(document);
        }
        let mut pages = BTreeMap::from([
            (String::new(), "index.html".to_string()),
            ("docs/guide".to_string(), "guide/index.html".into()),
            ("docs/coverage.txt".into(), "coverage.html".into()),
        ]);
        for (path, _) in site.tree.files() {
            pages.extend(page_of(&site, path).map(|page| (path.to_string(), page)));
            if let Some(room) = room_of(path) {
                let page = room_path(room);
                pages.insert(room.to_string(), page.clone());
                let directories = path.match_indices('/').map(|(at, _)| &path[..at]).skip(1);
                pages.extend(directories.map(|directory| (directory.to_string(), format!("{page}#source"))));
            }
        }
        pages.extend(site.tree.pictures().map(|(path, _)| (path.to_string(), picture_path(path))));
        Plan { site, documents, pages }
    }

    /// Address, from the page at `from`, of what `to` names in the file `file` of the repository; `None` when no page
    /// shows it.
    pub(super) fn link(&self, from: &str, file: &str, to: &str) -> Option<String> {
        if to.contains("://") || to.starts_with('#') || to.starts_with("mailto:") {
            return Some(to.to_string());
        }
        let (path, anchor) = to.split_once('#').map_or((to, None), |(path, anchor)| (path, Some(anchor)));
        let page = self.pages.get(&beside(file, path))?;
        let anchor = anchor.map_or(String::new(), |anchor| format!("#{anchor}"));
        Some(format!("{}{page}{anchor}", up(from)))
    }

    /// Address, from the page at `from`, of the requirement or section of that name: `rfc3261#17.1.1.2/timer-a`,
    /// `rfc3261#17.1.1.2`, `rfc3261`.
    pub(super) fn requirement(&self, from: &str, name: &str) -> Option<String> {
        if let Ok(id) = name.parse::<Id>() {
            return self.site.coverage.entries.contains_key(&id).then(|| id_href(&up(from), &id));
        }
        let (document, section) = name.split_once('#').map_or((name, None), |(name, section)| (name, Some(section)));
        let known = self.documents.get(document)?;
        let page = format!("{}{}", up(from), document_path(document));
        match section {
            None => Some(page),
            Some(number) => {
                let mut sections = known.iter().flat_map(|document| &document.sections);
                sections.any(|section| section.number == number).then(|| format!("{page}#{number}"))
            }
        }
    }

    /// A page made elsewhere in the frame of the site.
    pub(super) fn page(&self, path: &str, title: &str, body: &str) -> String {
        Page { path, title, side: String::new(), body: body.into() }.framed(self).1
    }

    /// The first heading of a Markdown text, without its marks.
    pub(super) fn title(text: &str) -> String {
        let heading = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or("");
        heading.replace(['`', '*'], "")
    }
}

/// The page of a file of the repository.
fn page_of(site: &Site<'_>, path: &str) -> Option<String> {
    if path.ends_with(".rs") {
        return Some(source_path(path));
    }
    if let Some(page) = path.strip_prefix("docs/guide/").and_then(|page| page.strip_suffix(".md")) {
        let page = page.strip_suffix("README").map_or(page.to_string(), |directory| format!("{directory}index"));
        return Some(format!("guide/{page}.html"));
    }
    match path.split_once('/') {
        None if path == "README.md" => Some("index.html".into()),
        None => path.strip_suffix(".md").map(|page| format!("{}.html", page.to_lowercase())),
        Some((room, "README.md")) => Some(room_path(room)),
        Some((room, "SPEC.md")) => {
            let mut documents = site.coverage.documents.iter().filter(|document| document.place.file == path);
            match (documents.next(), documents.next()) {
                (Some(only), None) => Some(document_path(&only.name)),
                _ => Some(format!("{}#documents", room_path(room))),
            }
        }
        Some(_) => None,
    }
}

/// The room of a file: the directory at the top, but for the pages of the guide.
pub(super) fn room_of(path: &str) -> Option<&str> {
    let (room, _) = path.split_once('/')?;
    (!path.starts_with("docs/guide/")).then_some(room)
}

/// The page of a room, below the root.
pub(super) fn room_path(room: &str) -> String {
    format!("rooms/{room}.html")
}

/// Where a picture of the guide is copied to, below the root.
pub(super) fn picture_path(path: &str) -> String {
    path.strip_prefix("docs/").unwrap_or(path).to_string()
}

/// The path that `to` means in the file at `file`.
fn beside(file: &str, to: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in to.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Coverage, Tree};

    #[test]
    fn links_of_the_repository_lead_to_pages() {
        let tree = Tree::from([
            ("README.md", "# All"),
            ("docs/guide/README.md", "# Guide"),
            ("docs/guide/a/b.md", "# B"),
            ("docs/guide/a/c.svg", "<svg/>"),
            ("room/README.md", "# room"),
            ("room/SPEC.md", "# RFC 9999 X\n## 1.2 Y\n- `z` MAY (both): Z.\n"),
            ("room/src/x/mod.rs", "//! X\n"),
        ]);
        let coverage = Coverage::of(&tree);
        let plan = Plan::of(Site::new(&tree, &coverage));
        let from = |to| plan.link("guide/a/b.html", "docs/guide/a/b.md", to);
        for (to, want) in [
            ("../../../room/src/x/mod.rs#L3", Some("../../src/room/src/x/mod.rs.html#L3")),
            ("../../../room/src/x", Some("../../rooms/room.html#source")),
            ("../../../room/", Some("../../rooms/room.html")),
            ("../../../room/SPEC.md", Some("../../spec/rfc9999.html")),
            ("../README.md#start", Some("../../guide/index.html#start")),
            ("c.svg", Some("../../guide/a/c.svg")),
            ("../../../README.md", Some("../../index.html")),
            ("https://example.org/", Some("https://example.org/")),
            ("../../../Makefile", None),
        ] {
            assert_eq!(from(to).as_deref(), want, "{to}");
        }
        let named = |name| plan.requirement("guide/b.html", name);
        assert_eq!(named("rfc9999#1.2/z").as_deref(), Some("../spec/rfc9999.html#1.2/z"));
        assert_eq!(named("rfc9999#1.2").as_deref(), Some("../spec/rfc9999.html#1.2"));
        assert_eq!((named("rfc9999#1.3"), named("rfc9999#1.2/y"), named("let")), (None, None, None));
    }
}
