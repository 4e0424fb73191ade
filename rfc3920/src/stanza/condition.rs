//! The conditions that RFC 6120 defines for errors, and those that it does not.

/// An enum of the names of a registry, with an arm for the names that are not in it.
macro_rules! conditions {
    ($(#[$doc:meta])* $name:ident { $($(#[$row:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$row])* $variant,)*
            /// A condition that RFC 6120 does not have, as it was written.
            Other(String),
        }

        impl $name {
            /// All that RFC 6120 defines, in its order.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// Name of the element that means it.
            pub fn name(&self) -> &str {
                match self {
                    $($name::$variant => $text,)*
                    $name::Other(name) => name,
                }
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                match name {
                    $($text => $name::$variant,)*
                    other => $name::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

conditions! {
/// Why a stanza could not be handled (RFC 6120, 8.3.3).
Condition {
    /// The request could not be understood (RFC 6120, 8.3.3.1).
    BadRequest = "bad-request",
    /// Something of that name exists (RFC 6120, 8.3.3.2).
    Conflict = "conflict",
    /// Not implemented, and never will be here (RFC 6120, 8.3.3.3).
    FeatureNotImplemented = "feature-not-implemented",
    /// No permission (RFC 6120, 8.3.3.4).
    Forbidden = "forbidden",
    /// The address is not used any more; `location` may have the new one (RFC 6120, 8.3.3.5).
    Gone = "gone",
    /// The server failed (RFC 6120, 8.3.3.6).
    InternalServerError = "internal-server-error",
    /// No such thing (RFC 6120, 8.3.3.7).
    ItemNotFound = "item-not-found",
    /// An address that is none (RFC 6120, 8.3.3.8).
    JidMalformed = "jid-malformed",
    /// Understood, but against the recipient's criteria (RFC 6120, 8.3.3.9).
    NotAcceptable = "not-acceptable",
    /// Nobody may do that (RFC 6120, 8.3.3.10).
    NotAllowed = "not-allowed",
    /// Credentials are needed first (RFC 6120, 8.3.3.11).
    NotAuthorized = "not-authorized",
    /// Against a local rule (RFC 6120, 8.3.3.12).
    PolicyViolation = "policy-violation",
    /// The recipient is away for now (RFC 6120, 8.3.3.13).
    RecipientUnavailable = "recipient-unavailable",
    /// Another address for now; `location` has it (RFC 6120, 8.3.3.14).
    Redirect = "redirect",
    /// The sender has to register or join first (RFC 6120, 8.3.3.15).
    RegistrationRequired = "registration-required",
    /// No server for the recipient's domain (RFC 6120, 8.3.3.16).
    RemoteServerNotFound = "remote-server-not-found",
    /// The recipient's server does not answer (RFC 6120, 8.3.3.17).
    RemoteServerTimeout = "remote-server-timeout",
    /// The other lacks resources (RFC 6120, 8.3.3.18).
    ResourceConstraint = "resource-constraint",
    /// No such service there, or it does not say (RFC 6120, 8.3.3.19).
    ServiceUnavailable = "service-unavailable",
    /// The sender has to subscribe first (RFC 6120, 8.3.3.20).
    SubscriptionRequired = "subscription-required",
    /// Something else; the application condition may tell (RFC 6120, 8.3.3.21).
    UndefinedCondition = "undefined-condition",
    /// Understood, but not at this time (RFC 6120, 8.3.3.22).
    UnexpectedRequest = "unexpected-request",
}
}

conditions! {
/// Why a stream ends (RFC 6120, 4.9.3).
StreamCondition {
    /// XML that can not be processed (RFC 6120, 4.9.3.1).
    BadFormat = "bad-format",
    /// A prefix that is not supported, or missing where one is needed (RFC 6120, 4.9.3.2).
    BadNamespacePrefix = "bad-namespace-prefix",
    /// Another stream took this one's place (RFC 6120, 4.9.3.3).
    Conflict = "conflict",
    /// Nothing was heard for too long (RFC 6120, 4.9.3.4).
    ConnectionTimeout = "connection-timeout",
    /// The domain is no longer served here (RFC 6120, 4.9.3.5).
    HostGone = "host-gone",
    /// The domain is not served here (RFC 6120, 4.9.3.6).
    HostUnknown = "host-unknown",
    /// An address is missing or is none (RFC 6120, 4.9.3.7).
    ImproperAddressing = "improper-addressing",
    /// The server is not able to serve (RFC 6120, 4.9.3.8).
    InternalServerError = "internal-server-error",
    /// A sender's address that was not authorised (RFC 6120, 4.9.3.9).
    InvalidFrom = "invalid-from",
    /// A stream or content namespace that is not supported (RFC 6120, 4.9.3.10).
    InvalidNamespace = "invalid-namespace",
    /// XML that its schema does not allow (RFC 6120, 4.9.3.11).
    InvalidXml = "invalid-xml",
    /// Data before it was allowed (RFC 6120, 4.9.3.12).
    NotAuthorized = "not-authorized",
    /// XML that is not well-formed, or whose namespaces are not (RFC 6120, 4.9.3.13).
    NotWellFormed = "not-well-formed",
    /// A limit or another local rule (RFC 6120, 4.9.3.14).
    PolicyViolation = "policy-violation",
    /// A server needed for it could not be reached (RFC 6120, 4.9.3.15).
    RemoteConnectionFailed = "remote-connection-failed",
    /// Features changed, the stream must be opened anew (RFC 6120, 4.9.3.16).
    Reset = "reset",
    /// The server lacks resources (RFC 6120, 4.9.3.17).
    ResourceConstraint = "resource-constraint",
    /// A comment, processing instruction, DTD or entity (RFC 6120, 4.9.3.18).
    RestrictedXml = "restricted-xml",
    /// Connect to another host; [`StreamError::see_other_host`] has it (RFC 6120, 4.9.3.19).
    SeeOtherHost = "see-other-host",
    /// The server stops (RFC 6120, 4.9.3.20).
    SystemShutdown = "system-shutdown",
    /// Something else; the application condition may tell (RFC 6120, 4.9.3.21).
    UndefinedCondition = "undefined-condition",
    /// Another encoding than UTF-8, or wrong UTF-8 (RFC 6120, 4.9.3.22).
    UnsupportedEncoding = "unsupported-encoding",
    /// A mandatory feature that the other does not have (RFC 6120, 4.9.3.23).
    UnsupportedFeature = "unsupported-feature",
    /// A first-level element that is no known stanza (RFC 6120, 4.9.3.24).
    UnsupportedStanzaType = "unsupported-stanza-type",
    /// The stream is of a version that the other does not speak (RFC 6120, 4.9.3.25).
    UnsupportedVersion = "unsupported-version",
}
}
