//! One connection below the sessions: handshake, chunks, acknowledgements, ping.
