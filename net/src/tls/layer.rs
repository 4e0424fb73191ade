//! rustls as a layer. Its unbuffered interface works in our own buffers, so that an idle connection keeps none.
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus};
use rustls::{ClientConfig, ServerConfig};

use super::{Tls, invalid};
use crate::layers::{Failure, Happened, Layer, Protocol};

/// TLS between a socket and what is above.
pub(crate) struct TlsLayer {
    engine: Engine,
    /// What came from below and makes no whole record yet.
    incoming: BytesMut,
    outgoing: BytesMut,
    /// Decrypted, and not told yet.
    plain: BytesMut,
    opened: bool,
    /// The peer has said that it sends no more.
    finished: bool,
    failed: Option<Failure>,
    /// It has failed, and rustls is not called again.
    broken: bool,
    /// The end was told.
    over: bool,
}

enum Engine {
    Client(Box<UnbufferedClientConnection>),
    Server(Box<UnbufferedServerConnection>),
}

impl TlsLayer {
    pub fn client(tls: &Tls, config: Arc<ClientConfig>, remote: SocketAddr) -> io::Result<TlsLayer> {
        let name = tls.server_name(remote)?;
        let connection = UnbufferedClientConnection::new(config, name).map_err(invalid)?;
        Ok(TlsLayer::new(Engine::Client(Box::new(connection))))
    }

    pub fn server(config: Arc<ServerConfig>) -> io::Result<TlsLayer> {
        let connection = UnbufferedServerConnection::new(config).map_err(invalid)?;
        Ok(TlsLayer::new(Engine::Server(Box::new(connection))))
    }

    fn new(engine: Engine) -> TlsLayer {
        TlsLayer {
            engine,
            incoming: BytesMut::new(),
            outgoing: BytesMut::new(),
            plain: BytesMut::new(),
            opened: false,
            finished: false,
            failed: None,
            broken: false,
            over: false,
        }
    }

    /// Lets rustls work on what came, and then do `task`.
    fn advance(&mut self, task: Task) {
        if self.broken {
            return;
        }
        let mut work = Work {
            incoming: &mut self.incoming,
            outgoing: &mut self.outgoing,
            plain: &mut self.plain,
            finished: &mut self.finished,
        };
        let result = match &mut self.engine {
            Engine::Client(connection) => work.advance(connection.as_mut(), task),
            Engine::Server(connection) => work.advance(connection.as_mut(), task),
        };
        if let Err(error) = result {
            self.fail(error.to_string());
        }
        if self.incoming.is_empty() {
            self.incoming = BytesMut::new(); // what it stood in is given back
        }
    }

    fn fail(&mut self, reason: String) {
        self.broken = true;
        self.failed = Some(Failure { at: Protocol::Tls, reason });
    }

    fn is_handshaking(&self) -> bool {
        match &self.engine {
            Engine::Client(connection) => connection.is_handshaking(),
            Engine::Server(connection) => connection.is_handshaking(),
        }
    }
}

impl Layer for TlsLayer {
    fn start(&mut self) {
        self.advance(Task::Handshake);
    }

    fn receive(&mut self, data: BytesMut) {
        if self.incoming.is_empty() {
            self.incoming = data;
        } else {
            self.incoming.extend_from_slice(&data);
        }
        self.advance(Task::Handshake);
    }

    fn end(&mut self) {
        if !self.finished && self.failed.is_none() {
            let during = if self.opened { "without saying so first" } else { "during the handshake" };
            self.fail(format!("the peer closed the connection {during}"));
        }
    }

    fn next(&mut self) -> Option<Happened> {
        if !self.opened && self.failed.is_none() && !self.is_handshaking() {
            self.opened = true;
            return Some(Happened::Opened);
        }
        if !self.plain.is_empty() {
            return Some(Happened::Data(std::mem::take(&mut self.plain).freeze()));
        }
        if self.over {
            return None;
        }
        let end = self.failed.take().map(Happened::Failed).or(self.finished.then_some(Happened::Finished))?;
        self.over = true;
        Some(end)
    }

