//! Server nonces without a table of those given out, and the bounded memory of those used.
//!
//! A nonce is time, random bytes and a keyed hash over both, the realm and the party. Whoever has the key can tell when
//! it was made; nobody else can make one. Only nonces that came back with a right response are remembered, each with a
//! window of the counts seen, so that nobody without a password can fill the memory.

use std::collections::BTreeMap;

use ring::hmac;
use wire::Rng;

use crate::Party;
use crate::basic::base64;
use crate::hash::same;

/// Makes nonces and recognizes its own.
pub(crate) struct Mint {
    key: hmac::Key,
    /// What the nonces are bound to beside the time.
    scope: Vec<u8>,
}

/// What tells one nonce from another; ordered by the time of making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NonceId {
    /// Milliseconds on the server's clock, 48 bits.
    pub millis: u64,
    random: [u8; RANDOM],
}

const TIME: usize = 6;
const RANDOM: usize = 9;
const MAC: usize = 18;

impl Mint {
    pub fn new(key: &[u8; 32], party: Party, realm: &str) -> Mint {
        let scope = [party.status().to_be_bytes().as_slice(), realm.as_bytes()].concat();
        Mint { key: hmac::Key::new(hmac::HMAC_SHA256, key), scope }
    }

    /// A new nonce: 44 characters of Base64 without padding.
    //= rfc7616#3.3/nonce-unique SHOULD
    //# 72 random bits beside the millisecond.
    pub fn issue(&self, millis: u64, rng: &mut Rng) -> String {
        let mut random = [0; RANDOM];
        rng.fill(&mut random);
        let id = NonceId { millis: millis & ((1 << (8 * TIME)) - 1), random };
        let mut bytes = id.bytes().to_vec();
        bytes.extend(self.mac(&id));
        base64::encode(&bytes)
    }

    /// Which of our nonces it is; `None` when it is not ours.
    pub fn recognize(&self, nonce: &str) -> Option<NonceId> {
        if nonce.len() != (TIME + RANDOM + MAC) / 3 * 4 {
            return None;
        }
        let bytes = base64::decode(nonce)?;
        let (id, mac) = bytes.split_at_checked(TIME + RANDOM)?;
        let (time, random) = id.split_at_checked(TIME)?;
        let millis = time.iter().fold(0, |t, b| t << 8 | u64::from(*b));
        let id = NonceId { millis, random: random.try_into().ok()? };
        same(mac, &self.mac(&id)).then_some(id)
    }

    fn mac(&self, id: &NonceId) -> [u8; MAC] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&id.bytes());
        context.update(&self.scope);
        let mut mac = [0; MAC];
        for (to, from) in mac.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        mac
    }
}

impl NonceId {
    fn bytes(&self) -> [u8; TIME + RANDOM] {
        let mut out = [0; TIME + RANDOM];
        let time = self.millis.to_be_bytes();
        for (to, from) in out.iter_mut().zip(time.iter().skip(8 - TIME).chain(&self.random)) {
            *to = *from;
        }
        out
    }
}

/// The counts seen of each nonce that was used with success.
#[derive(Debug)]
pub(crate) struct Replay {
    used: BTreeMap<NonceId, Window>,
    capacity: usize,
    /// Nonces up to this one, unless remembered, count as used: their memory was given up.
    floor: Option<NonceId>,
}

/// The highest count, and which of the 64 up to it were seen (bit 0 is the highest itself).
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    highest: u32,
    seen: u64,
}

impl Replay {
    pub fn new(capacity: usize) -> Replay {
        Replay { used: BTreeMap::new(), capacity: capacity.max(1), floor: None }
    }

    pub fn len(&self) -> usize {
        self.used.len()
    }

    /// Forgets nonces made before `millis`, which no longer count anyway.
    pub fn expire(&mut self, millis: u64) {
        while let Some(oldest) = self.used.first_entry() {
            if oldest.key().millis >= millis {
                break;
            }
            oldest.remove();
        }
    }

    /// Takes note that a nonce was used with a count; says whether that is new.
    //= rfc7616#3.4/nc-replay MAY
    //# A window of 64 counts lets requests overtake one another and still finds every repetition.
    pub fn note(&mut self, id: NonceId, count: u32) -> bool {
        if let Some(window) = self.used.get_mut(&id) {
            return window.note(count);
        }
        if self.floor.is_some_and(|floor| id <= floor) {
            return false;
        }
        let mut window = Window::default();
        if !window.note(count) {
            return false;
        }
        self.used.insert(id, window);
        if self.used.len() > self.capacity {
            // forgetting the oldest makes every nonce as old or older invalid rather than open to replay
            self.floor = self.used.pop_first().map(|(oldest, _)| oldest).max(self.floor);
        }
        true
    }
}

impl Window {
    fn note(&mut self, count: u32) -> bool {
        if count > self.highest {
            let ahead = count - self.highest;
            self.seen = if ahead < 64 { self.seen << ahead } else { 0 } | 1;
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        let bit = 1u64.checked_shl(behind).unwrap_or(0);
        let new = count > 0 && bit != 0 && self.seen & bit == 0;
        self.seen |= bit;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(millis: u64) -> NonceId {
        NonceId { millis, random: [0; RANDOM] }
    }

    //= rfc7616#3.4/nc-replay test
    #[test]
    fn each_count_passes_once() {
        let mut replay = Replay::new(8);
        for (count, new) in
            [(1, true), (1, false), (3, true), (2, true), (2, false), (100, true), (3, false), (37, true)]
        {
            assert_eq!(replay.note(id(1), count), new, "{count}");
        }
        assert!(!replay.note(id(1), 36), "behind the window");
        assert!(!replay.note(id(2), 0), "counts start at one");
    }

    #[test]
    fn a_full_memory_refuses_rather_than_forgets() {
        let mut replay = Replay::new(2);
        assert!(replay.note(id(10), 1) && replay.note(id(20), 1) && replay.note(id(30), 1));
        assert_eq!(replay.len(), 2);
        assert!(!replay.note(id(10), 1), "forgotten, so refused");
        assert!(!replay.note(id(5), 1), "older still");
        assert!(!replay.note(id(20), 1) && replay.note(id(20), 2), "still remembered");
    }

    #[test]
    fn nonces_are_bound_to_key_party_and_realm() {
        let mut rng = Rng::from_u64(1);
        let mint = Mint::new(&[7; 32], Party::Server, "a");
        let nonce = mint.issue(1_234_567, &mut rng);
        assert_eq!(nonce.len(), 44);
        assert_eq!(mint.recognize(&nonce).map(|id| id.millis), Some(1_234_567));
        for other in [
            Mint::new(&[8; 32], Party::Server, "a"),
            Mint::new(&[7; 32], Party::Proxy, "a"),
            Mint::new(&[7; 32], Party::Server, "b"),
        ] {
            assert_eq!(other.recognize(&nonce), None);
        }
        for at in 0..nonce.len() {
            let mut bytes = nonce.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(mint.recognize(&String::from_utf8(bytes).unwrap()), None, "byte {at}");
        }
    }
}
