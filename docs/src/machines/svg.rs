//! A machine as a picture that follows the reader's light or dark scheme.

use std::fmt::Write as _;

use super::layout::{self, Layout, Line, MARK, Path, Rect, Size};
use super::{Machine, PICTURES, Row};

/// Where the picture of a machine stands, from the root of the repository.
pub fn file(machine: &Machine) -> String {
    format!("{PICTURES}/{}.svg", machine.name)
}

/// The picture.
pub fn render(machine: &Machine) -> String {
    let drawing = Drawing::of(machine);
    let layout = drawing.layout();
    let (width, height) = (layout.size.0.ceil(), layout.size.1.ceil() + HEAD);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"machine\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"{0}-title {0}-desc\">",
        machine.name
    );
    let _ = writeln!(out, "<title id=\"{}-title\">{}</title>", machine.name, escape(&machine.title));
    let _ = writeln!(out, "<desc id=\"{}-desc\">{}</desc>", machine.name, escape(&description(machine)));
    let _ = writeln!(out, "<style>{STYLE}</style>");
    let _ = writeln!(
        out,
        "<defs><marker id=\"{}-tip\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         orient=\"auto-start-reverse\"><path d=\"M0 0.5 8 4 0 7.5 2 4z\" class=\"tip\"/></marker></defs>",
        machine.name
    );
    let _ = writeln!(out, "<rect class=\"paper\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>");
    let _ = writeln!(out, "<text class=\"head\" x=\"14\" y=\"25\">{}</text>", escape(&machine.title));
    let _ = writeln!(out, "<g transform=\"translate(0 {HEAD})\">");
    for path in &layout.paths {
        line(&mut out, &machine.name, path);
    }
    for (node, rect) in drawing.nodes.iter().zip(&layout.boxes) {
        node.draw(&mut out, &machine.name, rect);
    }
    for (edge, path) in drawing.edges.iter().zip(&layout.paths) {
        edge.draw(&mut out, &path.label);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// The parts of a picture, before they have places.
#[derive(Clone, Debug)]
pub struct Drawing {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    lines: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// The first one.
    Start,
    State,
    /// A state that nothing follows.
    End,
    /// Many states that share a row.
    Group,
}

#[derive(Clone, Debug)]
struct Edge {
    from: usize,
    to: usize,
    /// The lines of its label: the stimulus, what is done.
    lines: Vec<(String, String)>,
}

impl Drawing {
    /// Boxes for the states, and lines for the rows: one for all that lead from one state to one other.
    pub fn of(machine: &Machine) -> Drawing {
        let states = machine.states();
        let kind = |state: &str| match state {
            _ if state == machine.start => Kind::Start,
            _ if machine.ends.iter().any(|end| end == state) => Kind::End,
            _ => Kind::State,
        };
        let node = |state: &&str| Node { kind: kind(state), lines: vec![(*state).to_string()] };
        let mut drawing = Drawing { nodes: states.iter().map(node).collect(), edges: Vec::new() };
        let index = |state: &str| states.iter().position(|s| *s == state).unwrap_or(0);
        for row in &machine.rows {
            let ends = usize::from(machine.ends.contains(&row.to));
            if row.from.len() + ends > MANY {
                let group = drawing.group(&row.from, states.len());
                drawing.edge(group, index(&row.to), row);
            } else {
                for from in &row.from {
                    drawing.edge(index(from), index(&row.to), row);
                }
            }
        }
        drawing
    }

    /// The box for many states.
    fn group(&mut self, states: &[String], all: usize) -> usize {
        let lines = if states.len() == all { vec!["any state".into()] } else { wrapped(states) };
        let known = self.nodes.iter().position(|node| node.kind == Kind::Group && node.lines == lines);
        known.unwrap_or_else(|| {
            self.nodes.push(Node { kind: Kind::Group, lines });
            self.nodes.len() - 1
        })
    }

    fn edge(&mut self, from: usize, to: usize, row: &Row) {
        let at = self.edges.iter().position(|edge| (edge.from, edge.to) == (from, to)).unwrap_or_else(|| {
            self.edges.push(Edge { from, to, lines: Vec::new() });
            self.edges.len() - 1
        });
        let lines = &mut self.edges[at].lines;
        match lines.iter_mut().find(|(_, action)| *action == row.action) {
            Some((on, _)) => *on = format!("{on}, {}", row.on),
            None => lines.push((row.on.clone(), row.action.clone())),
        }
    }

    /// The places of everything.
    pub fn layout(&self) -> Layout {
        // A box is as wide as the lines need that end at it.
        let room = |node: usize| {
            let side =
                |other: fn(&Edge) -> usize| self.edges.iter().filter(|e| e.from != e.to && other(e) == node).count();
            20.0 + 18.0 * side(|e| e.from).max(side(|e| e.to)) as f64
        };
        let size = |(n, node): (usize, &Node)| (node.size().0.max(room(n)), node.size().1);
        let sizes: Vec<Size> = self.nodes.iter().enumerate().map(size).collect();
        let lines = self.edges.iter().map(|edge| Line { from: edge.from, to: edge.to, label: edge.size() });
        layout::of(&sizes, &lines.collect::<Vec<_>>())
    }
}

impl Node {
    fn size(&self) -> Size {
        let widest = self.lines.iter().map(|line| width(line, 14.0)).fold(0.0, f64::max);
        (widest + 32.0, 16.0 + LINE * self.lines.len() as f64)
    }

    fn draw(&self, out: &mut String, name: &str, rect: &Rect) {
        let Rect { x, y, width, height } = *rect;
        let (middle, centre) = (x + width / 2.0, y + height / 2.0);
        if self.kind == Kind::Start {
            let from = x - MARK + 7.0;
            let _ = writeln!(
                out,
                "<circle class=\"begin\" cx=\"{from:.1}\" cy=\"{centre:.1}\" r=\"7\"/>\
                 <path class=\"line\" marker-end=\"url(#{name}-tip)\" d=\"M{from:.1} {centre:.1}H{x:.1}\"/>"
            );
        }
        let class = if self.kind == Kind::Group { "state group" } else { "state" };
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"10\"/>"
        );
        if self.kind == Kind::End {
            let (x, y, width, height) = (x + 3.0, y + 3.0, width - 6.0, height - 6.0);
            let _ = writeln!(
                out,
                "<rect class=\"inner\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"7\"/>"
            );
        }
        let top = centre - LINE * (self.lines.len() as f64 - 1.0) / 2.0 + 5.0;
        let class = if self.kind == Kind::Group { "name many" } else { "name" };
        for (n, line) in self.lines.iter().enumerate() {
            let y = top + LINE * n as f64;
            let _ = writeln!(out, "<text class=\"{class}\" x=\"{middle:.1}\" y=\"{y:.1}\">{}</text>", escape(line));
        }
    }
}

