//! As much of Markdown as the READMEs use: headings, paragraphs, lists, tables, code, links, emphasis.

use super::highlight;
use super::page::escape;

/// The text as HTML. `link` turns the address of a link into one that works on the page.
pub(super) fn render(text: &str, link: &dyn Fn(&str) -> String) -> String {
    let mut out = String::new();
    let lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let count = if let Some(language) = line.trim_start().strip_prefix("```") {
            fenced(&lines[at..], language, &mut out)
        } else if line.starts_with("    ") {
            let code = run(&lines[at..], |line| line.starts_with("    ") || line.trim().is_empty());
            let body: Vec<&str> = lines[at..at + code].iter().map(|line| line.get(4..).unwrap_or("")).collect();
            out.push_str(&format!("<pre>{}</pre>\n", escape(body.join("\n").trim_end())));
            code
        } else if line.starts_with('#') {
            let level = line.len() - line.trim_start_matches('#').len();
            out.push_str(&format!("<h{level}>{}</h{level}>\n", inline(line[level..].trim(), link)));
            1
        } else if line.starts_with('|') {
            table(&lines[at..], link, &mut out)
        } else if item(line).is_some() {
            list(&lines[at..], link, &mut out)
        } else if line.trim().is_empty() {
            1
        } else {
            let count = run(&lines[at..], is_prose).max(1);
            out.push_str(&format!("<p>{}</p>\n", inline(&lines[at..at + count].join(" "), link)));
            count
        };
        at += count;
    }
    out
}

/// Marks within a line.
pub(super) fn inline(text: &str, link: &dyn Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '[', '*']) {
        let (plain, marked) = rest.split_at(at);
        out.push_str(&escape(plain));
        let (html, length) = span(marked, link).unwrap_or_else(|| (escape(&marked[..1]), 1));
        out.push_str(&html);
        rest = &marked[length..];
    }
    out.push_str(&escape(rest));
    out
}

/// The marked span at the start of `text`, and its length in bytes.
fn span(text: &str, link: &dyn Fn(&str) -> String) -> Option<(String, usize)> {
    if let Some(code) = text.strip_prefix('`') {
        let end = code.find('`')?;
        return Some((format!("<code>{}</code>", escape(&code[..end])), end + 2));
    }
    if let Some(strong) = text.strip_prefix("**") {
        let end = strong.find("**")?;
        return Some((format!("<strong>{}</strong>", inline(&strong[..end], link)), end + 4));
    }
    if let Some(emphasis) = text.strip_prefix('*') {
        let end = emphasis.find('*').filter(|end| *end > 0)?;
        return Some((format!("<em>{}</em>", inline(&emphasis[..end], link)), end + 2));
    }
    let label = text.strip_prefix('[')?;
    let end = label.find("](")?;
    let address = &label[end + 2..];
    let close = address.find(')')?;
    let html = format!("<a href=\"{}\">{}</a>", escape(&link(&address[..close])), inline(&label[..end], link));
    Some((html, 1 + end + 2 + close + 1))
}

fn fenced(lines: &[&str], language: &str, out: &mut String) -> usize {
    let body = run(&lines[1..], |line| !line.trim_start().starts_with("```"));
    let code = lines[1..=body].join("\n");
    let is_rust = language.split(',').all(|word| matches!(word.trim(), "" | "rust" | "no_run"));
    let html = if is_rust { highlight::lines(&code).join("\n") } else { escape(&code) };
    out.push_str(&format!("<pre>{html}</pre>\n"));
    body + 2
}

fn table(lines: &[&str], link: &dyn Fn(&str) -> String, out: &mut String) -> usize {
    let count = run(lines, |line| line.starts_with('|'));
    out.push_str("<div class=\"wide\"><table>\n");
    for (row, line) in lines[..count].iter().enumerate() {
        if line.chars().all(|c| "|-: ".contains(c)) {
            continue;
        }
        let tag = if row == 0 { "th" } else { "td" };
        let cells = line.trim().trim_matches('|').split('|');
        let cells: String = cells.map(|cell| format!("<{tag}>{}</{tag}>", inline(cell.trim(), link))).collect();
        out.push_str(&format!("<tr>{cells}</tr>\n"));
    }
    out.push_str("</table></div>\n");
    count
}

/// Lists are flat; lines that are indented belong to the item above.
fn list(lines: &[&str], link: &dyn Fn(&str) -> String, out: &mut String) -> usize {
    let count = run(lines, |line| item(line).is_some() || line.starts_with("  "));
    let mut items: Vec<String> = Vec::new();
    for line in &lines[..count] {
        match (item(line), items.last_mut()) {
            (None, Some(last)) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            (words, _) => items.push(words.unwrap_or(line).to_string()),
        }
    }
    let items: String = items.iter().map(|item| format!("<li>{}</li>\n", inline(item, link))).collect();
    out.push_str(&format!("<ul>\n{items}</ul>\n"));
    count
}

/// The words of a list item.
fn item(line: &str) -> Option<&str> {
    let numbered = || line.split_once(". ").filter(|(number, _)| number.parse::<u8>().is_ok()).map(|(_, words)| words);
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).or_else(numbered)
}

fn is_prose(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with(['#', '|']) && !line.starts_with("```") && item(line).is_none()
}

/// How many lines in a row the test holds for.
fn run(lines: &[&str], test: impl Fn(&str) -> bool) -> usize {
    lines.iter().take_while(|line| test(line)).count()
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn blocks() {
        let html = render("# A `b`\n\nc\nd **e**\n- f\n  g\n- h\n\n| i | j |\n|---|---|\n| k | [l](m.md) |\n", &|to| {
            to.replace("md", "html")
        });
        let want = "<h1>A <code>b</code></h1>\n<p>c d <strong>e</strong></p>\n<ul>\n<li>f g</li>\n<li>h</li>\n</ul>\n\
                    <div class=\"wide\"><table>\n<tr><th>i</th><th>j</th></tr>\n\
                    <tr><td>k</td><td><a href=\"m.html\">l</a></td></tr>\n</table></div>\n";
        assert_eq!(html, want);
    }

    #[test]
    fn code_is_not_marked_up() {
        let html = render("```text\n*a* <b>\n```\n\n    c [d](e)\n\n2 * 3 * 4 [x] `", &|to| to.to_string());
        assert_eq!(html, "<pre>*a* &lt;b&gt;</pre>\n<pre>c [d](e)</pre>\n<p>2 <em> 3 </em> 4 [x] `</p>\n");
    }
}
