//! Ring messages as values of a mesh message under sub flag 0x43.
use std::fmt;

use bytes::Bytes;
use mesh::Address;
use serializer::{Id, Value};
use wire::Transport;

use crate::ring::{self, Change, Claim, Difference, Entry, Message, Refusal, Summary, Version};
use crate::{Key, point_of};

/// Where a ring node is reached: its mesh id, and an address to link to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The mesh id; its number, modulo 2^384, is the node's point on the circle.
    pub id: Id,
    /// What to link over.
    pub transport: Transport,
    /// Where; port 0 when nobody can link to it.
    pub address: Address,
}

/// A node of the ring.
pub type Contact = ring::Contact<Peer>;

/// Why a frame is no message of the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no ring message: {}", self.0)
    }
}

/// The items after the sub flag: a code, the number of the question, and what the kind of message needs.
//= wireworks#3.6/layout MUST
//# One code a kind, in the order of the match; keys as 48 bytes, contacts as id, transport, host and port.
pub(crate) fn write(message: &Message<Peer>) -> Vec<Value> {
    match message {
        Message::Find { number, key } => vec![code(0), (*number).into(), point(key)],
        Message::Found { number, owner, covered, preceding, following, predecessor } => {
            let flags = [(*owner).into(), (*covered).into()];
            let lists = vec![contacts(preceding), contacts(following), optional(predecessor)];
            [vec![code(1), (*number).into()], flags.into(), lists].concat()
        }
        Message::Stabilize { number, claim } => vec![code(2), (*number).into(), code(claim_code(*claim))],
        Message::Neighbours { number, predecessor, successors } => {
            vec![code(3), (*number).into(), optional(predecessor), contacts(successors)]
        }
        Message::Ping { number } => vec![code(4), (*number).into()],
        Message::Pong { number } => vec![code(5), (*number).into()],
        Message::Leaving { predecessor, successors } => {
            vec![code(6), Value::Nil, optional(predecessor), contacts(successors)]
        }
        Message::Merge { contact: other } => vec![code(7), Value::Nil, contact(other)],
        Message::Fetch { number, key } => vec![code(8), (*number).into(), point(key)],
        Message::Fetched { number, settled, entry: held } => {
            vec![code(9), (*number).into(), (*settled).into(), held.as_ref().map_or(Value::Nil, entry)]
        }
        Message::Write { number, key, change } => {
            let (what, value) = match change {
                Change::Set(value) => (0, Value::Bin(value.clone())),
                Change::Delete => (1, Value::Nil),
                Change::Update(value) => (2, Value::Bin(value.clone())),
            };
            vec![code(10), (*number).into(), point(key), code(what), value]
        }
        Message::Written { number, outcome } => {
            let outcome = match outcome {
                Ok(done) => version(done),
                Err(refusal) => code(refusal_code(*refusal)),
            };
            vec![code(11), (*number).into(), outcome]
        }
        Message::Replicate { number, entries } => vec![code(12), (*number).into(), list(entries, entry)],
        Message::Stored { number, accepted } => vec![code(13), (*number).into(), (*accepted).into()],
        Message::Compare { number, ranges } => vec![code(14), (*number).into(), list(ranges, summary)],
        Message::Differ { number, ranges } => vec![code(15), (*number).into(), list(ranges, difference)],
        Message::Want { number, keys } => vec![code(16), (*number).into(), list(keys, point)],
        Message::Entries { number, entries } => vec![code(17), (*number).into(), list(entries, entry)],
    }
}

