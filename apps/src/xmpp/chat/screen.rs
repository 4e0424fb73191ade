//! The screen, drawn from the model and the line that is written, and from nothing else.
//!
//! ```text
//! title of the conversation
//! contacts    │ what was said                 │ occupants (wide screens)
//! status: accounts, conversations with news, who writes
//! the line that is written
//! ```

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

use super::conversation::{Conversation, Kind, Line, Mark, Who};
use super::input::Editor;
use super::layout::{self, Row, RowKind};
use super::model::Model;
use super::{bars, sidebar, text};

/// Where everything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Areas {
    /// What the conversation is; no rows on very low screens.
    pub title: Rect,
    /// The contacts; no columns on narrow screens.
    pub contacts: Rect,
    /// What was said.
    pub lines: Rect,
    /// The occupants of a room; no columns but on wide screens.
    pub occupants: Rect,
    /// Accounts and news.
    pub status: Rect,
    /// The line that is written.
    pub input: Rect,
}

/// Divides a screen; `rows` is what the line that is written needs.
pub fn areas(screen: Rect, rows: usize, model: &Model) -> Areas {
    let Rect { x, y, width, height } = screen;
    let input = u16::try_from(rows).unwrap_or(1).clamp(1, (height / 3).max(1)).min(height);
    let status = u16::from(height > input + 1);
    let title = u16::from(height > input + status + 3);
    let middle = height - input - status - title;
    let side = if width >= 60 { (width / 4).clamp(18, 30) } else { 0 };
    let gap = u16::from(side > 0);
    let room = model.shown().kind == Kind::Room;
    let right = if room && width >= 110 { 20 } else { 0 };
    let top = y + title;
    Areas {
        title: Rect::new(x, y, width, title),
        contacts: Rect::new(x, top, side, middle),
        lines: Rect::new(x + side + gap, top, width - side - gap - right, middle),
        occupants: Rect::new(x + width - right, top, right, middle),
        status: Rect::new(x, top + middle, width, status),
        input: Rect::new(x, top + middle + status, width, input),
    }
}

/// The room for what was said, in columns and rows: for [`Model::view`].
pub fn view(screen: Rect, model: &Model, editor: &Editor) -> (usize, usize) {
    let lines = areas(screen, bars::input_rows(screen.width, model, editor), model).lines;
    (usize::from(lines.width), usize::from(lines.height))
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, model: &Model, editor: &Editor) {
    let screen = frame.area();
    if screen.width < 2 || screen.height < 1 {
        return;
    }
    let areas = areas(screen, bars::input_rows(screen.width, model, editor), model);
    let buffer = frame.buffer_mut();
    bars::title(buffer, areas.title, model);
    sidebar::contacts(buffer, areas.contacts, model);
    lines(buffer, areas.lines, model.shown(), model.east);
    sidebar::occupants(buffer, areas.occupants, model.shown());
    bars::status(buffer, areas.status, model);
    if let Some(cursor) = bars::input(buffer, areas.input, model, editor) {
        frame.set_cursor_position(cursor);
    }
}

/// Writes a text that is harmless already, within an area.
pub(super) fn put(buffer: &mut Buffer, area: Rect, x: u16, y: u16, text: &str, style: Style) -> u16 {
    if y >= area.bottom() || x >= area.right() {
        return x;
    }
    buffer.set_stringn(x, y, text, usize::from(area.right() - x), style).0
}

/// A row of the conversation, ready to be written.
enum Shown<'a> {
    Row(&'a Line, Row),
    /// A new day begins.
    Day(String),
    /// What follows is new.
    New,
}

