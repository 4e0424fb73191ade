use std::path::PathBuf;

use net::Trace;

use super::Failure;

/// The capture that `--trace` asks for, if it does. Nobody but the user may read it.
///
/// # Errors
/// The file cannot be written.
pub fn trace(path: Option<&PathBuf>) -> Result<Option<Trace>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let failed = |why| Failure::runtime(format!("cannot write {}: {why}; choose another with --trace", path.display()));
    Trace::to_file(path).map(Some).map_err(failed)
}
