//! Errors of stanzas (RFC 6120, 8.3): the stanza comes back, and says why.

use std::fmt;

use super::Condition;
use crate::ns;
use crate::xml::Element;

/// What the sender can do about it (RFC 6120, 8.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorType {
    /// Give credentials, then try again.
    Auth,
    /// Nothing: not to be tried again.
    Cancel,
    /// Nothing needs to be done: it was a warning.
    Continue,
    /// Change what was sent, then try again.
    Modify,
    /// Wait, then try again.
    Wait,
}

impl ErrorType {
    /// As it is written in `type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Cancel => "cancel",
            Self::Continue => "continue",
            Self::Modify => "modify",
            Self::Wait => "wait",
        }
    }

    /// From `type`; `None` for another text.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Auth, Self::Cancel, Self::Continue, Self::Modify, Self::Wait].into_iter().find(|t| t.name() == name)
    }

    /// The type that RFC 6120, 8.3.3, recommends for a condition.
    pub const fn recommended(condition: &Condition) -> Self {
        //= rfc6120#8.3.3/recommended-types SHOULD
        //# The first type that the condition's paragraph names.
        match condition {
            Condition::Forbidden
            | Condition::NotAuthorized
            | Condition::RegistrationRequired
            | Condition::SubscriptionRequired => Self::Auth,
            Condition::BadRequest
            | Condition::JidMalformed
            | Condition::NotAcceptable
            | Condition::PolicyViolation
            | Condition::Redirect => Self::Modify,
            Condition::RecipientUnavailable
            | Condition::RemoteServerTimeout
            | Condition::ResourceConstraint
            | Condition::UnexpectedRequest => Self::Wait,
            _ => Self::Cancel,
        }
    }
}

/// The `<error/>` of a stanza of type `error`.
///
/// ```
/// use rfc3920::stanza::{Condition, ErrorType, StanzaError};
/// let error = StanzaError::from(Condition::ItemNotFound).with_text("No such rabbit");
/// assert_eq!(error.kind, ErrorType::Cancel);
/// assert_eq!(StanzaError::from_element(&error.to_element()), error);
/// assert_eq!(error.to_string(), "item-not-found: No such rabbit");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StanzaError {
    /// What the sender can do about it.
    pub kind: ErrorType,
    /// What went wrong.
    pub condition: Condition,
    /// For humans.
    //= rfc6120#8.3.2/text-for-humans MUST NOT
    //# A plain string that is only ever shown.
    pub text: Option<String>,
    /// Address of the entity that says so, as it was written.
    pub by: Option<String>,
    /// Where to go instead, inside [`Condition::Gone`] and [`Condition::Redirect`]: a URI.
    //= rfc6120#8.3.3.14/ask SHOULD
    //# Nothing here goes there by itself: the application gets the address with the error.
    pub location: Option<String>,
    /// What a protocol on top adds (RFC 6120, 8.3.4).
    pub application: Option<Element>,
}

impl From<Condition> for StanzaError {
    fn from(condition: Condition) -> Self {
        let kind = ErrorType::recommended(&condition);
        Self { kind, condition, text: None, by: None, location: None, application: None }
    }
}

impl StanzaError {
    /// With words for humans.
    //= rfc6120#8.3.2/text MAY
    //# For whoever answers with an error and has something to say.
    //= rfc6120#8.3.2/text-lang SHOULD skip
    //# The words are the application's, which said in which language it writes when the stream was opened.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// With what a protocol on top adds.
    #[must_use]
    pub fn with_application(mut self, application: Element) -> Self {
        self.application = Some(application);
        self
    }

    /// From an `<error/>`, whatever its namespace. What is missing is taken as undefined: an error stays an error.
    pub fn from_element(error: &Element) -> Self {
        let standard = |e: &&Element| e.ns() == ns::STANZA_ERRORS && e.name() != "text";
        let condition = error.children().find(standard);
        //= rfc6120#8.3.2/unknown-condition MUST
        //# Kept by its name in an arm that no code here tells from undefined-condition.
        let name = condition.map_or(Condition::UndefinedCondition, |e| Condition::from(e.name()));
        let kind = error.get("type").and_then(ErrorType::from_name);
        let location = condition.map(|c| c.text().into_owned()).filter(|t| !t.is_empty());
        Self {
            kind: kind.unwrap_or(ErrorType::recommended(&name)),
            condition: name,
            text: error.child_text(ns::STANZA_ERRORS, "text").map(|t| t.into_owned()),
            by: error.get("by").map(str::to_owned),
            location,
            //= rfc6120#8.3.4/ignore-unknown MUST
            //# Kept aside; condition and type do not depend on it.
            application: error.children().find(|e| super::is_application(e)).cloned(),
        }
    }

    /// The error that a stanza of type `error` carries; `None` if it is of another type.
    pub fn of(stanza: &Element) -> Option<Self> {
        if stanza.get("type") != Some("error") {
            return None;
        }
        Some(stanza.find(stanza.ns(), "error").map_or_else(|| Condition::UndefinedCondition.into(), Self::from_element))
    }

    /// As `<error/>` in the namespace of clients. A condition that RFC 6120 does not have is sent as undefined.
    pub fn to_element(&self) -> Element {
        //= rfc6120#8.3.2/condition MUST
        //# One of the list, else undefined-condition.
        //= rfc6120#8.3.2/types MUST
        //# An enum of the five.
        //= rfc6120#8.3.3.21/with-application SHOULD NOT skip
        //# A condition that RFC 6120 does not have is written so, with or without more, rather than not at all.
        let name = Condition::ALL.iter().find(|c| **c == self.condition).unwrap_or(&Condition::UndefinedCondition);
        let mut condition = Element::named(ns::STANZA_ERRORS.into(), name.name().into());
        //= rfc6120#8.3.3.5/address SHOULD
        //# Where the application knows one.
        //= rfc6120#8.3.3.5/uri MUST
        //# Written as the application gives it, which the field asks for a URI; no error with an address is made here.
        if let Some(location) = &self.location {
            condition.set_text(location.as_str());
        }
        //= rfc6120#8.3.2/text-namespace MUST
        //# As the condition's.
        //= rfc6120#8.3.1/by MAY
        //# An attribute if it is known.
        let text = self.text.as_deref().map(|t| Element::new(ns::STANZA_ERRORS, "text").with_text(t));
        Element::new(ns::CLIENT, "error")
            .attr("type", self.kind.name())
            .attr_opt("by", self.by.as_deref())
            .child(condition)
            .with(text)
            .with(self.application.clone().filter(super::is_application))
    }
}

//= rfc6120#8.3.2/text-alone SHOULD NOT
//# The condition is always shown, and first.
//= rfc6120#8.3.2/text-beside MAY
//# The words come behind it.
impl fmt::Display for StanzaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => write!(f, "{}: {}", self.condition, super::shown(text)),
            None => write!(f, "{}", self.condition),
        }
    }
}

impl std::error::Error for StanzaError {}
