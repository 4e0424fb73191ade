//! All rooms, and the page of each: its README, documents and sources.

use std::collections::{BTreeMap, BTreeSet};

use super::card::document_name;
use super::markdown;
use super::meter::{Counts, meter};
use super::page::{Page, document_path, escape, source_path, up};
use super::plan::{Plan, Source, room_of, room_path};
use crate::{Document, Entry, Kind};

/// The page of all rooms, and the page of each.
pub(super) fn pages(plan: &Plan<'_>) -> Vec<(String, String)> {
    let rooms: BTreeSet<&str> = plan.site.tree.files().filter_map(|(path, _)| room_of(path)).collect();
    let mut pages: Vec<_> = rooms.iter().map(|room| self::room(plan, room)).collect();
    pages.push(overview(plan, &rooms));
    pages
}

fn overview(plan: &Plan<'_>, rooms: &BTreeSet<&str>) -> (String, String) {
    let path = "rooms/index.html";
    let lines: usize = plan.sources.values().map(|source| source.lines.len()).sum();
    let marks: usize = plan.sources.values().map(|source| source.marks.len()).sum();
    let mut body = format!(
        "<h1>Source</h1>\n<p>Every room is a crate. {} files, {lines} lines, {marks} marks that tie code and tests to what \
         the documents ask.</p>\n<ul class=\"rooms\">\n",
        plan.sources.len()
    );
    for room in rooms {
        let about = readme(plan, room).map_or(String::new(), markdown::first_paragraph);
        let about = about.split_inclusive(". ").next().unwrap_or("");
        let counts = counts(plan, room);
        let bar =
            if counts.total() == 0 { String::new() } else { format!("{} {} asked", meter(&counts), counts.total()) };
        body.push_str(&format!(
            "<li><a class=\"name\" href=\"{room}.html\">{room}</a>\n<p>{}</p>\n<small>{}</small><small>{bar}</small></li>\n",
            escape(about),
            density(plan, |file| room_of(file) == Some(room))
        ));
    }
    body.push_str("</ul>\n");
    Page { path, title: "Source", side: String::new(), body }.framed(plan)
}

fn room(plan: &Plan<'_>, room: &str) -> (String, String) {
    let path = room_path(room);
    let up = up(&path);
    let file = format!("{room}/README.md");
    let mut body =
        format!("<nav class=\"crumbs\" aria-label=\"Path\"><a href=\"index.html\">Source</a> / {room}</nav>\n");
    let readme = readme(plan, room).map(|text| markdown::render(plan, &path, &file, text)).unwrap_or_default();
    match readme.html.is_empty() {
        true => body.push_str(&format!("<h1>{}</h1>\n", escape(room))),
        false => body.push_str(&readme.html),
    }
    let api = format!("{}/index.html", room.replace('-', "_"));
    if plan.site.api.contains(&api) {
        body.push_str(&format!("<p><a href=\"{up}api/{api}\">API reference of {room}</a></p>\n"));
    }
    let documents = documents(plan, room);
    if !documents.is_empty() {
        body.push_str("<h2 id=\"documents\">Documents</h2>\n<ul class=\"files\">\n");
    }
    for document in &documents {
        let counts = of_document(plan, document);
        body.push_str(&format!(
            "<li><a href=\"{up}{}\">{}</a><small>{} asked</small>{}</li>\n",
            document_path(&document.name),
            escape(&document.title),
            counts.total(),
            meter(&counts)
        ));
    }
    body.push_str(if documents.is_empty() { "" } else { "</ul>\n" });
    body.push_str(&format!(
        "<h2 id=\"source\">Source</h2>\n<p class=\"facts\">{}</p>\n{}",
        density(plan, |file| room_of(file) == Some(room)),
        files(plan, room, &up)
    ));
    let side = side(&readme.headings, &documents, plan, room);
    Page { path: &path, title: room, side, body }.framed(plan)
}

