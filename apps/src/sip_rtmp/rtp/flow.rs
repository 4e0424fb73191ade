use std::net::SocketAddr;

use bytes::Bytes;
use rfc3264::{Endpoint, Stream};
use rfc3550::rtcp::KeyFrameRequest;
use rfc3550::{Session, Symmetric};
use wire::{Instant, Rng};

use super::MediaConfig;

/// The RTP session of one stream.
pub(super) struct Flow {
    pub session: Session,
    pub local: [SocketAddr; 2],
    pub remote: [Option<SocketAddr>; 2],
    pub sends: bool,
    pub receives: bool,
    /// The timestamp that the bridge gave to the packet sent last.
    pub timestamp: Option<u32>,
    /// The source that is heard.
    pub source: Option<u32>,
    /// Numbers the key frames that are asked for by FIR.
    pub requests: u8,
}

impl Flow {
    pub fn new(now: Instant, config: &MediaConfig, local: [SocketAddr; 2], rng: Rng) -> Flow {
        let mut session = rfc3550::Config::new(local[0], local[0], config.cname.clone());
        (session.local_rtcp, session.remote_rtp, session.remote_rtcp) = (local[1], None, None);
        session.symmetric = Symmetric::AnyHost;
        session.epoch = config.epoch;
        (session.max_queue, session.max_payload) = (QUEUE, MAX_PAYLOAD);
        let session = Session::new(now, session, rng);
        let (sends, receives) = (false, false);
        Flow { session, local, remote: [None; 2], sends, receives, timestamp: None, source: None, requests: 0 }
    }

    pub fn agree(&mut self, stream: Option<&Stream>) {
        let Some(stream) = stream else {
            (self.sends, self.receives) = (false, false);
            return;
        };
        for format in stream.receive.iter().chain(&stream.send) {
            self.session.set_payload_type(format.payload_type, Some(format.clock_rate));
        }
        let address = |end: &Option<Endpoint>| end.as_ref().and_then(Endpoint::socket_addr);
        let remote = [address(&stream.remote_rtp), address(&stream.remote_rtcp)];
        // the same addresses again must not open the choice of a peer that was found behind a translator
        if remote[0].is_some() && remote != self.remote {
            self.session.set_remote(remote[0], remote[1]);
            self.remote = remote;
        }
        (self.sends, self.receives) = (stream.sends() && remote[0].is_some(), stream.receives());
    }

    /// Sends a packet whose timestamp is on a base of its maker.
    pub fn forward(&mut self, now: Instant, payload: Bytes, payload_type: u8, timestamp: u32, marker: bool) {
        let advance = self.timestamp.map_or(0, |last| timestamp.wrapping_sub(last));
        self.timestamp = Some(timestamp);
        if self.sends {
            self.send(now, payload, payload_type, advance, marker);
        }
    }

    pub fn send(&mut self, now: Instant, payload: Bytes, payload_type: u8, advance: u32, marker: bool) {
        if let Err(error) = self.session.send(now, payload, payload_type, advance, marker) {
            tracing::debug!(%error, "packet not sent");
        }
    }

    /// Asks for a key frame, both ways that there are: some phones know only one.
    pub fn ask(&mut self, now: Instant) {
        let Some(media) = self.source else { return };
        self.requests = self.requests.wrapping_add(1);
        let sender = self.session.ssrc();
        for request in [
            KeyFrameRequest::PictureLoss { sender, media },
            KeyFrameRequest::FullIntra { sender, media, number: self.requests },
        ] {
            self.session.send_feedback(now, request.into());
        }
    }
}

/// RTP packets that a session holds until they are drained: a big picture.
const QUEUE: usize = 1024;

/// The longest payload, in bytes: a picture without fragments, for phones that know only packetization mode 0.
const MAX_PAYLOAD: usize = 60_100;
