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
