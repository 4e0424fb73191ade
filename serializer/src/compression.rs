use std::fmt;
use std::io::{Read, Write};

use crate::{Error, Value};

mod zlib;

/// A method to compress frames with. Each side of a link announces those that it understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compression {
    /// 0x10: bzip2.
    Bz2,
    /// 0x11: deflate in a gzip file.
    Gzip,
    /// 0x12: LZMA2 in an xz file.
    Lzma,
    /// 0x13: deflate in the zlib format.
    Zlib,
    /// 0x20: one raw block of snappy.
    Snappy,
}

impl Compression {
    /// All methods, the one to prefer first: the order in which the programs of the family announce them.
    //= p2p#3.3/preference SHOULD
    //# The order of this list, which a node announces from.
    pub const ALL: [Compression; 5] =
        [Compression::Snappy, Compression::Zlib, Compression::Gzip, Compression::Bz2, Compression::Lzma];

    /// The number on the wire.
    ///
    /// ```
    /// use serializer::Compression;
    /// assert_eq!(Compression::Snappy.code(), 0x20);
    /// assert_eq!(Compression::from_code(0x13), Some(Compression::Zlib));
    /// assert_eq!(Compression::from_code(0x14), None);
    /// ```
    //= p2p#3.2/methods MUST
    //# A constant each.
    pub const fn code(self) -> u64 {
        match self {
            Compression::Bz2 => 0x10,
            Compression::Gzip => 0x11,
            Compression::Lzma => 0x12,
            Compression::Zlib => 0x13,
            Compression::Snappy => 0x20,
        }
    }

    /// The method of that number; `None` for one that nobody implements.
    //= p2p#3.2/methods-other MUST
    //# `None` for every other number, so that a list is filtered by it.
    pub fn from_code(code: u64) -> Option<Compression> {
        Compression::ALL.into_iter().find(|method| method.code() == code)
    }

    /// `data` compressed, at a level that favours speed.
    ///
    /// ```
    /// use serializer::Compression;
    /// for method in Compression::ALL {
    ///     let packed = method.compress(&[7; 1000]);
    ///     assert!(packed.len() < 150);
    ///     assert_eq!(method.decompress(&packed, 1000).unwrap(), [7; 1000]);
    /// }
    /// ```
    pub fn compress(self, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        self.compress_into(data, &mut out);
        out
    }

    /// Appends `data` compressed.
    pub(crate) fn compress_into(self, data: &[u8], out: &mut Vec<u8>) {
        let written = match self {
            Compression::Snappy => return compress_snappy(data, out),
            Compression::Zlib => return zlib::compress(data, out),
            Compression::Gzip => {
                finish(flate2::write::GzEncoder::new(out, flate2::Compression::fast()), data, |e| e.finish())
            }
            Compression::Bz2 => {
                finish(bzip2::write::BzEncoder::new(out, bzip2::Compression::fast()), data, |e| e.finish())
            }
            Compression::Lzma => {
                let options = lzma_rust2::XzOptions::with_preset(LZMA_PRESET);
                lzma_rust2::XzWriter::new(out, options)
                    .and_then(|mut writer| writer.write_all(data).map(|()| writer))
                    .and_then(|writer| writer.finish())
                    .map(|_| ())
            }
        };
        written.expect("a Vec takes everything");
    }

    /// What was compressed into `data`, which must not be more than `limit` bytes. Memory grows with what `data` really
    /// holds, never with what it announces. Gzip and zlib are told apart by how `data` starts: either is taken for the other.
    ///
    /// ```
    /// use serializer::{Compression, Error};
    /// let packed = Compression::Zlib.compress(&[7; 1000]);
    /// assert_eq!(Compression::Zlib.decompress(&packed, 999), Err(Error::InflatedTooLong));
    /// assert_eq!(Compression::Bz2.decompress(&packed, 1000), Err(Error::Compressed(Compression::Bz2)));
    /// ```
    ///
    /// # Errors
    /// [`Error::InflatedTooLong`], [`Error::Compressed`].
    pub fn decompress(self, data: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
        match self {
            Compression::Snappy => decompress_snappy(data, limit),
            //= p2p#3.3/either-deflate MAY
            //# A gzip file is told by its first two bytes, whichever of the two was announced.
            Compression::Zlib | Compression::Gzip if data.starts_with(&GZIP_MAGIC) => {
                self.read(flate2::read::GzDecoder::new(data), data.len(), limit)
            }
            Compression::Zlib | Compression::Gzip => zlib::decompress(data, limit, Error::Compressed(self)),
            Compression::Bz2 => self.read(bzip2::read::BzDecoder::new(data), data.len(), limit),
            //= p2p#3.3/xz-file MUST
            //# A reader of xz files whose dictionary is limited too, because a header alone could ask for 4 GiB.
            Compression::Lzma => {
                self.read(lzma_rust2::XzReader::new_mem_limit(data, false, LZMA_MEMORY_KIB), data.len(), limit)
            }
        }
    }

