//! The frame around every page, and the links between pages.

use crate::{Id, Place};

/// A whole page: `path` is its own path below the root of the site, so that links can be relative.
pub(super) fn page(path: &str, title: &str, body: &str) -> String {
    let up = up(path);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} - Wireworks</title>\n<link rel=\"stylesheet\" href=\"{up}style.css\">\n\
         <script>const ROOT = \"{up}\";</script>\n<script defer src=\"{up}search.js\"></script>\n\
         <script defer src=\"{up}site.js\"></script>\n</head>\n<body>\n<header>\n\
         <a class=\"home\" href=\"{up}index.html\">Wireworks</a>\n<nav><a href=\"{up}coverage.html\">Coverage</a>\n\
         <a href=\"{up}api/wire/index.html\">API</a></nav>\n\
         <input id=\"search\" type=\"search\" placeholder=\"Search\" aria-label=\"Search\" autocomplete=\"off\">\n\
         <div id=\"found\" hidden></div>\n</header>\n<main>\n{body}\n</main>\n</body>\n</html>\n",
        title = escape(title),
    )
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

/// Address of a line of a source.
pub(super) fn place_href(up: &str, place: &Place) -> String {
    format!("{up}{}#L{}", source_path(&place.file), place.line)
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
pub(super) fn escape(text: &str) -> String {
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
