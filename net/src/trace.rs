use std::fs::File;
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
/// secret as that. WebSocket shows its handshake and frames.
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

    /// A capture into a new file.
    ///
    /// # Errors
    /// When the file cannot be created or written.
    pub fn to_file(path: impl AsRef<Path>) -> io::Result<Trace> {
        Trace::new(BufWriter::new(File::create(path)?))
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

/// A driver's use of a capture, or of none.
pub(crate) struct Tracer {
    clock: Clock,
    trace: Option<Trace>,
    dirty: bool,
}

impl Tracer {
    pub fn new(clock: Clock) -> Tracer {
        Tracer { clock, trace: None, dirty: false }
    }

    pub fn set(&mut self, trace: Option<Trace>) {
        self.flush();
        self.trace = trace;
    }

    pub fn datagram(&mut self, from: SocketAddr, to: SocketAddr, data: &[u8]) {
        self.write(|pcap, at| pcap.datagram(at, from, to, data));
    }

    pub fn connected(&mut self, client: SocketAddr, server: SocketAddr) {
        self.write(|pcap, at| pcap.connecting(at, client, server).and_then(|()| pcap.connected(at, client, server)));
    }

    pub fn stream(&mut self, from: SocketAddr, to: SocketAddr, data: &[u8]) {
        self.write(|pcap, at| pcap.stream(at, from, to, data));
    }

    pub fn finished(&mut self, from: SocketAddr, to: SocketAddr) {
        self.write(|pcap, at| pcap.finished(at, from, to));
    }

    pub fn reset(&mut self, from: SocketAddr, to: SocketAddr) {
        self.write(|pcap, at| pcap.reset(at, from, to));
    }

    /// Hands over what was written since the last time, so that a killed program leaves a whole capture.
    pub fn flush(&mut self) {
        if let Some(trace) = self.trace.as_ref().filter(|_| self.dirty) {
            trace.write(Pcap::flush);
            self.dirty = false;
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
