//! What a user allows, and what is remembered of the account's earlier logins.

use std::ops::RangeInclusive;

use super::Mechanism;

/// What a login may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether the password itself may be sent, over TLS, to a server that knows nothing better. False.
    pub allow_plain: bool,
    /// Whether a login must hold for this connection alone: -PLUS, a bound token or a certificate. False.
    pub require_plus: bool,
    /// What the account's earlier logins were like: nothing weaker is done. None.
    pub pinned: Option<Pin>,
    /// How many rounds a server may ask for: fewer would make the password guessable to those who see the proof, more
    /// is an attack on the processor. 4,096 to 1,000,000.
    pub iterations: RangeInclusive<u32>,
    /// Whether SCRAM without encryption is allowed: for tests on one host. False.
    pub unencrypted: bool,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            allow_plain: false,
            require_plus: false,
            pinned: None,
            iterations: 4096..=1_000_000,
            unencrypted: false,
        }
    }
}

/// What is remembered of an account's logins, to notice when somebody between us and the server hides what it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The strongest mechanism that a login ended well with.
    pub mechanism: Mechanism,
    /// The server's part of the nonce of the last login: it must never come again.
    pub server_nonce: Option<String>,
}
