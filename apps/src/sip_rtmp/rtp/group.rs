use bytes::Bytes;
use wire::Instant;

/// The packets since the last key frame that the client published, to be sent again when the other side asks for one.
#[derive(Default)]
pub(super) struct Group {
    pub packets: Vec<(u8, Bytes, bool)>,
    pub bytes: usize,
    pub replayed: Option<Instant>,
}

impl Group {
    /// A key frame begins.
    pub fn start(&mut self) {
        self.packets.clear();
        self.bytes = 0;
    }

    pub fn add(&mut self, payload_type: u8, payload: &Bytes, marker: bool) {
        if self.bytes + payload.len() > GROUP_BYTES {
            return self.start(); // half a group is of no use
        }
        // what follows a group that was given up is not kept either: only a key frame may come first
        if self.packets.is_empty() && !is_start(payload) {
            return;
        }
        self.bytes += payload.len();
        self.packets.push((payload_type, payload.clone(), marker));
    }
}

/// Whether a packet begins with what a decoder can start with: parameter sets, or a key frame.
fn is_start(payload: &[u8]) -> bool {
    let kind = |byte: Option<&u8>| byte.map_or(0, |b| b & 0x1f);
    match kind(payload.first()) {
        5 | 7 | 8 => true,
        24 => matches!(kind(payload.get(3)), 5 | 7 | 8 | 9),
        28 => kind(payload.get(1)) == 5,
        9 => true,
        _ => false,
    }
}

/// The longest group of pictures that is sent again on request.
pub(super) const GROUP_BYTES: usize = 512 << 10;