impl Edge {
    /// The label's lines: a stimulus and the beginning of its action, or the rest of an action.
    fn broken(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        for (on, action) in &self.lines {
            let mut words = broken(on, WIDTH).into_iter().map(|line| (line, String::new())).collect::<Vec<_>>();
            if !action.is_empty() {
                let last = words.last().map_or(0, |(line, _)| line.chars().count());
                if last + action.chars().count() + 3 <= WIDTH {
                    if let Some((_, rest)) = words.last_mut() {
                        *rest = format!(" / {action}");
                    }
                } else {
                    words.extend(broken(&format!("/ {action}"), WIDTH).into_iter().map(|rest| (String::new(), rest)));
                }
            }
            out.extend(words);
        }
        out
    }

    fn size(&self) -> Size {
        let lines = self.broken();
        let wide = |(on, action): &(String, String)| width(on, 12.5) + width(action, 12.0);
        (lines.iter().map(wide).fold(0.0, f64::max), LINE * lines.len() as f64)
    }

    fn draw(&self, out: &mut String, rect: &Rect) {
        for (n, (on, action)) in self.broken().iter().enumerate() {
            let (x, y) = (rect.x, rect.y + LINE * n as f64 + 13.0);
            let indent = if on.is_empty() { " dx=\"8\"" } else { "" };
            let _ = write!(out, "<text class=\"label\" x=\"{x:.1}\" y=\"{y:.1}\"{indent}>{}", escape(on));
            if !action.is_empty() {
                let _ = write!(out, "<tspan class=\"action\">{}</tspan>", escape(action));
            }
            out.push_str("</text>\n");
        }
    }
}

