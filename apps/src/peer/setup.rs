//! From options to a node on its sockets.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use mesh::{Address, Seed};
use net::{Clock, Driver};
use serializer::Compression;
use wire::{Rng, Transport};

use super::address::Place;
use super::capture::Capture;
use super::node::{Node, Watched};
use super::options::{Ids, Kind, Mode, NodeOptions};
use super::security;
use crate::common::{self, Failure, seed, suggest};

/// A node that is ready to run.
pub(super) struct Ready {
    pub driver: Driver<Watched>,
    pub trace: Option<net::Trace>,
    /// Where it listens, with the ports that it really got.
    pub listen: Vec<(Transport, SocketAddr)>,
    pub subnet: String,
    pub compression: Vec<Compression>,
    /// The fingerprint of our certificate.
    pub pin: Option<net::Fingerprint>,
}

/// Opens the sockets and makes the node.
///
/// # Errors
/// What keeps it from starting, and what to do about it.
pub(super) fn set_up(kind: Kind, options: &NodeOptions) -> Result<Ready, Failure> {
    let clock = Clock::start();
    let rng = match options.random_seed {
        Some(number) => Rng::from_u64(number),
        None => Rng::from_seed(seed()?),
    };
    let compression = compression(options.compression.as_deref())?;
    let mut config = mesh_config(kind, options, &compression)?;
    config.epoch = clock.epoch();
    let limits = net::Config {
        clock,
        connections: config.max_incoming + config.max_outgoing + SPARE_CONNECTIONS,
        stream_queue: STREAM_QUEUE.max(2 * config.limits.message.frame),
        close_timeout: LAST_WORDS,
        tls: security::tls(options)?,
        ws: net::Ws { message: config.limits.message.frame + FRAME_HEADER, ..net::Ws::default() },
        ..net::Config::default()
    };
    let pin = security::pin(&limits.tls);
    let per_seed = net::Options::from(&limits);
    let mut driver = Driver::with_config(Watched::default(), limits);
    security::expect_names(&mut driver, options, &per_seed);
    let trace = common::trace(options.trace.as_ref())?;
    driver.trace(trace.clone());
    if let Some(path) = &options.capture {
        let capture = Capture::to_file(path, config.limits.message.frame).map_err(|e| {
            Failure::runtime(format!("cannot write {}: {e}; choose another with --capture", path.display()))
        })?;
        driver.machine_mut().capture = Some(capture);
    }
    let listen = bind_all(&mut driver, options)?;
    config.listen = announced(&listen, options)?;
    if let (Some(capture), Some((_, first))) = (&mut driver.machine_mut().capture, listen.first()) {
        capture.set_port(first.port());
    }
    let subnet = config.subnet.clone();
    driver.machine_mut().set(node(kind, options, config, rng));
    Ok(Ready { driver, trace, listen, subnet, compression, pin })
}

fn node(kind: Kind, options: &NodeOptions, mesh: mesh::Config, rng: Rng) -> Node {
    match kind {
        Kind::Mesh => Node::Mesh(Box::new(mesh::Node::new(mesh, rng))),
        Kind::Sync => {
            let config = sync::Config { mesh, leasing: !options.no_leasing, ..sync::Config::default() };
            Node::Sync(Box::new(sync::Node::new(config, rng)))
        }
        Kind::Chord => {
            let mode = match options.mode {
                Mode::Auto => chord::Mode::Auto,
                Mode::Ring => chord::Mode::Ring,
                Mode::Tables => chord::Mode::Tables,
            };
            let state = options.name.iter().map(|name| ("name".into(), name.as_str().into())).collect();
            let config = chord::Config { mesh, mode, joined: !options.leeching, state, ..chord::Config::default() };
            Node::Chord(Box::new(chord::Node::new(config, rng)))
        }
    }
}

fn mesh_config(kind: Kind, options: &NodeOptions, compression: &[Compression]) -> Result<mesh::Config, Failure> {
    let mut config = mesh::Config {
        subnet: options.subnet.clone().unwrap_or_else(|| kind.name().to_owned()),
        name: options.name.clone().unwrap_or_default(),
        compression: compression.to_vec(),
        text_protocol_id: options.ids == Ids::Strall,
        ..mesh::Config::default()
    };
    for place in &options.seed {
        if place.port == 0 {
            return Err(Failure::usage(format!("--seed {place}: a node to join has a port; its ready line tells")));
        }
        let transport = place.transport.unwrap_or(options.transport());
        config.seeds.push(Seed::new(transport, Address::new(place.host.clone(), place.port)));
    }
    config.max_outgoing = options.max_outgoing.unwrap_or(config.max_outgoing);
    config.max_incoming = options.max_incoming.unwrap_or(config.max_incoming);
    if let Some(bytes) = options.max_frame {
        config.limits.message.frame = bytes;
        config.limits.message.inflated = bytes;
    }
    Ok(config)
}

