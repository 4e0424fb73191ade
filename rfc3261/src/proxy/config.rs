use std::fmt;
use std::time::Duration;

use crate::endpoint;

/// How a proxy works, and its limits.
#[derive(Clone)]
pub struct Config {
    /// Transport and transactions below.
    pub endpoint: endpoint::Config,
    /// Names and addresses, beside those we listen on, that mean this proxy in a Route or Request-URI; none.
    pub names: Vec<String>,
    /// Whether to stay on the path of the dialogs that requests establish; false.
    pub record_route: bool,
    /// The secret that recorded routes are proved with. Give the same one to a proxy that takes over the dialogs of
    /// another, of an earlier run for one; random when absent.
    pub key: Option<[u8; 32]>,
    /// Timer C: how long an INVITE may wait for its final response after the last provisional one; 181 seconds.
    //= rfc3261#16.6/timer-c-length MUST
    //# The default is longer than 180 seconds; a shorter one is the choice of whoever configures it.
    //= rfc3261#16.7/timer-c-minimum MUST
    //# One value for start and reset.
    pub timer_c: Duration,
    /// Targets of one request; those beyond are not tried. 20.
    pub max_targets: usize,
    /// The greatest Max-Breadth to accept, and the one to add; 60.
    //= rfc5393#5.3.3/maximum MUST
    //# A field, so there always is one.
    //= rfc5393#5.3.3/maximum-60 SHOULD
    //# The default.
    pub max_breadth: u32,
    /// Address lookups under way; a target beyond counts as unreachable. 1000.
    pub max_lookups: usize,
    /// What Retry-After says while draining, in seconds; 30.
    pub retry_after: u32,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("endpoint", &self.endpoint)
            .field("names", &self.names)
            .field("record_route", &self.record_route)
            .field("timer_c", &self.timer_c)
            .finish_non_exhaustive() // the key is nobody's business
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            endpoint: endpoint::Config::default(),
            names: Vec::new(),
            record_route: false,
            key: None,
            timer_c: Duration::from_secs(181),
            max_targets: 20,
            max_breadth: 60,
            max_lookups: 1000,
            retry_after: 30,
        }
    }
}

/// What a proxy has done so far. Counters only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Requests received that began a transaction.
    pub requests: u64,
    /// Copies of requests sent on, ACK excluded.
    pub forwarded: u64,
    /// Responses sent back that came from downstream.
    pub responses: u64,
    /// ACKs sent on.
    pub acks: u64,
    /// ACKs that had nowhere to go.
    pub acks_dropped: u64,
    /// Requests cancelled by their sender.
    pub cancelled: u64,
    /// Requests answered with an error because they were not valid (16.3).
    pub invalid: u64,
    /// Requests that had been here before (482).
    pub loops: u64,
    /// Requests refused because of a full table or a drain (503).
    pub refused: u64,
    /// INVITEs whose timer C fired.
    pub timer_c: u64,
    /// Targets that no address was found for.
    pub unresolved: u64,
}
