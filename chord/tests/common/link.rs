//! One node and one link to it, at the other end of which the test speaks.
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use chord::{Config, Event, Failure, Node, Outcome};
use serializer::{Limits, Message as Frame, frame};
use wire::{CloseReason, ConnId, Input, Instant, Machine, Output, Rng, Transmit, Transport};

pub struct Link {
    pub node: Node,
    pub now: Instant,
    /// What the node said.
    pub said: Vec<Frame>,
    /// What its operations came to.
    pub results: Vec<Result<Outcome, Failure>>,
    decoder: frame::Decoder,
}

impl Link {
    /// A node that was just dialled over TCP.
    pub fn new(config: Config, local: SocketAddr) -> Link {
        let node = Node::new(config, Rng::from_u64(1));
        let decoder = frame::Decoder::new(Limits::default());
        let mut link = Link { node, now: Instant::ZERO, said: Vec::new(), results: Vec::new(), decoder };
        let remote = SocketAddr::from(([10, 0, 0, 2], 50_000));
        link.node.handle(link.now, Input::Opened { conn: CONN, transport: Transport::Tcp, local, remote });
        link
    }

    /// Bytes arrive at the node, and so much time passes.
    pub fn hear(&mut self, data: Bytes, millis: u64) {
        self.node.handle(self.now, Input::Stream { conn: CONN, data });
        self.run(millis);
    }

    /// Time passes. Nobody else can be reached, and the link must stay open.
    pub fn run(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        loop {
            while let Some(output) = self.node.poll() {
                match output {
                    Output::Transmit(Transmit::Stream { data, .. }) => self.decoder.push(data),
                    Output::Event(Event::Answer { result, .. }) => self.results.push(result),
                    Output::Connect { conn, .. } => {
                        self.node.handle(self.now, Input::Closed { conn, reason: CloseReason::Refused });
                    }
                    Output::Close { conn } => assert_ne!(conn, CONN, "the node closed the link"),
                    _ => {}
                }
            }
            match self.node.deadline().filter(|&at| at <= end) {
                Some(at) => self.now = at.max(self.now),
                None => break,
            }
            self.node.handle(self.now, Input::Time);
        }
        self.now = end;
        for body in self.decoder.by_ref() {
            self.said.push(frame::open(body.unwrap(), &[], &Limits::default()).unwrap());
        }
    }
}

const CONN: ConnId = ConnId::inbound(0);
