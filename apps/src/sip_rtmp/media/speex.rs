//! Speex packets, as far as they can be cut without decoding: frames of narrowband, each perhaps with a layer that makes it
//! wideband.

/// The packet without its wideband layers, for a telephone that agreed on 8,000 Hz; `None` when it is not understood.
pub fn narrow(packet: &[u8]) -> Option<Vec<u8>> {
    let (mut at, mut out) = (0, Bits::default());
    let end = packet.len() * 8;
    // fewer than five bits are padding
    while at + 5 <= end {
        if bits(packet, at, 1) == 1 {
            at += *WIDE.get(bits(packet, at + 1, 3))?;
        } else {
            let mode = bits(packet, at + 1, 4);
            if mode == TERMINATOR {
                break;
            }
            let len = *NARROW.get(mode)?;
            if at + len > end {
                return None;
            }
            (at..at + len).for_each(|n| out.push(bits(packet, n, 1) == 1));
            at += len;
        }
        if at > end {
            return None;
        }
    }
    (0..5).for_each(|n| out.push(TERMINATOR >> (4 - n) & 1 == 1));
    let padding = (8 - out.len % 8) % 8;
    (0..padding).for_each(|n| out.push(n > 0));
    Some(out.bytes)
}

/// `count` bits from bit `at` on; what is beyond the end counts as 0.
fn bits(packet: &[u8], at: usize, count: usize) -> usize {
    let bit = |n: usize| packet.get(n / 8).map_or(0, |byte| usize::from(byte >> (7 - n % 8) & 1));
    (at..at + count).fold(0, |number, n| number << 1 | bit(n))
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    len: usize,
}

impl Bits {
    fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << (7 - self.len % 8);
        }
        self.len += 1;
    }
}

/// Bits of a frame of narrowband by its mode, of which the first five say which.
const NARROW: [usize; 9] = [5, 43, 119, 160, 220, 300, 364, 492, 79];

/// Bits of a wideband layer by its mode, of which the first four say which.
const WIDE: [usize; 5] = [4, 36, 112, 192, 352];

const TERMINATOR: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet of these frames: mode, and the mode of a wideband layer.
    fn packet(frames: &[(usize, Option<usize>)]) -> Vec<u8> {
        let mut out = Bits::default();
        for (mode, layer) in frames {
            (0..NARROW[*mode]).for_each(|n| out.push(if n < 5 { mode >> (4 - n) & 1 == 1 } else { n % 3 == 0 }));
            if let Some(layer) = layer {
                let header = 8 | layer;
                (0..WIDE[*layer]).for_each(|n| out.push(if n < 4 { header >> (3 - n) & 1 == 1 } else { n % 5 == 0 }));
            }
        }
        (0..5).for_each(|n| out.push(n > 0));
        let padding = (8 - out.len % 8) % 8;
        (0..padding).for_each(|n| out.push(n > 0));
        out.bytes
    }

    #[test]
    fn the_layer_is_cut_off_and_the_rest_stays() {
        for mode in 0..9 {
            for layer in 0..5 {
                let (wide, plain) = (packet(&[(mode, Some(layer)), (3, Some(1))]), packet(&[(mode, None), (3, None)]));
                assert_eq!(narrow(&wide).as_ref(), Some(&plain), "{mode} {layer}");
                assert_eq!(narrow(&plain), Some(plain));
            }
        }
    }

    #[test]
    fn what_is_no_speex_is_left_out() {
        assert_eq!(narrow(&[0b0101_1000]), None, "no such mode");
        assert_eq!(narrow(&[0b1111_1000]), None, "no such layer");
        assert_eq!(narrow(&[0b0011_1000]), None, "cut short");
        assert_eq!(narrow(&[]), Some(vec![0b0111_1011]));
    }
}
