use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr;

use net::Identity;
use rtmp::url::Scheme;
use serde::Deserialize;

use crate::common::{Failure, self_signed};

/// An address to listen on, written `rtmp:127.0.0.1:1935`. Port 0 lets the system choose one.
///
/// ```
/// use apps::rtmp_server::Place;
/// let place: Place = "rtmps:[::1]:443".parse().unwrap();
/// assert_eq!(place.to_string(), "rtmps:[::1]:443");
/// assert!("127.0.0.1:1935".parse::<Place>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Place {
    /// How RTMP arrives there. Plain and tunnelled RTMP may share a port: the first bytes tell them apart.
    pub scheme: Scheme,
    /// The local address.
    pub addr: SocketAddr,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Place, String> {
        let expected = || "expected SCHEME:IP:PORT like rtmp:127.0.0.1:1935, SCHEME one of rtmp rtmps rtmpt rtmpts";
        let (scheme, addr) = text.split_once(':').ok_or_else(expected)?;
        let scheme = Scheme::from_name(scheme).ok_or_else(expected)?;
        Ok(Place { scheme, addr: addr.trim_start_matches("//").parse().map_err(|_| expected())? })
    }
}

impl TryFrom<String> for Place {
    type Error = String;
    fn try_from(text: String) -> Result<Place, String> {
        text.parse().map_err(|why| format!("{text:?}: {why}"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.scheme.name(), self.addr)
    }
}

/// The certificate of `--cert` and `--key`, or one made for the addresses that are listened on with TLS; none without any.
///
/// # Errors
/// [`Failure::Usage`] when a file cannot be read or makes no sense.
pub fn identity(cert: Option<&Path>, key: Option<&Path>, listen: &[Place]) -> Result<Option<Identity>, Failure> {
    if let (Some(cert), Some(key)) = (cert, key) {
        let made = Identity::from_pem(read(cert, "--cert")?, read(key, "--key")?);
        return made.map(Some).map_err(|e| Failure::usage(format!("--cert {} with --key: {e}", cert.display())));
    }
    if !listen.iter().any(|place| place.scheme.transport().is_secure()) {
        return Ok(None);
    }
    let names: Vec<String> = listen.iter().map(|place| place.addr.ip().to_string()).collect();
    tracing::info!("no --cert: rtmps uses a certificate that nobody has signed");
    self_signed(names).map(Some)
}

/// The bytes of the file that an option names.
///
/// # Errors
/// [`Failure::Usage`] when it cannot be read.
pub fn read(path: &Path, option: &str) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|e| Failure::usage(format!("{option}: cannot read {}: {e}", path.display())))
}
