//! The commands of message streams: publish, play and what a player does then.

use amf::amf0::Value;
use bytestring::ByteString;
use wire::Instant;

use super::connection::Connection;
use super::stream::{Play, Publish, Request, Stream, StreamStimulus, Usage};
use super::{Core, DropReason, Error, Event, PublishMode, Role, Track};
use crate::command::{Command, Data};
use crate::control::UserControl;
use crate::status::{self, Status};
use crate::url::split_query;

impl Connection {
    /// closeStream, and publish or play of `false`.
    pub(super) fn close_stream(&mut self, core: &mut Core, id: u32) {
        let Some(index) = self.streams.iter().position(|stream| stream.id == id) else {
            return core.dropped(self.id, DropReason::UnknownStream(id));
        };
        let used = self.streams.get(index).and_then(|stream| Some((stream.used()?, stream.name())));
        if let Some(stream) = self.streams.get_mut(index) {
            stream.playlist.clear();
        }
        let asked = self.streams.get(index).is_some_and(Stream::is_asked);
        self.stop(core, index, if asked { StreamStimulus::Overtaken } else { StreamStimulus::Ended });
        if let Some((Role::Publishing, name)) = used {
            let text = format!("{name} is now unpublished.");
            let _ = self.status(id, &Status::new(status::UNPUBLISH_SUCCESS, &text)); // the name is bounded
        }
    }

    //= rtmp#7.2.2.6/ask MUST
    //# The application hears name and mode and decides; onStatus tells the client.
    pub(super) fn publish(&mut self, core: &mut Core, now: Instant, id: u32, command: Command) {
        if command.arguments.first().and_then(Value::as_bool) == Some(false) {
            return self.close_stream(core, id);
        }
        let Some((name, query)) = self.name(core, id, &command, status::PUBLISH_BAD_NAME) else { return };
        let mode = command.arguments.get(1).and_then(Value::as_str).map_or(PublishMode::Live, PublishMode::from_name);
        self.ask(core, now, id, Asking::Publish(Publish { name, query, mode }));
    }

    //= rtmp#7.2.2.1/ask MUST
    //# Start, duration and reset have their defaults where they are missing; times are taken in milliseconds.
    pub(super) fn play(&mut self, core: &mut Core, now: Instant, id: u32, command: Command) {
        if command.arguments.first().and_then(Value::as_bool) == Some(false) {
            return self.close_stream(core, id);
        }
        let Some((name, query)) = self.name(core, id, &command, status::PLAY_FAILED) else { return };
        let number = |at: usize| command.arguments.get(at).and_then(Value::as_f64);
        let reset = match command.arguments.get(3) {
            Some(Value::Number(number)) => (*number as u64) & 1 == 1, // 1 and 3 begin a new list, 0 and 2 add to it
            Some(other) => other.as_bool().unwrap_or(true),
            None => true,
        };
        let play = Play { name, query, start: start(number(1)), duration: duration(number(2)), reset };
        let limit = core.config.limits.playlist;
        let Some(stream) = self.stream(id) else { return };
        if !reset && stream.role() == Some(Role::Playing) {
            if stream.playlist.len() >= limit {
                return core.dropped(self.id, DropReason::PlaylistFull);
            }
            return stream.playlist.push_back(play);
        }
        stream.playlist.clear();
        self.ask(core, now, id, Asking::Play(play));
    }

    /// The name and query in the first argument, if the stream exists; else the client is told, with `code`.
    fn name(&mut self, core: &mut Core, id: u32, command: &Command, code: &str) -> Option<(ByteString, ByteString)> {
        if self.stream(id).is_none() {
            core.dropped(self.id, DropReason::UnknownStream(id));
            self.refuse(id, command.transaction, Status::error(status::STREAM_FAILED, "No such stream.").to_object());
            return None;
        }
        let refused = match command.arguments.first().and_then(Value::as_str) {
            None => DropReason::BadArguments(ByteString::from(&*command.name)),
            Some(name) if name.len() > core.config.limits.name => DropReason::NameTooLong,
            Some(name) => {
                let (name, query) = split_query(name);
                return Some((name.into(), query.into())); // copies, which do not keep the message alive
            }
        };
        core.dropped(self.id, refused);
        let _ = self.status(id, &Status::error(code, "The name is missing or too long.")); // a fixed text
        None
    }

    //= rtmp#7.2.2/roles SHOULD
    //# A new publish or play first ends what the stream was used for.
    /// Ends what the stream was used for and puts a request to the application.
    fn ask(&mut self, core: &mut Core, now: Instant, id: u32, asking: Asking) {
        let Some(index) = self.streams.iter().position(|stream| stream.id == id) else { return };
        let Some(was) = self.streams.get(index).map(Stream::role) else { return };
        self.tell_stopped(core, index, was);
        let until = now + core.config.timing.answer;
        let conn = self.id;
        let (request, event) = match asking {
            Asking::Publish(Publish { name, query, mode }) => {
                (Request::Publish { name: name.clone() }, Event::Publish { conn, stream: id, name, query, mode })
            }
            Asking::Play(play) => {
                let Play { name, query, start, duration, reset } = play.clone();
                (Request::Play(play), Event::Play { conn, stream: id, name, query, start, duration, reset })
            }
        };
        if let Some(stream) = self.streams.get_mut(index) {
            let on = if matches!(request, Request::Play(_)) { StreamStimulus::Play } else { StreamStimulus::Publish };
            stream.enter(on, Usage::Asked(request, until));
            core.event(event);
        }
    }

