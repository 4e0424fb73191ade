//! Who we are on encrypted links, and whom we trust.

use std::net::SocketAddr;
use std::path::Path;

use net::{Driver, Fingerprint, Identity, Tls, Trust};
use wire::{Machine, Transport};

use super::address::Place;
use super::options::NodeOptions;
use crate::common::{Failure, self_signed};

/// How links are secured: with a certificate if anybody dials us over TLS, and the trust that the options ask for.
/// Without any, certificates have to be signed by an authority that the operating system trusts.
///
/// # Errors
/// When a file cannot be read or used.
pub(super) fn tls(options: &NodeOptions) -> Result<Tls, Failure> {
    let default = options.transport();
    let listens = options.listen.iter().any(|place| place.transport.unwrap_or(default).is_secure());
    let needed = listens || default.is_secure() || options.cert.is_some();
    let identity = if needed { Some(identity(options)?) } else { None };
    Ok(Tls { identity, trust: trust(options)?, ..Tls::default() })
}

/// The fingerprint that others may pin.
pub(super) fn pin(tls: &Tls) -> Option<Fingerprint> {
    tls.identity.as_ref().map(Identity::fingerprint)
}

fn identity(options: &NodeOptions) -> Result<Identity, Failure> {
    if let (Some(cert), Some(key)) = (&options.cert, &options.key) {
        let unusable = |e| Failure::runtime(format!("--cert {} with --key {}: {e}", cert.display(), key.display()));
        return Identity::from_pem(read(cert, "--cert")?, read(key, "--key")?).map_err(unusable);
    }
    let announced = options.announce.iter().filter_map(|text| {
        let host = text.parse::<Place>().map_or_else(|_| text.clone(), |place| place.host);
        Some(host.trim_matches(['[', ']']).to_owned()).filter(|host| !host.is_empty())
    });
    let mut names: Vec<String> = options.listen.iter().map(|place| place.host.clone()).chain(announced).collect();
    names.extend(options.host.clone());
    if names.is_empty() {
        names.push("127.0.0.1".into());
    }
    self_signed(names)
}

fn trust(options: &NodeOptions) -> Result<Trust, Failure> {
    if let Some(path) = &options.ca {
        let unusable = |e| Failure::runtime(format!("--ca {}: {e}; it takes certificates in PEM", path.display()));
        return Trust::roots(read(path, "--ca")?).map_err(unusable);
    }
    let as_the_old_programs = options.enc.is_some_and(|encryption| encryption.transport().is_secure());
    Ok(match options.pin.as_slice() {
        [] if options.insecure || as_the_old_programs => Trust::Anyone,
        [] => Trust::System,
        pins => Trust::Pinned(pins.iter().map(|pin| Fingerprint(*pin)).collect()),
    })
}

/// What to do about certificates that were not trusted.
pub(super) fn advice(options: &NodeOptions) -> &'static str {
    match (&options.ca, options.pin.as_slice()) {
        (Some(_), _) => "no authority in the file of --ca signed its certificate, or not for the name that was dialled",
        (None, [_, ..]) => "its certificate is not the one of --pin: its ready line tells the right one",
        (None, []) if options.insecure || options.enc.is_some() => "it does not speak TLS on that port",
        (None, []) => {
            "no authority that this system trusts signed its certificate: give the number of its ready line with --pin, \
             the authority with --ca, or --insecure to trust anybody"
        }
    }
}

/// Where a seed is a name, its certificate has to be for that name, which the driver does not see in its address.
pub(super) fn expect_names<M: Machine>(driver: &mut Driver<M>, options: &NodeOptions, settings: &net::Options) {
    for place in options.seed.iter().filter(|place| place.ip().is_none()) {
        let transport = place.transport.unwrap_or(options.transport());
        if transport == Transport::Tcp {
            continue;
        }
        let found: Vec<SocketAddr> = place.all().unwrap_or_default(); // the mesh tells if there is none
        for remote in found {
            let mut own = settings.clone();
            own.tls.server_name = Some(place.host.clone());
            own.ws.host = Some(place.host.clone());
            driver.options_for(remote, Some(own));
        }
    }
}

fn read(path: &Path, option: &str) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|e| Failure::runtime(format!("{option}: cannot read {}: {e}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_given_explicitly() {
        let of = |change: fn(&mut NodeOptions)| {
            let mut options = NodeOptions { tls: true, ..NodeOptions::default() };
            change(&mut options);
            trust(&options).unwrap()
        };
        assert!(matches!(of(|_| {}), Trust::System));
        assert!(matches!(of(|options| options.insecure = true), Trust::Anyone));
        assert!(matches!(of(|options| options.pin = vec![[7; 32]]), Trust::Pinned(_)));
        assert!(matches!(of(|options| options.enc = Some(super::super::Encryption::Ssl)), Trust::Anyone));
    }

    #[test]
    fn a_certificate_is_made_where_one_is_needed() {
        let mut options = NodeOptions::default();
        assert!(tls(&options).unwrap().identity.is_none());
        options.listen.push("tls:127.0.0.1:0".parse().unwrap());
        assert_ne!(pin(&tls(&options).unwrap()), pin(&tls(&options).unwrap()), "each start has its own");
    }
}
