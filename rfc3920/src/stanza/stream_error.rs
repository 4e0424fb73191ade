//! Errors of streams (RFC 6120, 4.9): the last element of a stream.

use std::fmt;

use super::StreamCondition;
use crate::ns;
use crate::xml::{self, Element};

/// A `<stream:error/>`. There is no going on after it: the stream is closed (RFC 6120, 4.9.1.1).
///
/// ```
/// use rfc3920::stanza::{StreamCondition, StreamError};
/// let error = StreamError::from(StreamCondition::SystemShutdown).with_text("Back at nine");
/// assert_eq!(StreamError::from_element(&error.to_element()).as_ref(), Some(&error));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StreamError {
    /// Why the stream ends.
    pub condition: StreamCondition,
    //= rfc6120#4.9.2/text-for-humans MUST NOT
    //# A plain string that is only ever shown.
    /// For humans.
    pub text: Option<String>,
    /// Host, or host and port, to connect to instead: the content of [`StreamCondition::SeeOtherHost`].
    pub see_other_host: Option<String>,
    /// What a protocol on top adds (RFC 6120, 4.9.4).
    pub application: Option<Element>,
}

impl From<StreamCondition> for StreamError {
    fn from(condition: StreamCondition) -> Self {
        Self { condition, text: None, see_other_host: None, application: None }
    }
}

/// What to tell a peer whose text was refused.
impl From<&xml::Error> for StreamError {
    fn from(error: &xml::Error) -> Self {
        Self::from(error.condition.clone()).with_text(error.reason)
    }
}

impl StreamError {
    /// With words for humans.
    //= rfc6120#4.9.2/text MAY
    //# What the reader refused is sent with its reason.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// From a first-level element; `None` if it is no stream error. A missing condition is taken as undefined.
    pub fn from_element(element: &Element) -> Option<Self> {
        if !element.is(ns::STREAMS, "error") {
            return None;
        }
        let standard = |e: &&Element| e.ns() == ns::STREAM_ERRORS && e.name() != "text";
        let condition = element.children().find(standard);
        //= rfc6120#4.9.2/unknown-condition MUST
        //# Kept by its name in an arm that no code here tells from undefined-condition.
        let name = condition.map_or(StreamCondition::UndefinedCondition, |e| StreamCondition::from(e.name()));
        let host = condition.filter(|_| name == StreamCondition::SeeOtherHost).map(|c| c.text().trim().to_owned());
        Some(Self {
            condition: name,
            text: element.child_text(ns::STREAM_ERRORS, "text").map(|t| t.into_owned()),
            see_other_host: host.filter(|h| !h.is_empty()),
            application: element.children().find(|e| super::is_application(e)).cloned(),
        })
    }

    /// As an element in the namespace of streams. A condition that RFC 6120 does not have is sent as undefined.
    pub fn to_element(&self) -> Element {
        //= rfc6120#4.9.2/condition MUST
        //# One of the list, else undefined-condition.
        //= rfc6120#4.9.4/supplement SHOULD
        //# It stands behind the defined condition, which is always there.
        let known = StreamCondition::ALL.iter().find(|c| **c == self.condition);
        let name = known.unwrap_or(&StreamCondition::UndefinedCondition);
        let mut condition = Element::named(ns::STREAM_ERRORS.into(), name.name().into());
        if let Some(host) = &self.see_other_host {
            condition.set_text(host.as_str());
        }
        //= rfc6120#4.9.2/text-namespace MUST
        //# As the condition's.
        let text = self.text.as_deref().map(|t| Element::new(ns::STREAM_ERRORS, "text").with_text(t));
        Element::new(ns::STREAMS, "error")
            .child(condition)
            .with(text)
            .with(self.application.clone().filter(super::is_application))
    }
}

//= rfc6120#4.9.2/text-alone MUST NOT
//# The condition is always shown, and first.
//= rfc6120#4.9.2/text-beside MAY
//# The words come behind it.
impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => write!(f, "{}: {}", self.condition, super::shown(text)),
            None => write!(f, "{}", self.condition),
        }
    }
}

impl std::error::Error for StreamError {}
