//! What a negotiation remembers of one media description from exchange to exchange.

use rfc4566::{Media, Word};

use crate::format::Format;
use crate::negotiation::StreamId;
use crate::parameters;

/// The place of one media description.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// The stream of ours that is, or last was, in it.
    pub(crate) id: Option<StreamId>,
    /// Media type of what is in it.
    pub(crate) kind: Word,
    /// Its name.
    pub(crate) mid: Option<Word>,
    /// Whether one side has set its port to 0.
    pub(crate) closed: bool,
    /// What numbers have stood for here, in either direction; each number once.
    numbers: Vec<Format>,
}

impl Slot {
    pub(crate) fn new(kind: Word, mid: Option<Word>, id: Option<StreamId>) -> Slot {
        Slot { id, kind, mid, closed: false, numbers: Vec::new() }
    }

    /// A stream of ours answers what the peer offers here.
    pub(crate) fn take(&mut self, id: StreamId, theirs: &Media) {
        if self.closed || self.id != Some(id) {
            *self = Slot::new(theirs.kind.clone(), None, Some(id));
        }
    }

    /// Remembers what an exchange has said.
    pub(crate) fn record(&mut self, ours: &Media, theirs: &Media) {
        self.closed = ours.port == 0 || theirs.port == 0;
        self.kind = ours.kind.clone();
        self.mid = ours.mid();
        for format in Format::read(ours).into_iter().chain(Format::read(theirs)) {
            if !self.numbers.iter().any(|known| known.payload_type == format.payload_type) {
                self.numbers.push(format);
            }
        }
    }

    /// The formats of an offer with the numbers that they have had here before, or else with numbers that never stood
    /// for another format.
    //= rfc3264#8.3.2/mapping-fixed MUST NOT
    //# A number that has stood for a format, in either side's description, is given to no other.
    //= rfc3264#8.3.2/mapping-later MUST
    //# A format that had a number gets the same again.
    pub(crate) fn number(&self, wanted: &[Format]) -> Vec<Format> {
        let mut numbered: Vec<Format> = Vec::with_capacity(wanted.len());
        for format in wanted {
            let free = |number: &u8| !numbered.iter().any(|other| other.payload_type == *number);
            let before = self.numbers.iter().find(|old| old.matches(format) && free(&old.payload_type));
            let fresh = |number: &u8| free(number) && !self.numbers.iter().any(|old| old.payload_type == *number);
            let dynamic = || (96..=127).chain(35..=63).find(|number| fresh(number) && !wished(wanted, *number));
            let number =
                before.map(|old| old.payload_type).or(Some(format.payload_type).filter(fresh)).or_else(dynamic);
            // With all numbers used up the format is left out.
            numbered.extend(number.map(|payload_type| Format { payload_type, ..format.clone() }));
        }
        renumber_redundancy(wanted, &mut numbered);
        numbered
    }
}

fn wished(wanted: &[Format], number: u8) -> bool {
    wanted.iter().any(|format| format.payload_type == number)
}

/// The formats of an answer: the offered ones that we have, in the order and with the numbers of the offer.
//= rfc3264#6.1/same-number SHOULD
//# Numbers are the offer's.
//= rfc3264#6.1/same-order SHOULD
//# So is the order.
//= rfc3264#6.1/one-format MUST
//# fits() has seen at least one, of those that a stream can live on.
//= rfc3264#6.1/preference MUST
//# The offer's order is taken over as ours.
pub(crate) fn common(own: &[Format], offered: &Media, single: bool) -> Vec<Format> {
    let mut formats: Vec<Format> = Vec::new();
    let mut sources: Vec<Format> = Vec::new();
    for theirs in Format::read(offered) {
        if let Some(ours) = own.iter().find(|ours| ours.matches(&theirs)) {
            let parameters = parameters::answered(ours, &theirs);
            formats.push(Format { payload_type: theirs.payload_type, parameters, ..theirs });
            sources.push(ours.clone());
        }
    }
    renumber_redundancy(&sources, &mut formats);
    if single {
        let first = formats.iter().find(|format| !format.is_auxiliary()).cloned();
        let goes_with =
            |format: &Format| format.is_auxiliary() && first.as_ref().is_none_or(|f| f.clock_rate == format.clock_rate);
        formats.retain(|format| Some(format) == first.as_ref() || goes_with(format));
    }
    formats
}

/// Redundancy names other formats by number in its parameters; they follow when those numbers change.
fn renumber_redundancy(before: &[Format], after: &mut [Format]) {
    let renumber = |number: u8| {
        let old = before.iter().find(|format| format.payload_type == number)?;
        after.iter().find(|format| format.matches(old)).map(|format| format.payload_type)
    };
    let parameters: Vec<_> = after
        .iter()
        .map(|format| match format.name.eq_ignore_ascii_case("red") {
            true => format.parameters.as_ref().and_then(|text| parameters::renumbered(text, renumber)),
            false => format.parameters.clone(),
        })
        .collect();
    for (format, parameters) in after.iter_mut().zip(parameters) {
        format.parameters = parameters;
    }
}
