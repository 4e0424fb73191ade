//! Who may publish and play what, by keys that a file gives.

use std::fmt;
use std::path::Path;

use ring::digest::{SHA256, digest};

use super::hub::StreamKey;
use crate::common::Failure;

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send a stream.
    Publish,
    /// Get one.
    Play,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Publish => "publish",
            Action::Play => "play",
        })
    }
}

/// Lines of `publish|play PATTERN KEY`. A pattern is `APP/NAME`, `APP/*` or `*`. Where no line has a pattern for an
/// action and a stream, anybody may; where one has, the query of the stream name or of the address has to hold `key=KEY`.
///
/// ```
/// use apps::rtmp_server::{Action, Keys, StreamKey};
/// let keys = Keys::parse("# cameras\npublish live/* s3cret\n").unwrap();
/// let cam = StreamKey::new("live", "cam");
/// assert!(keys.allow(Action::Publish, &cam, &["key=s3cret"]));
/// assert!(!keys.allow(Action::Publish, &cam, &["key=guess", ""]));
/// assert!(keys.allow(Action::Play, &cam, &[]));
/// ```
#[derive(Clone, Default)]
pub struct Keys(Vec<Line>);

#[derive(Clone)]
struct Line {
    action: Action,
    pattern: String,
    /// The key's SHA-256: comparing it takes the same time however much of a guess is right.
    key: [u8; 32],
}

impl Keys {
    /// Reads the file.
    ///
    /// # Errors
    /// [`Failure::Usage`] naming the line, without its key.
    pub fn read(path: &Path) -> Result<Keys, Failure> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|e| Failure::usage(format!("cannot read {shown}: {e}")))?;
        Keys::parse(&text).map_err(|why| Failure::usage(format!("{shown}: {why}")))
    }

    /// The keys of that text.
    ///
    /// # Errors
    /// Which line is wrong, and what was expected.
    pub fn parse(text: &str) -> Result<Keys, String> {
        let mut lines = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = || format!("line {}: expected publish|play APP/NAME KEY", number + 1);
            let [action, pattern, key] = line.split_whitespace().collect::<Vec<_>>()[..] else { return Err(wrong()) };
            let action = match action {
                "publish" => Action::Publish,
                "play" => Action::Play,
                _ => return Err(wrong()),
            };
            lines.push(Line { action, pattern: pattern.trim_start_matches('/').to_owned(), key: sha256(key) });
        }
        Ok(Keys(lines))
    }

    /// Whether these queries (`key=…&…`, of the stream name and of the address) allow it.
    pub fn allow(&self, action: Action, stream: &StreamKey, queries: &[&str]) -> bool {
        let mut needed = self.0.iter().filter(|line| line.action == action && line.matches(stream)).peekable();
        if needed.peek().is_none() {
            return true;
        }
        let given: Vec<[u8; 32]> = queries
            .iter()
            .flat_map(|query| query.split(['&', '?']))
            .filter_map(|pair| pair.strip_prefix("key="))
            .map(sha256)
            .collect();
        needed.any(|line| given.contains(&line.key))
    }
}

impl Line {
    fn matches(&self, stream: &StreamKey) -> bool {
        if self.pattern == "*" {
            return true;
        }
        match self.pattern.strip_suffix("/*") {
            Some(app) => app == stream.app,
            None => self.pattern == stream.to_string(),
        }
    }
}

fn sha256(text: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    out
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} lines)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_reach_as_far_as_they_say() {
        let keys = Keys::parse("publish live/cam one\npublish live/* two\nplay * three").unwrap();
        let (cam, other, far) =
            (StreamKey::new("live", "cam"), StreamKey::new("live", "b"), StreamKey::new("x", "cam"));
        assert!(keys.allow(Action::Publish, &cam, &["key=one"]) && keys.allow(Action::Publish, &cam, &["a=b&key=two"]));
        assert!(!keys.allow(Action::Publish, &other, &["key=one"]) && keys.allow(Action::Publish, &far, &[]));
        assert!(!keys.allow(Action::Play, &far, &["key="]) && keys.allow(Action::Play, &far, &["", "key=three"]));
    }

    #[test]
    fn a_wrong_line_is_named_without_its_key() {
        let why = Keys::parse("\npublish s3cret\n").unwrap_err();
        assert!(why.contains("line 2") && !why.contains("s3cret"), "{why}");
        assert!(!format!("{:?}", Keys::parse("play * s3cret").unwrap()).contains("s3cret"));
    }
}
