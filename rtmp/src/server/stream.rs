//! One message stream of a connection, as the server sees it.
//!
//! [`STREAM_TRANSITIONS`] is its table. While the application is asked, other commands and media for the stream wait for the
//! answer, in order; play without reset joins the playlist of what plays, and the next of it is asked for when one ends.

use std::collections::VecDeque;
use std::fmt;

use bytestring::ByteString;
use wire::{Instant, Transition};

use super::{PublishMode, Role};
use StreamState::*;

/// What a message stream of a [`Server`](super::Server)'s client is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamState {
    /// Nothing.
    Idle,
    /// The application is asked whether it may publish.
    PublishAsked,
    /// The application is asked whether it may play.
    PlayAsked,
    /// It publishes.
    Publishing,
    /// It plays.
    Playing,
    /// There is no such stream, or no longer.
    Gone,
}

/// What takes a message stream from use to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStimulus {
    /// The client asks to publish.
    Publish,
    /// The client asks to play something new.
    Play,
    /// [`Server::accept_publish`](super::Server::accept_publish) or [`Server::accept_play`](super::Server::accept_play).
    Accept,
    /// [`Server::reject_publish`](super::Server::reject_publish) or [`Server::reject_play`](super::Server::reject_play).
    Reject,
    /// The application has not answered in time.
    Late,
    /// closeStream, [`Server::end_play`](super::Server::end_play) or [`Server::end_publish`](super::Server::end_publish).
    Ended,
    /// closeStream, which there is no room for to wait.
    Overtaken,
    /// deleteStream.
    Deleted,
    /// The connection ended.
    Lost,
}

/// A message stream of a server: every change of its use is a row of this table.
pub const STREAM_TRANSITIONS: &[Transition<StreamState, StreamStimulus>] = &[
    Transition::new(&[Idle], StreamStimulus::Publish, "tell Publish", PublishAsked),
    Transition::new(&[Idle], StreamStimulus::Play, "tell Play", PlayAsked),
    Transition::new(&[PublishAsked], StreamStimulus::Accept, "send StreamBegin, Publish.Start", Publishing),
    Transition::new(&[PlayAsked], StreamStimulus::Accept, "send StreamBegin, Play.Start", Playing),
    Transition::new(&[PublishAsked, PlayAsked], StreamStimulus::Reject, "send onStatus", Idle),
    Transition::new(&[PublishAsked, PlayAsked], StreamStimulus::Late, "send onStatus, tell Stopped", Idle),
    Transition::new(&[PublishAsked, PlayAsked], StreamStimulus::Overtaken, "tell Stopped", Idle),
    Transition::new(&[Publishing, Playing], StreamStimulus::Ended, "send onStatus, tell Stopped", Idle),
    Transition::new(&[Publishing, Playing], StreamStimulus::Publish, "tell Stopped, Publish", PublishAsked),
    Transition::new(&[Publishing, Playing], StreamStimulus::Play, "tell Stopped, Play", PlayAsked),
    Transition::new(&[Idle], StreamStimulus::Deleted, "", Gone),
    Transition::new(&USED, StreamStimulus::Deleted, "tell Stopped", Gone),
    Transition::new(&[Idle], StreamStimulus::Lost, "", Gone),
    Transition::new(&USED, StreamStimulus::Lost, "tell Stopped", Gone),
];

const USED: [StreamState; 4] = [PublishAsked, PlayAsked, Publishing, Playing];

/// In words, as the digest's table and the diagram have it.
impl fmt::Display for StreamStimulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StreamStimulus::Publish => "publish",
            StreamStimulus::Play => "play",
            StreamStimulus::Accept => "accepted",
            StreamStimulus::Reject => "rejected",
            StreamStimulus::Late => "no answer in time",
            StreamStimulus::Ended => "closeStream or end",
            StreamStimulus::Overtaken => "closeStream, no room to wait",
            StreamStimulus::Deleted => "deleteStream",
            StreamStimulus::Lost => "connection ends",
        })
    }
}

/// A message stream.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) id: u32,
    pub(super) usage: Usage,
    /// What play without reset has added.
    pub(super) playlist: VecDeque<Play>,
}

/// What a message stream is used for at the moment.
#[derive(Debug)]
pub(super) enum Usage {
    Idle,
    /// The application has not answered yet and may until then.
    Asked(Request, Instant),
    /// It has accepted.
    Used(Request),
    /// Nothing: it is about to be forgotten.
    Gone,
}

/// What the client asked for.
#[derive(Clone, Debug)]
pub(super) enum Request {
    Publish { name: ByteString },
    Play(Play),
}

/// The arguments of play that outlive the request.
#[derive(Clone, Debug)]
pub(super) struct Play {
    pub(super) name: ByteString,
    pub(super) query: ByteString,
    pub(super) start: f64,
    pub(super) duration: f64,
    pub(super) reset: bool,
}

/// The arguments of publish.
pub(super) struct Publish {
    pub(super) name: ByteString,
    pub(super) query: ByteString,
    pub(super) mode: PublishMode,
}

impl Stream {
    pub(super) fn new(id: u32) -> Stream {
        Stream { id, usage: Usage::Idle, playlist: VecDeque::new() }
    }

    /// Without what belongs to it.
    pub(super) fn state(&self) -> StreamState {
        self.usage.name()
    }

    /// Takes on a use that the table leads to.
    pub(super) fn enter(&mut self, on: StreamStimulus, usage: Usage) {
        debug_assert_eq!(
            wire::next(STREAM_TRANSITIONS, self.state(), on),
            Some(usage.name()),
            "{:?}, {on:?}",
            self.usage
        );
        self.usage = usage;
    }

    /// What it is used or meant to be used for.
    pub(super) fn role(&self) -> Option<Role> {
        match &self.usage {
            Usage::Idle | Usage::Gone => None,
            Usage::Asked(request, _) | Usage::Used(request) => Some(request.role()),
        }
    }

    pub(super) fn is_asked(&self) -> bool {
        matches!(self.usage, Usage::Asked(..))
    }

    /// What it is used for, once accepted.
    pub(super) fn used(&self) -> Option<Role> {
        match &self.usage {
            Usage::Used(request) => Some(request.role()),
            _ => None,
        }
    }

    /// The name that it publishes or plays, once accepted.
    pub(super) fn name(&self) -> ByteString {
        match &self.usage {
            Usage::Used(Request::Publish { name } | Request::Play(Play { name, .. })) => name.clone(),
            _ => ByteString::new(),
        }
    }
}

impl Usage {
    fn name(&self) -> StreamState {
        match self {
            Usage::Idle => Idle,
            Usage::Asked(Request::Publish { .. }, _) => PublishAsked,
            Usage::Asked(Request::Play(_), _) => PlayAsked,
            Usage::Used(Request::Publish { .. }) => Publishing,
            Usage::Used(Request::Play(_)) => Playing,
            Usage::Gone => Gone,
        }
    }
}

impl Request {
    fn role(&self) -> Role {
        match self {
            Request::Publish { .. } => Role::Publishing,
            Request::Play(_) => Role::Playing,
        }
    }
}
