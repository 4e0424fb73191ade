//! What may stand between a connection's socket and its machine: TLS, WebSocket, or one upon the other. A layer knows no
//! socket: bytes and the peer's end go in, bytes and what happened come out, so that the driver needs no task for it.
use std::fmt;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use wire::Secured;

use crate::trace::Tracer;

/// One protocol of the stack. What it wants written below is taken with `output` after every call.
pub(crate) trait Layer: Send {
    /// What is below can carry bytes from now on.
    fn start(&mut self);
    /// Bytes arrived from below.
    fn receive(&mut self, data: BytesMut);
    /// Nothing more comes from below.
    fn end(&mut self);
    /// The next thing that comes of what arrived; `None` when more must arrive first.
    fn next(&mut self) -> Option<Happened>;
    /// Sends what comes from above; only after `Happened::Opened`, and not after `close`.
    fn send(&mut self, data: Bytes);
    /// Says that nothing more comes from above.
    fn close(&mut self);
    /// Takes what is to be written below.
    fn output(&mut self) -> Bytes;
    /// Whether the end of the connection has to wait for the peer's last word.
    fn awaits_goodbye(&self) -> bool {
        false
    }
    /// Whether the connection below is rather closed by the peer.
    fn lets_peer_end(&self) -> bool {
        false
    }
    /// What both ends of an encryption know, told once to the client that asks after `Happened::Opened`.
    fn secured(&mut self) -> Option<Box<Secured>> {
        None
    }
}

/// What a layer tells those above.
pub(crate) enum Happened {
    /// The handshake is done.
    Opened,
    /// At least one byte; above WebSocket a whole message.
    Data(Bytes),
    /// The peer closed in order.
    Finished,
    /// The connection cannot go on. The layer may have output that tells the peer so.
    Failed(Failure),
}

/// Why a layer gave up.
#[derive(Debug)]
pub(crate) struct Failure {
    pub at: Protocol,
    /// One line, without anything secret.
    pub reason: String,
    /// Whether the other side is not who it should be, or there is no way to encrypt.
    pub untrusted: bool,
}

/// Which of the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Tls,
    WebSocket,
}

/// The layers of one connection, the one at the socket first.
pub(crate) struct Layers {
    stack: Vec<Box<dyn Layer>>,
    /// Whether captures show what is above the first layer instead of what is below, because it is encrypted.
    opaque: bool,
    /// What the machine wrote before the handshake was done, and how many bytes that is.
    waiting: Vec<Bytes>,
    held: usize,
}

/// Where captures see the bytes of one connection.
pub(crate) struct Tap<'a> {
    pub trace: &'a mut Tracer,
    pub local: SocketAddr,
    pub remote: SocketAddr,
}

impl Layers {
    /// `stack` has at least one layer; `opaque` says that the first one encrypts.
    pub fn new(stack: Vec<Box<dyn Layer>>, opaque: bool) -> Box<Layers> {
        Box::new(Layers { stack, opaque, waiting: Vec::new(), held: 0 })
    }

    /// The socket is connected.
    pub fn start(&mut self, tap: &mut Tap) {
        if let Some(first) = self.stack.first_mut() {
            first.start();
        }
        self.push_down(tap);
    }

    /// Bytes came from the socket.
    pub fn receive(&mut self, data: BytesMut, tap: &mut Tap) {
        if !self.opaque {
            tap.received(&data);
        }
        if let Some(first) = self.stack.first_mut() {
            first.receive(data);
        }
    }

    /// The socket has no more.
    pub fn end(&mut self) {
        if let Some(first) = self.stack.first_mut() {
            first.end();
        }
    }

    /// What happened at the top.
    pub fn next(&mut self, tap: &mut Tap) -> Option<Happened> {
        let top = self.stack.len().checked_sub(1)?;
        let happened = self.pull(top, tap);
        if let Some(Happened::Data(data)) = &happened
            && self.opaque
            && top == 0
        {
            tap.received(data);
        }
        self.push_down(tap);
        happened
    }

    /// Sends what the machine wrote.
    pub fn send(&mut self, data: Bytes, tap: &mut Tap) {
        if self.opaque && self.stack.len() == 1 {
            tap.sent(&data);
        }
        if let Some(top) = self.stack.last_mut() {
            top.send(data);
        }
        self.push_down(tap);
    }

    /// The machine has nothing more to say.
    pub fn close(&mut self, tap: &mut Tap) {
        if let Some(top) = self.stack.last_mut() {
            top.close();
        }
        self.push_down(tap);
    }

    /// Nothing more is to be said by any layer.
    pub fn close_all(&mut self, tap: &mut Tap) {
        for at in (0..self.stack.len()).rev() {
            self.stack[at].close();
            self.push_down(tap);
        }
    }

    /// What is to be written to the socket.
    pub fn output(&mut self, tap: &mut Tap) -> Bytes {
        let data = self.stack.first_mut().map(|first| first.output()).unwrap_or_default();
        if !self.opaque && !data.is_empty() {
            tap.sent(&data);
        }
        data
    }

    pub fn awaits_goodbye(&self) -> bool {
        self.stack.last().is_some_and(|top| top.awaits_goodbye())
    }

    pub fn lets_peer_end(&self) -> bool {
        self.stack.last().is_some_and(|top| top.lets_peer_end())
    }

    /// What both ends of the encryption know, if we are its client.
    pub fn secured(&mut self) -> Option<Box<Secured>> {
        self.stack.first_mut()?.secured()
    }

    /// Keeps what the machine writes until the handshake is done; how many bytes are kept by now.
    pub fn hold(&mut self, data: Bytes) -> usize {
        self.held += data.len();
        self.waiting.push(data);
        self.held
    }

    pub fn holds_any(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Sends what was kept.
    pub fn release(&mut self, tap: &mut Tap) {
        self.held = 0;
        for data in std::mem::take(&mut self.waiting) {
            self.send(data, tap);
        }
    }

    /// What happened at the layer `at`, after telling it what happened below as far as needed.
    fn pull(&mut self, at: usize, tap: &mut Tap) -> Option<Happened> {
        loop {
            if let Some(happened) = self.stack[at].next() {
                return Some(happened);
            }
            match self.pull(at.checked_sub(1)?, tap)? {
                Happened::Opened => self.stack[at].start(),
                Happened::Data(data) => {
                    if self.opaque && at == 1 {
                        tap.received(&data);
                    }
                    self.stack[at].receive(data.into());
                }
                Happened::Finished => self.stack[at].end(),
                Happened::Failed(failure) => return Some(Happened::Failed(failure)),
            }
        }
    }

    /// Hands every layer's output to the layer below.
    fn push_down(&mut self, tap: &mut Tap) {
        for at in (1..self.stack.len()).rev() {
            let data = self.stack[at].output();
            if !data.is_empty() {
                if self.opaque && at == 1 {
                    tap.sent(&data);
                }
                self.stack[at - 1].send(data);
            }
        }
    }
}

impl Tap<'_> {
    pub fn received(&mut self, data: &[u8]) {
        self.trace.stream(self.remote, self.local, data);
    }

    pub fn sent(&mut self, data: &[u8]) {
        self.trace.stream(self.local, self.remote, data);
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}
