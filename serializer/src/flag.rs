use crate::Value;

/// The first field of a message: whether it is flooded, sent to one node, or about the link itself.
//= p2p#3.2/main MUST
//# A variant each.
//= p2p#3.2/main-other MUST
//# Every other number has a place in `Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MainFlag {
    /// 0: every node forwards it once.
    Broadcast,
    /// 1: about the compression of this link.
    Renegotiate,
    /// 2: to the receiver alone.
    Whisper,
    /// 3: reserved.
    Ping,
    /// 4: reserved.
    Pong,
    /// Any other number.
    Other(u64),
}

impl MainFlag {
    /// The number on the wire.
    ///
    /// ```
    /// use serializer::MainFlag;
    /// assert_eq!(MainFlag::Whisper.code(), 2);
    /// assert_eq!(MainFlag::from(99), MainFlag::Other(99));
    /// ```
    pub const fn code(self) -> u64 {
        match self {
            MainFlag::Broadcast => 0,
            MainFlag::Renegotiate => 1,
            MainFlag::Whisper => 2,
            MainFlag::Ping => 3,
            MainFlag::Pong => 4,
            MainFlag::Other(code) => code,
        }
    }
}

impl From<u64> for MainFlag {
    fn from(code: u64) -> MainFlag {
        match code {
            0 => MainFlag::Broadcast,
            1 => MainFlag::Renegotiate,
            2 => MainFlag::Whisper,
            3 => MainFlag::Ping,
            4 => MainFlag::Pong,
            _ => MainFlag::Other(code),
        }
    }
}

/// The first item of a payload: what the message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// 0: a user's message to all.
    Broadcast,
    /// 1: the methods of compression to use from now on.
    Compression,
    /// 2: a user's message to one node.
    Whisper,
    /// 3: reserved.
    Ping,
    /// 4: reserved.
    Pong,
    /// 5: who I am and how to reach me; with two items the state of a hash table's node.
    Handshake,
    /// 6: a hash table's key came or went.
    Notify,
    /// 7: the addresses of nodes.
    Peers,
    /// 8: asks for addresses.
    Request,
    /// 9: asks for the last message again.
    Resend,
    /// 10: the address that was asked for.
    Response,
    /// 11: stores a value.
    Store,
    /// 12: asks for a value.
    Retrieve,
    /// 13: the value that was asked for.
    Retrieved,
    /// 14: forwarded for another node.
    Forward,
    /// 15: announces paths.
    NewPaths,
    /// 16: takes paths back.
    RevokePaths,
    /// 17: changes parts of a value.
    Delta,
    /// Any other number.
    Other(u64),
}

impl Flag {
    /// The flags that have a name, in the order of their numbers from 0.
    //= p2p#3.2/sub MUST
    //# In the order of the numbers, and `From` looks up there.
    pub const NAMED: [Flag; 18] = [
        Flag::Broadcast,
        Flag::Compression,
        Flag::Whisper,
        Flag::Ping,
        Flag::Pong,
        Flag::Handshake,
        Flag::Notify,
        Flag::Peers,
        Flag::Request,
        Flag::Resend,
        Flag::Response,
        Flag::Store,
        Flag::Retrieve,
        Flag::Retrieved,
        Flag::Forward,
        Flag::NewPaths,
        Flag::RevokePaths,
        Flag::Delta,
    ];

    /// The number on the wire.
    ///
    /// ```
    /// use serializer::{Flag, Value};
    /// assert_eq!(Flag::Delta.code(), 17);
    /// assert_eq!(Flag::from(7), Flag::Peers);
    /// assert_eq!(Value::from(Flag::Peers), Value::Int(7));
    /// ```
    pub const fn code(self) -> u64 {
        match self {
            Flag::Broadcast => 0,
            Flag::Compression => 1,
            Flag::Whisper => 2,
            Flag::Ping => 3,
            Flag::Pong => 4,
            Flag::Handshake => 5,
            Flag::Notify => 6,
            Flag::Peers => 7,
            Flag::Request => 8,
            Flag::Resend => 9,
            Flag::Response => 10,
            Flag::Store => 11,
            Flag::Retrieve => 12,
            Flag::Retrieved => 13,
            Flag::Forward => 14,
            Flag::NewPaths => 15,
            Flag::RevokePaths => 16,
            Flag::Delta => 17,
            Flag::Other(code) => code,
        }
    }
}

impl From<u64> for Flag {
    fn from(code: u64) -> Flag {
        usize::try_from(code).ok().and_then(|at| Flag::NAMED.get(at).copied()).unwrap_or(Flag::Other(code))
    }
}

impl From<Flag> for Value {
    fn from(flag: Flag) -> Value {
        Value::from(flag.code())
    }
}
