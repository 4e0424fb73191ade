//! The files that are read: digests, pages and Rust sources of every room, and the guide.

use std::fs;
use std::io;
use std::path::Path;

/// Texts by path, sorted by path: `SPEC.md`, `README.md`, the guide and `.rs` files; and what stands beside the guide.
///
/// A room is a directory at the top level of the repository; its sources are under `src`, `tests`, `benches`, `examples`.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    files: Vec<(String, String)>,
    pictures: Vec<(String, Vec<u8>)>,
}

impl Tree {
    /// Reads every room below `root`, and the guide.
    ///
    /// # Errors
    /// When a directory or file cannot be read, or a text is not UTF-8.
    pub fn read(root: &Path) -> io::Result<Tree> {
        let mut tree = Tree::default();
        for page in ["README.md", "CHANGELOG.md"] {
            tree.add_text(root, page.into())?;
        }
        for room in fs::read_dir(root)? {
            let room = room?;
            let name = room.file_name().to_string_lossy().into_owned();
            if !room.path().join("Cargo.toml").exists() {
                continue;
            }
            for page in ["SPEC.md", "README.md"] {
                tree.add_text(root, format!("{name}/{page}"))?;
            }
            for part in ["src", "tests", "benches", "examples"] {
                tree.add_all(root, &format!("{name}/{part}"), &|path| path.ends_with(".rs"))?;
            }
        }
        tree.add_all(root, GUIDE, &|_| true)?;
        tree.files.sort();
        tree.pictures.sort();
        Ok(tree)
    }

    /// Adds the text at `path` below `root`, if it is there.
    fn add_text(&mut self, root: &Path, path: String) -> io::Result<()> {
        if root.join(&path).exists() {
            let text = fs::read_to_string(root.join(&path))?;
            self.files.push((path, text));
        }
        Ok(())
    }

    /// Adds every file below `directory`, which need not exist, whose path is wanted.
    fn add_all(&mut self, root: &Path, directory: &str, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
        if !root.join(directory).is_dir() {
            return Ok(());
        }
        for entry in fs::read_dir(root.join(directory))? {
            let entry = entry?;
            let path = format!("{directory}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.add_all(root, &path, wanted)?;
            } else if wanted(&path) && is_text(&path) {
                self.add_text(root, path)?;
            } else if wanted(&path) {
                self.pictures.push((path, fs::read(entry.path())?));
            }
        }
        Ok(())
    }

    /// The digests: path and text.
    pub fn digests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.ends_with("/SPEC.md"))
    }

    /// The Rust sources whose marks count: path and text. Those of the room `docs` do not: its tests are full of marks
    /// that mean nothing.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all_sources().filter(|(path, _)| !path.starts_with("docs/"))
    }

    /// All Rust sources: path and text.
    pub fn all_sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// The pages of the guide: path and text.
    pub fn guide(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.starts_with(GUIDE))
    }

    /// What stands beside the guide and is no text: path and bytes.
    pub fn pictures(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.pictures.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// All texts: path and text.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Tree {
    fn from(files: [(&str, &str); N]) -> Tree {
        let mut tree = Tree::default();
        for (path, text) in files {
            match is_text(path) {
                true => tree.files.push((path.to_string(), text.to_string())),
                false => tree.pictures.push((path.to_string(), text.as_bytes().to_vec())),
            }
        }
        tree.files.sort();
        tree
    }
}

fn is_text(path: &str) -> bool {
    path.ends_with(".md") || path.ends_with(".rs")
}

/// Where the guide stands.
const GUIDE: &str = "docs/guide";
