use std::fmt;
use std::hash::{Hash, Hasher};

use bytestring::ByteString;

use super::scan;

/// Makes the enum and its tables out of one list: variant, name on the wire, compact form, how often it may stand.
macro_rules! names {
    ($($variant:ident = $text:literal, $compact:expr, $times:ident;)*) => {
        /// The name of a header field: those of RFC 3261 section 20 and common extensions, and any other. Compared
        /// without case, and a compact form is the same name (section 7.3.3).
        ///
        /// ```
        /// use rfc3261::message::Name;
        /// assert_eq!(Name::from("v"), Name::Via);
        /// assert_eq!(Name::from("call-id"), Name::CallId);
        /// assert_eq!(Name::from("X-Note"), Name::from("x-note"));
        /// assert_eq!(Name::CallId.as_str(), "Call-ID");
        /// ```
        #[derive(Clone, Debug)]
        pub enum Name {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
            /// Any other name, as it was written.
            Other(ByteString),
        }

        impl Name {
            /// The name in its long form.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Name::$variant => $text,)*
                    Name::Other(text) => text,
                }
            }

            /// The number of a known name.
            fn known_code(&self) -> Code {
                enum At { $($variant,)* }
                match self {
                    $(Name::$variant => At::$variant as Code,)*
                    Name::Other(text) => lookup(text.as_bytes()),
                }
            }

            fn from_code(code: Code) -> Option<Name> {
                KNOWN.get(usize::from(code)).cloned()
            }
        }

        const KNOWN: &[Name] = &[$(Name::$variant,)*];
        const TEXT: &[&str] = &[$($text,)*];
        const COMPACT: &[Option<u8>] = &[$($compact,)*];
        const TIMES: &[Times] = &[$(Times::$times,)*];
    };
}

