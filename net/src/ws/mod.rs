//! WebSocket (RFC 6455): the options, the opening handshake, and the layer that frames messages.
pub mod frame;
mod handshake;
mod layer;
mod scope;

use std::io;

pub(crate) use layer::WsLayer;

/// How connections over [`Transport::Ws`](wire::Transport::Ws) and [`Transport::Wss`](wire::Transport::Wss) are used.
/// No extension is offered or accepted, so that messages are never compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ws {
    /// The longest message that is taken, in bytes; a longer one closes the connection. Default 1 MiB.
    pub message: usize,
    /// The longest opening handshake that is taken, in bytes. Default 8 KiB.
    pub handshake: usize,
    /// What is asked for, and the only path that a listener knows; what follows a `?` there is not looked at.
    /// Default `/`.
    pub path: String,
    /// The name that a connection asks for (`Host`). By default the address.
    pub host: Option<String>,
    /// The origin that a connection tells, as browsers do. Default none.
    pub origin: Option<String>,
    /// The subprotocols to agree on, the most wanted first. When there are any, a connection without one of them does
    /// not open. Default none.
    pub subprotocols: Vec<String>,
    /// Whether messages that are UTF-8 are sent as text; by default all are sent as binary. Both are always taken.
    pub text: bool,
}

impl Ws {
    /// Whether the options can be written into a handshake, as far as no parser looks at them.
    fn check(&self) -> io::Result<()> {
        //= rfc6455#4.1/subprotocol-names MUST
        //# Looked at here, before a request or a listener is made with them.
        let token = |name: &String| {
            !name.is_empty() && name.bytes().all(|c| c.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&c))
        };
        let twice = |(at, name): (usize, &String)| self.subprotocols[..at].contains(name);
        let wrong = match self {
            _ if !self.path.starts_with('/') => "a path starts with a slash",
            //= rfc6455#3/no-fragment MUST NOT
            //# Refused, since a parser would cut it off without a word.
            //= rfc6455#3/number-sign MUST
            //# The same test: whoever means the character writes %23.
            _ if self.path.contains('#') => "a path has no fragment",
            _ if !self.subprotocols.iter().all(token) => "a subprotocol is a token",
            _ if self.subprotocols.iter().enumerate().any(twice) => "a subprotocol stands there twice",
            _ => return Ok(()),
        };
        Err(io::Error::new(io::ErrorKind::InvalidInput, wrong))
    }
}

impl Default for Ws {
    fn default() -> Ws {
        Ws {
            message: 1 << 20,
            handshake: 8 << 10,
            path: "/".to_owned(),
            host: None,
            origin: None,
            subprotocols: Vec::new(),
            text: false,
        }
    }
}
