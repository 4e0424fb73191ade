//! A ladder as a page, with the messages one click away.

use std::fmt::Write;

use super::svg::class;
use super::{Arrow, Ladder, Protocol};
use crate::site::escape;

/// A page that stands alone: nothing is loaded, and it works from a file.
pub fn page(ladder: &Ladder, title: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{}</main>\n</body>\n</html>\n",
        include_str!("page.css"),
        body(ladder),
        title = escape(title),
    )
}

/// The ladder alone, to stand in a page that has its own frame; it brings its styles and its script.
pub fn body(ladder: &Ladder) -> String {
    let count = ladder.columns.len().max(1);
    let mut out =
        format!("<style>{}</style>\n<div class=\"ladder\" style=\"--n:{count}\">\n", include_str!("ladder.css"));
    out.push_str("<div class=\"steps\">\n<div class=\"who\"><span class=\"at\">s</span><div class=\"lanes\">");
    for name in &ladder.columns {
        let _ = write!(out, "<b>{}</b>", escape(name));
    }
    out.push_str("</div></div>\n");
    for (number, arrow) in ladder.arrows.iter().enumerate() {
        step(&mut out, number + 1, arrow, ladder.columns.len());
    }
    out.push_str("</div>\n<div class=\"messages\" tabindex=\"-1\">\n");
    out.push_str("<p class=\"hint\">Click an arrow to read its message; <kbd>&uarr;</kbd> and <kbd>&darr;</kbd> go on from there.</p>\n");
    for (number, arrow) in ladder.arrows.iter().enumerate() {
        message(&mut out, number + 1, arrow, ladder);
    }
    out.push_str("</div>\n</div>\n");
    for note in &ladder.notes {
        let _ = writeln!(out, "<p class=\"note\">{}</p>", escape(note));
    }
    let _ = writeln!(out, "<script>{}</script>", include_str!("ladder.js"));
    out
}

fn step(out: &mut String, number: usize, arrow: &Arrow, columns: usize) {
    let (left, right) = (arrow.from.min(arrow.to), arrow.from.max(arrow.to));
    let way = match arrow.from.cmp(&arrow.to) {
        std::cmp::Ordering::Less => "to-right",
        std::cmp::Ordering::Greater => "to-left",
        std::cmp::Ordering::Equal => "to-self",
    };
    let _ = write!(
        out,
        "<a class=\"step {} {way}\" href=\"#m{number}\" style=\"--a:{left};--b:{right}\"><span class=\"at\">{:.3}</span>\
         <span class=\"lanes\">",
        class(arrow.protocol),
        arrow.at.as_secs_f64(),
    );
    for _ in 0..columns {
        out.push_str("<i></i>");
    }
    let _ = writeln!(out, "<span class=\"said\"><span>{}</span><s></s></span></span></a>", escape(&arrow.caption()));
}

fn message(out: &mut String, number: usize, arrow: &Arrow, ladder: &Ladder) {
    let is_text = matches!(arrow.protocol, Protocol::Sip | Protocol::Xmpp | Protocol::Http);
    let name = |column: usize| escape(ladder.columns.get(column).map_or("", String::as_str));
    let _ = writeln!(
        out,
        "<section id=\"m{number}\" class=\"{}\"><h2>{}</h2><p>{} &rarr; {}, {:.6} s, {}</p><pre{}>{}</pre></section>",
        class(arrow.protocol),
        escape(&arrow.caption()),
        name(arrow.from),
        name(arrow.to),
        arrow.at.as_secs_f64(),
        arrow.protocol.name(),
        if is_text { "" } else { " class=\"hex\"" },
        escape(&arrow.detail),
    );
}