/// Draws the end of a conversation, or what is above it.
fn lines(buffer: &mut Buffer, area: Rect, conversation: &Conversation, east: i16) {
    let (cells, height) = (usize::from(area.width), usize::from(area.height));
    if cells < 2 || height == 0 {
        return;
    }
    let measure = conversation.measure(cells, east);
    let wanted = height + conversation.scroll;
    let mut rows: Vec<Shown<'_>> = Vec::new(); // from the end
    for (at, line) in conversation.lines.iter().enumerate().rev() {
        let of_line = layout::rows(line, &measure);
        rows.extend(of_line.into_iter().rev().map(|row| Shown::Row(line, row)));
        if conversation.first_unread == Some(line.key) {
            rows.push(Shown::New);
        }
        let day = text::clock(line.time, east).0;
        let before = at.checked_sub(1).and_then(|at| conversation.lines.get(at));
        if before.is_some_and(|before| text::clock(before.time, east).0 != day) {
            rows.push(Shown::Day(day));
        }
        if rows.len() >= wanted {
            break;
        }
    }
    let scroll = conversation.scroll.min(rows.len().saturating_sub(height));
    let shown = rows.iter().skip(scroll).take(height);
    let below = scroll > 0;
    for (up, row) in shown.enumerate() {
        let Some(y) = area.bottom().checked_sub(1 + u16::try_from(up).unwrap_or(u16::MAX)) else { break };
        match row {
            Shown::Row(line, row) => draw_row(buffer, Rect { y, height: 1, ..area }, line, row, measure.names),
            Shown::Day(day) => rule(buffer, Rect { y, height: 1, ..area }, day, Style::new().fg(Color::DarkGray)),
            Shown::New => rule(buffer, Rect { y, height: 1, ..area }, "new", Style::new().fg(Color::Red)),
        }
    }
    if below {
        let note = format!(" {scroll} more below: PgDn ");
        let x = area.right().saturating_sub(u16::try_from(text::width(&note)).unwrap_or(0)).max(area.x);
        put(buffer, area, x, area.bottom() - 1, &note, Style::new().add_modifier(Modifier::REVERSED));
    }
}

fn draw_row(buffer: &mut Buffer, area: Rect, line: &Line, row: &Row, names: usize) {
    let dim = Style::new().fg(Color::DarkGray);
    let indent = layout::indent(names, usize::from(area.width));
    let mut x = area.x;
    if indent > 0 {
        let cells = indent - 9;
        x = put(buffer, area, x, area.y, &text::pad(&row.time, 6), dim);
        x = put(buffer, area, x, area.y, &text::pad_left(&row.name, cells), name_style(line));
        x = put(buffer, area, x, area.y, " │ ", dim);
    }
    let style = match row.kind {
        RowKind::Quote | RowKind::Reactions => dim,
        RowKind::Text => text_style(line),
    };
    x = put(buffer, area, x, area.y, &row.text, style);
    if !row.mark.is_empty() {
        let style = match line.mark {
            Mark::Seen => Style::new().fg(Color::Green),
            Mark::Failed => Style::new().fg(Color::Red),
            _ => dim,
        };
        put(buffer, area, x, area.y, row.mark, style);
    }
}

fn name_style(line: &Line) -> Style {
    match line.who {
        Who::Me => Style::new().add_modifier(Modifier::BOLD),
        Who::Them if line.mention => Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD),
        Who::Them => Style::new().fg(colour(&line.name)).add_modifier(Modifier::BOLD),
        Who::Notice => Style::new().fg(Color::DarkGray),
        Who::Error => Style::new().fg(Color::Red),
    }
}

fn text_style(line: &Line) -> Style {
    match line.who {
        Who::Me | Who::Them if line.retracted => Style::new().fg(Color::DarkGray).add_modifier(Modifier::ITALIC),
        Who::Them if line.mention => Style::new().fg(Color::Yellow),
        Who::Me | Who::Them => Style::new(),
        Who::Notice => Style::new().fg(Color::DarkGray),
        Who::Error => Style::new().fg(Color::Red),
    }
}

/// The colour of a name: always the same one.
pub(super) fn colour(name: &str) -> Color {
    const COLOURS: [Color; 6] =
        [Color::Cyan, Color::Green, Color::Magenta, Color::Blue, Color::LightRed, Color::LightCyan];
    let sum = name.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    COLOURS.get(sum % COLOURS.len()).copied().unwrap_or(Color::Cyan)
}

/// A rule across the conversation, with a word in it.
fn rule(buffer: &mut Buffer, area: Rect, word: &str, style: Style) {
    let cells = usize::from(area.width);
    let word = format!("── {word} ");
    let line = "─".repeat(cells.saturating_sub(text::width(&word)));
    put(buffer, area, area.x, area.y, &(word + &line), style);
}

/// Where the cursor is, as the terminal counts.
pub(super) fn at(area: Rect, row: usize, column: usize) -> Position {
    let (row, column) = (u16::try_from(row).unwrap_or(0), u16::try_from(column).unwrap_or(0));
    Position::new(
        (area.x + column).min(area.right().saturating_sub(1)),
        (area.y + row).min(area.bottom().saturating_sub(1)),
    )
}
