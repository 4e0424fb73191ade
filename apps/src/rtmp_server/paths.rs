//! From the names that clients choose to files below one folder, and nowhere else.

use std::path::{Path, PathBuf};

use super::hub::StreamKey;

/// The file of a stream: `DIR/APP/NAME.flv`. None if a part of the name is empty, begins with a dot, or holds something
/// that a path must not: then nothing is recorded or played.
///
/// ```
/// use std::path::Path;
/// use apps::rtmp_server::{StreamKey, file_of};
/// let of = |app: &str, name: &str| file_of(Path::new("rec"), &StreamKey::new(app, name));
/// assert_eq!(of("live", "cam"), Some("rec/live/cam.flv".into()));
/// assert_eq!(of("live", "flv:room/cam.flv"), Some("rec/live/room/cam.flv".into()));
/// assert_eq!(of("live", "../cam"), None);
/// assert_eq!(of("live", "/etc/passwd"), None);
/// ```
pub fn file_of(dir: &Path, key: &StreamKey) -> Option<PathBuf> {
    let name = key.name.strip_prefix("flv:").unwrap_or(&key.name);
    let name = name.strip_suffix(".flv").unwrap_or(name);
    let parts: Vec<&str> = key.app.split('/').chain(name.split('/')).collect();
    if parts.len() > MAX_PARTS || !parts.iter().all(|part| is_plain(part)) {
        return None;
    }
    let (last, folders) = parts.split_last()?;
    let mut path = dir.to_owned();
    path.extend(folders);
    path.push(format!("{last}.flv"));
    Some(path)
}

fn is_plain(part: &str) -> bool {
    !part.is_empty()
        && part.len() <= MAX_PART
        && !part.starts_with('.')
        && !part.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|'))
}

/// Below what file systems take, with room for the suffix.
const MAX_PART: usize = 200;
const MAX_PARTS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_out_of_the_folder() {
        let long = "x".repeat(64 << 10);
        let names = ["", ".", "..", "a/..", "a/../b", "/a", "a//b", "a\0b", "a\\b", "C:a", ".hidden", "a\nb", &long];
        for name in names {
            assert_eq!(file_of(Path::new("rec"), &StreamKey::new("live", name)), None, "{name:.20}");
            assert_eq!(file_of(Path::new("rec"), &StreamKey::new(name, "cam")), None, "{name:.20}");
        }
        assert_eq!(file_of(Path::new("rec"), &StreamKey::new("a/b/c/d", "e/f/g/h/i")), None);
    }
}
