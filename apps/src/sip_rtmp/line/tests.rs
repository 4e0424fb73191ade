//! A line and a telephone, without sockets. The telephone is a user agent that also plays the registrar.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rfc3261::endpoint::Listen;
use rfc3261::message::{Method, Name, Response, Status, Uri};
use rfc3261::ua::{Body, Call, Config, Ended, Event as Sip, Invitation, UserAgent};
use rfc3264::{Capabilities, Format, LocalStream, Negotiation};
use rfc3550::Packet;
use rfc3551::telephone_event::{Sender, Step};
use rfc4566::Direction;
use rtmp::{Message, MessageType};
use wire::{Input, Instant, Machine, Output, Rng, Transmit, Transport};

use super::*;
use crate::common::{parse_address, read_sdp};

const PLAIN: Ability = Ability { g722: false, opus: false, speex: false, aac: false };

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

struct Pair {
    now: Instant,
    line: Line,
    phone: UserAgent,
    told: Vec<Event>,
    heard: Vec<Sip>,
    /// RTP that came to the phone's audio port.
    rtp: Vec<Packet>,
    /// How the registrar answers; `None` leaves requests unanswered.
    registrar: Option<u16>,
    registers: usize,
    /// What the line sends meanwhile is lost.
    deaf: bool,
}

impl Pair {
    fn new(password: Option<&str>) -> Pair {
        let mut config = LineConfig::new(
            parse_address("\"Alice\" <sip:alice@a.test>").unwrap(),
            "192.0.2.1".parse().unwrap(),
            PLAIN,
        );
        config.password = password.map(str::to_owned);
        config.proxy = Some(Uri::parse("sip:192.0.2.2:5060;lr").unwrap());
        let mut settings = Config::new(parse_address("sip:bob@b.test").unwrap());
        settings.methods.push(Method::Register);
        let mut phone = UserAgent::new(settings, Rng::from_u64(7));
        phone.listen(Listen::new(Transport::Udp, at("192.0.2.2:5060")));
        let mut pair = Pair {
            now: Instant::from_millis(1),
            line: Line::new(config, Rng::from_u64(3)),
            phone,
            told: Vec::new(),
            heard: Vec::new(),
            rtp: Vec::new(),
            registrar: Some(200),
            registers: 0,
            deaf: false,
        };
        pair.line.open(pair.now, at("192.0.2.1:5070"));
        pair
    }

    /// One whose line is open.
    fn open(password: Option<&str>) -> Pair {
        let mut pair = Pair::new(password);
        pair.run();
        assert_eq!(pair.callbacks(), [], "no callback before a call");
        assert_eq!(std::mem::take(&mut pair.told), [Event::Opened]);
        pair
    }

    /// Carries datagrams until both are idle.
    fn run(&mut self) {
        for _ in 0..1000 {
            let before = (self.told.len(), self.heard.len());
            let mut moved = false;
            while let Some(output) = self.line.poll() {
                moved = true;
                self.line_says(output);
            }
            while let Some(output) = self.phone.poll() {
                moved = true;
                match output {
                    Output::Transmit(Transmit::Datagram { local, remote, data }) => {
                        self.line.handle(self.now, Input::Datagram { local: remote, remote: local, data });
                    }
                    Output::Event(event) => self.phone_says(event),
                    _ => {}
                }
            }
            if !moved && before == (self.told.len(), self.heard.len()) {
                return;
            }
        }
        panic!("the two never come to rest");
    }

