//! A client and a server on a virtual network, whose streams come in pieces of any size.
mod common;

use amf::amf0::{Object, Value};
use common::{Told, World, media, status, url};
use rtmp::client::{self, StreamEvent};
use rtmp::server::{self, ClosedReason, Config, PublishMode, Role, Track};
use rtmp::status::*;
use rtmp::{CallError, Capabilities, MessageType, chunk};
use wire::ConnId;

#[test]
fn what_is_published_is_played() {
    let mut world = World::new(1, Config::default());
    let (publisher, _, from) = world.publisher("cam1?key=7");
    let (player, to_conn, to) = world.player("cam1");
    let sent: Vec<_> = (0..40).map(|n| media(MessageType::Video, n * 40, 5000 + n as usize)).collect();
    for message in &sent {
        world.on_client(publisher, |client, now| client.send(now, from, message).unwrap());
    }
    let mut played = Vec::new();
    for (_, told) in world.run(500) {
        if let Told::Server(server::Event::Media { message, .. }) = told {
            played.push(message.clone());
            let mut shared = chunk::Shared::new(message).unwrap();
            world.on_server(|server, now| {
                let size = server.chunk_size(to_conn).unwrap();
                server.send_shared(now, to_conn, shared.bytes(size, to)).unwrap();
            });
        }
    }
    assert_eq!(played.len(), sent.len());
    let got: Vec<_> = world
        .run(500)
        .into_iter()
        .filter_map(|(host, told)| match told {
            Told::Client(client::Event::Media { stream, message }) if host == player && stream == to => Some(message),
            _ => None,
        })
        .collect();
    assert_eq!(got.len(), sent.len());
    for (got, sent) in got.iter().zip(&sent) {
        assert_eq!((got.kind, got.timestamp, &got.payload), (sent.kind, sent.timestamp, &sent.payload));
    }
}

//= rtmp#7.2.2.6/ask test
//= rtmp#7.1.1/command-types test
#[test]
fn names_queries_and_modes_arrive_as_they_were_written() {
    let mut world = World::new(2, Config::default());
    let (host, _) = world.accepted("live/room?token=1");
    let stream = world.stream(host);
    world.on_client(host, |client, now| client.publish(now, stream, "a/b?x=1?y", PublishMode::Append).unwrap());
    let (name, query, mode) = world.server_tells(|event| match event {
        server::Event::Publish { name, query, mode, .. } => Some((name.clone(), query.clone(), *mode)),
        _ => None,
    });
    assert_eq!((&*name, &*query, mode), ("a/b", "x=1?y", PublishMode::Append));
}

//= rtmp#7.2.2.1/ask test
//= rtmp#7.2.2.1/reset test
#[test]
fn play_tells_start_duration_and_reset() {
    let mut world = World::new(3, Config::default());
    let (host, conn) = world.accepted("vod");
    let stream = world.stream(host);
    for (start, duration, reset) in [(-2.0, -1.0, true), (-1.0, 2000.0, true), (1500.0, 0.0, true)] {
        world.on_client(host, |client, now| client.play(now, stream, "film", start, duration, reset).unwrap());
        let told = world.server_tells(|event| match event {
            server::Event::Play { start, duration, reset, .. } => Some((*start, *duration, *reset)),
            _ => None,
        });
        assert_eq!(told, (start, duration, reset));
        world.on_server(|server, now| server.accept_play(now, conn, stream).unwrap());
        world.client_tells(host, |event| {
            matches!(event, client::Event::Control { event: StreamEvent::Begin, .. }).then_some(())
        });
        world.client_tells(host, |event| status(event, PLAY_RESET));
        world.client_tells(host, |event| status(event, PLAY_START));
    }
}

