use bytes::{BufMut, Bytes, BytesMut};
use wire::Rng;

use super::digest::{self, DIGEST, Side};
use super::{Collected, Error, Kind, PACKET, Progress, VERSION, first};

/// The client's side. Send [`hello`](Client::hello), then push what comes.
#[derive(Debug)]
pub struct Client {
    rng: Rng,
    hello: Bytes,
    /// What our own packet carries, in the digest kind.
    digest: Option<[u8; DIGEST]>,
    input: Collected,
    sent: bool,
    over: bool,
    verified: bool,
}

impl Client {
    /// Begins a handshake of that kind.
    //= rtmp#5.2.1/first MUST
    //# Version and first packet go out together, before anything has come.
    pub fn new(rng: &mut Rng, kind: Kind) -> Client {
        let mut rng = rng.split();
        let (mut packet, mut digest) = (first([0; 4], &mut rng), None);
        if let Kind::Digest(scheme) = kind {
            //= digest-handshake#1/version MUST
            //# A version of the player that is not 0 tells the server to look for a digest.
            packet[4..8].copy_from_slice(&PLAYER);
            digest = Some(digest::sign(&mut packet, scheme, Side::Client));
        }
        let mut hello = BytesMut::with_capacity(1 + PACKET);
        hello.put_u8(VERSION);
        hello.put_slice(&packet);
        let hello = hello.freeze();
        Client { rng, hello, digest, input: Collected::default(), sent: false, over: false, verified: false }
    }

    /// C0 and C1, to be sent first.
    pub fn hello(&self) -> Bytes {
        self.hello.clone()
    }

    /// Takes bytes from the server, in pieces of any size. C2 comes out when S1 is there, and the handshake is done
    /// when S2 is.
    ///
    /// # Errors
    /// When the server's version is not 3, at its first byte; or when the handshake was over already.
    //= rtmp#5.2.1/wait-s1 MUST
    //# C2 is made of S1.
    //= rtmp#5.2.1/wait-s2 MUST
    //# Nothing else goes out before S2 is there as a whole.
    pub fn push(&mut self, mut input: &[u8]) -> Result<Progress, Error> {
        if self.over {
            return Err(Error::Over);
        }
        let mut progress = Progress::default();
        if self.input.fill(&mut input, 1) {
            let version = self.input.0.first().map_or(Ok(()), |version| Error::check(*version));
            version.inspect_err(|_| self.over = true)?;
        }
        if self.input.fill(&mut input, 1 + PACKET) && !self.sent {
            progress.output = self.second();
            self.sent = true;
        }
        if self.input.fill(&mut input, 1 + 2 * PACKET) {
            self.check();
            self.over = true;
            progress.rest = Some(Bytes::copy_from_slice(input));
        }
        Ok(progress)
    }

    /// Whether S2 was the right answer to C1. Some servers send anything; nothing here depends on it.
    pub fn verified(&self) -> bool {
        self.verified
    }

    /// C2: the answer to S1, of the kind that S1 is.
    //= digest-handshake#3/fall-back MUST
    //# A server that sends no digest gets its packet back, as in the simple handshake.
    fn second(&mut self) -> Bytes {
        let Some(s1) = self.input.packet(1 + PACKET) else { return Bytes::new() };
        match self.digest.and_then(|_| digest::find(s1, Side::Server)) {
            Some((_, digest)) => Bytes::copy_from_slice(&digest::answer(&digest, Side::Client, &mut self.rng)),
            None => Bytes::copy_from_slice(s1),
        }
    }

    fn check(&mut self) {
        let Some(s2) = self.input.packet(1 + 2 * PACKET) else { return };
        let by_digest = self.digest.is_some_and(|digest| digest::answers(s2, &digest, Side::Server));
        self.verified = by_digest || self.hello.ends_with(s2);
        self.input = Collected::default();
        self.hello = Bytes::new();
    }
}

/// A version of the player since which digests are used.
const PLAYER: [u8; 4] = [10, 0, 32, 18];
