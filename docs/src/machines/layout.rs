//! Where the boxes, labels and lines of a directed graph go: layers from top to bottom.
//!
//! The layers, the order within them and the columns come from the crate `dagre`. Labels take a place of their own in a
//! layer beside the line that they belong to, so that nothing can lie on anything else; lines cross a layer straight
//! down or up, and bend only between layers.

use dagre::graph::{Graph, GraphOptions};
use dagre::layout::types::LabelPos;
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, Point};

/// Width and height.
pub type Size = (f64, f64);

/// A line to be drawn from one box to another, or to the same.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The index of the box that it leaves.
    pub from: usize,
    /// The index of the box that it reaches.
    pub to: usize,
    /// Of its label; zero for none.
    pub label: Size,
}

/// A rectangle: its upper left corner and its size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// Of the left side.
    pub x: f64,
    /// Of the upper side.
    pub y: f64,
    /// To the right.
    pub width: f64,
    /// Downwards.
    pub height: f64,
}

impl Rect {
    fn around(x: f64, y: f64, (width, height): Size) -> Rect {
        Rect { x: x - width / 2.0, y: y - height / 2.0, width, height }
    }

    /// Whether two rectangles have a point in common inside of them.
    pub fn overlaps(&self, other: &Rect) -> bool {
        let apart = |a: f64, b: f64| a <= b + 0.01;
        !(apart(self.x + self.width, other.x)
            || apart(other.x + other.width, self.x)
            || apart(self.y + self.height, other.y)
            || apart(other.y + other.height, self.y))
    }
}

impl Rect {
    /// The same, smaller by `by` on each side.
    pub fn shrunk(&self, by: f64) -> Rect {
        Rect { x: self.x + by, y: self.y + by, width: self.width - 2.0 * by, height: self.height - 2.0 * by }
    }
}

/// A drawing without ink.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Of the whole, from 0, 0.
    pub size: Size,
    /// The boxes, in the order in which they were given.
    pub boxes: Vec<Rect>,
    /// The lines, in the order in which they were given.
    pub paths: Vec<Path>,
}

/// A line.
#[derive(Clone, Debug)]
pub struct Path {
    /// Start, then for each part two control points and the end: cubic curves. The last point touches the box that the line
    /// leads to.
    pub points: Vec<(f64, f64)>,
    /// The place of its label.
    pub label: Rect,
}

impl Path {
    /// Points along the line, a few pixels apart.
    pub fn walk(&self) -> Vec<(f64, f64)> {
        let mut out = Vec::new();
        for part in self.points.windows(4).step_by(3) {
            for step in 0..=24 {
                let (t, u) = (f64::from(step) / 24.0, 1.0 - f64::from(step) / 24.0);
                let weights = [u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t];
                let sum = |pick: fn(&(f64, f64)) -> f64| part.iter().zip(weights).map(|(p, w)| pick(p) * w).sum();
                out.push((sum(|p| p.0), sum(|p| p.1)));
            }
        }
        out
    }
}

