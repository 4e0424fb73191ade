use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use super::Place;
use crate::common::{Failure, LogOptions, seconds};

/// The options of `rtmp-copy`.
#[derive(Parser, Clone, Debug)]
#[command(name = "rtmp-copy", version, max_term_width = 110)]
#[command(about = "Copy between RTMP servers and FLV files: send, record, relay, repair", after_help = AFTER)]
pub struct Options {
    /// Where from: rtmp[s|t|ts]://HOST[:PORT]/APP/STREAM, an FLV file,
    /// `-` for standard input, or @FILE with such an address in it
    #[arg(value_name = "SRC")]
    pub source: Place,
    /// Where to: the same, `-` being standard output
    #[arg(value_name = "DST")]
    pub destination: Place,

    /// Stop after so much of the stream
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Media")]
    pub duration: Option<Duration>,
    /// Start so far into the source: at the key frame before it
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Media")]
    pub start: Option<Duration>,
    /// Send a file as fast as it plays [default when DST is a server]
    #[arg(long, conflicts_with = "fast", help_heading = "Media")]
    pub realtime: bool,
    /// Send a file as fast as it can be taken [default when DST is a file]
    #[arg(long, help_heading = "Media")]
    pub fast: bool,
    /// Begin again when the file is at its end, N times or for ever
    #[arg(long = "loop", value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "0",
          help_heading = "Media")]
    pub repeat: Option<u64>,

    /// Add to a file that exists, 20 ms behind its end; publish in append mode
    #[arg(long, conflicts_with = "overwrite", help_heading = "Output")]
    pub append: bool,
    /// Replace a file that exists
    #[arg(long, help_heading = "Output")]
    pub overwrite: bool,
    /// Have the server record what we publish
    #[arg(long, conflicts_with = "append", help_heading = "Output")]
    pub record: bool,
    /// Print a summary as JSON on standard output at the end (on standard error when DST is `-`)
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// End when nothing came for so long; 0 waits for ever
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, help_heading = "Network")]
    pub timeout: Duration,
    /// Certificates in PEM of the authority that rtmps servers are signed by [default: the system's]
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub ca: Option<PathBuf>,
    /// Accept any certificate: whoever stands between can listen
    #[arg(long, conflicts_with = "ca", help_heading = "Network")]
    pub insecure: bool,

    /// Write what is sent and received, keys and what TLS hides included, into this capture file, readable by you alone
    #[arg(long, value_name = "FILE.pcap", help_heading = "Network")]
    pub trace: Option<PathBuf>,

    /// How much is logged.
    #[command(flatten)]
    pub log: LogOptions,
}

const AFTER: &str = "\
Examples:
  rtmp-copy film.flv rtmp://server/live/film            send a file as fast as it plays
  rtmp-copy rtmp://server/live/cam cam.flv --duration 60   record a minute
  rtmp-copy rtmp://a/live/cam rtmps://b/live/cam?key=K  relay
  rtmp-copy torn.flv whole.flv                          repair: duration, size, index of key frames

An address with a key in it need not be an argument, which others on the machine can read: @FILE takes it from
the first line of a file.

Ends at the end of the source, when a server closes, and on Ctrl-C; a file that was begun is finished in each case.
Exit code: 0 copied, 1 something went wrong, 2 wrong usage.";

impl Options {
    /// Refuses what cannot work together.
    ///
    /// # Errors
    /// [`Failure::Usage`].
    pub fn check(&self) -> Result<(), Failure> {
        let (source, destination) = (&self.source, &self.destination);
        if let (Place::File(from), Place::File(to)) = (source, destination)
            && let (Ok(from), Ok(to)) = (from.canonicalize(), to.canonicalize())
            && from == to
        {
            return Err(Failure::usage("SRC and DST are the same file"));
        }
        for place in [source, destination] {
            if let Place::Server(url) = place
                && url.stream.is_none()
            {
                return Err(Failure::usage(format!("{place} names no stream: rtmp://HOST/APP/STREAM")));
            }
        }
        if self.start.is_some() && matches!(source, Place::Pipe) {
            return Err(Failure::usage("--start needs a file or a server, standard input cannot be searched"));
        }
        if self.repeat.is_some() && !matches!(source, Place::File(_)) {
            return Err(Failure::usage("--loop needs a file as SRC"));
        }
        if let Place::File(path) = destination
            && path.exists()
            && !self.append
            && !self.overwrite
        {
            return Err(Failure::usage(format!("{} exists: use --append or --overwrite", path.display())));
        }
        Ok(())
    }

    /// Whether a file is sent as it plays.
    pub fn is_paced(&self) -> bool {
        self.realtime || (!self.fast && matches!(self.destination, Place::Server(_)))
    }
}
