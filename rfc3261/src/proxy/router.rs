use wire::Instant;

use super::us::Us;
use crate::endpoint::{ServerId, Source, Target};
use crate::message::{Request, Response, Uri};

/// A request that needs targets, as the proxy has preprocessed it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its transaction; an ACK has none.
    pub id: Option<ServerId>,
    /// The request; Route values that named us are gone.
    pub request: &'a Request,
    /// Where it came from.
    pub source: &'a Source,
    /// Whether it carried a Route that named us.
    pub was_routed: bool,
    /// Whether that Route was recorded by us for this very dialog, and not just written by the sender.
    pub is_recorded: bool,
    /// Whether its Request-URI names this proxy or a domain that it is responsible for.
    pub is_ours: bool,
    pub(super) us: &'a Us,
}

impl Asked<'_> {
    /// Whether a URI names this proxy or a domain that it is responsible for.
    pub fn is_known_domain(&self, uri: &Uri) -> bool {
        self.us.is(uri)
    }

    /// Whether it belongs to a dialog: its To has a tag.
    pub fn is_in_dialog(&self) -> bool {
        matches!(self.request.headers.to(), Ok(Some(to)) if to.tag().is_some())
    }
}

/// A target: one way to go for a request.
#[derive(Clone, Debug)]
pub struct Fork {
    /// The Request-URI of the copy.
    pub uri: Uri,
    /// The preference in thousandths; the highest are tried first, equal ones together.
    pub q: u16,
    /// The flow that the client registered over: a last resort when nobody can be reached where the URI leads.
    pub flow: Option<Target>,
    /// Whether the flow is the only way, because the URI leads into a network behind a NAT.
    pub is_flow_only: bool,
}

impl Fork {
    /// The target that a URI leads to.
    pub fn to(uri: Uri) -> Fork {
        Fork { uri, q: 1000, flow: None, is_flow_only: false }
    }
}

/// What to do with a request.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Forward it to these targets (16.5). None of them: the proxy answers 480.
    Forward(Vec<Fork>),
    /// Answer it, as a server: a To tag is added where it is missing.
    Reply(Response),
    /// Answer it and keep no state (8.2.7); for responses to a flood. An INVITE is answered as by `Reply`.
    ReplyStateless(Response),
    /// The decision takes time; [`Proxy::decide`](super::Proxy::decide) will bring it.
    Wait,
}

/// Decides where requests belong.
pub trait Router {
    /// Decides on a request. For an ACK only [`Decision::Forward`] has an effect, and of its targets the first.
    fn route(&mut self, now: Instant, asked: &Asked<'_>) -> Decision;

    /// When the router wants [`Router::tick`] at the latest.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Time passed.
    fn tick(&mut self, now: Instant) {
        let _ = now;
    }
}
