//! Servers, and people between, who do what they must not.

mod common;

use std::time::Duration;

use common::{Options, Rig, config};
use rfc3920::ns;
use rfc3920::sasl;
use rfc3920::stream::{Client, DropReason, Error, Event, Kind, State, Target};
use wire::{CloseReason, Input, Machine, Output, Transport};

const HEADER: &str = "<stream:stream xmlns='jabber:client' version='1.0' \
                      xmlns:stream='http://etherx.jabber.org/streams' id='1' from='wonderland.example'>";
const DAY: Duration = Duration::from_secs(86_400);

/// A client that faces a silent server, which the test speaks for.
fn faced() -> Rig {
    Rig::connected(config(), Options { mute: true, ..Options::default() })
}

/// One that has TLS and waits for the second header.
fn secured() -> Rig {
    let mut rig = faced();
    rig.say(&format!("{HEADER}<stream:features><starttls xmlns='{}'/></stream:features>", ns::TLS));
    rig.say(&format!("<proceed xmlns='{}'/>", ns::TLS));
    assert_eq!(rig.client.state(), State::Opening);
    rig
}

/// The names of what it was told in this connection.
fn told(rig: &Rig) -> Vec<String> {
    rig.server.seen.iter().map(|e| e.name().to_owned()).collect()
}

/// Ended by this error, told once, with nothing more to come; no login was begun.
fn refused(rig: &mut Rig, is: impl Fn(&Error) -> bool) {
    let error = rig.final_error().unwrap_or_else(|| panic!("no end: {:?} in {:?}", rig.events, rig.client.state()));
    assert!(is(error), "{error:?}");
    assert!(!told(rig).iter().any(|name| name == "auth" || name == "authenticate"), "{:?}", told(rig));
    quiet(rig);
}

/// Idle for ever: no reconnecting, no further event.
fn quiet(rig: &mut Rig) {
    assert!(!rig.is_connected() && rig.client.state() == State::Idle);
    let (dials, events) = (rig.dials.len(), rig.events.len());
    rig.pass(DAY);
    assert_eq!((rig.dials.len(), rig.events.len()), (dials, events));
    assert_eq!(rig.client.deadline(), None);
}

//= rfc6120#5.3.1/mandatory test
//= rfc7590#3.1/attempt test
//= rfc7590#3.1/anyway test
#[test]
fn starttls_stripped() {
    // no offer at all; mechanisms in its place; a bound resource in its place
    let ends = [
        format!("<failure xmlns='{}'/></stream:stream>", ns::TLS),
        "</stream:stream>".to_owned(),
        String::new(),
        format!("<success xmlns='{}'/>", ns::SASL),
    ];
    for offer in [
        String::new(),
        format!("<mechanisms xmlns='{}'><mechanism>PLAIN</mechanism></mechanisms>", ns::SASL),
        format!("<mechanisms xmlns='{}'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>", ns::SASL),
        format!("<authentication xmlns='{}'><mechanism>SCRAM-SHA-256</mechanism></authentication>", ns::SASL2),
        format!("<bind xmlns='{}'/>", ns::BIND),
        "<starttls xmlns='urn:example:else'/>".to_owned(),
    ] {
        for end in &ends {
            let mut rig = faced();
            rig.say(&format!("{HEADER}<stream:features>{offer}</stream:features>"));
            assert_eq!(told(&rig), ["starttls"], "nothing but the wish for TLS");
            rig.say(end);
            rig.pass(Duration::from_secs(5));
            assert!(told(&rig)[1..].iter().all(|name| name == "error"), "{:?}", told(&rig));
            refused(&mut rig, |e| *e == Error::NoStartTls);
        }
        // it can be there all the same
        let mut rig = faced();
        rig.say(&format!("{HEADER}<stream:features>{offer}</stream:features>"));
        rig.say(&format!("<proceed xmlns='{}'/>", ns::TLS));
        assert_eq!(rig.client.state(), State::Opening);
    }
}

//= rfc6120#5.3.1/mandatory test
//= rfc6120#5.2/before-login test
#[test]
fn starttls_is_used_though_it_is_optional_and_a_login_stands_beside_it() {
    let mut rig = faced();
    let plain = format!("<mechanisms xmlns='{}'><mechanism>PLAIN</mechanism></mechanisms>", ns::SASL);
    rig.say(&format!("{HEADER}<stream:features>{plain}<starttls xmlns='{}'/></stream:features>", ns::TLS));
    assert_eq!(told(&rig), ["starttls"]);
}

