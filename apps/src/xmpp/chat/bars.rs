//! Title, status and the line that is written.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

use super::commands::show_name;
use super::conversation::{Conversation, Kind};
use super::input::Editor;
use super::model::{Link, Model};
use super::screen::{at, put};
use super::text;

/// What the conversation is.
pub fn title(buffer: &mut Buffer, area: Rect, model: &Model) {
    if area.height == 0 {
        return;
    }
    let style = Style::new().bg(Color::Blue).fg(Color::White);
    let words = title_words(model);
    put(buffer, area, area.x, area.y, &text::pad(&format!(" {words}"), usize::from(area.width)), style);
}

fn title_words(model: &Model) -> String {
    let shown = model.shown();
    let Some(place) = &shown.place else {
        return format!("Wireworks xmpp {} · /help shows what there is", env!("CARGO_PKG_VERSION"));
    };
    match shown.kind {
        Kind::Room => {
            let state = match shown.joined {
                true => format!("{} here", shown.occupants.len()),
                false => "not in it".to_owned(),
            };
            let subject = if shown.subject.is_empty() { String::new() } else { format!(" · {}", shown.subject) };
            format!("{} · {state}{subject}", place.with)
        }
        Kind::Private => format!("{} in {}, in private", place.with.resource().unwrap_or_default(), place.with.bare()),
        _ => {
            let contact = model.accounts.get(place.account).and_then(|account| account.contacts.get(&place.with));
            let Some(contact) = contact else { return format!("{} · no contact", place.with) };
            let best = contact.best();
            let state = show_name(best.map(|resource| resource.show));
            let status = best.and_then(|resource| resource.status.as_ref());
            let status = status.map(|status| format!(": {status}")).unwrap_or_default();
            match contact.label == place.with.as_str() {
                true => format!("{} · {state}{status}", place.with),
                false => format!("{} <{}> · {state}{status}", contact.label, place.with),
            }
        }
    }
}

/// The time, the accounts, who writes, and what is new elsewhere.
pub fn status(buffer: &mut Buffer, area: Rect, model: &Model) {
    if area.height == 0 {
        return;
    }
    let style = Style::new().bg(Color::Blue).fg(Color::White);
    let cells = usize::from(area.width);
    put(buffer, area, area.x, area.y, &" ".repeat(cells), style);
    if let Some(hint) = &model.hint {
        let hint_style = style.fg(Color::Yellow);
        put(buffer, area, area.x, area.y, &text::fit(&format!(" {hint}"), cells), hint_style);
        return;
    }
    let mut x = put(buffer, area, area.x, area.y, &format!(" {} ", text::clock(model.unix, model.east).1), style);
    let account = model.account_here();
    let good = model.accounts.get(account).is_some_and(|account| account.link == Link::Online);
    let mark = if good { "●" } else { "✗" };
    let colour = if good { Color::LightGreen } else { Color::LightRed };
    x = put(buffer, area, x, area.y, mark, style.fg(colour));
    let news = news(model);
    let writers = writers(model.shown(), model);
    let rest = usize::from(area.right().saturating_sub(x));
    let needed = text::width(&news) + text::width(&writers);
    let state = model.link_text(account);
    let mut who = format!(" {} {state}", model.accounts[account].jid);
    if text::width(&who) + needed > rest {
        who = format!(" {}", if good { super::model::short(&model.accounts[account].jid) } else { state });
    }
    if good && text::width(&who) + needed > rest {
        who.clear();
    }
    let others = model.accounts.iter().enumerate().filter(|(at, other)| *at != account && other.link != Link::Online);
    for (_, other) in others {
        who.push_str(&format!(" ✗ {}", other.name));
    }
    x = put(buffer, area, x, area.y, &text::fit(&who, rest.saturating_sub(needed.min(rest / 2))), style);
    let bold = style.add_modifier(Modifier::BOLD);
    let left = |x: u16| usize::from(area.right().saturating_sub(x));
    x = put(buffer, area, x, area.y, &text::fit(&news, left(x)), bold.fg(Color::LightYellow));
    put(buffer, area, x, area.y, &text::fit(&writers, left(x)), bold);
}

/// The conversations with something new: `[2:bob 3]`.
fn news(model: &Model) -> String {
    let new = model.conversations.iter().enumerate().filter(|(_, conversation)| conversation.unread > 0);
    let mut new: Vec<_> = new.map(|(at, conversation)| (!conversation.important, at, conversation)).collect();
    new.sort_by_key(|(quiet, at, _)| (*quiet, *at));
    let shown: Vec<_> = new
        .iter()
        .map(|(quiet, at, conversation)| {
            let mark = if *quiet { "" } else { "!" };
            format!("{}:{}({}{mark})", at + 1, text::fit(&conversation.title, 16), conversation.unread)
        })
        .collect();
    if shown.is_empty() { String::new() } else { format!(" [{}]", shown.join(" ")) }
}

fn writers(shown: &Conversation, model: &Model) -> String {
    let writers: Vec<String> = shown.writers(model.unix).iter().map(|name| text::fit(name, 16)).collect();
    match &writers[..] {
        [] => String::new(),
        [one] => format!("  {one} is typing…"),
        [one, two] => format!("  {one} and {two} are typing…"),
        several => format!("  {} people are typing…", several.len()),
    }
}

fn prompt(model: &Model) -> &'static str {
    if model.correcting.is_some() { "edit> " } else { "> " }
}

/// Rows that the line needs, at that width.
pub fn input_rows(width: u16, model: &Model, editor: &Editor) -> usize {
    editor.rows(usize::from(width).saturating_sub(prompt(model).len())).0.len()
}

/// The line that is written; where the cursor is.
pub fn input(buffer: &mut Buffer, area: Rect, model: &Model, editor: &Editor) -> Option<Position> {
    let prompt = prompt(model);
    let style = match model.correcting {
        Some(_) => Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD),
        None => Style::new().fg(Color::DarkGray),
    };
    let inset = prompt.len();
    let (rows, cursor) = editor.rows(usize::from(area.width).saturating_sub(inset));
    let first = (cursor.0 + 1).saturating_sub(usize::from(area.height));
    put(buffer, area, area.x, area.y, prompt, style);
    let x = area.x + u16::try_from(inset).unwrap_or(0);
    for (row, y) in rows.iter().skip(first).zip(area.top()..area.bottom()) {
        put(buffer, area, x, y, row, Style::new());
    }
    (area.height > 0).then(|| at(area, cursor.0 - first, inset + cursor.1))
}
