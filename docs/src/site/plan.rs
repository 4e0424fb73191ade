//! What every page has to know of the others: which file of the repository has which page, and what leads there.

use std::collections::BTreeMap;

use super::Site;
use super::items::{self, Item};
use super::page::{Page, document_path, id_href, source_path, up};
use crate::{Document, Entry, Id, Kind, Mark, State};

/// The site as a whole.
pub(super) struct Plan<'a> {
    /// What it is made from.
    pub(super) site: Site<'a>,
    /// The documents of all rooms by name.
    pub(super) documents: BTreeMap<&'a str, Vec<&'a Document>>,
    /// Every source, by its path.
    pub(super) sources: BTreeMap<&'a str, Source<'a>>,
    /// Paths of the repository, files and directories, with the page that shows them.
    pages: BTreeMap<String, String>,
}

/// A source with what its lines are about.
pub(super) struct Source<'a> {
    /// All of it.
    pub(super) text: &'a str,
    /// Its lines.
    pub(super) lines: Vec<&'a str>,
    /// What has a name in it.
    pub(super) items: Vec<Item>,
    /// Its marks, in order.
    pub(super) marks: Vec<Placed<'a>>,
}

/// A mark with its requirement.
#[derive(Debug)]
pub(super) struct Placed<'a> {
    /// The mark.
    pub(super) mark: &'a Mark,
    /// What it cites, with all marks that do.
    pub(super) entry: &'a Entry,
    /// Its anchor on the page of the source: `rfc3261/17.1.1.2/timer-a`, for the second of that requirement with `~2` behind it.
    pub(super) anchor: String,
}

impl Source<'_> {
    /// The states of the different requirements that marks of a kind cite.
    pub(super) fn requirements(&self, is_wanted: impl Fn(Kind) -> bool) -> Vec<State> {
        let marks = self.marks.iter().filter(|placed| is_wanted(placed.mark.kind));
        let by_id: BTreeMap<&Id, State> = marks.map(|placed| (&placed.mark.id, placed.entry.state())).collect();
        by_id.into_values().collect()
    }
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
                for (at, _) in path.match_indices('/').skip(1) {
                    pages.entry(path[..at].to_string()).or_insert_with(|| format!("{page}#source"));
                }
                if let Some((directory, _)) = path.rsplit_once('/').filter(|(directory, _)| directory.contains('/')) {
                    pages.insert(directory.to_string(), format!("{page}#{directory}"));
                }
            }
        }
        pages.extend(site.tree.pictures().map(|(path, _)| (path.to_string(), picture_path(path))));
        Plan { site, documents, sources: sources(&site), pages }
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

    /// Address of a mark, from the page at `from`.
    pub(super) fn mark_href(&self, from: &str, mark: &Mark) -> String {
        let marks = self.sources.get(mark.place.file.as_str()).map_or(&[][..], |source| &source.marks);
        let anchor = marks.iter().find(|placed| placed.mark.place == mark.place).map(|placed| placed.anchor.clone());
        let anchor = anchor.unwrap_or_else(|| format!("L{}", mark.target));
        format!("{}{}#{anchor}", up(from), source_path(&mark.place.file))
    }

    /// The innermost item around a line, apart from impls.
    pub(super) fn item_at(&self, file: &str, line: usize) -> Option<&Item> {
        let items = &self.sources.get(file)?.items;
        items.iter().rfind(|item| item.kind != "impl" && (item.line..=item.end).contains(&line))
    }

    /// Address of what rustdoc says about a source, from the page at `from`: that of its room.
    pub(super) fn api_of(&self, from: &str, file: &str) -> Option<String> {
        let (room, rest) = file.split_once('/')?;
        let to = format!("{}/index.html", room.replace('-', "_"));
        (rest.starts_with("src/") && self.site.api.contains(&to)).then(|| format!("{}api/{to}", up(from)))
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

fn sources<'a>(site: &Site<'a>) -> BTreeMap<&'a str, Source<'a>> {
    let mut marks: BTreeMap<&str, Vec<(&Mark, &Entry)>> = BTreeMap::new();
    for entry in site.coverage.entries.values() {
        for mark in &entry.marks {
            marks.entry(&mark.place.file).or_default().push((mark, entry));
        }
    }
    let source = |(file, text): (&'a str, &'a str)| {
        let lines: Vec<&str> = text.lines().collect();
        let items = items::of(&lines);
        let mut own = marks.remove(file).unwrap_or_default();
        own.sort_by_key(|(mark, _)| mark.place.line);
        let mut count: BTreeMap<&Id, usize> = BTreeMap::new();
        let placed = |(mark, entry): (&'a Mark, &'a Entry)| {
            let same = count.entry(&mark.id).and_modify(|same| *same += 1).or_insert(1);
            let anchor = mark.id.to_string().replace('#', "/");
            let anchor = if *same == 1 { anchor } else { format!("{anchor}~{same}") };
            Placed { mark, entry, anchor }
        };
        let marks = own.into_iter().map(placed).collect();
        (file, Source { text, lines, items, marks })
    };
    site.tree.all_sources().map(source).collect()
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
            ("../../../room/src/x", Some("../../rooms/room.html#room/src/x")),
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
