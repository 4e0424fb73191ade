//! Namespace names of the core protocols (RFC 6120, 14 and appendix A; RFC 7395, 5; and the core XEPs).

/// Bound to the prefix `xml` in every document, declared or not.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// Bound to the prefix `xmlns`; never declared, never used for an element.
pub const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
/// Content namespace of a stream between client and server (RFC 6120, 4.8.3).
pub const CLIENT: &str = "jabber:client";
/// Content namespace of a stream between servers (RFC 6120, 4.8.3).
pub const SERVER: &str = "jabber:server";
/// The stream element, its features and its errors (RFC 6120, 4.8.1).
pub const STREAMS: &str = "http://etherx.jabber.org/streams";
/// Conditions of stream errors (RFC 6120, 4.9.2).
pub const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
/// Conditions of stanza errors (RFC 6120, 8.3.2).
pub const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
/// STARTTLS (RFC 6120, 5).
pub const TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
/// SASL as RFC 6120, 6, has it.
pub const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
/// Resource binding (RFC 6120, 7).
pub const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
/// Session establishment of RFC 3921, a no-op since RFC 6121.
pub const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
/// `<open/>` and `<close/>` of streams over WebSocket (RFC 7395, 3.3.2).
pub const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
/// Stream management (XEP-0198).
pub const SM: &str = "urn:xmpp:sm:3";
/// SASL 2 (XEP-0388).
pub const SASL2: &str = "urn:xmpp:sasl:2";
/// Bind 2 (XEP-0386).
pub const BIND2: &str = "urn:xmpp:bind:0";
/// Fast authentication by token (XEP-0484).
pub const FAST: &str = "urn:xmpp:fast:0";
/// Channel-binding types that a server offers (XEP-0440).
pub const CHANNEL_BINDING: &str = "urn:xmpp:sasl-cb:0";
/// Direct password upgrade tasks of SASL 2 (XEP-0480).
pub const SASL_UPGRADE: &str = "urn:xmpp:sasl:upgrade:0";
/// Limits that a server announces for its streams (XEP-0478).
pub const STREAM_LIMITS: &str = "urn:xmpp:stream-limits:0";
/// Pings between entities (XEP-0199).
pub const PING: &str = "urn:xmpp:ping";
/// Client state indication: active or inactive (XEP-0352).
pub const CLIENT_STATE: &str = "urn:xmpp:csi:0";
/// The feature by which a server tells that subscriptions can be approved in advance (RFC 6121, 3.4).
pub const PRE_APPROVAL: &str = "urn:xmpp:features:pre-approval";
/// The feature by which a server tells that it keeps versions of the roster (RFC 6121, 2.6).
pub const ROSTER_VERSION: &str = "urn:xmpp:features:rosterver";
