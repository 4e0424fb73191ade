use net::{Clock, Driver};
use rfc2617::{Account, Algorithm, Lookup, Secret as Proof, Username};
use rfc3261::endpoint::{self, Listen as EndpointListen};
use rfc3261::proxy::{Config, Home, HomeConfig, Proxy};
use rfc3261::registrar::{Guard, GuardConfig, RegistrarConfig, Users as Accounts};
use wire::{Rng, Transport};

use super::{DigestAlgorithm, Settings};
use crate::common::{self, Failure, Listen, Secret, Users, seed};

/// The machine that the settings ask for, on its sockets, and the addresses that those really have. `key` is the secret
/// of its recorded routes, if there is one from an earlier run.
pub(super) fn build(settings: &Settings, key: Option<[u8; 32]>) -> Result<(Driver<Proxy<Home>>, Vec<Listen>), Failure> {
    let clock = Clock::start();
    let mut rng = Rng::from_seed(seed()?);
    let guard = settings.users.clone().map(|users| {
        let defaults = GuardConfig::new(settings.realm.clone());
        let algorithms = settings.digest.iter().map(|a| a.algorithm()).collect();
        Guard::new(GuardConfig { algorithms, epoch: clock.epoch(), ..defaults }, Box::new(UserFile(users)), &mut rng)
    });
    let home = Home::new(
        HomeConfig {
            registrar: RegistrarConfig {
                min_expires: settings.min_expires,
                max_expires: settings.max_expires,
                default_expires: settings.max_expires,
                max_contacts: settings.max_contacts,
                epoch: clock.epoch(),
                ..RegistrarConfig::default()
            },
            redirect: settings.redirect,
            hold: settings.location.is_some(),
            open_relay: false,
        },
        guard,
    );
    let config = Config {
        endpoint: endpoint::Config {
            max_clients: settings.max_transactions,
            max_servers: settings.max_transactions,
            honor_maddr: false,
            ..endpoint::Config::default()
        },
        names: settings.domains.clone(),
        record_route: settings.record_route,
        key,
        timer_c: settings.timer_c,
        ..Config::default()
    };
    let mut driver =
        Driver::with_config(Proxy::new(config, home, rng), net::Config { clock, ..net::Config::default() });
    driver.trace(common::trace(settings.trace.as_ref())?);
    let mut bound: Vec<Listen> = Vec::new();
    for listen in &settings.listen {
        let addr = bind(&mut driver, *listen, &bound)?;
        let mut ours = EndpointListen::new(listen.transport, addr);
        if let Some(name) = &settings.advertise {
            let has_port = name.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
            ours = ours.named(if has_port { name.clone() } else { format!("{name}:{}", addr.port()) });
        }
        driver.machine_mut().listen(ours);
        bound.push(Listen { addr, ..*listen });
    }
    Ok((driver, bound))
}

/// Opens a socket. After port 0 the same address over another transport gets the same port, if that is free.
fn bind(driver: &mut Driver<Proxy<Home>>, listen: Listen, bound: &[Listen]) -> Result<std::net::SocketAddr, Failure> {
    let mut wish = listen.addr;
    let twin = bound.iter().find(|b| b.addr.ip() == wish.ip() && b.transport != listen.transport);
    if let (0, Some(twin)) = (wish.port(), twin) {
        wish.set_port(twin.addr.port());
    }
    let mut open = |addr| match listen.transport {
        Transport::Udp => driver.bind_udp(addr),
        _ => driver.bind_tcp(addr),
    };
    let result = match open(wish) {
        Err(_) if wish != listen.addr => open(listen.addr),
        result => result,
    };
    result.map_err(|e| {
        let why = match e.kind() {
            std::io::ErrorKind::AddrInUse => "address in use".to_string(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_string(),
            std::io::ErrorKind::AddrNotAvailable => "no such address here".to_string(),
            _ => e.to_string(),
        };
        Failure::runtime(format!("cannot bind {listen}: {why}; choose another with --listen"))
    })
}

impl DigestAlgorithm {
    fn algorithm(self) -> Algorithm {
        match self {
            DigestAlgorithm::Md5 => Algorithm::Md5,
            DigestAlgorithm::Sha256 => Algorithm::Sha256,
            DigestAlgorithm::Sha512Trunc256 => Algorithm::Sha512t256,
        }
    }
}

/// The file of users as the registrar wants to see it.
struct UserFile(Users);

impl Accounts for UserFile {
    fn account(&self, lookup: Lookup<'_>) -> Option<Account> {
        let (Username::Plain(user) | Username::Extended(user)) = lookup.username else { return None };
        self.0.secrets(user).iter().find_map(|secret| match secret {
            Secret::Password(password) => Some(Account::new(user, password)),
            Secret::Ha1 { realm, digest } if realm == lookup.realm => {
                let proof = Proof::from_hex(lookup.hash, digest)?;
                Some(Account { user: user.clone(), realm: Some(realm.clone()), secret: proof })
            }
            Secret::Ha1 { .. } => None,
        })
    }

    fn knows(&self, user: &str) -> bool {
        !self.0.secrets(user).is_empty()
    }
}
