//! The live page of a node: one static page, and a WebSocket on which it speaks the JSON line protocol.
//!
//! The page sees what a program at `peer --json` sees, one WebSocket message a line: it first hears the `ready` event,
//! then every event, and may give every command. So whoever may open the page may use the node; therefore a request is
//! answered only if it names this server by address or as localhost (a web site that points its own name here gets
//! nothing), and the WebSocket opens only for a page of this same server.

mod server;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

pub use server::serve;

/// A command from a page, for the loop that owns the node.
#[derive(Debug)]
pub struct Command {
    /// What the page asks, as a line of the JSON protocol.
    pub request: Value,
    /// Where the answer line goes; dropping it tells the page that there will be none.
    pub answer: oneshot::Sender<Value>,
}

/// What the server shares with the loop that owns the node.
#[derive(Clone, Debug)]
pub struct Hook {
    /// Commands of all pages. Bounded: a page that asks faster than the node answers waits.
    pub commands: mpsc::Sender<Command>,
    /// Event lines for all pages.
    pub events: broadcast::Sender<Arc<str>>,
    /// The `ready` event, which each page hears first.
    pub ready: Arc<str>,
}

impl Hook {
    /// A hook and the end of it that the loop reads commands from.
    pub fn new(ready: &Value) -> (Hook, mpsc::Receiver<Command>) {
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let (events, _) = broadcast::channel(EVENTS);
        (Hook { commands, events, ready: ready.to_string().into() }, inbox)
    }

    /// Whether there is a page to tell anything.
    pub fn is_watched(&self) -> bool {
        self.events.receiver_count() > 0
    }

    /// Tells every page an event; cheap when there is none.
    pub fn event(&self, event: &Value) {
        if self.is_watched() {
            let _ = self.events.send(event.to_string().into()); // fails only if the last page just left
        }
    }
}

/// Speaks with a page until it leaves, or has been silent for so long.
async fn converse(mut socket: WebSocket, hook: Hook, silence: Duration) {
    let mut events = hook.events.subscribe();
    if socket.send(Message::Text(hook.ready.as_ref().into())).await.is_err() {
        return;
    }
    // A chord lookup may take seconds, so several commands may wait for their answers; a page that floods waits too.
    let (answered, mut answers) = mpsc::channel::<Value>(PENDING);
    let mut pending = 0_usize;
    let (mut heard, mut asking) = (Instant::now(), interval_at(Instant::now() + silence / 3, silence / 3));
    asking.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            event = events.recv() => match event {
                Ok(event) => text(event.as_ref().to_owned()),
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    text(format!(r#"{{"ev":"missed","events":{missed}}}"#))
                }
                Err(broadcast::error::RecvError::Closed) => return,
            },
            Some(answer) = answers.recv() => {
                pending -= 1;
                text(answer.to_string())
            }
            received = socket.recv(), if pending < PENDING => {
                heard = Instant::now();
                match received {
                    Some(Ok(Message::Text(line))) => match start(&line, &hook, &answered) {
                        Ok(()) => {
                            pending += 1;
                            continue;
                        }
                        Err(answer) => text(answer.to_string()),
                    },
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => continue,
                }
            }
            _ = asking.tick() => {
                if pending == PENDING {
                    heard = Instant::now(); // it may have said something that nobody has read
                } else if heard.elapsed() > silence {
                    return; // a computer that sleeps, or a cable that was pulled
                }
                Message::Ping(Bytes::new()) // browsers answer by themselves
            }
        };
        if !matches!(tokio::time::timeout(WRITE_TIMEOUT, socket.send(message)).await, Ok(Ok(()))) {
            return; // the page reads no more
        }
    }
}

fn text(line: String) -> Message {
    Message::Text(line.into())
}

/// Reads a command of a page: what it asks, and its own number, which the answer carries under `re`.
///
/// # Errors
/// The answer to a command that no page may give, or that is none.
///
/// ```
/// use serde_json::json;
/// let (request, number) = apps::peer::http::request(r#"{"op": "peers", "n_": 7}"#).unwrap();
/// assert_eq!((&request["op"], number), (&json!("peers"), json!(7)));
/// assert!(apps::peer::http::request(r#"{"op": "quit"}"#).is_err());
/// ```
pub fn request(text: &str) -> Result<(Value, Value), Value> {
    let request: Value =
        serde_json::from_str(text).map_err(|error| serde_json::json!({ "error": error.to_string() }))?;
    let number = request.get("n_").cloned().unwrap_or(Value::Null);
    match request.get("op").and_then(Value::as_str) {
        Some("quit") => Err(serde_json::json!({ "error": "a page cannot stop the node", "re": number })),
        _ => Ok((request, number)),
    }
}

/// Passes a command on; its answer, with the page's own number, comes out of `answered`.
fn start(text: &str, hook: &Hook, answered: &mpsc::Sender<Value>) -> Result<(), Value> {
    let (request, number) = request(text)?;
    let (commands, answered) = (hook.commands.clone(), answered.clone());
    tokio::spawn(async move {
        let (answer, answer_comes) = oneshot::channel();
        let gone = || serde_json::json!({ "error": "the node gave no answer" });
        let mut line = match commands.send(Command { request, answer }).await {
            Ok(()) => answer_comes.await.unwrap_or_else(|_| gone()),
            Err(_) => gone(),
        };
        if let Some(fields) = line.as_object_mut() {
            fields.insert("re".into(), number);
        }
        let _ = answered.send(line).await; // the page may have left
    });
    Ok(())
}

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const MEMBER: &str = include_str!("member.js");
const SCRIPT: &str = include_str!("page.js");
const COMMANDS: usize = 64;
/// Events kept for a slow page; what it misses beyond them it is told as a number.
const EVENTS: usize = 1024;
const PENDING: usize = 16;
const MAX_LINE: usize = 1 << 20;
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_its_parts_and_loads_nothing() {
        for part in ["/*STYLE*/", "/*MEMBER*/", "/*SCRIPT*/"] {
            assert_eq!(PAGE.matches(part).count(), 1);
        }
        for text in [PAGE, STYLE, MEMBER, SCRIPT] {
            assert!(!text.contains("https://") && !text.contains("src=\"") && !text.contains("@import"));
        }
    }
}