#[test]
fn a_playlist_goes_on_when_the_first_has_ended() {
    let mut world = World::new(4, Config::default());
    let (host, conn, stream) = world.player("first");
    world.on_client(host, |client, now| client.play(now, stream, "second", 0.0, -1.0, false).unwrap());
    let told = world.run(100);
    assert!(!told.iter().any(|(_, told)| matches!(told, Told::Server(server::Event::Play { .. }))), "it waits");
    world.on_server(|server, now| server.end_play(now, conn, stream, PLAY_STOP).unwrap());
    let events: Vec<_> = world.run(100).into_iter().map(|(_, told)| told).collect();
    let stopped = Told::Server(server::Event::Stopped { conn, stream, was: Role::Playing });
    assert!(events.contains(&stopped), "{events:?}");
    let next = events.iter().find_map(|told| match told {
        Told::Server(server::Event::Play { name, reset, .. }) => Some((name.clone(), *reset)),
        _ => None,
    });
    assert_eq!(next, Some(("second".into(), false)));
    assert!(!events.iter().any(|told| matches!(told, Told::Client(client::Event::Stopped { .. }))), "one is left");
    world.on_server(|server, now| server.accept_play(now, conn, stream).unwrap());
    world.on_server(|server, now| server.end_play(now, conn, stream, PLAY_STOP).unwrap());
    world.client_tells(host, |event| matches!(event, client::Event::Stopped { .. }).then_some(()));
}

//= rtmp#7.2.1.2/answer test
//= rtmp#7.2.1.2/pair test
#[test]
fn calls_are_paired_with_their_answers_in_any_order() {
    let mut world = World::new(5, Config::default());
    let (host, conn) = world.accepted("rpc");
    let call = |world: &mut World, name: &str| {
        world.on_client(host, |client, now| client.call(now, name, vec![name.into()], None).unwrap())
    };
    let (first, second) = (call(&mut world, "first"), call(&mut world, "second"));
    let mut asked = Vec::new();
    for (_, told) in world.run(100) {
        if let Told::Server(server::Event::Command { transaction, name, arguments, stream, .. }) = told {
            assert_eq!((stream, &arguments[..]), (0, &[Value::from(&*name)][..]));
            asked.push(transaction);
        }
    }
    assert_eq!(asked, [first as f64, second as f64]);
    let refusal = Status::error(CALL_FAILED, "no").to_object();
    world.on_server(|server, now| server.answer(now, conn, asked[1], Ok(vec![2.into()])).unwrap());
    world.on_server(|server, now| server.answer(now, conn, asked[0], Err(refusal.clone())).unwrap());
    world.on_server(|server, now| {
        assert_eq!(server.answer(now, conn, asked[0], Ok(vec![])), Err(server::Error::NotAsked))
    });
    let mut answers = Vec::new();
    for (_, told) in world.run(100) {
        if let Told::Client(client::Event::Answer { transaction, result }) = told {
            answers.push((transaction, result));
        }
    }
    assert_eq!(answers, [(second, Ok(vec![2.into()])), (first, Err(CallError::Refused(vec![refusal.into()])))]);
}

#[test]
fn the_server_calls_too_and_gives_up_in_time() {
    let mut world = World::new(6, Config::default());
    let (host, conn) = world.accepted("rpc");
    let ask = |world: &mut World| world.on_server(|server, now| server.call(now, conn, "who", vec![], None).unwrap());
    let answered = ask(&mut world);
    let transaction = world.client_tells(host, |event| match event {
        client::Event::Command { transaction, name, .. } if &**name == "who" => Some(*transaction),
        _ => None,
    });
    world.on_client(host, |client, now| client.answer(now, transaction, Ok(vec!["me".into()])).unwrap());
    let told = world.server_tells(|event| match event {
        server::Event::Answer { transaction, result, .. } => Some((*transaction, result.clone())),
        _ => None,
    });
    assert_eq!(told, (answered, Ok(vec!["me".into()])));
    // Nobody answers: the client's machine refuses after its time, which is the server's too, and either may be first.
    let unanswered = ask(&mut world);
    let late: Vec<_> = world
        .run(30_000)
        .into_iter()
        .filter_map(|(_, told)| match told {
            Told::Server(server::Event::Answer { transaction, result, .. }) => Some((transaction, result.is_err())),
            _ => None,
        })
        .collect();
    assert_eq!(late, [(unanswered, true)]);
}