    fn line_says(&mut self, output: Output<Event>) {
        match output {
            Output::Transmit(Transmit::Datagram { .. }) if self.deaf => {}
            Output::Transmit(Transmit::Datagram { local, remote, data }) if remote.port() == 5060 => {
                self.phone.handle(self.now, Input::Datagram { local: remote, remote: local, data });
            }
            Output::Transmit(Transmit::Datagram { remote, data, .. }) if remote == at("192.0.2.2:6000") => {
                self.rtp.extend(Packet::parse(data).ok());
            }
            Output::Event(Event::Ports { streams }) => {
                let pairs = [["192.0.2.1:4000", "192.0.2.1:4001"], ["192.0.2.1:4002", "192.0.2.1:4003"]];
                self.line.ports(self.now, Ok(pairs[..streams].iter().map(|pair| pair.map(at)).collect()));
            }
            Output::Event(event) => self.told.push(event),
            _ => {}
        }
    }

    fn phone_says(&mut self, event: Sip) {
        match event {
            Sip::Request { id, request, .. } if request.method == Method::Register => {
                self.registers += 1;
                if let Some(status) = self.registrar {
                    let mut response = Response::to_request(&request, Status(status));
                    if let Some(contact) = request.headers.raw(Name::Contact) {
                        response.headers.push(Name::Contact, format!("{contact};expires=3600"));
                    }
                    self.phone.respond(self.now, id, response).unwrap();
                }
            }
            event => self.heard.push(event),
        }
    }

    /// Lets time pass, deadline by deadline.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.run();
        while let Some(next) = [self.line.deadline(), self.phone.deadline()].into_iter().flatten().min() {
            if next > end {
                break;
            }
            self.now = self.now.max(next);
            self.line.handle(self.now, Input::Time);
            self.phone.handle(self.now, Input::Time);
            self.run();
        }
        self.now = end;
    }

    fn command(&mut self, command: Command) -> Result<Option<u64>, String> {
        let done = self.line.command(self.now, command);
        self.run();
        done
    }

    /// The callbacks since the last look.
    fn callbacks(&mut self) -> Vec<Callback> {
        let mut callbacks = Vec::new();
        self.told.retain(|event| match event {
            Event::Tell(callback) => {
                callbacks.push(callback.clone());
                false
            }
            _ => true,
        });
        callbacks
    }

    /// The call that came to the phone, and its offer.
    fn ringing(&mut self) -> (Call, rfc4566::Session) {
        let found = self.heard.iter().find_map(|event| match event {
            Sip::Incoming { call, body, .. } => Some((*call, read_sdp(body.as_ref().unwrap()).unwrap())),
            _ => None,
        });
        found.expect("the phone rings")
    }

    fn invite(&mut self, words: &[Word]) {
        let to = "sip:bob@b.test".to_owned();
        self.command(Command::Invite { to, words: words.to_vec() }).unwrap();
    }

    /// A call of the line that the phone has answered.
    fn talking(words: &[Word]) -> (Pair, Call, Negotiation) {
        let mut pair = Pair::open(None);
        pair.invite(words);
        let (call, offer) = pair.ringing();
        let mut sdp = Negotiation::new(phone_media());
        let answer = sdp.answer(offer).unwrap();
        pair.phone.accept(pair.now, call, Some(Body::sdp(answer.to_string()))).unwrap();
        pair.run();
        (pair, call, sdp)
    }

    fn phone_calls(&mut self, offer: Option<String>) -> Call {
        let invitation = Invitation { offer: offer.map(Body::sdp), ..Invitation::default() };
        let call = self.phone.invite(self.now, Uri::parse("sip:alice@192.0.2.1:5070").unwrap(), invitation).unwrap();
        self.run();
        call
    }

    fn ended(&self) -> Vec<Ended> {
        let ended = self.heard.iter().filter_map(|event| match event {
            Sip::Ended { reason, .. } => Some(reason.clone()),
            _ => None,
        });
        ended.collect()
    }
}

fn phone_media() -> Capabilities {
    let mut own = Capabilities::new([192, 0, 2, 2].into(), 9);
    let formats = [0, 8].into_iter().filter_map(Format::fixed).chain(Format::telephone_event(101, 8000));
    own.streams.push(LocalStream::audio(6000, formats.collect()));
    own
}

