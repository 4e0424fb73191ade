//! The columns beside a conversation: who can be talked to, and who is in the room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use rfc3921::presence::Show;
use rfc3921::rooms::{Affiliation, Role};

use super::conversation::{Conversation, Kind, Place};
use super::model::{Link, Model};
use super::screen::put;
use super::text;

/// A row of the contact list.
struct Entry {
    /// Number of the conversation, if one is open.
    number: Option<usize>,
    symbol: &'static str,
    colour: Color,
    label: String,
    unread: u32,
    important: bool,
    current: bool,
    header: bool,
}

/// Conversations that are open, in their order, then all other contacts: those who are there first.
pub fn contacts(buffer: &mut Buffer, area: Rect, model: &Model) {
    if area.width < 4 || area.height == 0 {
        return;
    }
    let border = Style::new().fg(Color::DarkGray);
    let inner = Rect { width: area.width - 1, ..area };
    for y in area.top()..area.bottom() {
        put(buffer, area, inner.right(), y, "│", border);
    }
    let entries = entries(model);
    let height = usize::from(area.height);
    let current = entries.iter().position(|entry| entry.current).unwrap_or(0);
    let first = (current + 1).saturating_sub(height);
    for (row, entry) in entries.iter().skip(first).take(height).enumerate() {
        let y = area.y + u16::try_from(row).unwrap_or(0);
        draw(buffer, Rect { y, height: 1, ..inner }, entry);
    }
    let hidden = entries.len().saturating_sub(first + height);
    if hidden > 0 {
        let note = text::pad(&format!("  … {} more", hidden + 1), usize::from(inner.width));
        put(buffer, inner, inner.x, inner.bottom() - 1, &note, border);
    }
}

fn draw(buffer: &mut Buffer, area: Rect, entry: &Entry) {
    let cells = usize::from(area.width);
    if entry.header {
        let style = Style::new().fg(Color::DarkGray).add_modifier(Modifier::BOLD);
        put(buffer, area, area.x, area.y, &text::pad(&entry.label, cells), style);
        return;
    }
    let mut style = Style::new();
    if entry.current {
        style = style.add_modifier(Modifier::REVERSED);
    } else if entry.important {
        style = style.fg(Color::Yellow).add_modifier(Modifier::BOLD);
    } else if entry.unread > 0 {
        style = style.add_modifier(Modifier::BOLD);
    }
    let number = entry.number.map_or_else(|| "   ".to_owned(), |number| format!("{number:>2} "));
    let unread = match entry.unread {
        0 => String::new(),
        1000.. => " 999+".to_owned(),
        unread => format!(" ({unread})"),
    };
    let label = cells.saturating_sub(5 + text::width(&unread));
    put(buffer, area, area.x, area.y, &" ".repeat(cells), style);
    let x = put(buffer, area, area.x, area.y, &number, style);
    let mut symbol = style;
    if !entry.current {
        symbol = symbol.fg(entry.colour);
    }
    let x = put(buffer, area, x, area.y, entry.symbol, symbol);
    let x = put(buffer, area, x + 1, area.y, &text::pad(&entry.label, label), style);
    put(buffer, area, x, area.y, &unread, style);
}

fn entries(model: &Model) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (at, conversation) in model.conversations.iter().enumerate() {
        let (symbol, colour) = symbol(model, conversation);
        entries.push(Entry {
            number: Some(at + 1),
            symbol,
            colour,
            label: conversation.title.clone(),
            unread: conversation.unread,
            important: conversation.important,
            current: at == model.current,
            header: false,
        });
    }
    let several = model.accounts.len() > 1;
    for (number, account) in model.accounts.iter().enumerate() {
        let mut rest: Vec<_> = account
            .contacts
            .iter()
            .filter(|(jid, _)| model.find(&Place { account: number, with: (*jid).clone() }).is_none())
            .map(|(_, contact)| {
                let show = contact.best().map(|resource| resource.show);
                let (symbol, colour) = presence(show);
                (show.is_none(), contact.label.to_lowercase(), contact.label.clone(), symbol, colour)
            })
            .collect();
        rest.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        if several || !rest.is_empty() {
            let label = if several { account.name.clone() } else { "contacts".to_owned() };
            entries.push(header(&label));
        }
        for (_, _, label, symbol, colour) in rest {
            let (number, unread, important, current, header) = (None, 0, false, false, false);
            entries.push(Entry { number, symbol, colour, label, unread, important, current, header });
        }
    }
    entries
}

fn header(label: &str) -> Entry {
    let (number, symbol, colour) = (None, "", Color::Reset);
    let label = format!(" {label}");
    Entry { number, symbol, colour, label, unread: 0, important: false, current: false, header: true }
}

fn symbol(model: &Model, conversation: &Conversation) -> (&'static str, Color) {
    match (&conversation.place, conversation.kind) {
        (None, _) => match model.accounts.iter().all(|account| account.link == Link::Online) {
            true => ("*", Color::Green),
            false => ("*", Color::Red),
        },
        (_, Kind::Room) if conversation.joined => ("#", Color::Cyan),
        (_, Kind::Room) => ("#", Color::DarkGray),
        (_, Kind::Private) => ("@", Color::Cyan),
        (Some(place), _) => {
            let contact = model.accounts.get(place.account).and_then(|account| account.contacts.get(&place.with));
            presence(contact.and_then(|contact| contact.best()).map(|resource| resource.show))
        }
    }
}

/// How available somebody is, as a symbol and its colour.
pub fn presence(show: Option<Option<Show>>) -> (&'static str, Color) {
    match show {
        None => ("○", Color::DarkGray),
        Some(None | Some(Show::Chat)) => ("●", Color::Green),
        Some(Some(Show::Away)) => ("◐", Color::Yellow),
        Some(Some(Show::Xa)) => ("◌", Color::Yellow),
        Some(Some(Show::Dnd)) => ("⊘", Color::Red),
    }
}

/// Who is in the room, moderators first.
pub fn occupants(buffer: &mut Buffer, area: Rect, room: &Conversation) {
    if area.width < 4 || area.height == 0 {
        return;
    }
    let border = Style::new().fg(Color::DarkGray);
    let inner = Rect { x: area.x + 2, width: area.width - 2, ..area };
    for y in area.top()..area.bottom() {
        put(buffer, area, area.x, y, "│", border);
    }
    let rank = |nick: &String| room.occupants.get(nick).is_none_or(|o| o.role != Some(Role::Moderator));
    let mut nicks: Vec<&String> = room.occupants.keys().collect();
    nicks.sort_by_key(|nick| (rank(nick), nick.to_lowercase()));
    let cells = usize::from(inner.width);
    put(buffer, inner, inner.x, inner.y, &text::pad(&format!("{} here", nicks.len()), cells), border);
    for (row, nick) in nicks.iter().take(usize::from(area.height).saturating_sub(1)).enumerate() {
        let occupant = &room.occupants[*nick];
        let prefix = match (occupant.affiliation, occupant.role) {
            (Some(Affiliation::Owner), _) => "~",
            (Some(Affiliation::Admin), _) => "&",
            (_, Some(Role::Moderator)) => "@",
            _ => " ",
        };
        let style = match occupant.show {
            None | Some(Show::Chat) => Style::new().fg(super::screen::colour(nick)),
            Some(_) => border,
        };
        let y = inner.y + 1 + u16::try_from(row).unwrap_or(0);
        let x = put(buffer, inner, inner.x, y, prefix, border);
        put(buffer, inner, x, y, &text::fit(nick, cells.saturating_sub(1)), style);
    }
}
