//! Colours for the small languages of the guide: shell, TOML, JSON.

use super::page::escape;

/// What counts as what in a language.
struct Language {
    comment: Option<char>,
    quotes: &'static [char],
    words: &'static [&'static str],
    /// Whether numbers have a colour.
    has_numbers: bool,
    /// Whether the first word of a line is what is run.
    has_commands: bool,
}

const SHELL: Language = Language {
    comment: Some('#'),
    quotes: &['"', '\''],
    words: &["do", "done", "fi", "for", "if", "in", "then", "while"],
    has_numbers: false,
    has_commands: true,
};
const TOML: Language = Language {
    comment: Some('#'),
    quotes: &['"', '\''],
    words: &["true", "false"],
    has_numbers: true,
    has_commands: false,
};
const JSON: Language = Language {
    comment: None,
    quotes: &['"'],
    words: &["true", "false", "null"],
    has_numbers: true,
    has_commands: false,
};

/// Commands with their comments, for the most part.
const UNSAID: Language =
    Language { comment: Some('#'), quotes: &[], words: &[], has_numbers: false, has_commands: false };

/// A block of code as HTML; of a language that is not known, without colours.
pub(super) fn block(language: &str, text: &str) -> String {
    let language = match language {
        "sh" | "bash" | "shell" | "console" => &SHELL,
        "toml" => &TOML,
        "json" => &JSON,
        "" => &UNSAID,
        _ => return escape(text),
    };
    text.lines().map(|line| self::line(language, line)).collect::<Vec<_>>().join("\n")
}

fn line(language: &Language, line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    let mut before = ' ';
    let mut is_first_word = language.has_commands;
    while let Some(first) = rest.chars().next() {
        let (class, length) = token(language, rest, before);
        let (text, after) = rest.split_at(length);
        let is_word = class.is_empty() && first.is_alphanumeric();
        match class {
            "" if is_word && is_first_word => out.push_str(&span("t", text)),
            "" => out.push_str(&escape(text)),
            class => out.push_str(&span(class, text)),
        }
        is_first_word = language.has_commands
            && (matches!(first, '|' | ';' | '&') || is_first_word && !is_word && class.is_empty());
        before = text.chars().next_back().unwrap_or(' ');
        rest = after;
    }
    out
}

/// Class and length in bytes of what `text` starts with.
fn token(language: &Language, text: &str, before: char) -> (&'static str, usize) {
    let first = text.chars().next().unwrap_or(' ');
    if language.comment == Some(first) && before == ' ' {
        return ("c", text.len());
    }
    if language.quotes.contains(&first) {
        let end = text[1..].find(first).map_or(text.len(), |end| end + 2);
        return ("s", end);
    }
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let length = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let word = &text[..length];
    match () {
        () if length == 0 => ("", first.len_utf8()),
        () if language.words.contains(&word) => ("k", length),
        () if language.has_numbers && word.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit()) => {
            ("n", length)
        }
        () => ("", length),
    }
}

fn span(class: &str, text: &str) -> String {
    format!("<span class=\"{class}\">{}</span>", escape(text))
}

#[cfg(test)]
mod tests {
    use super::block;

    #[test]
    fn small_languages_have_colours() {
        assert_eq!(
            block("sh", "make docs | less # <see>"),
            "<span class=\"t\">make</span> docs | <span class=\"t\">less</span> <span class=\"c\"># &lt;see&gt;</span>"
        );
        assert_eq!(
            block("toml", "a = \"b#\"\nc = 12 # d"),
            "a = <span class=\"s\">&quot;b#&quot;</span>\nc = <span class=\"n\">12</span> <span class=\"c\"># d</span>"
        );
        assert_eq!(
            block("json", "{\"a\": null}"),
            "{<span class=\"s\">&quot;a&quot;</span>: <span class=\"k\">null</span>}"
        );
        assert_eq!(block("text", "# <a>"), "# &lt;a&gt;");
    }
}
