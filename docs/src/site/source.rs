//! Annotated sources: requirement cards on the left, the code that they govern on the right.

use std::collections::BTreeMap;

use super::highlight;
use super::page::{Page, escape, id_href, source_path, up};
use super::plan::Plan;
use super::spec::section_href;
use crate::{Entry, Kind, Mark};

/// The page of each source.
pub(super) fn files(plan: &Plan<'_>) -> Vec<(String, String)> {
    let mut marks: BTreeMap<&str, Vec<(&Mark, &Entry)>> = BTreeMap::new();
    for entry in plan.site.coverage.entries.values() {
        for mark in &entry.marks {
            marks.entry(&mark.place.file).or_default().push((mark, entry));
        }
    }
    plan.site
        .tree
        .all_sources()
        .map(|(file, text)| annotated(plan, file, text, marks.remove(file).unwrap_or_default()))
        .collect()
}

fn annotated(plan: &Plan<'_>, file: &str, text: &str, mut marks: Vec<(&Mark, &Entry)>) -> (String, String) {
    let path = source_path(file);
    let up = up(&path);
    marks.sort_by_key(|(mark, _)| mark.place.line);
    let lines = highlight::lines(text);
    let mut body = format!("<h1>{}</h1>\n<div class=\"source\">\n", escape(file));
    // The file falls into blocks, each of which starts at the first mark of a group or at the end of what it governs.
    let mut from = 1;
    while from <= lines.len() {
        let (to, cards) = block(&lines, &marks, from);
        let cards: String = cards.iter().map(|(mark, entry)| card(plan, &up, mark, entry)).collect();
        let numbered: String = (from..=to)
            .map(|line| format!("<a id=\"L{line}\" href=\"#L{line}\">{line}</a>{}\n", lines[line - 1]))
            .collect();
        body.push_str(&format!("<div class=\"cards\">{cards}</div><pre class=\"code\">{numbered}</pre>\n"));
        from = to + 1;
    }
    body.push_str("</div>\n");
    Page { path: &path, title: file, side: String::new(), body }.framed(plan)
}

/// The last line of the block that starts at `from`, and the marks in it.
fn block<'a>(lines: &[String], marks: &[(&'a Mark, &'a Entry)], from: usize) -> (usize, Vec<(&'a Mark, &'a Entry)>) {
    let next = marks.iter().map(|(mark, _)| mark.place.line).find(|line| *line >= from);
    match next {
        None => (lines.len(), Vec::new()),
        Some(line) if line > from => (line - 1, Vec::new()),
        Some(_) => {
            let target = marks.iter().find(|(mark, _)| mark.place.line == from).map_or(from, |(mark, _)| mark.target);
            let group = marks.iter().filter(|(mark, _)| mark.place.line >= from && mark.target == target);
            (end_of_item(lines, target.max(from), marks), group.copied().collect())
        }
    }
}

/// The last line that belongs to the item at `target`: up to the blank line after it, or to the next mark.
fn end_of_item(lines: &[String], target: usize, marks: &[(&Mark, &Entry)]) -> usize {
    let next_mark = marks.iter().map(|(mark, _)| mark.place.line).find(|line| *line > target);
    let blank = (target..lines.len()).find(|index| lines[*index].trim().is_empty());
    let end = blank.unwrap_or(lines.len()).max(target);
    next_mark.map_or(end, |mark| end.min(mark - 1)).max(target).min(lines.len())
}

fn card(plan: &Plan<'_>, up: &str, mark: &Mark, entry: &Entry) -> String {
    let requirement = &entry.requirement;
    let kind = match mark.kind {
        Kind::Met(_) => "",
        Kind::Test => "test of ",
        Kind::Skip(_) => "skipped: ",
        Kind::Todo(_) => "todo: ",
    };
    let outside = plan.documents.get(mark.id.document.as_str()).map_or(String::new(), |documents| {
        format!(" <a href=\"{}\">text</a>", escape(&section_href(documents[0], &mark.id.section)))
    });
    format!(
        "<aside class=\"card {}\"><p>{kind}<a href=\"{}\"><code>{}</code></a>{outside}<br><b>{}</b> {}</p></aside>\n",
        entry.state().name(),
        id_href(up, &mark.id),
        mark.id,
        requirement.level,
        escape(&requirement.words)
    )
}
