//! Numbers for Prometheus and a status page, over a very small HTTP server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

/// One number for Prometheus.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name, without the prefix of the program and without `_total`.
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// Its value.
    pub value: u64,
    /// Whether it may go down: a gauge, not a counter.
    pub is_gauge: bool,
}

#[derive(Debug)]
struct Figures(Vec<Figure>);

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for figure in &self.0 {
            if figure.is_gauge {
                let gauge = ConstGauge::new(i64::try_from(figure.value).unwrap_or(i64::MAX));
                gauge.encode(encoder.encode_descriptor(figure.name, figure.help, None, gauge.metric_type())?)?;
            } else {
                let counter = ConstCounter::new(figure.value);
                counter.encode(encoder.encode_descriptor(figure.name, figure.help, None, counter.metric_type())?)?;
            }
        }
        Ok(())
    }
}

/// The text that Prometheus reads, every name with the program's prefix.
///
/// ```
/// use apps::common::metrics::{Figure, render};
/// let figures = vec![Figure { name: "requests", help: "Requests received", value: 7, is_gauge: false }];
/// assert!(render("sip_proxy", figures).contains("sip_proxy_requests_total 7\n"));
/// ```
pub fn render(prefix: &str, figures: Vec<Figure>) -> String {
    let mut registry = Registry::with_prefix(prefix);
    registry.register_collector(Box::new(Figures(figures)));
    let mut text = String::with_capacity(8192);
    let _never_fails = prometheus_client::encoding::text::encode(&mut text, &registry);
    text
}

/// A page that a program offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// `/metrics`, for Prometheus.
    Metrics,
    /// `/status`, in JSON.
    Status,
}

impl Page {
    fn path(self) -> &'static str {
        match self {
            Page::Metrics => "/metrics",
            Page::Status => "/status",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Page::Metrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Page::Status => "application/json",
        }
    }
}

/// A request for a page, to be answered with its text.
#[derive(Debug)]
pub struct Scrape {
    /// Which page.
    pub page: Page,
    /// Where its text goes.
    pub reply: oneshot::Sender<String>,
}

/// Answers a `GET` of one of `pages` on every connection to `listener` with the text that the other end of `scrapes`
/// gives.
///
/// It is no web server: one request a connection, a head of at most 4 KiB, 16 connections at once and 5 seconds for
/// each. More than that is closed without an answer.
pub async fn serve(listener: TcpListener, pages: &'static [Page], scrapes: mpsc::Sender<Scrape>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok((stream, remote)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await; // out of descriptors: do not spin
            continue;
        };
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let scrapes = scrapes.clone();
        tokio::spawn(async move {
            let _place = place;
            let _late_or_broken = timeout(PATIENCE, answer(stream, remote, pages, scrapes)).await;
        });
    }
}

async fn answer(
    mut stream: TcpStream,
    remote: SocketAddr,
    pages: &[Page],
    scrapes: mpsc::Sender<Scrape>,
) -> std::io::Result<()> {
    let mut head = Vec::with_capacity(512);
    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
        if head.len() >= HEAD || stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let target = head.strip_prefix(b"GET ").map(|rest| rest.split(|b| *b == b' ').next().unwrap_or_default());
    let page = pages.iter().find(|page| target == Some(page.path().as_bytes()));
    let (status, body) = match (target, page) {
        (_, Some(page)) => {
            let (reply, text) = oneshot::channel();
            let asked = scrapes.send(Scrape { page: *page, reply }).await.is_ok();
            match text.await {
                Ok(text) if asked => ("200 OK", text),
                _ => ("503 Service Unavailable", String::new()),
            }
        }
        (Some(_), None) => {
            let paths: Vec<&str> = pages.iter().map(|page| page.path()).collect();
            ("404 Not Found", format!("there is {} here\n", paths.join(" and ")))
        }
        (None, None) => ("405 Method Not Allowed", String::new()),
    };
    tracing::debug!(%remote, status, "asked over HTTP");
    let media_type = page.map_or("text/plain; charset=utf-8", |page| page.media_type());
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

const CONNECTIONS: usize = 16;
const HEAD: usize = 4096;
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(request: &[u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (tx, mut rx) = mpsc::channel::<Scrape>(1);
        let server = tokio::spawn(serve(listener, &[Page::Metrics], tx));
        tokio::spawn(async move {
            while let Some(scrape) = rx.recv().await {
                let _ = scrape.reply.send("# EOF\n".into());
            }
        });
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut text = String::new();
        let _reset_by_peer = stream.read_to_string(&mut text).await;
        server.abort();
        text
    }

    #[tokio::test]
    async fn gives_the_metrics_and_nothing_else() {
        let text = ask(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\n# EOF\n"), "{text}");
        assert!(ask(b"GET / HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 404"));
        assert!(ask(b"POST /metrics HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 405"));
    }

    #[tokio::test]
    async fn an_endless_head_is_cut_off() {
        assert_eq!(ask(&vec![b'x'; HEAD + 4096]).await, "");
    }
}
