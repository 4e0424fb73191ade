//! The live page of a node: one static page, and a WebSocket on which it speaks the JSON line protocol.
//!
//! The page sees what a program at `peer --json` sees, one WebSocket message a line: it first hears the `ready` event,
//! then every event, and may give every command. So whoever may open the page may use the node; therefore a request is
//! answered only if it names this server by address or as localhost (a web site that points its own name here gets
//! nothing), and the WebSocket opens only for a page of this same server.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot};

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

    /// Tells every page an event; cheap when there is none.
    pub fn event(&self, event: &Value) {
        if self.events.receiver_count() > 0 {
            let _ = self.events.send(event.to_string().into()); // fails only if the last page just left
        }
    }
}

/// Serves pages on `listener` until the future is dropped.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(listener: TcpListener, hook: Hook) -> std::io::Result<()> {
    let bound = listener.local_addr()?.ip();
    let app = Router::new()
        .route("/", get(page))
        .route("/live", get(live))
        .layer(middleware::from_fn_with_state(bound, guard))
        .with_state(hook);
    axum::serve(listener, app).await
}

async fn page() -> Response {
    let mut response = Body::from(PAGE.replacen("/*STYLE*/", STYLE, 1).replacen("/*MEMBER*/", MEMBER, 1).replacen(
        "/*SCRIPT*/",
        SCRIPT,
        1,
    ))
    .into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Refuses requests that reached this server under a name that is not its own.
async fn guard(State(bound): State<IpAddr>, request: Request, next: Next) -> Response {
    if is_ours(request.headers(), bound) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This server answers to its address and to localhost alone.\n").into_response()
}

/// Whether the Host header names us, and the Origin header, if there is one, the same.
fn is_ours(headers: &HeaderMap, bound: IpAddr) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    // Bound to every address, it has no name that it could know of; an address in the header is no name of a web site.
    let named = match address {
        Ok(address) => address == bound || bound.is_unspecified(),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    };
    named
        && headers.get(header::ORIGIN).is_none_or(|origin| {
            origin.to_str().is_ok_and(|origin| {
                origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
            })
        })
}

async fn live(State(hook): State<Hook>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !headers.contains_key(header::ORIGIN) {
        return (StatusCode::FORBIDDEN, "Only the page may open this; programs use peer --json.\n").into_response();
    }
    upgrade.max_message_size(MAX_LINE).max_frame_size(MAX_LINE).on_upgrade(|socket| converse(socket, hook))
}

