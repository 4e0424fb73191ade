use std::io::IsTerminal;

use clap::{ArgAction, Args, ValueEnum};
use tracing_subscriber::EnvFilter;

use super::Failure;

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people: time, level, message; with colour on a terminal.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// The options about logging, the same for every program. Logs go to standard error.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Logging")]
pub struct LogOptions {
    /// Say more: -v debug, -vv trace
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Say only what went wrong
    #[arg(short, long, conflicts_with = "verbose", global = true)]
    pub quiet: bool,
    /// What a log line looks like
    #[arg(long, value_enum, default_value_t, value_name = "text|json", hide_possible_values = true, global = true)]
    pub log_format: LogFormat,
    /// Levels by module, such as `info,rfc3261=trace`; wins over -v and -q
    #[arg(long, value_name = "FILTER", global = true)]
    pub log_filter: Option<String>,
}

impl LogOptions {
    /// Starts logging for the whole process. Once; a second call changes nothing.
    ///
    /// # Errors
    /// [`Failure::Usage`] when the filter cannot be read.
    pub fn start(&self) -> Result<(), Failure> {
        let level = match (self.quiet, self.verbose) {
            (true, _) => "error",
            (false, 0) => "info",
            (false, 1) => "debug",
            (false, _) => "trace",
        };
        let filter = EnvFilter::try_new(self.log_filter.as_deref().unwrap_or(level))
            .map_err(|e| Failure::usage(format!("--log-filter: {e}")))?;
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let builder = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(colour)
            .with_target(self.verbose > 0);
        let _already_started = match self.log_format {
            LogFormat::Text => builder.try_init(),
            LogFormat::Json => builder.json().flatten_event(true).try_init(),
        };
        Ok(())
    }
}
