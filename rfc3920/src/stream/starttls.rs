//! From the clear into TLS (RFC 6120, 5; RFC 7590).

use wire::{Output, Secured};

use super::state::{State, Stimulus};
use super::{Client, Error};
use crate::ns;
use crate::xml::Element;

impl Client {
    /// `<starttls/>`.
    pub(super) fn start_tls(&mut self) {
        self.go(Stimulus::StartTls, self.config.timing.step);
        self.write(&Element::new(ns::TLS, "starttls"));
    }

    /// `<proceed/>` or `<failure/>`.
    pub(super) fn tls_answer(&mut self, answer: &Element) {
        //= rfc6120#5.4.2.2/failure MUST
        //# A failure ends the connection with an error of its own; the server closes its stream, and nothing was sent on it.
        if answer.name() != "proceed" {
            return self.end(Error::StartTlsRefused);
        }
        let Some(link) = &mut self.link else { return };
        //= rfc6120#5.4.3.1/injection MUST
        //# Bytes behind the end of <proceed/> came in the clear: the connection is given up, not just the bytes.
        if link.reader.buffered() > 0 {
            return self.end(Error::Injected);
        }
        //= rfc6120#5.3.2/restart MUST
        //# The reader forgets all of the stream in the clear; its features went when the new ones are taken.
        link.reader.restart();
        let conn = link.conn;
        self.go(Stimulus::Encrypt, self.config.timing.connect);
        self.outputs.push_back(Output::Upgrade { conn });
    }

    /// TLS stands, and the certificate is the domain's.
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