//= rfc6120#5.4.2.2/over test
#[test]
fn starttls_refused() {
    let mut rig = faced();
    rig.say(&format!("{HEADER}<stream:features><starttls xmlns='{}'/></stream:features>", ns::TLS));
    rig.say(&format!("<failure xmlns='{}'/></stream:stream>", ns::TLS));
    refused(&mut rig, |e| *e == Error::StartTlsRefused);
}

//= rfc6120#5.4.2.3/begun test
//= rfc6120#5.4.3.1/silent test
#[test]
fn data_behind_proceed_is_an_attack() {
    let features = format!(
        "{HEADER}<stream:features><mechanisms xmlns='{}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>",
        ns::SASL
    );
    for injected in ["<stream:features/>", &features, " ", "\n", "x"] {
        let mut rig = faced();
        rig.say(&format!("{HEADER}<stream:features><starttls xmlns='{}'/></stream:features>", ns::TLS));
        rig.say(&format!("<proceed xmlns='{}'/>{injected}", ns::TLS));
        refused(&mut rig, |e| *e == Error::Injected);
    }
}

//= rfc6120#5.3.2/restart test
//= rfc6120#5.4.3.3/discard test
//= rfc6120#4.3.3/replaced test
#[test]
fn features_of_the_stream_in_the_clear_count_for_nothing() {
    let mut rig = faced();
    let clear = format!("<mechanisms xmlns='{}'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>", ns::SASL);
    rig.say(&format!("{HEADER}<stream:features>{clear}<starttls xmlns='{}'/></stream:features>", ns::TLS));
    rig.say(&format!("<proceed xmlns='{}'/>", ns::TLS));
    rig.say(&format!("{HEADER}<stream:features/>"));
    refused(&mut rig, |e| matches!(e, Error::Sasl(sasl::Error::NoMechanism(_))));
}

//= rfc6120#4.7.5/unsupported test
//= rfc6120#4.8.2/same test
//= rfc6120#4.7.1/other-from test
//= rfc6120#13.7.2/mismatch test
//= rfc6120#13.7.2/correlate test
#[test]
fn headers_that_are_not_the_servers() {
    let other = |what: &str, with: &str| HEADER.replace(what, with);
    type Is = fn(&Error) -> bool;
    let rows: [(String, Is); 6] = [
        (other("version='1.0'", ""), |e| *e == Error::Version),
        (other("version='1.0'", "version='0.9'"), |e| *e == Error::Version),
        (other("from='wonderland.example'", "from='evil.example'"), |e| *e == Error::WrongFrom),
        (other("from='wonderland.example'", "from='alice@wonderland.example'"), |e| *e == Error::WrongFrom),
        (other("jabber:client", "jabber:server"), |e| matches!(e, Error::Protocol { .. })),
        (other("http://etherx.jabber.org/streams", "urn:example"), |e| matches!(e, Error::Xml(_))),
    ];
    for (header, is) in rows {
        let mut rig = faced();
        rig.say(&header);
        refused(&mut rig, is);
        // and after the restart
        let mut rig = secured();
        rig.say(&header);
        refused(&mut rig, is);
    }
    // none is accepted, and so are versions to come
    for fine in [other("from='wonderland.example'", ""), other("version='1.0'", "version='1.9'")] {
        let mut rig = faced();
        rig.say(&fine);
        assert_eq!(rig.client.state(), State::Features, "{fine}");
    }
}

//= rfc6120#4.9.1.1/close test
//= rfc6120#4.9.3.1/specific test
//= rfc6120#4.9.2/text-lang test
#[test]
fn bad_xml_is_answered_with_its_condition_at_any_time() {
    let rows = [
        ("<!DOCTYPE a [<!ENTITY b 'c'>]>", "restricted-xml"),
        ("<?php evil?>", "restricted-xml"),
        ("<!-- hello -->", "restricted-xml"),
        ("<message><body>&b;</body></message>", "restricted-xml"),
        ("<message></presence>", "not-well-formed"),
        ("<x:message/>", "not-well-formed"),
    ];
    for (text, condition) in rows {
        let mut rig = Rig::connected(config(), Options::default());
        rig.say(text);
        let error = rig.server.seen.iter().find(|e| e.is(ns::STREAMS, "error")).unwrap_or_else(|| panic!("{text}"));
        assert!(error.find(ns::STREAM_ERRORS, condition).is_some(), "{text}: {error}");
        assert_eq!(error.find(ns::STREAM_ERRORS, "text").and_then(|words| words.lang()), Some("en"));
        assert!(rig.server.ended, "the stream is closed");
        assert!(matches!(rig.offline(), Some((Error::Xml(_), Some(_)))), "a stranger may have written it");
        rig.pass(Duration::from_secs(5));
        assert!(rig.online().is_some_and(|online| !online.resumed), "where it would come again");
    }
    let mut rig = secured();
    rig.say("<!DOCTYPE a>");
    refused(&mut rig, |e| matches!(e, Error::Xml(_)));
}