fn line(out: &mut String, name: &str, path: &Path) {
    let Some((first, rest)) = path.points.split_first() else { return };
    let _ = write!(out, "<path class=\"line\" marker-end=\"url(#{name}-tip)\" d=\"M{:.1} {:.1}", first.0, first.1);
    for (n, (x, y)) in rest.iter().enumerate() {
        let _ = write!(out, "{}{x:.1} {y:.1}", if n % 3 == 0 { "C" } else { " " });
    }
    out.push_str("\"/>\n");
}

/// The picture in a sentence for each row, for those who do not see it.
fn description(machine: &Machine) -> String {
    let mut out = format!("Begins in {}.", machine.start);
    for Row { from, on, action, to } in &machine.rows {
        let _ = write!(out, " {} on {on}: ", from.join(", "));
        if !action.is_empty() {
            let _ = write!(out, "{action}; ");
        }
        let _ = write!(out, "to {to}.");
    }
    out
}

/// Names in lines of about the same length.
fn wrapped(names: &[String]) -> Vec<String> {
    broken(&names.join(", "), 26)
}

/// Breaks a text at blanks into lines of at most `limit` characters, where its words allow it.
fn broken(text: &str, limit: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let used = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut() {
            Some(line) if used == 0 => line.push_str(word),
            Some(line) if used + 1 + word.chars().count() <= limit => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

/// How wide a text is at most, in the fonts of the style.
fn width(text: &str, size: f64) -> f64 {
    let of = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '|' | '\'' => 0.34,
        ' ' | 'f' | 'r' | 't' | 'I' | '/' | '-' | '(' | ')' | '<' | '>' => 0.46,
        'm' | 'w' | 'M' | 'W' => 0.96,
        'A'..='Z' => 0.76,
        _ => 0.63,
    };
    text.chars().map(of).sum::<f64>() * size
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// So many states share a box for their common row, when it ends the machine; one more, when it does not.
const MANY: usize = 4;
/// The characters in a line of a label.
const WIDTH: usize = 28;
/// From line to line.
const LINE: f64 = 17.0;
/// The height of the title.
const HEAD: f64 = 30.0;

const STYLE: &str = "
.machine{--paper:#fff;--ink:#1f2328;--soft:#57606a;--line:#6e7781;--fill:#eef4fb;--rim:#3b6ea8;--many:#f6f8fa;font-family:system-ui,-apple-system,'Segoe UI','Helvetica Neue',Arial,sans-serif}
@media (prefers-color-scheme:dark){.machine{--paper:#0d1117;--ink:#e6edf3;--soft:#9aa4af;--line:#8b949e;--fill:#16263a;--rim:#6ea8e6;--many:#161b22}}
.machine .paper{fill:var(--paper)}
.machine .head{font-size:14px;font-weight:600;fill:var(--soft)}
.machine .line{fill:none;stroke:var(--line);stroke-width:1.3}
.machine .tip,.machine .begin{fill:var(--line)}
.machine .state{fill:var(--fill);stroke:var(--rim);stroke-width:1.5}
.machine .inner{fill:none;stroke:var(--rim)}
.machine .group{fill:var(--many);stroke:var(--line);stroke-dasharray:5 4}
.machine .name{font-size:14px;font-weight:600;text-anchor:middle;fill:var(--ink)}
.machine .many{font-weight:400;font-size:13px;fill:var(--soft)}
.machine .label{font-size:12px;font-weight:600;fill:var(--ink)}
.machine .action{font-weight:400;fill:var(--soft)}
";
