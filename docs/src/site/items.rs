//! The items of a Rust source, found by key words and indentation as rustfmt leaves them.

use std::collections::BTreeMap;

/// Something that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// `fn`, `struct`, `enum`, `trait`, `mod`, `const`, `static`, `type`, `macro`, `impl`.
    pub(super) kind: &'static str,
    /// Its path within the file, which is its anchor: `Transaction::handle`. Methods of a trait have the trait in it only
    /// where the type has another of that name: `Id::Display::fmt`.
    pub(super) path: String,
    /// Its last name.
    pub(super) name: String,
    /// Line number of its declaration.
    pub(super) line: usize,
    /// Line number of its end.
    pub(super) end: usize,
    /// How many items it stands in.
    pub(super) depth: usize,
    /// Whether it is `pub` without restriction.
    pub(super) is_public: bool,
    /// The trait of the impl that it stands in.
    of_trait: Option<String>,
}

/// The items of a source, in order. Those within functions have no anchors, nor have impls.
pub(super) fn of(lines: &[&str]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let depth = indent(line);
        let Some((kind, name, is_public)) = declared(line.trim_start()) else { continue };
        open.retain(|outer| outer.end > index);
        if open.iter().any(|outer| !outer.is_container) || depth != open.len() * 4 {
            continue;
        }
        let end = end_of(lines, index + 1);
        let (name, of_trait) = match kind {
            "impl" => implemented(&lines[index..end].join(" ")),
            _ => (name, open.last().and_then(|outer| outer.of_trait.clone())),
        };
        let mut path: Vec<&str> = open.iter().map(|outer| outer.name.as_str()).collect();
        path.push(&name);
        let path = path.join("::");
        items.push(Item {
            kind,
            path,
            name: name.clone(),
            line: index + 1,
            end,
            depth: open.len(),
            is_public,
            of_trait: of_trait.clone(),
        });
        let is_container = matches!(kind, "impl" | "trait" | "mod");
        open.push(Open { end, name, is_container, of_trait: of_trait.filter(|_| kind == "impl") });
    }
    tell_apart(&mut items);
    items
}

/// An item that has begun.
struct Open {
    end: usize,
    name: String,
    is_container: bool,
    of_trait: Option<String>,
}

/// Makes the paths of items different: by trait, then by number.
fn tell_apart(items: &mut [Item]) {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for item in items.iter().filter(|item| item.kind != "impl") {
        *count.entry(item.path.clone()).or_default() += 1;
    }
    for item in items.iter_mut().filter(|item| count.get(&item.path).is_some_and(|count| *count > 1)) {
        if let (Some(name), Some((outer, own))) = (&item.of_trait, item.path.rsplit_once("::")) {
            item.path = format!("{outer}::{name}::{own}");
        }
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for item in items.iter_mut().filter(|item| item.kind != "impl") {
        let same = seen.entry(item.path.clone()).and_modify(|same| *same += 1).or_insert(1);
        if *same > 1 {
            item.path = format!("{}~{same}", item.path);
        }
    }
}

/// Kind, name and visibility of what a line declares.
fn declared(line: &str) -> Option<(&'static str, String, bool)> {
    let (is_public, rest) = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => (false, rest.split_once(") ")?.1),
        Some(rest) => (true, rest.strip_prefix(' ')?),
        None => (false, line),
    };
    let mut rest = rest;
    for word in ["default ", "async ", "unsafe ", "extern \"C\" "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    rest = rest
        .strip_prefix("const ")
        .filter(|after| after.starts_with("fn ") || after.starts_with("unsafe fn "))
        .unwrap_or(rest);
    if rest.starts_with("impl ") || rest.starts_with("impl<") {
        return Some(("impl", String::new(), false));
    }
    let kinds = ["fn", "struct", "enum", "trait", "mod", "const", "static", "type", "macro_rules!"];
    let (kind, after) = kinds.iter().find_map(|kind| Some((*kind, rest.strip_prefix(kind)?.strip_prefix(' ')?)))?;
    let name: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let kind = if kind == "macro_rules!" { "macro" } else { kind };
    (!name.is_empty() && name != "_").then_some((kind, name, is_public))
}

/// The type of an impl, and its trait.
fn implemented(text: &str) -> (String, Option<String>) {
    let text = text.trim_start().strip_prefix("impl").unwrap_or(text).trim_start();
    let text = if text.starts_with('<') { &text[generics(text)..] } else { text };
    let head = text.split([';', '{']).next().unwrap_or("");
    let head = head.split(" where ").next().unwrap_or("").trim();
    match head.split_once(" for ") {
        Some((name, of)) => (last_name(of), Some(last_name(name))),
        None => (last_name(head), None),
    }
}

/// Length of the generics at the start of `text`.
fn generics(text: &str) -> usize {
    let mut open = 0;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '<' => open += 1,
            '>' if before != '-' => open -= 1,
            _ => {}
        }
        before = c;
        if open == 0 {
            return at + 1;
        }
    }
    text.len()
}

