//! Frames (RFC 6455, section 5): the header, masking, and what frames add up to.
use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Which side of a connection we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It masks what it sends.
    Client,
    /// It does not.
    Server,
}

/// What a frame is (section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// A fragment after the first.
    Continuation,
    /// A message of text, or its first fragment.
    Text,
    /// A message of bytes, or its first fragment.
    Binary,
    /// The end of the connection.
    Close,
    /// A question whether the peer is there.
    Ping,
    /// The answer to it.
    Pong,
}

//= rfc6455#7.4.1/defined MAY
//# Those that name what can happen here.
//= rfc6455#7.4.1/no-1005 MUST NOT
//# It is not among these, and an answer repeats only a status that `close_status` lets pass.
//= rfc6455#7.4.1/no-1006 MUST NOT
//# As 1005.
//= rfc6455#7.4.1/no-1015 MUST NOT
//# As 1005.
/// The status codes (section 7.4.1) that are sent here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing is wrong.
    Normal = 1000,
    /// A rule of the protocol is broken.
    ProtocolError = 1002,
    /// Text is not UTF-8.
    NotText = 1007,
    /// A message is longer than the limit.
    TooBig = 1009,
}

/// How the peer broke the rules, and the status that tells it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation(pub Status, pub &'static str);

/// What a frame, or the last one of a message, brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// A whole message, of text or of bytes.
    Message(Bytes),
    /// A question, with what goes back in the answer.
    Ping(Bytes),
    /// An answer.
    Pong,
    /// With the status code, if there was one.
    Close(Option<u16>),
}

/// Puts frames together from what arrives, and fragments to messages.
pub struct Reader {
    role: Role,
    limit: usize,
    input: BytesMut,
    /// The fragments of a message whose last one has not come, and whether it is text.
    started: Option<(bool, BytesMut)>,
}

struct Header {
    last: bool,
    opcode: Opcode,
    key: Option<[u8; 4]>,
    length: u64,
}

impl Reader {
    /// A reader of messages of up to `limit` bytes for that role.
    pub fn new(role: Role, limit: usize) -> Reader {
        Reader { role, limit, input: BytesMut::new(), started: None }
    }

    /// Takes what arrived.
    pub fn push(&mut self, data: BytesMut) {
        if self.input.is_empty() {
            self.input = data;
        } else {
            self.input.extend_from_slice(&data);
        }
    }

    /// The bytes kept until the rest of their frame or message arrives: when `received` has nothing more, no more than
    /// the limit twice and one header.
    pub fn held(&self) -> usize {
        self.input.len() + self.started.as_ref().map_or(0, |(_, joined)| joined.len())
    }

    //= rfc6455#10.7/validate MUST
    //# Headers, order, lengths and text are checked here, whoever the peer is.
    //= rfc6455#10.7/drop MAY
    //# After the first violation nothing more is read.
    /// What the next whole frame brought; `None` until it is there.
    ///
    /// # Errors
    /// How the peer broke the rules; nothing is to be read after that.
    //= rfc6455#5.4/handle-control MUST
    //# A control frame leaves `started` as it is.
    //= rfc6455#5.4/order MUST
    //# What arrives is taken from the front, frame by frame.
    pub fn received(&mut self) -> Result<Option<Received>, Violation> {
        while let Some((header, size)) = Header::read(&self.input)? {
            self.check(&header)?;
            let length = usize::try_from(header.length).unwrap_or(usize::MAX); // limited by now
            if self.input.len() - size < length {
                break;
            }
            self.input.advance(size);
            let mut payload = self.input.split_to(length);
            //= rfc6455#5.3/xor MUST
            //# The same operation puts a mask on and takes it away.
            if let Some(key) = header.key {
                mask(&mut payload, key);
            }
            if let Some(received) = self.take(&header, payload)? {
                return Ok(Some(received));
            }
        }
        if self.input.is_empty() {
            self.input = BytesMut::new(); // what it stood in is given back
        }
        Ok(None)
    }

