//! The front page and the page of each room, from their READMEs.

use super::page::{escape, page, source_path, up};
use super::{Site, markdown};

/// The front page: the README of the repository, and the rooms.
pub(super) fn index(site: &Site<'_>) -> String {
    let readme = site.tree.files().find(|(path, _)| *path == "README.md").map_or("", |(_, text)| text);
    let mut body = markdown::render(readme, &|to| link(site, "", "", to));
    body.push_str("<h2>Rooms</h2>\n<ul class=\"rooms\">\n");
    for (room, text) in readmes(site) {
        let about = text.lines().skip(1).find(|line| !line.trim().is_empty()).unwrap_or("");
        let about = markdown::inline(about, &|to| link(site, "", room, to));
        body.push_str(&format!("<li><a href=\"guide/{room}.html\">{room}</a> {about}</li>\n"));
    }
    body.push_str("</ul>\n");
    page("index.html", "Overview", &body)
}

/// The page of each room that has a README: the README, its documents, its sources.
pub(super) fn rooms(site: &Site<'_>) -> Vec<(String, String)> {
    readmes(site)
        .map(|(room, text)| {
            let path = format!("guide/{room}.html");
            let up = up(&path);
            let mut body = markdown::render(text, &|to| link(site, &up, room, to));
            body.push_str(&format!(
                "<p><a href=\"{up}api/{}/index.html\">API reference</a></p>\n",
                room.replace('-', "_")
            ));
            body.push_str("<h2>Source</h2>\n<ul class=\"files\">\n");
            for (file, _) in site.tree.sources().filter(|(file, _)| file.split('/').next() == Some(room)) {
                body.push_str(&format!("<li><a href=\"{up}{}\">{}</a></li>\n", source_path(file), escape(file)));
            }
            body.push_str("</ul>\n");
            let html = page(&path, room, &body);
            (path, html)
        })
        .collect()
}

fn readmes<'a>(site: &Site<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    site.tree.files().filter_map(|(path, text)| Some((path.strip_suffix("/README.md")?, text)))
}

/// Where a link of a README leads: to the page of another README or of a source, outside, or, for files that have no
/// page, to the front page.
fn link(site: &Site<'_>, up: &str, room: &str, to: &str) -> String {
    if to.contains("://") || to.starts_with('#') {
        return to.to_string();
    }
    let to = to.strip_prefix("./").unwrap_or(to);
    let full = match to.strip_prefix("../") {
        Some(outside) => outside.to_string(),
        None if room.is_empty() => to.to_string(),
        None => format!("{room}/{to}"),
    };
    let full = full.trim_end_matches('/');
    if site.tree.sources().any(|(file, _)| file == full) {
        return format!("{up}{}", source_path(full));
    }
    let other = full.strip_suffix("/README.md").unwrap_or(full);
    match readmes(site).any(|(known, _)| known == other) {
        true => format!("{up}guide/{other}.html"),
        false => format!("{up}index.html"),
    }
}
