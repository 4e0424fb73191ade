//! What the options come to: addresses, sockets and the settings of the user agent.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use net::Driver;
use rfc3261::endpoint::Listen;
use rfc3261::message::{NameAddr, Uri, host_text};
use rfc3261::ua::{Config, UserAgent};
use wire::Transport;

use super::options::Options;
use super::route;
use super::tap::Tap;
use crate::common::{Failure, parse_address};

/// Where to listen: where the options say, else the address that leads to the next hop, else everywhere.
pub(super) async fn local_addresses(options: &Options) -> Result<Vec<IpAddr>, String> {
    let target = options.uri.as_ref().or(options.to.as_ref());
    let hop = match (&options.proxy, target, &options.domain) {
        (Some(proxy), ..) => Some(format!("sip:{proxy}")),
        (None, Some(to), _) => Some(to.clone()),
        (None, None, Some(domain)) if options.register => Some(format!("sip:{domain}")),
        _ => None,
    };
    let Some(hop) = hop else {
        return Ok(options.int_ip.map_or_else(route::everywhere, |ip| vec![ip]));
    };
    let uri = parse_address(&hop)?.uri().clone();
    let host = uri.host().ok_or_else(|| format!("{hop}: there is no host in it"))?;
    let remote = match host.ip() {
        Some(ip) => ip,
        None => {
            let found = tokio::net::lookup_host((host.as_str(), uri.port().unwrap_or(5060))).await;
            let mut found = found.map_err(|e| format!("cannot resolve {}: {e}", host.as_str()))?;
            found.next().map(|address| address.ip()).ok_or_else(|| format!("{} has no address", host.as_str()))?
        }
    };
    if let Some(ip) = options.int_ip {
        return Ok(vec![ip]);
    }
    route::towards(remote).map(|ip| vec![ip]).ok_or_else(|| format!("there is no way to {remote}"))
}

pub(super) fn config(options: &Options, ips: &[IpAddr], password: Option<String>) -> Result<Config, Failure> {
    let ip = options.ext_ip.or(ips.first().copied()).unwrap_or(IpAddr::from([127, 0, 0, 1]));
    let domain = options.domain.clone().unwrap_or_else(|| host_text(ip));
    let from = NameAddr::new(&parse_uri(&format!("sip:{}@{domain}", options.user))?);
    let mut config = Config::new(from);
    if let Some(password) = password {
        let user = options.authuser.as_ref().unwrap_or(&options.user);
        config.credentials.push(rfc2617::Account::new(user, password));
    }
    if let Some(proxy) = &options.proxy {
        let loose = if options.strict_route { "" } else { ";lr" };
        config.proxy = Some(parse_uri(&format!("sip:{proxy}{loose}"))?);
    }
    config.transport = options.transport.first().copied().unwrap_or(Transport::Udp);
    config.user_agent = Some(options.user_agent.clone());
    config.subject = options.subject.clone();
    config.retry_min = Duration::from_secs(options.retry_interval.into());
    Ok(config)
}

/// Opens the SIP sockets: one port for all addresses and transports.
pub(super) fn bind(
    sip: &mut Driver<Tap<UserAgent>>,
    options: &Options,
    ips: &[IpAddr],
) -> Result<Vec<(Transport, SocketAddr)>, Failure> {
    const TRIES: usize = 20;
    let mut error = None;
    for _ in 0..if options.port == 0 { TRIES } else { 1 } {
        match try_bind(sip, options, ips) {
            Ok(bound) => {
                let now = sip.now();
                for (transport, local) in &bound {
                    let mut listen = Listen::new(*transport, *local);
                    if let Some(ip) = options.ext_ip {
                        listen = listen.named(SocketAddr::new(ip, local.port()).to_string());
                    }
                    sip.machine_mut().at(now).listen(listen);
                }
                return Ok(bound);
            }
            Err(e) => error = Some(e),
        }
    }
    Err(error.unwrap_or_else(|| Failure::runtime("no port to listen on")))
}

fn try_bind(
    sip: &mut Driver<Tap<UserAgent>>,
    options: &Options,
    ips: &[IpAddr],
) -> Result<Vec<(Transport, SocketAddr)>, Failure> {
    let mut bound: Vec<(Transport, SocketAddr)> = Vec::new();
    for ip in ips {
        for transport in &options.transport {
            let port = bound.first().map_or(options.port, |(_, first)| first.port());
            let address = SocketAddr::new(*ip, port);
            let opened = match transport {
                Transport::Tcp => sip.bind_tcp(address),
                _ => sip.bind_udp(address),
            };
            match opened {
                Ok(local) => bound.push((*transport, local)),
                Err(e) => {
                    for (transport, local) in bound {
                        match transport {
                            Transport::Tcp => sip.unbind_tcp(local),
                            _ => sip.unbind_udp(local),
                        };
                    }
                    return Err(cannot("listen on", &format!("{transport}:{address}"), &e));
                }
            }
        }
    }
    Ok(bound)
}

pub(super) fn cannot(what: &str, which: &dyn std::fmt::Display, error: &std::io::Error) -> Failure {
    Failure::runtime(format!("cannot {what} {which}: {error}"))
}

pub(super) fn parse_uri(text: &str) -> Result<Uri, Failure> {
    Uri::parse(text.to_owned()).map_err(|_| Failure::usage(format!("{text:?} is not a SIP address")))
}