/// Reads the items after the sub flag.
///
/// # Errors
/// What is missing, surplus in number beyond the limits, or of the wrong kind.
pub(crate) fn read(values: &[Value]) -> Result<Message<Peer>, Malformed> {
    let [kind, number, rest @ ..] = values else { return Err(Malformed("items")) };
    let kind = kind.as_u64().ok_or(Malformed("code"))?;
    let no_number = matches!(kind, 6 | 7);
    let number = if no_number { 0 } else { number.as_u64().ok_or(Malformed("number"))? };
    Ok(match (kind, rest) {
        (0, [key, ..]) => Message::Find { number, key: read_point(key)? },
        (1, [owner, covered, preceding, following, predecessor, ..]) => Message::Found {
            number,
            owner: boolean(owner)?,
            covered: boolean(covered)?,
            preceding: read_list(preceding, MAX_CONTACTS, read_contact)?,
            following: read_list(following, MAX_CONTACTS, read_contact)?,
            predecessor: read_optional(predecessor)?,
        },
        (2, [claim, ..]) => Message::Stabilize { number, claim: read_claim(claim)? },
        (3, [predecessor, successors, ..]) => Message::Neighbours {
            number,
            predecessor: read_optional(predecessor)?,
            successors: read_list(successors, MAX_CONTACTS, read_contact)?,
        },
        (4, _) => Message::Ping { number },
        (5, _) => Message::Pong { number },
        (6, [predecessor, successors, ..]) => Message::Leaving {
            predecessor: read_optional(predecessor)?,
            successors: read_list(successors, MAX_CONTACTS, read_contact)?,
        },
        (7, [contact, ..]) => Message::Merge { contact: read_contact(contact)? },
        (8, [key, ..]) => Message::Fetch { number, key: read_point(key)? },
        (9, [settled, held, ..]) => {
            let entry = if *held == Value::Nil { None } else { Some(read_entry(held)?) };
            Message::Fetched { number, settled: boolean(settled)?, entry }
        }
        (10, [key, change, value, ..]) => {
            let change = match change.as_u64() {
                Some(0) => Change::Set(blob(value)?),
                Some(1) => Change::Delete,
                Some(2) => Change::Update(blob(value)?),
                _ => return Err(Malformed("change")),
            };
            Message::Write { number, key: read_point(key)?, change }
        }
        (11, [outcome, ..]) => Message::Written { number, outcome: read_outcome(outcome)? },
        (12, [entries, ..]) => Message::Replicate { number, entries: read_list(entries, MAX_ITEMS, read_entry)? },
        (13, [accepted, ..]) => Message::Stored { number, accepted: boolean(accepted)? },
        (14, [ranges, ..]) => Message::Compare { number, ranges: read_list(ranges, MAX_ITEMS, read_summary)? },
        (15, [ranges, ..]) => Message::Differ { number, ranges: read_list(ranges, MAX_ITEMS, read_difference)? },
        (16, [keys, ..]) => Message::Want { number, keys: read_list(keys, MAX_ITEMS, read_point)? },
        (17, [entries, ..]) => Message::Entries { number, entries: read_list(entries, MAX_ITEMS, read_entry)? },
        (0..=17, _) => return Err(Malformed("items")),
        _ => return Err(Malformed("code")),
    })
}

fn code(code: u64) -> Value {
    code.into()
}

fn point(key: &Key) -> Value {
    Value::Bin(Bytes::copy_from_slice(&key.to_bytes()))
}

fn contact(contact: &Contact) -> Value {
    let Peer { id, transport, address } = &contact.address;
    let transport = transport_code(*transport);
    Value::Array(vec![id.to_value(), code(transport), Value::Str(address.host.clone()), u64::from(address.port).into()])
}

fn optional(one: &Option<Contact>) -> Value {
    one.as_ref().map_or(Value::Nil, contact)
}

fn contacts(all: &[Contact]) -> Value {
    list(all, contact)
}

fn version(version: &Version) -> Value {
    Value::Array(vec![version.time.into(), version.writer.into()])
}

fn entry(entry: &Entry) -> Value {
    let value = entry.value.clone().map_or(Value::Nil, Value::Bin);
    Value::Array(vec![point(&entry.key), version(&entry.version), value])
}

fn summary(range: &Summary) -> Value {
    Value::Array(vec![point(&range.from), point(&range.to), Value::Bin(Bytes::copy_from_slice(&range.digest))])
}

fn difference(range: &Difference) -> Value {
    match range {
        Difference::Same => code(0),
        Difference::Many => code(1),
        Difference::Keys(keys) => list(keys, |(key, at)| Value::Array(vec![point(key), version(at)])),
    }
}

