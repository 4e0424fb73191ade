//! What the proxy remembers of a dialog is in the dialog's own route: the user part of its Record-Route URI. It proves
//! that the route was recorded by us for this Call-ID, so that nobody else gets relayed by pretending to be in a
//! dialog, and may hold the flow to a client that its Contact does not lead to (the idea of RFC 5626 section 5.2).

use std::fmt::{self, Write};
use std::net::{IpAddr, SocketAddr};

use rfc2617::Hash;
use wire::Transport;

/// The way to a client.
pub(super) type Flow = (Transport, SocketAddr);

/// Makes tokens and recognizes them. One with another Call-ID, of another key, or made up is not recognized.
pub(super) struct RouteKey([u8; 32]);

impl RouteKey {
    pub fn new(key: [u8; 32]) -> RouteKey {
        RouteKey(key)
    }

    /// The token for a dialog: 16 hexadecimal digits of proof, then those of the flow.
    //= rfc3261#16.6/record-route-parameters MAY
    //# The state of a dialog, in the user part.
    pub fn seal(&self, call_id: &str, flow: Option<Flow>) -> String {
        let mut plain = Vec::with_capacity(19);
        if let Some((transport, remote)) = flow {
            plain.push(transport as u8);
            plain.extend(remote.port().to_be_bytes());
            match remote.ip() {
                IpAddr::V4(ip) => plain.extend(ip.octets()),
                IpAddr::V6(ip) => plain.extend(ip.octets()),
            }
        }
        let mut token = self.proof(call_id, &plain);
        for byte in plain {
            let _ = write!(token, "{byte:02x}");
        }
        token
    }

    /// The flow in a token, if it has one; `None` for what is no token of this dialog.
    //= rfc3261#16.6/record-route-expired MAY
    //# A value from outside of its dialog proves nothing.
    pub fn open(&self, call_id: &str, token: &str) -> Option<Option<Flow>> {
        let (proof, text) = token.split_at_checked(PROOF)?;
        if text.len() > 2 * 19 || !text.len().is_multiple_of(2) {
            return None;
        }
        let pairs = text.as_bytes().chunks_exact(2);
        let plain: Vec<u8> = pairs
            .map(|pair| std::str::from_utf8(pair).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()))
            .collect::<Option<_>>()?;
        if self.proof(call_id, &plain) != proof {
            return None;
        }
        let Some((head, ip)) = plain.split_at_checked(3) else { return Some(None) };
        let [kind, high, low] = *head else { return None };
        use Transport::*;
        let transport = [Udp, Tcp, Tls, Ws, Wss].into_iter().find(|t| *t as u8 == kind)?;
        let ip = match ip.len() {
            4 => IpAddr::from(<[u8; 4]>::try_from(ip).ok()?),
            _ => IpAddr::from(<[u8; 16]>::try_from(ip).ok()?),
        };
        Some(Some((transport, SocketAddr::new(ip, u16::from_be_bytes([high, low])))))
    }

    fn proof(&self, call_id: &str, plain: &[u8]) -> String {
        let mut proof = Hash::Sha256.of(&[&self.0, plain, b" ", call_id.as_bytes(), &self.0]).to_string();
        proof.truncate(PROOF);
        proof
    }
}

impl fmt::Debug for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RouteKey(..)")
    }
}

const PROOF: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_tokens_open_and_only_in_their_dialog() {
        let key = RouteKey::new([1; 32]);
        let flow = |transport, remote: &str| Some((transport, remote.parse().unwrap()));
        for flow in [None, flow(Transport::Udp, "192.0.2.1:5060"), flow(Transport::Tcp, "[2001:db8::1]:1")] {
            let token = key.seal("one", flow);
            assert_eq!(key.open("one", &token), Some(flow));
            assert_eq!(key.open("two", &token), None);
            assert_eq!(RouteKey::new([2; 32]).open("one", &token), None);
            assert_eq!(key.open("one", &(token.clone() + "00")), None);
            assert_eq!(key.open("one", &token[1..]), None);
        }
        for made_up in ["", "x", "0123456789abcdef", "0123456789abcdef00", "ä0123456789abcdefä", &"0".repeat(500)] {
            assert_eq!(key.open("one", made_up), None, "{made_up}");
        }
    }
}
