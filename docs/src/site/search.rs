//! What the search box looks through: requirements, sources with their items, the guide by heading.

use super::card::document_name;
use super::items::Item;
use super::markdown;
use super::plan::{Plan, room_of};
use crate::{Document, Level, State};

/// A script that defines `INDEX`: `documents`, each `[name, title, [[section, title, [[slug, level, state, words]]]]]` with
/// level and state as numbers; `sources`, each `[path, [kind letter and path of an item]]`; `pages`, each
/// `[address, title, [[anchor, heading, words]]]`.
pub(super) fn index(plan: &Plan<'_>) -> String {
    let documents: Vec<_> = plan.documents.iter().map(|(name, documents)| document(plan, name, documents)).collect();
    let sources: Vec<_> = plan
        .sources
        .iter()
        .map(|(path, source)| {
            let items = source.items.iter().filter(|item| is_found(path, item));
            let items: Vec<_> =
                items.filter_map(|item| Some(quoted(&format!("{}{}", letter(item.kind)?, item.path)))).collect();
            format!("[{},{}]", quoted(path), list(&items))
        })
        .collect();
    let pages = plan.site.tree.files().filter(|(path, _)| path.ends_with(".md") && !path.ends_with("SPEC.md"));
    let extra = plan.site.extra.iter().map(|extra| {
        let title = quoted(&extra.title);
        format!("[{},{title},[[\"\",{title},\"\"]]]", quoted(&extra.path))
    });
    let pages: Vec<_> = pages.filter_map(|(path, text)| page(plan, path, text)).chain(extra).collect();
    format!("window.INDEX={{documents:{},\nsources:{},\npages:{}}};\n", list(&documents), list(&sources), list(&pages))
}

fn document(plan: &Plan<'_>, name: &str, documents: &[&Document]) -> String {
    let sections =
        documents.iter().flat_map(|document| &document.sections).filter(|section| !section.requirements.is_empty());
    let sections: Vec<_> = sections
        .map(|section| {
            let entries = section.requirements.iter().filter_map(|asked| plan.site.coverage.entries.get(&asked.id));
            let rows: Vec<_> = entries
                .map(|entry| {
                    let level = Level::ALL.iter().position(|level| *level == entry.requirement.level).unwrap_or(0);
                    let state = State::ALL.iter().position(|state| *state == entry.state()).unwrap_or(0);
                    let (slug, words) = (quoted(&entry.requirement.id.slug), quoted(&entry.requirement.words));
                    format!("[{slug},{level},{state},{words}]")
                })
                .collect();
            format!("[{},{},{}]", quoted(&section.number), quoted(&section.title), list(&rows))
        })
        .collect();
    let title = documents.first().map_or(document_name(name), |document| document.title.clone());
    format!("[{},{},{}]", quoted(name), quoted(&title), list(&sections))
}

/// A page by its headings.
fn page(plan: &Plan<'_>, path: &str, text: &str) -> Option<String> {
    let address = plan.link("", "", path)?;
    let title = room_of(path).map_or_else(|| Plan::title(text), str::to_string);
    let parts: Vec<_> = markdown::parts(text)
        .into_iter()
        .map(|part| format!("[{},{},{}]", quoted(&part.anchor), quoted(&part.title), quoted(&part.words)))
        .collect();
    Some(format!("[{},{},{}]", quoted(&address), quoted(&title), list(&parts)))
}

/// Tests have names that say what they test; what is private in the tests of a source is not looked for.
fn is_found(path: &str, item: &Item) -> bool {
    let is_test = item.path.starts_with("tests::") || path.contains("/tests/");
    item.kind != "mod" && (!is_test || item.kind == "fn" && item.name.contains('_'))
}

fn letter(kind: &str) -> Option<char> {
    let letters = [
        ("fn", 'f'),
        ("struct", 's'),
        ("enum", 'e'),
        ("trait", 't'),
        ("const", 'c'),
        ("static", 'a'),
        ("type", 'y'),
        ("macro", 'm'),
    ];
    letters.iter().find(|(known, _)| *known == kind).map(|(_, letter)| *letter)
}

fn list(parts: &[String]) -> String {
    format!("[{}]", parts.join(","))
}

/// A string of JavaScript.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '<' => out.push_str("\\u003c"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
