//! Publishing and playing: what is asked, whether it may be, and what follows.

use std::time::Duration;

use hyper::Uri;
use rtmp::server::PublishMode;
use rtmp::status::{self, Status};
use rtmp::{Message, url};

use super::Action;
use super::callback::{Question, Verdict, ask};
use super::files::{FilePlay, Step};
use super::hub::{Refusal, Spot, StreamKey};
use super::paths::file_of;
use super::record::{Pushed, Recorded, Recorder};
use super::server::{Answered, Server, Wish, log};
use super::wires::Wires;

impl Server {
    pub(super) fn on_media(&mut self, spot: Spot, message: &Message) {
        let now = self.driver.now();
        let mut wires = Wires { now, driver: &mut self.driver };
        let Some((key, sent)) = self.hub.media(now, spot, message, &mut wires) else { return };
        match self.recorders.get_mut(&spot).map_or(Pushed::Kept, |recorder| recorder.push(&sent)) {
            Pushed::Kept => {}
            Pushed::TooSlow => {
                tracing::error!(%key, "the disk is too slow: the recording ends here");
                self.counts.recordings_broken += 1;
                self.recorders.remove(&spot);
            }
            Pushed::Full(why) => {
                tracing::warn!(%key, "the recording ends here, the stream goes on: {why}");
                self.counts.recordings_full += 1;
                self.recorders.remove(&spot);
                let told = Status::new(status::RECORD_STOP, "The recording is as long as it may be.");
                let _client_gone = self.driver.machine_mut().status(now, spot.conn, spot.stream, &told);
            }
        }
        if self.relays.pushes_any() {
            self.relays.push(now, key, &sent);
        }
    }

    pub(super) fn on_publish(&mut self, spot: Spot, name: &str, query: &str, mode: PublishMode) {
        let Some(key) = self.key(spot, name) else { return };
        let wish = Wish { mode, ..self.wish(key, Action::Publish) };
        self.consider(spot, wish, query);
    }

    pub(super) fn on_play(&mut self, spot: Spot, name: &str, query: &str, start: f64, duration: f64) {
        let Some(key) = self.key(spot, name) else { return };
        let wish = Wish { start, duration, ..self.wish(key, Action::Play) };
        self.consider(spot, wish, query);
    }

    /// The stream that a client means: the first part of the path is the application, whoever cut it where.
    fn key(&self, spot: Spot, name: &str) -> Option<StreamKey> {
        let client = self.clients.get(&spot.conn)?;
        let whole = format!("{}/{}", client.app, name.trim_start_matches('/'));
        let (app, name) = whole.split_once('/')?;
        Some(StreamKey::new(app, name.strip_prefix("_definst_/").unwrap_or(name)))
    }

    fn wish(&mut self, key: StreamKey, action: Action) -> Wish {
        self.next_ticket += 1;
        let (ticket, mode) = (self.next_ticket, PublishMode::Live);
        Wish { ticket, key, action, mode, start: -2.0, duration: -1.0, buffer: None }
    }

    /// Keys first, then the web server, if there is one to ask.
    fn consider(&mut self, spot: Spot, wish: Wish, query: &str) {
        let Some(client) = self.clients.get(&spot.conn) else { return };
        let queries = [query, &client.queries[0], &client.queries[1]];
        if wish.key.name.is_empty() || !self.settings.keys.allow(wish.action, &wish.key, &queries) {
            return self.deny(spot, &wish, "no or the wrong key");
        }
        let url = match wish.action {
            Action::Publish => &self.settings.on_publish,
            Action::Play => &self.settings.on_play,
        };
        let Some(url) = url.clone() else { return self.allow(spot, wish) };
        let question = Question {
            action: wish.action,
            stream: wish.key.clone(),
            remote: client.remote,
            tc_url: url::split_query(&client.tc_url).0.to_owned(),
            query: queries.into_iter().filter(|query| !query.is_empty()).collect::<Vec<_>>().join("&"),
        };
        self.put(url, spot, &wish, question);
        self.wishes.insert(spot, wish);
    }

    fn put(&self, url: Uri, spot: Spot, wish: &Wish, question: Question) {
        let (answers, action, ticket) = (self.answers.clone(), wish.action, wish.ticket);
        let turns = self.turns.clone();
        tokio::spawn(async move {
            let _turn = turns.acquire().await; // never closed
            let verdict = ask(&url, &question).await;
            let _server_gone = answers.send(Answered::Verdict { spot, action, ticket, verdict });
        });
    }

