//! The site on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

/// Writes the files of a site below `target`, in place of those of an earlier one. What rustdoc put into `api` stays.
///
/// # Errors
/// When something cannot be written.
pub fn write(files: &BTreeMap<String, Vec<u8>>, target: &Path) -> io::Result<()> {
    let directories: BTreeSet<&str> = files.keys().filter_map(|path| Some(path.split_once('/')?.0)).collect();
    for directory in directories {
        let directory = target.join(directory);
        if directory.is_dir() {
            fs::remove_dir_all(directory)?;
        }
    }
    for (path, bytes) in files {
        let path = target.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}