    /// What can be wrong before the payload has come, so that none is waited for in vain.
    fn check(&self, header: &Header) -> Result<(), Violation> {
        //= rfc6455#5.1/unmasked MUST
        //# Before the payload has come.
        //= rfc6455#5.1/masked MUST
        //# The other half of the same comparison.
        if header.key.is_some() != (self.role == Role::Server) {
            return Err(match self.role {
                Role::Server => Violation(Status::ProtocolError, "the client does not mask"),
                Role::Client => Violation(Status::ProtocolError, "the server masks"),
            });
        }
        let joined = match header.opcode {
            Opcode::Close | Opcode::Ping | Opcode::Pong => return header.check_control(),
            Opcode::Continuation => match &self.started {
                Some((_, joined)) => joined.len(),
                None => return Err(Violation(Status::ProtocolError, "a fragment continues nothing")),
            },
            //= rfc6455#5.4/interleaved MUST NOT
            //# A peer that does so has broken the rules; we send no fragments.
            _ if self.started.is_some() => {
                return Err(Violation(Status::ProtocolError, "a message begins within another"));
            }
            _ => 0,
        };
        //= rfc6455#10.4/protect MUST
        //# By the length that is announced, before anything is stored for it.
        //= rfc6455#10.4/limits SHOULD
        //# One for both: what a frame adds to a message.
        if header.length > self.limit.saturating_sub(joined) as u64 {
            return Err(Violation(Status::TooBig, "the message is too long"));
        }
        Ok(())
    }

    /// What the frame says.
    fn take(&mut self, header: &Header, payload: BytesMut) -> Result<Option<Received>, Violation> {
        let (text, message) = match header.opcode {
            Opcode::Ping => return Ok(Some(Received::Ping(payload.freeze()))),
            Opcode::Pong => return Ok(Some(Received::Pong)),
            Opcode::Close => return close_status(&payload).map(|status| Some(Received::Close(status))),
            Opcode::Text | Opcode::Binary if header.last => (header.opcode == Opcode::Text, payload),
            Opcode::Text | Opcode::Binary => {
                self.started = Some((header.opcode == Opcode::Text, payload));
                return Ok(None);
            }
            //= rfc6455#5.4/both MUST
            //# One frame, or fragments up to the one that is the last.
            //= rfc6455#5.4/one-type MUST
            //# The type is that of the first, kept in `started`.
            Opcode::Continuation => {
                let Some((_, joined)) = &mut self.started else { return Ok(None) };
                joined.extend_from_slice(&payload);
                match self.started.take_if(|_| header.last) {
                    Some(started) => started,
                    None => return Ok(None),
                }
            }
        };
        //= rfc6455#8.1/utf-8 MUST
        //# The whole message is looked at, so that a character may be cut between fragments.
        if text && std::str::from_utf8(&message).is_err() {
            return Err(Violation(Status::NotText, "a text message is not UTF-8"));
        }
        Ok(Some(Received::Message(message.freeze())))
    }
}

impl Header {
    /// The header at the start of `data` and its size; `None` until it is whole.
    fn read(data: &[u8]) -> Result<Option<(Header, usize)>, Violation> {
        let mut rest = data;
        let (Ok(first), Ok(second)) = (rest.try_get_u8(), rest.try_get_u8()) else { return Ok(None) };
        //= rfc6455#5.2/reserved-set MUST
        //# There are no extensions that would give them a meaning.
        if first & 0x70 != 0 {
            return Err(Violation(Status::ProtocolError, "a reserved bit is set"));
        }
        //= rfc6455#5.2/opcode MUST
        //# Six are known.
        let Some(opcode) = Opcode::from_code(first & 0x0F) else {
            return Err(Violation(Status::ProtocolError, "the opcode is unknown"));
        };
        let (length, least) = match second & 0x7F {
            //= rfc6455#5.2/network-order MUST
            //# As `bytes` reads and writes numbers.
            126 => (rest.try_get_u16().map(u64::from), 126),
            127 => (rest.try_get_u64(), 1 << 16),
            short => (Ok(u64::from(short)), 0),
        };
        let Ok(length) = length else { return Ok(None) };
        //= rfc6455#5.2/minimal MUST
        //# A length in a longer form than it needs is refused, and none is written.
        //= rfc6455#5.2/top-bit MUST
        //# Refused too; no length in memory has it.
        if length < least || length >> 63 != 0 {
            return Err(Violation(Status::ProtocolError, "the length is written in a wrong way"));
        }
        let mut key = None;
        if second & 0x80 != 0 {
            let Some(bytes) = rest.split_off(..4) else { return Ok(None) };
            key = bytes.try_into().ok();
        }
        Ok(Some((Header { last: first & 0x80 != 0, opcode, key, length }, data.len() - rest.len())))
    }

