//! The files that are read: digests and Rust sources of every room.

use std::fs;
use std::io;
use std::path::Path;

/// Texts by path, sorted by path: `SPEC.md`, `README.md` and `.rs` files.
///
/// A room is a directory at the top level of the repository; its sources are under `src`, `tests`, `benches`.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    files: Vec<(String, String)>,
}

impl Tree {
    /// Reads every room below `root`. The room `docs` is left out: its tests are full of marks that mean nothing.
    ///
    /// # Errors
    /// When a directory or file cannot be read, or is not UTF-8.
    pub fn read(root: &Path) -> io::Result<Tree> {
        let mut files = Vec::new();
        if root.join("README.md").exists() {
            files.push(("README.md".into(), fs::read_to_string(root.join("README.md"))?));
        }
        for room in fs::read_dir(root)? {
            let room = room?;
            let name = room.file_name().to_string_lossy().into_owned();
            if !room.path().join("Cargo.toml").exists() || name == "docs" {
                continue;
            }
            for page in ["SPEC.md", "README.md"] {
                let path = room.path().join(page);
                if path.exists() {
                    files.push((format!("{name}/{page}"), fs::read_to_string(path)?));
                }
            }
            for part in ["src", "tests", "benches"] {
                collect(&room.path().join(part), &format!("{name}/{part}"), &mut files)?;
            }
        }
        files.sort();
        Ok(Tree { files })
    }

    /// The digests: path and text.
    pub fn digests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.ends_with("/SPEC.md"))
    }

    /// The Rust sources: path and text.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// All of them: path and text.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Tree {
    fn from(files: [(&str, &str); N]) -> Tree {
        let mut files: Vec<_> = files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
        files.sort();
        Tree { files }
    }
}

/// Adds every `.rs` file below `directory`, which need not exist.
fn collect(directory: &Path, name: &str, files: &mut Vec<(String, String)>) -> io::Result<()> {
    if !directory.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &name, files)?;
        } else if name.ends_with(".rs") {
            files.push((name, fs::read_to_string(entry.path())?));
        }
    }
    Ok(())
}