    pub(super) fn on_answer(&mut self, answer: Answered) {
        match answer {
            Answered::Verdict { spot, action, ticket, verdict } => {
                if self.wishes.get(&spot).is_none_or(|wish| wish.ticket != ticket || wish.action != action) {
                    return; // the client has left or wants something else by now
                }
                let Some(wish) = self.wishes.remove(&spot) else { return };
                match verdict {
                    Verdict::Allowed => self.allow(spot, wish),
                    Verdict::Refused(why) => self.deny(spot, &wish, &why),
                    Verdict::Elsewhere(url) => self.send_elsewhere(spot, &wish, &url),
                }
            }
            Answered::Opened { spot, ticket, file, is_seek } => self.on_opened(spot, ticket, *file, is_seek),
        }
    }

    fn deny(&mut self, spot: Spot, wish: &Wish, why: &str) {
        self.counts.denied += 1;
        tracing::warn!(stream = %wish.key, action = %wish.action, "denied: {why}");
        let (now, machine) = (self.driver.now(), self.driver.machine_mut());
        let description = format!("You may not {} {}.", wish.action, wish.key.name);
        let _client_gone = match wish.action {
            Action::Publish => {
                machine.reject_publish(now, spot.conn, spot.stream, status::PUBLISH_DENIED, &description)
            }
            Action::Play => machine.reject_play(now, spot.conn, spot.stream, status::PLAY_FAILED, &description),
        };
    }

    /// An address of another stream or server, which the client may or may not follow; here it gets an error.
    fn send_elsewhere(&mut self, spot: Spot, wish: &Wish, url: &str) {
        let now = self.driver.now();
        let asked = self.driver.machine_mut().request_reconnect(now, spot.conn, Some(url), "Go there, please.");
        if !matches!(asked, Ok(true)) {
            self.deny(spot, wish, "the client cannot be sent elsewhere");
        }
    }

    fn allow(&mut self, spot: Spot, wish: Wish) {
        match wish.action {
            Action::Publish => self.begin_publishing(spot, wish),
            Action::Play => self.begin_playing(spot, wish),
        }
    }

    fn begin_publishing(&mut self, spot: Spot, wish: Wish) {
        let keeps = wish.mode != PublishMode::Live;
        let path = match &self.settings.record_dir {
            Some(dir) if keeps || self.settings.record_all => file_of(dir, &wish.key),
            _ => None,
        };
        let (hub, mut wires) = self.hub();
        let now = wires.now;
        let result = match keeps && path.is_none() {
            true => Err("This server keeps no recording under that name."),
            false => match hub.publish(now, &wish.key, spot, &mut wires) {
                Ok(replaced) => Ok(replaced),
                Err(Refusal::Taken) => Err("Somebody publishes that name."),
                Err(Refusal::TooMany) => Err("There are too many streams."),
                Err(Refusal::Busy) => Err("That stream is in use."),
            },
        };
        let replaced = match result {
            Ok(replaced) => replaced,
            Err(why) => {
                self.counts.name_taken += 1;
                tracing::info!(stream = %wish.key, "publish refused: {why}");
                let code = if path.is_none() && keeps { status::RECORD_NO_ACCESS } else { status::PUBLISH_BAD_NAME };
                let machine = self.driver.machine_mut();
                let _client_gone = machine.reject_publish(now, spot.conn, spot.stream, code, why);
                return;
            }
        };
        if let Some(first) = replaced {
            tracing::info!(stream = %wish.key, "another publisher takes over");
            self.recorders.remove(&first);
            self.driver.machine_mut().disconnect(now, first.conn);
            self.relays.stop_pull(first.conn);
        }
        self.counts.published += 1;
        tracing::info!(stream = %wish.key, mode = wish.mode.name(), "published");
        let _client_gone = self.driver.machine_mut().accept_publish(now, spot.conn, spot.stream);
        if let Some(path) = path {
            self.record(spot, path, wish.mode == PublishMode::Append);
        }
        self.relays.published(now, &wish.key);
    }

    fn record(&mut self, spot: Spot, path: std::path::PathBuf, append: bool) {
        let now = self.driver.now();
        let shown = path.display().to_string();
        let bounds = self.settings.recording;
        if self.recordings_open >= bounds.open {
            self.counts.recordings_refused += 1;
            tracing::warn!(
                "no recording to {shown}: {} are under way, as many as --max-recordings allows",
                bounds.open
            );
            let told = Status::error(status::RECORD_FAILED, "Too many recordings are under way.");
            let _client_gone = self.driver.machine_mut().status(now, spot.conn, spot.stream, &told);
            return;
        }
        let id = self.counts.recordings;
        match Recorder::start(id, path, append, spot, bounds, self.recorded.clone()) {
            Ok(recorder) => {
                self.counts.recordings += 1;
                self.recordings_open += 1;
                self.recorders.insert(spot, recorder);
                let told = Status::new(status::RECORD_START, "Recording.");
                let _client_gone = self.driver.machine_mut().status(now, spot.conn, spot.stream, &told);
            }
            Err(why) => {
                self.counts.recordings_broken += 1;
                tracing::error!("cannot record to {shown}: {why}");
                let told = Status::error(status::RECORD_FAILED, "The file cannot be written.");
                let _client_gone = self.driver.machine_mut().status(now, spot.conn, spot.stream, &told);
            }
        }
    }

