use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Sleep;
use wire::{ConnId, Epoch, Input, Instant, Machine, Transport};

use crate::io::{Io, Kind};
use crate::options::Prepared;
use crate::tcp::Listener;
use crate::udp::Udp;
use crate::{Config, Options, Stats, Trace};

/// Runs one machine on real sockets. See the crate documentation for an example.
///
/// Nothing happens by itself: sockets are served, timers kept and commands carried out while [`Driver::next`] is
/// awaited. It must be made and used inside a tokio runtime with I/O and time enabled; any kind will do, and the
/// driver never starts a task.
pub struct Driver<M: Machine> {
    machine: M,
    io: Io,
    events: VecDeque<M::Event>,
    timer: Pin<Box<Sleep>>,
    timer_at: Instant,
    /// Before this the machine is not told the time again, since its deadline did not move when it was.
    patience: Instant,
    /// Slots of ready sources, kept for their capacity.
    turn: Vec<usize>,
}

impl<M: Machine> Driver<M> {
    /// A driver with the default limits and a clock that starts now.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(machine: M) -> Driver<M> {
        Driver::with_config(machine, Config::default())
    }

    /// A driver with those limits.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn with_config(machine: M, config: Config) -> Driver<M> {
        let timer = Box::pin(tokio::time::sleep_until(config.clock.to_tokio(Instant::FAR)));
        Driver {
            machine,
            io: Io::new(config),
            events: VecDeque::new(),
            timer,
            timer_at: Instant::FAR,
            patience: Instant::ZERO,
            turn: Vec::new(),
        }
    }

    /// The machine.
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// The machine, to give it commands. What it then puts out leaves when [`Driver::next`] is next polled.
    pub fn machine_mut(&mut self) -> &mut M {
        &mut self.machine
    }

    /// The time on the driver's clock, for commands.
    pub fn now(&self) -> Instant {
        self.io.now()
    }

    /// What the clock's origin is on the calendar.
    pub fn epoch(&self) -> Epoch {
        self.io.config.clock.epoch()
    }

    /// What was counted so far.
    pub fn stats(&self) -> &Stats {
        &self.io.stats
    }

    /// Bytes of a connection that wait because its peer does not take them; 0 for one that does not exist. What the
    /// machine has put out since [`Driver::next`] was last polled is not among them.
    pub fn unsent(&self, conn: ConnId) -> usize {
        self.io.unsent(conn)
    }

    /// Whether small writes to a connection leave at once from now on, as `Config::no_delay` says for new ones.
    pub fn no_delay(&mut self, conn: ConnId, is_on: bool) {
        self.io.no_delay(conn, is_on);
    }

    /// Why TLS or WebSocket ended a connection that the machine asked for, in one line for the user: that a certificate
    /// has expired, or is for another name. Known from before the machine hears of it until 64 others have failed; `None`
    /// for connections that ended otherwise.
    pub fn failure(&self, conn: ConnId) -> Option<&str> {
        self.io.failures.iter().find(|failure| failure.0 == conn).map(|failure| failure.1.as_str())
    }

    /// Whichever connection failed last, and its [`Driver::failure`]: for machines that have one connection at a time.
    pub fn last_failure(&self) -> Option<(ConnId, &str)> {
        self.io.failures.front().map(|(conn, why)| (*conn, why.as_str()))
    }

    /// Writes everything that is sent and received from now on into `trace`, or stops that.
    pub fn trace(&mut self, trace: Option<Trace>) {
        self.io.trace.set(trace, false);
    }

    /// Writes datagrams and the beginnings of connections into `trace`, but not what connections carry: that is told by
    /// [`Driver::tell_trace`], for protocols whose bytes hold secrets that no file should.
    pub fn trace_told(&mut self, trace: Option<Trace>) {
        self.io.trace.set(trace, true);
    }

    /// Writes `data` as if it had been `sent` or received by the client of the connection that was opened last. Nothing
    /// comes of it without [`Driver::trace_told`].
    pub fn tell_trace(&mut self, sent: bool, data: &[u8]) {
        self.io.trace.tell(sent, data);
    }

    // ---- sockets

    /// Opens a UDP socket at `address` and returns where it is: port 0 takes a free one. An IPv6 socket takes no IPv4
    /// datagrams, so that both may be bound to one port.
    ///
    /// # Errors
    /// The operating system's.
    pub fn bind_udp(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let udp = Udp::bind(address, &self.io.config)?;
        Ok(self.io.add_udp(udp))
    }

    /// Opens two UDP sockets, at an even port within `ports` and at the port after it, as RTP and RTCP like them, and
    /// returns both. Give `1024..=65534` to take any.
    ///
    /// # Errors
    /// `AddrInUse` when there is no such pair; else the operating system's.
    pub fn bind_udp_pair(&mut self, ip: IpAddr, ports: RangeInclusive<u16>) -> io::Result<[SocketAddr; 2]> {
        let first = ports.start().saturating_add(ports.start() % 2);
        let pairs = (u32::from(*ports.end()) + 1).saturating_sub(u32::from(first)) / 2;
        // Start at a place that differs from call to call; a port just given back may still have stragglers coming.
        let start = if pairs == 0 { 0 } else { self.io.next_pair(pairs) };
        for n in 0..pairs {
            let even = first + 2 * ((start + n) % pairs) as u16;
            let Some(rtp) = free(self.bind_udp(SocketAddr::new(ip, even)))? else { continue };
            match free(self.bind_udp(SocketAddr::new(ip, even + 1))) {
                Ok(Some(rtcp)) => return Ok([rtp, rtcp]),
                Ok(None) => self.unbind_udp(rtp),
                Err(error) => {
                    self.unbind_udp(rtp);
                    return Err(error);
                }
            };
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    /// Closes the UDP socket at `address`; false when there is none. Datagrams still queued for it are lost.
    pub fn unbind_udp(&mut self, address: SocketAddr) -> bool {
        self.io.remove_udp(address)
    }

    /// Accepts TCP connections at `address` and returns where that is: port 0 takes a free one.
    ///
    /// # Errors
    /// The operating system's.
    pub fn bind_tcp(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        self.listen(Transport::Tcp, address)
    }

    /// Accepts connections over `transport` at `address`, as the driver's limits say, and returns where that is: port 0
    /// takes a free one. The machine hears of a connection when its handshake is done.
    ///
    /// # Errors
    /// `Unsupported` when this build has no such transport or it has no connections, `InvalidInput` when TLS lacks a
    /// certificate; else the operating system's.
    pub fn listen(&mut self, transport: Transport, address: SocketAddr) -> io::Result<SocketAddr> {
        self.listen_with(transport, address, Options::from(&self.io.config))
    }

    /// The same with options of its own.
    ///
    /// # Errors
    /// As [`Driver::listen`].
    pub fn listen_with(
        &mut self,
        transport: Transport,
        address: SocketAddr,
        options: Options,
    ) -> io::Result<SocketAddr> {
        let listener = Listener::bind(transport, address, options, &self.io.config)?;
        let local = listener.local;
        let slot = self.io.insert(Kind::Listener(listener));
        self.io.listeners.insert(local, slot);
        Ok(local)
    }

    /// Sets what connections to `remote` do otherwise than the others, from the next one on; `None` ends that.
    pub fn options_for(&mut self, remote: SocketAddr, options: Option<Options>) {
        match options {
            Some(options) => self.io.options.insert(remote, Prepared::new(options)),
            None => self.io.options.remove(&remote),
        };
    }

    /// Accepts no more connections at `address`, over whatever transport; false when nobody did. Those accepted before live on.
    pub fn unbind_tcp(&mut self, address: SocketAddr) -> bool {
        let slot = self.io.listeners.remove(&address);
        slot.is_some_and(|slot| self.io.remove(slot).is_some())
    }

    // ---- running

    /// Serves sockets and timers until the machine tells an event. Cancel-safe: dropping the future loses nothing, so
    /// that it can stand in a `select!` beside other drivers and sources.
    pub async fn next(&mut self) -> M::Event {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// What [`Driver::next`] awaits, for those who write their own future.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<M::Event> {
        // Without this, a machine that never runs out of events would keep the runtime from everything else.
        let budget = ready!(tokio::task::coop::poll_proceed(context));
        self.io.ready.register(context.waker());
        let settled = self.settle();
        if let Some(event) = self.events.pop_front() {
            budget.made_progress();
            return Poll::Ready(event);
        }
        let done = self.take_turn() && settled;
        self.keep_time(context);
        if let Some(event) = self.events.pop_front() {
            budget.made_progress();
            return Poll::Ready(event);
        }
        self.io.trace.flush();
        if !done || !self.io.ready.is_empty() {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Closes every connection, gets out what is still queued, within `close_timeout`, and gives the machine back.
    /// Events told meanwhile are lost.
    pub async fn shutdown(mut self) -> M {
        self.settle();
        self.io.close_all();
        let limit = self.io.config.close_timeout;
        let drained = poll_fn(|context| {
            while self.poll_next(context).is_ready() {}
            if self.io.has_unsent() { Poll::Pending } else { Poll::Ready(()) }
        });
        let _ = tokio::time::timeout(limit, drained).await; // what is not out by now is lost
        self.io.trace.flush();
        self.machine
    }

    /// Carries out what the machine says, and tells it what comes of it at once; false when there is more to tell. What
    /// it wrote to connections leaves last, so that many pieces are one write.
    fn settle(&mut self) -> bool {
        let settled = self.settle_machine();
        self.io.write_gathered();
        settled
    }

    fn settle_machine(&mut self) -> bool {
        for _ in 0..self.io.config.inputs_per_turn.max(1) {
            while let Some(output) = self.machine.poll() {
                if let Some(event) = self.io.output(output) {
                    self.events.push_back(event);
                }
            }
            let Some(input) = self.io.pending.pop_front() else { return true };
            self.machine.handle(self.io.now(), input);
        }
        false
    }

    fn handle(&mut self, input: Input) -> bool {
        self.machine.handle(self.io.now(), input);
        self.settle()
    }

    /// Gives every ready source its share of a turn; false when work was left over.
    fn take_turn(&mut self) -> bool {
        let mut turn = std::mem::take(&mut self.turn);
        self.io.ready.take(&mut turn);
        let mut left = self.io.config.inputs_per_turn.max(1);
        let mut served = 0;
        let mut settled = true;
        for &slot in &turn {
            if left == 0 {
                break;
            }
            served += 1;
            self.io.begin(slot);
            let share = self.io.config.inputs_per_source.clamp(1, left);
            let mut taken = 0;
            while taken < share {
                let Some(input) = self.io.next_input(slot) else { break };
                taken += 1;
                settled &= self.handle(input);
            }
            left -= taken;
            if taken == share {
                self.io.raise(slot);
            }
        }
        self.io.ready.put_back(turn.drain(..).skip(served));
        self.turn = turn;
        self.settle() && settled
    }

    /// Tells the machine the time when its deadline has come, and sets the timer for the next.
    fn keep_time(&mut self, context: &mut Context<'_>) {
        for _ in 0..2 {
            let now = self.io.now();
            self.io.expire(now);
            self.settle();
            let deadline = self.machine.deadline().unwrap_or(Instant::FAR).max(self.patience);
            if deadline <= now {
                self.handle(Input::Time);
                if self.machine.deadline().is_some_and(|deadline| deadline <= now) {
                    self.io.stats.overdue += 1;
                    self.patience = now + OVERDUE_PAUSE;
                }
                continue;
            }
            let at = deadline.min(self.io.deadline().unwrap_or(Instant::FAR));
            if at != self.timer_at {
                self.timer_at = at;
                self.timer.as_mut().reset(self.io.config.clock.to_tokio(at));
            }
            if self.timer.as_mut().poll(context).is_pending() {
                return;
            }
            self.timer_at = Instant::ZERO; // it has fired; whatever comes next is set anew
        }
        context.waker().wake_by_ref();
    }
}

/// A port that is taken is no error while there are others.
fn free(bound: io::Result<SocketAddr>) -> io::Result<Option<SocketAddr>> {
    match bound {
        Ok(address) => Ok(Some(address)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(None),
        Err(error) => Err(error),
    }
}

const OVERDUE_PAUSE: Duration = Duration::from_millis(1);
