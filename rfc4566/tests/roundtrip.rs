//! What is built is read back the same, and what is read is written back the same.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rfc4566::*;

fn text() -> impl Strategy<Value = Text> {
    "[^\0\r\n]{1,20}".prop_map(|text| Text::new(text).unwrap())
}

fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9!#$%&'*+.^_`{|}~-]{1,10}"
}

fn word() -> impl Strategy<Value = Word> {
    token().prop_map(|token| Word::new(token).unwrap())
}

fn connection() -> impl Strategy<Value = Connection> {
    prop_oneof![
        any::<std::net::IpAddr>().prop_map(Connection::ip),
        (224u8..240, any::<[u8; 3]>(), any::<u8>())
            .prop_map(|(a, [b, c, d], ttl)| Connection::multicast([a, b, c, d].into(), ttl)),
        "[a-z][a-z0-9-]{1,10}\\.example".prop_map(|name| Connection::name(&name).unwrap()),
    ]
}

fn time() -> impl Strategy<Value = Time> {
    let bound = || prop_oneof![Just(0), 1_000_000_000..u64::MAX];
    let unit = || option::of(prop_oneof![Just(Unit::Day), Just(Unit::Hour), Just(Unit::Minute), Just(Unit::Second)]);
    let typed = move || (any::<u64>(), unit()).prop_map(|(count, unit)| TypedTime { count, unit });
    let interval = (1u64.., unit()).prop_map(|(count, unit)| TypedTime { count, unit });
    let repeat = (interval, typed(), vec(typed(), 1..4)).prop_map(|(interval, duration, offsets)| Repeat {
        interval,
        duration,
        offsets,
    });
    let zone = (1_000_000_000..u64::MAX, any::<bool>(), typed()).prop_map(|(at, back, by)| Zone { at, back, by });
    (bound(), bound(), vec(repeat, 0..3), vec(zone, 0..3)).prop_map(|(start, stop, repeats, zones)| Time {
        start,
        stop,
        zones: if repeats.is_empty() { Vec::new() } else { zones },
        repeats,
    })
}

fn attribute() -> impl Strategy<Value = Attribute> {
    prop_oneof![
        token().prop_map(|name| Attribute::flag(&format!("x-{name}")).unwrap()),
        (token(), text()).prop_map(|(name, value)| Attribute::value(&format!("x-{name}"), &value).unwrap()),
        (0u8..128, token(), any::<u32>(), any::<u8>()).prop_map(|(number, name, rate, channels)| Attribute::typed(
            &Rtpmap::new(number, &name, rate, channels).unwrap()
        )),
        (any::<u16>(), option::of(connection()))
            .prop_map(|(port, connection)| Attribute::typed(&Rtcp { port, connection })),
        (word(), vec(word(), 0..4)).prop_map(|(semantics, mids)| Attribute::typed(&Group { semantics, mids })),
    ]
}

fn bandwidth() -> impl Strategy<Value = Bandwidth> {
    (word(), any::<u64>()).prop_map(|(kind, value)| Bandwidth { kind, value })
}

fn media() -> impl Strategy<Value = Media> {
    let line = (token(), any::<u16>(), option::of(1u32..), token(), vec(word(), 1..5));
    let rest = (option::of(text()), vec(connection(), 1..3), vec(bandwidth(), 0..3), vec(attribute(), 0..6));
    (line, rest).prop_map(|((kind, port, port_count, proto, formats), (info, connections, bandwidths, attributes))| {
        let attributes = attributes.into_iter().collect();
        let media = Media::new(&kind, port, &proto).unwrap();
        Media { port_count, formats, info, connections, bandwidths, attributes, ..media }
    })
}

fn session() -> impl Strategy<Value = Session> {
    let head = (any::<(u64, u64, std::net::IpAddr)>(), word(), text(), option::of(text()), option::of("[a-z:/]{1,9}"));
    let contacts = (vec(text(), 0..3), vec("[0-9]{1,9}", 0..3), option::of(connection()), vec(bandwidth(), 0..3));
    let rest = (vec(time(), 1..3), vec(attribute(), 0..6), vec(media(), 0..4));
    (head, contacts, rest).prop_map(|(head, (emails, phones, connection, bandwidths), (times, attributes, media))| {
        let ((id, version, host), username, name, info, uri) = head;
        let mut session = Session::new(Origin::new(id, version, host));
        session.origin.username = username;
        (session.name, session.info, session.emails) = (name, info, emails);
        session.uri = uri.map(|uri| Text::new(uri).unwrap());
        session.phones = phones.into_iter().map(|phone| Text::new(phone).unwrap()).collect();
        (session.connection, session.bandwidths, session.times) = (connection, bandwidths, times);
        (session.attributes, session.media) = (attributes.into_iter().collect(), media);
        session
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    //= rfc8866#5/syntax test
    //= rfc8866#5/order test
    #[test]
    fn what_is_built_is_strictly_right_and_comes_back(session in session()) {
        let bytes = session.to_bytes();
        prop_assert_eq!(&Session::parse_with(bytes.clone(), &Config::strict()).unwrap(), &session);
        prop_assert_eq!(&Session::parse(bytes).unwrap(), &session);
        prop_assert_eq!(&format!("{session:#}").parse::<Session>().unwrap(), &session);
    }

    #[test]
    fn lines_in_any_order_say_the_same(session in session(), seed in any::<u64>()) {
        // Lines of different letters change places within their section; those of one letter keep their order.
        let text = session.to_string();
        let mut lines: Vec<&str> = text.split_inclusive("\r\n").collect();
        let key = |line: &str| (u64::from(line.as_bytes()[0]).wrapping_mul(seed | 1)).rotate_left(13) ^ seed;
        for section in lines[1..].split_mut(|line| line.starts_with("m=")) {
            // t=, r= and z= belong together.
            section.sort_by_key(|line| if matches!(line.as_bytes()[0], b'r' | b'z') { key("t") } else { key(line) });
        }
        prop_assert_eq!(lines.concat().parse::<Session>().unwrap(), session);
    }
}
