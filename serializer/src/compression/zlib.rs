//! Deflate in the zlib format. Most of what a short message costs here is to set up the state, a quarter of a megabyte of
//! tables: so each thread that compresses keeps one, cleared before every use, and the output does not depend on it.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::Error;

thread_local! {
    static COMPRESS: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), true));
    static DECOMPRESS: RefCell<Decompress> = RefCell::new(Decompress::new(true));
}

/// Appends `data` compressed.
pub(super) fn compress(data: &[u8], out: &mut Vec<u8>) {
    COMPRESS.with_borrow_mut(|state| {
        state.reset();
        loop {
            // Enough for data that does not compress; more is a precaution.
            out.reserve(data.len() / 8 * 9 + 64);
            let status = state.compress_vec(rest(data, state.total_in()), out, FlushCompress::Finish);
            if status.expect("the state was just reset") == Status::StreamEnd {
                return;
            }
        }
    });
}

/// What was compressed into `data`; `bad` when it is no zlib stream.
pub(super) fn decompress(data: &[u8], limit: usize, bad: Error) -> Result<Vec<u8>, Error> {
    let cap = limit.saturating_add(1);
    let mut out = Vec::with_capacity(data.len().saturating_mul(3).saturating_add(64).min(cap));
    DECOMPRESS.with_borrow_mut(|state| {
        state.reset(true);
        loop {
            let status = state.decompress_vec(rest(data, state.total_in()), &mut out, FlushDecompress::Finish);
            if out.len() > limit {
                return Err(Error::InflatedTooLong);
            }
            match status {
                Ok(Status::StreamEnd) => return Ok(out),
                Ok(_) if out.len() == out.capacity() => out.reserve_exact(out.len().max(64).min(cap - out.len())),
                _ => return Err(bad), // room is left, so the stream is cut short, or it is bad
            }
        }
    })
}

fn rest(data: &[u8], consumed: u64) -> &[u8] {
    usize::try_from(consumed).ok().and_then(|consumed| data.get(consumed..)).unwrap_or_default()
}
