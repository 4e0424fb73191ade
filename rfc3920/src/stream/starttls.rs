//! From the clear into TLS (RFC 6120, 5; RFC 7590).

use std::time::Duration;

use wire::{Output, Secured};

use super::state::{State, Stimulus};
use super::{Client, Error};
use crate::ns;
use crate::xml::Element;

impl Client {
    /// `<starttls/>`, offered or not.
    //= rfc6120#5.3.3/no-space MUST NOT
    //# Spaces keep a session alive and nothing before it.
    //= rfc6120#5.2/support MUST
    //# Asked for on every stream in the clear.
    pub(super) fn start_tls(&mut self, offered: bool) {
        let patience = if offered { self.config.timing.step } else { self.config.timing.step.min(NOT_OFFERED) };
        self.go(Stimulus::StartTls, patience);
        self.route.not_offered = !offered;
        self.write(&Element::new(ns::TLS, "starttls"));
    }

    /// `<proceed/>` or `<failure/>`.
    pub(super) fn tls_answer(&mut self, answer: &Element) {
        //= rfc6120#5.4.2.2/over MUST
        //# A failure ends the connection with an error of its own; the server closes its stream, and nothing was sent on it.
        //= rfc6120#5.4.2.2/again MAY skip
        //# The application is told instead: nothing changes by asking again.
        if answer.name() != "proceed" {
            return self.end(Error::StartTlsRefused);
        }
        let Some(link) = &mut self.link else { return };
        //= rfc6120#5.4.2.3/begun MUST
        //# Bytes behind the end of <proceed/> came in the clear: the connection is given up, not just the bytes.
        if link.reader.buffered() > 0 {
            return self.end(Error::Injected);
        }
        //= rfc6120#5.3.2/restart MUST
        //# A new header follows as soon as TLS stands.
        //= rfc6120#5.4.3.1/silent MUST NOT
        //# Nothing is written in the state Securing.
        //= rfc6120#5.4.3.3/discard MUST
        //# The reader forgets all of the stream in the clear, and `open_stream` its features.
        link.reader.restart();
        let conn = link.conn;
        self.go(Stimulus::Encrypt, self.config.timing.connect);
        self.outputs.push_back(Output::Upgrade { conn });
    }

    /// TLS stands, and the certificate is the domain's.
    //= rfc6120#4.7.1/verify MUST
    //# The driver says so only after it has checked the certificate for the account's domain; nothing else leads to a login.
    //= rfc6120#5.4.3.1/validate MUST
    //# As for verify: a certificate that is not to be trusted ends the connection as CloseReason::Untrusted.
    //= rfc7590#3.4/authenticate MUST
    //# As for verify.
    //= rfc6120#5.3.5/renegotiation MAY skip
    //# TLS is the driver's, whose library (rustls) has none.
    //= rfc6120#5.3.5/attempt MUST skip
    //# That library refuses a first attempt by TLS's own alert, and ends the connection at the next.
    //= rfc6120#13.7.2/validate MUST
    //# The driver does, before it says so.
    //= rfc6120#13.7.2/terminate MUST
    //# No certificate to be trusted, no session: the driver has closed the connection.
    //= rfc6120#13.7.2.3/recheck SHOULD skip
    //# A certificate is validated when a connection begins; a session that lasts is not asked again.
    //= rfc6120#13.7.2.3/ocsp SHOULD skip
    //# The driver asks no responder: certificates live for weeks now, and responders are being switched off.
    //= rfc6120#13.8.3/suite MUST skip
    //# The driver's library leaves out suites without forward secrecy, as RFC 9325 asks today.
    pub(super) fn secured(&mut self, session: Box<Secured>) {
        if self.state != State::Securing {
            return;
        }
        if let Some(link) = &mut self.link {
            link.secured = Some(session);
        }
        self.open_stream();
    }
}

/// How long an answer may take to a `<starttls/>` that was not offered.
const NOT_OFFERED: Duration = Duration::from_secs(5);
