//! WebSocket as a layer: the opening handshake, messages, the closing handshake.
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use ring::rand::{SecureRandom, SystemRandom};

use super::Ws;
use super::frame::{self, Opcode, Reader, Received, Role, Status, Violation};
use super::handshake::{self, Asked};
use crate::layers::{Failure, Happened, Layer, Protocol};

/// WebSocket between a stream and a machine that takes messages.
pub(crate) struct WsLayer {
    ws: Arc<Ws>,
    state: State,
    output: BytesMut,
    /// The stream below has ended.
    ended: bool,
    /// What is told next.
    failed: Option<Failure>,
}

enum State {
    /// The client's request, and what proves an answer to it.
    Asking(Asked),
    /// Waiting for the server's answer, which must show this.
    Asked {
        accept: String,
        input: BytesMut,
    },
    /// Waiting for the client's request.
    Listening {
        input: BytesMut,
    },
    Open(Open),
    /// Failed.
    Over,
}

struct Open {
    role: Role,
    reader: Reader,
    /// Whether a Close frame was sent, and received.
    closed_here: bool,
    closed_there: bool,
}

impl WsLayer {
    pub fn client(ws: Arc<Ws>, remote: SocketAddr) -> io::Result<WsLayer> {
        let asked = handshake::ask(&ws, remote)?;
        Ok(WsLayer::new(ws, State::Asking(asked)))
    }

    pub fn server(ws: Arc<Ws>) -> io::Result<WsLayer> {
        ws.check()?;
        Ok(WsLayer::new(ws, State::Listening { input: BytesMut::new() }))
    }

    fn new(ws: Arc<Ws>, state: State) -> WsLayer {
        WsLayer { ws, state, output: BytesMut::new(), ended: false, failed: None }
    }

    /// Looks whether the opening handshake is whole, and then at it.
    fn open(&mut self) -> Option<Happened> {
        let (role, rest) = match &mut self.state {
            State::Asked { accept, input } => match handshake::verify(&self.ws, accept, input) {
                Ok(Some(length)) => {
                    input.advance(length);
                    (Role::Client, std::mem::take(input))
                }
                Ok(None) => return self.unopened(),
                Err(reason) => return self.fail(reason),
            },
            State::Listening { input } => match handshake::answer(&self.ws, input) {
                Ok(Some(answer)) => {
                    self.output.extend_from_slice(&answer);
                    (Role::Server, BytesMut::new())
                }
                Ok(None) => return self.unopened(),
                Err(refusal) => {
                    self.output.extend_from_slice(&refusal.answer);
                    return self.fail(refusal.reason);
                }
            },
            _ => return None,
        };
        let mut reader = Reader::new(role, self.ws.message);
        reader.push(rest);
        self.state = State::Open(Open { role, reader, closed_here: false, closed_there: false });
        Some(Happened::Opened)
    }

    fn unopened(&mut self) -> Option<Happened> {
        if self.ended { self.fail("the peer closed the connection during the handshake") } else { None }
    }

    /// The next message, if it is there.
    fn read(&mut self) -> Option<Happened> {
        loop {
            let State::Open(open) = &mut self.state else { return None };
            if open.closed_there {
                return None;
            }
            match open.reader.received() {
                Ok(Some(Received::Message(data))) if data.is_empty() => {}
                Ok(Some(Received::Message(data))) => return Some(Happened::Data(data)),
                //= rfc6455#5.5.2/pong MUST
                //# Each of them, even after our own Close; none after the peer's, since nothing is read then.
                //= rfc6455#5.5.2/soon SHOULD
                //# Into the output at once.
                //= rfc6455#5.5.3/same-data MUST
                //# The payload goes back as it came.
                Ok(Some(Received::Ping(data))) => self.write(Opcode::Pong, &data),
                Ok(Some(Received::Pong)) => {}
                //= rfc6455#5.5.1/answer MUST
                //# With the same status; `say_close` says nothing twice.
                //= rfc6455#5.5.1/soon SHOULD
                //# Behind what is queued, before the machine hears of it.
                //= rfc6455#7.1.2/then-close SHOULD
                //# `Finished` makes the driver close once the answer is out.
                Ok(Some(Received::Close(status))) => {
                    open.closed_there = true;
                    self.say_close(status);
                    return Some(Happened::Finished);
                }
                //= rfc6455#7.2.1/lost MUST
                //# Both roles: without a Close before it, the end of the stream is a failure.
                Ok(None) if self.ended => return self.fail("the peer closed the connection without saying so first"),
                Ok(None) => return None,
                //= rfc6455#7.1.7/status SHOULD
                //# Each violation has its status.
                //= rfc6455#7.1.7/no-more MUST NOT
                //# The failed state reads nothing, and the driver lets go of the layers.
                //= rfc6455#5.1/unmasked-status MAY
                //# The status of that violation is 1002.
                //= rfc6455#5.1/masked-status MAY
                //# The status of that violation is 1002.
                Err(Violation(status, reason)) => {
                    self.say_close(Some(status as u16));
                    return self.fail(reason);
                }
            }
        }
    }

