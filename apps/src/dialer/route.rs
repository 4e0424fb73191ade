//! Which of our addresses to use.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// Our address on the way to `remote`, as the routing table has it. Nothing is sent.
///
/// ```
/// use apps::dialer::route::towards;
/// assert_eq!(towards([127, 0, 0, 1].into()), Some([127, 0, 0, 1].into()));
/// ```
pub fn towards(remote: IpAddr) -> Option<IpAddr> {
    let any = match remote {
        IpAddr::V4(_) => "0.0.0.0:0",
        IpAddr::V6(_) => "[::]:0",
    };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(SocketAddr::new(remote, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_unspecified())
}

/// Where others may find us when we only wait: the address on the way to the world, if there is one, and this machine.
pub fn everywhere() -> Vec<IpAddr> {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let world = towards([192, 0, 2, 1].into()).filter(|ip| *ip != loopback);
    world.into_iter().chain([loopback]).collect()
}