    fn check_control(&self) -> Result<(), Violation> {
        //= rfc6455#5.4/control-whole MUST NOT
        //# A fragment of one is refused; `write` sets the bit of the last frame always.
        //= rfc6455#5.5/size MUST
        //# Refused above 125 bytes. Those we write are a status, or what came in a Ping.
        if !self.last {
            return Err(Violation(Status::ProtocolError, "a control frame is fragmented"));
        }
        if self.length > MAX_CONTROL {
            return Err(Violation(Status::ProtocolError, "a control frame is too long"));
        }
        Ok(())
    }
}

impl Opcode {
    fn code(self) -> u8 {
        match self {
            Opcode::Continuation => 0x0,
            Opcode::Text => 0x1,
            Opcode::Binary => 0x2,
            Opcode::Close => 0x8,
            Opcode::Ping => 0x9,
            Opcode::Pong => 0xA,
        }
    }

    fn from_code(code: u8) -> Option<Opcode> {
        use Opcode::*;
        [Continuation, Text, Binary, Close, Ping, Pong].into_iter().find(|opcode| opcode.code() == code)
    }
}

/// Writes a frame that is a whole message or a control frame; with a key, masked.
pub fn write(out: &mut BytesMut, opcode: Opcode, payload: &[u8], key: Option<[u8; 4]>) {
    out.reserve(MAX_HEADER + payload.len());
    //= rfc6455#5.2/reserved MUST
    //# Nothing but the bit of the last frame and the opcode.
    //= rfc6455#5.2/one-frame MAY
    //# Every message is one frame.
    out.put_u8(0x80 | opcode.code());
    //= rfc6455#5.3/bit MUST
    //# Set in the byte of the length when there is a key.
    //= rfc6455#5.3/key-length MUST NOT
    //# The length is that of the payload.
    let masked = if key.is_some() { 0x80 } else { 0 };
    match payload.len() {
        length @ 0..126 => out.put_u8(masked | length as u8),
        length @ 126..0x1_0000 => {
            out.put_u8(masked | 126);
            out.put_u16(length as u16);
        }
        length => {
            out.put_u8(masked | 127);
            out.put_u64(length as u64);
        }
    }
    out.put_slice(key.as_ref().map_or(&[], |key| key.as_slice()));
    let start = out.len();
    out.put_slice(payload);
    if let Some(key) = key {
        mask(&mut out[start..], key);
    }
}

/// Masks, or takes the mask away.
fn mask(data: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let twice = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = data.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ twice).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}

/// The status code of a Close frame, which may have none.
fn close_status(mut body: &[u8]) -> Result<Option<u16>, Violation> {
    //= rfc6455#5.5.1/status MUST
    //# One byte alone is refused, and so is a status that is not to be sent; what we write has two bytes or none.
    if body.is_empty() {
        return Ok(None);
    }
    match body.try_get_u16() {
        Ok(1000..=1003 | 1007..=1014 | 3000..=4999) if std::str::from_utf8(body).is_err() => {
            Err(Violation(Status::NotText, "the reason for closing is not UTF-8"))
        }
        Ok(status @ (1000..=1003 | 1007..=1014 | 3000..=4999)) => Ok(Some(status)),
        _ => Err(Violation(Status::ProtocolError, "the status of closing is none")),
    }
}

/// The longest payload of a control frame.
const MAX_CONTROL: u64 = 125;
const MAX_HEADER: usize = 14;
