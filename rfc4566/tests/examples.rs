//! The examples of RFC 3264, 4317, 4566, 4568 and 8866, and what the specification says about them.

use std::time::Duration;

use rfc4566::*;

const EXAMPLE: &str = include_str!("rfc/rfc8866-01.sdp");
const DIRECTIONS: &str = include_str!("rfc/rfc8866-02.sdp");

fn examples() -> Vec<(String, String)> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rfc");
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: std::path::PathBuf| (path.display().to_string(), std::fs::read_to_string(path).unwrap());
    files.into_iter().map(read).collect()
}

#[test]
fn every_example_reads_and_keeps_every_line() {
    let examples = examples();
    assert_eq!(examples.len(), 69);
    for (name, text) in examples {
        let session: Session = text.parse().unwrap_or_else(|e| panic!("{name}: {e}"));
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let expected = text.replace("\r\ns=\r\n", "\r\ns= \r\n"); // an empty name may not be written
        assert_eq!(sorted(&session.to_string()), sorted(&expected), "{name}");
    }
}

//= rfc8866#5/order test
//= rfc8866#5/crlf test
//= rfc8866#5.13/unknown-ignored test
//= rfc8866#5/attribute-ignored test
#[test]
fn examples_in_order_come_back_byte_for_byte() {
    let mut same = 0;
    for (name, text) in examples() {
        if Session::parse_with(text.clone().into_bytes(), &Config::strict()).is_ok() {
            assert_eq!(text.parse::<Session>().unwrap().to_bytes(), text, "{name}");
            same += 1;
        }
    }
    // The others have an empty s= (RFC 3264, RFC 4317), t= before c= or a time to live after a unicast address.
    assert_eq!(same, 5);
}

#[test]
fn the_example_of_section_5() {
    let session: Session = EXAMPLE.parse().unwrap();
    assert_eq!(session.origin.username, "jdoe");
    assert_eq!(session.origin.address.ip_addr(), Some([198, 51, 100, 1].into()));
    assert_eq!(session.name, "Call to John Smith");
    assert_eq!(session.info.as_ref().unwrap(), &"SDP Offer #1");
    assert_eq!(session.uri.as_ref().unwrap(), &"http://www.jdoe.example.com/home.html");
    assert_eq!(session.emails, ["Jane Doe <jane@jdoe.example.com>"]);
    assert_eq!(session.phones, ["+1 617 555-6011"]);
    assert!(session.times[0].is_permanent());
    let ports: Vec<_> = session.media.iter().map(|media| (media.kind.as_str(), media.port)).collect();
    assert_eq!(ports, [("audio", 49170), ("audio", 49180), ("video", 51372)]);
    let hosts: Vec<_> =
        session.media.iter().map(|media| session.connection(media).unwrap().address.to_string()).collect();
    assert_eq!(hosts, ["198.51.100.1", "198.51.100.1", "2001:db8::2"]);
    let map = session.media[2].rtpmap(99).unwrap();
    assert_eq!((map.encoding.as_str(), map.clock_rate, map.channels()), ("h263-1998", 90000, 1));
    assert!(session.media[0].rtpmap(0).is_none());
}

#[test]
fn directions_are_inherited() {
    let session: Session = DIRECTIONS.parse().unwrap();
    let directions: Vec<_> = session.media.iter().map(|media| session.direction(media)).collect();
    assert_eq!(directions, [Direction::SendRecv, Direction::Inactive, Direction::Inactive]);
}

#[test]
fn a_session_with_multicast_recvonly_and_contact() {
    let session: Session = include_str!("rfc/rfc4566-01.sdp").parse().unwrap();
    let connection = session.connection.as_ref().unwrap();
    assert_eq!(connection.address(), Ok(Address::Ip4 { ip: [224, 2, 17, 12].into(), ttl: Some(127), count: 1 }));
    assert_eq!(session.direction(&session.media[1]), Direction::RecvOnly);
    assert_eq!((session.times[0].start, session.times[0].stop), (2873397496, 2873404696));
}