fn list<T>(items: &[T], write: impl Fn(&T) -> Value) -> Value {
    Value::Array(items.iter().map(write).collect())
}

fn transport_code(transport: Transport) -> u64 {
    TRANSPORTS.iter().position(|&known| known == transport).unwrap_or(0) as u64
}

fn refusal_code(refusal: Refusal) -> u64 {
    REFUSALS.iter().position(|&known| known == refusal).unwrap_or(1) as u64
}

fn claim_code(claim: Claim) -> u64 {
    CLAIMS.iter().position(|&known| known == claim).unwrap_or(0) as u64
}

fn read_claim(value: &Value) -> Result<Claim, Malformed> {
    let claim = value.as_u64().and_then(|code| CLAIMS.get(usize::try_from(code).ok()?).copied());
    claim.ok_or(Malformed("claim"))
}

fn boolean(value: &Value) -> Result<bool, Malformed> {
    if let Value::Bool(value) = value { Ok(*value) } else { Err(Malformed("flag")) }
}

fn blob(value: &Value) -> Result<Bytes, Malformed> {
    // A copy, so that a small value that is kept does not pin the whole frame.
    value.as_bytes().map(|bytes| Bytes::copy_from_slice(bytes)).ok_or(Malformed("value"))
}

fn read_point(value: &Value) -> Result<Key, Malformed> {
    let bytes = value.as_bytes().and_then(|bytes| <&[u8; Key::BYTES]>::try_from(&bytes[..]).ok());
    bytes.map(Key::from_bytes).ok_or(Malformed("key"))
}

//= wireworks#3.6/contact-point MUST
//# The point is not on the wire but computed from the id, so a contact cannot claim another node's place.
fn read_contact(value: &Value) -> Result<Contact, Malformed> {
    let Some([id, transport, host, port, ..]) = value.as_array() else { return Err(Malformed("contact")) };
    let id = Id::from_value(id).map_err(|_| Malformed("id"))?.detached();
    let key = point_of(&id).ok_or(Malformed("id"))?;
    let transport = transport.as_u64().and_then(|code| TRANSPORTS.get(usize::try_from(code).ok()?).copied());
    let host = host.as_str().filter(|host| host.len() <= MAX_HOST).ok_or(Malformed("host"))?;
    let port = port.as_u64().and_then(|port| u16::try_from(port).ok()).ok_or(Malformed("port"))?;
    let address = Address::new(host.to_owned(), port);
    Ok(Contact::new(key, Peer { id, transport: transport.ok_or(Malformed("transport"))?, address }))
}

fn read_optional(value: &Value) -> Result<Option<Contact>, Malformed> {
    if *value == Value::Nil { Ok(None) } else { read_contact(value).map(Some) }
}

fn read_version(value: &Value) -> Result<Version, Malformed> {
    let Some([time, writer]) = value.as_array() else { return Err(Malformed("version")) };
    match (time.as_u64(), writer.as_u64()) {
        (Some(time), Some(writer)) => Ok(Version { time, writer }),
        _ => Err(Malformed("version")),
    }
}

fn read_entry(value: &Value) -> Result<Entry, Malformed> {
    let Some([key, at, value]) = value.as_array() else { return Err(Malformed("entry")) };
    let held = if *value == Value::Nil { None } else { Some(blob(value)?) };
    Ok(Entry { key: read_point(key)?, version: read_version(at)?, value: held })
}

fn read_outcome(value: &Value) -> Result<Result<Version, Refusal>, Malformed> {
    match value.as_u64() {
        Some(code) => {
            let refusal = usize::try_from(code).ok().and_then(|code| REFUSALS.get(code).copied());
            refusal.map(Err).ok_or(Malformed("refusal"))
        }
        None => read_version(value).map(Ok),
    }
}

fn read_summary(value: &Value) -> Result<Summary, Malformed> {
    let Some([from, to, digest]) = value.as_array() else { return Err(Malformed("range")) };
    let digest = digest.as_bytes().and_then(|digest| digest[..].try_into().ok()).ok_or(Malformed("digest"))?;
    Ok(Summary { from: read_point(from)?, to: read_point(to)?, digest })
}

