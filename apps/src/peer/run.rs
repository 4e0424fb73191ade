//! Starts the node, and holds the one loop of the program.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::time::Duration;

use mesh::Incoming;
use net::Driver;
use serde::Serialize;
use serde_json::{Value as Json, json};
use serializer::Id;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant as Wake, sleep_until};
use wire::Instant;

use super::http::{self, Hook};
use super::keyboard::{Line, MAX_LINE, Typing, keyboard};
use super::node::{Event, Watched};
use super::op::Op;
use super::options::{Kind, NodeOptions};
use super::perform::Outcome;
use super::screen::Screen;
use super::setup::{Ready, set_up};
use super::typed::Typed;
use super::words;
use crate::common::{Failure, Signals};

/// The running program. What it does about operations is in [`super::perform`], about events in [`super::tell`].
pub(super) struct Program {
    pub kind: Kind,
    pub options: NodeOptions,
    pub driver: Driver<Watched>,
    pub ready: Json,
    pub screen: Screen,
    pub hook: Hook,
    /// The last message, for a reply.
    pub last: Option<Incoming>,
    /// Nodes beyond the neighbours that were heard of, so that the beginning of an id will do.
    pub heard_of: BTreeSet<Id>,
    /// What went wrong, by its name, and how often.
    pub problems: BTreeMap<String, u64>,
    /// Operations whose answer is still to come.
    pub pending: Vec<Pending>,
    /// Set when the program shall end, with the time when it does at the latest.
    pub leaving: Option<Wake>,
    /// Whether what was held is still on its way to others.
    pub handing_over: bool,
    /// When to say that no seed has answered.
    complain: Option<Wake>,
}

/// Who asked, and so where the answer goes.
pub(super) enum Asker {
    /// A line of JSON; what its answer carries under `re`.
    Line(Json),
    /// Somebody at the keyboard, by this operation.
    Typed(String),
    /// The page.
    Page(oneshot::Sender<Json>),
}

/// An operation whose answer is still to come.
pub(super) struct Pending {
    pub asker: Asker,
    pub until: Wake,
    pub started: Instant,
    pub wants: Wants,
}

/// What it waits for.
#[derive(PartialEq)]
pub(super) enum Wants {
    /// The reports of a survey.
    Survey(u64, Reports),
    /// What comes of a question to the hash table, or of a change.
    Answer(chord::Query),
    /// Everything that was held is with others.
    Unjoined,
}

/// The nodes that have answered a survey, and those that only their neighbours speak of so far.
#[derive(Default, PartialEq)]
pub(super) struct Reports {
    pub told: BTreeMap<String, Json>,
    missing: BTreeSet<String>,
}

impl Reports {
    /// Takes the report of a node; tells whether nobody is missing any more.
    pub fn add(&mut self, id: &str, links: &[&str], report: Json) -> bool {
        self.missing.remove(id);
        self.told.insert(id.to_owned(), report);
        let unheard = links.iter().filter(|link| !self.told.contains_key(**link));
        self.missing.extend(unheard.map(|link| (*link).to_owned()));
        self.missing.is_empty()
    }
}

/// Runs a node until it leaves.
///
/// # Errors
/// What keeps it from starting.
pub(super) async fn run(kind: Kind, options: NodeOptions) -> Result<(), Failure> {
    let signals = Signals::new().map_err(|e| Failure::runtime(format!("cannot take signals: {e}")))?;
    let mut screen = Screen::new(options.json);
    let Ready { driver, trace, listen, subnet, compression, pin } = set_up(kind, &options)?;
    let page = match options.http {
        Some(address) => Some(page(address).await?),
        None => None,
    };
    let told = super::tell::Start {
        kind,
        options: &options,
        driver: &driver,
        listen: &listen,
        subnet: &subnet,
        compression: &compression,
        pin,
        page: page.as_ref().and_then(|page| page.local_addr().ok()),
    };
    let (ready, lines) = (told.ready(), told.lines());
    let (hook, pages) = Hook::new(&ready);
    if let Some(listener) = page {
        tokio::spawn(http::serve(listener, hook.clone()));
    }
    screen.object(&ready);
    screen.list(&lines);
    screen.invite();
    let complain = (!options.seed.is_empty()).then(|| Wake::now() + PATIENCE);
    let mut program = Program {
        kind,
        options,
        driver,
        ready,
        screen,
        hook,
        last: None,
        heard_of: BTreeSet::new(),
        problems: BTreeMap::new(),
        pending: Vec::new(),
        leaving: None,
        handing_over: false,
        complain,
    };
    program.show_state();
    program.serve(signals, pages).await;
    match trace.map(|trace| trace.finish()) {
        Some(Err(error)) => Err(Failure::runtime(format!("the capture is not complete: {error}"))),
        _ => Ok(()),
    }
}

/// Opens the port of the page.
async fn page(address: std::net::SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|e| Failure::runtime(format!("cannot serve pages on {address}: {e}; choose another with --http")))
}

impl Program {
    /// The one loop.
    async fn serve(mut self, mut signals: Signals, mut pages: mpsc::Receiver<http::Command>) {
        let mut typing = keyboard();
        while !self.has_left() {
            let wake = self.pending.iter().map(|pending| pending.until).chain(self.complain).chain(self.leaving).min();
            tokio::select! {
                event = next(&mut self.driver, &mut self.screen) => self.on_event(event),
                Some(typing) = typing.recv(), if self.leaving.is_none() => self.on_typing(typing),
                Some(command) = pages.recv() => self.on_request(&command.request, Asker::Page(command.answer)),
                name = signals.next() => {
                    if self.leaving.is_some() {
                        tracing::info!("{name} again: stopping at once");
                        return self.say_bye();
                    }
                    self.leave();
                }
                () = asleep(wake) => self.on_time(),
            }
        }
        self.screen.flush();
        self.driver.shutdown().await;
        bye(&self.hook, &mut self.screen);
    }

