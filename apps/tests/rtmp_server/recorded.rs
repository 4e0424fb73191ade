use std::time::Duration;

use rtmp::flv::{Limits, Reader, Tag, TagKind};
use rtmp::server::PublishMode::{Append, Record};

use super::program::*;

/// The tags of a file, but for its metadata: last byte and time.
fn tags(path: &std::path::Path) -> Vec<(char, u32)> {
    let mut reader = Reader::new(Limits::default());
    reader.push(std::fs::read(path).unwrap().into());
    let tags: Vec<Tag> = std::iter::from_fn(|| reader.next()).collect::<Result<_, _>>().unwrap();
    let media = tags.iter().filter(|tag| tag.kind != TagKind::Script);
    media.map(|tag| (char::from(*tag.payload.last().unwrap()), tag.timestamp)).collect()
}

/// Publishes one second of video in that mode and waits until the file is finished.
async fn one_second(server: &Program, url: &str, mode: rtmp::server::PublishMode, names: &str) {
    let mut publisher = Peer::publish(url, mode).await;
    let mut messages = vec![header('H')];
    messages.extend(names.chars().enumerate().map(|(n, name)| key_frame(n as u32 * 500, name)));
    publisher.send(&messages).await;
    let (now, stream) = (publisher.driver.now(), publisher.stream);
    publisher.driver.machine_mut().delete_stream(now, stream).unwrap();
    publisher.flush().await;
    soon("the recording is finished", async {
        while server.status().await["streams"] != serde_json::json!([]) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn record_append_play_and_seek() {
    let folder = Folder::new("record");
    let server = start(&["--record-dir", folder.path(), "--metrics", "127.0.0.1:0"]);
    let url = server.url("vod/room/film");
    one_second(&server, &url, Record, "123").await;
    let file = folder.0.join("vod/room/film.flv");
    assert_eq!(tags(&file), [('H', 0), ('1', 0), ('2', 500), ('3', 1000)]);
    one_second(&server, &url, Append, "45").await;
    assert_eq!(tags(&file)[4..], [('H', 1020), ('4', 1020), ('5', 1520)]);

    let mut player = Peer::connect(&url).await;
    assert_eq!(player.ask_to_play(0.0).await, "NetStream.Play.Start");
    assert_eq!(player.names(7).await, "H123H45");
    assert_eq!(
        player.code(|code| code == "NetStream.Play.Stop" || code.contains("Complete")).await,
        "NetStream.Play.Stop"
    );

    let mut middle = Peer::connect(&url).await;
    assert_eq!(middle.ask_to_play(700.0).await, "NetStream.Play.Start");
    assert_eq!(middle.names(2).await, "H2", "from the key frame before");
    let (now, stream) = (middle.driver.now(), middle.stream);
    middle.driver.machine_mut().seek(now, stream, 1600.0).unwrap();
    assert_eq!(middle.code(|code| code.contains("Seek")).await, "NetStream.Seek.Notify");
    assert_eq!(middle.names(2).await, "H5");

    one_second(&server, &url, Record, "6").await;
    assert_eq!(tags(&file), [('H', 0), ('6', 0)], "record begins anew");
}

#[tokio::test]
async fn a_pause_stops_a_file() {
    let folder = Folder::new("pause");
    let server = start(&["--record-dir", folder.path(), "--metrics", "127.0.0.1:0"]);
    let url = server.url("vod/film");
    one_second(&server, &url, Record, "123456789").await;
    let mut player = Peer::connect(&url).await;
    player.ask_to_play(0.0).await;
    player.names(2).await;
    let (now, stream) = (player.driver.now(), player.stream);
    player.driver.machine_mut().pause(now, stream, true, 0.0).unwrap();
    assert_eq!(player.code(|_| true).await, "NetStream.Pause.Notify");
    let silent = tokio::time::timeout(Duration::from_millis(1500), player.hear(6)).await;
    assert!(silent.is_err(), "{silent:?}");
    let now = player.driver.now();
    player.driver.machine_mut().pause(now, stream, false, 500.0).unwrap();
    assert!(player.names(3).await.ends_with(['3', '4', '5', '6', '7']), "it goes on");
}

#[tokio::test]
async fn names_that_lead_elsewhere_are_refused() {
    let folder = Folder::new("names");
    let server = start(&["--record-dir", folder.path()]);
    for name in ["../../evil", "a/../../evil", ".hidden", "a%00b"] {
        let mut publisher = Peer::connect(&server.url("vod/x")).await;
        let (now, stream) = (publisher.driver.now(), publisher.stream);
        let name = name.replace("%00", "\0");
        publisher.driver.machine_mut().publish(now, stream, &name, Record).unwrap();
        assert_eq!(publisher.code(|_| true).await, "NetStream.Record.NoAccess", "{name:?}");
    }
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
    let mut player = Peer::connect(&server.url("vod/missing")).await;
    assert_eq!(player.ask_to_play(0.0).await, "NetStream.Play.StreamNotFound");
}

#[tokio::test]
async fn a_signal_finishes_the_recordings() {
    let folder = Folder::new("signal");
    let mut server = start(&["--record-dir", folder.path(), "--record-all"]);
    let mut publisher = Peer::publish(&server.url("live/cam"), rtmp::server::PublishMode::Live).await;
    publisher.send(&[header('H'), key_frame(0, '1'), frame(40, '2')]).await;
    server.signal("TERM");
    assert_eq!(server.ends(), Some(0));
    assert_eq!(tags(&folder.0.join("live/cam.flv")), [('H', 0), ('1', 0), ('2', 40)]);
}

#[tokio::test]
async fn a_full_disk_ends_the_recording_and_nothing_else() {
    let folder = Folder::new("full");
    std::fs::create_dir_all(folder.0.join("live")).unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.0.join("live/cam.flv")).unwrap();
    let server = start(&["--record-dir", folder.path()]);
    let mut publisher = Peer::publish(&server.url("live/cam"), Record).await;
    let mut player = Peer::play(&server.url("live/cam")).await;
    publisher.send(&[header('H'), key_frame(0, '1')]).await;
    assert_eq!(player.names(2).await, "H1");
    publisher.send(&[frame(40, '2')]).await;
    assert_eq!(player.names(1).await, "2");
}

#[tokio::test]
async fn a_recording_that_is_long_enough_ends_and_its_stream_goes_on() {
    let folder = Folder::new("long");
    for (option, value, expected) in [("--max-recording-time", "1", "H12"), ("--max-recording-size", "1", "H")] {
        let args = ["--record-dir", folder.path(), "--metrics", "127.0.0.1:0", option, value];
        let server = start(&args);
        let url = server.url("live/film");
        let mut publisher = Peer::publish(&url, Record).await;
        let mut player = Peer::play(&url).await;
        let mut messages = vec![header('H')];
        if option.ends_with("size") {
            messages.push(big_frame(0, 1 << 20));
        }
        messages.extend("123456".chars().enumerate().map(|(n, name)| key_frame(n as u32 * 500, name)));
        assert_eq!(publisher.code(|code| code.contains("Record.S")).await, "NetStream.Record.Start");
        for message in &messages {
            let (now, stream) = (publisher.driver.now(), publisher.stream);
            publisher.driver.machine_mut().send(now, stream, message).unwrap();
        }
        assert_eq!(publisher.code(|code| code.contains("Record.S")).await, "NetStream.Record.Stop");
        soon("the stream goes on", async { while !player.names(1).await.ends_with('6') {} }).await;
        let file = folder.0.join("live/film.flv");
        soon("the file is finished", async {
            while !server.metrics().await.contains("rtmp_server_recordings_under_way 0") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        assert!(server.metrics().await.contains("rtmp_server_recordings_full_total 1"), "{option}");
        let names: String = tags(&file).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, expected, "{option}");
    }
}

#[tokio::test]
async fn streams_beyond_the_number_of_recordings_are_published_without() {
    let folder = Folder::new("many");
    let args = ["--record-dir", folder.path(), "--metrics", "127.0.0.1:0", "--max-recordings", "1"];
    let server = start(&args);
    let mut first = Peer::publish(&server.url("live/a"), Record).await;
    assert_eq!(first.code(|code| code.contains("Record")).await, "NetStream.Record.Start");
    let mut second = Peer::publish(&server.url("live/b"), Record).await;
    assert_eq!(second.code(|code| code.contains("Record")).await, "NetStream.Record.Failed");
    let mut player = Peer::play(&server.url("live/b")).await;
    second.send(&[header('H'), key_frame(0, '1')]).await;
    assert_eq!(player.names(2).await, "H1");
    assert!(server.metrics().await.contains("rtmp_server_recordings_refused_total 1"));
    assert!(!folder.0.join("live/b.flv").exists());
}