#[test]
fn depth_and_size_end_the_stream() {
    for text in ["<a>".repeat(100_000), format!("<message><body>{}</body></message>", "x".repeat(10_000_000))] {
        let mut rig = Rig::connected(config(), Options::default());
        rig.say(&text);
        let error = rig.server.seen.iter().find(|e| e.is(ns::STREAMS, "error")).expect("an error");
        assert!(error.find(ns::STREAM_ERRORS, "policy-violation").is_some(), "{error}");
        assert!(matches!(rig.offline(), Some((Error::Xml(_), Some(_)))));
    }
}

//= rfc6120#4.7.1/verify test
//= rfc6120#5.4.3.1/validate test
//= rfc7590#3.4/authenticate test
//= rfc6120#13.7.2/validate test
//= rfc6120#13.7.2/terminate test
#[test]
fn untrusted_certificates_are_told_once() {
    for kind in [Kind::StartTls, Kind::DirectTls] {
        let mut config = config();
        config.targets = vec![Target::new("192.0.2.1", 5222, kind)];
        let mut rig = Rig::new(config.clone(), Options { mute: true, ..Options::default() });
        rig.refuse = vec![CloseReason::Untrusted];
        rig.connect();
        refused(&mut rig, |e| *e == Error::Untrusted);
        // once the server has agreed to TLS, nothing follows what was said in the clear
        let mut rig = Rig::new(config, Options::default());
        rig.distrusted = true;
        rig.connect();
        assert!(rig.server.seen.iter().all(|element| element.is(ns::TLS, "starttls")));
        assert_eq!((rig.dials.len(), rig.server.headers.len()), (1, usize::from(kind == Kind::StartTls)));
        refused(&mut rig, |e| *e == Error::Untrusted);
    }
}

//= rfc6120#6.3.1/mandatory test
#[test]
fn mechanisms_that_are_not_to_be_used() {
    type Is = fn(&sasl::Error) -> bool;
    let rows: [(&str, Is); 4] = [
        ("<mechanism>PLAIN</mechanism>", |e| *e == sasl::Error::OnlyPlain),
        ("<mechanism>DIGEST-MD5</mechanism>", |e| matches!(e, sasl::Error::NoMechanism(_))),
        ("<mechanism>DIGEST-MD5</mechanism><mechanism>PLAIN</mechanism>", |e| *e == sasl::Error::OnlyPlain),
        ("", |e| matches!(e, sasl::Error::NoMechanism(_))),
    ];
    for (mechanisms, is) in rows {
        let mut rig = secured();
        let offer = format!("<mechanisms xmlns='{}'>{mechanisms}</mechanisms>", ns::SASL);
        rig.say(&format!("{HEADER}<stream:features>{offer}</stream:features>"));
        refused(&mut rig, |e| matches!(e, Error::Sasl(e) if is(e)));
    }
}

//= rfc6120#6.4.4/abort test
#[test]
fn servers_that_prove_nothing() {
    let offer = format!("<mechanisms xmlns='{}'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>", ns::SASL);
    let sasl = |name: &str, text: &str| format!("<{name} xmlns='{}'>{text}</{name}>", ns::SASL);
    type Is = fn(&sasl::Error) -> bool;
    let rows: [(String, Is); 6] = [
        (sasl("success", ""), |e| *e == sasl::Error::NoServerSignature || *e == sasl::Error::Unexpected),
        (sasl("success", "dj1mYWtl"), |_| true), // v=fake
        (sasl("challenge", "***"), |e| matches!(e, sasl::Error::Malformed(_))),
        (sasl("challenge", ""), |_| true),
        (sasl("challenge", "cj1vdGhlcixzPWFhYWEsaT00MDk2"), |e| *e == sasl::Error::NonceMismatch), // r=other,s=aaaa,i=4096
        (sasl("continue", ""), |e| *e == sasl::Error::Unexpected),
    ];
    for (answer, is) in rows {
        let mut rig = secured();
        rig.say(&format!("{HEADER}<stream:features>{offer}</stream:features>"));
        rig.say(&answer);
        let error = rig.final_error().cloned().unwrap_or_else(|| panic!("{answer}: {:?}", rig.events));
        assert!(matches!(&error, Error::Sasl(e) if is(e)), "{answer}: {error:?}");
        let aborted = !answer.starts_with("<success");
        assert_eq!(told(&rig)[2..], vec!["abort".to_owned(); usize::from(aborted)], "{answer}");
        quiet(&mut rig);
    }
}