async fn converse(mut socket: WebSocket, hook: Hook) {
    let mut events = hook.events.subscribe();
    if socket.send(Message::Text(hook.ready.as_ref().into())).await.is_err() {
        return;
    }
    // A chord lookup may take seconds, so several commands may wait for their answers; a page that floods waits too.
    let (answered, mut answers) = mpsc::channel::<Value>(PENDING);
    let mut pending = 0_usize;
    loop {
        let line = tokio::select! {
            event = events.recv() => match event {
                Ok(event) => event.as_ref().to_owned(),
                Err(broadcast::error::RecvError::Lagged(missed)) => format!(r#"{{"ev":"missed","events":{missed}}}"#),
                Err(broadcast::error::RecvError::Closed) => return,
            },
            Some(answer) = answers.recv() => {
                pending -= 1;
                answer.to_string()
            }
            received = socket.recv(), if pending < PENDING => match received {
                Some(Ok(Message::Text(text))) => match start(&text, &hook, &answered) {
                    Ok(()) => {
                        pending += 1;
                        continue;
                    }
                    Err(answer) => answer.to_string(),
                },
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
        };
        if !matches!(tokio::time::timeout(WRITE_TIMEOUT, socket.send(Message::Text(line.into()))).await, Ok(Ok(()))) {
            return; // the page reads no more
        }
    }
}

/// Passes a command on; its answer, with the page's own number, comes out of `answered`.
fn start(text: &str, hook: &Hook, answered: &mpsc::Sender<Value>) -> Result<(), Value> {
    let request: Value =
        serde_json::from_str(text).map_err(|error| serde_json::json!({ "error": error.to_string() }))?;
    if request.get("op").and_then(Value::as_str) == Some("quit") {
        return Err(serde_json::json!({ "error": "a page cannot stop the node", "re": request.get("n_") }));
    }
    let number = request.get("n_").cloned().unwrap_or(Value::Null);
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
/// Nothing is loaded from elsewhere. WebSockets may go anywhere, since the page joins at another port.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const COMMANDS: usize = 64;
/// Events kept for a slow page; what it misses beyond them it is told as a number.
const EVENTS: usize = 1024;
const PENDING: usize = 16;
const MAX_LINE: usize = 1 << 20;
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use serde_json::json;

    use super::*;

    fn asked(host: &str, origin: Option<&str>, bound: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        is_ours(&headers, bound.parse().unwrap())
    }

    #[test]
    fn answers_to_its_address_and_to_localhost() {
        assert!(asked("127.0.0.1:8080", None, "127.0.0.1"));
        assert!(asked("localhost:8080", Some("http://localhost:8080"), "127.0.0.1"));
        assert!(asked("[::1]:8080", Some("http://[::1]:8080"), "::1"));
        assert!(asked("[::1]", None, "::1"));
        assert!(asked("192.0.2.7:80", None, "0.0.0.0"));
    }

    #[test]
    fn refuses_names_and_pages_of_others() {
        assert!(!asked("evil.example:8080", None, "127.0.0.1"));
        assert!(!asked("evil.example", None, "0.0.0.0"));
        assert!(!asked("192.0.2.7:80", None, "127.0.0.1"));
        assert!(!asked("127.0.0.1:8080", Some("http://evil.example"), "127.0.0.1"));
        assert!(!asked("127.0.0.1:8080", Some("http://127.0.0.1:9999"), "127.0.0.1"));
        assert!(!asked("127.0.0.1:8080", Some("null"), "127.0.0.1"));
    }

    #[test]
    fn the_page_has_its_parts_and_loads_nothing() {
        for part in ["/*STYLE*/", "/*MEMBER*/", "/*SCRIPT*/"] {
            assert_eq!(PAGE.matches(part).count(), 1);
        }
        for text in [PAGE, STYLE, MEMBER, SCRIPT] {
            assert!(!text.contains("https://") && !text.contains("src=\"") && !text.contains("@import"));
        }
    }

    #[tokio::test]
    async fn pages_of_this_server_alone_may_talk_to_the_node() {
        let (hook, mut inbox) = Hook::new(&json!({ "ev": "ready", "id": "x" }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(serve(listener, hook.clone()));
        tokio::spawn(async move {
            while let Some(Command { request, answer }) = inbox.recv().await {
                let _ = answer.send(json!({ "result": request["op"] }));
            }
        });
        let body = text(address, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
        assert!(
            body.starts_with("HTTP/1.1 200") && body.contains("<title>peer</title>") && body.contains("class Node")
        );
        let body = text(address, "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").await;
        assert!(body.starts_with("HTTP/1.1 403"));

        assert!(page_at(address, None).await.is_err(), "a program without an origin");
        assert!(page_at(address, Some("http://evil.example")).await.is_err(), "a page from elsewhere");
        let mut page = page_at(address, Some(&format!("http://{address}"))).await.unwrap();
        tokio::task::spawn_blocking(move || {
            let mut hear = |say: Option<Value>| {
                if let Some(line) = say {
                    page.send(line.to_string().into()).unwrap();
                }
                serde_json::from_str::<Value>(page.read().unwrap().to_text().unwrap()).unwrap()
            };
            assert_eq!(hear(None), json!({ "ev": "ready", "id": "x" }));
            assert_eq!(hear(Some(json!({ "op": "peers", "n_": 7 }))), json!({ "result": "peers", "re": 7 }));
            assert!(hear(Some(json!({ "op": "quit", "n_": 8 })))["error"].is_string());
            hook.event(&json!({ "ev": "connect" }));
            assert_eq!(hear(None), json!({ "ev": "connect" }));
        })
        .await
        .unwrap();
        server.abort();
    }

    type Page = tungstenite::WebSocket<std::net::TcpStream>;

    async fn page_at(address: SocketAddr, origin: Option<&str>) -> Result<Page, String> {
        use tungstenite::client::IntoClientRequest;
        let mut request = format!("ws://{address}/live").into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("Origin", origin.parse().unwrap());
        }
        let connect = move || {
            let stream = std::net::TcpStream::connect(address).unwrap();
            tungstenite::client(request, stream).map(|(page, _)| page).map_err(|error| error.to_string())
        };
        tokio::task::spawn_blocking(connect).await.unwrap()
    }

    async fn text(address: SocketAddr, request: &str) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}