    /// Commands that only a player has a use for.
    pub(super) fn of_player(&mut self, core: &mut Core, id: u32, command: &Command) {
        let Some(stream) = self.stream(id) else { return core.dropped(self.id, DropReason::UnknownStream(id)) };
        match stream.role() {
            Some(Role::Playing) => {}
            // a player may say before play what it does not want
            None if command.name.starts_with("receive") => {}
            _ => return core.dropped(self.id, DropReason::WrongRole(id)),
        }
        let done = match &*command.name {
            "pause" | "pauseRaw" => self.pause(core, id, command),
            "seek" => self.seek(core, id, command),
            "play2" => self.play2(core, id, command),
            _ => self.receive_track(core, id, command),
        };
        if done.is_none() {
            core.dropped(self.id, DropReason::BadArguments(ByteString::from(&*command.name)));
        }
    }

    //= rtmp#7.2.2.8/answer MUST
    //# Pause.Notify and Unpause.Notify go out at once; the application stops or goes on.
    fn pause(&mut self, core: &mut Core, id: u32, command: &Command) -> Option<()> {
        let pause = command.arguments.first()?.as_bool()?;
        let at = millis(command.arguments.get(1).and_then(Value::as_f64).unwrap_or(0.0));
        let name = self.stream(id)?.name();
        let status = match pause {
            true => Status::new(status::PAUSE_NOTIFY, &format!("Pausing {name}.")),
            false => Status::new(status::UNPAUSE_NOTIFY, &format!("Unpausing {name}.")),
        };
        let _ = self.status(id, &status); // the name is bounded
        core.event(Event::Pause { conn: self.id, stream: id, pause, at });
        Some(())
    }

    fn seek(&mut self, core: &mut Core, id: u32, command: &Command) -> Option<()> {
        let to = millis(command.arguments.first()?.as_f64()?);
        core.event(Event::Seek { conn: self.id, stream: id, to });
        Some(())
    }

    //= rtmp#7.2.2.2/switch MAY
    //# Checked and handed on as `Switch`: only the application knows which streams are versions of each other.
    fn play2(&mut self, core: &mut Core, id: u32, command: &Command) -> Option<()> {
        let parameters = command.arguments.first()?.as_object()?.clone();
        let full = parameters.get("streamName")?.as_str()?;
        if full.len() > core.config.limits.name {
            return None;
        }
        let (name, query) = split_query(full);
        let (name, query) = (name.into(), query.into());
        core.event(Event::Switch { conn: self.id, stream: id, name, query, parameters });
        Some(())
    }

    //= rtmp#7.2.2.4/answer MUST
    //# Off is obeyed in silence; on is answered with Seek.Notify and Play.Start while something plays.
    //= rtmp#7.2.2.5/answer MUST
    //# As for audio.
    fn receive_track(&mut self, core: &mut Core, id: u32, command: &Command) -> Option<()> {
        let on = command.arguments.first()?.as_bool()?;
        let track = if &*command.name == "receiveAudio" { Track::Audio } else { Track::Video };
        let stream = self.stream(id)?;
        let (playing, name) = (stream.used() == Some(Role::Playing), stream.name());
        if on && playing {
            let _ = self.status(id, &Status::new(status::SEEK_NOTIFY, &format!("Seeking {name}.")));
            let _ = self.status(id, &Status::new(status::PLAY_START, &format!("Started playing {name}.")));
        }
        core.event(Event::Receive { conn: self.id, stream: id, track, on });
        Some(())
    }

    //= rtmp#7.2.2.1/begin MUST
    //# StreamBegin is written before any status.
    /// The application accepts what was asked of a stream, in this role.
    pub(super) fn accept_usage(&mut self, core: &mut Core, now: Instant, id: u32, role: Role) -> Result<(), Error> {
        let stream = self.stream(id).ok_or(Error::UnknownStream)?;
        if !stream.is_asked() || stream.role() != Some(role) {
            return Err(Error::NotAsked);
        }
        if let Usage::Asked(request, _) = &stream.usage {
            let request = request.clone();
            let reset = matches!(request, Request::Play(Play { reset: true, .. }));
            stream.enter(StreamStimulus::Accept, Usage::Used(request));
            let name = stream.name();
            self.user(UserControl::StreamBegin(id));
            self.tell_accepted(id, role, reset, &name);
        }
        self.replay(core, now);
        Ok(())
    }

