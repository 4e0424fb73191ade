//! The table of all documents, and what is left out with its reasons.

use super::card::{code, document_name};
use super::meter::{Counts, meter};
use super::page::{Page, document_path, escape, id_href};
use super::plan::Plan;
use crate::report::{self, Row};
use crate::{Entry, Kind, Level, State};

const PATH: &str = "coverage.html";

/// Path and HTML.
pub(super) fn page(plan: &Plan<'_>) -> (String, String) {
    let rows = report::rows(plan.site.coverage);
    let all: Counts = plan.site.coverage.entries.values().map(Entry::state).collect();
    let mut body = format!(
        "<h1>Coverage</h1>\n<p>What {} documents ask of these crates, in {} requirements, and how far each has come: \
         <b>tested</b> has code that meets it and a test that proves it, <b>met</b> has the code, <b>skipped</b> is left \
         out on purpose with the reason below, <b>todo</b> is promised, <b>open</b> is neither.</p>\n\
         <p class=\"overall\">{} {}</p>\n",
        rows.len(),
        all.total(),
        meter(&all),
        all.words()
    );
    body.push_str(
        "<div class=\"wide\"><table class=\"sortable coverage\">\n<thead><tr><th scope=\"col\">Document</th>",
    );
    for name in ["Asked", "MUST", "SHOULD", "MAY", "Tested", "Met", "Skipped", "Todo", "Open"] {
        body.push_str(&format!("<th scope=\"col\" class=\"num\">{name}</th>"));
    }
    body.push_str("<th scope=\"col\">Share</th></tr></thead>\n<tbody>\n");
    for (name, row) in &rows {
        body.push_str(&line(plan, name, row));
    }
    body.push_str("</tbody>\n</table></div>\n");
    body.push_str("<h2 id=\"skipped\">Left out on purpose</h2>\n");
    for (name, _) in &rows {
        body.push_str(&left_out(plan, name));
    }
    Page { path: PATH, title: "Coverage", side: String::new(), body: format!("<div class=\"broad\"></div>{body}") }
        .framed(plan)
}

fn line(plan: &Plan<'_>, name: &str, row: &Row) -> String {
    let counts = Counts::from(&row.states);
    let levels = |levels: &[Level]| -> usize { levels.iter().filter_map(|level| row.levels.get(level)).sum() };
    let numbers = [
        row.total(),
        levels(&[Level::Must, Level::MustNot]),
        levels(&[Level::Should, Level::ShouldNot]),
        levels(&[Level::May]),
    ];
    let numbers = numbers.into_iter().chain(State::ALL.map(|state| counts.of(state)));
    let cells: String = numbers
        .map(|number| format!("<td{}>{number}</td>", if number == 0 { " class=\"zero\"" } else { "" }))
        .collect();
    let title = plan.documents.get(name).map_or("", |documents| documents[0].title.as_str());
    let label = document_name(name);
    let rest = title.strip_prefix(label.as_str()).unwrap_or(title);
    let share = 1000 * counts.of(State::Tested) / counts.total().max(1);
    format!(
        "<tr><th scope=\"row\"><a href=\"{}\"><b>{}</b> {}</a></th>{cells}<td data-value=\"{share}\">{}</td></tr>\n",
        document_path(name),
        escape(if rest == title { "" } else { &label }),
        escape(rest.trim()),
        meter(&counts)
    )
}

/// The requirements of a document that are skipped or promised, each with its reason.
fn left_out(plan: &Plan<'_>, document: &str) -> String {
    let mut count = 0;
    let mut items = String::new();
    for (id, entry) in plan.site.coverage.entries.iter().filter(|(id, _)| id.document == document) {
        let reason = entry.marks.iter().find(|mark| matches!(mark.kind, Kind::Skip(_) | Kind::Todo(_)));
        let Some(reason) = reason.filter(|_| matches!(entry.state(), State::Skipped | State::Todo)) else { continue };
        count += 1;
        items.push_str(&format!(
            "<li><b class=\"level\">{}</b> <a class=\"id\" href=\"{}\">&#167;{} {}</a> {} <span class=\"why\">{}</span></li>\n",
            entry.requirement.level,
            id_href("", id),
            id.section,
            id.slug,
            code(&entry.requirement.words),
            code(&reason.note)
        ));
    }
    if count == 0 {
        return String::new();
    }
    let name = document_name(document);
    format!(
        "<details class=\"skipped\"><summary>{name} <small>{count}</small></summary>\n<ul>\n{items}</ul>\n</details>\n"
    )
}
