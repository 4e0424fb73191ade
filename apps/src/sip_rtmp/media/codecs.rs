//! Which audio can cross between the two sides, and how.

use rfc3551::opus;
use rtmp::tag::AudioCodec;

/// How audio is coded, on either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audio {
    /// G.711 mu-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722; telephones only.
    G722,
    /// Opus; with enhanced headers in RTMP.
    Opus,
    /// AAC; RTMP only.
    Aac,
    /// Speex; passes as it is, and is never transcoded.
    Speex,
}

/// How audio crosses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// As it is.
    Pass,
    /// Decoded, resampled and encoded.
    Transcode,
}

impl Audio {
    /// All of them, the best for a voice first.
    pub const ALL: [Audio; 6] = [Audio::Opus, Audio::Aac, Audio::G722, Audio::Speex, Audio::Pcmu, Audio::Pcma];

    /// The codec of an encoding name in SDP.
    pub fn of_name(name: &str) -> Option<Audio> {
        let known = [(Audio::Pcmu, "PCMU"), (Audio::Pcma, "PCMA"), (Audio::G722, "G722"), (Audio::Opus, "opus")];
        let mut known = known.into_iter().chain([(Audio::Speex, "speex")]);
        known.find(|(_, own)| own.eq_ignore_ascii_case(name)).map(|(audio, _)| audio)
    }

    /// The codec of an RTMP payload.
    pub fn of_tag(codec: AudioCodec) -> Option<Audio> {
        Audio::ALL.into_iter().find(|audio| audio.tag() == Some(codec))
    }

    /// How RTMP calls it.
    pub fn tag(self) -> Option<AudioCodec> {
        match self {
            Audio::Pcmu => Some(AudioCodec::Pcmu),
            Audio::Pcma => Some(AudioCodec::Pcma),
            Audio::G722 => None,
            Audio::Opus => Some(AudioCodec::Opus),
            Audio::Aac => Some(AudioCodec::Aac),
            Audio::Speex => Some(AudioCodec::Speex),
        }
    }

    /// The codec of a telephone's side; `None` for what is not decoded here or not spoken by telephones.
    pub fn open(self) -> Option<Box<dyn rfc3551::Codec>> {
        self.open_for(&opus::Fmtp::default())
    }

    /// The same, with what the telephone's description asks of Opus.
    pub fn open_for(self, fmtp: &opus::Fmtp) -> Option<Box<dyn rfc3551::Codec>> {
        match self {
            Audio::Pcmu => rfc3551::open("PCMU"),
            Audio::Pcma => rfc3551::open("PCMA"),
            Audio::G722 => rfc3551::open("G722"),
            Audio::Opus => Some(Box::new(opus::Opus::new(opus::Settings::for_receiver(fmtp)))),
            Audio::Aac | Audio::Speex => None,
        }
    }

    /// Whether this build encodes and decodes it.
    pub const fn is_transcoded(self) -> bool {
        match self {
            Audio::Pcmu | Audio::Pcma | Audio::G722 | Audio::Opus => true,
            Audio::Aac => cfg!(feature = "aac"),
            Audio::Speex => false,
        }
    }

    /// Whether telephones can have it.
    pub const fn is_for_rtp(self) -> bool {
        !matches!(self, Audio::Aac)
    }

    /// Whether RTMP can have it.
    pub const fn is_for_rtmp(self) -> bool {
        !matches!(self, Audio::G722)
    }
}

/// How audio that a client of RTMP speaks becomes that of a telephone and back; `None` when it cannot.
///
/// | RTMP | opus | G722 | PCMU, PCMA | speex |
/// |---|---|---|---|---|
/// | Opus | as it is | transcoded | transcoded | - |
/// | AAC (feature `aac`) | transcoded | transcoded | transcoded | - |
/// | G.711 | transcoded | transcoded | as it is, or the other law | - |
/// | Speex | - | - | - | as it is |
pub fn way(rtmp: Audio, rtp: Audio) -> Option<Way> {
    if !rtmp.is_for_rtmp() || !rtp.is_for_rtp() {
        return None;
    }
    match rtmp == rtp {
        true => Some(Way::Pass),
        false => (rtmp.is_transcoded() && rtp.is_transcoded()).then_some(Way::Transcode),
    }
}

/// What a telephone can be offered when the client takes any of `client`, in its order of preference: first what passes as
/// it is, in that order, then what is transcoded, the best first.
pub fn offerable(client: &[Audio]) -> Vec<Audio> {
    let mut offer: Vec<Audio> = Vec::new();
    let passing = client.iter().copied().filter(|audio| way(*audio, *audio).is_some());
    let transcoded = Audio::ALL.into_iter().filter(|rtp| client.iter().any(|rtmp| way(*rtmp, *rtp).is_some()));
    for audio in passing.chain(transcoded) {
        if !offer.contains(&audio) {
            offer.push(audio);
        }
    }
    offer
}

/// What the client is to speak when the telephone has `rtp`: what passes as it is, else the first that can be transcoded.
pub fn spoken(client: &[Audio], rtp: Audio) -> Option<Audio> {
    let by = |wanted| client.iter().copied().find(|rtmp| way(*rtmp, rtp) == Some(wanted));
    by(Way::Pass).or_else(|| by(Way::Transcode))
}

#[cfg(test)]
mod tests {
    use Audio::*;

    use super::*;

    #[test]
    fn the_table() {
        let aac = cfg!(feature = "aac").then_some(Way::Transcode);
        let (pass, code) = (Some(Way::Pass), Some(Way::Transcode));
        for (rtmp, row) in [
            (Opus, [pass, code, code, code, None]),
            (Aac, [aac, aac, aac, aac, None]),
            (Pcmu, [code, code, pass, code, None]),
            (Pcma, [code, code, code, pass, None]),
            (Speex, [None, None, None, None, pass]),
            (G722, [None; 5]),
        ] {
            assert_eq!([Opus, G722, Pcmu, Pcma, Speex].map(|rtp| way(rtmp, rtp)), row, "{rtmp:?}");
            assert_eq!(way(rtmp, Aac), None);
        }
    }

    #[test]
    fn what_can_be_offered() {
        assert_eq!(offerable(&[Speex]), [Speex]);
        assert_eq!(offerable(&[Pcma]), [Pcma, Opus, G722, Pcmu]);
        assert_eq!(offerable(&[Speex, Pcmu]), [Speex, Pcmu, Opus, G722, Pcma]);
        assert_eq!(offerable(&[Opus]), [Opus, G722, Pcmu, Pcma]);
        assert_eq!(offerable(&[G722]), []);
        let aac: &[Audio] = if cfg!(feature = "aac") { &[Opus, G722, Pcmu, Pcma] } else { &[] };
        assert_eq!(offerable(&[Aac]), aac);
    }

    #[test]
    fn what_the_client_speaks_for_it() {
        assert_eq!(spoken(&[Speex, Pcmu], Speex), Some(Speex));
        assert_eq!(spoken(&[Speex, Pcmu], G722), Some(Pcmu));
        assert_eq!(spoken(&[Opus, Pcmu], Pcmu), Some(Pcmu));
        assert_eq!(spoken(&[Speex], Pcmu), None);
    }

    #[test]
    fn names_of_both_sides() {
        assert_eq!((Audio::of_name("OPUS"), Audio::of_name("g729")), (Some(Opus), None));
        assert!(Audio::ALL.into_iter().all(|a| a.tag().is_none_or(|tag| Audio::of_tag(tag) == Some(a))));
        assert!(Audio::ALL.into_iter().all(|a| a.open().is_some() == (a.is_transcoded() && a.is_for_rtp())));
    }
}
