use std::io::{Read, Write};
use std::net::TcpListener;

use rtmp::server::PublishMode::Live;

use super::program::*;

#[tokio::test]
async fn keys_open_what_they_are_for() {
    let folder = Folder::new("keys");
    let keys = folder.file("keys.txt", "publish live/* letmein\nplay live/secret sesame\n");
    let server = start(&["--keys", &keys]);
    let mut without = Peer::connect(&server.url("live/cam")).await;
    assert_eq!(without.ask_to_publish(Live).await, "NetStream.Publish.Denied");
    let mut with = Peer::publish(&server.url("live/secret?key=letmein"), Live).await;
    with.send(&[key_frame(0, '1')]).await;
    let mut nobody = Peer::connect(&server.url("live/secret")).await;
    assert_eq!(nobody.ask_to_play(-2.0).await, "NetStream.Play.Failed");
    let mut player = Peer::play(&server.url("live/secret?key=sesame")).await;
    assert_eq!(player.names(1).await, "1");
}

/// A web server that says this to everybody; gives the requests that it got.
fn web(status: &'static str) -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut got, mut piece) = (String::new(), [0; 4096]);
            while !got.contains("name=") {
                let length = stream.read(&mut piece).unwrap();
                got.push_str(std::str::from_utf8(&piece[..length]).unwrap());
            }
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").unwrap();
            if tell.send(got).is_err() {
                return;
            }
        }
    });
    (url, told)
}

#[tokio::test]
async fn a_web_server_decides() {
    let (yes, asked) = web("200 OK");
    let (no, refused) = web("403 Forbidden");
    let server = start(&["--on-publish", &yes, "--on-play", &no]);
    let _publisher = Peer::publish(&server.url("live/cam?user=ann"), Live).await;
    let question = asked.recv_timeout(PATIENCE).unwrap();
    assert!(question.contains("call=publish&app=live&name=cam&addr=127.0.0.1") && question.contains("&user=ann"));
    let mut player = Peer::connect(&server.url("live/cam")).await;
    assert_eq!(player.ask_to_play(-2.0).await, "NetStream.Play.Failed");
    assert!(refused.recv_timeout(PATIENCE).unwrap().contains("call=play"));
}

#[tokio::test]
async fn a_web_server_that_is_not_there_refuses() {
    let server = start(&["--on-publish", "http://127.0.0.1:1/"]);
    let mut publisher = Peer::connect(&server.url("live/cam")).await;
    assert_eq!(publisher.ask_to_publish(Live).await, "NetStream.Publish.Denied");
}
