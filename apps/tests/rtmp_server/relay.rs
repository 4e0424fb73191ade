use rtmp::server::PublishMode::Live;

use super::program::*;

#[tokio::test]
async fn a_stream_is_pulled_once_somebody_wants_it() {
    let origin = start(&[]);
    let edge = start(&["--pull", &format!("live/cam={}", origin.url("source/cam")), "--metrics", "127.0.0.1:0"]);
    let mut publisher = Peer::publish(&origin.url("source/cam"), Live).await;
    publisher.send(&[header('H'), key_frame(0, '1')]).await;
    assert_eq!(edge.status().await["relays"], serde_json::json!([]));
    let mut player = Peer::play(&edge.url("live/cam")).await;
    assert_eq!(player.names(2).await, "H1");
    publisher.send(&[frame(40, '2')]).await;
    assert_eq!(player.names(1).await, "2");
    assert_eq!(edge.status().await["relays"][0]["direction"], "pull");
}

#[tokio::test]
async fn sessions_in_http_and_pulled_streams_do_not_meet() {
    let origin = start(&[]);
    let pull = format!("live/cam={}", origin.url("source/cam"));
    let edge = with(&["-l", "rtmp:127.0.0.1:0", "-l", "rtmpt:127.0.0.1:0", "--pull", &pull]);
    let mut publisher = Peer::publish(&origin.url("source/cam"), Live).await;
    publisher.send(&[header('H'), key_frame(0, '1')]).await;
    let mut player = Peer::play(&edge.url("live/cam")).await;
    assert_eq!(player.names(2).await, "H1");
    for n in 0..4 {
        let mut other = Peer::publish(&format!("rtmpt://{}/live/other{n}", edge.address("rtmpt")), Live).await;
        let now = other.driver.now();
        other.driver.machine_mut().close(now);
        other.flush().await;
    }
    publisher.send(&[frame(40, '2')]).await;
    assert_eq!(player.names(1).await, "2");
}

#[tokio::test]
async fn a_stream_is_pushed_on_and_again_when_the_other_server_comes_back() {
    let mut far = start(&[]);
    let at = far.address("rtmp").to_string();
    let near = start(&["--push", &format!("live/*=rtmp://{at}/copy/*")]);
    let mut publisher = Peer::publish(&near.url("live/cam"), Live).await;
    publisher.send(&[header('H'), key_frame(0, '1')]).await;
    let mut player = Peer::play(&far.url("copy/cam")).await;
    assert_eq!(player.names(2).await, "H1");
    publisher.send(&[frame(40, '2')]).await;
    assert_eq!(player.names(1).await, "2");
    far.signal("KILL");
    far.ends();
    drop(player);
    let again = with(&["-l", &format!("rtmp:{at}")]);
    let mut player = Peer::play(&again.url("copy/cam")).await;
    publisher.send(&[key_frame(80, '3')]).await;
    assert!(player.names(1).await.contains(['H', '3']));
}
