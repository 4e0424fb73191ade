//! Where the servers of a domain are: SRV records (RFC 2782) of both services (RFC 6120, 3.2; XEP-0368), put in order.
//! Pure: the application asks the DNS, for example like this, and hands over what it got.
//!
//! ```
//! use rfc3920::stream::discovery::{Answer, Srv, names, targets};
//! use rfc3920::stream::{Kind, Target};
//! use wire::Rng;
//!
//! assert_eq!(names("wonderland.example"), ["_xmpp-client._tcp.wonderland.example.", "_xmpps-client._tcp.wonderland.example."]);
//! let tcp = Answer::Records(vec![Srv { priority: 5, weight: 0, port: 5222, target: "a.wonderland.example.".into() }]);
//! let tls = Answer::Records(vec![Srv { priority: 1, weight: 0, port: 443, target: "b.wonderland.example.".into() }]);
//! let order = targets("wonderland.example", &tcp, &tls, &mut Rng::from_u64(1));
//! assert_eq!(order[0], Target::new("b.wonderland.example", 443, Kind::DirectTls));
//! assert_eq!(order[1], Target::new("a.wonderland.example", 5222, Kind::StartTls));
//! // no records: the domain itself, at the port of old
//! let order = targets("wonderland.example", &Answer::None, &Answer::None, &mut Rng::from_u64(1));
//! assert_eq!(order, [Target::new("wonderland.example", 5222, Kind::StartTls)]);
//! ```

use wire::Rng;

use super::{Kind, Target};

/// One SRV record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srv {
    /// Lower is tried first.
    pub priority: u16,
    /// The share of its priority's clients.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host, with or without the dot at its end; `.` alone: there is no such service.
    pub target: String,
}

/// What one SRV lookup gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Records.
    Records(Vec<Srv>),
    /// The name has none, or could not be looked up.
    None,
}

impl Answer {
    /// Whether the domain says that it decidedly does not offer the service.
    //= rfc6120#3.2.1/refusal MUST
    //# Such an answer gives no target, and no fallback.
    //= rfc2782#target/none MUST
    //# One record whose target is the root alone: nothing of that service is tried, and no fallback is made of it.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Answer::Records(records) if records.len() == 1 && records.iter().all(|r| host(&r.target).is_empty()))
    }

    fn records(&self) -> &[Srv] {
        match self {
            Answer::Records(records) => records,
            Answer::None => &[],
        }
    }
}

/// The two names to look SRV records up for: STARTTLS first, then direct TLS.
pub fn names(domain: &str) -> [String; 2] {
    let domain = host(domain);
    [format!("_xmpp-client._tcp.{domain}."), format!("_xmpps-client._tcp.{domain}.")]
}

/// The targets in the order to try them: both services mixed by priority, within a priority drawn by weight. Empty when
/// the domain says that there is no service.
//= xep-0368#2/mix MUST
//# The records of both services go into one list before priorities and weights are looked at.
pub fn targets(domain: &str, starttls: &Answer, direct: &Answer, rng: &mut Rng) -> Vec<Target> {
    let of = |answer: &Answer, kind| {
        let usable = answer.records().iter().filter(|r| !host(&r.target).is_empty() && r.port != 0);
        usable.map(move |r| (r.clone(), kind)).collect::<Vec<_>>()
    };
    let mut records = of(starttls, Kind::StartTls);
    records.extend(of(direct, Kind::DirectTls));
    //= rfc6120#3.2.1/fallback SHOULD
    //# Without any record of STARTTLS or a usable one of direct TLS, the domain itself is the target.
    //= rfc6120#3.2.2/origin SHOULD
    //# Its own addresses, at port 5222.
    //= rfc6120#3.2.1/no-fallback SHOULD NOT
    //# With records, even useless ones, the domain itself is no target.
    if records.is_empty() && starttls.records().is_empty() {
        return vec![Target::new(host(domain), 5222, Kind::StartTls)];
    }
    order(records, rng).into_iter().map(|(r, kind)| Target::new(host(&r.target), r.port, kind)).collect()
}

/// Sorts by priority, and draws within a priority by weight.
fn order<T>(mut records: Vec<(Srv, T)>, rng: &mut Rng) -> Vec<(Srv, T)> {
    //= rfc2782#priority/lowest-first MUST
    //# A stable sort by priority comes first; weights only order what has one priority.
    records.sort_by_key(|(r, _)| (r.priority, r.weight != 0)); // weight 0 first, where it has its small chance
    let mut out = Vec::with_capacity(records.len());
    while let Some(priority) = records.first().map(|(r, _)| r.priority) {
        let group = records.iter().take_while(|(r, _)| r.priority == priority);
        let sum: u64 = group.map(|(r, _)| u64::from(r.weight)).sum();
        //= rfc2782#weight/draw SHOULD
        //# A number from 0 to the sum of the weights, both included, picks the first record whose running sum reaches it.
        let draw = rng.below(sum + 1);
        let mut running = 0;
        let picked = records.iter().position(|(r, _)| {
            running += u64::from(r.weight);
            running >= draw
        });
        out.push(records.remove(picked.unwrap_or(0)));
    }
    out
}

/// The name without the dot at its end.
fn host(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}
