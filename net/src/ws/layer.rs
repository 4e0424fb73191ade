//! tungstenite as a layer: its protocol machine reads from and writes to buffers in memory.
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use tungstenite::error::{CapacityError, ProtocolError};
use tungstenite::http::StatusCode;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Utf8Bytes};

use super::Ws;
use super::handshake::{self, Asked};
use crate::layers::{Failure, Happened, Layer, Protocol};

/// WebSocket between a stream and a machine that takes messages.
pub(crate) struct WsLayer {
    ws: Arc<Ws>,
    state: State,
    pipe: Pipe,
    /// What is told once the layer's output is on its way.
    ending: Option<Happened>,
}

enum State {
    /// The client's request, and what proves an answer to it.
    Asking(Asked),
    /// Waiting for the server's answer, which must show this.
    Asked(String),
    /// Waiting for the client's request.
    Listening,
    Open {
        role: Role,
        context: Box<WebSocketContext>,
        closed_here: bool,
        closed_there: bool,
    },
    Over,
}

/// The stream as tungstenite sees it.
#[derive(Default)]
struct Pipe {
    input: BytesMut,
    output: Vec<u8>,
    ended: bool,
}

impl WsLayer {
    pub fn client(ws: Arc<Ws>, remote: SocketAddr) -> io::Result<WsLayer> {
        let asked = handshake::ask(&ws, remote)?;
        Ok(WsLayer::new(ws, State::Asking(asked)))
    }

    pub fn server(ws: Arc<Ws>) -> WsLayer {
        WsLayer::new(ws, State::Listening)
    }

    fn new(ws: Arc<Ws>, state: State) -> WsLayer {
        WsLayer { ws, state, pipe: Pipe::default(), ending: None }
    }

    /// Looks for the end of the handshake in what has come.
    fn open(&mut self) -> Option<Happened> {
        let came = &self.pipe.input[..];
        let role = match &self.state {
            State::Asked(accept) => match handshake::verify(&self.ws, accept, came) {
                Ok(Some(length)) => {
                    self.pipe.input.advance(length);
                    Role::Client
                }
                Ok(None) => return self.unopened(),
                Err(reason) => return self.fail(reason),
            },
            State::Listening => match handshake::answer(&self.ws, came) {
                Ok(Some(answer)) => {
                    self.pipe.output.extend(answer);
                    self.pipe.input.clear();
                    Role::Server
                }
                Ok(None) => return self.unopened(),
                Err(refusal) => {
                    self.pipe.output.extend(refusal.answer);
                    return self.fail(refusal.reason);
                }
            },
            _ => return None,
        };
        let limit = Some(self.ws.message);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(limit)
            .max_frame_size(limit)
            .accept_unmasked_frames(false);
        let context = Box::new(WebSocketContext::new(role, Some(config)));
        self.state = State::Open { role, context, closed_here: false, closed_there: false };
        Some(Happened::Opened)
    }

    /// The handshake is not whole yet.
    fn unopened(&mut self) -> Option<Happened> {
        if self.pipe.input.len() > self.ws.handshake {
            if matches!(self.state, State::Listening) {
                let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
                self.pipe.output.extend(handshake::refuse(status, "").answer);
            }
            return self.fail("the handshake is too long".to_owned());
        }
        if self.pipe.ended {
            return self.fail("the peer closed the connection during the handshake".to_owned());
        }
        None
    }

    /// The next message, if it has come.
    fn read(&mut self) -> Option<Happened> {
        let State::Open { context, closed_here, closed_there, .. } = &mut self.state else { return None };
        loop {
            let data = match context.read(&mut self.pipe) {
                Ok(Message::Binary(data)) => data,
                Ok(Message::Text(text)) => text.into(),
                Ok(Message::Close(_)) => {
                    let _ = context.flush(&mut self.pipe); // the answer, unless this is one
                    *closed_here = true;
                    *closed_there = true;
                    return Some(Happened::Finished);
                }
                Ok(_) => continue, // pings are answered with what is next written
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => return None,
                Err(error) => {
                    if let Some(code) = close_code(&error) {
                        let frame = CloseFrame { code, reason: Utf8Bytes::from_static("") };
                        let _ = context.close(&mut self.pipe, Some(frame));
                    }
                    return self.fail(error.to_string());
                }
            };
            if !data.is_empty() {
                return Some(Happened::Data(data));
            }
        }
    }

    fn fail(&mut self, reason: String) -> Option<Happened> {
        self.state = State::Over;
        Some(Happened::Failed(Failure { at: Protocol::WebSocket, reason }))
    }
}

impl Layer for WsLayer {
    fn start(&mut self) {
        if let State::Asking(asked) = &mut self.state {
            self.pipe.output.append(&mut asked.request);
            self.state = State::Asked(std::mem::take(&mut asked.accept));
        }
    }

    fn receive(&mut self, data: BytesMut) {
        if self.pipe.input.is_empty() {
            self.pipe.input = data;
        } else {
            self.pipe.input.extend_from_slice(&data);
        }
    }

    fn end(&mut self) {
        self.pipe.ended = true;
    }

    fn next(&mut self) -> Option<Happened> {
        if let Some(ending) = self.ending.take() {
            return Some(ending);
        }
        match self.state {
            State::Asking(_) | State::Over => None,
            State::Asked(_) | State::Listening => self.open(),
            State::Open { closed_there: true, .. } => None,
            State::Open { .. } => self.read(),
        }
    }

    fn send(&mut self, data: Bytes) {
        let State::Open { context, closed_here: false, .. } = &mut self.state else { return };
        let message = match self.ws.text.then(|| Utf8Bytes::try_from(data.clone())) {
            Some(Ok(text)) => Message::Text(text),
            _ => Message::Binary(data),
        };
        if let Err(error) = context.write(&mut self.pipe, message) {
            self.ending = self.fail(error.to_string());
        }
    }

    fn close(&mut self) {
        let State::Open { context, closed_here, .. } = &mut self.state else { return };
        if !std::mem::replace(closed_here, true) {
            let frame = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::from_static("") };
            let _ = context.close(&mut self.pipe, Some(frame)); // writing into memory always works
        }
    }

    fn output(&mut self) -> Bytes {
        std::mem::take(&mut self.pipe.output).into()
    }

    fn awaits_goodbye(&self) -> bool {
        matches!(self.state, State::Open { closed_there: false, .. })
    }

    fn lets_peer_end(&self) -> bool {
        matches!(self.state, State::Open { role: Role::Client, .. })
    }
}

/// What tells the peer of a failure.
fn close_code(error: &Error) -> Option<CloseCode> {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) | Error::Io(_) => None,
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Some(CloseCode::Size),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        _ => Some(CloseCode::Protocol),
    }
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() && !self.ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let length = self.input.len().min(into.len());
        self.input.copy_to_slice(&mut into[..length]);
        if self.input.is_empty() {
            self.input = BytesMut::new(); // what it stood in is given back
        }
        Ok(length)
    }
}

impl Write for Pipe {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.output.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes that tungstenite takes at a time, and keeps for every connection.
const READ_BUFFER: usize = 1024;
