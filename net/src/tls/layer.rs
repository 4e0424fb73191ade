//! rustls as a layer. Its unbuffered interface works in our own buffers, so that an idle connection keeps none.
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus};
use rustls::{ClientConfig, ServerConfig};
use wire::Secured;

use super::binding::Binding;
use super::{Tls, invalid, reason};
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
    /// We have said that we send no more.
    closed: bool,
    /// rustls is not to be asked again.
    broken: bool,
    failed: Option<Failure>,
    /// The end was told.
    over: bool,
    /// A client's, until it is asked for.
    binding: Option<Box<Binding>>,
}

enum Engine {
    Client(Box<UnbufferedClientConnection>),
    Server(Box<UnbufferedServerConnection>),
}

impl TlsLayer {
    /// The client's end of a connection to `remote`, which offers those application protocols.
    pub fn client(tls: &Tls, config: &ClientConfig, alpn: &[Vec<u8>], remote: SocketAddr) -> io::Result<TlsLayer> {
        let name = tls.server_name(remote)?;
        let (binding, config) = Binding::new(config);
        let connection = UnbufferedClientConnection::new_with_alpn(config, name, alpn.to_vec()).map_err(invalid)?;
        let layer = TlsLayer::new(Engine::Client(Box::new(connection)));
        Ok(TlsLayer { binding: Some(Box::new(binding)), ..layer })
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
            closed: false,
            broken: false,
            failed: None,
            over: false,
            binding: None,
        }
    }

    /// Lets rustls work on what came, and then do `task`.
    fn advance(&mut self, task: Task) {
        if self.broken || self.closed {
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
        match result {
            Ok(()) => {}
            Err(Broken::Rustls(error)) => {
                let untrusted = !self.opened || reason::is_distrust(&error);
                self.fail(reason::words(&error), untrusted);
            }
            Err(Broken::Buffer(reason)) => self.fail(reason, false),
        }
        if self.incoming.is_empty() {
            self.incoming = BytesMut::new(); // what it stood in is given back
        }
    }

    fn fail(&mut self, reason: String, untrusted: bool) {
        self.broken = true;
        self.failed = Some(Failure { at: Protocol::Tls, reason, untrusted });
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
        // After our close_notify there is nothing to be told of what comes, and rustls takes errors in it for its own.
        if self.broken || self.finished || self.closed {
            return;
        }
        if let Some(binding) = &mut self.binding {
            binding.heard(&data);
        }
        if self.incoming.is_empty() {
            self.incoming = data;
        } else {
            self.incoming.extend_from_slice(&data);
        }
        self.advance(Task::Handshake);
    }

    fn end(&mut self) {
        if !self.finished && !self.broken && !self.closed {
            let during = if self.opened { "without saying so first" } else { "during the handshake" };
            self.fail(format!("the peer closed the connection {during}"), false);
        }
    }

    fn next(&mut self) -> Option<Happened> {
        if !self.opened && !self.broken && !self.is_handshaking() {
            self.opened = true;
            return Some(Happened::Opened);
        }
        if !self.plain.is_empty() {
            return Some(Happened::Data(std::mem::take(&mut self.plain).freeze()));
        }
        if self.over {
            return None;
        }
        if self.finished && !self.opened && !self.broken {
            self.fail("the peer closed the connection during the handshake".to_owned(), false);
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
        self.closed = true;
    }

    fn output(&mut self) -> Bytes {
        std::mem::take(&mut self.outgoing).freeze()
    }

    fn secured(&mut self) -> Option<Box<Secured>> {
        let Engine::Client(connection) = &self.engine else { return None };
        Some(Box::new(self.binding.take()?.secured(connection)))
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
    /// Whether `process` has something to encode, which it does before it reads.
    fn has_output(&self) -> bool;
}

impl Role for UnbufferedClientConnection {
    type Data = ClientConnectionData;
    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, ClientConnectionData> {
        self.process_tls_records(incoming)
    }
    fn has_output(&self) -> bool {
        self.wants_write()
    }
}

impl Role for UnbufferedServerConnection {
    type Data = ServerConnectionData;
    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, ServerConnectionData> {
        self.process_tls_records(incoming)
    }
    fn has_output(&self) -> bool {
        self.wants_write()
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
    fn advance<R: Role>(&mut self, connection: &mut R, task: Task) -> Result<(), Broken> {
        let mut failed = None;
        loop {
            // After an error, what tells the peer is still to be encoded, and nothing more may be read.
            if let Some(error) = failed.take_if(|_| !connection.has_output()) {
                return Err(Broken::Rustls(error));
            }
            let UnbufferedStatus { mut discard, state } = connection.process(&mut self.incoming[..]);
            let mut more = true;
            match state {
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    write(self.outgoing, |buffer| data.encode(buffer).map_err(Refused::from))?;
                }
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(), // it leaves with `outgoing`
                _ if failed.is_some() => return failed.map_or(Ok(()), |error| Err(Broken::Rustls(error))),
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.map_err(Broken::Rustls)?;
                        discard += record.discard;
                        self.plain.extend_from_slice(record.payload);
                    }
                }
                Ok(ConnectionState::PeerClosed) => *self.finished = true,
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    let outgoing = &mut *self.outgoing;
                    match task {
                        //= rfc6120#5.4.3.1/protected MUST
                        //# Once the layer is there, nothing reaches the socket but its records.
                        Task::Send(data) => write(outgoing, |buffer| Ok(traffic.encrypt(data, buffer)?))?,
                        //= rfc6120#4.4/close-notify MUST
                        //# Sent when a machine closes a connection, whose socket then lingers until the peer has
                        //# finished too.
                        Task::Close => write(outgoing, |buffer| Ok(traffic.queue_close_notify(buffer)?))?,
                        //= rfc6120#5.4.3.1/tls MUST
                        //# The states of rustls, versions 1.2 and 1.3.
                        Task::Handshake => {}
                    }
                    more = false;
                }
                Ok(_) => more = false, // more must come first, or there is no more
                Err(error) => failed = Some(error),
            }
            self.incoming.advance(discard.min(self.incoming.len()));
            if !more {
                return Ok(());
            }
        }
    }
}

