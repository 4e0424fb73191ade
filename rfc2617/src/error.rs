use std::fmt;

/// Why a header value is not a challenge, credentials or authentication information. The text came from the network,
/// so this is always the peer's fault; a server answers it with 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParseError {
    /// The value is longer than [`Limits::value`](crate::Limits::value).
    TooLong,
    /// More schemes or parameters than [`Limits`](crate::Limits) allow.
    TooMany,
    /// The grammar is broken at this byte offset.
    Syntax(usize),
    /// There is no scheme, or there are several where one is expected.
    Scheme,
    /// A parameter that must be there is not.
    Missing(&'static str),
    /// A parameter stands twice.
    Duplicate(&'static str),
    /// A parameter has a value that its definition does not allow.
    Invalid(&'static str),
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::TooLong => f.write_str("authentication value too long"),
            ParseError::TooMany => f.write_str("too many schemes or parameters"),
            ParseError::Syntax(at) => write!(f, "bad authentication syntax at byte {at}"),
            ParseError::Scheme => f.write_str("not exactly one authentication scheme"),
            ParseError::Missing(name) => write!(f, "parameter {name} is missing"),
            ParseError::Duplicate(name) => write!(f, "parameter {name} is there twice"),
            ParseError::Invalid(name) => write!(f, "parameter {name} has a bad value"),
        }
    }
}

impl std::error::Error for ParseError {}

/// Why a client has no credentials for a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnswerError {
    /// No challenge uses a scheme, algorithm and quality of protection that is supported and allowed by policy.
    Unsupported,
    /// No account is known for any of the realms.
    NoAccount,
    /// The server has just refused this very account: asking again would only lock it out.
    Rejected,
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AnswerError::Unsupported => "no challenge is supported",
            AnswerError::NoAccount => "no account for the realm",
            AnswerError::Rejected => "user or password was rejected",
        })
    }
}

impl std::error::Error for AnswerError {}
