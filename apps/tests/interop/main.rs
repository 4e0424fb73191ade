//! sip-proxy and dialer against the real programs of the field: `make interop`. Needs what `peers/install` installs.
mod audio;
mod baresip;
mod gateway;
mod gateway_video;
mod kamailio;
mod peers;
mod programs;
mod sipp;
