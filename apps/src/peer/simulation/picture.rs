//! Draws a network: a hash table as the circle of its ids with the way of a lookup, the others as the tree along which a
//! broadcast spread, its origin in the middle.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::fmt::Write as _;

use super::super::options::Kind;
use super::super::words::short;
use super::run::Found;

/// The picture as SVG.
pub(super) fn draw(found: &Found) -> String {
    let points = match found.kind {
        Kind::Chord => circle(found),
        Kind::Mesh | Kind::Sync => tree(found),
    };
    let mut svg = String::from(HEAD);
    let line = |svg: &mut String, class: &str, from: usize, to: usize| {
        let ((x1, y1), (x2, y2)) = (points[from], points[to]);
        // writing into a String cannot fail
        let _ = writeln!(svg, "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>");
    };
    if found.kind == Kind::Chord {
        for (n, node) in found.nodes.iter().enumerate() {
            node.successor.iter().for_each(|next| line(&mut svg, "ring", n, *next));
        }
        found.nodes[found.origin].fingers.iter().for_each(|finger| line(&mut svg, "finger", found.origin, *finger));
    } else {
        found.links.iter().for_each(|(from, to)| line(&mut svg, "link", *from, *to));
    }
    found.steps.iter().for_each(|(from, to)| line(&mut svg, "step", *from, *to));
    let size = (260.0 / (found.nodes.len() as f64).sqrt()).clamp(2.0, 14.0);
    let last = found.steps.last().map(|(_, to)| *to).filter(|_| found.kind == Kind::Chord);
    for (n, (node, (x, y))) in found.nodes.iter().zip(&points).enumerate() {
        let class = if n == found.origin {
            "origin"
        } else if Some(n) == last {
            "end"
        } else {
            "node"
        };
        let _ = write!(
            svg,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{size:.1}\"><title>{}</title></circle>",
            node.id
        );
        if found.nodes.len() <= 64 {
            let (dx, dy) = (x - MIDDLE, y - MIDDLE);
            let far = dx.hypot(dy).max(1.0);
            let (x, y) = (x + dx / far * (size + 22.0), y + dy / far * (size + 14.0) + 4.0);
            let _ = write!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
                &short(&node.id)[..short(&node.id).len().min(5)]
            );
        }
        svg.push('\n');
    }
    let (what, legend) = match found.kind {
        Kind::Chord => (
            "chord",
            "grey: successors; dashed: fingers of the asking node; red: the longest lookup, ending at the dark node",
        ),
        Kind::Sync => ("sync", "grey: links; red: how a write spread from the node in the middle, a circle a hop"),
        Kind::Mesh => ("mesh", "grey: links; red: how a broadcast spread from the node in the middle, a circle a hop"),
    };
    let _ = write!(
        svg,
        "<text class=\"title\" x=\"20\" y=\"34\">{what}: {} nodes, {} links</text>\n<text class=\"legend\" x=\"20\" y=\"58\">{legend}</text>\n</svg>\n",
        found.nodes.len(),
        found.links.len()
    );
    svg
}

/// Every node where its id stands, clockwise from the top.
fn circle(found: &Found) -> Vec<(f64, f64)> {
    let at = |place: f64| (MIDDLE + RADIUS * (TAU * place).sin(), MIDDLE - RADIUS * (TAU * place).cos());
    found.nodes.iter().map(|node| at(node.place)).collect()
}

/// The origin in the middle, what it told on the next circle, each node with as much room as it has leaves behind it.
fn tree(found: &Found) -> Vec<(f64, f64)> {
    let mut children: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut hops = vec![usize::MAX; found.nodes.len()];
    hops[found.origin] = 0;
    for (from, to) in &found.steps {
        children.entry(*from).or_default().push(*to);
        hops[*to] = hops[*from].saturating_add(1);
    }
    let mut leaves = vec![1_usize; found.nodes.len()];
    for (from, _) in found.steps.iter().rev() {
        // those further out come later, so that their sums are complete
        leaves[*from] = children.get(from).into_iter().flatten().map(|child| leaves[*child]).sum();
    }
    let deepest = hops.iter().filter(|hops| **hops != usize::MAX).max().copied().unwrap_or(1).max(1);
    let mut points = vec![(MIDDLE, MIDDLE); found.nodes.len()];
    let mut open = vec![(found.origin, 0.0, 1.0)];
    while let Some((node, start, width)) = open.pop() {
        let (angle, radius) = (TAU * (start + width / 2.0), RADIUS * hops[node] as f64 / deepest as f64);
        points[node] = (MIDDLE + radius * angle.sin(), MIDDLE - radius * angle.cos());
        let mut begin = start;
        for child in children.get(&node).into_iter().flatten() {
            let share = width * leaves[*child] as f64 / leaves[node] as f64;
            open.push((*child, begin, share));
            begin += share;
        }
    }
    for (n, point) in points.iter_mut().enumerate().filter(|(n, _)| hops[*n] == usize::MAX) {
        *point = (30.0 + (n % 60) as f64 * 16.0, 2.0 * MIDDLE - 20.0); // did not hear of it
    }
    points
}

const MIDDLE: f64 = 500.0;
const RADIUS: f64 = 400.0;
const HEAD: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 1000" width="1000" height="1000">
<style>
rect{fill:#fff}
.link{stroke:#bbb;stroke-width:.7;opacity:.7}
.ring{stroke:#999;stroke-width:1.5}
.finger{stroke:#48c;stroke-width:1;stroke-dasharray:4 4}
.step{stroke:#d33;stroke-width:2}
.node{fill:#7ac;stroke:#fff;stroke-width:1}
.origin{fill:#d33;stroke:#fff;stroke-width:1}
.end{fill:#333;stroke:#fff;stroke-width:1}
text{font:11px sans-serif;fill:#555;text-anchor:middle}
.title{font-size:20px;fill:#222;text-anchor:start}
.legend{font-size:13px;text-anchor:start}
</style>
<rect width="1000" height="1000"/>
"#;
