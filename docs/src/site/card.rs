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
    let sizes = sizes(&row.marks, row.seen(lines, row.to) as f32);
    let mut out = format!("<div class=\"span\" style=\"--n:{}\"><div class=\"stick\">\n", row.seen(lines, row.end));
    for (placed, size) in row.marks.iter().zip(sizes) {
        out.push_str(&card(plan, from, placed, size));
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

/// How much of a card is seen at first. All of it is one click away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Size {
    /// Its name alone.
    Slim,
    /// And what is asked.
    Brief,
    /// All.
    Open,
}

/// The largest sizes at which cards take no more than `room` lines of code, as far as that can be told before they are
/// drawn. One alone is never slim.
fn sizes(marks: &[&Placed<'_>], room: f32) -> Vec<Size> {
    let smallest = if marks.len() == 1 { Size::Brief } else { Size::Slim };
    let mut sizes = vec![smallest; marks.len()];
    let mut used: f32 = marks.iter().map(|placed| height(placed, smallest)).sum();
    for size in [Size::Brief, Size::Open] {
        for (placed, own) in marks.iter().zip(&mut sizes) {
            let more = height(placed, size) - height(placed, *own);
            if used + more <= room {
                used += more;
                *own = size;
            }
        }
    }
    sizes
}

/// About how many lines of code a card is high.
fn height(placed: &Placed<'_>, size: Size) -> f32 {
    let lines = |text: &str| text.chars().count().div_ceil(46) as f32;
    let words = lines(&placed.entry.requirement.words);
    match size {
        Size::Slim => 1.7,
        Size::Brief => 1.8 + words.min(2.0) * 0.93,
        Size::Open => 4.4 + (words + lines(&placed.mark.note) + others(placed).count().min(4) as f32) * 0.93,
    }
}

fn card(plan: &Plan<'_>, from: &str, placed: &Placed<'_>, size: Size) -> String {
    let (mark, requirement) = (placed.mark, &placed.entry.requirement);
    let state = placed.entry.state().name();
    let about = match (mark.kind, state) {
        (Kind::Met(_), "tested") => "<i class=\"state\" title=\"tested\">&#10003;</i>".to_string(),
        (Kind::Met(_), state) => format!("<i class=\"state\">{state}</i>"),
        (Kind::Test, _) => "<i class=\"state\">test</i>".into(),
        (Kind::Skip(_), _) => "<i class=\"state\">skipped</i>".into(),
        (Kind::Todo(_), _) => "<i class=\"state\">todo</i>".into(),
    };
    let document = plan.documents.get(mark.id.document.as_str()).map(|documents| documents[0]);
    let outside = document.map(|document| section_href(document, &mark.id.section)).filter(|to| to.starts_with("http"));
    let outside = outside.map_or(String::new(), |to| {
        format!(
            " <a class=\"out\" href=\"{}\" rel=\"external\">{} &#167;{}</a>",
            escape(&to),
            document_name(&mark.id.document),
            mark.id.section
        )
    });
    let note = match mark.note.is_empty() {
        true => String::new(),
        false => format!("<p class=\"how\">{}</p>\n", code(&mark.note)),
    };
    format!(
        "<details class=\"card {state}{slim}\" data-for=\"{anchor}\"{open}>\n<summary><span class=\"head\">\
         <b class=\"level\">{level}</b> <a class=\"id\" href=\"{to}\">{slug}</a> <small>{name} {section}</small> {about}</span>\n\
         <span class=\"words\">{words}</span></summary>\n{note}{others}<p class=\"links\"><a href=\"{to}\">Requirement</a>{outside}</p>\n\
         </details>\n",
        anchor = placed.anchor,
        open = if size == Size::Open { " open" } else { "" },
        slim = if size == Size::Slim { " slim" } else { "" },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Coverage, Tree, site::Site};

    #[test]
    fn cards_are_as_large_as_there_is_room() {
        let spec = "# RFC 9999 X\n## 1 Y\n- `a` MAY (both): A.\n- `b` MAY (both): B.\n";
        let code = "//= rfc9999#1/a MAY\n//# How.\n//= rfc9999#1/b MAY\n//# How.\nfn f() {}\n";
        let tree = Tree::from([("room/SPEC.md", spec), ("room/src/lib.rs", code)]);
        let coverage = Coverage::of(&tree);
        let plan = Plan::of(Site::new(&tree, &coverage));
        let marks: Vec<_> = plan.sources["room/src/lib.rs"].marks.iter().collect();
        for (room, want) in [
            (1.0, [Size::Slim, Size::Slim]),
            (5.0, [Size::Brief, Size::Slim]),
            (6.0, [Size::Brief, Size::Brief]),
            (10.0, [Size::Open, Size::Brief]),
            (20.0, [Size::Open, Size::Open]),
        ] {
            assert_eq!(sizes(&marks, room), want, "{room}");
        }
        assert_eq!(sizes(&marks[..1], 1.0), [Size::Brief]);
    }
}
