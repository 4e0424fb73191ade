//! Values to msgpack: whole numbers as short as they go, floats always in 64 bits, strings and bytes apart.

use crate::Value;

impl Value {
    /// Appends the value in msgpack.
    ///
    /// ```
    /// use serializer::Value;
    /// let mut out = Vec::new();
    /// Value::from(vec![Value::from(-1), "é".into(), 1.5.into()]).encode(&mut out);
    /// assert_eq!(out, b"\x93\xff\xa2\xc3\xa9\xcb\x3f\xf8\0\0\0\0\0\0");
    /// ```
    ///
    /// # Panics
    /// When a string, byte string, array or map of the caller's is longer than 2^32 - 1, which msgpack cannot say.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Value::Nil => out.push(0xc0),
            Value::Bool(truth) => out.push(0xc2 | u8::from(*truth)),
            Value::Int(number) => put_int(out, *number),
            Value::UInt(number) => put_uint(out, *number),
            Value::Float(number) => put_float(out, *number),
            Value::Str(text) => put_str(out, text),
            Value::Bin(bytes) => put_bin(out, bytes),
            Value::Array(values) => {
                put_array_header(out, values.len());
                for value in values {
                    value.encode(out);
                }
            }
            Value::Map(entries) => {
                put_map_header(out, entries.len());
                for (key, value) in entries {
                    key.encode(out);
                    value.encode(out);
                }
            }
            Value::Ext(kind, bytes) => put_ext(out, *kind, bytes),
        }
    }

    /// About how many bytes the value takes, without a look into arrays and maps: for the first size of a buffer.
    pub(crate) fn size_hint(&self) -> usize {
        match self {
            Value::Str(text) => text.len() + 5,
            Value::Bin(bytes) | Value::Ext(_, bytes) => bytes.len() + 6,
            Value::Array(values) => values.len() * 2 + 5,
            Value::Map(entries) => entries.len() * 4 + 5,
            _ => 9,
        }
    }
}

pub(crate) fn put_uint(out: &mut Vec<u8>, number: u64) {
    match number {
        0..=0x7f => out.push(number as u8),
        0x80..=0xff => out.extend_from_slice(&[0xcc, number as u8]),
        0x100..=0xffff => put(out, 0xcd, (number as u16).to_be_bytes()),
        0x1_0000..=0xffff_ffff => put(out, 0xce, (number as u32).to_be_bytes()),
        _ => put(out, 0xcf, number.to_be_bytes()),
    }
}

//= p2p#3.1/shortest SHOULD
//# A match over ranges, from the shortest form to the longest; floats have one form.
fn put_int(out: &mut Vec<u8>, number: i64) {
    match number {
        0.. => put_uint(out, number as u64),
        -0x20..=-1 => out.push(number as u8),
        -0x80..=-0x21 => out.extend_from_slice(&[0xd0, number as u8]),
        -0x8000..=-0x81 => put(out, 0xd1, (number as i16).to_be_bytes()),
        -0x8000_0000..=-0x8001 => put(out, 0xd2, (number as i32).to_be_bytes()),
        _ => put(out, 0xd3, number.to_be_bytes()),
    }
}

fn put_float(out: &mut Vec<u8>, number: f64) {
    put(out, 0xcb, number.to_bits().to_be_bytes());
}

pub(crate) fn put_str(out: &mut Vec<u8>, text: &str) {
    match length(text.len()) {
        short @ 0..=31 => out.push(0xa0 | short as u8),
        short @ 32..=0xff => out.extend_from_slice(&[0xd9, short as u8]),
        long => put_length(out, [0xda, 0xdb], long),
    }
    out.extend_from_slice(text.as_bytes());
}

fn put_bin(out: &mut Vec<u8>, bytes: &[u8]) {
    match length(bytes.len()) {
        short @ 0..=0xff => out.extend_from_slice(&[0xc4, short as u8]),
        long => put_length(out, [0xc5, 0xc6], long),
    }
    out.extend_from_slice(bytes);
}

fn put_ext(out: &mut Vec<u8>, kind: i8, bytes: &[u8]) {
    match length(bytes.len()) {
        1 => out.push(0xd4),
        2 => out.push(0xd5),
        4 => out.push(0xd6),
        8 => out.push(0xd7),
        16 => out.push(0xd8),
        short @ 0..=0xff => out.extend_from_slice(&[0xc7, short as u8]),
        long => put_length(out, [0xc8, 0xc9], long),
    }
    out.push(kind as u8);
    out.extend_from_slice(bytes);
}

pub(crate) fn put_array_header(out: &mut Vec<u8>, count: usize) {
    match length(count) {
        short @ 0..=15 => out.push(0x90 | short as u8),
        long => put_length(out, [0xdc, 0xdd], long),
    }
}

fn put_map_header(out: &mut Vec<u8>, count: usize) {
    match length(count) {
        short @ 0..=15 => out.push(0x80 | short as u8),
        long => put_length(out, [0xde, 0xdf], long),
    }
}

/// A length behind the first of two markers in 16 bits, or behind the second in 32.
fn put_length(out: &mut Vec<u8>, [short, long]: [u8; 2], length: u32) {
    match u16::try_from(length) {
        Ok(length) => put(out, short, length.to_be_bytes()),
        Err(_) => put(out, long, length.to_be_bytes()),
    }
}

fn put<const N: usize>(out: &mut Vec<u8>, marker: u8, bytes: [u8; N]) {
    out.push(marker);
    out.extend_from_slice(&bytes);
}

/// Values that came from the network are far shorter: only a caller's own can be too long.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or_else(|_| panic!("a value of {length} elements is too long for msgpack"))
}