    pub(super) fn on_recorded(&mut self, recorded: Recorded) {
        log(&recorded);
        self.recordings_open = self.recordings_open.saturating_sub(1);
        // its place may have another recording by now
        if self.recorders.get(&recorded.place).is_some_and(|recorder| recorder.id == recorded.id) {
            self.recorders.remove(&recorded.place);
        }
        let Err(why) = &recorded.outcome else { return };
        self.counts.recordings_broken += 1;
        let now = self.driver.now();
        let told = Status::error(status::RECORD_FAILED, why);
        let Spot { conn, stream } = recorded.place;
        let _client_gone = self.driver.machine_mut().status(now, conn, stream, &told);
    }

    pub(super) fn end_publishing(&mut self, spot: Spot) {
        self.recorders.remove(&spot);
        let (hub, mut wires) = self.hub();
        if let Some(key) = hub.unpublish(spot, &mut wires) {
            tracing::info!(stream = %key, "unpublished");
            self.relays.unpublished(&key);
        }
    }

    /// From -2: live, else a file, else it waits; -1: live alone; from 0: a file alone.
    fn begin_playing(&mut self, spot: Spot, wish: Wish) {
        let is_live = self.hub.stream(&wish.key).is_some_and(|stream| stream.source().is_some());
        let path = self.settings.record_dir.as_ref().and_then(|dir| file_of(dir, &wish.key));
        let path = path.filter(|path| wish.start > -0.5 || (wish.start < -1.5 && !is_live && path.is_file()));
        if let Some(path) = path {
            return self.open(spot, wish, path, None);
        }
        if wish.start > -0.5 || (!is_live && !self.settings.waits && !self.relays.may_pull(&wish.key)) {
            return self.not_found(spot, &wish.key);
        }
        self.play_live(spot, wish.key);
    }

    fn play_live(&mut self, spot: Spot, key: StreamKey) {
        let now = self.driver.now();
        let _client_gone = self.driver.machine_mut().accept_play(now, spot.conn, spot.stream);
        let (hub, mut wires) = self.hub();
        match hub.play(now, &key, spot, &mut wires) {
            Ok(()) => {
                self.counts.played += 1;
                tracing::info!(stream = %key, "played");
                self.relays.wanted(now, &key, &self.hub);
            }
            Err(why) => {
                tracing::info!(stream = %key, ?why, "play refused");
                let _client_gone = self.driver.machine_mut().end_play(now, spot.conn, spot.stream, status::PLAY_FAILED);
            }
        }
    }

    fn not_found(&mut self, spot: Spot, key: &StreamKey) {
        self.counts.not_found += 1;
        tracing::info!(stream = %key, "not found");
        let (now, description) = (self.driver.now(), format!("There is no stream {}.", key.name));
        let code = status::PLAY_STREAM_NOT_FOUND;
        let _client_gone = self.driver.machine_mut().reject_play(now, spot.conn, spot.stream, code, &description);
    }

    /// Opens a file, which may take a while, away from the loop.
    fn open(&mut self, spot: Spot, wish: Wish, path: std::path::PathBuf, is_seek: Option<f64>) {
        let (answers, ticket) = (self.answers.clone(), wish.ticket);
        let (start, duration) = (is_seek.unwrap_or(wish.start), wish.duration);
        tokio::task::spawn_blocking(move || {
            let file = Box::new(FilePlay::open(&path, start, duration));
            let _server_gone = answers.send(Answered::Opened { spot, ticket, file, is_seek });
        });
        self.wishes.insert(spot, wish);
    }

