//! What descriptions say of H.264, and what comes of an offer.

use rfc3551::h264::{Fmtp, FmtpError, Mode, Profile, ProfileLevelId};

fn id(text: &str) -> ProfileLevelId {
    text.parse().unwrap()
}

//= rfc6184#8.1/default-profile test
//= rfc6184#8.1/default-mode test
#[test]
fn no_parameters_mean_baseline_at_level_1_in_mode_0() {
    let fmtp: Fmtp = "".parse().unwrap();
    assert_eq!(fmtp, Fmtp::default());
    assert_eq!((fmtp.profile_level_id.profile(), fmtp.profile_level_id.level()), (Profile::Baseline, 10));
    assert_eq!(fmtp.mode, Mode::SingleNal);
}

//= rfc6184#8.1/same-profile test
#[test]
fn profiles_by_the_table() {
    use Profile::*;
    for (text, profile) in [
        ("42001f", Baseline),
        ("42801f", Baseline),
        ("42401f", ConstrainedBaseline),
        ("42e01f", ConstrainedBaseline),
        ("4d001f", Main),
        ("4d401f", Main),
        ("4d801f", ConstrainedBaseline),
        ("58001f", Extended),
        ("58401f", Extended),
        ("58801f", Baseline),
        ("58c01f", ConstrainedBaseline),
        ("64001f", High),
        ("640c1f", ConstrainedHigh),
        ("6e001f", Other(0x6e, 0)),
        ("6e101f", Other(0x6e, 0x10)),
    ] {
        assert_eq!(id(text).profile(), profile, "{text}");
    }
    assert!(id("58001f").decodes(id("42001f")) && !id("4d001f").decodes(id("42001f")));
    assert!(id("6e001f").decodes(id("6e0028")) && !id("6e001f").decodes(id("64001f")));
}

//= rfc6184#8.2.2/level-1b test
#[test]
fn level_1b_is_between_1_and_1_1() {
    let orders = ["42000a", "42100b", "42000b", "42000c"].map(|text| id(text).level_order());
    assert!(orders.is_sorted_by(|a, b| a < b), "{orders:?}");
    assert!(id("640009").is_level_1b() && id("64000a").level_order() < id("640009").level_order());
    assert_eq!(id("42001f").at_most(id("42100b")), id("42100b"));
    assert_eq!(id("64001f").at_most(id("42100b")), id("640009"));
    assert_eq!(id("42100b").at_most(id("42000a")), id("42000a"));
    assert_eq!(id("42000a").at_most(id("42100b")), id("42000a"));
}

//= rfc6184#8.1/mode-1 test
//= rfc6184#8.1/asymmetry test
//= rfc6184#8.1/no-asymmetry test
//= rfc6184#8.2/unknown test
//= rfc6184#8.2.2/symmetric test
//= rfc6184#8.2.2/asymmetry test
//= rfc6184#8.2.2/common-level test
//= rfc6184#8.2.2/no-upgrade test
#[test]
fn answers_to_offers() {
    let ours = Fmtp::new(id("42e01f"), Mode::NonInterleaved);
    let answer = |offer: &str| ours.answer(&offer.parse().unwrap()).map(|answer| answer.to_string());
    for (offer, expected) in [
        ("profile-level-id=42e00d;packetization-mode=1", Some("profile-level-id=42E00D;packetization-mode=1")),
        ("profile-level-id=42e028;packetization-mode=1", Some("profile-level-id=42E01F;packetization-mode=1")),
        (
            "profile-level-id=42e00d;packetization-mode=1;level-asymmetry-allowed=1",
            Some("profile-level-id=42E01F;packetization-mode=1;level-asymmetry-allowed=1"),
        ),
        ("PROFILE-LEVEL-ID=4D801F; Packetization-Mode = 1", Some("profile-level-id=4D801F;packetization-mode=1")),
        (
            "profile-level-id=42e01f;packetization-mode=1;shoe-size=42",
            Some("profile-level-id=42E01F;packetization-mode=1"),
        ),
        ("profile-level-id=42e01f", None),
        ("profile-level-id=64001f;packetization-mode=1", None),
        ("profile-level-id=42001f;packetization-mode=1", None),
    ] {
        assert_eq!(answer(offer).as_deref(), expected, "{offer}");
    }
}

//= rfc6184#8.1/mode-range test
#[test]
fn what_is_refused() {
    for (text, error) in [
        ("profile-level-id=42e01", FmtpError::ProfileLevelId),
        ("profile-level-id=+2e01f", FmtpError::ProfileLevelId),
        ("packetization-mode=2", FmtpError::Mode),
        ("packetization-mode=3", FmtpError::Mode),
        ("packetization-mode", FmtpError::Mode),
        ("sprop-parameter-sets=%%", FmtpError::ParameterSets),
        (&"a;".repeat(65), FmtpError::TooLong),
        (&"a".repeat(8193), FmtpError::TooLong),
    ] {
        assert_eq!(text.parse::<Fmtp>(), Err(error), "{text}");
    }
    assert!("a;".repeat(64).parse::<Fmtp>().is_ok());
}

//= rfc6184#8.1/sprop-sent test
//= rfc6184#8.2.1/fmtp test
//= rfc6184#8.2.1/sprop-fmtp test
//= rfc6184#8.1/sprop test
#[test]
fn only_parameter_sets_are_taken_from_sprop() {
    let fmtp: Fmtp = "sprop-parameter-sets=Z0LAHoA=,aIA,QYgA;max-fs=3600;x".parse().unwrap();
    assert_eq!(fmtp.parameter_sets.iter().count(), 2);
    assert_eq!(
        fmtp.to_string(),
        "profile-level-id=42000A;packetization-mode=0;sprop-parameter-sets=Z0LAHoA=,aIA=;max-fs=3600;x"
    );
}