    /// Begins to leave: nothing new is taken, what is held is handed over.
    pub fn leave(&mut self) {
        if self.leaving.is_none() {
            self.leaving = Some(Wake::now() + HAND_OVER);
            self.hand_over();
        }
    }

    fn has_left(&self) -> bool {
        self.leaving.is_some_and(|at| at <= Wake::now() || !self.handing_over)
    }

    fn say_bye(&mut self) {
        bye(&self.hook, &mut self.screen);
    }

    fn on_typing(&mut self, typing: Typing) {
        match typing {
            Typing::Line(line) if self.screen.is_json() => match line {
                Line::Text(line) => self.on_line(&line),
                Line::TooLong => self.answer(Asker::Line(Json::Null), json!({"error": too_long()})),
            },
            Typing::Line(line) => {
                match line {
                    Line::Text(line) => self.on_typed(&line),
                    Line::TooLong => self.screen.list(&[too_long()]),
                }
                self.screen.invite();
            }
            Typing::End { any: false } if !self.screen.is_json() => {
                tracing::info!("no keyboard: running until SIGTERM or Ctrl-C");
            }
            Typing::End { .. } => self.leave(),
        }
    }

    fn on_line(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        match serde_json::from_str::<Json>(line) {
            Ok(request) => {
                let tag = request.get("n_").or_else(|| request.get("op")).cloned().unwrap_or_default();
                self.on_request(&request, Asker::Line(tag));
            }
            Err(error) => self.answer(Asker::Line(Json::Null), json!({"error": format!("no JSON: {error}")})),
        }
    }

    fn on_typed(&mut self, line: &str) {
        match Typed::read(line, self.kind) {
            None => {}
            Some(Typed::Help) => self.screen.list(&words::help()),
            Some(Typed::Wrong(why)) => self.screen.list(&[why]),
            Some(Typed::Op(request)) => {
                let name = request["op"].as_str().unwrap_or_default().to_owned();
                self.on_request(&request, Asker::Typed(name));
            }
        }
    }

    /// Carries out an operation and answers it, at once or when the answer comes.
    fn on_request(&mut self, request: &Json, asker: Asker) {
        let outcome = match Op::read(request) {
            Ok(op) => self.perform(op),
            Err(why) => Outcome::Now(json!({"error": why})),
        };
        match outcome {
            Outcome::Now(answer) => self.answer(asker, answer),
            Outcome::Silent => {}
            Outcome::Later { .. } if self.pending.len() >= MAX_PENDING => {
                self.answer(asker, json!({"error": "too many questions at once; wait for some answers"}));
            }
            Outcome::Later { until, wants } => {
                let started = self.driver.now();
                self.pending.push(Pending { asker, until, started, wants });
            }
        }
    }

    /// Gives an answer to who asked.
    pub fn answer(&mut self, asker: Asker, mut answer: Json) {
        match asker {
            Asker::Line(tag) => {
                if let Some(fields) = answer.as_object_mut() {
                    fields.insert("re".into(), tag);
                }
                self.screen.object(&answer);
            }
            Asker::Typed(op) => self.screen.list(&words::answer(&op, &answer)),
            Asker::Page(asked) => {
                let _page_gone = asked.send(answer);
            }
        }
    }

    /// Tells an event to everybody. Only pages and people need it as a value of its own.
    pub fn tell(&mut self, event: &impl Serialize) {
        self.screen.object(event);
        if self.screen.is_json() && !self.hook.is_watched() {
            return;
        }
        let Ok(event) = serde_json::to_value(event) else { return };
        self.hook.event(&event);
        if let Some((tone, text)) = words::event(&event) {
            self.screen.words(self.driver.now().since_origin().as_secs_f64(), tone, &text);
        }
    }

    fn on_time(&mut self) {
        let now = Wake::now();
        let late = self.pending.extract_if(.., |pending| pending.until <= now).collect::<Vec<_>>();
        for Pending { asker, started, wants, .. } in late {
            let answer = self.too_late(started, wants);
            self.answer(asker, answer);
        }
        if self.complain.is_some_and(|at| at <= now) {
            self.complain = None;
            self.complain_about_seeds();
        }
    }
}

fn too_long() -> String {
    format!("a line of more than {MAX_LINE} bytes was skipped")
}

/// The next event of the node. When there is none at the moment, what was printed gets out before the program waits.
async fn next(driver: &mut Driver<Watched>, screen: &mut Screen) -> Event {
    poll_fn(|context| {
        let event = driver.poll_next(context);
        if event.is_pending() {
            screen.flush();
        }
        event
    })
    .await
}

fn bye(hook: &Hook, screen: &mut Screen) {
    let bye = json!({"ev": "bye"});
    hook.event(&bye);
    screen.object(&bye);
    screen.newline();
    screen.flush();
}

async fn asleep(until: Option<Wake>) {
    match until {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Operations that wait for their answers at once.
const MAX_PENDING: usize = 1024;
/// How long seeds may be silent before somebody is told.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the hand-over may take when we leave.
const HAND_OVER: Duration = Duration::from_secs(3);
