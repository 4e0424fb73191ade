//! `sip-rtmp`: a gateway between RTMP clients and SIP telephones.
//!
//! `rtmp://host/sip/user@domain` is one telephone line: whoever connects there with a name and a password is registered,
//! calls and is called, publishes one stream to the other side and plays the other side's. Programs that only publish
//! and play get their calls from the [`dialplan`].
//!
//! Modules: [`line`] is one line as a machine, [`offer`] its codecs, [`commands`] what its client may say, [`rtp`] its
//! sessions, [`media`] and [`xflv`] what crosses them.

pub mod commands;
pub mod dialplan;
pub mod line;
pub mod media;
pub mod offer;
pub mod ports;
pub mod rtp;
pub mod xflv;