/// `std::fmt::Display<T>` to `Display`, `&'a [u8]` to `u8`.
fn last_name(path: &str) -> String {
    let path = path.split('<').next().unwrap_or("");
    let name = path.rsplit("::").next().unwrap_or("");
    let name = name.trim_start_matches(['&', '[', '(', '!']);
    let name = name.rsplit(' ').next().unwrap_or("");
    name.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Line number of the end of what starts at the line numbered `start`: an item, a statement, an arm, a field.
pub(super) fn end_of(lines: &[&str], start: usize) -> usize {
    let Some(first) = lines.get(start - 1) else { return lines.len().max(1) };
    let own = indent(first);
    let head = code_of(first);
    let is_closed =
        head.ends_with([';', ',']) || head.ends_with('}') && head.matches('{').count() <= head.matches('}').count();
    if is_closed {
        return start;
    }
    let mut end = start;
    for (index, line) in lines.iter().enumerate().skip(start) {
        if line.trim().is_empty() {
            continue;
        }
        let depth = indent(line);
        let code = code_of(line);
        let goes_on = code.ends_with(['{', '(', '[']) || code == "where" || code.starts_with("| ");
        if depth < own || depth == own && !goes_on {
            let closes = depth == own && code.starts_with(['}', ')', ']']);
            return if closes { index + 1 } else { end };
        }
        if depth == own && !code.starts_with(['}', ')', ']', '{', '|']) && code != "where" {
            return end;
        }
        end = index + 1;
    }
    end
}

/// A line without spaces around it and comment after it.
fn code_of(line: &str) -> &str {
    line.split(" // ").next().unwrap_or("").trim()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "//! A.\n\
        pub struct Id(u8);\n\
        \n\
        impl<T: Fn() -> u8> fmt::Display for Id<T>\n\
        where\n    T: Copy,\n\
        {\n    fn fmt(&self) -> u8 {\n        fn inner() {}\n        if a {\n            b\n        } else {\n            c\n        }\n    }\n}\n\
        impl Id {\n    pub const fn new(\n        a: u8,\n    ) -> Id {\n        Id(a)\n    }\n    fn fmt(&self) {}\n}\n\
        pub(crate) const X: &[u8] = &[\n    1,\n];\n\
        mod tests {\n    #[test]\n    fn works() {\n        todo()\n    }\n}\n";

    #[test]
    fn items_have_paths_and_ends() {
        let lines: Vec<&str> = SOURCE.lines().collect();
        let found: Vec<_> =
            of(&lines).into_iter().map(|item| (item.kind, item.path, item.line, item.end, item.depth)).collect();
        let want = [
            ("struct", "Id", 2, 2, 0),
            ("impl", "Id", 4, 16, 0),
            ("fn", "Id::Display::fmt", 8, 15, 1),
            ("impl", "Id", 17, 24, 0),
            ("fn", "Id::new", 18, 22, 1),
            ("fn", "Id::fmt", 23, 23, 1),
            ("const", "X", 25, 27, 0),
            ("mod", "tests", 28, 33, 0),
            ("fn", "tests::works", 30, 32, 1),
        ];
        assert_eq!(found, want.map(|(kind, path, line, end, depth)| (kind, path.to_string(), line, end, depth)));
    }

    #[test]
    fn statements_and_arms_have_ends() {
        let source = "    let a = b(\n        c,\n    );\n    match d {\n        E => f,\n        | G\n        | H => {\n            i\n        }\n    }\n    last\n}\n";
        let lines: Vec<&str> = source.lines().collect();
        assert_eq!([1, 4, 5, 6, 11].map(|start| end_of(&lines, start)), [3, 10, 5, 9, 11]);
    }
}
