use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use wire::Epoch;
use wire::pcap::Pcap;

use crate::Clock;

type Sink = Pcap<Box<dyn Write + Send>>;

/// A packet capture that one or several drivers write: the application's `--trace FILE.pcap`. Cloning it gives another
/// handle to the same capture. The first error while writing ends it; [`Trace::finish`] tells.
///
/// Connections over TLS show what they carry, as if it had been sent over TCP, so that a capture can be read; keep it as
/// secret as that. WebSocket shows its handshake and frames. [`Driver::trace_told`](crate::Driver::trace_told) leaves it to
/// the application what a capture holds.
#[derive(Clone)]
pub struct Trace(Arc<Mutex<State>>);

enum State {
    Open(Sink),
    Failed(io::Error),
    Finished,
}

impl Trace {
    /// A capture into `out`, which should buffer.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn new(out: impl Write + Send + 'static) -> io::Result<Trace> {
        let out: Box<dyn Write + Send> = Box::new(out);
        Ok(Trace(Arc::new(Mutex::new(State::Open(Pcap::new(out)?)))))
    }

    /// A capture into a file, which is emptied if it exists. Nobody but its owner may read it, on systems that know
    /// owners: it shows what encryption hides.
    ///
    /// # Errors
    /// When the file cannot be created, kept from others, or written.
    pub fn to_file(path: impl AsRef<Path>) -> io::Result<Trace> {
        let mut options = OpenOptions::new();
        options.write(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, PRIVATE);
        let file = options.open(path)?;
        // One that was there before has the rights that it was given then; a pipe or terminal stays as it is.
        if file.metadata()?.is_file() {
            keep_private(&file)?;
            file.set_len(0)?;
        }
        Trace::new(BufWriter::new(file))
    }

    /// Ends the capture for every handle; what drivers add later is dropped.
    ///
    /// # Errors
    /// The first error met while writing it.
    pub fn finish(&self) -> io::Result<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *state, State::Finished) {
            State::Open(mut pcap) => pcap.flush(),
            State::Failed(error) => Err(error),
            State::Finished => Ok(()),
        }
    }

    fn write(&self, f: impl FnOnce(&mut Sink) -> io::Result<()>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(pcap) = &mut *state
            && let Err(error) = f(pcap)
        {
            tracing::warn!(%error, "the packet capture ends here");
            *state = State::Failed(error);
        }
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trace(..)")
    }
}

#[cfg(unix)]
fn keep_private(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(PRIVATE))
}

#[cfg(not(unix))]
fn keep_private(_: &File) -> io::Result<()> {
    Ok(())
}

/// A driver's use of a capture, or of none.
pub(crate) struct Tracer {
    clock: Clock,
    trace: Option<Trace>,
    dirty: bool,
    /// Whether streams are told by the application.
    told: bool,
    /// Client and server of the latest connection, which it tells about.
    latest: Option<(SocketAddr, SocketAddr)>,
}

impl Tracer {
    pub fn new(clock: Clock) -> Tracer {
        Tracer { clock, trace: None, dirty: false, told: false, latest: None }
    }

    pub fn set(&mut self, trace: Option<Trace>, told: bool) {
        self.flush();
        (self.trace, self.told) = (trace, told);
    }

    /// The application's words for what the client of the latest connection has sent or received.
    pub fn tell(&mut self, sent: bool, data: &[u8]) {
        if let Some((client, server)) = self.latest.filter(|_| self.told) {
            let (from, to) = if sent { (client, server) } else { (server, client) };
            self.write(|pcap, at| pcap.stream(at, from, to, data));
        }
    }

    pub fn datagram(&mut self, from: SocketAddr, to: SocketAddr, data: &[u8]) {
        self.write(|pcap, at| pcap.datagram(at, from, to, data));
    }

    pub fn connected(&mut self, client: SocketAddr, server: SocketAddr) {
        self.latest = Some((client, server));
        self.write(|pcap, at| pcap.connecting(at, client, server).and_then(|()| pcap.connected(at, client, server)));
    }

    pub fn stream(&mut self, from: SocketAddr, to: SocketAddr, data: &[u8]) {
        self.write_bytes(|pcap, at| pcap.stream(at, from, to, data));
    }

    pub fn finished(&mut self, from: SocketAddr, to: SocketAddr) {
        self.write_bytes(|pcap, at| pcap.finished(at, from, to));
    }

    pub fn reset(&mut self, from: SocketAddr, to: SocketAddr) {
        self.write_bytes(|pcap, at| pcap.reset(at, from, to));
    }

    /// Hands over what was written since the last time, so that a killed program leaves a whole capture.
    pub fn flush(&mut self) {
        if let Some(trace) = self.trace.as_ref().filter(|_| self.dirty) {
            trace.write(Pcap::flush);
            self.dirty = false;
        }
    }

    /// What a stream carries, and its end: not where the application tells it, which it does a moment later.
    fn write_bytes(&mut self, f: impl FnOnce(&mut Sink, std::time::Duration) -> io::Result<()>) {
        if !self.told {
            self.write(f);
        }
    }

    fn write(&mut self, f: impl FnOnce(&mut Sink, std::time::Duration) -> io::Result<()>) {
        let Some(trace) = &self.trace else { return };
        let epoch: Epoch = self.clock.epoch();
        let at = epoch.unix(self.clock.now());
        trace.write(|pcap| f(pcap, at));
        self.dirty = true;
    }
}

impl Drop for Tracer {
    /// A driver may end right behind an event, while others go on with the capture.
    fn drop(&mut self) {
        self.flush();
    }
}

/// Rights of a capture's file: those of its owner.
#[cfg(unix)]
const PRIVATE: u32 = 0o600;
