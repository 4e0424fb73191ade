//! Standard input, cut into lines.

use std::io::{BufRead, ErrorKind};

use tokio::sync::mpsc;

/// A line of what is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Without its end, which is `\n` or `\r\n` or that of the input; what is no UTF-8 in it is replaced.
    Text(String),
    /// It was longer than the limit, and was skipped.
    TooLong,
}

/// The lines of an input, each of which takes no more memory than the limit.
///
/// ```
/// use apps::peer::{Line, Lines};
/// let lines: Vec<Line> = Lines::new(&b"short\nmuch too long\nlast"[..], 5).collect();
/// assert_eq!(lines, [Line::Text("short".into()), Line::TooLong, Line::Text("last".into())]);
/// ```
#[derive(Clone, Debug)]
pub struct Lines<R> {
    input: R,
    limit: usize,
}

/// What comes on standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typing {
    /// A line.
    Line(Line),
    /// The end, and whether any line came before it.
    End {
        /// False when there was never anybody to type, as for a service started with `</dev/null`.
        any: bool,
    },
}

/// The lines of standard input. A thread of its own reads them, since that cannot be stopped.
pub(super) fn keyboard() -> mpsc::Receiver<Typing> {
    let (sender, receiver) = mpsc::channel(WAITING);
    std::thread::spawn(move || read(Lines::new(std::io::stdin().lock(), MAX_LINE), &sender));
    receiver
}

fn read(lines: impl Iterator<Item = Line>, sender: &mpsc::Sender<Typing>) {
    let mut any = false;
    for line in lines {
        any = true;
        if sender.blocking_send(Typing::Line(line)).is_err() {
            return;
        }
    }
    let _program_over = sender.blocking_send(Typing::End { any });
}

impl<R: BufRead> Lines<R> {
    /// The lines of `input`, of at most `limit` bytes each without the `\n`.
    pub fn new(input: R, limit: usize) -> Lines<R> {
        Lines { input, limit }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Line;

    /// The next line; an input that breaks ends there.
    fn next(&mut self) -> Option<Line> {
        let (mut any, mut long, mut line) = (false, false, Vec::new());
        loop {
            let piece = match self.input.fill_buf() {
                Ok(piece) => piece,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => &[],
            };
            any |= !piece.is_empty();
            let end = piece.iter().position(|&byte| byte == b'\n');
            let part = end.map_or(piece, |end| &piece[..end]);
            long |= part.len() > self.limit - line.len();
            match long {
                true => line = Vec::new(), // nothing is kept of what nobody will see
                false => line.extend_from_slice(part),
            }
            let (last, taken) = (end.is_some() || piece.is_empty(), part.len() + usize::from(end.is_some()));
            self.input.consume(taken);
            if last {
                break;
            }
        }
        any.then(|| match long {
            true => Line::TooLong,
            false => Line::Text(String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line)).into_owned()),
        })
    }
}

/// The longest line that is taken, in bytes: bytes that fill the longest frame (`--max-frame`, by default 16 MiB) fit
/// into a command as hexadecimal digits.
pub(super) const MAX_LINE: usize = 33 << 20;
/// Lines that are read before the program has looked at them.
const WAITING: usize = 16;

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn text(text: &str) -> Line {
        Line::Text(text.into())
    }

    #[test]
    fn lines_and_the_end() {
        let hear = |input: &[u8]| {
            let (sender, mut receiver) = mpsc::channel(8);
            read(Lines::new(input, 100), &sender);
            std::iter::from_fn(|| receiver.try_recv().ok()).collect::<Vec<_>>()
        };
        assert_eq!(hear(b""), [Typing::End { any: false }]);
        let lines = [text("a"), text(""), text("\u{fffd}")].map(Typing::Line);
        assert_eq!(hear(b"a\r\n\n\xff"), [&lines[..], &[Typing::End { any: true }]].concat());
    }

    #[test]
    fn a_line_beyond_the_limit_is_skipped_to_its_end() {
        for buffer in 1..12 {
            let lines = |input: &[u8]| Lines::new(BufReader::with_capacity(buffer, input), 4).collect::<Vec<_>>();
            assert_eq!(
                lines(b"1234\n12345\n\n123456789\nab"),
                [text("1234"), Line::TooLong, text(""), Line::TooLong, text("ab")]
            );
            assert_eq!(lines(b"ab\n12345"), [text("ab"), Line::TooLong]);
        }
    }

    #[test]
    fn an_endless_line_takes_no_memory() {
        let mut lines = Lines::new(BufReader::new(std::io::Read::take(std::io::repeat(b'x'), 8 << 20)), 1 << 10);
        assert_eq!(lines.next(), Some(Line::TooLong));
        assert_eq!(lines.next(), None);
    }
}
