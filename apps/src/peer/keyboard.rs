use std::io::BufRead;

use tokio::sync::mpsc;

/// What comes on standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typing {
    /// A line.
    Line(String),
    /// The end, and whether any line came before it.
    End {
        /// False when there was never anybody to type, as for a service started with `</dev/null`.
        any: bool,
    },
}

/// The lines of standard input. A thread of its own reads them, since that cannot be stopped.
pub(super) fn keyboard() -> mpsc::Receiver<Typing> {
    let (sender, receiver) = mpsc::channel(64);
    std::thread::spawn(move || read(std::io::stdin().lock(), &sender));
    receiver
}

fn read(mut input: impl BufRead, sender: &mpsc::Sender<Typing>) {
    let (mut any, mut line) = (false, Vec::new());
    while input.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        any = true;
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        line.clear();
        if sender.blocking_send(Typing::Line(text)).is_err() {
            return;
        }
    }
    let _program_over = sender.blocking_send(Typing::End { any });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_the_end() {
        let hear = |text: &[u8]| {
            let (sender, mut receiver) = mpsc::channel(8);
            read(text, &sender);
            std::iter::from_fn(|| receiver.try_recv().ok()).collect::<Vec<_>>()
        };
        assert_eq!(hear(b""), [Typing::End { any: false }]);
        let lines = ["a", "\u{fffd}"].map(|text| Typing::Line(text.into()));
        assert_eq!(hear(b"a\r\n\xff"), [&lines[..], &[Typing::End { any: true }]].concat());
    }
}
