//! Coverage of all documents, and the page of each document.

use super::page::{Page, anchor, document_path, escape, up};
use super::plan::Plan;
use crate::{Document, Entry, Kind, Requirement, Section, State, report};

/// The table of all documents.
pub(super) fn coverage(plan: &Plan<'_>) -> String {
    let mut body =
        "<h1>Coverage</h1>\n<p>What each document asks, and how much of it has code that meets it and a test \
                    that proves it. Left out on purpose, with a reason: skipped.</p>\n<div class=\"wide\"><table>\n<tr>\
                    <th>document</th><th>asked</th><th>MUST</th><th>SHOULD</th><th>MAY</th><th>tested</th><th>met</th>\
                    <th>skipped</th><th>todo</th><th>open</th><th></th></tr>\n"
            .to_string();
    for (name, row) in report::rows(plan.site.coverage) {
        let title = plan.documents.get(name.as_str()).map_or("", |documents| documents[0].title.as_str());
        let of = |state| row.states.get(&state).copied().unwrap_or(0);
        let levels =
            |levels: [crate::Level; 2]| -> usize { levels.iter().filter_map(|level| row.levels.get(level)).sum() };
        let states = [State::Tested, State::Met, State::Skipped, State::Todo, State::Open];
        body.push_str(&format!(
            "<tr><td><a href=\"{}\">{}</a></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>",
            document_path(&name),
            escape(title),
            row.total(),
            levels([crate::Level::Must, crate::Level::MustNot]),
            levels([crate::Level::Should, crate::Level::ShouldNot]),
            row.levels.get(&crate::Level::May).copied().unwrap_or(0),
        ));
        body.extend(states.map(|state| format!("<td>{}</td>", of(state))));
        let parts = states.map(|state| format!("<i class=\"{}\" style=\"flex:{}\"></i>", state.name(), of(state)));
        body.push_str(&format!("<td class=\"bar\"><span>{}</span></td></tr>\n", parts.concat()));
    }
    body.push_str("</table></div>\n");
    Page { path: "coverage.html", title: "Coverage", side: String::new(), body }.framed(plan).1
}

/// The page of each document. Rooms that share a document share its page.
pub(super) fn documents(plan: &Plan<'_>) -> Vec<(String, String)> {
    plan.documents
        .iter()
        .map(|(name, documents)| {
            let path = document_path(name);
            let first = documents[0];
            let mut body = format!("<h1>{}</h1>\n", escape(&first.title));
            if first.source.starts_with("http") {
                body.push_str(&format!("<p><a href=\"{0}\">{0}</a></p>\n", escape(&first.source)));
            }
            for section in documents.iter().flat_map(|document| &document.sections) {
                body.push_str(&self::section(plan, &path, first, section));
            }
            Page { path: &path, title: &first.title, side: String::new(), body }.framed(plan)
        })
        .collect()
}

fn section(plan: &Plan<'_>, path: &str, document: &Document, section: &Section) -> String {
    let mut out = format!(
        "<h2 id=\"{number}\"><a href=\"{}\">{number}</a> {}</h2>\n",
        escape(&section_href(document, &section.number)),
        escape(&section.title),
        number = section.number,
    );
    if let Some(why) = &section.out_of_scope {
        out.push_str(&format!("<p class=\"note\">Out of scope: {}</p>\n", escape(why)));
    }
    if let Some(text) = plan.site.sections.get(&document.name).and_then(|sections| sections.get(&section.number)) {
        out.push_str(&format!("<details><summary>Text</summary><pre>{}</pre></details>\n", escape(text)));
    }
    for requirement in &section.requirements {
        if let Some(entry) = plan.site.coverage.entries.get(&requirement.id) {
            out.push_str(&self::requirement(plan, path, requirement, entry));
        }
    }
    out
}

fn requirement(plan: &Plan<'_>, path: &str, requirement: &Requirement, entry: &Entry) -> String {
    let state = entry.state();
    let mut out = format!(
        "<article class=\"card {}\" id=\"{}\">\n<p><b>{}</b> <span class=\"role\">{}</span> {} \
         <code class=\"id\">{}</code> <span class=\"state\">{}</span></p>\n<ul>\n",
        state.name(),
        anchor(&requirement.id),
        requirement.level,
        escape(&requirement.role),
        escape(&requirement.words),
        requirement.id,
        state.name(),
    );
    for mark in &entry.marks {
        let kind = match mark.kind {
            Kind::Met(_) => "code",
            Kind::Test => "test",
            Kind::Skip(_) => "skipped",
            Kind::Todo(_) => "todo",
        };
        out.push_str(&format!(
            "<li>{kind} <a href=\"{}\">{}</a> {}</li>\n",
            plan.mark_href(path, mark),
            escape(&mark.place.to_string()),
            escape(&mark.note)
        ));
    }
    out.push_str("</ul>\n</article>\n");
    out
}

/// Address of a section at the document's source.
pub(super) fn section_href(document: &Document, number: &str) -> String {
    match document.source.strip_prefix("https://www.rfc-editor.org/rfc/") {
        Some(name) if number.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("https://www.rfc-editor.org/rfc/{name}.html#section-{number}")
        }
        Some(name) => format!("https://www.rfc-editor.org/rfc/{name}.html#appendix-{number}"),
        None => document.source.clone(),
    }
}
