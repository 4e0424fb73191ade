//! The machine of the program: a mesh, or one of the two tables on top of it, behind one face.

use wire::{Input, Instant, Machine, Output};

use super::capture::Capture;

/// The machine.
pub(super) enum Node {
    Mesh(Box<mesh::Node>),
    Sync(Box<sync::Node>),
    Chord(Box<chord::Node>),
}

/// What it tells.
pub(super) enum Event {
    Mesh(mesh::Event),
    Sync(sync::Event),
    Chord(chord::Event),
}

impl Node {
    /// The network below the table.
    pub fn mesh(&self) -> &mesh::Node {
        match self {
            Node::Mesh(node) => node,
            Node::Sync(node) => node.mesh(),
            Node::Chord(node) => node.mesh(),
        }
    }

    /// Whether a neighbour of a hash table only asks; `None` where that is not known, as of the nodes of a ring.
    pub fn is_leeching(&self, peer: &mesh::Peer<'_>) -> Option<bool> {
        match self {
            Node::Chord(node) if !peer.features.contains(&chord::FEATURE) => {
                Some(!node.old_holders().any(|holder| holder == peer.id))
            }
            _ => None,
        }
    }

    /// The network, for commands.
    pub fn mesh_mut(&mut self) -> &mut mesh::Node {
        match self {
            Node::Mesh(node) => node,
            Node::Sync(node) => node.mesh_mut(),
            Node::Chord(node) => node.mesh_mut(),
        }
    }
}

impl Machine for Node {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        match self {
            Node::Mesh(node) => node.handle(now, input),
            Node::Sync(node) => node.handle(now, input),
            Node::Chord(node) => node.handle(now, input),
        }
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        match self {
            Node::Mesh(node) => node.poll().map(|output| output.map(Event::Mesh)),
            Node::Sync(node) => node.poll().map(|output| output.map(Event::Sync)),
            Node::Chord(node) => node.poll().map(|output| output.map(Event::Chord)),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Node::Mesh(node) => node.deadline(),
            Node::Sync(node) => node.deadline(),
            Node::Chord(node) => node.deadline(),
        }
    }
}

/// The machine with an eye on what goes in and out. It is empty until the sockets are open, since a node wants to know
/// its addresses from the start.
#[derive(Default)]
pub(super) struct Watched {
    node: Option<Node>,
    pub capture: Option<Capture>,
}

impl Watched {
    /// Puts the node in.
    pub fn set(&mut self, node: Node) {
        self.node = Some(node);
    }

    /// The node, once it is in.
    pub fn node(&self) -> Option<&Node> {
        self.node.as_ref()
    }

    /// The same, for commands.
    pub fn node_mut(&mut self) -> Option<&mut Node> {
        self.node.as_mut()
    }
}

impl Machine for Watched {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        if let Some(capture) = &mut self.capture {
            capture.input(&input);
        }
        if let Some(node) = &mut self.node {
            node.handle(now, input);
        }
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        let output = self.node.as_mut()?.poll()?;
        if let Some(capture) = &mut self.capture {
            capture.output(&output);
        }
        Some(output)
    }

    fn deadline(&self) -> Option<Instant> {
        self.node.as_ref()?.deadline()
    }
}