//= rtmp#7.2/dispatch test
#[test]
fn an_unknown_command_is_refused_when_nobody_answers() {
    let mut config = Config::default();
    config.timing.answer = std::time::Duration::from_secs(2);
    let mut world = World::new(7, config);
    let (host, _) = world.accepted("rpc");
    let transaction = world.on_client(host, |client, now| client.call(now, "launch", vec![], None).unwrap());
    let answer = world.run(5000).into_iter().find_map(|(_, told)| match told {
        Told::Client(client::Event::Answer { transaction, result: Err(CallError::Refused(values)) }) => {
            Some((transaction, values))
        }
        _ => None,
    });
    let (told, values) = answer.expect("an answer");
    assert_eq!(told, transaction);
    assert_eq!(values[0].get("code").and_then(Value::as_str), Some(CALL_FAILED));
}

//= rtmp#7.2.1.1/outcome test
#[test]
fn a_reject_and_a_redirect_reach_the_client_before_the_end() {
    for redirect in [None, Some("rtmp://elsewhere/live")] {
        let mut world = World::new(8, Config::default());
        world.client("live");
        let conn = world.server_tells(|event| match event {
            server::Event::Connect { conn, .. } => Some(*conn),
            _ => None,
        });
        world.on_server(|server, now| match redirect {
            None => server.reject(now, conn, "not you").unwrap(),
            Some(url) => server.redirect(now, conn, url).unwrap(),
        });
        let events: Vec<_> = world.run(5000).into_iter().map(|(_, told)| told).collect();
        let rejected = events.iter().find_map(|told| match told {
            Told::Client(client::Event::Rejected { code, redirect, .. }) => Some((code.clone(), redirect.clone())),
            _ => None,
        });
        assert_eq!(rejected, Some((CONNECT_REJECTED.into(), redirect.map(Into::into))));
        let closed = |told: &&Told| {
            matches!(told, Told::Client(client::Event::Closed { reason: client::ClosedReason::Rejected }))
                || **told == Told::Server(server::Event::Closed { conn, reason: ClosedReason::Application })
        };
        assert_eq!(events.iter().filter(closed).count(), 2, "{events:?}");
        assert_eq!((world.net.streams(), world.on_server(|server, _| server.stats().connections)), (0, 0));
    }
}

//= rtmp#7.2.2.8/answer test
//= rtmp#7.1.7/buffer-length test
#[test]
fn a_player_pauses_seeks_and_switches_media_off() {
    let mut world = World::new(9, Config::default());
    let (host, conn, stream) = world.player("film");
    world.on_client(host, |client, now| {
        client.pause(now, stream, true, 1200.0).unwrap();
        client.pause(now, stream, false, 1200.0).unwrap();
        client.seek(now, stream, 60_000.0).unwrap();
        client.receive_video(now, stream, false).unwrap();
        client.buffer_length(now, stream, 3000).unwrap();
        client.play2(now, stream, Object::new().with("streamName", "film-hd?k").with("transition", "switch")).unwrap();
    });
    let events: Vec<_> = world.run(100).into_iter().map(|(_, told)| told).collect();
    for event in [
        server::Event::Pause { conn, stream, pause: true, at: 1200.0 },
        server::Event::Pause { conn, stream, pause: false, at: 1200.0 },
        server::Event::Seek { conn, stream, to: 60_000.0 },
        server::Event::Receive { conn, stream, track: Track::Video, on: false },
        server::Event::BufferLength { conn, stream, millis: 3000 },
    ] {
        assert!(events.contains(&Told::Server(event.clone())), "{event:?} in {events:?}");
    }
    let switch = events.iter().any(|told| {
        matches!(told, Told::Server(server::Event::Switch { name, query, .. }) if &**name == "film-hd" && &**query == "k")
    });
    assert!(switch, "{events:?}");
    let codes =
        |code: &str| events.iter().filter(|told| matches!(told, Told::Client(e) if status(e, code).is_some())).count();
    assert_eq!((codes(PAUSE_NOTIFY), codes(UNPAUSE_NOTIFY)), (1, 1));
    world.on_server(|server, now| server.accept_seek(now, conn, stream, 60_000.0).unwrap());
    world.client_tells(host, |event| status(event, SEEK_NOTIFY));
}

