//! Strings that most stanzas repeat. One that is known costs no slice of the stanza, and so no count of references.

use bytestring::ByteString;

/// A name as a constant if it is known, else as a slice of `text`, which it has to be a part of.
pub(crate) fn name(part: &str, text: &ByteString) -> ByteString {
    find(NAMES, part).unwrap_or_else(|| text.slice_ref(part))
}

/// A namespace as a constant if it is known, else as it is.
pub(crate) fn namespace(ns: ByteString) -> ByteString {
    find(NAMESPACES, &ns).unwrap_or(ns)
}

fn find(known: &[&[&'static str]], wanted: &str) -> Option<ByteString> {
    let same_length = known.get(wanted.len())?;
    same_length.iter().find(|k| same(k, wanted)).map(|k| ByteString::from_static(k))
}

/// Equality, without a call for most strings that are not equal: the names of a stanza are short.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.as_bytes().first() == b.as_bytes().first() && a == b
}

/// Names of elements and attributes, by length.
const NAMES: &[&[&str]] = &[
    &[],
    &["a", "c", "h", "r", "x"],
    &["by", "id", "iq", "to"],
    &["jid", "key", "rid", "set", "sid", "var", "ver", "ask", "max"],
    &[
        "body", "data", "from", "hash", "help", "item", "lang", "name", "node", "sent", "show", "text", "type", "code",
        "gone", "role", "last",
    ],
    &[
        "field", "value", "delay", "error", "event", "group", "items", "query", "stamp", "store", "bytes", "count",
        "first", "after", "index", "reply",
    ],
    &["thread", "active", "paused", "reason", "result", "status", "header", "before"],
    &["feature", "message", "request", "queryid", "subject", "no-copy", "replace"],
    &[
        "priority", "identity", "category", "presence", "received", "markable", "inactive", "no-store", "metadata",
        "complete", "reaction", "fallback",
    ],
    &["displayed", "composing", "origin-id", "stanza-id", "forwarded", "encrypted", "reactions"],
    &[],
    &["affiliation", "occupant-id"],
    &["subscription"],
    &[],
    &[],
    &[],
    &[],
    &[],
    &["no-permanent-store"],
];

/// Namespaces, by length.
const NAMESPACES: &[&[&str]] = &[
    &[],
    &[],
    &[],
    &[],
    &[],
    &[],
    &[],
    &[],
    &[],
    &[],
    &[],
    &[],
    &["jabber:x:oob"],
    &["jabber:client", "jabber:x:data", "urn:xmpp:ping", "urn:xmpp:time", "urn:xmpp:sm:3"],
    &["urn:xmpp:sid:0", "urn:xmpp:hints", "urn:xmpp:delay", "urn:xmpp:mam:2"],
    &[],
    &["jabber:iq:roster", "urn:xmpp:reply:0"],
    &["jabber:iq:version", "urn:xmpp:receipts", "urn:xmpp:fasten:0"],
    &["urn:xmpp:carbons:2", "urn:xmpp:forward:0"],
    &["urn:xmpp:fallback:0", "vcard-temp:x:update"],
    &["urn:xmpp:reactions:0"],
    &[],
    &["urn:xmpp:occupant-id:0"],
    &["urn:xmpp:chat-markers:0"],
    &["urn:xmpp:avatar:metadata"],
    &[],
    &["urn:xmpp:message-correct:0"],
    &[],
    &[],
    &[],
    &["http://jabber.org/protocol/muc", "http://jabber.org/protocol/rsm", "eu.siacs.conversations.axolotl"],
    &["http://jabber.org/protocol/caps"],
    &["http://etherx.jabber.org/streams"],
    &["http://jabber.org/protocol/pubsub"],
    &[],
    &["urn:ietf:params:xml:ns:xmpp-stanzas", "http://jabber.org/protocol/muc#user"],
    &[],
    &["http://jabber.org/protocol/chatstates", "http://jabber.org/protocol/disco#info"],
    &["http://jabber.org/protocol/disco#items"],
    &["http://jabber.org/protocol/pubsub#event"],
];
