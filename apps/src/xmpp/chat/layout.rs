//! How a line becomes rows: the time, the name, a bar, and the text beside it.

use super::conversation::{Line, Mark, Who};
use super::text;

/// A row of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub kind: RowKind,
    /// The time of day, or nothing.
    pub time: String,
    /// The name, or nothing.
    pub name: String,
    /// The text.
    pub text: String,
    /// What stands behind it: what became of the message.
    pub mark: &'static str,
}

/// What a row shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// A message, or what the program says.
    Text,
    /// What a message answers.
    Quote,
    /// Reactions to it.
    Reactions,
}

/// Cells before the text, at that width of names: time, name, bar. Without room for it, less.
pub fn indent(names: usize, cells: usize) -> usize {
    match cells {
        0..30 => 0,
        30..50 => 6 + names.min(8) + 3,
        _ => 6 + names + 3,
    }
}

/// What the rows of all lines of a conversation have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Minutes that the user's clock is east of Greenwich.
    pub east: i16,
    /// Cells of the names.
    pub names: usize,
    /// Cells of it all.
    pub cells: usize,
    /// The last message of ours that they have seen.
    pub seen: Option<u64>,
}

/// The rows of a line.
pub fn rows(line: &Line, measure: &Measure) -> Vec<Row> {
    let Measure { east, names, cells, seen } = *measure;
    let place = cells.saturating_sub(indent(names, cells)).max(2);
    let narrow = indent(names, cells) == 0;
    let action = rfc3921::me::action(&line.text).filter(|_| line.is_message());
    let name = match (line.who, action) {
        (Who::Notice, _) => "--",
        (Who::Error, _) => "!!",
        (_, Some(_)) => "*",
        (_, None) => line.name.as_str(),
    };
    let mut body = match action {
        Some(action) => format!("{} {action}", rfc3921::display::safe_line(&line.name)),
        None if narrow && line.is_message() => format!("{name}: {}", line.text),
        None if narrow => format!("{name} {}", line.text),
        None => line.text.clone(),
    };
    if line.retracted {
        body = "(taken back)".to_owned();
    } else if line.edited {
        body.push_str(" (edited)");
    }
    let mark = mark(line.mark, seen == Some(line.key));
    let mut out = Vec::new();
    if let Some((whom, what)) = &line.reply {
        let quote = format!("> {whom}: {}", what.replace('\n', " "));
        out.push(Row { kind: RowKind::Quote, text: text::fit(&quote, place), ..Row::empty() });
    }
    let first = out.len();
    for row in text::wrap(&body, place) {
        out.push(Row { text: row, ..Row::empty() });
    }
    match out.last_mut() {
        Some(last) if text::width(&last.text) + text::width(mark) <= place => last.mark = mark,
        _ => out.push(Row { mark: mark.trim_start(), ..Row::empty() }),
    }
    if let Some(row) = out.get_mut(first) {
        row.time = text::clock(line.time, east).1;
        name.clone_into(&mut row.name);
    }
    let reactions = reactions(line);
    if !reactions.is_empty() && !line.retracted {
        out.push(Row { kind: RowKind::Reactions, text: text::fit(&reactions, place), ..Row::empty() });
    }
    out
}

impl Row {
    fn empty() -> Row {
        Row { kind: RowKind::Text, time: String::new(), name: String::new(), text: String::new(), mark: "" }
    }
}

fn mark(mark: Mark, last_seen: bool) -> &'static str {
    match mark {
        Mark::None => "",
        Mark::Pending => " …",
        Mark::Sent => " ✓",
        Mark::Seen if last_seen => " ✓✓ seen",
        Mark::Received | Mark::Seen => " ✓✓",
        Mark::Failed => " ✗ not delivered",
    }
}

fn reactions(line: &Line) -> String {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for emoji in line.reactions.values().flatten() {
        *counts.entry(emoji).or_default() += 1;
    }
    counts.iter().map(|(emoji, count)| format!("{emoji} {count}")).collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn measure(cells: usize) -> Measure {
        Measure { east: 0, names: 5, cells, seen: None }
    }

    #[test]
    fn the_mark_stands_behind_the_last_word() {
        let mut line = Line::new(Duration::ZERO, Who::Me, "alice", "Curiouser and curiouser");
        line.mark = Mark::Received;
        let shown = rows(&line, &measure(60));
        assert_eq!(
            (shown[0].time.as_str(), shown[0].text.as_str(), shown[0].mark),
            ("00:00", "Curiouser and curiouser", " ✓✓")
        );
        let shown = rows(&line, &measure(32));
        assert_eq!(shown.iter().map(|row| row.text.as_str()).collect::<Vec<_>>(), ["Curiouser and", "curiouser"]);
        assert_eq!(shown[1].mark, " ✓✓");
    }

    #[test]
    fn actions_answers_and_reactions() {
        let mut line = Line::new(Duration::ZERO, Who::Them, "hare", "/me pours tea");
        line.reply = Some(("alice".into(), "May I?".into()));
        line.reactions.insert("alice".into(), ["👍".to_owned()].into());
        let shown = rows(&line, &measure(60));
        let texts: Vec<_> = shown.iter().map(|row| row.text.as_str()).collect();
        assert_eq!(texts, ["> alice: May I?", "hare pours tea", "👍 1"]);
        assert_eq!(shown[1].name, "*");
    }
}
