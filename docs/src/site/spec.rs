//! The page of each document: its sections in order, every requirement with its code and tests.

use std::collections::BTreeMap;

use super::card::{self, code, document_name};
use super::meter::{Counts, meter};
use super::page::{Page, anchor, document_path, escape, up};
use super::plan::{Plan, room_path};
use crate::id::section_key;
use crate::{Document, Entry, Kind, Level, Section, State};

/// Sections of the same number, which two rooms may share.
type Sections<'a> = BTreeMap<Vec<(u32, String)>, Vec<&'a Section>>;

/// The page of each document. Rooms that share a document share its page.
pub(super) fn documents(plan: &Plan<'_>) -> Vec<(String, String)> {
    plan.documents.iter().map(|(name, documents)| document(plan, name, documents)).collect()
}

fn document(plan: &Plan<'_>, name: &str, documents: &[&Document]) -> (String, String) {
    let path = document_path(name);
    let first = documents[0];
    let mut sections = Sections::new();
    for section in documents.iter().flat_map(|document| &document.sections) {
        sections.entry(section_key(&section.number)).or_default().push(section);
    }
    let all: Counts = sections.values().flatten().flat_map(|section| states(plan, section)).collect();
    let label = document_name(name);
    let mut body = match first.title.strip_prefix(&label) {
        Some(title) => format!("<h1><span>{label}</span> {}</h1>\n", escape(title.trim())),
        None => format!("<h1>{}</h1>\n", escape(&first.title)),
    };
    body.push_str(&facts(&path, documents, &all));
    body.push_str(&filters(&all));
    for sections in sections.values() {
        body.push_str(&section(plan, &path, first, sections));
    }
    let side = contents(plan, &sections);
    Page { path: &path, title: &first.title, side, body }.framed(plan)
}

/// Where the document stands, which rooms implement it, how far they are.
fn facts(path: &str, documents: &[&Document], all: &Counts) -> String {
    let up = up(path);
    let mut facts = Vec::new();
    let source = &documents[0].source;
    if source.starts_with("http") {
        facts.push(format!("<a class=\"out\" href=\"{0}\" rel=\"external\">{0}</a>", escape(source)));
    }
    for document in documents {
        let room = document.place.file.split('/').next().unwrap_or("");
        facts.push(format!("room <a href=\"{up}{}\">{room}</a>", room_path(room)));
    }
    format!(
        "<p class=\"facts\">{}</p>\n<p class=\"overall\">{} {}</p>\n",
        facts.join(" &#183; "),
        meter(all),
        all.words()
    )
}

/// Narrow the page down by words, level and state; the script fills in what is shown.
fn filters(all: &Counts) -> String {
    let states = State::ALL.iter().filter(|state| all.of(**state) > 0);
    let states: String =
        states.map(|state| format!("<option value=\"{0}\">{0} ({1})</option>", state.name(), all.of(*state))).collect();
    let levels: String = Level::ALL.iter().map(|level| format!("<option value=\"{level}\">{level}</option>")).collect();
    format!(
        "<form class=\"filters\" role=\"search\" aria-label=\"Filter\">\
         <input name=\"words\" type=\"search\" placeholder=\"Filter  f\" aria-label=\"Words\" autocomplete=\"off\">\
         <select name=\"level\" aria-label=\"Level\"><option value=\"\">every level</option>{levels}</select>\
         <select name=\"state\" aria-label=\"State\"><option value=\"\">every state</option>{states}</select>\
         <output>{} requirements</output></form>\n",
        all.total()
    )
}

/// The sections with requirements, each with its meter.
fn contents(plan: &Plan<'_>, sections: &Sections<'_>) -> String {
    let mut out = String::from("<nav class=\"contents sections\" aria-label=\"Sections\">\n<ul>\n");
    for sections in sections.values() {
        let (first, counts) =
            (sections[0], sections.iter().flat_map(|section| states(plan, section)).collect::<Counts>());
        let class = if counts.total() == 0 { " class=\"none\"" } else { "" };
        out.push_str(&format!(
            "<li{class}><a href=\"#{number}\"><b>{number}</b> {}</a>{}</li>\n",
            escape(&first.title),
            if counts.total() == 0 { String::new() } else { meter(&counts) },
            number = first.number,
        ));
    }
    out.push_str("</ul>\n</nav>\n");
    out
}

