//! What is checked of each message before anyone sees it: the headers that routing, matching and answering rest on.

use super::error::Fault;
use super::name::{Code, lookup_const};
use super::{date, name_addr, scan, via};

/// A status, and why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bad(pub u16, pub Fault);

/// Checks the value of a header by its grammar. Headers that are not listed are checked when their typed value is asked
/// for.
//= rfc3261#25.1/grammar MUST
//# Strict where a wrong guess would route or match wrongly; all else passes untouched.
#[inline]
pub(crate) fn value(code: Code, value: &[u8]) -> Result<(), Fault> {
    match code {
        VIA => list(value, via::check),
        ROUTE | RECORD_ROUTE => list(value, |text, at| name_addr::check(text, at, true)),
        CONTACT if value == b"*" => Ok(()),
        CONTACT => list(value, |text, at| name_addr::check(text, at, false)),
        FROM | TO | REPLY_TO => match name_addr::check(value, 0, false)? {
            end if end == value.len() => Ok(()),
            _ => Err("more than one value"),
        },
        CALL_ID => call_id(value),
        MAX_FORWARDS => match scan::number(value) {
            Some(0..=255) => Ok(()),
            _ => Err("Max-Forwards is no number from 0 to 255"),
        },
        DATE => date::check(value),
        _ => Ok(()),
    }
}

/// Checks each element of a comma list, of which there must be one.
#[inline]
fn list(text: &[u8], element: impl Fn(&[u8], usize) -> Result<usize, Fault>) -> Result<(), Fault> {
    let mut at = 0;
    loop {
        let end = element(text, at)?;
        if end >= text.len() {
            return Ok(());
        }
        at = end + 1;
    }
}

fn call_id(text: &[u8]) -> Result<(), Fault> {
    let end = scan::run(text, 0, scan::WORD);
    let behind = if scan::peek(text, end) == b'@' { scan::run(text, end + 1, scan::WORD) } else { end };
    if end > 0 && behind == text.len() && behind != end + 1 {
        Ok(())
    } else {
        Err("Call-ID is no word, nor two with @")
    }
}

pub(crate) const VIA: Code = lookup_const("Via");
pub(crate) const CSEQ: Code = lookup_const("CSeq");
pub(crate) const CONTENT_LENGTH: Code = lookup_const("Content-Length");
const FROM: Code = lookup_const("From");
const TO: Code = lookup_const("To");
const CALL_ID: Code = lookup_const("Call-ID");
const ROUTE: Code = lookup_const("Route");
const RECORD_ROUTE: Code = lookup_const("Record-Route");
const CONTACT: Code = lookup_const("Contact");
const REPLY_TO: Code = lookup_const("Reply-To");
const MAX_FORWARDS: Code = lookup_const("Max-Forwards");
const DATE: Code = lookup_const("Date");

/// The headers that every message must have, a bit for each number.
pub(crate) const MANDATORY: u128 = 1 << VIA | 1 << CSEQ | 1 << FROM | 1 << TO | 1 << CALL_ID;