fn phone_offer() -> String {
    rfc3264::offer(&phone_media()).to_string()
}

#[test]
fn without_a_password_a_line_only_calls() {
    let mut pair = Pair::open(None);
    assert_eq!(pair.registers, 0);
    pair.phone_calls(Some(phone_offer()));
    assert_eq!(pair.callbacks(), []);
    assert!(matches!(pair.ended()[..], [Ended::Rejected { status: 480, .. }]));
}

#[test]
fn connect_waits_for_the_registrar() {
    let mut pair = Pair::new(Some("secret"));
    pair.registrar = None;
    pair.run();
    assert_eq!((pair.registers, pair.told.len()), (1, 0));
    pair.command(Command::Invite { to: "bob@b.test".into(), words: vec![] }).unwrap();
    assert_eq!(pair.callbacks(), [Callback::Rejected("Registration required before making a call".into())]);
    let mut pair = Pair::open(Some("secret"));
    assert_eq!(pair.registers, 1);
    assert!(!format!("{:?}", pair.line.config).contains("secret"));
    pair.pass(Duration::from_secs(3600));
    assert!(pair.registers > 1, "refreshed in time");
}

#[test]
fn a_refused_registration_refuses_the_client() {
    let mut pair = Pair::new(Some("wrong"));
    pair.registrar = Some(403);
    pair.pass(Duration::from_secs(5));
    assert_eq!(pair.told, [Event::Refused("403 Forbidden".into()), Event::Gone]);
}

#[test]
fn a_call_rings_and_is_accepted() {
    let mut pair = Pair::open(None);
    pair.invite(&[Word::Pcma, Word::Pcmu, Word::Dtmf]);
    let (call, offer) = pair.ringing();
    assert_eq!(offer.media[0].payload_types().collect::<Vec<_>>(), [8, 0, 101]);
    pair.phone.ring(pair.now, call).unwrap();
    pair.run();
    pair.phone.progress(pair.now, call, 183, None).unwrap();
    pair.run();
    let told = [Callback::Ringing("180 Ringing".into()), Callback::Ringing("183 Session Progress".into())];
    assert_eq!(pair.callbacks(), told);
    let answer = Negotiation::new(phone_media()).answer(offer).unwrap();
    pair.phone.accept(pair.now, call, Some(Body::sdp(answer.to_string()))).unwrap();
    pair.run();
    assert_eq!(pair.callbacks(), [Callback::Accepted(Some([Some("pcma"), None]))]);
    pair.phone.hang_up(pair.now, call).unwrap();
    pair.run();
    assert_eq!(pair.callbacks(), [Callback::Byed]);
    assert!(matches!(&pair.told[..], [Event::Release(ports)] if ports.len() == 2), "{:?}", pair.told);
    assert!(!pair.line.has_call());
}

#[test]
fn accepted_says_nothing_to_who_named_no_codecs() {
    let (mut pair, ..) = Pair::talking(&[]);
    assert_eq!(pair.callbacks(), [Callback::Accepted(None)]);
}

#[test]
fn a_refusal_brings_code_and_reason() {
    let mut pair = Pair::open(None);
    pair.invite(&[]);
    let (call, _) = pair.ringing();
    pair.invite(&[]);
    assert_eq!(pair.callbacks(), [Callback::Rejected("Already in an active or pending call".into())]);
    pair.phone.reject(pair.now, call, 486).unwrap();
    pair.run();
    assert_eq!(pair.callbacks(), [Callback::Rejected("486 Busy Here".into())]);
    pair.heard.clear();
    pair.invite(&[]);
    pair.ringing();
}

#[test]
fn a_call_that_can_carry_nothing_is_not_made() {
    let mut pair = Pair::open(None);
    pair.invite(&[Word::Aac, Word::Ulaw]);
    assert_eq!(pair.callbacks(), [Callback::Rejected("488 Not Acceptable Here".into())]);
    assert!(pair.heard.is_empty(), "nobody rang");
    assert!(pair.line.command(pair.now, Command::Invite { to: "http://b".into(), words: vec![] }).is_err());
}