//= rfc8866#5.7/ttl-range test
//= rfc8866#5.7/ttl test
//= rfc8866#5.7/ip6-ttl test
//= rfc8866#5.7/unicast-slash test
#[test]
fn addresses() {
    let read = |text: &str| text.parse::<Connection>().unwrap().address();
    let ip4 = |ip: [u8; 4], ttl, count| Ok(Address::Ip4 { ip: ip.into(), ttl, count });
    let ip6 = |ip: &str, count| Ok(Address::Ip6 { ip: ip.parse().unwrap(), count });
    assert_eq!(read("IN IP4 10.0.0.1"), ip4([10, 0, 0, 1], None, 1));
    assert_eq!(read("IN IP4 224.2.1.1/127/3"), ip4([224, 2, 1, 1], Some(127), 3));
    assert_eq!(read("IN IP4 224.2.1.1/0"), ip4([224, 2, 1, 1], Some(0), 1));
    assert_eq!(read("IN IP4 224.2.1.1"), ip4([224, 2, 1, 1], None, 1)); // tolerated when read
    assert_eq!(Connection::multicast([224, 2, 1, 1].into(), 255).address(), ip4([224, 2, 1, 1], Some(255), 1));
    assert!(read("IN IP4 224.2.1.1/256").is_err());
    assert!(read("IN IP4 224.2.1.1/1/0").is_err());
    assert!(read("IN IP4 224.2.1.1/1/2/3").is_err());
    assert!(read("IN IP4 10.0.0.1/127").is_err());
    assert!(read("IN IP4 999.0.0.1").is_err());
    // In RFC 8866 the one number after an IPv6 group is a count of addresses; some read it as a time to live.
    assert_eq!(read("IN IP6 FF15::101/3"), ip6("ff15::101", 3));
    assert!(read("IN IP6 FF15::101/127/3").is_err());
    assert!(read("IN IP6 2001:db8::1/3").is_err());
    assert_eq!(read("IN IP4 host.example.com"), Ok(Address::Name("host.example.com".parse().unwrap())));
    assert_eq!(read("ATM NSAP 47.0091"), Ok(Address::Other("47.0091".parse().unwrap())));
    for text in ["IN IP4 224.2.1.1/127/3", "IN IP4 10.0.0.1", "IN IP6 FF15::101/3"] {
        assert_eq!(text.parse::<Connection>().unwrap().to_string(), text);
    }
    assert!("IN IP4".parse::<Connection>().is_err() && "IN IP4 10.0.0.1 x".parse::<Connection>().is_err());
}

//= rfc8866#5.10/units test
//= rfc8866#5.11/after-repeat test
#[test]
fn repeats_and_zones() {
    let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=3724394400 3754123200\r\nr=604800 3600 0 90000\r\n\
        r=7d 1h 0 25h\r\nz=3730928400 -1h 3749680800 0\r\nt=0 0\r\n";
    let session: Session = text.parse().unwrap();
    assert_eq!(session.to_string(), text);
    let [first, second] = &session.times[..] else { panic!("two times") };
    let seconds = |r: &Repeat| (r.interval.seconds(), r.duration.seconds(), r.offsets.last().unwrap().seconds());
    assert_eq!(seconds(&first.repeats[0]), seconds(&first.repeats[1]));
    assert_eq!(first.zones.iter().map(Zone::seconds).collect::<Vec<_>>(), [-3600, 0]);
    assert!(second.repeats.is_empty() && second.is_permanent());
    for wrong in ["1.5h 1h 0", "7w 1h 0", "7d 1h", "h 1h 0", "-7d 1h 0", ""] {
        assert!(wrong.parse::<Repeat>().is_err(), "{wrong}");
    }
}

//= rfc8866#5.9/large test
#[test]
fn times_go_on_after_2036() {
    let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=18446744073709551615 0\r\n";
    assert_eq!(text.parse::<Session>().unwrap().to_string(), text);
    assert_eq!(Time::from_unix(0, 1).start, UNIX_EPOCH);
}

//= rfc8866#6.4/positive test
#[test]
fn packet_times() {
    let ptime = |value: &str| Attributes::from_iter([Attribute::value("ptime", value).unwrap()]).ptime();
    assert_eq!(ptime("20"), Some(Duration::from_millis(20)));
    assert_eq!(ptime("0.125"), Some(Duration::from_micros(125)));
    assert_eq!(ptime("2.5"), Some(Duration::from_micros(2500)));
    for wrong in ["0", "0.0", "-20", "x", ".", "1e3", "99999999999999999999999"] {
        assert_eq!(ptime(wrong), None, "{wrong}");
    }
}

