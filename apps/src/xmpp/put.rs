//! A file by HTTP PUT over TLS, to the place that the upload service gave (XEP-0363).

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, SizeHint};
use hyper::{Method, Request, Uri, Version};
use hyper_util::rt::TokioIo;
use indicatif::{ProgressBar, ProgressStyle};
use rfc3921::upload::{self, Slot};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, version};

use super::account::Account;
use super::options::TlsVersion;
use super::{Ending, Outcome};
use crate::common::{Failure, clean};

/// Puts the file there, and shows how far it is.
///
/// # Errors
/// An end without success.
pub async fn put(
    account: &Account,
    slot: &Slot,
    request: &upload::Request,
    file: File,
    quiet: bool,
) -> Result<(), Ending> {
    let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(request.size) };
    if let Ok(style) = ProgressStyle::with_template("[{bar:30}] {bytes} of {total_bytes} {bytes_per_sec}") {
        bar.set_style(style);
    }
    let sent = send(account, slot, request, file, &bar).await;
    bar.finish_and_clear();
    sent
}

async fn send(
    account: &Account,
    slot: &Slot,
    upload: &upload::Request,
    file: File,
    bar: &ProgressBar,
) -> Result<(), Ending> {
    let wrong = |why: &str| Outcome::Failed.because(format!("{}: {why}", clean(&slot.put)));
    let uri: Uri = slot.put.parse().map_err(|_| wrong("is no address to upload to"))?;
    let (Some(host), Some("https")) = (uri.host(), uri.scheme_str()) else {
        return Err(wrong("files are uploaded over https alone"));
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = uri.port_u16().unwrap_or(443);
    let tls = TlsConnector::from(Arc::new(client(account)?));
    let name = ServerName::try_from(host.clone()).map_err(|_| wrong("has no host that a certificate could name"))?;
    let connect = async {
        let socket = TcpStream::connect((host.as_str(), port))
            .await
            .map_err(|why| Outcome::NotFound.because(format!("cannot reach {host}:{port} for the upload: {why}")))?;
        tls.connect(name, socket).await.map_err(|why| {
            Outcome::Untrusted.because(format!("the upload service at {host}:{port} does not prove who it is: {why}"))
        })
    };
    let late = |_| Outcome::Timeout.because(format!("{host}:{port} took too long for the upload: see --timeout"));
    let stream = tokio::time::timeout(account.timeout, connect).await.map_err(late)??;

    let failed = |why: &dyn std::fmt::Display| Outcome::Failed.because(format!("the upload failed: {why}"));
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|why| failed(&why))?;
    let work = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::builder().method(Method::PUT).version(Version::HTTP_11).uri(path);
    request = request.header("Host", uri.authority().map_or("", |authority| authority.as_str()));
    request = request.header("Content-Length", upload.size);
    request = request.header("Content-Type", upload.kind.as_deref().unwrap_or("application/octet-stream"));
    for (name, value) in &slot.headers {
        request = request.header(name, value);
    }
    let body = FileBody { file, left: upload.size, bar: bar.clone() };
    let request = request.body(body).map_err(|why| failed(&why))?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        Ok::<_, hyper::Error>((status, Limited::new(response.into_body(), MAX_ANSWER).collect().await))
    };
    let answer = while_moving(exchange, bar, account.timeout).await;
    work.abort();
    let stalled = || {
        let seconds = account.timeout.as_secs_f64();
        Outcome::Timeout.because(format!("{host}:{port} took nothing and said nothing for {seconds} s: see --timeout"))
    };
    let (status, text) = answer.ok_or_else(stalled)?.map_err(|why| failed(&why))?;
    if status.is_success() {
        return Ok(());
    }
    let text = text.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned()).unwrap_or_default();
    let first = clean(text.lines().next().unwrap_or_default());
    Err(Outcome::Refused.because(format!("the upload service refuses the file: {status} {first}")))
}

/// Waits for as long as the bar moves at least once in `patience`; `None`: it did not.
async fn while_moving<T>(work: impl Future<Output = T>, bar: &ProgressBar, patience: Duration) -> Option<T> {
    let mut work = pin!(work);
    loop {
        let before = bar.position();
        match tokio::time::timeout(patience, &mut work).await {
            Ok(done) => return Some(done),
            Err(_) if bar.position() == before => return None,
            Err(_) => {}
        }
    }
}

/// The same trust as for the server itself.
fn client(account: &Account) -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore::empty();
    match &account.ca {
        Some(path) => {
            let failed = |why: &dyn std::fmt::Display| Failure::usage(format!("--ca {}: {why}", path.display()));
            for certificate in CertificateDer::pem_file_iter(path).map_err(|why| failed(&why))? {
                let certificate = certificate.map_err(|why| failed(&why))?;
                roots.add(certificate).map_err(|why| failed(&why))?;
            }
        }
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    let versions: &[_] = match account.tls_min {
        TlsVersion::V12 => &[&version::TLS13, &version::TLS12],
        TlsVersion::V13 => &[&version::TLS13],
    };
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions);
    let mut config = builder.map_err(Failure::runtime)?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// So many bytes of a file.
struct FileBody {
    file: File,
    left: u64,
    bar: ProgressBar,
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let body = self.get_mut();
        if body.left == 0 {
            return Poll::Ready(None);
        }
        let want = usize::try_from(body.left).unwrap_or(CHUNK).min(CHUNK);
        let mut chunk = vec![0; want];
        let mut buffer = ReadBuf::new(&mut chunk);
        ready!(Pin::new(&mut body.file).poll_read(context, &mut buffer))?;
        let length = buffer.filled().len();
        if length == 0 {
            return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter"))));
        }
        chunk.truncate(length);
        body.left = body.left.saturating_sub(length as u64);
        body.bar.inc(length as u64);
        Poll::Ready(Some(Ok(Frame::data(chunk.into()))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

const CHUNK: usize = 64 << 10;
/// Bytes of an answer that are read, for the words of a refusal.
const MAX_ANSWER: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(200);

    #[tokio::test]
    async fn an_upload_that_gets_on_may_take_long_and_one_that_stalls_ends() {
        let bar = ProgressBar::hidden();
        let slow = async {
            for _ in 0..6 {
                tokio::time::sleep(PATIENCE / 2).await;
                bar.inc(1);
            }
        };
        assert_eq!(while_moving(slow, &bar, PATIENCE).await, Some(()));
        assert_eq!(while_moving(std::future::pending::<()>(), &bar, PATIENCE).await, None);
    }
}