#[test]
fn bye_cancels_a_call_that_rings() {
    let mut pair = Pair::open(None);
    pair.invite(&[]);
    let (call, _) = pair.ringing();
    pair.phone.ring(pair.now, call).unwrap();
    pair.run();
    pair.callbacks();
    pair.command(Command::Bye).unwrap();
    assert_eq!(pair.callbacks(), [Callback::Rejected("487 Request Terminated".into())]);
    assert_eq!(pair.ended(), [Ended::Cancelled]);
}

#[test]
fn an_answer_that_meets_the_cancel_is_ended_and_a_reason_is_told() {
    let mut pair = Pair::open(None);
    pair.invite(&[]);
    let (call, offer) = pair.ringing();
    pair.phone.ring(pair.now, call).unwrap();
    pair.run();
    let answer = Negotiation::new(phone_media()).answer(offer).unwrap();
    pair.phone.accept(pair.now, call, Some(Body::sdp(answer.to_string()))).unwrap();
    pair.callbacks();
    pair.command(Command::Bye).unwrap(); // before the 200 has arrived
    pair.pass(Duration::from_secs(5));
    assert_eq!(pair.callbacks(), [Callback::Rejected("487 Request Terminated".into())]);
    assert_eq!(pair.ended(), [Ended::Remote], "ACK, then BYE");
}

#[test]
fn a_call_comes_and_is_taken() {
    let mut pair = Pair::open(Some("secret"));
    let call = pair.phone_calls(Some(phone_offer()));
    let invited = Callback::Invited { from: "<sip:bob@b.test>".into(), to: "\"Alice\" <sip:alice@a.test>".into() };
    assert_eq!(pair.callbacks(), [invited]);
    assert!(pair.heard.iter().any(|event| matches!(event, Sip::Ringing { .. })));
    pair.phone_calls(Some(phone_offer()));
    assert!(matches!(pair.ended()[..], [Ended::Rejected { status: 486, .. }]), "one call at a time");
    pair.command(Command::Accept(vec![Word::Pcmu, Word::Dtmf])).unwrap();
    assert_eq!(pair.callbacks(), [Callback::Accepted(Some([Some("pcmu"), None]))]);
    assert!(pair.command(Command::Accept(vec![])).is_err(), "taken already");
    pair.command(Command::Bye).unwrap();
    assert_eq!(pair.callbacks(), [], "who hangs up knows it");
    assert!(pair.heard.iter().any(|e| matches!(e, Sip::Ended { call: c, reason: Ended::Remote } if *c == call)));
}

#[test]
fn a_call_without_offer_is_offered_to() {
    let mut pair = Pair::open(Some("secret"));
    let call = pair.phone_calls(None);
    pair.callbacks();
    pair.command(Command::Accept(vec![])).unwrap();
    assert_eq!(pair.callbacks(), [], "not before the ACK");
    let offer = pair.heard.iter().find_map(|event| match event {
        Sip::Answered { body, .. } => Some(read_sdp(body.as_ref().unwrap()).unwrap()),
        _ => None,
    });
    let answer = Negotiation::new(phone_media()).answer(offer.unwrap()).unwrap();
    pair.phone.answer(pair.now, call, Body::sdp(answer.to_string())).unwrap();
    pair.run();
    assert_eq!(pair.callbacks(), [Callback::Accepted(None)]);
}

#[test]
fn a_call_that_cannot_be_carried_is_refused_before_it_rings() {
    let mut pair = Pair::open(Some("secret"));
    let offer = phone_offer().replace("RTP/AVP 0 8 101", "RTP/AVP 18").replace("a=rtpmap:0 PCMU", "a=rtpmap:18 G729");
    pair.phone_calls(Some(offer));
    assert_eq!(pair.callbacks(), []);
    assert!(matches!(pair.ended()[..], [Ended::Rejected { status: 488, .. }]), "{:?}", pair.ended());
    assert!(!pair.heard.iter().any(|event| matches!(event, Sip::Ringing { .. })));
}

