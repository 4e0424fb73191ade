use std::fmt;

use wire::Transition;

use State::*;

/// Where a [`Client`](super::Client) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Not connected, and not about to be.
    Idle,
    /// Not connected; the next try has its time.
    Waiting,
    /// The application looks for targets.
    Discovering,
    /// A target's addresses are looked up.
    Resolving,
    /// A connection is being opened.
    Connecting,
    /// TLS is being agreed on.
    Securing,
    /// Our stream header is sent, theirs is waited for.
    Opening,
    /// The list of features is waited for.
    Features,
    /// `<starttls/>` is sent.
    StartTls,
    /// The exchange of SASL runs.
    Login,
    /// `<resume/>` is sent.
    Resuming,
    /// A resource is asked for.
    Binding,
    /// `<enable/>` is sent.
    Enabling,
    /// Stanzas flow.
    Online,
    /// `</stream:stream>` is sent, theirs is waited for.
    Closing,
}

impl State {
    /// What is done there, for messages.
    pub(super) fn doing(self) -> &'static str {
        match self {
            Idle | Waiting => "waiting",
            Discovering => "looking for the servers of the domain",
            Resolving => "looking up an address",
            Connecting => "connecting",
            Securing => "beginning encryption",
            Opening | Features => "opening the stream",
            StartTls => "asking for encryption",
            Login => "logging in",
            Resuming => "resuming the session",
            Binding => "binding a resource",
            Enabling => "enabling stream management",
            Online => "being online",
            Closing => "closing the stream",
        }
    }
}

/// What makes a [`Client`](super::Client) go from state to state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stimulus {
    /// Begin, and nobody knows where.
    Discover,
    /// The next target is a name.
    Lookup,
    /// The next address is known.
    Dial,
    /// The connection is there, TLS begins (direct, or after `<proceed/>`).
    Encrypt,
    /// A fresh stream may be opened: connected, secured, or logged in by the SASL of RFC 6120.
    Open,
    /// Their header came, or SASL2 told success: features follow.
    Expect,
    /// Features without TLS so far.
    StartTls,
    /// Features with mechanisms; or a token was refused and the password is next.
    LogIn,
    /// Features after the login, and a session to resume.
    Resume,
    /// Features after the login, and none to resume; or the resource is not to be had.
    Bind,
    /// A resource is bound, and stream management was offered.
    Enable,
    /// The session stands.
    Ready,
    /// The application closes an open stream.
    Close,
    /// It ended, and is tried again later.
    Retry,
    /// It ended.
    End,
}

//= rfc6120#7.1/after-login MUST
//# The ways into Online come from states behind a login alone, and lead through a bound or resumed session.
/// The transitions that there are: from any of the states, by the stimulus, to the state. The client moves by this table
/// alone.
//= rfc6120#13.3/layers MUST
//# Connecting, Securing, Login, Binding, Online: the rows leave no way around one of them.
pub const TRANSITIONS: &[Transition<State, Stimulus>] = &[
    Transition::new(
        &[Idle, Waiting, Resolving, Connecting, Securing, Opening],
        Stimulus::Discover,
        "ask for the servers of the domain",
        Discovering,
    ),
    Transition::new(
        &[Idle, Waiting, Discovering, Resolving, Connecting, Securing, Opening],
        Stimulus::Lookup,
        "look it up",
        Resolving,
    ),
    Transition::new(
        &[Idle, Waiting, Discovering, Resolving, Connecting, Securing, Opening],
        Stimulus::Dial,
        "open a connection",
        Connecting,
    ),
    Transition::new(&[Connecting, StartTls], Stimulus::Encrypt, "begin TLS", Securing),
    Transition::new(&[Connecting, Securing, Login], Stimulus::Open, "send the stream header", Opening),
    Transition::new(&[Opening, Login], Stimulus::Expect, "", Features),
    Transition::new(&[Features], Stimulus::StartTls, "send starttls", StartTls),
    Transition::new(&[Features, Login], Stimulus::LogIn, "begin SASL, or begin it again", Login),
    Transition::new(&[Features], Stimulus::Resume, "send resume", Resuming),
    Transition::new(&[Features, Resuming, Binding], Stimulus::Bind, "ask for a resource", Binding),
    Transition::new(&[Binding], Stimulus::Enable, "send enable", Enabling),
    Transition::new(&[Features, Resuming, Binding, Enabling], Stimulus::Ready, "tell Online", Online),
    Transition::new(
        &[Opening, Features, StartTls, Login, Resuming, Binding, Enabling, Online],
        Stimulus::Close,
        "send the end of the stream",
        Closing,
    ),
    Transition::new(&ANY, Stimulus::Retry, "tell Offline, set a time", Waiting),
    Transition::new(&ANY, Stimulus::End, "tell Offline", Idle),
];

const ANY: [State; 15] = [
    Idle,
    Waiting,
    Discovering,
    Resolving,
    Connecting,
    Securing,
    Opening,
    Features,
    StartTls,
    Login,
    Resuming,
    Binding,
    Enabling,
    Online,
    Closing,
];

/// Where the table leads, if it knows the stimulus in that state.
pub fn next(state: State, stimulus: Stimulus) -> Option<State> {
    wire::next(TRANSITIONS, state, stimulus)
}

/// In words, as the digest's table and the diagram have it.
impl fmt::Display for Stimulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stimulus::Discover => "begin, no target known",
            Stimulus::Lookup => "next target, a name",
            Stimulus::Dial => "next address",
            Stimulus::Encrypt => "connected for TLS, or proceed",
            Stimulus::Open => "connected, secured or logged in",
            Stimulus::Expect => "stream header, or SASL2 success",
            Stimulus::StartTls => "features before TLS",
            Stimulus::LogIn => "mechanisms, or a token refused",
            Stimulus::Resume => "features, a session to resume",
            Stimulus::Bind => "features, or not resumed",
            Stimulus::Enable => "bound, management offered",
            Stimulus::Ready => "session stands",
            Stimulus::Close => "close",
            Stimulus::Retry => "ended, to be tried again",
            Stimulus::End => "ended",
        })
    }
}
