use bytes::{BufMut, Bytes, BytesMut};
use wire::Rng;

use super::digest::{self, DIGEST, Side};
use super::{Collected, Error, Kind, PACKET, Packet, Progress, VERSION, first};

/// The server's side. It answers in the kind that the client began.
#[derive(Debug)]
pub struct Server {
    rng: Rng,
    input: Collected,
    /// What we have sent and C2 is to answer.
    sent: Option<Sent>,
    over: bool,
    verified: bool,
}

#[derive(Debug)]
struct Sent {
    s1: Box<Packet>,
    digest: Option<([u8; DIGEST], digest::Scheme)>,
}

impl Server {
    /// Waits for a client.
    pub fn new(rng: &mut Rng) -> Server {
        Server { rng: rng.split(), input: Collected::default(), sent: None, over: false, verified: false }
    }

    /// Takes bytes from the client, in pieces of any size. S0, S1 and S2 come out when C1 is there, and the handshake
    /// is done when C2 is.
    ///
    /// # Errors
    /// When the client's version is not 3, at its first byte; or when the handshake was over already.
    //= rtmp#5.2.1/wait-c1 MUST
    //# S2 answers C1, and clients wait for S1 only, so all three go out when C1 is there.
    //= rtmp#5.2.1/wait-c2 MUST
    //# What follows C2 is given out when C2 is there as a whole; before that nothing is.
    pub fn push(&mut self, mut input: &[u8]) -> Result<Progress, Error> {
        if self.over {
            return Err(Error::Over);
        }
        let mut progress = Progress::default();
        if self.input.fill(&mut input, 1) {
            let version = self.input.0.first().map_or(Ok(()), |version| Error::check(*version));
            version.inspect_err(|_| self.over = true)?;
        }
        if self.input.fill(&mut input, 1 + PACKET) && self.sent.is_none() {
            progress.output = self.answer();
        }
        if self.input.fill(&mut input, 1 + 2 * PACKET) {
            self.check();
            self.over = true;
            progress.rest = Some(Bytes::copy_from_slice(input));
        }
        Ok(progress)
    }

    /// The kind that the client began, once its first packet is there.
    pub fn kind(&self) -> Option<Kind> {
        self.sent.as_ref().map(|sent| sent.digest.map_or(Kind::Simple, |(_, scheme)| Kind::Digest(scheme)))
    }

    /// Whether C2 was the right answer to S1. Some clients send anything; nothing here depends on it.
    pub fn verified(&self) -> bool {
        self.verified
    }

    /// S0, S1 and S2.
    fn answer(&mut self) -> Bytes {
        let Some(c1) = self.input.packet(1 + PACKET).copied() else { return Bytes::new() };
        //= digest-handshake#1/old-client MUST
        //# Version 0 is an old player or a simple client: no digest is looked for.
        let found = if c1[4..8] == [0; 4] { None } else { digest::find(&c1, Side::Client) };
        let (mut s1, mut digest) = (first([0; 4], &mut self.rng), None);
        let s2 = match found {
            //= digest-handshake#3/same-scheme MUST
            //# The server's digest stands where the client's stood.
            Some((scheme, theirs)) => {
                s1[4..8].copy_from_slice(&MEDIA_SERVER);
                digest = Some((digest::sign(&mut s1, scheme, Side::Server), scheme));
                digest::answer(&theirs, Side::Server, &mut self.rng)
            }
            //= rtmp#5.2.4/echo MUST
            //# All of C1, its second time field included: that is what clients compare.
            None => c1,
        };
        let mut out = BytesMut::with_capacity(1 + 2 * PACKET);
        out.put_u8(VERSION);
        out.put_slice(&s1);
        out.put_slice(&s2);
        self.sent = Some(Sent { s1: Box::new(s1), digest });
        out.freeze()
    }

    fn check(&mut self) {
        if let (Some(c2), Some(sent)) = (self.input.packet(1 + 2 * PACKET), &self.sent) {
            let by_digest = sent.digest.is_some_and(|(digest, _)| digest::answers(c2, &digest, Side::Client));
            self.verified = by_digest || *sent.s1 == *c2;
        }
        self.input = Collected::default();
    }
}

/// A version of the server since which digests are used.
const MEDIA_SERVER: [u8; 4] = [3, 5, 1, 1];
