//! The frame around every page, and the links between pages.

use super::plan::Plan;
use crate::Id;

/// What differs from page to page.
#[derive(Debug, Default)]
pub(super) struct Page<'a> {
    /// Its own path below the root of the site, so that links can be relative.
    pub(super) path: &'a str,
    /// Its title, as text.
    pub(super) title: &'a str,
    /// What stands beside the text: the contents of the guide, the sections of a document. May be empty.
    pub(super) side: String,
    /// The HTML inside of `<main>`.
    pub(super) body: String,
}

impl Page<'_> {
    /// Path and HTML.
    pub(super) fn framed(self, plan: &Plan<'_>) -> (String, String) {
        let Page { path, title, side, body } = self;
        let up = up(path);
        let side = match side.is_empty() {
            true => String::new(),
            false => format!("<details class=\"side\" open><summary>Contents</summary>{side}</details>\n"),
        };
        let layout = if side.is_empty() { "plain" } else { "sided" };
        let html = format!(
            "<!doctype html>\n<html lang=\"en\" data-root=\"{up}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title} - Wireworks</title>\n<link rel=\"stylesheet\" href=\"{up}style.css\">\n{THEME}\n\
             <script defer src=\"{up}site.js\"></script>\n<script defer src=\"{up}find.js\"></script>\n</head>\n<body class=\"{layout}\">\n\
             <a class=\"skip\" href=\"#site-main\">Skip to the text</a>\n<header>\n\
             <a class=\"home\" href=\"{up}index.html\">Wireworks</a>\n<nav aria-label=\"Site\">{nav}</nav>\n{TOOLS}</header>\n\
             {side}<main id=\"site-main\" tabindex=\"-1\">\n{body}\n</main>\n</body>\n</html>\n",
            title = escape(title),
            nav = nav(plan, path),
        );
        (path.to_string(), html)
    }
}

/// Chosen before anything is drawn, so that nothing flashes.
const THEME: &str =
    "<script>try{document.documentElement.dataset.theme=localStorage.getItem(\"theme\")||\"\"}catch{}</script>";

const TOOLS: &str = "<div class=\"tools\"><input id=\"site-search\" type=\"search\" placeholder=\"Search  /\" \
     aria-label=\"Search\" autocomplete=\"off\" spellcheck=\"false\" role=\"combobox\" aria-expanded=\"false\" \
     aria-controls=\"site-found\">\
     <button id=\"site-theme\" type=\"button\" title=\"Light or dark (t)\" aria-label=\"Light or dark\">&#9680;</button>\
     <button id=\"site-help\" type=\"button\" title=\"Keys (?)\" aria-label=\"Keys\">?</button></div>\n\
     <div id=\"site-found\" role=\"listbox\" aria-label=\"Found\" hidden></div>\n";

/// The links in the head of every page.
fn nav(plan: &Plan<'_>, path: &str) -> String {
    let mut links = vec![("guide/index.html", "Guide"), ("rooms/index.html", "Source"), ("coverage.html", "Coverage")];
    let extra = plan.site.extra.iter().filter(|extra| extra.path.ends_with("index.html"));
    links.extend(extra.map(|extra| (extra.path.as_str(), extra.title.as_str())));
    if plan.site.api.contains("wire/index.html") {
        links.push(("api/wire/index.html", "API"));
    }
    let up = up(path);
    let area = |path: &str| match path.split('/').next().unwrap_or("") {
        "src" => "rooms".to_string(),
        "spec" => "coverage.html".into(),
        area => area.to_string(),
    };
    links
        .iter()
        .map(|(to, name)| {
            let here = if area(to) == area(path) { " aria-current=\"true\"" } else { "" };
            format!("<a href=\"{up}{to}\"{here}>{}</a>", escape(name))
        })
        .collect()
}

/// From the page at `path` up to the root: `../` for each directory.
pub(super) fn up(path: &str) -> String {
    "../".repeat(path.matches('/').count())
}

/// The page of a source, below the root.
pub(super) fn source_path(file: &str) -> String {
    format!("src/{file}.html")
}

/// The page of a document, below the root.
pub(super) fn document_path(document: &str) -> String {
    format!("spec/{document}.html")
}

/// Address of a requirement's entry on the page of its document.
pub(super) fn id_href(up: &str, id: &Id) -> String {
    format!("{up}{}#{}", document_path(&id.document), anchor(id))
}

/// The anchor of a requirement.
pub(super) fn anchor(id: &Id) -> String {
    format!("{}/{}", id.section, id.slug)
}

/// Text made safe for HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