#[test]
fn accepting_without_a_common_codec_ends_the_call() {
    let mut pair = Pair::open(Some("secret"));
    pair.phone_calls(Some(phone_offer()));
    pair.callbacks();
    pair.command(Command::Accept(vec![Word::Wideband, Word::H264])).unwrap();
    assert_eq!(pair.callbacks(), [Callback::Byed]);
    assert!(matches!(pair.ended()[..], [Ended::Rejected { status: 488, .. }]));
}

#[test]
fn calls_are_rejected_with_the_status_of_the_client() {
    for (reason, expected) in [("486 Busy Here", 486), ("Decline", 603), ("999 x", 603)] {
        let mut pair = Pair::open(Some("secret"));
        pair.phone_calls(Some(phone_offer()));
        pair.command(Command::Reject(reason.into())).unwrap();
        assert!(matches!(pair.ended()[..], [Ended::Rejected { status, .. }] if status == expected), "{reason}");
        assert!(pair.command(Command::Reject(reason.into())).is_err(), "nothing rings any more");
    }
}

#[test]
fn a_caller_that_gives_up_is_told() {
    let mut pair = Pair::open(Some("secret"));
    let call = pair.phone_calls(Some(phone_offer()));
    pair.callbacks();
    pair.phone.hang_up(pair.now, call).unwrap();
    pair.run();
    let (from, to) = ("<sip:bob@b.test>".into(), "\"Alice\" <sip:alice@a.test>".into());
    assert_eq!(pair.callbacks(), [Callback::Cancelled { from, to }]);
}

#[test]
fn hold_goes_both_ways() {
    let (mut pair, call, mut phone) = Pair::talking(&[Word::Pcmu]);
    pair.callbacks();
    for (hold, direction) in [(true, Direction::SendOnly), (false, Direction::SendRecv)] {
        pair.command(Command::Hold(hold)).unwrap();
        let offer = pair.heard.iter().rev().find_map(|event| match event {
            Sip::ReInvite { body, .. } => Some(read_sdp(body.as_ref().unwrap()).unwrap()),
            _ => None,
        });
        let offer = offer.expect("a re-INVITE");
        assert_eq!(offer.direction(&offer.media[0]), direction);
        let answer = phone.answer(offer).unwrap();
        pair.phone.accept(pair.now, call, Some(Body::sdp(answer.to_string()))).unwrap();
        pair.run();
        pair.heard.clear();
    }
    // the phone holds in the way of today, and in the old way, by an address of zeros
    for zeros in [false, true] {
        phone.hold();
        let mut text = phone.offer().unwrap().to_string();
        if zeros {
            text = text.replace("c=IN IP4 192.0.2.2", "c=IN IP4 0.0.0.0");
        }
        pair.phone.modify(pair.now, call, Body::sdp(text)).unwrap();
        pair.run();
        assert_eq!(pair.callbacks(), [Callback::Holded(true)], "{zeros}");
        phone.reject();
        phone.resume();
        let text = phone.offer().unwrap().to_string();
        pair.phone.modify(pair.now, call, Body::sdp(text)).unwrap();
        pair.run();
        assert_eq!(pair.callbacks(), [Callback::Holded(false)], "{zeros}");
        phone.reject();
    }
}

