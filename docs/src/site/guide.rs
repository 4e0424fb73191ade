//! The front page and the pages of the guide, in the order of its table of contents.

use super::markdown;
use super::meter::{Counts, meter};
use super::page::{Page, escape, up};
use super::plan::Plan;
use crate::Entry;

/// The table of contents.
const CONTENTS: &str = "docs/guide/README.md";

/// A part of the table of contents: its heading, and the paths and titles of its pages.
#[derive(Debug, Default, PartialEq, Eq)]
struct Part {
    heading: String,
    pages: Vec<(String, String)>,
}

/// The front page, other pages at the root of the repository, and every page of the guide.
pub(super) fn pages(plan: &Plan<'_>) -> Vec<(String, String)> {
    let parts = parts(plan);
    let mut pages = Vec::new();
    for (file, text) in plan.site.tree.files().filter(|(file, _)| file.ends_with(".md") && !file.contains('/')) {
        let path = if file == "README.md" { "index.html".into() } else { file.to_lowercase().replace(".md", ".html") };
        let mut body = markdown::render(plan, &path, file, text).html;
        if file == "README.md" {
            body = body.replacen("</p>\n", &format!("</p>\n{}", summary(plan)), 1);
        }
        let title = if file == "README.md" { "Reference protocols in Rust".into() } else { Plan::title(text) };
        pages.push(Page { path: &path, title: &title, side: String::new(), body }.framed(plan));
    }
    let order: Vec<&str> = parts.iter().flat_map(|part| &part.pages).map(|(file, _)| file.as_str()).collect();
    for (file, text) in plan.site.tree.guide() {
        let Some(path) = plan.link("", "", file) else { continue };
        let rendered = markdown::render(plan, &path, file, text);
        let body = format!("{}{}", rendered.html, neighbours(plan, &path, file, &order));
        pages.push(Page { path: &path, title: &Plan::title(text), side: side(plan, &path, &parts), body }.framed(plan));
    }
    if !plan.site.tree.guide().any(|(file, _)| file == CONTENTS) {
        let path = "guide/index.html";
        let body = format!("<h1>Guide</h1>\n{}", side(plan, path, &parts));
        pages.push(Page { path, title: "Guide", side: String::new(), body }.framed(plan));
    }
    pages
}

/// How much of what all documents ask is met, with the ways on.
fn summary(plan: &Plan<'_>) -> String {
    let all: Counts = plan.site.coverage.entries.values().map(Entry::state).collect();
    format!(
        "<div class=\"summary\">{}<p>{} requirements of {} documents: {}.</p>\n<p><a href=\"guide/index.html\">Read the guide</a> \
         <a href=\"rooms/index.html\">Browse the source</a> <a href=\"coverage.html\">See the coverage</a></p></div>\n",
        meter(&all),
        all.total(),
        plan.documents.len(),
        all.words()
    )
}

/// The table of contents, followed by the pages that it forgets.
fn parts(plan: &Plan<'_>) -> Vec<Part> {
    let files: Vec<(&str, &str)> = plan.site.tree.guide().filter(|(file, _)| *file != CONTENTS).collect();
    let contents = plan.site.tree.guide().find(|(file, _)| *file == CONTENTS).map_or("", |(_, text)| text);
    let mut parts = contents_of(contents);
    for part in &mut parts {
        part.pages.retain(|(file, _)| files.iter().any(|(known, _)| known == file));
    }
    let is_known = |file: &str| parts.iter().any(|part| part.pages.iter().any(|(known, _)| known == file));
    let rest = files.iter().filter(|(file, _)| !is_known(file));
    let pages: Vec<_> = rest.map(|(file, text)| (file.to_string(), Plan::title(text))).collect();
    parts.push(Part { heading: if parts.is_empty() { "Pages" } else { "More" }.into(), pages });
    parts.retain(|part| !part.pages.is_empty());
    parts
}

/// The second-level headings of a table of contents with the links below them to pages beside it. A page belongs to the
/// first heading that names it.
fn contents_of(text: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = vec![Part::default()];
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            parts.push(Part { heading: heading.trim().into(), pages: Vec::new() });
        }
        for (label, rest) in
            line.match_indices("](").filter_map(|(at, _)| Some((line[..at].rsplit('[').next()?, &line[at + 2..])))
        {
            let address = rest.split([')', '#']).next().unwrap_or("");
            let file = format!("docs/guide/{address}");
            let is_known = parts.iter().any(|part| part.pages.iter().any(|(known, _)| *known == file));
            if address.ends_with(".md") && !address.contains("..") && !is_known {
                parts.last_mut().expect("there is one from the start").pages.push((file, label.replace('`', "")));
            }
        }
    }
    parts.retain(|part| !part.pages.is_empty());
    parts
}

/// The contents of the guide, with the page at `path` marked.
fn side(plan: &Plan<'_>, path: &str, parts: &[Part]) -> String {
    let mut out = String::from("<nav class=\"contents\" aria-label=\"Guide\">\n");
    for part in parts {
        if !part.heading.is_empty() {
            out.push_str(&format!("<h2>{}</h2>\n", escape(&part.heading)));
        }
        out.push_str("<ul>\n");
        for (file, title) in &part.pages {
            let to = plan.link(path, "", file).unwrap_or_default();
            let here = if to == format!("{}{path}", up(path)) { " aria-current=\"page\"" } else { "" };
            out.push_str(&format!("<li><a href=\"{to}\"{here}>{}</a></li>\n", escape(title)));
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</nav>\n");
    out
}

/// Links to the pages before and after this one.
fn neighbours(plan: &Plan<'_>, path: &str, file: &str, order: &[&str]) -> String {
    let Some(at) = order.iter().position(|known| *known == file) else { return String::new() };
    let title = |file: &str| {
        plan.site.tree.guide().find(|(known, _)| *known == file).map_or("".into(), |(_, text)| Plan::title(text))
    };
    let link = |file: Option<&&str>, relation: &str, label: &str| {
        let to = file.and_then(|file| plan.link(path, "", file));
        file.zip(to).map_or(String::new(), |(file, to)| {
            format!("<a rel=\"{relation}\" href=\"{to}\"><small>{label}</small> {}</a>", escape(&title(file)))
        })
    };
    let before = link(at.checked_sub(1).and_then(|before| order.get(before)), "prev", "Before");
    let after = link(order.get(at + 1), "next", "Next");
    format!("<nav class=\"neighbours\" aria-label=\"Neighbours\">{before}{after}</nav>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_headings_and_links() {
        let text = "# Guide\n\nSee [a](a.md).\n\n## One\n- [`b`](b.md): b, then [a](a.md#x)\n## None\n## Two\n- [c](m/c.md) [d](../d.md)\n";
        let parts = contents_of(text);
        let found: Vec<_> = parts
            .iter()
            .map(|part| (part.heading.as_str(), part.pages.iter().map(|(file, _)| file.as_str()).collect::<Vec<_>>()))
            .collect();
        let want =
            vec![("", vec!["docs/guide/a.md"]), ("One", vec!["docs/guide/b.md"]), ("Two", vec!["docs/guide/m/c.md"])];
        assert_eq!(found, want);
        assert_eq!(parts[1].pages[0].1, "b");
    }
}