//= rtmp#7.2.2.4/answer test
//= rtmp#7.2.2.5/answer test
#[test]
fn media_switched_on_is_answered_and_switched_off_is_not() {
    let mut world = World::new(10, Config::default());
    let (host, _, stream) = world.player("film");
    world.on_client(host, |client, now| client.receive_audio(now, stream, false).unwrap());
    world.on_client(host, |client, now| client.receive_video(now, stream, false).unwrap());
    let quiet = world.run(100);
    assert!(!quiet.iter().any(|(_, told)| matches!(told, Told::Client(_))), "{quiet:?}");
    world.on_client(host, |client, now| client.receive_audio(now, stream, true).unwrap());
    world.client_tells(host, |event| status(event, SEEK_NOTIFY));
    world.client_tells(host, |event| status(event, PLAY_START));
    world.on_client(host, |client, now| client.receive_video(now, stream, true).unwrap());
    world.client_tells(host, |event| status(event, SEEK_NOTIFY));
}

/// Who ends it, and how: the server must tell `Stopped` once, whatever it is.
//= rtmp#7.2.2.3/silent test
#[test]
fn every_end_of_a_publisher_is_told_once() {
    type Act = fn(&mut World, ConnId, sim::HostId, u32);
    let acts: [(&str, Act); 7] = [
        ("closeStream", |world, _, host, stream| {
            world.on_client(host, |client, now| client.close_stream(now, stream).unwrap());
        }),
        ("deleteStream", |world, _, host, stream| {
            world.on_client(host, |client, now| client.delete_stream(now, stream).unwrap());
        }),
        ("close", |world, _, host, _| world.on_client(host, |client, now| client.close(now))),
        ("disconnect", |world, conn, _, _| world.on_server(|server, now| server.disconnect(now, conn))),
        ("end_publish", |world, conn, _, stream| {
            world.on_server(|server, now| server.end_publish(now, conn, stream, PUBLISH_IDLE, "silence").unwrap());
        }),
        ("vanish", |world, _, host, _| world.net.stop(host)),
        ("all at once", |world, conn, host, stream| {
            world.on_client(host, |client, now| client.close_stream(now, stream).unwrap());
            world.on_client(host, |client, now| client.close(now));
            world.on_server(|server, now| server.disconnect(now, conn));
            world.on_server(|server, now| server.disconnect(now, conn));
        }),
    ];
    for (name, act) in acts {
        let mut world = World::new(11, Config::default());
        let (host, conn, stream) = world.publisher("cam1");
        act(&mut world, conn, host, stream);
        let events: Vec<_> = world.run(200_000).into_iter().map(|(_, told)| told).collect();
        let stopped = Told::Server(server::Event::Stopped { conn, stream, was: Role::Publishing });
        assert_eq!(events.iter().filter(|told| **told == stopped).count(), 1, "{name}: {events:?}");
        if name != "vanish" {
            let own = Told::Client(client::Event::Stopped { stream });
            let told = events.iter().filter(|told| **told == own).count();
            // an idle publisher may go on as far as the client knows
            assert_eq!(told, usize::from(name != "end_publish"), "{name}: {events:?}");
        }
    }
}

