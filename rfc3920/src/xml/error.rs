//! Why text was refused.

use std::fmt;

use crate::stanza::StreamCondition;

/// Text that is no XML that a stream may carry, or an element that can not be written as such.
///
/// `condition` is what the stream error says that the receiver answers with (RFC 6120, 4.9.3); `reason` says in a few
/// words what was wrong, for a log. It never quotes what the peer sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The condition of the stream error to end the stream with.
    pub condition: StreamCondition,
    /// What was wrong.
    pub reason: &'static str,
}

//= rfc6120#4.9.3.1/specific SHOULD
//# Each kind of fault has its own condition; bad-format is left for another root element.
impl Error {
    pub(crate) fn malformed(reason: &'static str) -> Self {
        Self { condition: StreamCondition::NotWellFormed, reason }
    }

    pub(crate) fn restricted(reason: &'static str) -> Self {
        Self { condition: StreamCondition::RestrictedXml, reason }
    }

    pub(crate) fn limit(reason: &'static str) -> Self {
        Self { condition: StreamCondition::PolicyViolation, reason }
    }

    pub(crate) fn encoding(reason: &'static str) -> Self {
        Self { condition: StreamCondition::UnsupportedEncoding, reason }
    }

    pub(crate) fn namespace(reason: &'static str) -> Self {
        Self { condition: StreamCondition::InvalidNamespace, reason }
    }

    pub(crate) fn prefix(reason: &'static str) -> Self {
        Self { condition: StreamCondition::BadNamespacePrefix, reason }
    }

    pub(crate) fn format(reason: &'static str) -> Self {
        Self { condition: StreamCondition::BadFormat, reason }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.condition.name(), self.reason)
    }
}

impl std::error::Error for Error {}
