//! Which of our addresses to use.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Our address on the way to `remote`; `None` when there is no way.
pub fn towards(remote: IpAddr) -> Option<IpAddr> {
    const ANY_PORT: u16 = 5060;
    net::local_address(SocketAddr::new(remote, ANY_PORT)).ok().filter(|ip| !ip.is_unspecified())
}

/// Where others may find us when we only wait: the address on the way to the world, if there is one, and this machine.
pub fn everywhere() -> Vec<IpAddr> {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let world = towards([192, 0, 2, 1].into()).filter(|ip| *ip != loopback);
    world.into_iter().chain([loopback]).collect()
}
