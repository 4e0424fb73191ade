//! Conversion to and from the types of the crate `rsip`, which many programs have in their interfaces.
//!
//! Both ways go by the text. Towards `rsip` it is brought into the dialect that `rsip` reads: long names, no folds. `rsip`
//! has no methods beyond those it names, so a request with another one is an error.
//!
//! ```
//! use rfc3261::message::Message;
//! let wire = "OPTIONS sip:b.example SIP/2.0\r\nv: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nf: <sip:a.example>;tag=1\r\n\
//!             t: <sip:b.example>\r\ni: 7\r\nCSeq: 1 OPTIONS\r\nSubject: two\r\n lines\r\nl: 2\r\n\r\nhi";
//! let ours = Message::parse(wire.into()).unwrap();
//! let theirs = rsip::SipMessage::try_from(&ours).unwrap();
//! assert!(theirs.to_string().contains("Call-ID: 7\r\n"));
//! assert_eq!(Message::try_from(&theirs).unwrap(), ours);
//! ```

use bytes::{BufMut, Bytes, BytesMut};
use rsip::SipMessage;

use super::parse;
use super::{Limits, Message, ParseError, Uri, UriError};

impl TryFrom<&Message> for SipMessage {
    type Error = rsip::Error;

    /// # Errors
    /// `rsip` does not read the text, for instance because of the method.
    fn try_from(message: &Message) -> Result<SipMessage, rsip::Error> {
        let mut text = BytesMut::new();
        match message {
            Message::Request(request) => {
                text.put_slice(format!("{} {} SIP/2.0\r\n", request.method, request.uri).as_bytes())
            }
            Message::Response(response) => {
                let line = response.reason.replace(['\r', '\n', '\0'], " ");
                text.put_slice(format!("SIP/2.0 {} {line}\r\n", response.status).as_bytes());
            }
        }
        for (name, value) in message.headers().iter() {
            text.put_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        text.put_slice(b"\r\n");
        text.put_slice(message.body());
        SipMessage::try_from(&text[..])
    }
}

impl TryFrom<&SipMessage> for Message {
    type Error = ParseError;

    /// # Errors
    /// What `rsip` holds is no message that [`Message::parse`] would take.
    fn try_from(message: &SipMessage) -> Result<Message, ParseError> {
        // Its own way to text replaces what is not UTF-8 in the body.
        let (start, headers, body) = match message {
            SipMessage::Request(r) => (format!("{} {} {}", r.method, r.uri, r.version), &r.headers, &r.body),
            SipMessage::Response(r) => (format!("{} {}", r.version, r.status_code), &r.headers, &r.body),
        };
        let head = Bytes::from(format!("{start}\r\n{headers}\r\n"));
        let (mut message, _) = parse::head_of(&head, 0..head.len(), &Limits::default(), None)?;
        *message.body_mut() = Bytes::copy_from_slice(body);
        Ok(message)
    }
}

impl TryFrom<&Uri> for rsip::Uri {
    type Error = rsip::Error;

    /// # Errors
    /// `rsip` does not read the text: it has no URIs beyond sip and sips, for instance.
    fn try_from(uri: &Uri) -> Result<rsip::Uri, rsip::Error> {
        rsip::Uri::try_from(uri.as_str())
    }
}

impl TryFrom<&rsip::Uri> for Uri {
    type Error = UriError;

    /// # Errors
    /// What `rsip` holds is no URI of the grammar.
    fn try_from(uri: &rsip::Uri) -> Result<Uri, UriError> {
        Uri::parse(uri.to_string())
    }
}
