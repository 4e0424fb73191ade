//! The server of the page: which requests it answers, and how many connections it has for how long.

use std::io::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::{Hook, MAX_LINE, MEMBER, PAGE, SCRIPT, STYLE, converse};

/// How many there may be for how long.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Connections that ask for something. More are told so and closed. Default 256.
    connections: usize,
    /// Open pages, each with its WebSocket. More are told so. Default 64.
    pages: usize,
    /// How long a connection may last that does not become a WebSocket, whether it asks slowly, reads slowly or says
    /// nothing. Default 30 s.
    request: Duration,
    /// How long a page's WebSocket may be silent, although it is asked for a sign of life. Default 60 s.
    silence: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { connections: 256, pages: 64, request: Duration::from_secs(30), silence: Duration::from_secs(60) }
    }
}

/// What the conversations with pages share.
#[derive(Clone)]
struct Pages {
    hook: Hook,
    places: Arc<Semaphore>,
    silence: Duration,
}

/// Serves pages on `listener` until the future is dropped.
///
/// # Errors
/// When the listener has no address.
pub async fn serve(listener: TcpListener, hook: Hook) -> std::io::Result<()> {
    serve_within(Limits::default(), listener, hook).await
}

async fn serve_within(limits: Limits, listener: TcpListener, hook: Hook) -> std::io::Result<()> {
    let bound = listener.local_addr()?.ip();
    let pages = Pages { hook, places: Arc::new(Semaphore::new(limits.pages)), silence: limits.silence };
    let app = Router::new()
        .route("/", get(page))
        .route("/live", get(live))
        .layer(middleware::from_fn_with_state(bound, guard))
        .with_state(pages);
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!("cannot take the connection of a page: {error}");
                sleep(BREATH).await; // most likely there are no more file descriptors, and others free some
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            refuse(stream);
            continue;
        };
        let service = TowerToHyperService::new(app.clone());
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
        tokio::spawn(async move {
            let _ended_or_too_slow = timeout(limits.request, connection).await;
            drop(place);
        });
    }
}

/// Tells why, as far as that can be written at once.
fn refuse(stream: TcpStream) {
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write_all(REFUSAL);
    }
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

async fn live(State(pages): State<Pages>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !headers.contains_key(header::ORIGIN) {
        return (StatusCode::FORBIDDEN, "Only the page may open this; programs use peer --json.\n").into_response();
    }
    let Ok(place) = pages.places.try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "As many pages are open as there may be; close one.\n")
            .into_response();
    };
    upgrade.max_message_size(MAX_LINE).max_frame_size(MAX_LINE).on_upgrade(move |socket| async move {
        converse(socket, pages.hook, pages.silence).await;
        drop(place);
    })
}

/// Nothing is loaded from elsewhere. WebSockets may go anywhere, since the page joins at another port.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nToo many connections at once; try again soon.\n";
/// Before the next try to take a connection after one that failed.
const BREATH: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use serde_json::{Value, json};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::Command;
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

    /// A server with those limits whose node says nothing.
    async fn limited(limits: Limits) -> SocketAddr {
        let (hook, inbox) = Hook::new(&json!({ "ev": "ready" }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let _open = inbox;
            serve_within(limits, listener, hook).await
        });
        address
    }

    /// What a connection hears that says this, up to its end.
    async fn heard(address: SocketAddr, said: &str) -> String {
        timeout(Duration::from_secs(20), text(address, said)).await.expect("the server closes")
    }

    #[tokio::test]
    async fn half_a_request_does_not_stay() {
        let limits = Limits { request: Duration::from_millis(500), ..Limits::default() };
        let address = limited(limits).await;
        for half in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: localhost\r\n"] {
            assert_eq!(heard(address, half).await, "", "after {half:?}");
        }
        let idle = heard(address, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        assert!(idle.starts_with("HTTP/1.1 200") && idle.ends_with("</html>\n"), "answered, then closed: {idle}");
    }

    #[tokio::test]
    async fn connections_beyond_the_limit_are_told_so() {
        let address = limited(Limits { connections: 2, ..Limits::default() }).await;
        let mut open = Vec::new();
        for _ in 0..2 {
            open.push(TcpStream::connect(address).await.unwrap());
        }
        let told = heard(address, "").await;
        assert!(told.starts_with("HTTP/1.1 503") && told.contains("Too many connections"), "{told}");
        open.pop();
        let asked = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        while !heard(address, asked).await.starts_with("HTTP/1.1 200") {
            sleep(Duration::from_millis(10)).await; // until the server has seen that there is room again
        }
    }

    #[tokio::test]
    async fn pages_beyond_the_limit_are_told_so() {
        let limits = Limits { pages: 2, request: Duration::from_millis(500), ..Limits::default() };
        let address = limited(limits).await;
        let origin = format!("http://{address}");
        let mut first = page_at(address, Some(&origin)).await.unwrap();
        let second = page_at(address, Some(&origin)).await.unwrap();
        let refused = page_at(address, Some(&origin)).await.unwrap_err();
        assert!(refused.contains("503"), "{refused}");
        sleep(limits.request * 2).await;
        let (first, hears) = tokio::task::spawn_blocking(move || {
            let hears = first.read().unwrap().to_text().unwrap().contains("ready");
            first.send(r#"{"op": "quit"}"#.into()).unwrap();
            (first, hears)
        })
        .await
        .unwrap();
        assert!(hears, "a page may stay longer than a request");
        drop((first, second));
        while page_at(address, Some(&origin)).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn a_page_without_a_sign_of_life_is_closed() {
        let limits = Limits { pages: 2, silence: Duration::from_millis(1500), ..Limits::default() };
        let address = limited(limits).await;
        let upgrade = format!(
            "GET /live HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let mut silent = TcpStream::connect(address).await.unwrap();
        silent.write_all(upgrade.as_bytes()).await.unwrap();
        let mut lively = page_at(address, Some(&format!("http://{address}"))).await.unwrap();
        let end = std::time::Instant::now() + limits.silence * 2;
        let stays = tokio::task::spawn_blocking(move || {
            // each Ping ends a `read`, and the next one answers it
            while std::time::Instant::now() < end {
                lively.read()?;
            }
            Ok::<(), tungstenite::Error>(())
        });
        let mut told = Vec::new();
        timeout(Duration::from_secs(20), silent.read_to_end(&mut told)).await.expect("it is closed").unwrap();
        assert!(told.starts_with(b"HTTP/1.1 101"));
        stays.await.unwrap().expect("a page that answers stays");
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
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let _reset_after_refusal = stream.read_to_string(&mut answer).await;
        answer
    }
}
