//! Annotated sources: requirement cards on the left, the code that they govern on the right.

use super::api;
use super::card;
use super::highlight;
use super::items::Item;
use super::page::{Page, escape, source_path, up};
use super::plan::{Plan, Source, room_of, room_path};
use super::rows::{self, Row, is_mark};
use crate::{Kind, State};

/// The page of each source.
pub(super) fn files(plan: &Plan<'_>) -> Vec<(String, String)> {
    let files: Vec<&str> = plan.sources.keys().copied().collect();
    let neighbour = |at: Option<usize>, file: &str| {
        at.and_then(|at| files.get(at)).copied().filter(|other| room_of(other) == room_of(file))
    };
    let page = |(at, (file, source)): (usize, (&&str, &Source<'_>))| {
        annotated(plan, file, source, [neighbour(at.checked_sub(1), file), neighbour(Some(at + 1), file)])
    };
    plan.sources.iter().enumerate().map(page).collect()
}

fn annotated(plan: &Plan<'_>, file: &str, source: &Source<'_>, around: [Option<&str>; 2]) -> (String, String) {
    let path = source_path(file);
    let coloured = highlight::lines(source.text);
    let rows = rows::of(&source.lines, &source.marks);
    let mut body = crumbs(plan, &path, file);
    body.push_str(&facts(plan, &path, file, source));
    body.push_str(&outline(plan, &path, file, &source.items));
    let class = if source.marks.is_empty() { "source bare" } else { "source" };
    body.push_str(&format!("<div class=\"{class}\">\n"));
    for row in &rows {
        let cards = card::cards(plan, &path, row, &source.lines);
        body.push_str(&format!(
            "<div class=\"row\">\n<div class=\"left\">{cards}</div>\n<pre class=\"code\" style=\"--from:{}\">{}</pre>\n</div>\n",
            row.from - 1,
            code(row, source, &coloured)
        ));
    }
    body.push_str("</div>\n");
    let link = |other: Option<&str>, relation: &str, label: &str| {
        other.map_or(String::new(), |other| {
            let to = source_path(other);
            format!("<a rel=\"{relation}\" href=\"{}{to}\"><small>{label}</small> {}</a>", up(&path), escape(other))
        })
    };
    let (before, after) = (link(around[0], "prev", "Before"), link(around[1], "next", "Next"));
    body.push_str(&format!("<nav class=\"neighbours\" aria-label=\"Neighbours\">{before}{after}</nav>\n"));
    Page { path: &path, title: file, side: String::new(), body }.framed(plan)
}

/// The lines of a row. Numbers are drawn by the style sheet, so that nobody copies them.
fn code(row: &Row<'_, '_>, source: &Source<'_>, coloured: &[String]) -> String {
    let mut out = String::new();
    for number in row.from..=row.to {
        let line = source.lines[number - 1];
        let governed = !row.marks.is_empty() && number <= row.end;
        let class = match (is_mark(line), governed) {
            (true, _) => " class=\"mark\"",
            (false, true) => " class=\"g\"",
            (false, false) => "",
        };
        let mut anchors = String::new();
        for placed in row.marks.iter().filter(|placed| placed.mark.place.line == number) {
            anchors.push_str(&format!("<i id=\"{}\"></i>", placed.anchor));
        }
        for item in source.items.iter().filter(|item| item.line == number && item.kind != "impl") {
            let path = escape(&item.path);
            anchors.push_str(&format!("<a class=\"here\" id=\"{path}\" href=\"#{path}\" aria-label=\"{path}\"></a>"));
        }
        out.push_str(&format!("<span id=\"L{number}\"{class}>{anchors}{}</span>", coloured[number - 1]));
    }
    out
}

/// The way from all rooms to this file.
fn crumbs(plan: &Plan<'_>, path: &str, file: &str) -> String {
    let up = up(path);
    let room = room_of(file).unwrap_or("");
    let mut out = format!(
        "<nav class=\"crumbs\" aria-label=\"Path\"><a href=\"{up}rooms/index.html\">Source</a> / <a href=\"{up}{}\">{room}</a>",
        room_path(room)
    );
    let parts: Vec<&str> = file.split('/').skip(1).collect();
    let (name, directories) = parts.split_last().unwrap_or((&"", &[]));
    let mut so_far = String::from(room);
    for directory in directories {
        so_far = format!("{so_far}/{directory}");
        let has_files =
            plan.sources.keys().any(|known| known.rsplit_once('/').is_some_and(|(known, _)| known == so_far));
        let to = if has_files { so_far.as_str() } else { "source" };
        out.push_str(&format!(" / <a href=\"{up}{}#{to}\">{}</a>", room_path(room), escape(directory)));
    }
    out.push_str(&format!("</nav>\n<h1 class=\"name\"><span>{}/</span>{}</h1>\n", escape(&so_far), escape(name)));
    out
}

/// One line: length, requirements, how many of them are tested.
fn facts(plan: &Plan<'_>, path: &str, file: &str, source: &Source<'_>) -> String {
    let met: Vec<State> = source.requirements(|kind| matches!(kind, Kind::Met(_)));
    let tested = met.iter().filter(|state| **state == State::Tested).count();
    let proven = source.requirements(|kind| kind == Kind::Test).len();
    let mut facts = vec![format!("{} lines", source.lines.len())];
    if !met.is_empty() {
        let share = 100 * tested / met.len();
        facts.push(format!(
            "meets {} requirement{}, {tested} of them tested <span class=\"meter\" role=\"img\" aria-label=\"{share} of 100 tested\">\
             <i class=\"tested\" style=\"flex:{tested}\"></i><i class=\"met\" style=\"flex:{}\"></i></span>",
            met.len(),
            if met.len() == 1 { "" } else { "s" },
            met.len() - tested
        ));
    }
    if proven > 0 {
        facts.push(format!("tests {proven} requirement{}", if proven == 1 { "" } else { "s" }));
    }
    facts.extend(plan.api_of(path, file).map(|to| format!("<a href=\"{to}\">API reference</a>")));
    format!("<p class=\"facts\">{}</p>\n", facts.join(" &#183; "))
}

fn outline(plan: &Plan<'_>, path: &str, file: &str, items: &[Item]) -> String {
    if items.len() < 2 {
        return String::new();
    }
    let mut out = format!("<details class=\"outline\"><summary>{} items</summary><ul>\n", items.len());
    for item in items {
        let to = if item.kind == "impl" { format!("L{}", item.line) } else { item.path.clone() };
        let api = api::item(plan, path, file, item);
        let api = api.map_or(String::new(), |to| format!(" <a class=\"api\" href=\"{to}\">API</a>"));
        out.push_str(&format!(
            "<li style=\"--depth:{}\"><small>{}</small> <a href=\"#{}\">{}</a>{api}</li>\n",
            item.depth,
            item.kind,
            escape(&to),
            escape(&item.name)
        ));
    }
    out.push_str("</ul></details>\n");
    out
}
