//! Redundant audio: layout, limits, hostile input.

use bytes::Bytes;
use proptest::prelude::*;
use rfc3551::red::{Block, Encoder, MAX_BLOCKS, MAX_LEN, MAX_OFFSET, Payload, RedError};

fn block(offset: u16, len: usize) -> Block {
    Block { payload_type: 5, offset, data: Bytes::from(vec![7; len]) }
}

fn payload(blocks: Vec<Block>) -> Payload {
    Payload { blocks, payload_type: 0, data: Bytes::from_static(b"new") }
}

//= rfc2198#3/layout test
//= rfc2198#3/primary-last test
#[test]
fn fields_stand_where_the_figure_has_them() {
    let bytes = Bytes::from_static(&[0x85, 0xff, 0xfc, 0x02, 0x87, 0x00, 0x04, 0x01, 0x00, 1, 2, 3, 4, 5]);
    let payload = Payload::parse(bytes.clone()).unwrap();
    let seen: Vec<_> = payload.blocks.iter().map(|b| (b.payload_type, b.offset, &b.data[..])).collect();
    assert_eq!(seen, [(5, 0x3fff, &[1, 2][..]), (7, 1, &[3][..])]);
    assert_eq!((payload.payload_type, &payload.data[..]), (0, &[4, 5][..]));
    assert_eq!(payload.to_bytes(), Ok(bytes));
}

//= rfc2198#3/same-rate test
#[test]
fn older_payloads_are_offset_in_ticks_of_the_stream() {
    let mut encoder = Encoder::new(2);
    let mut last = Bytes::new();
    for (n, timestamp) in [u32::MAX - 159, 0, 160].into_iter().enumerate() {
        last = encoder.encode(0, timestamp, Bytes::from(vec![n as u8]));
    }
    let payload = Payload::parse(last).unwrap();
    let seen: Vec<_> = payload.blocks.iter().map(|b| (b.offset, b.timestamp(160), b.data[0])).collect();
    assert_eq!(seen, [(320, u32::MAX - 159, 0), (160, 0, 1)]);
}

#[test]
fn what_does_not_fit_its_field_is_refused_or_left_out() {
    assert!(payload(vec![block(MAX_OFFSET, MAX_LEN)]).to_bytes().is_ok());
    assert_eq!(payload(vec![block(MAX_OFFSET + 1, 1)]).to_bytes(), Err(RedError::Offset));
    assert_eq!(payload(vec![block(1, MAX_LEN + 1)]).to_bytes(), Err(RedError::Length));
    assert!(payload(vec![block(1, 1); MAX_BLOCKS]).to_bytes().is_ok());
    assert_eq!(payload(vec![block(1, 1); MAX_BLOCKS + 1]).to_bytes(), Err(RedError::TooMany));

    let mut encoder = Encoder::new(1);
    encoder.encode(0, 0, Bytes::from_static(b"old"));
    let bytes = encoder.encode(0, u32::from(MAX_OFFSET) + 1, Bytes::from_static(b"new"));
    assert!(Payload::parse(bytes).unwrap().blocks.is_empty());
}

#[test]
fn more_blocks_than_the_limit_are_refused_on_receipt() {
    let headers = |n: usize| Bytes::from([[0x85, 0, 4, 0].repeat(n), vec![0]].concat());
    assert_eq!(Payload::parse(headers(MAX_BLOCKS)).map(|p| p.blocks.len()), Ok(MAX_BLOCKS));
    assert_eq!(Payload::parse(headers(MAX_BLOCKS + 1)), Err(RedError::TooMany));
}

proptest! {
    #[test]
    fn any_bytes_parse_or_fail_and_print_back(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let bytes = Bytes::from(bytes);
        if let Ok(payload) = Payload::parse(bytes.clone()) {
            prop_assert_eq!(payload.to_bytes(), Ok(bytes));
        }
    }
}
