//! Channel bindings: what both ends of one TLS connection know and nobody between them does (RFC 5929, RFC 9266).

use std::fmt;

use wire::Secured;

/// A type of channel binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binding {
    /// `tls-server-end-point`: the server's certificate, the weakest, since all its connections share it.
    EndPoint,
    /// `tls-unique`: the first Finished message, in TLS 1.2 and before.
    Unique,
    /// `tls-exporter`: keying material exported for this purpose.
    Exporter,
}

impl Binding {
    /// Every type, the one to prefer first.
    pub const ALL: [Binding; 3] = [Binding::Exporter, Binding::Unique, Binding::EndPoint];

    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Binding::Exporter => "tls-exporter",
            Binding::Unique => "tls-unique",
            Binding::EndPoint => "tls-server-end-point",
        }
    }

    /// The type of this registered name.
    pub fn from_name(name: &str) -> Option<Binding> {
        Binding::ALL.into_iter().find(|binding| binding.name() == name)
    }

    /// The data of this type for a connection, when the connection has it.
    //= rfc9266#3/unique-undefined MUST NOT
    //# tls-unique is taken as the driver tells it, and never under TLS 1.3, which has no such value.
    //= rfc5802#6.1/unique SHOULD
    //# Where the driver tells it; the one that is used here tells the exporter in its place.
    //= rfc5802#6.1/innermost SHOULD
    //# The TLS that the stream itself goes through is the only one that is known.
    //= rfc9266#4/nothing-else MUST NOT
    //# Only the login asks for it.
    //= rfc9266#4/no-secret MUST NOT
    //# It goes into hashes beside a secret, never in place of one.
    pub fn data(self, secured: &Secured) -> Option<&[u8]> {
        match self {
            Binding::Exporter => secured.exporter.as_ref().map(<[u8; 32]>::as_slice),
            Binding::Unique if secured.tls13 => None,
            Binding::Unique => secured.unique.as_deref(),
            Binding::EndPoint => secured.end_point.as_deref(),
        }
        .filter(|data| !data.is_empty())
    }

    /// The type to use with a server that offers these (XEP-0440). To a server that says nothing about types, only the
    /// default of the TLS version means something: `tls-exporter` since 1.3, `tls-unique` before.
    ///
    /// ```
    /// use rfc3920::sasl::Binding;
    /// let tls13 = wire::Secured { tls13: true, exporter: Some([7; 32]), ..Default::default() };
    /// assert_eq!(Binding::choose(None, &tls13), Some(Binding::Exporter));
    /// assert_eq!(Binding::choose(Some(&["tls-server-end-point".into()]), &tls13), None);
    /// ```
    //= xep-0440#3/mutual SHOULD
    //# The first of our order that the server lists and the connection has.
    //= xep-0440#4/exporter-first SHOULD
    //# The exporter, tls-unique, the certificate.
    //= rfc5929#6/unique-first SHOULD
    //# Likewise.
    //= xep-0440#4/end-point SHOULD
    //# The third of them.
    //= rfc9266#3/exporter MUST
    //# The first of them; 32 bytes that the driver exports.
    //= rfc9266#3/default MUST
    //# Without a list: the exporter under TLS 1.3, tls-unique under older versions.
    pub fn choose(offered: Option<&[String]>, secured: &Secured) -> Option<Binding> {
        let default = if secured.tls13 { Binding::Exporter } else { Binding::Unique };
        let shared = |binding: &Binding| match offered {
            Some(names) => names.iter().any(|name| name == binding.name()),
            None => *binding == default,
        };
        Binding::ALL.into_iter().filter(shared).find(|binding| binding.data(secured).is_some())
    }

    /// Whether a connection has any binding at all.
    pub(super) fn any(secured: &Secured) -> bool {
        Binding::ALL.into_iter().any(|binding| binding.data(secured).is_some())
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
