//! The tables of machines in a digest.

use super::{Machine, Row};

/// The table of the machine `name` in the digest `text`; `None` when it has none.
///
/// ```
/// let text = "## 1 Doors\n#### machine `door`\n\n| State | Stimulus | Action | Next state |\n|---|---|---|---|\n| Shut | push | | Open |\n";
/// let rows = docs::machines::table::read(text, "door").unwrap();
/// assert_eq!((rows[0].from[0].as_str(), rows[0].on.as_str(), rows[0].to.as_str()), ("Shut", "push", "Open"));
/// ```
pub fn read(text: &str, name: &str) -> Option<Vec<Row>> {
    let heading = format!("#### machine `{name}`");
    let mut lines = text.lines().skip_while(|line| line.trim_end() != heading);
    lines.next()?;
    let lines = lines.skip_while(|line| line.trim().is_empty());
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(row).collect()
}

fn row(line: &str) -> Option<Row> {
    let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
    let [from, on, action, to] = cells[..] else { return None };
    let from = from.split(", ").map(String::from).collect();
    Some(Row { from, on: on.into(), action: action.into(), to: to.into() })
}

/// The same table as Markdown; a row of every state says `any`.
pub fn print(machine: &Machine) -> String {
    let mut out =
        format!("#### machine `{}`\n\n| State | Stimulus | Action | Next state |\n|---|---|---|---|\n", machine.name);
    for Row { from, on, action, to } in &machine.rows {
        let gap = if action.is_empty() { "" } else { " " };
        let from = if from.len() == machine.states().len() { ANY.into() } else { from.join(", ") };
        out.push_str(&format!("| {from} | {on} |{gap}{action} | {to} |\n"));
    }
    out
}

/// How the rows of the code and of the digest differ, one line a difference; the order of rows does not matter, nor
/// whether states that share a row stand in one.
pub fn differences(code: &[Row], digest: &[Row]) -> Vec<String> {
    let mut states: Vec<&String> = code.iter().flat_map(|row| row.from.iter().chain([&row.to])).collect();
    states.sort();
    states.dedup();
    let (code, digest) = (single(code, &states), single(digest, &states));
    let extra = |have: &[String], other: &[String], place: &str| -> Vec<String> {
        have.iter().filter(|row| !other.contains(row)).map(|row| format!("only in the {place}: {row}")).collect()
    };
    let mut out = extra(&code, &digest, "code");
    out.extend(extra(&digest, &code, "digest"));
    if out.is_empty() && code.len() != digest.len() {
        out.push("a row stands there twice".into());
    }
    out
}

/// One line for each state and stimulus.
fn single(rows: &[Row], states: &[&String]) -> Vec<String> {
    let lines = |row: &Row| -> Vec<String> {
        let from = if row.from == [ANY] { states.to_vec() } else { row.from.iter().collect() };
        from.iter().map(|from| format!("| {from} | {} | {} | {} |", row.on, row.action, row.to)).collect()
    };
    rows.iter().flat_map(lines).collect()
}

/// Stands for all states.
const ANY: &str = "any";
