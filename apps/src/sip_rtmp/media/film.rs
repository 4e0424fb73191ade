//! Video from the client to the telephone.

use std::collections::VecDeque;

use bytes::Bytes;
use rfc3551::h264::{Mode, Packetizer, ParameterSets, ProfileLevelId};
use rtmp::tag::{Video, VideoCodec, VideoPacket, avc};

use super::clock::Unwrap;
use super::{Medium, Output, VideoAgreed};

/// Turns the client's video messages into RTP packets: H.264 as it is, all slices of each picture, with the parameter sets of
/// the sequence header before each key frame, and nothing before the first.
pub struct Film {
    agreed: VideoAgreed,
    packetizer: Packetizer,
    length_size: usize,
    unwrap: Unwrap,
    /// Whether a key frame was sent.
    shown: bool,
    dropped: u64,
}

/// Payloads of one packet, so that it fits the usual paths with all headers around it.
const MAX_PAYLOAD: usize = 1_350;

/// The longest payload that video may have. In mode 0 a NAL unit is one packet, however long: rather fragments of IP than no
/// picture. RTP sessions must let it pass: [`rfc3550::Config::max_payload`].
pub const MAX_SINGLE: usize = 60_000;

impl Film {
    /// For what was agreed.
    pub fn new(agreed: VideoAgreed) -> Film {
        let max = if agreed.remote.mode == Mode::SingleNal { MAX_SINGLE } else { MAX_PAYLOAD };
        let packetizer = Packetizer::new(agreed.remote.mode, max);
        Film { agreed, packetizer, length_size: 4, unwrap: Unwrap::default(), shown: false, dropped: 0 }
    }

    /// Messages that could not be used.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Profile and level of what the client sends, once its sequence header came.
    pub fn profile_level_id(&self) -> Option<ProfileLevelId> {
        self.packetizer.parameter_sets().profile_level_id()
    }

    /// Takes a video message.
    pub fn message(&mut self, timestamp: u32, payload: &Bytes, out: &mut VecDeque<Output>) {
        let used = match Video::parse(payload) {
            Ok(video) if video.codec() == VideoCodec::Avc => self.video(timestamp, video, out),
            _ => false,
        };
        self.dropped += u64::from(!used);
    }

    fn video(&mut self, timestamp: u32, video: Video, out: &mut VecDeque<Output>) -> bool {
        match video.packet {
            VideoPacket::SequenceStart => {
                let Ok(config) = avc::DecoderConfiguration::parse(&video.track.data) else { return false };
                self.length_size = config.length_size;
                self.packetizer.reset();
                self.packetizer.add_parameter_sets(&ParameterSets::new(config.sps.iter().chain(&config.pps)));
                true
            }
            VideoPacket::CodedFrames | VideoPacket::CodedFramesX => {
                let units: Result<Vec<Bytes>, _> = avc::nal_units(video.track.data.clone(), self.length_size).collect();
                let at = self.unwrap.place(timestamp) + i64::from(video.track.composition);
                units.is_ok_and(|units| self.picture(at, video.is_key_frame(), &units, out))
            }
            _ => true,
        }
    }

    fn picture(&mut self, at: i64, key_frame: bool, units: &[Bytes], out: &mut VecDeque<Output>) -> bool {
        let Ok(payloads) = self.packetizer.packetize(units) else { return false };
        self.shown |= key_frame && self.packetizer.parameter_sets().is_complete();
        if !self.shown {
            return false;
        }
        // the timestamp is when the picture is shown, which for pictures out of order is not when it is sent
        let timestamp = at.wrapping_mul(90) as u32;
        out.extend(payloads.into_iter().map(|payload| Output::Rtp {
            medium: Medium::Video,
            payload_type: self.agreed.payload_type,
            timestamp,
            marker: payload.marker,
            payload: payload.payload,
        }));
        true
    }
}
