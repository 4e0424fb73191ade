use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Which of this host's addresses reaches `remote`, as the routing table has it: for a machine whose socket is bound to
/// every address and that has to write one into its messages. Nothing is sent.
///
/// ```
/// let ip = net::local_address("127.0.0.1:5060".parse().unwrap()).unwrap();
/// assert!(ip.is_loopback());
/// ```
///
/// # Errors
/// When there is no route.
pub fn local_address(remote: SocketAddr) -> io::Result<IpAddr> {
    let any: IpAddr = if remote.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(remote)?; // for a datagram socket this only asks for the route
    Ok(socket.local_addr()?.ip())
}