/// Makes room for what `encode` has to write.
fn write(outgoing: &mut BytesMut, mut encode: impl FnMut(&mut [u8]) -> Result<usize, Refused>) -> Result<(), Broken> {
    let start = outgoing.len();
    let wanted = match encode(&mut []) {
        Ok(_) => return Ok(()),
        Err(Refused::Short(wanted)) => wanted,
        Err(Refused::Never(reason)) => return Err(Broken::Buffer(reason)),
    };
    outgoing.resize(start + wanted, 0);
    let written = encode(&mut outgoing[start..]);
    outgoing.truncate(start + written.as_ref().map_or(0, |&written| written));
    match written {
        Ok(_) => Ok(()),
        Err(Refused::Short(_)) => Err(Broken::Buffer("the record did not fit".to_owned())),
        Err(Refused::Never(reason)) => Err(Broken::Buffer(reason)),
    }
}

/// Why there is no going on.
enum Broken {
    /// rustls says so.
    Rustls(rustls::Error),
    /// It could not write.
    Buffer(String),
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

#[cfg(test)]
mod tests {
    use wire::Rng;

    use super::super::{Identity, Trust};
    use super::*;

    fn pair() -> [TlsLayer; 2] {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let identity = Identity::from_pem(certificate.pem(), key.serialize_pem()).unwrap();
        let tls = Tls { identity: Some(identity), trust: Trust::Anyone, ..Tls::default() };
        let remote = "127.0.0.1:443".parse().unwrap();
        let client = TlsLayer::client(&tls, &tls.client().unwrap(), &[], remote).unwrap();
        [client, TlsLayer::server(tls.server().unwrap()).unwrap()]
    }

    /// Changes what is under way in one of the ways that a hostile peer has.
    fn spoil(data: &mut BytesMut, rng: &mut Rng) {
        let place = |rng: &mut Rng, data: &BytesMut| rng.below(data.len().max(1) as u64) as usize;
        let at = place(rng, data);
        match rng.below(5) {
            0 if !data.is_empty() => data[at] ^= 1 << rng.below(8),
            1 => data.truncate(at),
            2 => {
                let again = data.clone();
                data.extend_from_slice(&again);
            }
            3 => {
                let mut noise = vec![0; rng.below(300) as usize];
                rng.fill(&mut noise);
                data.extend_from_slice(&noise);
            }
            _ => {
                let record = [[22, 3, 3, 0, 4], [21, 3, 3, 0, 2], [23, 3, 3, 0, 1], [20, 3, 3, 0, 1]];
                let mut header = record[rng.below(4) as usize].to_vec();
                header.extend([1, 0, 0, 9]);
                header.extend_from_slice(data);
                *data = BytesMut::from(&header[..]);
            }
        }
    }

    /// Runs a conversation of which each flight is spoilt with some probability and cut at random places; whether both
    /// ends opened.
    fn converse(seed: u64, spoiling: f64) -> bool {
        let mut rng = Rng::from_u64(seed);
        let mut ends = pair();
        let mut open = [false; 2];
        ends.iter_mut().for_each(TlsLayer::start);
        for _ in 0..40 {
            for from in 0..2 {
                let mut data = BytesMut::from(ends[from].output());
                if rng.chance(spoiling) {
                    spoil(&mut data, &mut rng);
                }
                while !data.is_empty() {
                    let piece = data.split_to(1 + rng.below(data.len() as u64) as usize);
                    ends[1 - from].receive(piece);
                }
                while let Some(happened) = ends[1 - from].next() {
                    match happened {
                        Happened::Opened => {
                            open[1 - from] = true;
                            ends[1 - from].send(Bytes::from(vec![7; 20_000]));
                        }
                        Happened::Failed(failure) => assert!(!failure.reason.is_empty()),
                        Happened::Data(_) => ends[1 - from].send(Bytes::from_static(b"heard")),
                        Happened::Finished => {}
                    }
                }
                if open[from] && rng.chance(0.02) {
                    ends[from].close();
                }
            }
        }
        open == [true; 2]
    }

    #[test]
    fn no_spoilt_conversation_ends_in_a_panic() {
        let mut opened = 0;
        for seed in 0..400 {
            let run = std::panic::catch_unwind(|| converse(seed, 0.15));
            opened += u32::from(run.unwrap_or_else(|_| panic!("seed {seed}")));
        }
        assert!((1..400).contains(&opened), "{opened} of 400 opened");
        assert!((0..20).all(|seed| converse(seed, 0.0)));
    }
}