//= rfc8866#6.6/payload-type-range test
#[test]
fn payload_types_have_seven_bits() {
    let mut media = Media::new("audio", 9, "RTP/AVP").unwrap();
    media.formats =
        ["0", "00", "127", "128", "011", "+1", "x"].iter().map(|number| Word::new(*number).unwrap()).collect();
    assert_eq!(media.payload_types().collect::<Vec<_>>(), [0, 127]);
    assert!(Rtpmap::new(127, "x", 8000, 1).is_ok());
    assert!(Rtpmap::new(128, "x", 8000, 1).is_err());
    assert!(Rtpmap::parse(&"128 x/8000".parse().unwrap()).is_err());
    assert!(Rtpmap::parse(&"+1 x/8000".parse().unwrap()).is_err());
}

//= rfc8866#5.14/rtcp-attribute test
//= rfc8866#5.14/no-subtract test
//= rfc3605#2.1/session-level test
#[test]
fn rtcp_elsewhere() {
    let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\na=rtcp:9\r\nm=audio 49171 RTP/AVP 0\r\n\
        a=rtcp:53020 IN IP6 2001:2345:6789:ABCD:EF01:2345:6789:ABCD\r\nm=audio 49172 RTP/AVP 0\r\n";
    let session: Session = text.parse().unwrap();
    let rtcp = session.media[0].rtcp().unwrap();
    assert_eq!((session.media[0].port, rtcp.port), (49171, 53020));
    assert!(rtcp.connection.unwrap().ip_addr().unwrap().is_ipv6());
    assert_eq!(session.media[1].rtcp(), None);
}

//= rfc8866#6.15/unchanged test
//= rfc8866#6.15/one test
#[test]
fn parameters_stay_as_they_are() {
    let mut media = Media::new("video", 9, "RTP/AVP").unwrap();
    let odd = " packetization-mode=1 ;;sprop-parameter-sets=Z0IAH5WoFAFuQA==,aM48gA==; x";
    media.attributes.push(Attribute::value("fmtp", &format!("97{odd}")).unwrap());
    media.attributes.push(Attribute::value("fmtp", "97 second").unwrap());
    let fmtp = media.fmtp("97").unwrap();
    assert_eq!(fmtp.parameters, odd.trim_start());
    assert_eq!(fmtp.parameter("sprop-parameter-sets"), Some("Z0IAH5WoFAFuQA==,aM48gA=="));
    assert_eq!(fmtp.parameter("x"), Some(""));
}

//= rfc8866#5.8/unknown-ignored test
#[test]
fn bandwidths_of_unknown_kinds_are_kept_and_passed_over() {
    let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\nb=X-YZ:128\r\nb=AS:64\r\n";
    let session: Session = text.parse().unwrap();
    assert_eq!(session.media[0].bandwidth("AS"), Some(64));
    assert_eq!(session.to_string(), text);
}

#[test]
fn several_ports_and_layers() {
    let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=video 49170/2 RTP/AVP 31\r\n\
        c=IN IP6 ff00::db8:0:101\r\nc=IN IP6 ff00::db8:0:102\r\n";
    let session = Session::parse_with(text, &Config::strict()).unwrap();
    assert_eq!((session.media[0].port, session.media[0].port_count), (49170, Some(2)));
    assert_eq!(session.media[0].connections.len(), 2);
    assert_eq!(session.to_string(), text);
}

#[test]
fn groups_and_sources() {
    let text = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\na=group:LS a v\nm=audio 9 RTP/AVP 0\na=mid:a\n\
        a=ssrc:314159 cname:user@example.com\na=rtcp-mux\nm=video 9 RTP/AVP 31\na=mid:v\n";
    let session: Session = text.parse().unwrap();
    assert_eq!(session.attributes.groups().next().unwrap().mids, ["a", "v"]);
    assert_eq!(session.media[1].mid().unwrap(), "v");
    assert!(session.media[0].rtcp_mux() && !session.media[1].rtcp_mux());
    assert_eq!(session.media[0].attributes.sources().next().unwrap().ssrc, 314159);
    assert_eq!(format!("{session:#}"), text);
}