//= rfc6120#6.4.5/close test
#[test]
fn the_wrong_password_is_told_once() {
    for options in [Options::default(), Options::modern()] {
        let mut rig = Rig::connected(config(), Options { password: "other", ..options });
        let error = rig.final_error().expect("an end");
        assert!(matches!(error, Error::Refused(why) if why.condition == sasl::Condition::NotAuthorized), "{error:?}");
        assert!(error.to_string().contains("password"), "{error}");
        assert_eq!(rig.events.len(), 1, "{:?}", rig.events);
        quiet(&mut rig);
    }
}

#[test]
fn a_server_that_cannot_check_now_is_tried_again() {
    let mut rig = secured();
    let offer = format!("<mechanisms xmlns='{}'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>", ns::SASL);
    rig.say(&format!("{HEADER}<stream:features>{offer}</stream:features>"));
    rig.say(&format!("<failure xmlns='{}'><temporary-auth-failure/></failure>", ns::SASL));
    assert!(rig.offline().is_some_and(|(_, again)| again.is_some()));
}

//= rfc6120#4.3.5/not-before test
#[test]
fn what_comes_out_of_turn_is_left_aside() {
    let early = [
        "<message from='bob@wonderland.example'><body>early</body></message>".to_owned(),
        "<iq type='get' id='1' from='wonderland.example'><ping xmlns='urn:xmpp:ping'/></iq>".to_owned(),
        format!("<success xmlns='{}'/>", ns::SASL),
        format!("<proceed xmlns='{}'/>", ns::TLS),
        format!("<resumed xmlns='{}' h='0' previd='x'/>", ns::SM),
        format!("<enabled xmlns='{}' id='x' resume='true'/>", ns::SM),
        format!("<a xmlns='{}' h='1'/>", ns::SM),
        "<unknown xmlns='urn:example:unknown'/>".to_owned(),
    ];
    for text in &early {
        let mut rig = faced();
        rig.say(&format!("{HEADER}{text}"));
        assert_eq!(rig.client.state(), State::Features, "{text}");
        assert!(matches!(rig.events[..], [Event::Dropped { .. }]), "{text}: {:?}", rig.events);
        assert!(told(&rig).is_empty());
    }
    for text in &early[2..] {
        let mut rig = Rig::connected(config(), Options::default());
        rig.take();
        rig.server.seen.clear();
        rig.say(text);
        if !text.contains("<a ") {
            assert_eq!(rig.client.state(), State::Online, "{text}");
            assert!(matches!(rig.events[..], [Event::Dropped { .. }]), "{text}: {:?}", rig.events);
        }
    }
}

//= rfc6120#11.4/ignore-unknown test
#[test]
fn features_again_and_unknown_children_change_nothing() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.take();
    let offer = format!("<mechanisms xmlns='{}'><mechanism>PLAIN</mechanism></mechanisms>", ns::SASL);
    rig.say(&format!("<stream:features xmlns:stream='{}'>{offer}</stream:features>", ns::STREAMS));
    assert_eq!(rig.take(), [Event::Dropped { reason: DropReason::Features }]);
    rig.say("<message from='bob@wonderland.example' xml:lang='x' new='1'><what xmlns='urn:example'/></message>");
    assert!(matches!(&rig.take()[..], [Event::Stanza(_)]));
    rig.say("<message from='@@'/>");
    assert_eq!(rig.take(), [Event::Dropped { reason: DropReason::Address }]);
    assert_eq!(rig.client.state(), State::Online);
}

//= rfc6120#4.8.3/unsupported test
#[test]
fn stanzas_between_servers_end_the_stream() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.say("<message xmlns='jabber:server'/>");
    assert!(matches!(rig.final_error(), Some(Error::Protocol { condition: "invalid-namespace", .. })));
}

//= rfc6120#7.3.1/mandatory test
//= rfc6120#7.6.1/server-chooses test
//= rfc6120#4.3.6/no-guess test
#[test]
fn no_binding_or_a_bound_address_that_is_none() {
    let bind = |jid: &str| format!("<bind xmlns='{}'><jid>{jid}</jid></bind>", ns::BIND);
    for jid in ["", "alice@wonderland.example", "@/", "alice@wonderland.example/"] {
        let mut rig = Rig::new(config(), Options::default());
        rig.server.options.taken = vec![];
        rig.server.options.bound = Some(bind(jid));
        rig.connect();
        assert!(matches!(rig.final_error(), Some(Error::Protocol { .. })), "{jid}: {:?}", rig.events);
    }
    let mut rig = Rig::new(config(), Options { binds: false, ..Options::default() });
    rig.connect();
    assert_eq!(rig.final_error(), Some(&Error::NoBind));
}

