//! Shared objects that the server keeps itself.

use wire::ConnId;

use super::{Carrier, DropReason, Event, Server, Slot};
use crate::Message;

impl Server {
    /// Takes what a connection has just sent about shared objects.
    pub(super) fn take_shared(&mut self, conn: ConnId) {
        for message in std::mem::take(&mut self.core.shared_objects) {
            self.shared_object(conn, message);
        }
    }

    /// Takes a message about shared objects: the store answers it, if the server keeps one.
    fn shared_object(&mut self, conn: ConnId, message: Message) {
        let Some(store) = &mut self.store else {
            return self.core.event(Event::SharedObject { conn, message });
        };
        let Some(Slot { carrier: Carrier::Rtmp(connection), .. }) = self.slots.get(&conn) else { return };
        match store.handle(conn, &connection.app, &message) {
            Ok(told) => self.tell_shared(told),
            Err(_) => self.core.dropped(conn, DropReason::BadSharedObject),
        }
    }

    /// Sends what the store wants to be sent.
    pub(super) fn tell_shared(&mut self, told: Vec<(ConnId, Message)>) {
        for (conn, message) in told {
            if let Some(Slot { carrier: Carrier::Rtmp(connection), .. }) = self.slots.get_mut(&conn) {
                let _ = connection.link.send(&message); // the store's limits are below the format's
                connection.flush(&mut self.core);
            }
        }
    }
}
