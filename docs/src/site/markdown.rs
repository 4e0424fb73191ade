//! Markdown to HTML: links lead to pages of the site, headings have anchors, code has colours.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, html};

use super::highlight;
use super::page::escape;
use super::plan::Plan;

const OPTIONS: Options = Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_FOOTNOTES);

/// A Markdown text as HTML.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    /// The HTML.
    pub(super) html: String,
    /// Its headings below the first, in order.
    pub(super) headings: Vec<Heading>,
}

/// A heading of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heading {
    /// 2 and more.
    pub(super) level: u8,
    /// Its anchor.
    pub(super) anchor: String,
    /// Its words.
    pub(super) title: String,
}

/// The Markdown `text` of the repository's file `file`, on the page at `from`.
pub(super) fn render(plan: &Plan<'_>, from: &str, file: &str, text: &str) -> Rendered {
    let events: Vec<Event<'_>> = Parser::new_ext(text, OPTIONS).collect();
    let mut rendered = Rendered::default();
    let mut out = Vec::with_capacity(events.len());
    let mut code: Option<(String, String)> = None;
    let mut dead_links = 0;
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => code = Some((language(kind), String::new())),
            Event::End(TagEnd::CodeBlock) => {
                let (language, body) = code.take().unwrap_or_default();
                let body = highlight::block(&language, body.trim_end());
                out.push(Event::Html(format!("<pre><code>{body}</code></pre>\n").into()));
            }
            Event::Text(part) if code.is_some() => code.iter_mut().for_each(|(_, body)| body.push_str(part)),
            Event::Code(name) => out.push(match plan.requirement(from, name).filter(|_| !is_in_link(&events[..at])) {
                Some(to) => html(format!("<a class=\"id\" href=\"{to}\"><code>{}</code></a>", escape(name))),
                None => event.clone(),
            }),
            Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                let heading = heading(&rendered.headings, *level as u8, &events[at + 1..]);
                let id = Some(CowStr::from(heading.anchor.clone()));
                out.push(Event::Start(Tag::Heading {
                    level: *level,
                    id,
                    classes: classes.clone(),
                    attrs: attrs.clone(),
                }));
                rendered.headings.push(heading);
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => match plan.link(from, file, dest_url) {
                Some(to) => {
                    let (link_type, title, id) = (*link_type, title.clone(), id.clone());
                    out.push(Event::Start(Tag::Link { link_type, dest_url: to.into(), title, id }));
                }
                None => {
                    dead_links += 1;
                    out.push(html(format!("<span class=\"file\" title=\"{}\">", escape(dest_url))));
                }
            },
            Event::End(TagEnd::Link) if dead_links > 0 => {
                dead_links -= 1;
                out.push(html("</span>".into()));
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                let dest_url = plan.link(from, file, dest_url).map_or(dest_url.clone(), CowStr::from);
                let (link_type, title, id) = (*link_type, title.clone(), id.clone());
                out.push(Event::Start(Tag::Image { link_type, dest_url, title, id }));
            }
            Event::Start(Tag::Table(_)) => out.extend([html("<div class=\"wide\">".into()), event.clone()]),
            Event::End(TagEnd::Table) => out.extend([event.clone(), html("</div>\n".into())]),
            _ => out.push(event.clone()),
        }
    }
    html::push_html(&mut rendered.html, out.into_iter());
    rendered.headings.retain(|heading| heading.level > 1);
    rendered
}

/// A heading with what stands below it, as plain text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// The anchor; empty for the first heading.
    pub(super) anchor: String,
    /// The heading.
    pub(super) title: String,
    /// Everything up to the next heading but code.
    pub(super) words: String,
}

/// A Markdown text by its headings.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let events: Vec<Event<'_>> = Parser::new_ext(text, OPTIONS).collect();
    let (mut parts, mut headings) = (vec![Part::default()], Vec::new());
    let (mut in_code, mut in_heading) = (false, false);
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let heading = heading(&headings, *level as u8, &events[at + 1..]);
                let anchor = if heading.level == 1 { String::new() } else { heading.anchor.clone() };
                parts.push(Part { anchor, title: heading.title.clone(), words: String::new() });
                headings.push(heading);
                in_heading = true;
            }
            Event::End(TagEnd::Heading(_)) => in_heading = false,
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            _ if in_code || in_heading => {}
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableCell) => last_words(&mut parts).push(' '),
            event => last_words(&mut parts).push_str(text_of(event)),
        }
    }
    parts.retain(|part| !part.title.is_empty() || !part.words.trim().is_empty());
    parts
}