/// Lays out boxes of the given sizes and the lines between them. The first box has room for a mark on its left.
pub fn of(boxes: &[Size], lines: &[Line]) -> Layout {
    let mut graph = Graph::with_options(GraphOptions { directed: true, multigraph: true, compound: true });
    for (n, (width, height)) in boxes.iter().enumerate() {
        let width = if n == 0 { width + 2.0 * MARK } else { *width };
        graph.set_node(n.to_string(), Some(NodeLabel { width, height: *height, ..NodeLabel::default() }));
    }
    for (n, line) in lines.iter().enumerate() {
        let (width, height) = line.label;
        let own = if line.from == line.to { LOOP + OFFSET } else { 0.0 };
        let label = EdgeLabel {
            width: width + own,
            height: if line.from == line.to { height.max(boxes[line.from].1) } else { height },
            labelpos: if own > 0.0 { LabelPos::Center } else { LabelPos::Right },
            label_offset: OFFSET,
            ..EdgeLabel::default()
        };
        graph.set_edge(line.from.to_string(), line.to.to_string(), Some(label), Some(&n.to_string()));
    }
    let options = LayoutOptions { nodesep: 28.0, edgesep: 18.0, ranksep: 64.0, ..LayoutOptions::default() };
    dagre::layout(&mut graph, Some(options));

    let place =
        |n: usize| graph.node(&n.to_string()).map_or((0.0, 0.0), |at| (at.x.unwrap_or(0.0), at.y.unwrap_or(0.0)));
    let rects: Vec<Rect> =
        boxes.iter().enumerate().map(|(n, size)| Rect::around(place(n).0, place(n).1, *size)).collect();
    let found: Vec<Found> = lines
        .iter()
        .enumerate()
        .map(|(n, line)| {
            found(graph.edge(&line.from.to_string(), &line.to.to_string(), Some(&n.to_string())), line, &rects)
        })
        .collect();
    let layers = Layers::of(&rects, &found);
    let ports = ports(&rects, lines, &found);
    let paths = lines.iter().zip(&found).zip(ports).map(|((line, found), ports)| {
        let points = if line.from == line.to {
            loop_at(&rects[line.from])
        } else {
            curve(found, ports, [&rects[line.from], &rects[line.to]], &layers)
        };
        Path { points, label: found.label }
    });
    frame(rects.clone(), paths.collect())
}

/// What the layers say of one line.
struct Found {
    /// The points that it passes between its two boxes: the middles of layers.
    inner: Vec<(f64, f64)>,
    label: Rect,
    /// It leaves its box at the lower side.
    down: bool,
}

fn found(edge: Option<&EdgeLabel>, line: &Line, rects: &[Rect]) -> Found {
    let (x, y) = edge.map_or((0.0, 0.0), |e| (e.x.unwrap_or(0.0), e.y.unwrap_or(0.0)));
    let points: Vec<(f64, f64)> = edge.map_or(Vec::new(), |e| e.points.iter().map(|Point { x, y }| (*x, *y)).collect());
    let inner = points.get(1..points.len().saturating_sub(1)).unwrap_or_default().to_vec();
    // Nothing stands between a box and the place that its loop was given.
    let label = match &rects[line.from] {
        own if line.from == line.to => {
            let corner = (own.x + own.width + LOOP + OFFSET, own.y + (own.height - line.label.1) / 2.0);
            Rect { x: corner.0, y: corner.1, width: line.label.0, height: line.label.1 }
        }
        _ => Rect::around(x, y, line.label),
    };
    Found { inner, label, down: rects[line.from].y < rects[line.to].y }
}

/// The upper and lower ends of the layers: where lines may not bend.
struct Layers(Vec<(f64, f64)>);

impl Layers {
    fn of(rects: &[Rect], found: &[Found]) -> Layers {
        let mut layers: Vec<(f64, f64)> = Vec::new();
        for rect in rects.iter().chain(found.iter().map(|f| &f.label)) {
            let middle = rect.y + rect.height / 2.0;
            match layers.iter_mut().find(|(at, _)| (*at - middle).abs() < 0.5) {
                Some((_, half)) => *half = half.max(rect.height / 2.0),
                None => layers.push((middle, rect.height / 2.0)),
            }
        }
        Layers(layers)
    }

    /// The half height of the layer whose middle is at `y`.
    fn half(&self, y: f64) -> f64 {
        self.0.iter().find(|(at, _)| (at - y).abs() < 0.5).map_or(0.0, |(_, half)| *half)
    }
}

type Ends = ((f64, f64), (f64, f64));

/// Where each line leaves its first box and reaches its last: spread along the side in the order in which the lines go on.
fn ports(rects: &[Rect], lines: &[Line], found: &[Found]) -> Vec<Ends> {
    let mut ends = vec![((0.0, 0.0), (0.0, 0.0)); lines.len()];
    for (n, rect) in rects.iter().enumerate() {
        for lower in [true, false] {
            let mut here: Vec<(f64, usize, bool)> = Vec::new();
            for (at, (line, found)) in lines.iter().zip(found).enumerate().filter(|(_, (l, _))| l.from != l.to) {
                if line.from == n && found.down == lower {
                    here.push((found.inner.first().map_or(middle(&rects[line.to]), |p| p.0), at, true));
                }
                if line.to == n && found.down != lower {
                    here.push((found.inner.last().map_or(middle(&rects[line.from]), |p| p.0), at, false));
                }
            }
            here.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let step = (rect.width - 20.0).max(0.0) / here.len().max(1) as f64;
            let y = if lower { rect.y + rect.height } else { rect.y };
            for (position, (_, at, leaves)) in here.iter().enumerate() {
                let x = middle(rect) + step.min(28.0) * (position as f64 - (here.len() - 1) as f64 / 2.0);
                let end = if *leaves { &mut ends[*at].0 } else { &mut ends[*at].1 };
                *end = (x, y);
            }
        }
    }
    ends
}