    fn on_opened(&mut self, spot: Spot, ticket: u64, file: std::io::Result<FilePlay>, is_seek: Option<f64>) {
        let Some(wish) = self.wishes.get(&spot).filter(|wish| wish.ticket == ticket) else { return };
        let (now, key, buffer) = (self.driver.now(), wish.key.clone(), wish.buffer);
        let machine = self.driver.machine_mut();
        match (file, is_seek) {
            (Ok(mut file), _) => {
                let _client_gone = match is_seek {
                    Some(to) => machine.accept_seek(now, spot.conn, spot.stream, to),
                    None => {
                        self.counts.played += 1;
                        tracing::info!(stream = %key, path = %file.path().display(), "played from its file");
                        let _client_gone = machine.stream_is_recorded(now, spot.conn, spot.stream);
                        machine.accept_play(now, spot.conn, spot.stream)
                    }
                };
                if let Some(length) = buffer {
                    file.buffer(length);
                }
                self.files.insert(spot, file);
            }
            (Err(why), Some(_)) => {
                tracing::warn!(stream = %key, "cannot seek: {why}");
                let told = Status::error(status::SEEK_FAILED, "The file cannot be read.");
                let _client_gone = machine.status(now, spot.conn, spot.stream, &told);
            }
            (Err(why), None) => {
                tracing::info!(stream = %key, "cannot be played from its file: {why}");
                self.wishes.remove(&spot);
                self.not_found(spot, &key);
            }
        }
    }

    pub(super) fn on_switch(&mut self, spot: Spot, name: &str, query: &str) {
        let (Some(key), now) = (self.key(spot, name), self.driver.now()) else { return };
        let Some(client) = self.clients.get(&spot.conn) else { return };
        let queries = [query, &client.queries[0], &client.queries[1]];
        let is_live = self.hub.stream(&key).is_some_and(|stream| stream.source().is_some());
        let may = self.settings.on_play.is_none() && self.settings.keys.allow(Action::Play, &key, &queries);
        let told = match is_live && may {
            true => Status::new(status::PLAY_TRANSITION, &format!("{} follows.", key.name)),
            false => Status::error(status::PLAY_FAILED, &format!("{} cannot be switched to.", key.name)),
        };
        let _client_gone = self.driver.machine_mut().status(now, spot.conn, spot.stream, &told);
        if is_live && may {
            self.files.remove(&spot);
            let (hub, mut wires) = self.hub();
            let _same_place_plays = hub.play(now, &key, spot, &mut wires);
        }
    }

    pub(super) fn on_pause(&mut self, spot: Spot, pause: bool, _at: f64) {
        self.hub.set(spot, |state| state.paused = pause);
        if let Some(file) = self.files.get_mut(&spot) {
            file.pause(pause);
        }
    }

    pub(super) fn on_seek(&mut self, spot: Spot, to: f64) {
        if let (Some(file), Some(wish)) = (self.files.get(&spot), self.wishes.get(&spot).cloned()) {
            let path = file.path().to_owned();
            return self.open(spot, wish, path, Some(to));
        }
        let (now, told) = (self.driver.now(), Status::error(status::SEEK_FAILED, "It is live."));
        let _client_gone = self.driver.machine_mut().status(now, spot.conn, spot.stream, &told);
    }

    /// For how long neither a file nor sound that waits has anything to send; none when there is neither.
    pub(super) fn wake(&self) -> Option<Duration> {
        let files = (!self.files.is_empty()).then_some(self.next_step);
        files.into_iter().chain(self.hub.deadline()).min().map(|at| at - self.driver.now())
    }

    /// What is looked at every second.
    pub(super) fn tend(&mut self) {
        self.tend_relays();
        let (hub, mut wires) = self.hub();
        hub.tend(wires.now, &mut wires);
    }

    /// Does what the time has come for.
    pub(super) fn on_time(&mut self) {
        let (hub, mut wires) = self.hub();
        hub.flush(wires.now, &mut wires);
        let now = self.driver.now();
        if self.next_step <= now {
            self.next_step = now + FILE_STEP;
            self.play_files();
        }
    }

    /// Sends what is due of every file.
    pub(super) fn play_files(&mut self) {
        let now = self.driver.now();
        let mut over = Vec::new();
        for (spot, file) in &mut self.files {
            for _ in 0..MESSAGES_PER_STEP {
                if self.driver.unsent(spot.conn) + self.driver.machine().unsent(spot.conn) > FILE_UNSENT {
                    break; // it reads slowly: the file waits
                }
                match file.step(now) {
                    Step::Message(message) => {
                        let _client_gone = self.driver.machine_mut().send(now, spot.conn, spot.stream, &message);
                    }
                    Step::Wait => break,
                    Step::End => {
                        over.push(*spot);
                        break;
                    }
                }
            }
        }
        for spot in over {
            self.files.remove(&spot);
            let _client_gone = self.driver.machine_mut().end_play(now, spot.conn, spot.stream, status::PLAY_STOP);
        }
    }
}

/// How often files are looked at.
const FILE_STEP: Duration = Duration::from_millis(10);
const MESSAGES_PER_STEP: usize = 64;
const FILE_UNSENT: usize = 256 << 10;
