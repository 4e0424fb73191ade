//! What the reader accepts, refuses and repairs.

use rfc4566::ParseErrorKind::*;
use rfc4566::*;

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";

fn tolerant(text: &str) -> Result<Session, ParseErrorKind> {
    text.parse().map_err(|e: ParseError| e.kind)
}

fn strict(text: &str) -> Result<Session, ParseErrorKind> {
    Session::parse_with(text.to_owned(), &Config::strict()).map_err(|e| e.kind)
}

//= rfc8866#5/lf-accepted test
#[test]
fn line_ends() {
    let lf = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n";
    assert_eq!(strict(lf).unwrap().to_string(), HEAD);
    assert_eq!(tolerant(lf.trim_end()).unwrap().to_string(), HEAD);
    assert_eq!(strict(lf.trim_end()), Err(NotALine));
    assert_eq!(tolerant(&format!("{HEAD}\r\n\r\n")).unwrap().to_string(), HEAD);
    assert_eq!(strict(&format!("{HEAD}\r\n")), Err(NotALine));
    assert_eq!(tolerant(&HEAD.replace("s=-", "s=a\rb")), Err(ForbiddenOctet));
    assert_eq!(tolerant(&HEAD.replace("s=-", "s=a\0b")), Err(ForbiddenOctet));
    assert_eq!(tolerant(&HEAD.replace("s=-", "s =-")), Err(NotALine));
    assert_eq!(tolerant(""), Err(Missing('v')));
}

//= rfc8866#5.1/zero test
#[test]
fn version() {
    assert_eq!(tolerant(&HEAD.replace("v=0", "v=1")), Err(Version));
    assert_eq!(tolerant(&HEAD.replace("v=0", "v=x")), Err(Version));
    assert_eq!(tolerant(&HEAD.replace("v=0\r\n", "")), Err(Missing('v')));
    assert!(HEAD.parse::<Session>().unwrap().to_string().starts_with("v=0\r\n"));
}

//= rfc8866#5/syntax test
#[test]
fn order_counts_only_when_strict() {
    let mixed = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nc=IN IP4 192.0.2.1\r\n";
    assert_eq!(tolerant(mixed).unwrap().to_string(), HEAD);
    assert_eq!(strict(mixed), Err(OutOfOrder('c')));
    let media = format!("{HEAD}m=audio 9 RTP/AVP 0\r\na=ptime:20\r\nb=AS:64\r\n");
    assert_eq!(tolerant(&media).unwrap().media[0].bandwidth("AS"), Some(64));
    assert_eq!(strict(&media), Err(OutOfOrder('b')));
    assert!(
        strict(&format!("{HEAD}m=audio 9 RTP/AVP 0\r\nb=AS:64\r\nk=prompt\r\na=ptime:20\r\nm=text 9 RTP/AVP 98\r\n"))
            .is_ok()
    );
    let repeats = |tail: &str| HEAD.replace("t=0 0\r\n", &format!("t=0 0\r\n{tail}"));
    assert!(strict(&repeats("r=1d 1h 0\r\nz=3730928400 -1h\r\n")).is_ok());
    assert_eq!(strict(&repeats("z=3730928400 -1h\r\n")), Err(OutOfOrder('z')));
    assert_eq!(strict(&repeats("r=1d 1h 0\r\nz=3730928400 -1h\r\nr=1d 1h 0\r\n")), Err(OutOfOrder('r')));
    assert_eq!(tolerant("v=0\r\nr=1d 1h 0\r\n"), Err(OutOfOrder('r')));
}

//= rfc8866#5.3/one-name test
//= rfc8866#5.4/one test
//= rfc8866#5.5/one test
//= rfc8866#5.7/session-one test
#[test]
fn lines_that_stand_once() {
    for line in ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=x", "i=x", "u=x", "c=IN IP4 192.0.2.1"] {
        let letter = line.chars().next().unwrap();
        let twice = format!("{HEAD}{line}\r\n{line}\r\n");
        assert_eq!(tolerant(&twice), Err(Repeated(letter)), "{line}");
    }
    assert_eq!(tolerant(&format!("{HEAD}m=audio 9 RTP/AVP 0\r\ni=x\r\ni=y\r\n")), Err(Repeated('i')));
    assert_eq!(strict(&HEAD.replace("s=-", "s=-\r\ns=-")), Err(Repeated('s')));
    assert_eq!(strict(&HEAD.replace("s=-\r\n", "")), Err(Missing('s')));
    assert_eq!(strict(&HEAD.replace("t=0 0\r\n", "")), Err(Missing('t')));
    assert_eq!(tolerant("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n").unwrap().name, "-");
    assert_eq!(tolerant("v=0\r\ns=-\r\n"), Err(Missing('o')));
}

