//! What the search box looks through: requirements, files, public items, rooms.

use super::page::{id_href, source_path};
use super::plan::{Plan, room_of, room_path};

/// A script that defines `INDEX`, a list of `[kind, name, words, address]`.
pub(super) fn index(plan: &Plan<'_>) -> String {
    let mut rows = Vec::new();
    for entry in plan.site.coverage.entries.values() {
        let requirement = &entry.requirement;
        let level = requirement.level.name();
        rows.push([level, &requirement.id.to_string(), &requirement.words, &id_href("", &requirement.id)].map(quoted));
    }
    for (file, text) in plan.site.tree.all_sources() {
        let path = source_path(file);
        rows.push(["file", file, "", &path].map(quoted));
        for (index, line) in text.lines().enumerate() {
            if let Some((kind, name)) = item(line) {
                rows.push([kind, name, file, &format!("{path}#L{}", index + 1)].map(quoted));
            }
        }
    }
    for (path, _) in plan.site.tree.files() {
        if let Some(room) = path.strip_suffix("/README.md").and_then(|_| room_of(path)) {
            rows.push(["room", room, "", &room_path(room)].map(quoted));
        }
    }
    let rows: Vec<String> = rows.iter().map(|row| format!("[{}]", row.join(","))).collect();
    format!("INDEX = [\n{}\n];\n", rows.join(",\n"))
}

/// Kind and name of a public item that a line declares.
fn item(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim_start().strip_prefix("pub ")?;
    let rest = rest.strip_prefix("const fn ").map_or(rest, |_| &rest[6..]);
    let (kind, rest) = rest.split_once(' ')?;
    let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    (["fn", "struct", "enum", "trait", "mod", "const", "static", "type"].contains(&kind) && !name.is_empty())
        .then_some((kind, name))
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