/// The methods that `--compression` names.
fn compression(list: Option<&str>) -> Result<Vec<Compression>, Failure> {
    let names = list.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "none");
    let method = |name: &str| {
        let method = match name.parse::<u64>() {
            Ok(code) => Compression::from_code(code),
            Err(_) => METHODS.iter().find(|(known, _)| *known == name).map(|(_, method)| *method),
        };
        method.ok_or_else(|| {
            let near = suggest(name, METHODS.iter().map(|(name, _)| *name));
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            Failure::usage(format!("--compression: no method {name}{near} There are snappy, zlib, gzip, bz2 and lzma"))
        })
    };
    names.map(method).collect()
}

// ---- sockets

/// Where to listen: as the options say, else on the usual port of this machine or, when that is taken, on a free one.
fn bind_all(driver: &mut Driver<Watched>, options: &NodeOptions) -> Result<Vec<(Transport, SocketAddr)>, Failure> {
    let default = options.transport();
    if !options.listen.is_empty() {
        return options.listen.iter().map(|place| bind(driver, &place.clone().or(default), "--listen")).collect();
    }
    let host = options.host.clone().unwrap_or_else(|| Ipv4Addr::LOCALHOST.to_string());
    let place = |port| Place { transport: Some(default), host: host.clone(), port };
    let bound = match options.port {
        Some(port) => bind(driver, &place(port), "--port")?,
        None => bind(driver, &place(USUAL_PORT), "--listen").or_else(|_| bind(driver, &place(0), "--listen"))?,
    };
    Ok(vec![bound])
}

fn bind(driver: &mut Driver<Watched>, place: &Place, option: &str) -> Result<(Transport, SocketAddr), Failure> {
    let transport = place.transport.unwrap_or(Transport::Tcp);
    let address = place.resolve().map_err(|why| Failure::runtime(format!("cannot listen on {place}: {why}")))?;
    let bound = driver.listen(transport, address).map_err(|e| {
        let why = match e.kind() {
            io::ErrorKind::AddrInUse => "address in use".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            io::ErrorKind::AddrNotAvailable => "no such address here".to_owned(),
            _ => e.to_string(),
        };
        Failure::runtime(format!(
            "cannot listen on {place}: {why}; choose another with {option}, port 0 takes a free one"
        ))
    })?;
    Ok((transport, bound))
}

/// What to tell others: where we listen, with the host and port of `--announce` in its place.
fn announced(
    listen: &[(Transport, SocketAddr)],
    options: &NodeOptions,
) -> Result<Vec<(Transport, SocketAddr)>, Failure> {
    let Some(text) = &options.announce else { return Ok(listen.to_vec()) };
    let has_port =
        text.rsplit_once(':').is_some_and(|(host, port)| port.parse::<u16>().is_ok() && !host.ends_with(':'));
    let text = if has_port { text.clone() } else { format!("{text}:0") };
    let wrong = |why| Failure::usage(format!("--announce: {why}"));
    let told = text.parse::<Place>().and_then(|place| place.resolve()).map_err(wrong)?;
    let port = |bound: u16| if told.port() == 0 { bound } else { told.port() };
    Ok(listen.iter().map(|(transport, at)| (*transport, SocketAddr::new(told.ip(), port(at.port())))).collect())
}

const METHODS: [(&str, Compression); 5] = [
    ("snappy", Compression::Snappy),
    ("zlib", Compression::Zlib),
    ("gzip", Compression::Gzip),
    ("bz2", Compression::Bz2),
    ("lzma", Compression::Lzma),
];
const USUAL_PORT: u16 = 4444;
/// Connections that are being opened, or refused politely.
const SPARE_CONNECTIONS: usize = 64;
/// What waits for a slow reader before its connection is closed.
const STREAM_QUEUE: usize = 4 << 20;
const FRAME_HEADER: usize = 4;
/// How long the last bytes may take when we leave.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_by_name_and_number() {
        assert_eq!(compression(Some("snappy, 19")).unwrap(), [Compression::Snappy, Compression::Zlib]);
        assert!(compression(Some("none")).unwrap().is_empty() && compression(None).unwrap().is_empty());
        assert!(compression(Some("zip")).unwrap_err().to_string().contains("did you mean"));
        assert!(compression(Some("7")).is_err());
    }

    #[test]
    fn what_others_are_told() {
        let listen = [(Transport::Tcp, "0.0.0.0:4444".parse().unwrap())];
        let told = |text: &str| {
            let options = NodeOptions { announce: Some(text.into()), ..NodeOptions::default() };
            announced(&listen, &options).map(|told| told[0].1.to_string())
        };
        assert_eq!(told("192.0.2.7").unwrap(), "192.0.2.7:4444");
        assert_eq!(told("192.0.2.7:80").unwrap(), "192.0.2.7:80");
        assert_eq!(told("[2001:db8::1]").unwrap(), "[2001:db8::1]:4444");
        assert!(told("a b").is_err());
    }
}
