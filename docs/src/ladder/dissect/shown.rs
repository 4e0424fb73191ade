//! Bytes for people to look at.

use std::fmt::Write;

use super::Said;
use crate::ladder::Protocol;

/// Bytes nobody knows.
pub(super) fn unknown(transport: &str, data: &[u8]) -> Said {
    let text = if is_text(data) { text(data) } else { hex(data) };
    Said::new(Protocol::Other, format!("{transport}, {} bytes", data.len()), text)
}

/// Text as it is, other characters replaced.
pub(super) fn text(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(&data[..data.len().min(MOST)]);
    text.chars()
        .filter(|&c| c != '\r')
        .map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{b7}' } else { c })
        .collect()
}

/// Sixteen bytes a line, in hex and as text; the first kibibyte.
pub(super) fn hex(data: &[u8]) -> String {
    let mut out = String::new();
    for (n, line) in data.chunks(16).take(HEX / 16).enumerate() {
        let _ = write!(out, "{:04x} ", n * 16);
        for (at, byte) in line.iter().enumerate() {
            let gap = if at == 8 { "  " } else { " " };
            let _ = write!(out, "{gap}{byte:02x}");
        }
        let missing = 16 - line.len();
        let _ = write!(out, "{:1$}  ", "", 3 * missing + usize::from(line.len() <= 8));
        out.extend(line.iter().map(|&b| if b.is_ascii_graphic() || b == b' ' { char::from(b) } else { '.' }));
        out.push('\n');
    }
    if data.len() > HEX {
        let _ = writeln!(out, "… and {} bytes more", data.len() - HEX);
    }
    out
}

/// Cuts a text to so many bytes.
pub(super) fn shorten(text: &mut String, limit: usize) {
    if text.len() > limit {
        let end = (0..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(end);
        text.push('\u{2026}');
        text.shrink_to_fit();
    }
}

fn is_text(data: &[u8]) -> bool {
    std::str::from_utf8(data).is_ok_and(|text| !text.chars().any(|c| c.is_control() && !c.is_ascii_whitespace()))
}

const HEX: usize = 1024;
/// Bytes of a text that are looked at, and of what is said about a message.
pub(super) const MOST: usize = 64 << 10;
