//! Colours for Rust: comments, strings, numbers, key words, types, macros, attributes.

use super::page::escape;
use super::plain;

/// The lines of a Rust source as HTML. Strings and block comments may run over lines.
pub(super) fn lines(source: &str) -> Vec<String> {
    let mut inside = Inside::Code;
    source
        .lines()
        .map(|line| {
            let mut out = String::new();
            let mut rest = line;
            while !rest.is_empty() {
                let (class, length) = token(rest, &mut inside);
                let (text, after) = rest.split_at(length);
                match class {
                    "" => out.push_str(&escape(text)),
                    _ => out.push_str(&format!("<span class=\"{class}\">{}</span>", escape(text))),
                }
                rest = after;
            }
            out
        })
        .collect()
}

/// A block of code of the guide as HTML.
pub(super) fn block(language: &str, text: &str) -> String {
    match language {
        "rust" | "no_run" | "should_panic" => lines(text).join("\n"),
        _ => plain::block(language, text),
    }
}

/// What the line before left open.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Code,
    Comment(u32),
    String,
    RawString(usize),
}

/// Class and length in bytes of the token at the start of `text`, which is not empty.
fn token(text: &str, inside: &mut Inside) -> (&'static str, usize) {
    match *inside {
        Inside::Comment(depth) => ("c", block_comment(text, 0, depth, inside)),
        Inside::String => ("s", string(text, 0, inside)),
        Inside::RawString(hashes) => ("s", raw_string(text, 0, hashes, inside)),
        Inside::Code => code(text, inside),
    }
}

fn code(text: &str, inside: &mut Inside) -> (&'static str, usize) {
    let first = text.chars().next().unwrap_or(' ');
    if text.starts_with("///") || text.starts_with("//!") {
        return ("d", text.len());
    }
    if text.starts_with("//=") || text.starts_with("//#") {
        return ("m", text.len());
    }
    if text.starts_with("//") {
        return ("c", text.len());
    }
    if text.starts_with("/*") {
        return ("c", block_comment(text, 2, 1, inside));
    }
    if text.starts_with("#[") || text.starts_with("#![") {
        return ("a", text.find(']').map_or(text.len(), |end| end + 1));
    }
    let prefix = text.len() - text.trim_start_matches(['b', 'r', 'c']).len();
    if prefix < 3 && text[prefix..].starts_with('"') && !text[..prefix].contains('r') {
        return ("s", string(text, prefix + 1, inside));
    }
    if (1..3).contains(&prefix) && text[..prefix].ends_with('r') {
        let hashes = text[prefix..].len() - text[prefix..].trim_start_matches('#').len();
        if text[prefix + hashes..].starts_with('"') {
            return ("s", raw_string(text, prefix + hashes + 1, hashes, inside));
        }
    }
    if first == '\'' {
        return quote(text);
    }
    if first.is_ascii_digit() {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        return ("n", text.find(|c| !is_part(c)).unwrap_or(text.len()));
    }
    if first.is_alphabetic() || first == '_' {
        return word(text);
    }
    ("", first.len_utf8())
}

/// A key word, type, macro or plain name.
fn word(text: &str) -> (&'static str, usize) {
    let length = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let name = &text[..length];
    if KEY_WORDS.contains(&name) {
        return ("k", length);
    }
    if text[length..].starts_with('!') && !text[length..].starts_with("!=") {
        return ("x", length + 1);
    }
    if name.starts_with(|c: char| c.is_uppercase()) {
        return ("t", length);
    }
    ("", length)
}

/// A character, or a lifetime.
fn quote(text: &str) -> (&'static str, usize) {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let from = at + escaped.len_utf8();
            ("s", text[from..].find('\'').map_or(text.len(), |end| from + end + 1))
        }
        (Some(_), Some((at, '\''))) => ("s", at + 1),
        _ => ("l", text[1..].find(|c: char| !c.is_alphanumeric() && c != '_').map_or(text.len(), |end| end + 1)),
    }
}

fn string(text: &str, from: usize, inside: &mut Inside) -> usize {
    let mut escaped = false;
    for (at, c) in text[from..].char_indices() {
        match c {
            '"' if !escaped => {
                *inside = Inside::Code;
                return from + at + 1;
            }
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    *inside = Inside::String;
    text.len()
}

fn raw_string(text: &str, from: usize, hashes: usize, inside: &mut Inside) -> usize {
    let end = format!("\"{}", "#".repeat(hashes));
    match text[from..].find(&end) {
        Some(at) => {
            *inside = Inside::Code;
            from + at + end.len()
        }
        None => {
            *inside = Inside::RawString(hashes);
            text.len()
        }
    }
}

fn block_comment(text: &str, from: usize, mut depth: u32, inside: &mut Inside) -> usize {
    let mut at = from;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("*/") {
            at += 2;
            depth -= 1;
            if depth == 0 {
                *inside = Inside::Code;
                return at;
            }
        } else if rest.starts_with("/*") {
            at += 2;
            depth += 1;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    *inside = Inside::Comment(depth);
    text.len()
}

const KEY_WORDS: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "Self",
    "static", "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while",
];

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn tokens_have_their_class() {
        let html = lines("let a: &'a str = \"x\\\"y\"; // why\n#[test] fn f() { b'\\n'; '\\''; 0x1F; vec![Some(1)] }");
        assert_eq!(
            html[0],
            "<span class=\"k\">let</span> a: &amp;<span class=\"l\">'a</span> str = \
             <span class=\"s\">&quot;x\\&quot;y&quot;</span>; <span class=\"c\">// why</span>"
        );
        assert!(html[1].starts_with("<span class=\"a\">#[test]</span> <span class=\"k\">fn</span> f() {"));
        assert!(html[1].contains("<span class=\"s\">'\\''</span>; <span class=\"n\">0x1F</span>"));
        assert!(html[1].contains("<span class=\"x\">vec!</span>[<span class=\"t\">Some</span>"));
    }

    #[test]
    fn strings_and_comments_run_over_lines() {
        let html = lines("r#\"a\nb\" c\"# d /* e\nf */ g");
        assert_eq!(html[1], "<span class=\"s\">b&quot; c&quot;#</span> d <span class=\"c\">/* e</span>");
        assert_eq!(html[2], "<span class=\"c\">f */</span> g");
    }

    #[test]
    fn every_source_of_this_crate_comes_out_whole() {
        for source in [include_str!("highlight.rs"), include_str!("guide.rs"), include_str!("../gaps.rs")] {
            for (line, html) in source.lines().zip(lines(source)) {
                let mut text = String::new();
                let mut in_tag = false;
                for c in html.chars() {
                    match c {
                        '<' => in_tag = true,
                        '>' => in_tag = false,
                        c if !in_tag => text.push(c),
                        _ => {}
                    }
                }
                let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
                assert_eq!(text, line);
            }
        }
    }
}