#[test]
fn requests_nobody_answers_end_without_the_application() {
    let mut world = World::new(12, Config::default());
    let (host, conn) = world.accepted("live");
    let stream = world.stream(host);
    world.on_client(host, |client, now| client.publish(now, stream, "a", PublishMode::Live).unwrap());
    world.server_tells(|event| matches!(event, server::Event::Publish { .. }).then_some(()));
    // The client changes its mind before the application has one.
    world.on_client(host, |client, now| client.delete_stream(now, stream).unwrap());
    let was = world.server_tells(|event| match event {
        server::Event::Stopped { was, .. } => Some(*was),
        _ => None,
    });
    assert_eq!(was, Role::Publishing);
    let late = world.on_server(|server, now| server.accept_publish(now, conn, stream));
    assert_eq!(late, Err(server::Error::UnknownStream));
    let stream = world.stream(host);
    // And a request that is left alone is refused in the end.
    world.on_client(host, |client, now| client.play(now, stream, "b", -2.0, -1.0, true).unwrap());
    let events: Vec<_> = world.run(40_000).into_iter().map(|(_, told)| told).collect();
    assert!(events.contains(&Told::Server(server::Event::Stopped { conn, stream, was: Role::Playing })));
    assert!(events.iter().any(|told| matches!(told, Told::Client(event) if status(event, PLAY_FAILED).is_some())));
    assert_eq!(world.on_server(|server, now| server.accept_play(now, conn, stream)), Err(server::Error::NotAsked));
}

#[test]
fn a_connect_nobody_answers_is_rejected() {
    let mut config = Config::default();
    config.timing.answer = std::time::Duration::from_secs(3);
    let mut world = World::new(13, config);
    world.client("live");
    let events: Vec<_> = world.run(10_000).into_iter().map(|(_, told)| told).collect();
    assert!(events.iter().any(|told| matches!(told, Told::Client(client::Event::Rejected { .. }))), "{events:?}");
    let closed =
        |told: &&Told| matches!(told, Told::Server(server::Event::Closed { reason: ClosedReason::Unanswered, .. }));
    assert_eq!(events.iter().filter(closed).count(), 1, "{events:?}");
}

//= e-rtmp#connect/read test
//= e-rtmp#connect/answer test
//= e-rtmp#reconnect/request test
//= rtmp#7.2.1.1/answer test
//= e-rtmp#reconnect/client test
#[test]
fn capabilities_go_both_ways_and_a_client_is_asked_to_reconnect() {
    let mut world = World::new(14, Config::default());
    let old = world.accepted("live");
    let mut config = client::Config::new(url("live"));
    config.encoding = rtmp::command::Encoding::Amf3;
    config.arguments = vec!["user".into(), "secret".into()];
    config.capabilities = Capabilities {
        codecs: vec!["hvc1".into()],
        video: vec![("hvc1".into(), Capabilities::DECODE)],
        ex: Capabilities::RECONNECT,
        ..Capabilities::default()
    };
    let told = config.capabilities.clone();
    let host = world.client_with(config);
    let (conn, request) = world.server_tells(|event| match event {
        server::Event::Connect { conn, request, .. } => Some((*conn, request.clone())),
        _ => None,
    });
    assert_eq!((request.capabilities.clone(), &*request.app, request.arguments.len()), (told, "live", 2));
    assert!(!format!("{request:?}").contains("secret"), "arguments are not logged");
    let info = Object::new().with("motd", "hello");
    world.on_server(|server, now| server.accept(now, conn, Some(info)).unwrap());
    let (info, theirs) = world.client_tells(host, |event| match event {
        client::Event::Connected { info, capabilities, .. } => Some((info.clone(), capabilities.clone())),
        _ => None,
    });
    assert_eq!(info.get("motd").and_then(Value::as_str), Some("hello"));
    assert_eq!(theirs, Capabilities::forward_all());
    let ask = |server: &mut server::Server, now, conn| {
        server.request_reconnect(now, conn, Some("rtmp://other/live"), "moving").unwrap()
    };
    assert!(!world.on_server(|server, now| ask(server, now, old.1)), "an old client is left alone");
    assert!(world.on_server(|server, now| ask(server, now, conn)));
    let tc_url = world.client_tells(host, |event| match event {
        client::Event::ReconnectRequest { tc_url, .. } => Some(tc_url.clone()),
        _ => None,
    });
    assert_eq!(tc_url.as_deref(), Some("rtmp://other/live"));
}