fn read_difference(value: &Value) -> Result<Difference, Malformed> {
    match value.as_u64() {
        Some(0) => Ok(Difference::Same),
        Some(1) => Ok(Difference::Many),
        Some(_) => Err(Malformed("difference")),
        None => read_list(value, MAX_ITEMS, read_dated).map(Difference::Keys),
    }
}

fn read_dated(value: &Value) -> Result<(Key, Version), Malformed> {
    let Some([key, at]) = value.as_array() else { return Err(Malformed("key and version")) };
    Ok((read_point(key)?, read_version(at)?))
}

//= wireworks#3.6/bounded MUST
//# Longer lists are refused before anything of them is read.
fn read_list<T>(
    value: &Value,
    most: usize,
    read: impl Fn(&Value) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let items = value.as_array().ok_or(Malformed("list"))?;
    if items.len() > most {
        return Err(Malformed("list too long"));
    }
    items.iter().map(read).collect()
}

const TRANSPORTS: [Transport; 4] = [Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];
const CLAIMS: [Claim; 3] = [Claim::Nothing, Claim::Predecessor, Claim::Successor];
const REFUSALS: [Refusal; 5] = [Refusal::Elsewhere, Refusal::Busy, Refusal::Full, Refusal::TooLarge, Refusal::Unfit];
/// Successor lists are 20 long by default; nobody needs more than this.
const MAX_CONTACTS: usize = 128;
/// Entries, keys or ranges in one message.
const MAX_ITEMS: usize = 65_536;
const MAX_HOST: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> impl Strategy<Value = Key> {
        any::<[u8; 48]>().prop_map(|bytes| Key::from_bytes(&bytes))
    }

    fn someone() -> impl Strategy<Value = Contact> {
        ("[1-9A-HJ-NP-Za-km-z]{1,66}", 0usize..4, any::<u16>()).prop_map(|(id, transport, port)| {
            let id = Id::new(id).unwrap();
            let peer = Peer { id, transport: TRANSPORTS[transport], address: Address::new("192.0.2.1", port) };
            Contact::new(point_of(&peer.id).unwrap(), peer)
        })
    }

    fn versions() -> impl Strategy<Value = Version> {
        any::<(u64, u64)>().prop_map(|(time, writer)| Version { time, writer })
    }

    fn blobs() -> impl Strategy<Value = Bytes> {
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from)
    }

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let entry = (key(), versions(), proptest::option::of(blobs()));
        proptest::collection::vec(entry.prop_map(|(key, version, value)| Entry { key, version, value }), 0..4)
    }

    fn lists() -> impl Strategy<Value = Vec<Contact>> {
        proptest::collection::vec(someone(), 0..4)
    }

    fn questions() -> impl Strategy<Value = Message<Peer>> {
        let number = any::<u64>;
        let change = prop_oneof![blobs().prop_map(Change::Set), Just(Change::Delete), blobs().prop_map(Change::Update)];
        let range = (key(), key(), any::<[u8; 16]>()).prop_map(|(from, to, digest)| Summary { from, to, digest });
        prop_oneof![
            (number(), key()).prop_map(|(number, key)| Message::Find { number, key }),
            (number(), 0usize..3).prop_map(|(number, at)| Message::Stabilize { number, claim: CLAIMS[at] }),
            number().prop_map(|number| Message::Ping { number }),
            (proptest::option::of(someone()), lists())
                .prop_map(|(predecessor, successors)| Message::Leaving { predecessor, successors }),
            someone().prop_map(|contact| Message::Merge { contact }),
            (number(), key()).prop_map(|(number, key)| Message::Fetch { number, key }),
            (number(), key(), change).prop_map(|(number, key, change)| Message::Write { number, key, change }),
            (number(), entries()).prop_map(|(number, entries)| Message::Replicate { number, entries }),
            (number(), proptest::collection::vec(range, 0..4))
                .prop_map(|(number, ranges)| Message::Compare { number, ranges }),
            (number(), proptest::collection::vec(key(), 0..4))
                .prop_map(|(number, keys)| Message::Want { number, keys }),
        ]
    }

    fn answers() -> impl Strategy<Value = Message<Peer>> {
        let number = any::<u64>;
        let refusal = (0usize..REFUSALS.len()).prop_map(|at| Err(REFUSALS[at]));
        let difference = prop_oneof![
            Just(Difference::Same),
            Just(Difference::Many),
            proptest::collection::vec((key(), versions()), 0..4).prop_map(Difference::Keys)
        ];
        prop_oneof![
            (number(), any::<(bool, bool)>(), lists(), lists(), proptest::option::of(someone())).prop_map(
                |(number, (owner, covered), preceding, following, predecessor)| {
                    Message::Found { number, owner, covered, preceding, following, predecessor }
                }
            ),
            (number(), proptest::option::of(someone()), lists()).prop_map(|(number, predecessor, successors)| {
                Message::Neighbours { number, predecessor, successors }
            }),
            number().prop_map(|number| Message::Pong { number }),
            (number(), any::<bool>(), entries()).prop_map(|(number, settled, mut entries)| {
                Message::Fetched { number, settled, entry: entries.pop() }
            }),
            (number(), prop_oneof![versions().prop_map(Ok), refusal])
                .prop_map(|(number, outcome)| Message::Written { number, outcome }),
            (number(), any::<bool>()).prop_map(|(number, accepted)| Message::Stored { number, accepted }),
            (number(), proptest::collection::vec(difference, 0..4))
                .prop_map(|(number, ranges)| Message::Differ { number, ranges }),
            (number(), entries()).prop_map(|(number, entries)| Message::Entries { number, entries }),
        ]
    }

    proptest! {
        //= wireworks#3.6/layout test
        #[test]
        fn what_is_written_is_read(message in prop_oneof![questions(), answers()], cut in 0usize..6) {
            let values = write(&message);
            // over the wire and back
            let mut bytes = Vec::new();
            Value::Array(values.clone()).encode(&mut bytes);
            let decoded = Value::decode(bytes.into(), &serializer::Limits::default()).unwrap();
            prop_assert_eq!(read(decoded.as_array().unwrap()), Ok(message.clone()));
            if cut < values.len() {
                let numbered_only = matches!(message, Message::Ping { .. } | Message::Pong { .. });
                prop_assert!(numbered_only || read(&values[..cut]).is_err());
            }
        }
    }

    //= wireworks#3.6/contact-point test
    #[test]
    fn a_contact_stands_where_its_id_says() {
        let written = Value::Array(vec!["21".into(), 0.into(), "192.0.2.1".into(), 4444.into()]);
        let contact = read_contact(&written).unwrap();
        assert_eq!((contact.id, contact.address.id.as_str()), (Key::from(58), "21"));
        for (at, wrong) in
            [(0, Value::from("no number")), (1, 9.into()), (2, "x".repeat(300).into()), (3, 65_536.into())]
        {
            let mut items = written.as_array().unwrap().to_vec();
            items[at] = wrong;
            assert!(read_contact(&Value::Array(items)).is_err());
        }
    }

    //= wireworks#3.6/bounded test
    #[test]
    fn long_lists_are_refused() {
        let points = |n: usize| vec![code(16), 0.into(), Value::Array(vec![point(&Key::ZERO); n])];
        assert!(read(&points(MAX_ITEMS)).is_ok());
        assert_eq!(read(&points(MAX_ITEMS + 1)), Err(Malformed("list too long")));
        let contact = Value::Array(vec!["21".into(), 0.into(), "h".into(), 1.into()]);
        let list = |n: usize| Value::Array(vec![contact.clone(); n]);
        let neighbours = |n: usize| vec![code(3), 0.into(), Value::Nil, list(n)];
        assert!(read(&neighbours(MAX_CONTACTS)).is_ok() && read(&neighbours(MAX_CONTACTS + 1)).is_err());
    }
}