fn states<'p>(plan: &'p Plan<'_>, section: &'p Section) -> impl Iterator<Item = State> + 'p {
    let entry = |id| plan.site.coverage.entries.get(id).map(Entry::state);
    section.requirements.iter().filter_map(move |requirement| entry(&requirement.id))
}

fn section(plan: &Plan<'_>, path: &str, document: &Document, sections: &[&Section]) -> String {
    let first = sections[0];
    let to = section_href(document, &first.number);
    let outside = match to.starts_with("http") {
        true => format!(" <a class=\"out\" href=\"{}\" rel=\"external\">at its source</a>", escape(&to)),
        false => String::new(),
    };
    let mut out = format!(
        "<section>\n<h2 id=\"{number}\"><a href=\"#{number}\">{number}</a> {}{outside}</h2>\n",
        escape(&first.title),
        number = first.number,
    );
    let text = plan.site.sections.get(&document.name).and_then(|sections| sections.get(&first.number));
    if text.is_some() {
        out.push_str("<div class=\"beside\"><div>\n");
    }
    for section in sections {
        for requirement in &section.requirements {
            if let Some(entry) = plan.site.coverage.entries.get(&requirement.id) {
                out.push_str(&self::requirement(plan, path, entry));
            }
        }
        if let Some(why) = &section.out_of_scope {
            out.push_str(&format!("<p class=\"note\">Out of scope: {}</p>\n", code(why)));
        }
        for also in &section.also {
            let levels = Level::ALL.iter().filter(|level| also.counts.of(**level) > 0);
            let counts: Vec<_> = levels.map(|level| format!("{level} {}", also.counts.of(*level))).collect();
            out.push_str(&format!(
                "<p class=\"note\">No line of their own: {}. {}</p>\n",
                counts.join(", "),
                code(&also.why)
            ));
        }
    }
    if let Some(text) = text {
        out.push_str(&format!("</div><pre class=\"text\">{}</pre></div>\n", escape(&without_pages(text))));
    }
    out.push_str("</section>\n");
    out
}

fn requirement(plan: &Plan<'_>, path: &str, entry: &Entry) -> String {
    let (requirement, state) = (&entry.requirement, entry.state().name());
    let anchor = anchor(&requirement.id);
    let mut out = format!(
        "<article class=\"req {state}\" id=\"{anchor}\" data-level=\"{level}\" data-state=\"{state}\">\n\
         <p class=\"head\"><b class=\"level\">{level}</b> <a class=\"id\" href=\"#{anchor}\">{slug}</a> \
         <span class=\"role\">{role}</span> <i class=\"state\">{state}</i></p>\n<p class=\"words\">{words}</p>\n",
        level = requirement.level,
        slug = requirement.id.slug,
        role = escape(&requirement.role),
        words = code(&requirement.words),
    );
    if !entry.marks.is_empty() {
        out.push_str("<ul class=\"places\">\n");
    }
    for mark in &entry.marks {
        let kind = match mark.kind {
            Kind::Met(_) => "code",
            Kind::Test => "test",
            Kind::Skip(_) => "skipped",
            Kind::Todo(_) => "todo",
        };
        out.push_str(&format!(
            "<li><b>{kind}</b><span>{} <small>{}</small> {}</span></li>\n",
            card::place(plan, path, mark),
            escape(&mark.place.file),
            code(&mark.note)
        ));
    }
    if !entry.marks.is_empty() {
        out.push_str("</ul>\n");
    }
    out.push_str("</article>\n");
    out
}

/// The text of a section without the empty lines that its pages left behind.
fn without_pages(text: &str) -> String {
    let mut out = String::new();
    let mut empty = 0;
    for line in text.trim_matches('\n').lines() {
        empty = if line.trim().is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
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
