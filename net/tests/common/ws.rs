//! The other side of a WebSocket connection, by hand.
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// The example key of the specification, and its answer.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A request that opens a connection, with lines changed: an empty value takes one away.
pub fn request(first: &str, changes: &[(&str, &str)]) -> String {
    let usual = [
        ("Host", "example.org"),
        ("Upgrade", "websocket"),
        ("Connection", "keep-alive, Upgrade"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Version", "13"),
    ];
    message(first, &usual, changes)
}

/// The answer that opens a connection, with lines changed.
pub fn answer(first: &str, accept: &str, changes: &[(&str, &str)]) -> String {
    let usual = [("Upgrade", "WebSocket"), ("Connection", "upgrade"), ("Sec-WebSocket-Accept", accept)];
    message(first, &usual, changes)
}

fn message(first: &str, usual: &[(&str, &str)], changes: &[(&str, &str)]) -> String {
    let mut text = format!("{first}\r\n");
    let kept = usual.iter().filter(|line| !changes.iter().any(|change| change.0 == line.0));
    for (name, value) in kept.chain(changes.iter().filter(|change| !change.1.is_empty())) {
        text += &format!("{name}: {value}\r\n");
    }
    text + "\r\n"
}

/// Reads up to the empty line after the headers.
pub fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// The value of a header.
pub fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.into_iter().find(|line| line.0.eq_ignore_ascii_case(name)).map(|line| line.1.trim())
}

/// A client that has opened a connection.
pub fn open(address: SocketAddr) -> TcpStream {
    let mut stream = super::dial(address);
    stream.write_all(request("GET / HTTP/1.1", &[]).as_bytes()).unwrap();
    let head = read_head(&mut stream);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    stream
}

/// A server that has opened a connection.
pub fn accept(listener: &std::net::TcpListener) -> TcpStream {
    let mut stream = listener.accept().unwrap().0;
    stream.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
    let head = read_head(&mut stream);
    let key = header(&head, "sec-websocket-key").unwrap();
    let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
    stream.write_all(answer("HTTP/1.1 101 Switching Protocols", &accept, &[]).as_bytes()).unwrap();
    stream
}

/// A frame with its first byte as given, masked when it is a client's.
pub fn frame(first: u8, payload: &[u8], masked: bool) -> Vec<u8> {
    let mask = if masked { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(mask | length as u8),
        length @ 126..0x1_0000 => {
            frame.push(mask | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(mask | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    let key = [0x37, 0xfa, 0x21, 0x3d];
    if masked {
        frame.extend(key);
    }
    let byte = |(at, byte): (usize, &u8)| if masked { byte ^ key[at % 4] } else { *byte };
    frame.extend(payload.iter().enumerate().map(byte));
    frame
}

/// A frame as it was read: its first byte, its key if it was masked, its payload without the mask.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    pub first: u8,
    pub key: Option<[u8; 4]>,
    pub payload: Vec<u8>,
}

impl Frame {
    pub fn plain(first: u8, payload: impl Into<Vec<u8>>) -> Frame {
        Frame { first, key: None, payload: payload.into() }
    }
}

/// Reads the next frame; `None` at the end.
pub fn read_frame(stream: &mut impl Read) -> Option<Frame> {
    let mut head = [0; 2];
    stream.read_exact(&mut head).ok()?;
    let [first, second] = head;
    let length = match second & 0x7F {
        126 => {
            let mut long = [0; 2];
            stream.read_exact(&mut long).ok()?;
            usize::from(u16::from_be_bytes(long))
        }
        127 => {
            let mut long = [0; 8];
            stream.read_exact(&mut long).ok()?;
            u64::from_be_bytes(long) as usize
        }
        short => usize::from(short),
    };
    let mut key = [0; 4];
    if second & 0x80 != 0 {
        stream.read_exact(&mut key).ok()?;
    }
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).ok()?;
    payload.iter_mut().enumerate().for_each(|(at, byte)| *byte ^= key[at % 4]);
    Some(Frame { first, key: (second & 0x80 != 0).then_some(key), payload })
}

/// The frames up to the end of the connection.
pub fn read_frames(stream: &mut impl Read) -> Vec<Frame> {
    std::iter::from_fn(|| read_frame(stream)).collect()
}

/// A Close frame with that status.
pub fn close(status: u16, masked: bool) -> Vec<u8> {
    frame(0x88, &status.to_be_bytes(), masked)
}
