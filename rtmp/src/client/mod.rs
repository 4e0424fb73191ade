//! The client's side: one connection.

use std::collections::VecDeque;
use std::time::Duration;

use amf::amf0::{Object, Value};
use wire::{Input, Instant, Machine, Output, Rng};

use crate::Message;
use crate::server::PublishMode;

mod config;
mod error;
mod event;

pub use config::{Config, Limits, Timing};
pub use error::Error;
pub use event::{ClosedReason, DropReason, Event, StreamEvent};

/// One connection to a server. Give one input (or call one command), then poll until `None`, then wait for the next
/// input or the deadline.
pub struct Client {
    config: Config,
    outputs: VecDeque<Output<Event>>,
}

impl Client {
    /// A client that has not connected.
    pub fn new(config: Config, _rng: Rng) -> Client {
        Client { config, outputs: VecDeque::new() }
    }

    /// What it was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Looks up the address, connects, shakes hands and sends connect. `Connected`, `Rejected` or `Closed` tell the outcome.
    ///
    /// # Errors
    /// [`Error::ConnectedAlready`].
    pub fn connect(&mut self, _now: Instant) -> Result<(), Error> {
        Err(Error::ConnectedAlready)
    }

    /// Asks for a message stream: `StreamCreated` or `StreamRefused` tell the outcome. Returns the transaction.
    ///
    /// # Errors
    /// [`Error::NotConnected`] or [`Error::TooMany`].
    pub fn create_stream(&mut self, _now: Instant) -> Result<u64, Error> {
        Err(Error::NotConnected)
    }

    /// Asks to publish: releaseStream and FCPublish go ahead of it, as old servers want. `Status` tells the outcome; send
    /// media once it says `NetStream.Publish.Start`. The name may carry a query.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::UnknownStream`], [`Error::WrongRole`] when it is in use, or [`Error::TooLong`].
    pub fn publish(&mut self, _now: Instant, _stream: u32, _name: &str, _mode: PublishMode) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Asks to play. `start`: -2 live, else recorded; -1 live only; from 0 recorded, from so many milliseconds on.
    /// `duration`: for how many milliseconds; -1: to the end. Without `reset` it waits until what is on has ended.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::UnknownStream`], [`Error::WrongRole`] when it publishes, or [`Error::TooLong`].
    pub fn play(
        &mut self,
        _now: Instant,
        _stream: u32,
        _name: &str,
        _start: f64,
        _duration: f64,
        _reset: bool,
    ) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Asks to go over to another stream without a break. `parameters` are those of play2: `streamName`, `transition`….
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::UnknownStream`], [`Error::WrongRole`], or [`Error::TooLong`].
    pub fn play2(&mut self, _now: Instant, _stream: u32, _parameters: Object) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Pauses at a place (ms) what is played, or goes on from there.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::UnknownStream`], or [`Error::WrongRole`].
    pub fn pause(&mut self, _now: Instant, _stream: u32, _pause: bool, _at: f64) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Goes to another place (ms) of what is played.
    ///
    /// # Errors
    /// As [`pause`](Self::pause).
    pub fn seek(&mut self, _now: Instant, _stream: u32, _to: f64) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Wants audio, or wants it no longer.
    ///
    /// # Errors
    /// [`Error::NotConnected`] or [`Error::UnknownStream`].
    pub fn receive_audio(&mut self, _now: Instant, _stream: u32, _on: bool) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Wants video, or wants it no longer.
    ///
    /// # Errors
    /// As [`receive_audio`](Self::receive_audio).
    pub fn receive_video(&mut self, _now: Instant, _stream: u32, _on: bool) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Tells how much is buffered (ms) of what is played on a message stream.
    ///
    /// # Errors
    /// As [`receive_audio`](Self::receive_audio).
    pub fn buffer_length(&mut self, _now: Instant, _stream: u32, _millis: u32) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Ends publishing or playing; the message stream can be used again.
    ///
    /// # Errors
    /// As [`receive_audio`](Self::receive_audio).
    pub fn close_stream(&mut self, _now: Instant, _stream: u32) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Ends publishing or playing, and the message stream.
    ///
    /// # Errors
    /// As [`receive_audio`](Self::receive_audio).
    pub fn delete_stream(&mut self, _now: Instant, _stream: u32) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Sends a message on a message stream, whatever stream the message itself names.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::UnknownStream`], or [`Error::TooLong`].
    pub fn send(&mut self, _now: Instant, _stream: u32, _message: &Message) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Sends a data message at `timestamp` (ms), such as `@setDataFrame` with `onMetaData` and its values.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn data(
        &mut self,
        _now: Instant,
        _stream: u32,
        _timestamp: u32,
        _name: &str,
        _arguments: Vec<Value>,
    ) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Calls a method of the server. Its `Answer` comes within `timeout`, [`Timing::call`] when that is `None`. Returns the
    /// transaction.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::TooMany`], or [`Error::TooLong`].
    pub fn call(
        &mut self,
        _now: Instant,
        _name: &str,
        _arguments: Vec<Value>,
        _timeout: Option<Duration>,
    ) -> Result<u64, Error> {
        Err(Error::NotConnected)
    }

    /// Calls a method of the server and wants no answer.
    ///
    /// # Errors
    /// [`Error::NotConnected`] or [`Error::TooLong`].
    pub fn notify(&mut self, _now: Instant, _name: &str, _arguments: Vec<Value>) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Answers a `Command`: `_result` with these values, or `_error` with this information object.
    ///
    /// # Errors
    /// [`Error::NotConnected`], or [`Error::NotAsked`].
    pub fn answer(
        &mut self,
        _now: Instant,
        _transaction: f64,
        _result: Result<Vec<Value>, Object>,
    ) -> Result<(), Error> {
        Err(Error::NotConnected)
    }

    /// Bytes that a tunnelled client has not sent; 0 for all others, whose bytes the driver counts.
    pub fn unsent(&self) -> usize {
        0
    }

    /// Ends every stream and closes the connection. `Closed` follows at once.
    pub fn close(&mut self, _now: Instant) {}
}

impl Machine for Client {
    type Event = Event;

    fn handle(&mut self, _now: Instant, _input: Input) {}

    fn poll(&mut self) -> Option<Output<Event>> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }
}
