use rfc3261::transaction::{State, client, invite_client, invite_server, server};

use super::Machine;

/// Every machine that is drawn, room by room.
pub fn all() -> Vec<Machine> {
    let sip = |name, title, file: &str, table: &'static rfc3261::transaction::Table| {
        Machine::of(name, title, &format!("rfc3261/src/transaction/{file}.rs"), State::Idle, table.rows())
    };
    vec![
        sip("invite-client", "SIP: INVITE client transaction", "invite_client", &invite_client::TABLE),
        sip("non-invite-client", "SIP: non-INVITE client transaction", "client", &client::TABLE),
        sip("invite-server", "SIP: INVITE server transaction", "invite_server", &invite_server::TABLE),
        sip("non-invite-server", "SIP: non-INVITE server transaction", "server", &server::TABLE),
        Machine::of(
            "sip-call",
            "SIP: a call and its dialog",
            "rfc3261/src/ua/phase.rs",
            rfc3261::ua::Phase::Idle,
            rfc3261::ua::TRANSITIONS,
        ),
        Machine::of(
            "rtcp-timing",
            "RTP: timing of RTCP",
            "rfc3550/src/session/phase.rs",
            rfc3550::Phase::Initial,
            rfc3550::TRANSITIONS,
        ),
        Machine::of(
            "xmpp-stream",
            "XMPP: a client's stream",
            "rfc3920/src/stream/state.rs",
            rfc3920::stream::State::Idle,
            rfc3920::stream::TRANSITIONS,
        ),
        Machine::of(
            "rtmp-client",
            "RTMP: a client's connection",
            "rtmp/src/client/state.rs",
            rtmp::client::State::Idle,
            rtmp::client::TRANSITIONS,
        ),
        Machine::of(
            "rtmp-client-stream",
            "RTMP: a client's message stream",
            "rtmp/src/client/stream.rs",
            rtmp::client::StreamState::Idle,
            rtmp::client::STREAM_TRANSITIONS,
        ),
        Machine::of(
            "rtmp-server",
            "RTMP: a server's connection",
            "rtmp/src/server/state.rs",
            rtmp::server::ConnectionState::Handshake,
            rtmp::server::TRANSITIONS,
        ),
        Machine::of(
            "rtmp-server-stream",
            "RTMP: a server's message stream",
            "rtmp/src/server/stream.rs",
            rtmp::server::StreamState::Idle,
            rtmp::server::STREAM_TRANSITIONS,
        ),
        Machine::of(
            "chord-node",
            "Chord: life of a node",
            "chord/src/ring/phase.rs",
            chord::ring::Phase::Outside,
            chord::ring::TRANSITIONS,
        ),
    ]
}