    /// Whether `data` starts as this method's output does. A message's hash may do so too, if rarely.
    pub(crate) fn looks_like(self, data: &[u8]) -> bool {
        match self {
            Compression::Snappy => snap::raw::decompress_len(data).is_ok_and(|announced| {
                announced <= data.len().saturating_mul(SNAPPY_RATIO)
                    && data.len() <= snap::raw::max_compress_len(announced)
            }),
            Compression::Zlib | Compression::Gzip => data.starts_with(&GZIP_MAGIC) || is_zlib(data),
            Compression::Bz2 => data.starts_with(b"BZh"),
            Compression::Lzma => data.starts_with(b"\xfd7zXZ\0"),
        }
    }

    /// Reads to the end or to one byte more than allowed.
    //= p2p#5/bomb MUST
    //# Stops one byte beyond the limit; zlib has the same limit in its loop, snappy before it starts.
    fn read(self, reader: impl Read, length: usize, limit: usize) -> Result<Vec<u8>, Error> {
        let mut out = Vec::with_capacity(length.saturating_mul(2).min(limit));
        let cap = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        reader.take(cap).read_to_end(&mut out).map_err(|_| Error::Compressed(self))?;
        if out.len() > limit { Err(Error::InflatedTooLong) } else { Ok(out) }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Compression::Bz2 => "bz2",
            Compression::Gzip => "gzip",
            Compression::Lzma => "lzma",
            Compression::Zlib => "zlib",
            Compression::Snappy => "snappy",
        })
    }
}

impl From<Compression> for Value {
    fn from(method: Compression) -> Value {
        Value::from(method.code())
    }
}

fn finish<W: Write, O>(mut to: W, data: &[u8], end: impl FnOnce(W) -> std::io::Result<O>) -> std::io::Result<()> {
    to.write_all(data)?;
    end(to).map(|_| ())
}

/// A zlib stream starts with its method (8), the size of its window, and bits that make the two bytes a multiple of 31.
fn is_zlib(data: &[u8]) -> bool {
    data.first_chunk()
        .is_some_and(|&[method, flags]| method & 0x8f == 0x08 && u16::from_be_bytes([method, flags]).is_multiple_of(31))
}

//= p2p#3.3/snappy-block MUST
//# The raw encoder and decoder; the framing format is another type of the library.
fn compress_snappy(data: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + snap::raw::max_compress_len(data.len()), 0);
    let written = snap::raw::Encoder::new().compress(data, &mut out[start..]).expect("there is room");
    out.truncate(start + written);
}

fn decompress_snappy(data: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
    let bad = |_| Error::Compressed(Compression::Snappy);
    let announced = snap::raw::decompress_len(data).map_err(bad)?;
    if announced > data.len().saturating_mul(SNAPPY_RATIO) {
        return Err(Error::Compressed(Compression::Snappy));
    }
    if announced > limit {
        return Err(Error::InflatedTooLong);
    }
    snap::raw::Decoder::new().decompress_vec(data).map_err(bad)
}

/// What a gzip file starts with; no zlib stream does.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// No element of snappy makes more than 64 bytes, and none of 64 has fewer than 3: an honest length stays below this.
const SNAPPY_RATIO: usize = 22;
/// The smallest dictionary and the fastest search.
const LZMA_PRESET: u32 = 0;
/// Enough for the dictionary of 8 MiB that the usual preset has, and for what surrounds it.
const LZMA_MEMORY_KIB: u32 = 9 << 10;
