use std::time::Duration;

use rfc3261::endpoint::Target;
use rfc3261::message::{Contact, TypedHeader};
use rfc3261::registrar::Binding;
use wire::{Epoch, Instant, Transport};

use super::location::Record;

/// Bindings as they are kept.
pub(super) fn records(bindings: &[Binding], epoch: Epoch) -> Vec<Record> {
    let record = |binding: &Binding| Record {
        contact: binding.contact.to_string(),
        expires_unix_ms: u64::try_from(epoch.unix(binding.expires).as_millis()).unwrap_or(u64::MAX),
        call_id: binding.call_id.to_string(),
        cseq: binding.cseq,
        transport: binding.flow.transport.name().to_string(),
        remote: binding.flow.remote,
        local: binding.flow.local.unwrap_or(binding.flow.remote),
        behind_nat: binding.behind_nat,
    };
    bindings.iter().map(record).collect()
}

/// A kept binding, unless its time is up or it cannot be read. Its connection did not survive.
pub(super) fn binding(record: &Record, now: Instant, epoch: Epoch) -> Option<Binding> {
    let left = Duration::from_millis(record.expires_unix_ms).checked_sub(epoch.unix(now)).filter(|d| !d.is_zero())?;
    let contact = Contact::parse(record.contact.clone().into()).ok()?;
    let transport = Transport::from_name(&record.transport)?;
    Some(Binding {
        uri: contact.uri().clone(),
        q: contact.q().unwrap_or(1000),
        contact: record.contact.clone().into(),
        expires: now + left,
        call_id: record.call_id.clone().into(),
        cseq: record.cseq,
        flow: Target { local: Some(record.local), ..Target::new(transport, record.remote) },
        behind_nat: record.behind_nat,
    })
}