    fn send(&mut self, data: Bytes) {
        for record in data.chunks(MAX_RECORD) {
            self.advance(Task::Send(record));
        }
    }

    fn close(&mut self) {
        self.advance(Task::Close);
    }

    fn output(&mut self) -> Bytes {
        std::mem::take(&mut self.outgoing).freeze()
    }
}

/// What is wanted of rustls once it has dealt with what came.
#[derive(Clone, Copy)]
enum Task<'a> {
    Handshake,
    Send(&'a [u8]),
    Close,
}

/// The two roles, which rustls has as two types.
trait Role {
    type Data;
    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;
}

impl Role for UnbufferedClientConnection {
    type Data = ClientConnectionData;
    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, ClientConnectionData> {
        self.process_tls_records(incoming)
    }
}

impl Role for UnbufferedServerConnection {
    type Data = ServerConnectionData;
    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, ServerConnectionData> {
        self.process_tls_records(incoming)
    }
}

/// The buffers of a connection while rustls works.
struct Work<'a> {
    incoming: &'a mut BytesMut,
    outgoing: &'a mut BytesMut,
    plain: &'a mut BytesMut,
    finished: &'a mut bool,
}

impl Work<'_> {
    fn advance<R: Role>(&mut self, connection: &mut R, task: Task) -> Result<(), String> {
        let mut failed = None;
        loop {
            let UnbufferedStatus { mut discard, state } = connection.process(&mut self.incoming[..]);
            let mut more = true;
            match state {
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    write(self.outgoing, |buffer| data.encode(buffer).map_err(Refused::from))?;
                    more = failed.is_none(); // else that was the alert, and rustls would stumble over the rest again
                }
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(), // it leaves with `outgoing`
                _ if failed.is_some() => more = false,
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.map_err(|error| error.to_string())?;
                        discard += record.discard;
                        self.plain.extend_from_slice(record.payload);
                    }
                }
                Ok(ConnectionState::PeerClosed) => *self.finished = true,
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    let outgoing = &mut *self.outgoing;
                    match task {
                        Task::Send(data) => write(outgoing, |buffer| Ok(traffic.encrypt(data, buffer)?))?,
                        Task::Close => write(outgoing, |buffer| Ok(traffic.queue_close_notify(buffer)?))?,
                        Task::Handshake => {}
                    }
                    more = false;
                }
                Ok(_) => more = false, // more must come first, or there is no more
                Err(error) => failed = Some(error.to_string()), // what tells the peer is still to be encoded
            }
            self.incoming.advance(discard.min(self.incoming.len()));
            if !more {
                return failed.map_or(Ok(()), Err);
            }
        }
    }
}

/// Makes room for what `encode` has to write.
fn write(outgoing: &mut BytesMut, mut encode: impl FnMut(&mut [u8]) -> Result<usize, Refused>) -> Result<(), String> {
    let start = outgoing.len();
    let wanted = match encode(&mut []) {
        Ok(_) => return Ok(()),
        Err(Refused::Short(wanted)) => wanted,
        Err(Refused::Never(reason)) => return Err(reason),
    };
    outgoing.resize(start + wanted, 0);
    let written = encode(&mut outgoing[start..]);
    outgoing.truncate(start + written.as_ref().map_or(0, |&written| written));
    match written {
        Ok(_) => Ok(()),
        Err(Refused::Short(_)) => Err("the record did not fit".to_owned()),
        Err(Refused::Never(reason)) => Err(reason),
    }
}

/// Why rustls wrote nothing.
enum Refused {
    /// It needs that many bytes.
    Short(usize),
    Never(String),
}

impl From<EncodeError> for Refused {
    fn from(error: EncodeError) -> Refused {
        match error {
            EncodeError::InsufficientSize(size) => Refused::Short(size.required_size),
            other => Refused::Never(other.to_string()),
        }
    }
}

impl From<EncryptError> for Refused {
    fn from(error: EncryptError) -> Refused {
        match error {
            EncryptError::InsufficientSize(size) => Refused::Short(size.required_size),
            other => Refused::Never(other.to_string()),
        }
    }
}

/// The most that is encrypted as one record.
const MAX_RECORD: usize = 16 << 10;
