//! What a server offers on a stream (RFC 6120, 4.3.2).

use std::sync::Arc;
use std::time::Duration;

use crate::ns;
use crate::xml::Element;

/// The last list of features.
#[derive(Default)]
pub(super) struct Features {
    pub elements: Arc<[Element]>,
}

impl Features {
    /// The children of `<features/>`, as many as allowed.
    pub fn new(features: &Element, limit: usize) -> Features {
        Features { elements: features.children().take(limit).cloned().collect() }
    }

    pub fn find(&self, ns: &str, name: &str) -> Option<&Element> {
        self.elements.iter().find(|f| f.is(ns, name))
    }

    pub fn starttls(&self) -> bool {
        self.find(ns::TLS, "starttls").is_some()
    }

    /// The mechanisms of SASL as in RFC 6120.
    pub fn mechanisms(&self) -> Option<Vec<String>> {
        self.find(ns::SASL, "mechanisms").map(|offer| mechanisms(offer, ns::SASL))
    }

    /// The offer of SASL2.
    pub fn sasl2(&self) -> Option<Sasl2<'_>> {
        self.find(ns::SASL2, "authentication").map(|offer| Sasl2 { offer, inline: offer.find(ns::SASL2, "inline") })
    }

    /// The types of channel binding that the server says it knows (XEP-0440).
    pub fn bindings(&self) -> Option<Vec<String>> {
        let offer = self.find(ns::CHANNEL_BINDING, "sasl-channel-binding")?;
        let types = offer.children().filter(|c| c.is(ns::CHANNEL_BINDING, "channel-binding"));
        Some(types.filter_map(|c| c.get("type").map(str::to_owned)).collect())
    }

    /// Bytes of one stanza that the server takes (XEP-0478).
    pub fn max_bytes(&self) -> Option<usize> {
        self.limit("max-bytes")
    }

    /// Our silence after which the server may close (XEP-0478).
    pub fn idle(&self) -> Option<Duration> {
        self.limit("idle-seconds").map(|seconds| Duration::from_secs(seconds as u64)).filter(|idle| !idle.is_zero())
    }

    fn limit(&self, name: &str) -> Option<usize> {
        let limits = self.find(ns::STREAM_LIMITS, "limits")?;
        limits.child_text(ns::STREAM_LIMITS, name)?.trim().parse().ok()
    }

    /// Whether a session of old must be asked for: offered, and not said to be optional.
    pub fn session_required(&self) -> bool {
        self.find(ns::SESSION, "session").is_some_and(|session| session.find(ns::SESSION, "optional").is_none())
    }
}

/// The offer of SASL2 (XEP-0388), with what can be done in the same round trip.
pub(super) struct Sasl2<'a> {
    offer: &'a Element,
    inline: Option<&'a Element>,
}

impl Sasl2<'_> {
    pub fn mechanisms(&self) -> Vec<String> {
        mechanisms(self.offer, ns::SASL2)
    }

    /// The mechanisms that take a token (XEP-0484).
    pub fn fast(&self) -> Option<Vec<String>> {
        self.inline?.find(ns::FAST, "fast").map(|fast| mechanisms(fast, ns::FAST))
    }

    pub fn resumes(&self) -> bool {
        self.inline.is_some_and(|inline| inline.find(ns::SM, "sm").is_some())
    }

    pub fn binds(&self) -> bool {
        self.bind().is_some()
    }

    /// Whether binding can enable this feature as well.
    pub fn enables(&self, var: &str) -> bool {
        let inline = self.bind().and_then(|bind| bind.find(ns::BIND2, "inline"));
        inline.is_some_and(|inline| inline.children().any(|f| f.is(ns::BIND2, "feature") && f.get("var") == Some(var)))
    }

    fn bind(&self) -> Option<&Element> {
        self.inline?.find(ns::BIND2, "bind")
    }
}

fn mechanisms(offer: &Element, ns: &str) -> Vec<String> {
    offer.children().filter(|c| c.is(ns, "mechanism")).take(64).map(|c| c.text().trim().to_owned()).collect()
}