/// What is on the page of a room.
fn side(headings: &[markdown::Heading], documents: &[&Document], plan: &Plan<'_>, room: &str) -> String {
    let mut out = String::from("<nav class=\"contents\" aria-label=\"On this page\">\n<h2>On this page</h2>\n<ul>\n");
    for heading in headings.iter().filter(|heading| heading.level == 2) {
        out.push_str(&format!("<li><a href=\"#{}\">{}</a></li>\n", heading.anchor, escape(&heading.title)));
    }
    if !documents.is_empty() {
        out.push_str("</ul>\n<h2><a href=\"#documents\">Documents</a></h2>\n<ul>\n");
    }
    for document in documents {
        let name = document_name(&document.name);
        out.push_str(&format!("<li><a href=\"../{}\">{name}</a></li>\n", document_path(&document.name)));
    }
    out.push_str("</ul>\n<h2><a href=\"#source\">Source</a></h2>\n<ul>\n");
    for directory in directories(plan, room).keys() {
        out.push_str(&format!("<li><a href=\"#{directory}\">{directory}</a></li>\n"));
    }
    out.push_str("</ul>\n</nav>\n");
    out
}

/// The sources of a room by directory.
fn directories<'p>(plan: &'p Plan<'_>, room: &str) -> BTreeMap<&'p str, Vec<(&'p str, &'p Source<'p>)>> {
    let mut directories: BTreeMap<&str, Vec<(&str, &Source<'_>)>> = BTreeMap::new();
    for (file, source) in plan.sources.iter().filter(|(file, _)| room_of(file) == Some(room)) {
        let (directory, name) = file.rsplit_once('/').unwrap_or(("", file));
        directories.entry(directory).or_default().push((name, source));
    }
    directories
}

/// The sources of a room: each with its length, its requirements and how far they are.
fn files(plan: &Plan<'_>, room: &str, up: &str) -> String {
    let mut out = String::new();
    for (directory, files) in directories(plan, room) {
        out.push_str(&format!(
            "<h3 class=\"directory\" id=\"{0}\">{0}</h3>\n<ul class=\"files\">\n",
            escape(directory)
        ));
        for (name, source) in files {
            let counts: Counts =
                source.requirements(|kind| matches!(kind, Kind::Met(_) | Kind::Test)).into_iter().collect();
            let (asked, bar) = match counts.total() {
                0 => (String::new(), "<span class=\"blank\"></span>".to_string()),
                total => (format!("{total} asked"), meter(&counts)),
            };
            out.push_str(&format!(
                "<li><a href=\"{up}{}\">{}</a><small>{} lines</small><small>{asked}</small>{bar}</li>\n",
                source_path(&format!("{directory}/{name}")),
                escape(name),
                source.lines.len(),
            ));
        }
        out.push_str("</ul>\n");
    }
    out
}

/// `12 files, 3456 lines, 15.2 marks per 1000 lines`.
fn density(plan: &Plan<'_>, is_wanted: impl Fn(&str) -> bool) -> String {
    let sources: Vec<_> = plan.sources.iter().filter(|(file, _)| is_wanted(file)).map(|(_, source)| source).collect();
    let lines: usize = sources.iter().map(|source| source.lines.len()).sum();
    let marks: usize = sources.iter().map(|source| source.marks.len()).sum();
    let mut out = format!("{} file{}, {lines} lines", sources.len(), if sources.len() == 1 { "" } else { "s" });
    let per_mille = 10_000 * marks / lines.max(1);
    if per_mille > 0 {
        out.push_str(&format!(", {}.{} marks per 1000 lines", per_mille / 10, per_mille % 10));
    }
    out
}

/// The documents whose digest stands in a room.
fn documents<'a>(plan: &Plan<'a>, room: &str) -> Vec<&'a Document> {
    let digest = format!("{room}/SPEC.md");
    plan.site.coverage.documents.iter().filter(|document| document.place.file == digest).collect()
}

fn of_document(plan: &Plan<'_>, document: &Document) -> Counts {
    let asked = document.sections.iter().flat_map(|section| &section.requirements);
    asked.filter_map(|requirement| plan.site.coverage.entries.get(&requirement.id)).map(Entry::state).collect()
}

/// How far all that the digest of a room asks has come.
fn counts(plan: &Plan<'_>, room: &str) -> Counts {
    let digest = format!("{room}/SPEC.md");
    let entries = plan.site.coverage.entries.values();
    entries.filter(|entry| entry.requirement.place.file == digest).map(Entry::state).collect()
}

fn readme<'a>(plan: &Plan<'a>, room: &str) -> Option<&'a str> {
    let file = format!("{room}/README.md");
    plan.site.tree.files().find(|(path, _)| *path == file).map(|(_, text)| text)
}
