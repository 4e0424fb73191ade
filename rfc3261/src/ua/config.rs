use std::time::Duration;

use rfc2617::Account as Credential;

use crate::endpoint;
use crate::message::{Method, NameAddr, Uri};

/// The settings and limits of a [`UserAgent`](super::UserAgent).
#[derive(Clone, Debug)]
pub struct Config {
    /// The layers below.
    pub endpoint: endpoint::Config,
    /// Who we are: From of what we send, and the user part of our Contact.
    pub from: NameAddr,
    /// What answers a challenge (401, 407).
    //= rfc3261#22.1/device-account MAY
    //# Which account it is makes no difference.
    //= rfc3261#22.3/several MAY
    //# Each challenge finds its own by realm.
    //= rfc3261#22.2/cache-free MAY
    //# One client a dialog or registration keeps them.
    pub credentials: Vec<Credential>,
    /// An outbound proxy: the first Route of requests outside of dialogs. Give it `;lr`, unless it is a strict router.
    //= rfc3261#8.1.2/local-policy MAY
    //# This one, for every request out of a dialog.
    //= rfc3261#10.2/route MAY
    //# This one.
    pub proxy: Option<Uri>,
    /// The transport for URIs that name none; UDP.
    pub transport: wire::Transport,
    /// User-Agent and Server; none when absent.
    pub user_agent: Option<String>,
    /// Subject of calls.
    pub subject: Option<String>,
    /// Whether to put the address that others see, as told by `received` and `rport`, into Contact: true. A registration
    /// is renewed at once when it turns out to be another than was registered.
    pub learn_address: bool,
    /// Whether to follow redirections (3xx) of INVITE and MESSAGE: true.
    //= rfc3261#13.2.2.2/follow MAY
    //# Unless turned off.
    //= rfc3261#8.1.3.4/any-order MAY
    //# One after another, those of greater q first.
    //= rfc3261#21.3.1/several MAY
    //# The user agent goes through them by itself, or leaves the choice to its caller.
    pub follow_redirects: bool,
    /// How many URIs are tried for one request, the first included, when redirected: 5.
    pub max_redirects: usize,
    /// How often one request answers a challenge: 3. Different proxies on the way each challenge once.
    pub max_challenges: usize,
    /// How many addresses of one name are tried: 4.
    pub max_addresses: usize,
    /// Calls alive at once: 10,000. Beyond, an INVITE gets 486, and [`Error::Busy`](super::Error::Busy) is returned.
    pub max_calls: usize,
    /// Requests of ours alive at once: 20,000.
    pub max_requests: usize,
    /// Dialogs that one INVITE of ours may fork into: 16. Further ones are ended at once.
    pub max_forks: usize,
    /// Whether a MESSAGE is taken: true. Else it gets 405.
    pub accept_messages: bool,
    /// Whether a request outside of dialogs for another user than ours gets 404: false, because proxies and NATs rewrite
    /// Request-URIs, and a phone rings for whoever dials it.
    pub check_user: bool,
    /// Further methods that are handed up as [`Event::Request`](super::Event::Request) instead of being answered 405 or 501.
    pub methods: Vec<Method>,
    /// How long an INVITE to us may stay unanswered before it gets 480: 3 min.
    pub ring_limit: Duration,
    /// How often two line ends go to a registrar that sees us behind a NAT, or over a stream: 25 s. A stream that is gone
    /// by then is opened again by registering anew. Zero turns this off.
    pub keep_alive: Duration,
    /// The first pause before a failed registration is tried again: 30 s. It doubles up to `retry_max`.
    pub retry_min: Duration,
    /// The longest such pause: 30 min.
    pub retry_max: Duration,
}

impl Config {
    /// The defaults for a user agent that calls itself `from`.
    pub fn new(from: NameAddr) -> Config {
        Config {
            endpoint: endpoint::Config::default(),
            from,
            credentials: Vec::new(),
            proxy: None,
            transport: wire::Transport::Udp,
            user_agent: None,
            subject: None,
            learn_address: true,
            follow_redirects: true,
            max_redirects: 5,
            max_challenges: 3,
            max_addresses: 4,
            max_calls: 10_000,
            max_requests: 20_000,
            max_forks: 16,
            accept_messages: true,
            check_user: false,
            methods: Vec::new(),
            ring_limit: Duration::from_secs(180),
            keep_alive: Duration::from_secs(25),
            retry_min: Duration::from_secs(30),
            retry_max: Duration::from_secs(1800),
        }
    }
}
