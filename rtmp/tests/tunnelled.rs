//! Sessions inside HTTP beside plain ones on one port, and shared objects that the server keeps.
mod common;

use amf::amf0::Value;
use common::{SERVER, Told, World, media, status};
use rtmp::client::{self, ClosedReason};
use rtmp::server::{self, Config, DropReason, PublishMode, Role};
use rtmp::shared_object::{self, Event, Form, SharedObject};
use rtmp::url::Url;
use rtmp::{MessageType, chunk};
use sim::HostId;
use wire::ConnId;

fn tunnelled() -> client::Config {
    client::Config::new(Url::parse_app(&format!("rtmpt://{SERVER}/live")).unwrap())
}

/// A tunnelled client that was accepted.
fn accepted(world: &mut World) -> (HostId, ConnId) {
    let host = world.client_with(tunnelled());
    let (conn, secure) = world.server_tells(|event| match event {
        server::Event::Connect { conn, secure, .. } => Some((*conn, *secure)),
        _ => None,
    });
    assert!(!secure && !conn.is_inbound());
    world.on_server(|server, now| server.accept(now, conn, None).unwrap());
    world.client_tells(host, |event| matches!(event, client::Event::Connected { .. }).then_some(()));
    (host, conn)
}

#[test]
fn a_plain_publisher_is_played_through_http() {
    let mut world = World::new(21, Config::default());
    let (publisher, _, from) = world.publisher("cam1");
    let (player, conn) = accepted(&mut world);
    let to = world.stream(player);
    world.on_client(player, |client, now| client.play(now, to, "cam1", -2.0, -1.0, true).unwrap());
    world.server_tells(|event| matches!(event, server::Event::Play { .. }).then_some(()));
    world.on_server(|server, now| server.accept_play(now, conn, to).unwrap());
    world.client_tells(player, |event| status(event, rtmp::status::PLAY_START));
    let sent: Vec<_> = (0..50).map(|n| media(MessageType::Video, n * 40, 9000)).collect();
    let mut got = Vec::new();
    for message in &sent {
        world.on_client(publisher, |client, now| client.send(now, from, message).unwrap());
        for (_, told) in world.run(40) {
            match told {
                Told::Server(server::Event::Media { message, .. }) => {
                    let mut shared = chunk::Shared::new(message).unwrap();
                    world.on_server(|server, now| {
                        server.send_shared(now, conn, shared.bytes(server.chunk_size(conn).unwrap(), to)).unwrap();
                    });
                }
                Told::Client(client::Event::Media { message, .. }) => got.push(message),
                _ => {}
            }
        }
    }
    for (_, told) in world.run(3000) {
        if let Told::Client(client::Event::Media { message, .. }) = told {
            got.push(message);
        }
    }
    assert_eq!(got.len(), sent.len());
    assert!(got.iter().zip(&sent).all(|(got, sent)| (got.timestamp, &got.payload) == (sent.timestamp, &sent.payload)));
    assert_eq!(world.on_server(|server, _| server.unsent(conn)), 0);
}

#[test]
fn a_tunnelled_publisher_ends_once_whoever_ends_it() {
    for who in ["client", "server", "nobody"] {
        let mut world = World::new(22, Config::default());
        let (host, conn) = accepted(&mut world);
        let stream = world.stream(host);
        world.on_client(host, |client, now| client.publish(now, stream, "a", PublishMode::Live).unwrap());
        world.server_tells(|event| matches!(event, server::Event::Publish { .. }).then_some(()));
        world.on_server(|server, now| server.accept_publish(now, conn, stream).unwrap());
        world.client_tells(host, |event| status(event, rtmp::status::PUBLISH_START));
        world.on_client(host, |client, now| client.send(now, stream, &media(MessageType::Audio, 1, 100)).unwrap());
        world.server_tells(|event| matches!(event, server::Event::Media { .. }).then_some(()));
        match who {
            "client" => world.on_client(host, |client, now| client.close(now)),
            "server" => world.on_server(|server, now| server.disconnect(now, conn)),
            _ => world.net.stop(host),
        }
        let events: Vec<_> = world.run(120_000).into_iter().map(|(_, told)| told).collect();
        let count = |find: &dyn Fn(&Told) -> bool| events.iter().filter(|told| find(told)).count();
        let stopped = Told::Server(server::Event::Stopped { conn, stream, was: Role::Publishing });
        assert_eq!(count(&|told| *told == stopped), 1, "{who}: {events:?}");
        assert_eq!(count(&|told| matches!(told, Told::Server(server::Event::Closed { .. }))), 1, "{who}: {events:?}");
        let expected = usize::from(who != "nobody");
        assert_eq!(count(&|told| matches!(told, Told::Client(client::Event::Closed { .. }))), expected, "{who}");
        assert_eq!(world.on_server(|server, _| server.stats().connections), 0, "{who}");
    }
}

#[test]
fn a_server_without_a_tunnel_closes_and_the_client_is_told() {
    let mut world = World::new(23, Config { tunnel: None, ..Config::default() });
    world.client_with(tunnelled());
    let events: Vec<_> = world.run(60_000).into_iter().map(|(_, told)| told).collect();
    let dropped =
        |told: &Told| matches!(told, Told::Server(server::Event::Dropped { reason: DropReason::UnknownProtocol, .. }));
    assert!(events.iter().any(dropped), "{events:?}");
    let closed = |told: &&Told| {
        matches!(
            told,
            Told::Client(client::Event::Closed { reason: ClosedReason::Transport(_) | ClosedReason::Timeout })
        )
    };
    assert_eq!(events.iter().filter(closed).count(), 1, "{events:?}");
}

#[test]
fn shared_objects_are_kept_by_the_server() {
    let config = Config { shared_objects: Some(shared_object::Config::default()), ..Config::default() };
    let mut world = World::new(24, config);
    let ((one, _), (two, _)) = (world.accepted("live"), world.accepted("live"));
    let say = |world: &mut World, host, event| {
        let message = SharedObject::new("board", vec![event]).to_message(Form::Amf0);
        world.on_client(host, |client, now| client.shared_object(now, &message).unwrap());
    };
    say(&mut world, one, Event::Use);
    say(&mut world, two, Event::Use);
    world.run(100);
    say(&mut world, one, Event::RequestChange { name: "colour".into(), value: "red".into() });
    let heard = |world: &mut World, host| {
        let events = world.run(100).into_iter().filter(|(who, _)| *who == host);
        let messages = events.filter_map(|(_, told)| match told {
            Told::Client(client::Event::SharedObject { message }) => Some(message),
            _ => None,
        });
        messages.flat_map(|m| SharedObject::parse(&m, &Default::default()).unwrap().events).collect::<Vec<_>>()
    };
    let change = |value: &str| Event::Change { name: "colour".into(), value: value.into() };
    assert_eq!(heard(&mut world, two), [change("red")]);
    world.on_server(|server, now| server.set_shared(now, "live", "board", "colour", Some("blue".into())));
    assert_eq!(heard(&mut world, one), [change("blue")]);
    let value = world.on_server(|server, _| server.shared_objects().unwrap().property("live", "board", "colour"));
    assert_eq!(value, Some(Value::from("blue")));
    world.on_client(one, |client, now| client.close(now));
    world.on_client(two, |client, now| client.close(now));
    world.run(1000);
    let users =
        world.on_server(|server, _| server.shared_objects().unwrap().objects().map(|(.., users)| users).sum::<usize>());
    assert_eq!(users, 0);
}
