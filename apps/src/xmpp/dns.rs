//! SRV records, by the system's settings.

use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;
use rfc3920::stream::discovery::{self, Answer, Srv};
use rfc3920::stream::{Kind, Target};
use wire::Rng;

/// Where the servers of `domain`, which has ASCII labels, are; in the order to try them.
pub async fn targets(domain: String, rng: Rng) -> Vec<Target> {
    if domain.parse::<std::net::IpAddr>().is_ok() {
        return vec![Target::new(domain, 5222, Kind::StartTls)];
    }
    let resolver = TokioResolver::builder_tokio().and_then(|builder| builder.build());
    let resolver = resolver.inspect_err(|why| tracing::debug!("the resolver's settings cannot be read: {why}"));
    targets_by(resolver.ok().as_ref(), &domain, rng).await
}

async fn targets_by(resolver: Option<&TokioResolver>, domain: &str, mut rng: Rng) -> Vec<Target> {
    let (starttls, direct) = match resolver {
        Some(resolver) => {
            let [starttls, direct] = discovery::names(domain);
            tokio::join!(records(resolver, starttls), records(resolver, direct))
        }
        None => (Answer::None, Answer::None),
    };
    discovery::targets(domain, &starttls, &direct, &mut rng)
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

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use hickory_resolver::config::{NameServerConfig, ResolverConfig};
    use hickory_resolver::net::runtime::TokioRuntimeProvider;
    use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
    use hickory_resolver::proto::rr::rdata::SRV;
    use hickory_resolver::proto::rr::{Name, Record};
    use tokio::net::UdpSocket;

    use super::*;

    /// A server that knows one domain with two services, and one that has none.
    async fn serve(socket: UdpSocket) {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let asked = Message::from_vec(&buffer[..length]).unwrap();
            let name = asked.queries[0].name().clone();
            let srv = |priority, port, target: &str| SRV::new(priority, 0, port, Name::from_ascii(target).unwrap());
            let found = match name.to_ascii().to_lowercase().as_str() {
                "_xmpp-client._tcp.wonderland.example." => vec![srv(5, 5222, "a.wonderland.example.")],
                "_xmpps-client._tcp.wonderland.example." => vec![srv(1, 443, "b.wonderland.example.")],
                "_xmpp-client._tcp.closed.example." | "_xmpps-client._tcp.closed.example." => vec![srv(0, 0, ".")],
                _ => Vec::new(),
            };
            let mut answer = Message::response(asked.metadata.id, OpCode::Query);
            answer.queries = asked.queries.clone();
            if found.is_empty() {
                answer.metadata.response_code = ResponseCode::NXDomain;
            }
            answer.add_answers(found.into_iter().map(|srv| Record::from_rdata(name.clone(), 60, RData::SRV(srv))));
            socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn records_become_targets() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut server = NameServerConfig::udp(IpAddr::V4(Ipv4Addr::LOCALHOST));
        server.connections[0].port = socket.local_addr().unwrap().port();
        tokio::spawn(serve(socket));
        let config = ResolverConfig::from_name_servers(vec![server]);
        let resolver = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).build().unwrap();
        let of = |domain| targets_by(Some(&resolver), domain, Rng::from_u64(1));
        let (direct, starttls) = (Kind::DirectTls, Kind::StartTls);
        let both =
            [Target::new("b.wonderland.example", 443, direct), Target::new("a.wonderland.example", 5222, starttls)];
        assert_eq!(of("wonderland.example").await, both);
        assert_eq!(of("closed.example").await, []);
        assert_eq!(of("plain.example").await, [Target::new("plain.example", 5222, starttls)]);
        assert_eq!(targets("192.0.2.1".into(), Rng::from_u64(1)).await, [Target::new("192.0.2.1", 5222, starttls)]);
    }
}
