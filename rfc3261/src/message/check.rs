//! What is checked of each message before anyone sees it: the headers that routing, matching and answering rest on.

use super::error::Fault;
use super::name::{Code, lookup_const};
use super::typed::{Mark, Marks};
use super::{date, item, name_addr, scan, via};

/// A status, and why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bad(pub u16, pub Fault);

/// Checks the value from `start` to the end of `text` by the grammar of its header, and notes where the parts of the first
/// one are. Headers that are not listed are checked when their typed value is asked
/// for.
//= rfc3261#25.1/grammar MUST
//# Strict where a wrong guess would route or match wrongly; all else passes untouched.
#[inline]
pub(crate) fn value(code: Code, text: &[u8], start: usize, marks: &mut Marks) -> Result<(), Fault> {
    let value = text.get(start..).unwrap_or_default();
    match code {
        VIA => {
            let via = via::locate(text, start)?;
            marks.via.note(via);
            rest(text, via.end(), |at| via::locate(text, at).map(|via| via.end()))
        }
        ROUTE => addresses(text, start, true, &mut marks.route),
        RECORD_ROUTE => addresses(text, start, true, &mut Mark::default()),
        CONTACT if value == b"*" => Ok(()),
        CONTACT => addresses(text, start, false, &mut marks.contact),
        FROM => address(text, start, &mut marks.from),
        TO => address(text, start, &mut marks.to),
        REPLY_TO => address(text, start, &mut Mark::default()),
        CALL_ID if item::call_id(value) == Some(value.len()) => Ok(()),
        CALL_ID => Err("Call-ID is no word, nor two with @"),
        MAX_FORWARDS => match scan::number(value) {
            Some(0..=255) => Ok(()),
            _ => Err("Max-Forwards is no number from 0 to 255"),
        },
        DATE => date::check(value),
        _ => Ok(()),
    }
}

fn address(text: &[u8], start: usize, mark: &mut Mark<name_addr::Parts>) -> Result<(), Fault> {
    let one = name_addr::locate(text, start, false)?;
    mark.note(one);
    if one.end() == text.len() { Ok(()) } else { Err("something behind the value") }
}

fn addresses(text: &[u8], start: usize, bracketed: bool, mark: &mut Mark<name_addr::Parts>) -> Result<(), Fault> {
    let first = name_addr::locate(text, start, bracketed)?;
    mark.note(first);
    rest(text, first.end(), |at| name_addr::locate(text, at, bracketed).map(|one| one.end()))
}

/// Checks the elements of a comma list behind the first, which ended at `at`.
#[inline]
fn rest(text: &[u8], mut at: usize, end: impl Fn(usize) -> Result<usize, Fault>) -> Result<(), Fault> {
    loop {
        at = scan::skip_space(text, at);
        match text.get(at) {
            None => return Ok(()),
            Some(b',') => at = end(at + 1)?,
            Some(_) => return Err("something behind the value that is no parameter"),
        }
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

// A name's number has to fit the bits that count what was seen.
const _: () = assert!(super::name::COUNT <= 128);
