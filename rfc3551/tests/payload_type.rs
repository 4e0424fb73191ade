//! The numbers of tables 4 and 5, each of them.

use rfc3551::{Assignment, Encoding, Media, PayloadType};

/// Number and encoding as the tables have them, written as `a=rtpmap` does.
const TABLES: &str = "0 PCMU/8000, 3 GSM/8000, 4 G723/8000, 5 DVI4/8000, 6 DVI4/16000, 7 LPC/8000, 8 PCMA/8000,
    9 G722/8000, 10 L16/44100/2, 11 L16/44100, 12 QCELP/8000, 13 CN/8000, 14 MPA/90000, 15 G728/8000, 16 DVI4/11025,
    17 DVI4/22050, 18 G729/8000, 25 CelB/90000, 26 JPEG/90000, 28 nv/90000, 31 H261/90000, 32 MPV/90000, 33 MP2T/90000,
    34 H263/90000";

//= rfc3551#6/static test
//= rfc3551#4.5.2/g722-clock test
#[test]
fn static_numbers_are_those_of_the_tables() {
    let rows: Vec<(u8, &str)> = TABLES
        .split(',')
        .map(|row| row.trim().split_once(' ').unwrap())
        .map(|(n, e)| (n.parse().unwrap(), e))
        .collect();
    for number in 0..128 {
        let encoding = PayloadType::new(number).unwrap().encoding().map(ToString::to_string);
        let row = rows.iter().find(|row| row.0 == number).map(|row| row.1.to_string());
        assert_eq!(encoding, row, "payload type {number}");
    }
}

//= rfc3551#3/dynamic-range test
#[test]
fn ninety_six_and_above_mean_nothing_by_themselves() {
    for number in 96..128 {
        assert_eq!(PayloadType::new(number).unwrap().assignment(), Assignment::Dynamic);
    }
    for number in 0..96 {
        assert_ne!(PayloadType::new(number).unwrap().assignment(), Assignment::Dynamic);
    }
}

#[test]
fn every_static_encoding_is_found_by_name_rate_and_channels() {
    for number in 0..96 {
        let Some(encoding) = PayloadType::new(number).unwrap().encoding() else { continue };
        let found = PayloadType::find(
            &encoding.name.to_lowercase(),
            encoding.clock_rate.unwrap(),
            encoding.channels.unwrap_or(1),
        );
        assert_eq!(found.map(PayloadType::number), Some(number));
    }
    assert_eq!(PayloadType::find("PCMU", 16_000, 1), None);
}

//= rfc6184#8.2.1/media test
//= rfc6184#8.2.1/name test
//= rfc6184#8.2.1/clock test
#[test]
fn h264_is_video_at_90_khz() {
    let encoding = Encoding::dynamic("h264").unwrap();
    assert_eq!((encoding.name, encoding.media, encoding.clock_rate), ("H264", Media::Video, Some(90_000)));
}