#[test]
fn silence_at_every_step_has_an_end() {
    // after nothing, after the header, after features, after proceed, after the mechanisms
    let offer = format!("<mechanisms xmlns='{}'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>", ns::SASL);
    let steps = [
        HEADER.to_owned(),
        format!("<stream:features><starttls xmlns='{}'/></stream:features>", ns::TLS),
        format!("<proceed xmlns='{}'/>", ns::TLS),
        HEADER.to_owned(),
        format!("<stream:features>{offer}</stream:features>"),
    ];
    for silent in 0..=steps.len() {
        let mut config = config();
        config.reconnect = false;
        let mut rig = Rig::connected(config, Options { mute: true, ..Options::default() });
        steps.iter().take(silent).for_each(|step| rig.say(step));
        assert!(rig.is_connected(), "step {silent}");
        rig.pass(rig.client.config().timing.step);
        assert!(matches!(rig.final_error(), Some(Error::Timeout(_))), "step {silent}: {:?}", rig.events);
        assert!(!rig.is_connected());
    }
}

#[test]
fn targets_in_the_clear_are_not_used_without_being_allowed() {
    let mut config = config();
    config.targets = vec![Target::new("192.0.2.1", 5280, Kind::InsecureWebSocket)];
    let mut rig = Rig::connected(config.clone(), Options::default());
    assert!(rig.dials.is_empty());
    assert_eq!(rig.final_error(), Some(&Error::Insecure));
    quiet(&mut rig);
    config.insecure = true;
    let rig = Rig::connected(config, Options { starttls: false, ..Options::default() });
    assert_eq!(rig.dials[0].0, Transport::Ws);
}

#[test]
fn insecure_is_for_servers_without_tls_alone() {
    let mut config = config();
    config.insecure = true;
    let rig = Rig::connected(config.clone(), Options::default());
    assert!(rig.online().is_some_and(|online| online.binding.is_some()), "{:?}", rig.events);
    let mechanisms = vec!["SCRAM-SHA-256"];
    let rig = Rig::connected(config.clone(), Options { starttls: false, mechanisms, ..Options::default() });
    assert!(rig.online().is_some_and(|online| online.binding.is_none()), "{:?}", rig.events);
    // and never for the password itself
    config.policy.allow_plain = true;
    let rig = Rig::connected(config, Options { starttls: false, mechanisms: vec!["PLAIN"], ..Options::default() });
    assert!(matches!(rig.final_error(), Some(Error::Sasl(_))), "{:?}", rig.events);
}

/// What a driver reads late, or out of a pipe that somebody else can write to.
//= rfc6120#5.4.2.3/begun test
#[test]
fn nothing_is_read_between_proceed_and_tls() {
    let mut client = Client::new(config(), wire::Rng::from_u64(1));
    let now = wire::Instant::from_millis(1);
    let mut conn = None;
    let mut sent = String::new();
    client.connect(now).unwrap();
    let mut run = |client: &mut Client, words: &str| {
        let mut upgraded = false;
        if let Some(conn) = conn {
            client.handle(now, Input::Stream { conn, data: words.to_owned().into() });
        }
        while let Some(output) = client.poll() {
            match output {
                Output::Connect { conn: asked, .. } => {
                    conn = Some(asked);
                    let (local, remote) = (([192, 0, 2, 99], 9).into(), ([192, 0, 2, 1], 5222).into());
                    client.handle(now, Input::Opened { conn: asked, transport: Transport::Tcp, local, remote });
                }
                Output::Upgrade { .. } => upgraded = true,
                Output::Transmit(wire::Transmit::Stream { data, .. }) => sent += std::str::from_utf8(&data).unwrap(),
                other => panic!("{other:?}"),
            }
        }
        (upgraded, sent.clone())
    };
    run(&mut client, "");
    run(&mut client, &format!("{HEADER}<stream:features><starttls xmlns='{}'/></stream:features>", ns::TLS));
    let (upgraded, sent) = run(&mut client, &format!("<proceed xmlns='{}'/>", ns::TLS));
    assert!(upgraded);
    let offer = format!("<mechanisms xmlns='{}'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>", ns::SASL);
    let clear = format!("{HEADER}<stream:features>{offer}</stream:features>");
    assert_eq!(run(&mut client, &clear), (false, sent));
    assert_eq!(client.state(), State::Securing);
}
