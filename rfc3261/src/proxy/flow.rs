//! Flow tokens: the address behind a NAT that a Record-Route value of ours stands for, as the user part of its URI
//! (the idea of RFC 5626 section 5.2), so that the proxy need not remember dialogs.

use std::net::{IpAddr, SocketAddr};

use rfc2617::Hash;
use wire::{Rng, Transport};

/// Seals and opens flow tokens. A token of another run, or one made up, does not open.
pub(super) struct FlowKey([u8; 32]);

impl FlowKey {
    pub fn new(rng: &mut Rng) -> FlowKey {
        let mut key = [0; 32];
        rng.fill(&mut key);
        FlowKey(key)
    }

    /// A token for the way to `target`: 16 hexadecimal digits of proof, then transport, address and port.
    pub fn seal(&self, transport: Transport, remote: SocketAddr) -> String {
        let mut plain = Vec::with_capacity(19);
        plain.push(transport as u8);
        plain.extend(remote.port().to_be_bytes());
        match remote.ip() {
            IpAddr::V4(ip) => plain.extend(ip.octets()),
            IpAddr::V6(ip) => plain.extend(ip.octets()),
        }
        let mut token = self.proof(&plain);
        for byte in plain {
            token.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            token.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        token
    }

    /// The transport and address that a token stands for.
    pub fn open(&self, token: &str) -> Option<(Transport, SocketAddr)> {
        let (proof, text) = token.split_at_checked(PROOF)?;
        if text.len() > 2 * 19 || !text.is_ascii() || text.len() % 2 != 0 {
            return None;
        }
        let pairs = text.as_bytes().chunks_exact(2);
        let plain: Vec<u8> = pairs
            .map(|pair| std::str::from_utf8(pair).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()))
            .collect::<Option<_>>()?;
        if self.proof(&plain) != proof {
            return None;
        }
        let (head, ip) = plain.split_at_checked(3)?;
        let [kind, high, low] = *head else { return None };
        use Transport::*;
        let transport = [Udp, Tcp, Tls, Ws, Wss].into_iter().find(|t| *t as u8 == kind)?;
        let ip = match ip.len() {
            4 => IpAddr::from(<[u8; 4]>::try_from(ip).ok()?),
            _ => IpAddr::from(<[u8; 16]>::try_from(ip).ok()?),
        };
        Some((transport, SocketAddr::new(ip, u16::from_be_bytes([high, low]))))
    }

    fn proof(&self, plain: &[u8]) -> String {
        let mut proof = Hash::Sha256.of(&[&self.0, plain, &self.0]).to_string();
        proof.truncate(PROOF);
        proof
    }
}

impl std::fmt::Debug for FlowKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FlowKey(..)")
    }
}

const PROOF: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_tokens_open() {
        let key = FlowKey::new(&mut Rng::from_u64(1));
        for (transport, remote) in [(Transport::Udp, "192.0.2.1:5060"), (Transport::Tcp, "[2001:db8::1]:1")] {
            let remote: SocketAddr = remote.parse().unwrap();
            let token = key.seal(transport, remote);
            assert_eq!(key.open(&token), Some((transport, remote)));
            assert_eq!(FlowKey::new(&mut Rng::from_u64(2)).open(&token), None);
            assert_eq!(key.open(&token.replace('0', "1")), None);
        }
        for made_up in ["", "x", "0123456789abcdef", "0123456789abcdef00", "ä0123456789abcdefä", &"0".repeat(500)] {
            assert_eq!(key.open(made_up), None, "{made_up}");
        }
    }
}
