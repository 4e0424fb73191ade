use bytestring::ByteString;

use crate::message::Headers;

/// What tells one dialog from all others: Call-ID and both tags, as one side sees them (RFC 3261 section 12).
//= rfc3261#12.1/id MUST
//# All three together are the key, and the two sides hold the tags the other way around.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialogId {
    /// The Call-ID of all its requests.
    pub call_id: ByteString,
    /// Our tag.
    pub local_tag: ByteString,
    /// Theirs; empty for a peer of RFC 2543.
    pub remote_tag: ByteString,
}

impl DialogId {
    /// The id made of these parts.
    pub fn new(call_id: ByteString, local_tag: ByteString, remote_tag: ByteString) -> DialogId {
        DialogId { call_id, local_tag, remote_tag }
    }

    /// The dialog that an arriving request belongs to: our tag stands in To. `None` when To has none, or when a header
    /// is missing or malformed.
    pub fn of_request(headers: &Headers) -> Option<DialogId> {
        let (from, to) = (headers.from().ok()??, headers.to().ok()??);
        let local = to.tag()?;
        Some(DialogId::new(headers.call_id()?.into(), local.into(), from.tag().unwrap_or_default().into()))
    }

    /// The dialog that an arriving response belongs to: our tag stands in From.
    pub fn of_response(headers: &Headers) -> Option<DialogId> {
        let (from, to) = (headers.from().ok()??, headers.to().ok()??);
        let local = from.tag().unwrap_or_default();
        Some(DialogId::new(headers.call_id()?.into(), local.into(), to.tag().unwrap_or_default().into()))
    }
}