names! {
    Accept = "Accept", None, Many;
    AcceptContact = "Accept-Contact", Some(b'a'), Many;
    AcceptEncoding = "Accept-Encoding", None, Many;
    AcceptLanguage = "Accept-Language", None, Many;
    AcceptResourcePriority = "Accept-Resource-Priority", None, Many;
    AlertInfo = "Alert-Info", None, Many;
    Allow = "Allow", None, Many;
    AllowEvents = "Allow-Events", Some(b'u'), Many;
    AuthenticationInfo = "Authentication-Info", None, Many;
    Authorization = "Authorization", None, Many;
    CallId = "Call-ID", Some(b'i'), Single;
    CallInfo = "Call-Info", None, Many;
    Contact = "Contact", Some(b'm'), Many;
    ContentDisposition = "Content-Disposition", None, Single;
    ContentEncoding = "Content-Encoding", Some(b'e'), Many;
    ContentLanguage = "Content-Language", None, Many;
    ContentLength = "Content-Length", Some(b'l'), Single;
    ContentType = "Content-Type", Some(b'c'), Single;
    CSeq = "CSeq", None, Single;
    Date = "Date", None, Single;
    Diversion = "Diversion", None, Many;
    ErrorInfo = "Error-Info", None, Many;
    Event = "Event", Some(b'o'), Single;
    Expires = "Expires", None, Single;
    FeatureCaps = "Feature-Caps", None, Many;
    FlowTimer = "Flow-Timer", None, Single;
    From = "From", Some(b'f'), Single;
    Geolocation = "Geolocation", None, Many;
    GeolocationError = "Geolocation-Error", None, Many;
    GeolocationRouting = "Geolocation-Routing", None, Many;
    HistoryInfo = "History-Info", None, Many;
    Identity = "Identity", Some(b'y'), Many;
    IdentityInfo = "Identity-Info", Some(b'n'), Many;
    InReplyTo = "In-Reply-To", None, Many;
    InfoPackage = "Info-Package", None, Single;
    Join = "Join", None, Single;
    MaxBreadth = "Max-Breadth", None, Single;
    MaxForwards = "Max-Forwards", None, Single;
    MimeVersion = "MIME-Version", None, Single;
    MinExpires = "Min-Expires", None, Single;
    MinSe = "Min-SE", None, Single;
    Organization = "Organization", None, Single;
    PAccessNetworkInfo = "P-Access-Network-Info", None, Many;
    PAssertedIdentity = "P-Asserted-Identity", None, Many;
    PAssociatedUri = "P-Associated-URI", None, Many;
    PCalledPartyId = "P-Called-Party-ID", None, Many;
    PChargingFunctionAddresses = "P-Charging-Function-Addresses", None, Many;
    PChargingVector = "P-Charging-Vector", None, Many;
    PPreferredIdentity = "P-Preferred-Identity", None, Many;
    PVisitedNetworkId = "P-Visited-Network-ID", None, Many;
    Path = "Path", None, Many;
    Priority = "Priority", None, Single;
    Privacy = "Privacy", None, Many;
    ProxyAuthenticate = "Proxy-Authenticate", None, Many;
    ProxyAuthorization = "Proxy-Authorization", None, Many;
    ProxyRequire = "Proxy-Require", None, Many;
    RAck = "RAck", None, Single;
    Reason = "Reason", None, Many;
    RecordRoute = "Record-Route", None, Many;
    RecvInfo = "Recv-Info", None, Many;
    ReferSub = "Refer-Sub", None, Single;
    ReferTo = "Refer-To", Some(b'r'), Single;
    ReferredBy = "Referred-By", Some(b'b'), Single;
    RejectContact = "Reject-Contact", Some(b'j'), Many;
    Replaces = "Replaces", None, Single;
    ReplyTo = "Reply-To", None, Single;
    RequestDisposition = "Request-Disposition", Some(b'd'), Many;
    Require = "Require", None, Many;
    ResourcePriority = "Resource-Priority", None, Many;
    RetryAfter = "Retry-After", None, Single;
    Route = "Route", None, Many;
    RSeq = "RSeq", None, Single;
    SecurityClient = "Security-Client", None, Many;
    SecurityServer = "Security-Server", None, Many;
    SecurityVerify = "Security-Verify", None, Many;
    Server = "Server", None, Single;
    ServiceRoute = "Service-Route", None, Many;
    SessionExpires = "Session-Expires", Some(b'x'), Single;
    SessionId = "Session-ID", None, Many;
    SipEtag = "SIP-ETag", None, Single;
    SipIfMatch = "SIP-If-Match", None, Single;
    Subject = "Subject", Some(b's'), Single;
    SubscriptionState = "Subscription-State", None, Single;
    Supported = "Supported", Some(b'k'), Many;
    TargetDialog = "Target-Dialog", None, Single;
    Timestamp = "Timestamp", None, Single;
    To = "To", Some(b't'), Single;
    Unsupported = "Unsupported", None, Many;
    UserAgent = "User-Agent", None, Single;
    Via = "Via", Some(b'v'), Many;
    Warning = "Warning", None, Many;
    WwwAuthenticate = "WWW-Authenticate", None, Many;
}

impl Name {
    /// The compact form (section 7.3.3), if the header has one.
    pub fn compact(&self) -> Option<&'static str> {
        let letter = COMPACT.get(usize::from(self.code())).copied().flatten()?;
        ALPHABET.get(usize::from(letter.checked_sub(b'a')?)..)?.get(..1)
    }

    /// Whether its grammar allows one value only, so that a second line of it makes a message ambiguous.
    pub fn is_single(&self) -> bool {
        is_single(self.code())
    }

    /// The number of the name, or [`OTHER`].
    pub(crate) fn code(&self) -> Code {
        self.known_code()
    }

    /// The name with that number, or another one with that text.
    pub(crate) fn new(code: Code, text: &str) -> Name {
        Name::from_code(code).unwrap_or_else(|| Name::Other(text.into()))
    }

    /// What may go on the wire: `X-Invalid` in place of what is no token.
    pub(crate) fn wire_str(&self) -> &str {
        match self {
            Name::Other(text) if text.is_empty() || scan::run(text.as_bytes(), 0, scan::TOKEN) < text.len() => {
                "X-Invalid"
            }
            name => name.as_str(),
        }
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Name {
        Name::new(lookup(text.as_bytes()), text)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        let code = self.code();
        code == other.code() && (code != OTHER || self.as_str().eq_ignore_ascii_case(other.as_str()))
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let code = self.code();
        state.write_u8(code);
        if code == OTHER {
            self.as_str().bytes().for_each(|b| state.write_u8(b.to_ascii_lowercase()));
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire_str())
    }
}