#[test]
fn keys_go_out_as_whole_events() {
    let (mut pair, ..) = Pair::talking(&[Word::Pcmu, Word::Dtmf]);
    pair.command(Command::SendDtmf("5".into())).unwrap();
    pair.pass(Duration::from_secs(1));
    let events: Vec<&Packet> = pair.rtp.iter().filter(|packet| packet.payload_type == 101).collect();
    let ends = events.iter().filter(|packet| packet.payload[1] & 0x80 != 0).count();
    assert!(events.len() > 4, "{} packets", events.len());
    assert_eq!(ends, 3, "the end is said three times");
    assert!(events.iter().all(|packet| packet.payload[0] == 5 && packet.timestamp == events[0].timestamp));
    assert!(pair.command(Command::SendDtmf("5x".into())).is_err());
    assert!(pair.command(Command::SendDtmf("5".repeat(65))).is_err());
}

#[test]
fn keys_come_in_once_each() {
    let (mut pair, call, _) = Pair::talking(&[Word::Pcmu, Word::Dtmf]);
    pair.callbacks();
    let mut sender = Sender::new(160);
    sender.dial("7").unwrap();
    let (mut timestamp, mut sequence) = (1000u32, 1u16);
    for _ in 0..20 {
        let (payload_type, marker, payload) = match sender.step() {
            Step::Report(report) => {
                timestamp = timestamp.wrapping_add(report.advance);
                (101, report.marker, Bytes::copy_from_slice(&report.payload))
            }
            Step::Media { advance } => {
                timestamp = timestamp.wrapping_add(advance);
                (0, false, Bytes::from_static(&[0xff; 160]))
            }
        };
        let packet = Packet { payload_type, marker, sequence, timestamp, ssrc: 77, payload, ..Packet::default() };
        sequence += 1;
        let (local, remote) = (at("192.0.2.1:4000"), at("192.0.2.2:6000"));
        pair.line.handle(pair.now, Input::Datagram { local, remote, data: packet.to_bytes() });
        pair.pass(Duration::from_millis(20));
    }
    pair.pass(Duration::from_millis(500));
    assert_eq!(pair.callbacks(), [Callback::ReceivedDtmf('7')]);
    let info = |kind: &'static str, data: &'static str| Body { content_type: kind.into(), data: data.into() };
    pair.phone.info(pair.now, call, info("application/dtmf-relay", "Signal=9\r\nDuration=100\r\n")).unwrap();
    pair.run();
    assert_eq!(pair.callbacks(), [Callback::ReceivedDtmf('9')]);
    let control = "<media_control><picture_fast_update/></media_control>";
    pair.phone.info(pair.now, call, info("application/media_control+xml", control)).unwrap();
    pair.run();
    assert_eq!(pair.callbacks(), []);
}

#[test]
fn sound_crosses_both_ways() {
    let (mut pair, ..) = Pair::talking(&[Word::Pcmu]);
    for n in 0..50u32 {
        let payload: Bytes = [&[0x82][..], &[0x55; 160]].concat().into();
        let message = Message { kind: MessageType::Audio, timestamp: n * 20, stream: 1, payload };
        pair.line.published(pair.now, &message);
        let packet = Packet {
            payload_type: 0,
            sequence: n as u16,
            timestamp: n * 160,
            ssrc: 77,
            payload: Bytes::from_static(&[0x2a; 160]),
            ..Packet::default()
        };
        let (local, remote) = (at("192.0.2.1:4000"), at("192.0.2.2:6000"));
        pair.line.handle(pair.now, Input::Datagram { local, remote, data: packet.to_bytes() });
        pair.pass(Duration::from_millis(20));
    }
    let sent = pair.rtp.iter().filter(|packet| packet.payload[..] == [0x55; 160]).count();
    assert!(sent > 40, "{sent} packets to the phone");
    let played: Vec<&Message> =
        pair.told.iter().filter_map(|e| if let Event::Play(message) = e { Some(message) } else { None }).collect();
    assert!(played.iter().all(|m| m.payload[0] == 0x82));
    let whole = played.iter().filter(|m| m.payload[1..] == [0x2a; 160]).count();
    assert!(whole > 30, "{whole} of {} messages to the client", played.len());
    assert!(played.windows(2).all(|pair| pair[1].timestamp > pair[0].timestamp));
}

