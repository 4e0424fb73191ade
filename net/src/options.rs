use std::io;
use std::net::SocketAddr;
#[cfg(any(feature = "tls", feature = "ws"))]
use std::sync::Arc;

use wire::Transport;

use crate::Config;
use crate::layers::Layers;
#[cfg(feature = "tls")]
use crate::tls::{Tls, TlsLayer};
#[cfg(feature = "ws")]
use crate::ws::{Ws, WsLayer};

/// What one listener, or the connections to one address, do otherwise than [`Config`] says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How connections are secured.
    #[cfg(feature = "tls")]
    pub tls: Tls,
    /// How WebSocket is used.
    #[cfg(feature = "ws")]
    pub ws: Ws,
}

impl From<&Config> for Options {
    #[cfg_attr(not(any(feature = "tls", feature = "ws")), allow(unused_variables))]
    fn from(config: &Config) -> Options {
        Options {
            #[cfg(feature = "tls")]
            tls: config.tls.clone(),
            #[cfg(feature = "ws")]
            ws: config.ws.clone(),
        }
    }
}

/// Options made ready, for any number of connections.
pub(crate) struct Prepared {
    #[cfg(feature = "tls")]
    tls: Tls,
    #[cfg(feature = "tls")]
    server: Option<Arc<rustls::ServerConfig>>,
    #[cfg(feature = "tls")]
    client: Option<Arc<rustls::ClientConfig>>,
    #[cfg(feature = "ws")]
    ws: Arc<Ws>,
}

impl Prepared {
    #[cfg_attr(not(any(feature = "tls", feature = "ws")), allow(unused_variables))]
    pub fn new(options: Options) -> Prepared {
        Prepared {
            #[cfg(feature = "tls")]
            tls: options.tls,
            #[cfg(feature = "tls")]
            server: None,
            #[cfg(feature = "tls")]
            client: None,
            #[cfg(feature = "ws")]
            ws: Arc::new(options.ws),
        }
    }

    /// What stands between the socket of an accepted connection and the machine; nothing over bare TCP.
    pub fn accepting(&mut self, transport: Transport) -> io::Result<Option<Box<Layers>>> {
        match transport {
            Transport::Tcp => Ok(None),
            #[cfg(feature = "tls")]
            Transport::Tls => Ok(Some(Layers::new(vec![Box::new(self.tls_server()?)], true))),
            #[cfg(feature = "ws")]
            Transport::Ws => Ok(Some(Layers::new(vec![Box::new(WsLayer::server(self.ws.clone())?)], false))),
            #[cfg(all(feature = "tls", feature = "ws"))]
            Transport::Wss => {
                //= rfc6455#4.2.2/tunnel MUST
                //# As for the client.
                let (tls, ws) = (self.tls_server()?, WsLayer::server(self.ws.clone())?);
                Ok(Some(Layers::new(vec![Box::new(tls), Box::new(ws)], true)))
            }
            other => Err(unsupported(other)),
        }
    }

    /// The same for a connection to `remote`.
    #[cfg_attr(not(any(feature = "tls", feature = "ws")), allow(unused_variables))]
    pub fn asking(&mut self, transport: Transport, remote: SocketAddr) -> io::Result<Option<Box<Layers>>> {
        match transport {
            Transport::Tcp => Ok(None),
            #[cfg(feature = "tls")]
            Transport::Tls => Ok(Some(Layers::new(vec![Box::new(self.tls_client(remote, Upon::Own)?)], true))),
            #[cfg(feature = "ws")]
            Transport::Ws => Ok(Some(Layers::new(vec![Box::new(WsLayer::client(self.ws.clone(), remote)?)], false))),
            #[cfg(all(feature = "tls", feature = "ws"))]
            Transport::Wss => {
                //= rfc6455#10.6/tls MUST
                //# With the feature `tls`.
                //= rfc6455#4.1/tls-first MUST
                //# WebSocket stands upon TLS and starts when that is open.
                //= rfc6455#4.1/tls-fails MUST
                //# A failure below is the failure of all.
                //= rfc6455#4.1/tunnel MUST
                //# What a layer sends goes through the one below.
                let (tls, ws) = (self.tls_client(remote, Upon::Other)?, WsLayer::client(self.ws.clone(), remote)?);
                Ok(Some(Layers::new(vec![Box::new(tls), Box::new(ws)], true)))
            }
            other => Err(unsupported(other)),
        }
    }

    /// What comes between a TCP connection to `remote` and the machine that upgrades it.
    #[cfg_attr(not(feature = "tls"), allow(unused_variables))]
    pub fn upgrading(&mut self, remote: SocketAddr) -> io::Result<Box<Layers>> {
        #[cfg(feature = "tls")]
        return Ok(Layers::new(vec![Box::new(self.tls_client(remote, Upon::Other)?)], true));
        #[cfg(not(feature = "tls"))]
        Err(unsupported(Transport::Tls))
    }

    #[cfg(feature = "tls")]
    fn tls_server(&mut self) -> io::Result<TlsLayer> {
        let config = match &self.server {
            Some(config) => config.clone(),
            None => self.server.insert(self.tls.server()?).clone(),
        };
        TlsLayer::server(config)
    }

    //= rfc6120#3.3/tls-resumption SHOULD
    //# One configuration of rustls for all connections of a driver: it keeps what servers gave to resume, in memory.
    //= rfc7590#3.3/resumption MUST
    //# As rustls does it in both versions, with a fresh exchange of keys in 1.3; nothing is kept longer than the driver lives.
    #[cfg(feature = "tls")]
    fn tls_client(&mut self, remote: SocketAddr, upon: Upon) -> io::Result<TlsLayer> {
        let config = match &mut self.client {
            Some(config) => config,
            none => none.insert(self.tls.client()?),
        };
        let alpn = if upon == Upon::Own { &self.tls.alpn[..] } else { &[] };
        TlsLayer::client(&self.tls, config, alpn, remote)
    }
}

/// What is spoken upon TLS.
#[cfg(feature = "tls")]
#[derive(Clone, Copy, PartialEq, Eq)]
enum Upon {
    /// What the options name.
    Own,
    /// HTTP, or what was agreed on before.
    Other,
}

fn unsupported(transport: Transport) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, format!("no connections over {transport} here"))
}