fn middle(rect: &Rect) -> f64 {
    rect.x + rect.width / 2.0
}

/// From box to box: straight through layers, curved between them.
fn curve(found: &Found, (start, end): Ends, [first, last]: [&Rect; 2], layers: &Layers) -> Vec<(f64, f64)> {
    let sign = if found.down { 1.0 } else { -1.0 };
    let edge = |rect: &Rect, sign: f64| {
        let middle = rect.y + rect.height / 2.0;
        middle + sign * layers.half(middle)
    };
    let mut points = vec![start];
    bend(&mut points, (start.0, edge(first, sign)));
    for &(x, y) in &found.inner {
        let half = layers.half(y);
        bend(&mut points, (x, y - sign * half));
        bend(&mut points, (x, y + sign * half));
    }
    bend(&mut points, (end.0, edge(last, -sign)));
    bend(&mut points, end);
    points
}

/// Adds a curve that begins and ends upright.
fn bend(points: &mut Vec<(f64, f64)>, to: (f64, f64)) {
    let from = points.last().copied().unwrap_or(to);
    if from == to {
        return;
    }
    let half = (to.1 - from.1) / 2.0;
    points.extend([(from.0, from.1 + half), (to.0, to.1 - half), to]);
}

/// Out of the right side of a box and back into it.
fn loop_at(rect: &Rect) -> Vec<(f64, f64)> {
    let (x, y) = (rect.x + rect.width, rect.y + rect.height / 2.0);
    let reach = LOOP + 6.0;
    vec![(x, y - 7.0), (x + reach, y - 18.0), (x + reach, y + 18.0), (x, y + 7.0)]
}

/// Moves everything into a frame that begins at 0, 0.
fn frame(mut boxes: Vec<Rect>, mut paths: Vec<Path>) -> Layout {
    let corners = |rect: &Rect| [(rect.x, rect.y), (rect.x + rect.width, rect.y + rect.height)];
    let mark = boxes.first().map(|b| Rect { x: b.x - MARK, width: MARK, ..*b });
    let points = boxes.iter().chain(&mark).chain(paths.iter().map(|p| &p.label)).flat_map(corners);
    let all: Vec<(f64, f64)> = points.chain(paths.iter().flat_map(|p| p.points.iter().copied())).collect();
    let edge =
        |pick: fn(&(f64, f64)) -> f64, best: fn(f64, f64) -> f64| all.iter().map(pick).reduce(best).unwrap_or(0.0);
    let (left, top) = (edge(|p| p.0, f64::min) - MARGIN, edge(|p| p.1, f64::min) - MARGIN);
    let (right, bottom) = (edge(|p| p.0, f64::max) + MARGIN, edge(|p| p.1, f64::max) + MARGIN);
    for rect in boxes.iter_mut().chain(paths.iter_mut().map(|p| &mut p.label)) {
        (rect.x, rect.y) = (rect.x - left, rect.y - top);
    }
    for point in paths.iter_mut().flat_map(|p| &mut p.points) {
        *point = (point.0 - left, point.1 - top);
    }
    Layout { size: (right - left, bottom - top), boxes, paths }
}

/// How far the mark of the first box reaches to its left.
pub const MARK: f64 = 44.0;
/// Between a line and its label.
const OFFSET: f64 = 7.0;
/// The room that a line to its own box takes beside it.
const LOOP: f64 = 30.0;
/// Around the whole.
const MARGIN: f64 = 12.0;