//= rfc8866#5.6/contact-first test
#[test]
fn session_lines_below_media() {
    for line in ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=x", "u=x", "e=x", "p=1", "t=0 0", "r=1d 1h 0", "z=0 0"] {
        let letter = line.chars().next().unwrap();
        let late = format!("{HEAD}m=audio 9 RTP/AVP 0\r\n{line}\r\n");
        assert_eq!(tolerant(&late), Err(OutOfOrder(letter)), "{line}");
    }
    let mut session = tolerant(HEAD).unwrap();
    session.media.push(tolerant(&format!("{HEAD}m=audio 9 RTP/AVP 0\r\n")).unwrap().media.remove(0));
    session.emails.push("a@example.com".parse().unwrap());
    let text = session.to_string();
    assert!(text.find("e=").unwrap() < text.find("m=").unwrap());
}

//= rfc8866#5.7/present test
#[test]
fn every_medium_has_an_address() {
    let bare = HEAD.replace("c=IN IP4 192.0.2.1\r\n", "");
    assert!(strict(&format!("{bare}m=audio 9 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n")).is_ok());
    assert_eq!(strict(&format!("{bare}m=audio 9 RTP/AVP 0\r\n")), Err(Missing('c')));
    assert!(strict(&format!("{HEAD}m=audio 9 RTP/AVP 0\r\n")).is_ok());
}

//= rfc8866#5/unknown-letter test
#[test]
fn unknown_letters() {
    let text = format!("{HEAD}f=invalid:yes\r\nm=audio 9 RTP/AVP 0\r\nA=x\r\n");
    let whole = |config: Config| Session::parse_with(text.clone(), &config).map_err(|e| (e.line, e.kind));
    assert_eq!(whole(Config::default()), Err((6, UnknownLine('f'))));
    assert_eq!(whole(Config::strict()), Err((6, UnknownLine('f'))));
    let kept = whole(Config::lenient()).unwrap();
    assert_eq!((kept.unknown[0].letter(), kept.unknown[0].value.as_str()), ('f', "invalid:yes"));
    assert_eq!(kept.to_string(), text);
}

//= rfc8866#5.12/discarded test
//= rfc8866#5.12/not-written test
//= rfc8866#5.12/not-used test
#[test]
fn keys_are_thrown_away() {
    let text = format!("{HEAD}k=clear:secret\r\nm=audio 9 RTP/AVP 0\r\nk=base64:c2VjcmV0\r\n");
    let session = strict(&text).unwrap();
    assert_eq!(session.to_string(), format!("{HEAD}m=audio 9 RTP/AVP 0\r\n"));
    assert!(!format!("{session:?}").contains("secret"));
}

//= rfc8866#5/utf8 test
//= rfc8866#5.3/utf8 test
//= rfc8866#5.4/utf8 test
//= rfc8866#6.10/unknown test
#[test]
fn text_in_utf8_and_in_other_octets() {
    let utf8 = HEAD.replace("s=-", "s=Grüße\r\ni=日本語");
    let session = strict(&utf8).unwrap();
    assert_eq!((session.name.as_str(), session.info.as_deref()), ("Grüße", Some("日本語")));
    assert_eq!(session.to_bytes(), utf8);

    let mut latin = HEAD.replace("s=-", "s=Gr\u{1}").into_bytes();
    for octet in latin.iter_mut().filter(|octet| **octet == 1) {
        *octet = 0xfc;
    }
    let session = Session::parse(latin.clone()).unwrap();
    assert_eq!(session.name, "Grü");
    assert_eq!(session.to_bytes(), latin);
}

#[test]
fn sloppy_spaces() {
    let text = format!("{HEAD}m=audio  9 RTP/AVP 0  8 \r\n");
    assert_eq!(tolerant(&text).unwrap().media[0].to_string(), "audio 9 RTP/AVP 0 8");
    assert!(matches!(strict(&text), Err(Invalid('m', _))));
}

