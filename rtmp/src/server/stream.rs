//! One message stream of a connection, as the server sees it.
//!
//! | from | what happens | to | what is told |
//! |---|---|---|---|
//! | idle | publish, play | asked | `Publish`, `Play` |
//! | asked | the application accepts | in use | to the client: StreamBegin, Publish.Start or Play.Reset and Play.Start |
//! | asked | the application rejects, or is too late | idle | to the client: the code; `Stopped` when it is too late |
//! | asked | deleteStream, with no media before it | gone | `Stopped` |
//! | asked | any other command or media for it | asked | nothing: it waits for the answer, in order |
//! | in use | publish, play with reset, closeStream | asked, idle | `Stopped`, then the new request |
//! | in use as player | play without reset | the same | nothing: it joins the playlist |
//! | in use | `end_play`, `end_publish` | idle, asked | `Stopped`, then the next of the playlist |
//! | idle, in use | deleteStream | gone | `Stopped` unless idle |
//! | any | end of the connection | gone | `Stopped` unless idle |

use std::collections::VecDeque;

use bytestring::ByteString;
use wire::Instant;

use super::{PublishMode, Role};

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
}

/// What the client asked for.
#[derive(Debug)]
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

    /// What it is used or meant to be used for.
    pub(super) fn role(&self) -> Option<Role> {
        match &self.usage {
            Usage::Idle => None,
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

impl Request {
    fn role(&self) -> Role {
        match self {
            Request::Publish { .. } => Role::Publishing,
            Request::Play(_) => Role::Playing,
        }
    }
}
