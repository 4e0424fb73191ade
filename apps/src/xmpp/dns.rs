//! SRV records, by the system's settings.

use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;
use rfc3920::stream::discovery::{self, Answer, Srv};
use rfc3920::stream::{Kind, Target};
use wire::Rng;

/// Where the servers of `domain`, which has ASCII labels, are; in the order to try them.
pub async fn targets(domain: String, mut rng: Rng) -> Vec<Target> {
    if domain.parse::<std::net::IpAddr>().is_ok() {
        return vec![Target::new(domain, 5222, Kind::StartTls)];
    }
    let (starttls, direct) = match TokioResolver::builder_tokio().and_then(|builder| builder.build()) {
        Ok(resolver) => {
            let [starttls, direct] = discovery::names(&domain);
            tokio::join!(records(&resolver, starttls), records(&resolver, direct))
        }
        Err(why) => {
            tracing::debug!("the resolver's settings cannot be read: {why}");
            (Answer::None, Answer::None)
        }
    };
    discovery::targets(&domain, &starttls, &direct, &mut rng)
}

async fn records(resolver: &TokioResolver, name: String) -> Answer {
    let lookup = match tokio::time::timeout(PATIENCE, resolver.srv_lookup(name.as_str())).await {
        Ok(Ok(lookup)) => lookup,
        Ok(Err(why)) => {
            tracing::debug!("{name}: {why}");
            return Answer::None;
        }
        Err(_) => {
            tracing::debug!("{name}: no answer in time");
            return Answer::None;
        }
    };
    let records = lookup.answers().iter().filter_map(|record| match &record.data {
        RData::SRV(srv) => {
            Some(Srv { priority: srv.priority, weight: srv.weight, port: srv.port, target: srv.target.to_ascii() })
        }
        _ => None,
    });
    match records.collect::<Vec<_>>() {
        none if none.is_empty() => Answer::None,
        records => Answer::Records(records),
    }
}

/// How long DNS may take, retries included.
const PATIENCE: Duration = Duration::from_secs(10);
