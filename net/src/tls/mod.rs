//! TLS 1.2 and 1.3: who we are, whom we trust, and the layer that encrypts.
mod binding;
mod identity;
mod layer;
mod reason;
mod trust;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};

pub use identity::{Fingerprint, Identity, InvalidFingerprint, fingerprint};
pub(crate) use layer::TlsLayer;
pub use trust::{Roots, Trust};

/// How connections over [`Transport::Tls`](wire::Transport::Tls) and [`Transport::Wss`](wire::Transport::Wss) are
/// secured, and those over TCP whose machine upgrades them ([`Output::Upgrade`](wire::Output::Upgrade)). Versions 1.2 and
/// 1.3 are spoken, with the cipher suites that rustls holds to be safe; our listeners ask clients for no certificates.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// The certificate and key of our listeners, without which there can be none. Default none.
    pub identity: Option<Identity>,
    /// Which servers our connections accept. Default [`Trust::System`].
    pub trust: Trust,
    /// The name by which our connections know the server: it is asked for (SNI) and must stand in the certificate. By
    /// default the address, which is not asked for but must stand there too. It is the name that the user knows, not that
    /// of the host to which a lookup has led; one that is not ASCII is written in A-labels.
    pub server_name: Option<String>,
    /// The application protocols to agree on (ALPN), the most wanted first; a peer that offers others alone is refused,
    /// one that offers none is not. They are those directly upon TLS: connections that are upgraded have agreed on theirs
    /// in the clear, those over `Wss` speak HTTP, and neither offers any. Default none.
    pub alpn: Vec<Vec<u8>>,
    /// The certificate that our connections show to servers that ask for one. Default none.
    pub client_identity: Option<Identity>,
    /// The oldest version that is spoken. Default 1.2.
    pub minimum: TlsVersion,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    #[default]
    V1_2,
    /// TLS 1.3 (RFC 8446).
    V1_3,
}

impl TlsVersion {
    /// It and what came after.
    //= rfc6120#13.9.5/no-ssl MUST NOT
    //# The oldest is TLS 1.2.
    //= rfc7590#1/practices MUST
    //# TLS 1.2 and 1.3 alone, with the suites of rustls, all with forward secrecy, as RFC 9325 asks.
    fn and_later(self) -> &'static [&'static SupportedProtocolVersion] {
        static VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
        match self {
            TlsVersion::V1_2 => &VERSIONS,
            TlsVersion::V1_3 => &VERSIONS[..1],
        }
    }
}

impl Tls {
    /// What a listener needs.
    pub(crate) fn server(&self) -> io::Result<Arc<ServerConfig>> {
        let missing = || io::Error::new(io::ErrorKind::InvalidInput, "a TLS listener needs a certificate and its key");
        let identity = self.identity.as_ref().ok_or_else(missing)?;
        let builder = ServerConfig::builder_with_provider(PROVIDER.clone());
        let builder = builder.with_protocol_versions(self.minimum.and_later()).map_err(invalid)?.with_no_client_auth();
        let resolver = SingleCertAndKey::from(identity.key());
        let mut config = builder.with_cert_resolver(Arc::new(resolver));
        config.alpn_protocols.clone_from(&self.alpn);
        Ok(Arc::new(config))
    }

    /// What connections need.
    pub(crate) fn client(&self) -> io::Result<Arc<ClientConfig>> {
        let builder = ClientConfig::builder_with_provider(PROVIDER.clone());
        let builder = builder.with_protocol_versions(self.minimum.and_later()).map_err(invalid)?;
        let builder = match self.trust.verifier()? {
            //= rfc6120#13.7.1.2.1/dns-id MUST
            //# rustls compares the domain with the DNS names, and with nothing else.
            //= rfc6120#13.7.1.2.1/srv-id MUST skip
            //# rustls reads DNS names alone. No public authority issues service names, so a certificate has the
            //# domain as well.
            //= rfc6120#13.7.1.2.1/wildcard MAY
            //# As rustls does.
            trust::Verifier::Roots(roots) => builder.with_root_certificates(roots),
            trust::Verifier::Own(verifier) => builder.dangerous().with_custom_certificate_verifier(verifier),
        };
        //= rfc6120#5.4.3.1/client-certificate SHOULD
        //# Where the configuration has one.
        Ok(Arc::new(match &self.client_identity {
            Some(identity) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.key()))),
            None => builder.with_no_client_auth(),
        }))
    }

    //= rfc6455#4.1/sni MUST
    //# rustls tells it, when it is a name: an address has no place in that extension.
    /// Whom a connection to `remote` expects there.
    //= rfc6120#5.3.6/extensions MAY
    //# The domain is told (SNI), and the protocol (ALPN) where TLS comes first.
    pub(crate) fn server_name(&self, remote: SocketAddr) -> io::Result<ServerName<'static>> {
        match &self.server_name {
            Some(name) => ServerName::try_from(name.clone()).map_err(invalid),
            None => Ok(ServerName::IpAddress(remote.ip().into())),
        }
    }
}

fn invalid(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));
