use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use super::Summary;

/// What a person at a terminal sees meanwhile. Nobody else sees anything.
pub struct Progress {
    bar: Option<ProgressBar>,
    shown: Instant,
}

const EVERY: Duration = Duration::from_millis(100);

impl Progress {
    pub fn new(quiet: bool) -> Progress {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(EVERY * 2);
            bar
        });
        Progress { bar, shown: Instant::now() }
    }

    /// Shows how far it is; `length` is of the whole source, in milliseconds.
    pub fn show(&mut self, summary: &Summary, length: Option<f64>) {
        let Some(bar) = &self.bar else { return };
        if self.shown.elapsed() < EVERY {
            return;
        }
        self.shown = Instant::now();
        let style = match length {
            Some(_) => "{spinner} [{bar:30}] {msg}",
            None => "{spinner} {msg}",
        };
        if let (Some(length), None) = (length, bar.length()) {
            bar.set_length(length as u64);
        }
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.set_position(u64::from(summary.millis));
        bar.set_message(format!("{:.1} s  {}", f64::from(summary.millis) / 1000.0, HumanBytes(summary.bytes)));
    }

    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