#[test]
fn wrong_values_name_their_line() {
    for line in [
        "m=audio",
        "m=audio 9",
        "m=audio 9 RTP/AVP",
        "m=audio 65536 RTP/AVP 0",
        "m=audio -1 RTP/AVP 0",
        "m=audio 9/0 RTP/AVP 0",
        "m=audio 9/x RTP/AVP 0",
        "b=AS",
        "b=AS:x",
        "b=:1",
        "t=1",
        "t=1 2 3",
        "t=99999999999999999999999 0",
        "r=1d",
        "z=1",
        "z=",
        "a=",
        "a=:x",
    ] {
        let letter = line.chars().next().unwrap();
        let error = format!("{HEAD}{line}\r\n").parse::<Session>().unwrap_err();
        assert!(matches!(error.kind, Invalid(l, _) if l == letter), "{line}: {error}");
        assert_eq!(error.line, 6);
    }
    for origin in
        ["", "-", "- 1 1 IN IP4", "- x 1 IN IP4 192.0.2.1", "- 1 -1 IN IP4 192.0.2.1", "- 1 1 IN IP4 192.0.2.1 x"]
    {
        assert!(matches!(tolerant(&format!("v=0\r\no={origin}\r\n")), Err(Invalid('o', _))), "{origin}");
    }
}

#[test]
fn strict_values() {
    for line in [
        "a=rtpmap:0",
        "a=rtpmap:0 PCMU",
        "a=rtpmap:200 PCMU/8000",
        "a=fmtp:0",
        "a=sendrecv:x",
        "a=rtcp-mux:x",
        "a=rtcp:x",
        "a=na me:x",
        "a=x:",
        "c=IN IP4 10.0.0.1/127",
        "b=A/S:1",
        "m=au/dio 9 RTP/AVP 0",
        "m=audio 9 RTP/ 0",
        "m=audio 9 RTP/AVP 0/1",
    ] {
        let text = match line.starts_with('m') {
            true => format!("{HEAD}{line}\r\n"),
            false => format!("{HEAD}m=audio 9 RTP/AVP 0\r\n{line}\r\n"),
        };
        assert!(matches!(strict(&text), Err(Invalid(..) | OutOfOrder(_))), "{line}");
        assert!(tolerant(&text).is_ok(), "{line}");
    }
    assert!(matches!(strict(&HEAD.replace("t=0 0", "t=1 0")), Err(Invalid('t', _))));
    assert!(matches!(strict(&HEAD.replace("s=-", "s=")), Err(Invalid('s', _))));
}

#[test]
fn big_numbers_in_the_origin_are_kept() {
    let text = HEAD.replace("- 1 1", "- 007 99999999999999999999999999");
    let session = strict(&text).unwrap();
    assert_eq!((session.origin.session_id(), session.origin.version()), (Some(7), None));
    assert_eq!(session.to_string(), text);
}

#[test]
fn limits() {
    let with = |config: Config, text: &str| Session::parse_with(text.to_owned(), &config).map_err(|e| e.kind);
    let size = Config { max_size: HEAD.len(), ..Config::default() };
    assert!(with(size, HEAD).is_ok());
    assert_eq!(with(size, &format!("{HEAD}a=x\r\n")), Err(TooLarge));
    let lines = Config { max_lines: 5, ..Config::default() };
    assert!(with(lines, HEAD).is_ok());
    assert_eq!(with(lines, &format!("{HEAD}a=x\r\n")), Err(TooManyLines));
    let media = Config { max_media: 2, ..Config::default() };
    let two = format!("{HEAD}m=audio 9 RTP/AVP 0\r\nm=audio 9 RTP/AVP 0\r\n");
    assert!(with(media, &two).is_ok());
    assert_eq!(with(media, &format!("{two}m=audio 9 RTP/AVP 0\r\n")), Err(TooManyMedia));

    assert_eq!(tolerant(&format!("{HEAD}a={}\r\n", "x".repeat(64 * 1024))), Err(TooLarge));
    assert_eq!(tolerant(&format!("{HEAD}{}", "a=x\r\n".repeat(5000))), Err(TooManyLines));
    assert_eq!(tolerant(&format!("{HEAD}{}", "m=audio 9 RTP/AVP 0\r\n".repeat(257))), Err(TooManyMedia));
}