/// The number of a name: its place in the list.
pub(crate) type Code = u8;

/// How many names there are.
pub(crate) const COUNT: usize = TEXT.len();

/// The number of all names that are not in the list.
pub(crate) const OTHER: Code = 255;

/// The number of a known long name, when compiling.
pub(crate) const fn lookup_const(text: &str) -> Code {
    let text = text.as_bytes();
    let mut slot = slot(text);
    while BY_HASH[slot] != OTHER {
        let known = TEXT[BY_HASH[slot] as usize].as_bytes();
        if known.eq_ignore_ascii_case(text) {
            return BY_HASH[slot];
        }
        slot = (slot + 1) % SLOTS;
    }
    panic!("no such name")
}

/// Whether the header with that number may stand only once.
pub(crate) fn is_single(code: Code) -> bool {
    matches!(TIMES.get(usize::from(code)), Some(Times::Single))
}

/// The number of the name from `start` to `end` of a text. A name of up to 16 bytes in its usual spelling, as nearly all
/// are, is recognised by one comparison.
#[inline]
pub(crate) fn lookup_in(text: &[u8], start: usize, end: usize) -> Code {
    let name = text.get(start..end).unwrap_or_default();
    if let (2..=16, Some(chunk)) = (name.len(), text.get(start..).and_then(|rest| rest.first_chunk::<16>())) {
        let key = u128::from_le_bytes(*chunk) & (u128::MAX >> (128 - 8 * name.len()));
        let code = BY_HASH[slot(name)];
        if KEYS.get(usize::from(code)) == Some(&key) {
            return code;
        }
    }
    lookup(name)
}

/// The number of the name that `text` spells, long or compact.
//= rfc3261#7.3.3/compact-accept MUST
//# Both forms lead to the same number, by which headers are found.
pub(crate) fn lookup(text: &[u8]) -> Code {
    if let &[letter] = text {
        let letter = letter.to_ascii_lowercase();
        return if letter.is_ascii_lowercase() { BY_LETTER[usize::from(letter - b'a')] } else { OTHER };
    }
    let mut slot = slot(text);
    loop {
        let code = BY_HASH[slot];
        match TEXT.get(usize::from(code)) {
            None => return OTHER,
            // nearly always it is spelled as usual, which is quicker to see
            Some(name) if name.as_bytes() == text || name.as_bytes().eq_ignore_ascii_case(text) => return code,
            Some(_) => slot = (slot + 1) % SLOTS,
        }
    }
}

#[derive(Clone, Copy)]
enum Times {
    Single,
    Many,
}

const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz";
const SLOTS: usize = 512;

/// The names by their hash, with the next free slot on a collision; three of four slots are empty.
static BY_HASH: [Code; SLOTS] = {
    let mut table = [OTHER; SLOTS];
    let mut code = 0;
    while code < TEXT.len() {
        let mut slot = slot(TEXT[code].as_bytes());
        while table[slot] != OTHER {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = code as Code;
        code += 1;
    }
    table
};

/// Each name of up to 16 bytes as a number; 0 for a longer one.
static KEYS: [u128; TEXT.len()] = {
    let mut keys = [0; TEXT.len()];
    let mut code = 0;
    while code < keys.len() {
        let text = TEXT[code].as_bytes();
        let mut at = 0;
        while text.len() <= 16 && at < text.len() {
            keys[code] |= (text[at] as u128) << (8 * at);
            at += 1;
        }
        code += 1;
    }
    keys
};

static BY_LETTER: [Code; 26] = {
    let mut table = [OTHER; 26];
    let mut code = 0;
    while code < COMPACT.len() {
        if let Some(letter) = COMPACT[code] {
            table[(letter - b'a') as usize] = code as Code;
        }
        code += 1;
    }
    table
};

#[inline]
const fn slot(text: &[u8]) -> usize {
    let len = text.len();
    if len == 0 {
        return 0;
    }
    let (first, middle, last) = (text[0] | 32, text[len / 2] | 32, text[len - 1] | 32);
    (len * 11 + first as usize * 3 + middle as usize * 31 + last as usize * 57) % SLOTS
}
