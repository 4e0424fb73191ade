use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use rtmp::url::Url;

/// One end of a copy.
///
/// ```
/// use apps::rtmp_copy::Place;
/// assert!(matches!("rtmp://host/live/cam".parse(), Ok(Place::Server(_))));
/// assert!(matches!("file:///tmp/a.flv".parse(), Ok(Place::File(path)) if path.ends_with("a.flv")));
/// assert!(matches!("-".parse(), Ok(Place::Pipe)));
/// assert!("http://host/a.flv".parse::<Place>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A stream of a server.
    Server(Box<Url>),
    /// A file.
    File(PathBuf),
    /// Standard input or output.
    Pipe,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Place, String> {
        if text == "-" {
            return Ok(Place::Pipe);
        }
        if let Some(path) = text.strip_prefix('@') {
            let content = std::fs::read_to_string(path).map_err(|why| format!("{path}: {why}"))?;
            let line = content.lines().next().unwrap_or_default().trim();
            return if line.is_empty() || line.starts_with('@') {
                Err(format!("{path}: its first line is no address"))
            } else {
                line.parse()
            };
        }
        if let Some(path) = text.strip_prefix("file://") {
            return Ok(Place::File(path.into()));
        }
        match text.split_once("://") {
            Some((scheme, _)) if rtmp::url::Scheme::from_name(scheme).is_some() => {
                Url::parse(text).map(|url| Place::Server(Box::new(url))).map_err(|why| why.to_string())
            }
            Some((scheme, _)) => Err(format!("{scheme}:// is not known here: rtmp, rtmps, rtmpt, rtmpts or a file")),
            None => Ok(Place::File(text.into())),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Server(url) => url.fmt(f),
            Place::File(path) => path.display().fmt(f),
            Place::Pipe => f.write_str("-"),
        }
    }
}
