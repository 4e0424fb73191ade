//! Requirement cards: what is asked, how the code meets it, and where to read on.

use super::page::{escape, id_href, up};
use super::plan::{Placed, Plan};
use super::rows::Row;
use super::spec::section_href;
use crate::{Kind, Mark};

/// The cards of a row, with those of the items around it as chips, and `lines` of the source to stick beside.
pub(super) fn cards(plan: &Plan<'_>, from: &str, row: &Row<'_, '_>, lines: &[&str]) -> String {
    if row.marks.is_empty() {
        return String::new();
    }
    let room = row.seen(lines, row.to) as f32;
    let mut used: f32 = row.marks.iter().map(|placed| height(placed, false)).sum();
    let mut out = format!("<div class=\"span\" style=\"--n:{}\"><div class=\"stick\">\n", row.seen(lines, row.end));
    for placed in &row.marks {
        let more = height(placed, true) - height(placed, false);
        let is_open = used + more <= room;
        used += if is_open { more } else { 0.0 };
        out.push_str(&card(plan, from, placed, is_open));
    }
    out.push_str("</div></div>\n");
    if !row.around.is_empty() {
        let rest = row.seen(lines, row.around_end).saturating_sub(row.seen(lines, row.end));
        out.push_str(&format!("<div class=\"span\" style=\"--n:{rest}\"><p class=\"stick around\">within"));
        for placed in &row.around {
            let (anchor, state) = (&placed.anchor, placed.entry.state().name());
            out.push_str(&format!(" <a class=\"chip {state}\" href=\"#{anchor}\">{}</a>", placed.mark.id.slug));
        }
        out.push_str("</p></div>\n");
    }
    out
}

/// About how many lines of code a card is high.
fn height(placed: &Placed<'_>, is_open: bool) -> f32 {
    let lines = |text: &str| text.chars().count().div_ceil(46) as f32;
    let words = lines(&placed.entry.requirement.words);
    match is_open {
        false => 1.7 + words.min(2.0) * 0.9,
        true => 4.4 + (words + lines(&placed.mark.note) + others(placed).count().min(4) as f32) * 0.9,
    }
}

fn card(plan: &Plan<'_>, from: &str, placed: &Placed<'_>, is_open: bool) -> String {
    let (mark, requirement) = (placed.mark, &placed.entry.requirement);
    let state = placed.entry.state().name();
    let about = match mark.kind {
        Kind::Met(_) => state,
        Kind::Test => "test",
        Kind::Skip(_) => "skipped",
        Kind::Todo(_) => "todo",
    };
    let document = plan.documents.get(mark.id.document.as_str()).map(|documents| documents[0]);
    let outside = document.map(|document| section_href(document, &mark.id.section)).filter(|to| to.starts_with("http"));
    let outside = outside.map_or(String::new(), |to| {
        format!(
            " <a class=\"out\" href=\"{}\" rel=\"external\">&#167;{} at its source</a>",
            escape(&to),
            mark.id.section
        )
    });
    let note = match mark.note.is_empty() {
        true => String::new(),
        false => format!("<p class=\"how\">{}</p>\n", code(&mark.note)),
    };
    format!(
        "<details class=\"card {state}\" data-for=\"{anchor}\"{open}>\n<summary><b class=\"level\">{level}</b> \
         <a class=\"id\" href=\"{to}\"><span>{name} &#167;{section}</span> {slug}</a> <i class=\"state\">{about}</i>\n\
         <span class=\"words\">{words}</span></summary>\n{note}{others}<p class=\"links\"><a href=\"{to}\">Requirement</a>{outside}</p>\n\
         </details>\n",
        anchor = placed.anchor,
        open = if is_open { " open" } else { "" },
        level = requirement.level,
        to = id_href(&up(from), &mark.id),
        name = document_name(&mark.id.document),
        section = mark.id.section,
        slug = mark.id.slug,
        words = code(&requirement.words),
        others = other_places(plan, from, placed),
    )
}

/// Links to the other code and the tests of the requirement.
fn other_places(plan: &Plan<'_>, from: &str, placed: &Placed<'_>) -> String {
    let links = |is_wanted: &dyn Fn(&Kind) -> bool| -> Vec<String> {
        others(placed).filter(|mark| is_wanted(&mark.kind)).map(|mark| place(plan, from, mark)).collect()
    };
    let mut out = String::new();
    for (label, links) in
        [("Code", links(&|kind| matches!(kind, Kind::Met(_)))), ("Test", links(&|kind| *kind == Kind::Test))]
    {
        if !links.is_empty() {
            out.push_str(&format!("<p class=\"places\"><b>{label}</b> {}</p>\n", links.join(", ")));
        }
    }
    out
}

/// A link to a mark, named by the item that it governs.
pub(super) fn place(plan: &Plan<'_>, from: &str, mark: &Mark) -> String {
    let name = plan.item_at(&mark.place.file, mark.target).map_or(String::new(), |item| item.path.clone());
    let name = if name.is_empty() { mark.place.file.rsplit('/').next().unwrap_or("").to_string() } else { name };
    format!(
        "<a href=\"{}\" title=\"{}\">{}</a>",
        plan.mark_href(from, mark),
        escape(&mark.place.to_string()),
        escape(&name)
    )
}

fn others<'p>(placed: &'p Placed<'_>) -> impl Iterator<Item = &'p Mark> {
    placed.entry.marks.iter().filter(|mark| mark.place != placed.mark.place)
}

/// Words with what stands in backquotes as code.
pub(super) fn code(words: &str) -> String {
    let mut out = String::new();
    for (index, part) in words.split('`').enumerate() {
        match index % 2 {
            0 => out.push_str(&escape(part)),
            _ => out.push_str(&format!("<code>{}</code>", escape(part))),
        }
    }
    out
}

/// `rfc3261` to `RFC 3261`; other names as they are.
pub(super) fn document_name(name: &str) -> String {
    match name.strip_prefix("rfc").filter(|number| number.chars().all(|c| c.is_ascii_digit())) {
        Some(number) => format!("RFC {number}"),
        None => name.to_string(),
    }
}