    /// Sends a Close frame, unless one was sent.
    //= rfc7395#3.6/handshake MUST
    //# When the machine closes the connection, behind its last element.
    fn say_close(&mut self, status: Option<u16>) {
        let State::Open(open) = &mut self.state else { return };
        //= rfc6455#7.1.2/frame MUST
        //# With a status; the reason stays empty, since nobody is to read it.
        //= rfc6455#5.5.1/body MAY
        //# A status, where there is one to give.
        if !std::mem::replace(&mut open.closed_here, true) {
            let body = status.map(u16::to_be_bytes);
            self.write(Opcode::Close, body.as_ref().map_or(&[], |body| body.as_slice()));
        }
    }

    fn write(&mut self, opcode: Opcode, payload: &[u8]) {
        let State::Open(open) = &self.state else { return };
        let key = match open.role {
            //= rfc6455#5.1/server-masks MUST NOT
            //# No key, no mask.
            Role::Server => None,
            //= rfc6455#5.1/client-masks MUST
            //# This is the only place that writes frames, and knows nothing of TLS.
            //= rfc6455#5.3/fresh MUST
            //# Drawn for each frame.
            //= rfc6455#5.3/entropy MUST
            //# From the operating system.
            //= rfc6455#5.3/predictable MUST NOT
            //# Its numbers tell nothing about each other.
            Role::Client => {
                let mut key = [0; 4];
                if SystemRandom::new().fill(&mut key).is_err() {
                    self.failed = Some(failure("the operating system has no random numbers"));
                    return;
                }
                Some(key)
            }
        };
        frame::write(&mut self.output, opcode, payload, key);
    }

    fn fail(&mut self, reason: impl Into<String>) -> Option<Happened> {
        self.state = State::Over;
        Some(Happened::Failed(failure(reason)))
    }
}

impl Layer for WsLayer {
    fn start(&mut self) {
        //= rfc6455#4.1/wait MUST
        //# Until the answer has come `send` does nothing, and the driver keeps what the machine writes.
        if let State::Asking(asked) = &mut self.state {
            self.output.extend_from_slice(&asked.request);
            self.state = State::Asked { accept: std::mem::take(&mut asked.accept), input: BytesMut::new() };
        }
    }

    fn receive(&mut self, data: BytesMut) {
        match &mut self.state {
            State::Asked { input, .. } | State::Listening { input } => input.extend_from_slice(&data),
            State::Open(open) if !open.closed_there => open.reader.push(data),
            _ => {}
        }
    }

    fn end(&mut self) {
        self.ended = true;
    }

    fn next(&mut self) -> Option<Happened> {
        if let Some(failure) = self.failed.take() {
            self.state = State::Over;
            return Some(Happened::Failed(failure));
        }
        match self.state {
            State::Asking(_) | State::Over => None,
            //= rfc6455#4.2.2/steps MUST
            //# Only what comes out of a checked and answered request is an open connection.
            //= rfc6455#4.1/handshake MUST
            //# Asking, asked, open: there is no other way to that state.
            State::Asked { .. } | State::Listening { .. } => self.open(),
            State::Open(_) => self.read(),
        }
    }

    fn send(&mut self, data: Bytes) {
        //= rfc6455#5.5.1/no-data MUST NOT
        //# After our Close this does nothing; the driver counts such writes as late before.
        //= rfc6455#5.1/any-time MAY
        //# Whenever the machine writes.
        if matches!(&self.state, State::Open(open) if !open.closed_here) {
            //= rfc6455#5.6/utf-8 MUST
            //# What is not UTF-8 goes as binary, whatever the options say.
            //= rfc7395#3.2/text MUST
            //# As the application of XMPP sets it; a stream is UTF-8 always.
            let text = self.ws.text && std::str::from_utf8(&data).is_ok();
            self.write(if text { Opcode::Text } else { Opcode::Binary }, &data);
        }
    }

    fn close(&mut self) {
        //= rfc6455#7.4/reason MAY
        //# 1000 when the machine closes.
        self.say_close(Some(Status::Normal as u16));
    }

    fn output(&mut self) -> Bytes {
        std::mem::take(&mut self.output).freeze()
    }

    fn awaits_goodbye(&self) -> bool {
        matches!(&self.state, State::Open(open) if !open.closed_there)
    }

    fn lets_peer_end(&self) -> bool {
        matches!(&self.state, State::Open(open) if open.role == Role::Client)
    }
}

fn failure(reason: impl Into<String>) -> Failure {
    Failure { at: Protocol::WebSocket, reason: reason.into(), untrusted: false }
}
