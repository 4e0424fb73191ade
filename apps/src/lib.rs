//! The programs of Wireworks, each a module with its arguments, its driver loop and its handlers, and a thin binary.
//!
//! | program | module | what it does |
//! |---|---|---|
//! | `dialer` | `dialer` | calls, answers, registers and sends messages |
//! | `peer` | `peer` | a node of a peer-to-peer network |
//! | `rtmp-copy` | `rtmp_copy` | copies between RTMP servers and FLV files |
//! | `rtmp-server` | `rtmp_server` | RTMP server: publish, play, record, relay |
//! | `sip-proxy` | `sip_proxy` | SIP registrar, proxy and redirect server |
//! | `sip-rtmp` | `sip_rtmp` | gateway between RTMP clients and SIP telephones |
//! | `xmpp` | `xmpp` | XMPP client |
//!
//! A program composes protocol rooms, whose machines do no input or output of their own, and is the only place with
//! sockets, files and a loop that selects over them. What programs share is in [`common`].
#![forbid(unsafe_code)]

pub mod common;
#[cfg(feature = "dialer")]
pub mod dialer;
#[cfg(feature = "peer")]
pub mod peer;
#[cfg(feature = "rtmp-copy")]
pub mod rtmp_copy;
#[cfg(feature = "rtmp-server")]
pub mod rtmp_server;
#[cfg(feature = "sip-proxy")]
pub mod sip_proxy;
#[cfg(feature = "sip-rtmp")]
pub mod sip_rtmp;
#[cfg(feature = "xmpp")]
pub mod xmpp;

#[cfg(all(
    test,
    feature = "dialer",
    feature = "peer",
    feature = "rtmp-copy",
    feature = "sip-proxy",
    feature = "sip-rtmp",
    feature = "xmpp"
))]
mod manual;

/// The snippets of the manuals compile.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../docs/guide/composition.md")]
    mod composition {}
    #[doc = include_str!("../../docs/guide/sip-proxy.md")]
    mod sip_proxy {}
    #[doc = include_str!("../../docs/guide/dialer.md")]
    mod dialer {}
    #[doc = include_str!("../../docs/guide/rtmp-server.md")]
    mod rtmp_server {}
    #[doc = include_str!("../../docs/guide/rtmp-copy.md")]
    mod rtmp_copy {}
    #[doc = include_str!("../../docs/guide/sip-rtmp.md")]
    mod sip_rtmp {}
    #[doc = include_str!("../../docs/guide/xmpp.md")]
    mod xmpp {}
    #[doc = include_str!("../../docs/guide/peer.md")]
    mod peer {}
}
