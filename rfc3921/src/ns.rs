//! The namespaces of the extensions, named as their documents name the protocols.

pub use rfc3920::ns::CLIENT;

/// Roster, RFC 6121.
pub const ROSTER: &str = "jabber:iq:roster";
/// Roster versioning as a stream feature, RFC 6121.
pub const ROSTER_VERSIONING: &str = "urn:xmpp:features:rosterver";
/// Subscription pre-approval as a stream feature, RFC 6121.
pub const PRE_APPROVAL: &str = "urn:xmpp:features:pre-approval";
/// Data forms, XEP-0004.
pub const FORMS: &str = "jabber:x:data";
/// Service discovery of what an entity is and can do, XEP-0030.
pub const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
/// Service discovery of what an entity has, XEP-0030.
pub const DISCO_ITEMS: &str = "http://jabber.org/protocol/disco#items";
/// Rooms, XEP-0045.
pub const MUC: &str = "http://jabber.org/protocol/muc";
/// Rooms, what concerns occupants.
pub const MUC_USER: &str = "http://jabber.org/protocol/muc#user";
/// Rooms, what concerns their administration.
pub const MUC_ADMIN: &str = "http://jabber.org/protocol/muc#admin";
/// Rooms, what concerns their owners.
pub const MUC_OWNER: &str = "http://jabber.org/protocol/muc#owner";
/// Direct invitations to rooms, XEP-0249.
pub const CONFERENCE: &str = "jabber:x:conference";
/// A room that answers a self-ping for its occupants' sake, XEP-0410.
pub const SELF_PING: &str = "http://jabber.org/protocol/muc#self-ping-optimization";
/// Contact cards of old, XEP-0054.
pub const VCARD_TEMP: &str = "vcard-temp";
/// Contact cards, XEP-0292 (RFC 6351).
pub const VCARD4: &str = "urn:ietf:params:xml:ns:vcard-4.0";
/// The node that holds one's contact card, XEP-0292.
pub const VCARD4_NODE: &str = "urn:xmpp:vcard4";
/// Result sets, XEP-0059.
pub const RESULT_SET: &str = "http://jabber.org/protocol/rsm";
/// Publish and subscribe, XEP-0060.
pub const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
/// Notifications of publish and subscribe, XEP-0060.
pub const PUBSUB_EVENT: &str = "http://jabber.org/protocol/pubsub#event";
/// Options that a publication asks for, XEP-0060.
pub const PUBLISH_OPTIONS: &str = "http://jabber.org/protocol/pubsub#publish-options";
/// Description of an avatar, XEP-0084.
pub const AVATAR_METADATA: &str = "urn:xmpp:avatar:metadata";
/// The bytes of an avatar, XEP-0084.
pub const AVATAR_DATA: &str = "urn:xmpp:avatar:data";
/// Chat states, XEP-0085.
pub const CHAT_STATES: &str = "http://jabber.org/protocol/chatstates";
/// Software version, XEP-0092.
pub const VERSION: &str = "jabber:iq:version";
/// Entity capabilities, XEP-0115.
pub const CAPS: &str = "http://jabber.org/protocol/caps";
/// Delivery receipts, XEP-0184.
pub const RECEIPTS: &str = "urn:xmpp:receipts";
/// Blocking, XEP-0191.
pub const BLOCKING: &str = "urn:xmpp:blocking";
/// Ping, XEP-0199.
pub const PING: &str = "urn:xmpp:ping";
/// Entity time, XEP-0202.
pub const TIME: &str = "urn:xmpp:time";
/// Delayed delivery, XEP-0203.
pub const DELAY: &str = "urn:xmpp:delay";
/// Carbons, XEP-0280.
pub const CARBONS: &str = "urn:xmpp:carbons:2";
/// Forwarding, XEP-0297.
pub const FORWARD: &str = "urn:xmpp:forward:0";
/// Correction of the last message, XEP-0308.
pub const CORRECTION: &str = "urn:xmpp:message-correct:0";
/// Message archives, XEP-0313.
pub const ARCHIVE: &str = "urn:xmpp:mam:2";
/// Displayed markers, XEP-0333.
pub const MARKERS: &str = "urn:xmpp:chat-markers:0";
/// Processing hints, XEP-0334.
pub const HINTS: &str = "urn:xmpp:hints";
/// Stanza ids, XEP-0359.
pub const STANZA_ID: &str = "urn:xmpp:sid:0";
/// File upload over HTTP, XEP-0363.
pub const UPLOAD: &str = "urn:xmpp:http:upload:0";
/// Bookmarks, XEP-0402.
pub const BOOKMARKS: &str = "urn:xmpp:bookmarks:1";
/// Occupant ids, XEP-0421.
pub const OCCUPANT_ID: &str = "urn:xmpp:occupant-id:0";
/// Retraction of messages, XEP-0424.
pub const RETRACT: &str = "urn:xmpp:message-retract:1";
/// Moderation of rooms, XEP-0425.
pub const MODERATE: &str = "urn:xmpp:message-moderate:1";
/// What is there for clients that do not know better, XEP-0428.
pub const FALLBACK: &str = "urn:xmpp:fallback:0";
/// Reactions, XEP-0444.
pub const REACTIONS: &str = "urn:xmpp:reactions:0";
/// Replies, XEP-0461.
pub const REPLY: &str = "urn:xmpp:reply:0";
/// A link to a file beside the text, XEP-0066.
pub const OUT_OF_BAND: &str = "jabber:x:oob";