fn last_words(parts: &mut [Part]) -> &mut String {
    &mut parts.last_mut().expect("there is one from the start").words
}

/// The words of a Markdown text as plain text: its first paragraph.
pub(super) fn first_paragraph(text: &str) -> String {
    let mut words = String::new();
    let mut inside = false;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Paragraph) => inside = true,
            Event::End(TagEnd::Paragraph) if inside => break,
            event if inside => words.push_str(text_of(&event)),
            _ => {}
        }
    }
    words
}

fn html(text: String) -> Event<'static> {
    Event::InlineHtml(text.into())
}

fn language(kind: &CodeBlockKind<'_>) -> String {
    match kind {
        CodeBlockKind::Fenced(info) => info.split([',', ' ']).next().unwrap_or("").to_string(),
        CodeBlockKind::Indented => String::new(),
    }
}

/// Whether a link is open after these events.
fn is_in_link(events: &[Event<'_>]) -> bool {
    events.iter().rev().find_map(|event| match event {
        Event::Start(Tag::Link { .. }) => Some(true),
        Event::End(TagEnd::Link | TagEnd::Paragraph | TagEnd::Heading(_)) => Some(false),
        _ => None,
    }) == Some(true)
}

/// The heading whose inside these events start with. Its anchor is the one that GitHub gives it.
fn heading(before: &[Heading], level: u8, events: &[Event<'_>]) -> Heading {
    let inside = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let title: String = inside.map(text_of).collect();
    let kept = title.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    let slug: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
    let (mut anchor, mut same) = (slug.clone(), 0);
    while before.iter().any(|known| known.anchor == anchor) {
        same += 1;
        anchor = format!("{slug}-{same}");
    }
    Heading { level, anchor, title }
}

/// What an event adds to the plain text.
fn text_of<'a>(event: &'a Event<'_>) -> &'a str {
    match event {
        Event::Text(text) | Event::Code(text) => text,
        Event::SoftBreak | Event::HardBreak => " ",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::Site;
    use crate::{Coverage, Tree};

    fn html_of(text: &str) -> Rendered {
        let spec = "# RFC 9999 X\n## 1.2 Y\n- `z` MAY (both): Z.\n";
        let tree = Tree::from([("room/SPEC.md", spec), ("room/src/lib.rs", "")]);
        let coverage = Coverage::of(&tree);
        render(&Plan::of(Site::new(&tree, &coverage)), "guide/a.html", "docs/guide/a.md", text)
    }

    #[test]
    fn links_lead_to_pages_and_files_without_a_page_are_no_links() {
        let html = html_of("[a](../../room/src/lib.rs) [b](../../Makefile) ![c](c.png) `rfc9999#1.2/z` `x`").html;
        for part in [
            "<a href=\"../src/room/src/lib.rs.html\">a</a>",
            "<span class=\"file\" title=\"../../Makefile\">b</span>",
            "<img src=\"c.png\" alt=\"c\" />",
            "<a class=\"id\" href=\"../spec/rfc9999.html#1.2/z\"><code>rfc9999#1.2/z</code></a>",
            "<code>x</code>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn headings_have_the_anchors_of_github() {
        let rendered = html_of("# One\n## Two: `three`!\n## Two three\n");
        let anchors: Vec<_> = rendered.headings.iter().map(|heading| heading.anchor.as_str()).collect();
        assert_eq!(anchors, ["two-three", "two-three-1"]);
        assert!(rendered.html.contains("<h1 id=\"one\">"));
        let anchors = html_of("## Step1\n## Step 2\n## Step\n## Step\n## Step-1\n").headings;
        let anchors: Vec<_> = anchors.iter().map(|heading| heading.anchor.as_str()).collect();
        assert_eq!(anchors, ["step1", "step-2", "step", "step-1", "step-1-1"]);
    }

    #[test]
    fn code_is_coloured_and_escaped() {
        let html = html_of("```rust\nlet a = \"<\";\n```\n\n    b <c>\n").html;
        assert!(html.contains("<span class=\"k\">let</span> a = <span class=\"s\">&quot;&lt;&quot;</span>;"), "{html}");
        assert!(html.contains("<pre><code>b &lt;c&gt;</code></pre>"), "{html}");
    }

    #[test]
    fn the_first_paragraph_is_plain() {
        assert_eq!(first_paragraph("# A\n\nSee [the\nroom](b) and `c`.\n\nMore."), "See the room and c.");
    }
}