    //= rtmp#7.2.2.1/reset MUST
    //# Play.Reset goes out before Play.Start when the client asked for a new list.
    fn tell_accepted(&mut self, id: u32, role: Role, reset: bool, name: &str) {
        let statuses = match role {
            Role::Publishing => [None, Some((status::PUBLISH_START, format!("{name} is now published.")))],
            Role::Playing => [
                reset.then(|| (status::PLAY_RESET, format!("Playing and resetting {name}."))),
                Some((status::PLAY_START, format!("Started playing {name}."))),
            ],
        };
        for (code, text) in statuses.into_iter().flatten() {
            let _ = self.status(id, &Status::new(code, &text).with("details", name)); // the name is bounded
        }
    }

    /// The application refuses what was asked of a stream.
    pub(super) fn reject_usage(
        &mut self,
        core: &mut Core,
        now: Instant,
        id: u32,
        role: Role,
        status: &Status,
    ) -> Result<(), Error> {
        let stream = self.stream(id).ok_or(Error::UnknownStream)?;
        if !stream.is_asked() || stream.role() != Some(role) {
            return Err(Error::NotAsked);
        }
        stream.enter(StreamStimulus::Reject, Usage::Idle);
        self.forget_media(id);
        let told = self.status(id, status);
        self.play_next(core, now, id);
        self.replay(core, now);
        told
    }

    /// Refuses what the application has not answered in time.
    pub(super) fn refuse_unanswered(&mut self, core: &mut Core, now: Instant) {
        let late = |stream: &Stream| matches!(stream.usage, Usage::Asked(_, until) if until <= now);
        while let Some(index) = self.streams.iter().position(late) {
            let Some(stream) = self.streams.get(index) else { break };
            let id = stream.id;
            let code = match stream.role() {
                Some(Role::Playing) => status::PLAY_FAILED,
                _ => status::STREAM_FAILED,
            };
            self.stop(core, index, StreamStimulus::Late);
            let _ = self.status(id, &Status::error(code, "The application did not answer.")); // a fixed text
            self.play_next(core, now, id);
            self.replay(core, now);
        }
    }

    /// The application ends what a stream plays.
    pub(super) fn end_play(&mut self, core: &mut Core, now: Instant, id: u32, code: &str) -> Result<(), Error> {
        let index = self.streams.iter().position(|stream| stream.id == id).ok_or(Error::UnknownStream)?;
        let stream = self.streams.get(index).ok_or(Error::UnknownStream)?;
        if stream.used() != Some(Role::Playing) {
            return Err(Error::NotPlaying);
        }
        let name = stream.name();
        if code == status::PLAY_STOP {
            let complete = Status::new(status::PLAY_COMPLETE, "");
            let data = Data::new("onPlayStatus", vec![Value::Object(complete.to_object())]);
            let _ = self.link.send(&data.to_message(self.encoding, id, 0)); // a fixed size
        }
        self.user(UserControl::StreamEof(id));
        let text = match code {
            status::PLAY_STOP => format!("Stopped playing {name}."),
            status::PLAY_UNPUBLISH_NOTIFY => format!("{name} is now unpublished."),
            _ => name.to_string(),
        };
        let told = self.status(id, &Status::new(code, &text).with("details", &*name));
        self.stop(core, index, StreamStimulus::Ended);
        self.play_next(core, now, id);
        told
    }

    /// The application ends what a stream publishes.
    pub(super) fn end_publish(&mut self, core: &mut Core, id: u32, status: &Status) -> Result<(), Error> {
        let index = self.streams.iter().position(|stream| stream.id == id).ok_or(Error::UnknownStream)?;
        if self.streams.get(index).and_then(|stream| stream.used()) != Some(Role::Publishing) {
            return Err(Error::NotAsked);
        }
        let told = self.status(id, status);
        self.stop(core, index, StreamStimulus::Ended);
        told
    }

    //= rtmp#7.2.2.1/playlist SHOULD
    //# The list is kept here; the next play is put to the application when `end_play` ends the one before.
    /// Asks for the next of the playlist, once a stream is idle.
    fn play_next(&mut self, core: &mut Core, now: Instant, id: u32) {
        if let Some(play) = self.stream(id).and_then(|stream| stream.playlist.pop_front()) {
            self.ask(core, now, id, Asking::Play(play));
        }
    }

    /// Whether the client can be asked to connect anew.
    pub(super) fn reconnects(&self) -> bool {
        self.capabilities.reconnects()
    }
}

enum Asking {
    Publish(Publish),
    Play(Play),
}

/// -2, -1, or milliseconds. Programs write the two words as -2000 and -1000, as if they were seconds.
fn start(number: Option<f64>) -> f64 {
    match number {
        Some(number) if number >= 0.0 => number.min(MAX_MILLIS),
        Some(number) if number == -1.0 || number == -1000.0 => -1.0,
        _ => -2.0,
    }
}

fn duration(number: Option<f64>) -> f64 {
    number.filter(|number| *number >= 0.0).map_or(-1.0, |number| number.min(MAX_MILLIS))
}

/// A place in a stream: finite and not below 0.
fn millis(number: f64) -> f64 {
    number.clamp(0.0, MAX_MILLIS).max(0.0) // NaN becomes 0
}

/// 2^53: what comes out as a whole number can be counted with.
const MAX_MILLIS: f64 = 9_007_199_254_740_992.0;