#[test]
fn texts_go_both_ways() {
    let mut pair = Pair::open(Some("secret"));
    assert!(pair.command(Command::SendText { to: None, text: "hi".into() }).is_err(), "to whom?");
    let ticket = pair.command(Command::SendText { to: Some("bob@b.test".into()), text: "hi".into() }).unwrap().unwrap();
    assert_eq!(std::mem::take(&mut pair.told), [Event::Text(ticket, Ok(()))]);
    let said = pair.heard.iter().any(|e| matches!(e, Sip::Message { body, .. } if body.data == "hi"));
    assert!(said);
    pair.phone.message(pair.now, Uri::parse("sip:alice@192.0.2.1:5070").unwrap(), Body::text("grüezi")).unwrap();
    pair.run();
    let received = Callback::ReceivedText { from: "<sip:bob@b.test>".into(), text: "grüezi".into() };
    assert_eq!(pair.callbacks(), [received]);
    assert!(pair.command(Command::SendText { to: Some("bob@b.test".into()), text: "x".repeat(2000) }).is_err());
}

#[test]
fn a_client_that_vanishes_leaves_nothing_behind() {
    let mut pair = Pair::open(Some("secret"));
    pair.phone_calls(Some(phone_offer()));
    pair.command(Command::Accept(vec![])).unwrap();
    pair.told.clear();
    let before = pair.registers;
    pair.line.close(pair.now);
    pair.run();
    assert_eq!(pair.ended(), [Ended::Remote], "BYE");
    assert_eq!(pair.registers, before + 1, "the binding is removed");
    assert!(matches!(&pair.told[..], [Event::Release(_), Event::Gone]), "{:?}", pair.told);
    assert_eq!(pair.line.deadline(), None);
}

#[test]
fn a_call_that_went_out_is_over_when_the_phone_has_said_so() {
    let (mut pair, _, _) = Pair::talking(&[Word::Pcmu]);
    pair.told.clear();
    pair.line.close(pair.now);
    pair.run();
    assert!(matches!(&pair.told[..], [Event::Release(_), Event::Gone]), "at once: {:?}", pair.told);
}

#[test]
fn goodbyes_that_nobody_answers_end_in_time() {
    let mut pair = Pair::open(Some("secret"));
    pair.deaf = true;
    pair.line.close(pair.now);
    pair.pass(Duration::from_millis(1900));
    assert_eq!(pair.told, []);
    pair.pass(Duration::from_millis(200));
    assert_eq!(pair.told, [Event::Gone]);
}

#[test]
fn a_phone_that_vanishes_is_given_up() {
    let mut pair = Pair::open(None);
    pair.deaf = true;
    pair.invite(&[]);
    pair.pass(Duration::from_secs(40));
    assert_eq!(pair.callbacks(), [Callback::Rejected("408 Request Timeout".into())]);
}

#[test]
fn a_phone_that_falls_silent_in_a_call_is_given_up() {
    let (mut pair, call, _) = Pair::talking(&[Word::Pcmu]);
    pair.pass(Duration::from_secs(90));
    assert!(pair.line.has_call(), "a phone that never said anything may stay so");
    let packet = Packet { ssrc: 77, payload: Bytes::from_static(&[0xff; 160]), ..Packet::default() };
    let (local, remote) = (at("192.0.2.1:4000"), at("192.0.2.2:6000"));
    pair.line.handle(pair.now, Input::Datagram { local, remote, data: packet.to_bytes() });
    pair.pass(Duration::from_secs(59));
    assert!(pair.line.has_call());
    pair.callbacks();
    pair.pass(Duration::from_secs(2));
    assert_eq!(pair.callbacks(), [Callback::Byed]);
    assert!(pair.heard.iter().any(|e| matches!(e, Sip::Ended { call: c, .. } if *c == call)), "BYE");
}
