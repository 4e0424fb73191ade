//! All rooms, and the page of each: its README, documents and sources.

use std::collections::BTreeSet;

use super::markdown;
use super::page::{Page, document_path, escape, source_path, up};
use super::plan::{Plan, room_of, room_path};

/// The page of all rooms, and the page of each.
pub(super) fn pages(plan: &Plan<'_>) -> Vec<(String, String)> {
    let rooms: BTreeSet<&str> = plan.site.tree.files().filter_map(|(path, _)| room_of(path)).collect();
    let mut pages: Vec<_> = rooms.iter().map(|room| self::room(plan, room)).collect();
    pages.push(overview(plan, &rooms));
    pages
}

fn overview(plan: &Plan<'_>, rooms: &BTreeSet<&str>) -> (String, String) {
    let path = "rooms/index.html";
    let mut body = String::from("<h1>Source</h1>\n<ul class=\"rooms\">\n");
    for room in rooms {
        let about = readme(plan, room).map_or(String::new(), markdown::first_paragraph);
        body.push_str(&format!("<li><a href=\"{room}.html\">{room}</a> {}</li>\n", escape(&about)));
    }
    body.push_str("</ul>\n");
    Page { path, title: "Source", side: String::new(), body }.framed(plan)
}

fn room(plan: &Plan<'_>, room: &str) -> (String, String) {
    let path = room_path(room);
    let up = up(&path);
    let file = format!("{room}/README.md");
    let mut body = match readme(plan, room) {
        Some(text) => markdown::render(plan, &path, &file, text).html,
        None => format!("<h1>{}</h1>\n", escape(room)),
    };
    body.push_str("<h2 id=\"documents\">Documents</h2>\n<ul>\n");
    let digest = format!("{room}/SPEC.md");
    for document in plan.site.coverage.documents.iter().filter(|document| document.place.file == digest) {
        let to = document_path(&document.name);
        body.push_str(&format!("<li><a href=\"{up}{to}\">{}</a></li>\n", escape(&document.title)));
    }
    body.push_str("</ul>\n<h2 id=\"source\">Source</h2>\n<ul class=\"files\">\n");
    for (file, _) in plan.site.tree.all_sources().filter(|(file, _)| room_of(file) == Some(room)) {
        body.push_str(&format!("<li><a href=\"{up}{}\">{}</a></li>\n", source_path(file), escape(file)));
    }
    body.push_str("</ul>\n");
    Page { path: &path, title: room, side: String::new(), body }.framed(plan)
}

fn readme<'a>(plan: &Plan<'a>, room: &str) -> Option<&'a str> {
    let file = format!("{room}/README.md");
    plan.site.tree.files().find(|(path, _)| *path == file).map(|(_, text)| text)
}
