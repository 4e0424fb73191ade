//! Asking a web server whether somebody may publish or play: `POST` of a form, any 2xx says yes.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::access::Action;
use super::hub::StreamKey;

/// What the web server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// 2xx.
    Allowed,
    /// 3xx with a Location: the client is to go there.
    Elsewhere(String),
    /// Anything else, or no answer; for the log.
    Refused(String),
}

/// What is told about a request: the fields of the form.
#[derive(Clone, Debug)]
pub struct Question {
    /// `call`: `publish` or `play`.
    pub action: Action,
    /// `app` and `name`.
    pub stream: StreamKey,
    /// `addr`: who asks.
    pub remote: SocketAddr,
    /// `tcurl`.
    pub tc_url: String,
    /// The parameters of the stream name's query are added as they are.
    pub query: String,
}

impl Question {
    fn form(&self) -> String {
        let fields = [
            ("call", self.action.to_string()),
            ("app", self.stream.app.clone()),
            ("name", self.stream.name.clone()),
            ("addr", self.remote.ip().to_string()),
            ("tcurl", self.tc_url.clone()),
        ];
        let mut form: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
        // A parameter must not stand for one of ours.
        let free = |pair: &&str| !fields.iter().any(|(name, _)| pair.split('=').next() == Some(name));
        form.extend(self.query.split('&').filter(|pair| !pair.is_empty()).filter(free).map(safe));
        form.join("&")
    }
}

/// Asks, and gives up after [`PATIENCE`].
pub async fn ask(url: &Uri, question: &Question) -> Verdict {
    match tokio::time::timeout(PATIENCE, post(url, question.form())).await {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(why)) => Verdict::Refused(format!("{url} cannot be asked: {why}")),
        Err(_) => Verdict::Refused(format!("{url} did not answer in {} s", PATIENCE.as_secs())),
    }
}

/// An address that [`ask`] can use.
///
/// # Errors
/// What was expected.
pub fn parse_url(text: &str) -> Result<Uri, String> {
    let expected = || "expected a URL like http://127.0.0.1:8080/allow".to_owned();
    let uri: Uri = text.parse().map_err(|_| expected())?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http"), Some(_)) => Ok(uri),
        (Some("https"), _) => {
            Err("https is not supported: put the service or a proxy to it on this machine".to_owned())
        }
        _ => Err(expected()),
    }
}

async fn post(url: &Uri, form: String) -> Result<Verdict, String> {
    let host = url.host().unwrap_or_default();
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), url.port_u16().unwrap_or(80)))
        .await
        .map_err(|e| e.to_string())?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    let connection = tokio::spawn(connection);
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let request = Request::post(path)
        .header(header::HOST, authority)
        .header(header::CONNECTION, "close")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from(form)))
        .map_err(|e| e.to_string())?;
    let response = sender.send_request(request).await.map_err(|e| e.to_string());
    connection.abort();
    let response = response?;
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    Ok(match (response.status(), location) {
        (status, _) if status.is_success() => Verdict::Allowed,
        (status, Some(location)) if status.is_redirection() => Verdict::Elsewhere(location.to_owned()),
        (status, _) => Verdict::Refused(format!("{url} said {status}")),
    })
}

/// Percent-encodes all but what a form may hold as it is.
fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The parameter as it was, but for what cannot stand in a form.
fn safe(pair: &str) -> String {
    let keep = |c: char| c.is_ascii_graphic() && !matches!(c, '#' | '"' | '<' | '>');
    pair.chars().map(|c| if keep(c) { c.to_string() } else { percent(&c.to_string()) }).collect()
}

/// How long an answer may take.
pub const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn answered(status: &'static str) -> (Verdict, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Uri = format!("http://{}/allow?x=1", listener.local_addr().unwrap()).parse().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut got = Vec::new();
            while !got.ends_with(b"token=a%20b") {
                assert_ne!(stream.read_buf(&mut got).await.unwrap(), 0);
            }
            stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await.unwrap();
            String::from_utf8(got).unwrap()
        });
        let question = Question {
            action: Action::Publish,
            stream: StreamKey::new("live", "a&b"),
            remote: "192.0.2.1:5000".parse().unwrap(),
            tc_url: "rtmp://h/live".into(),
            query: "name=forged&token=a%20b".into(),
        };
        (ask(&url, &question).await, server.await.unwrap())
    }

    #[tokio::test]
    async fn the_status_is_the_verdict() {
        let (verdict, request) = answered("204 No Content").await;
        assert_eq!(verdict, Verdict::Allowed);
        assert!(request.starts_with("POST /allow?x=1 HTTP/1.1\r\n"), "{request}");
        let form = "call=publish&app=live&name=a%26b&addr=192.0.2.1&tcurl=rtmp%3A%2F%2Fh%2Flive&token=a%20b";
        assert!(request.ends_with(form), "{request}");
        assert!(matches!(answered("403 Forbidden").await.0, Verdict::Refused(_)));
        let elsewhere = answered("302 Found\r\nLocation: rtmp://other/live").await.0;
        assert_eq!(elsewhere, Verdict::Elsewhere("rtmp://other/live".into()));
    }

    #[tokio::test]
    async fn nobody_there_is_a_no() {
        let question = Question {
            action: Action::Play,
            stream: StreamKey::new("a", "b"),
            remote: "192.0.2.1:5000".parse().unwrap(),
            tc_url: String::new(),
            query: String::new(),
        };
        assert!(matches!(ask(&"http://127.0.0.1:1/".parse().unwrap(), &question).await, Verdict::Refused(_)));
        assert!(parse_url("ftp://x").is_err() && parse_url("https://x").is_err() && parse_url("http://x/").is_ok());
    }
}
