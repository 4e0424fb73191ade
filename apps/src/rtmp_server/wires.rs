use bytes::Bytes;
use net::Driver;
use rtmp::server::Server as Rtmp;
use rtmp::status::{self, Status};
use wire::{ConnId, Instant};

use super::hub::{Sink, Spot, StreamKey};

/// The server machine as the hub sees it.
pub struct Wires<'a> {
    /// When.
    pub now: Instant,
    /// Over what.
    pub driver: &'a mut Driver<Rtmp>,
}

impl Sink for Wires<'_> {
    fn unsent(&self, conn: ConnId) -> usize {
        self.driver.unsent(conn) + self.driver.machine().unsent(conn)
    }

    fn chunk_size(&self, conn: ConnId) -> u32 {
        self.driver.machine().chunk_size(conn).unwrap_or(128)
    }

    fn send(&mut self, spot: Spot, chunks: Bytes) {
        let _player_gone = self.driver.machine_mut().send_shared(self.now, spot.conn, chunks);
    }

    fn at_once(&mut self, conn: ConnId, is_on: bool) {
        self.driver.no_delay(conn, is_on);
    }

    fn published(&mut self, spot: Spot, key: &StreamKey, is_on: bool) {
        let (code, what) = match is_on {
            true => (status::PLAY_PUBLISH_NOTIFY, "is now published"),
            false => (status::PLAY_UNPUBLISH_NOTIFY, "is now unpublished"),
        };
        let told = Status::new(code, &format!("{} {what}.", key.name));
        let machine = self.driver.machine_mut();
        if is_on {
            let _player_gone = machine.stream_begin(self.now, spot.conn, spot.stream);
        }
        let _player_gone = machine.status(self.now, spot.conn, spot.stream, &told);
        if !is_on {
            let _player_gone = machine.stream_eof(self.now, spot.conn, spot.stream);
        }
    }

    fn disconnect(&mut self, conn: ConnId, why: &'static str) {
        tracing::info!("closing a connection: {why}");
        self.driver.machine_mut().disconnect(self.now, conn);
    }
}
