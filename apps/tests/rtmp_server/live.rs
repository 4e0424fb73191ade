use rtmp::client::Event;
use rtmp::server::PublishMode::Live;

use super::program::*;

#[tokio::test]
async fn a_joiner_starts_with_a_key_frame_at_once() {
    let server = start(&[]);
    let mut publisher = Peer::publish(&server.url("live/cam"), Live).await;
    publisher.send(&[header('H'), key_frame(0, '1'), frame(40, '2'), key_frame(80, '3'), sound(85, 's')]).await;
    let mut player = Peer::play(&server.url("live/cam")).await;
    assert_eq!(player.names(3).await, "H3s");
    publisher.send(&[frame(120, '4')]).await;
    assert_eq!(player.hear(1).await, [('4', 120)]);
}

#[tokio::test]
async fn a_player_waits_for_its_publisher_and_survives_it() {
    let server = start(&[]);
    let mut player = Peer::play(&server.url("live/cam")).await;
    let mut publisher = Peer::publish(&server.url("live/cam"), Live).await;
    assert_eq!(player.code(|_| true).await, "NetStream.Play.PublishNotify");
    publisher.send(&[key_frame(0, '1')]).await;
    assert_eq!(player.names(1).await, "1");
    drop(publisher);
    assert_eq!(player.code(|_| true).await, "NetStream.Play.UnpublishNotify");
    let mut again = Peer::publish(&server.url("live/cam"), Live).await;
    again.send(&[key_frame(0, '2')]).await;
    let heard = player.hear(1).await;
    assert!(heard[0].0 == '2' && heard[0].1 > 0, "time goes on: {heard:?}");
}

#[tokio::test]
async fn without_waiting_an_unpublished_stream_is_not_found() {
    let server = start(&["--no-wait", "--app", "live"]);
    let mut player = Peer::connect(&server.url("live/nothing")).await;
    assert_eq!(player.ask_to_play(-2.0).await, "NetStream.Play.StreamNotFound");
}

#[tokio::test]
async fn applications_and_scopes_are_kept_apart() {
    let server = start(&[]);
    let mut one = Peer::publish(&server.url("live/room/cam"), Live).await;
    let mut two = Peer::publish(&server.url("other/room/cam"), Live).await;
    let mut player = Peer::play(&server.url("live/room/cam?token=1")).await;
    two.send(&[key_frame(0, 'x')]).await;
    one.send(&[key_frame(0, '1')]).await;
    assert_eq!(player.names(1).await, "1");
}

#[tokio::test]
async fn a_second_publisher_is_refused_while_the_first_is_alive() {
    let server = start(&["--idle-publisher", "60"]);
    let mut first = Peer::publish(&server.url("live/cam"), Live).await;
    first.send(&[key_frame(0, '1')]).await;
    let mut second = Peer::connect(&server.url("live/cam")).await;
    assert_eq!(second.ask_to_publish(Live).await, "NetStream.Publish.BadName");
    let mut player = Peer::play(&server.url("live/cam")).await;
    assert_eq!(player.names(1).await, "1");
}

#[tokio::test]
async fn or_it_takes_over() {
    let server = start(&["--second-publisher", "take-over"]);
    let mut first = Peer::publish(&server.url("live/cam"), Live).await;
    first.send(&[key_frame(1000, '1')]).await;
    let mut player = Peer::play(&server.url("live/cam")).await;
    assert_eq!(player.names(1).await, "1");
    let mut second = Peer::publish(&server.url("live/cam"), Live).await;
    soon("the first is closed", async { while !matches!(first.driver.next().await, Event::Closed { .. }) {} }).await;
    second.send(&[key_frame(0, '2')]).await;
    assert_eq!(player.hear(1).await, [('2', 1040)], "and nobody told the player of a break");
}

#[tokio::test]
async fn tls_and_http_carry_it_too() {
    let server = with(&["-l", "rtmp:127.0.0.1:0", "-l", "rtmps:127.0.0.1:0", "-l", "rtmpt:127.0.0.1:0"]);
    let mut publisher = Peer::publish(&format!("rtmps://{}/live/cam", server.address("rtmps")), Live).await;
    publisher.send(&[key_frame(0, '1')]).await;
    let mut player = Peer::play(&format!("rtmpt://{}/live/cam", server.address("rtmpt"))).await;
    assert_eq!(player.names(1).await, "1");
    publisher.send(&[frame(40, '2')]).await;
    assert_eq!(player.names(1).await, "2");
}

#[tokio::test]
async fn the_status_page_tells_who_publishes_and_who_plays() {
    let server = start(&["--metrics", "127.0.0.1:0"]);
    let mut publisher = Peer::publish(&server.url("live/cam"), Live).await;
    publisher.send(&[header('H'), key_frame(0, '1')]).await;
    let mut player = Peer::play(&server.url("live/cam")).await;
    player.names(2).await;
    let status = server.status().await;
    let stream = &status["streams"][0];
    assert_eq!((stream["app"].as_str(), stream["name"].as_str()), (Some("live"), Some("cam")), "{status}");
    assert_eq!(stream["players"].as_array().unwrap().len(), 1);
    assert!(stream["publisher"]["address"].is_string(), "{status}");
}
