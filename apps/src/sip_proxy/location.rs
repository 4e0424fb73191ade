use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc as async_mpsc;

use crate::common::{Failure, seed};

/// One binding as it is kept: a contact that an address of record can be reached at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The Contact value as it was registered.
    pub contact: String,
    /// When the binding ends, in milliseconds since 1970.
    pub expires_unix_ms: u64,
    /// The Call-ID of the REGISTER.
    pub call_id: String,
    /// The CSeq number of the REGISTER.
    pub cseq: u32,
    /// The transport that the REGISTER came over.
    pub transport: String,
    /// Where the REGISTER came from.
    pub remote: SocketAddr,
    /// Where the REGISTER arrived.
    pub local: SocketAddr,
    /// Whether requests go back to where the REGISTER came from instead of to the contact.
    pub behind_nat: bool,
}

/// Every binding of one address of record; empty when it has none any more.
pub type Change = (String, Vec<Record>);

/// Where bindings are kept. An implementation may block: it runs on a thread of its own.
pub trait Location: Send {
    /// Everything that was kept.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn load(&mut self) -> Result<Vec<Change>, Failure>;

    /// The secret that recorded routes are proved with, the same in every run: without it a restart cuts dialogs off.
    /// `None` when nothing survives anyway.
    ///
    /// # Errors
    /// When the store can be neither read nor written.
    fn key(&mut self) -> Result<Option<[u8; 32]>, Failure> {
        Ok(None)
    }

    /// Keeps `changes`, all of them or none. When it returns, they survive the end of the process.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn save(&mut self, changes: &[Change]) -> Result<(), Failure>;
}

/// Keeps nothing: the bindings live as long as the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory;

impl Location for Memory {
    fn load(&mut self) -> Result<Vec<Change>, Failure> {
        Ok(Vec::new())
    }
    fn save(&mut self, _: &[Change]) -> Result<(), Failure> {
        Ok(())
    }
}

/// Keeps bindings in a file, an embedded database that is whole after a crash at any moment.
pub struct LocationFile {
    database: Database,
}

impl LocationFile {
    /// Opens or creates the file at `path`.
    ///
    /// # Errors
    /// When it cannot be opened, is no such file, or another process has it open.
    pub fn open(path: &Path) -> Result<LocationFile, Failure> {
        let failed = |e: &dyn std::fmt::Display| {
            Failure::runtime(format!("cannot open {}: {e}; choose another with --location", path.display()))
        };
        // It holds who is where, and a key: for nobody else to read.
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let database = Database::builder().create_file(file.map_err(|e| failed(&e))?).map_err(|e| failed(&e))?;
        let write = database.begin_write().map_err(|e| failed(&e))?;
        write.open_table(BINDINGS).map_err(|e| failed(&e))?;
        write.commit().map_err(|e| failed(&e))?;
        Ok(LocationFile { database })
    }

    fn try_load(&self) -> Result<Vec<Change>, redb::Error> {
        let table = self.database.begin_read()?.open_table(BINDINGS)?;
        let mut found = Vec::new();
        for entry in table.iter()? {
            let (aor, records) = entry?;
            match serde_json::from_slice(records.value()) {
                Ok(records) => found.push((aor.value().to_string(), records)),
                Err(e) => tracing::warn!(aor = aor.value(), "binding cannot be read, left out: {e}"),
            }
        }
        Ok(found)
    }

    fn try_key(&self) -> Result<[u8; 32], redb::Error> {
        let write = self.database.begin_write()?;
        let key = {
            let mut table = write.open_table(SECRETS)?;
            let kept = table.get(ROUTE_KEY)?.and_then(|key| <[u8; 32]>::try_from(key.value()).ok());
            match kept {
                Some(key) => key,
                None => {
                    let key = seed().map_err(|e| std::io::Error::other(e.to_string()))?;
                    table.insert(ROUTE_KEY, key.as_slice())?;
                    key
                }
            }
        };
        write.commit()?;
        Ok(key)
    }

    fn try_save(&self, changes: &[Change]) -> Result<(), redb::Error> {
        let write = self.database.begin_write()?;
        {
            let mut table = write.open_table(BINDINGS)?;
            for (aor, records) in changes {
                if records.is_empty() {
                    table.remove(aor.as_str())?;
                } else {
                    let text = serde_json::to_vec(records).map_err(std::io::Error::from)?;
                    table.insert(aor.as_str(), text.as_slice())?;
                }
            }
        }
        write.commit()?;
        Ok(())
    }
}

impl Location for LocationFile {
    fn load(&mut self) -> Result<Vec<Change>, Failure> {
        self.try_load().map_err(|e| Failure::runtime(format!("cannot read the bindings: {e}")))
    }
    fn key(&mut self) -> Result<Option<[u8; 32]>, Failure> {
        self.try_key().map(Some).map_err(|e| Failure::runtime(format!("cannot keep a key with the bindings: {e}")))
    }
    fn save(&mut self, changes: &[Change]) -> Result<(), Failure> {
        self.try_save(changes).map_err(|e| Failure::runtime(format!("cannot keep the bindings: {e}")))
    }
}

const SECRETS: TableDefinition<&str, &[u8]> = TableDefinition::new("secrets");
const ROUTE_KEY: &str = "route";
const BINDINGS: TableDefinition<&str, &[u8]> = TableDefinition::new("bindings");

/// A thread that saves changes, many in one transaction when they come fast, and tells when each is safe.
pub struct Saver {
    changes: mpsc::SyncSender<(u64, Change)>,
    done: async_mpsc::UnboundedReceiver<Saved>,
}

/// The ticket of a change, and whether it was saved.
pub type Saved = (u64, Result<(), Failure>);

impl Saver {
    /// Starts the thread, which ends when the saver is dropped.
    pub fn start(mut location: Box<dyn Location>) -> Saver {
        let (changes, queue) = mpsc::sync_channel::<(u64, Change)>(QUEUE);
        let (tell, done) = async_mpsc::unbounded_channel(); // bounded by the queue: one answer a change
        thread::spawn(move || {
            while let Ok(first) = queue.recv() {
                let (tickets, batch): (Vec<u64>, Vec<Change>) =
                    std::iter::once(first).chain(queue.try_iter().take(BATCH)).unzip();
                let result = location.save(&batch);
                if let Err(failure) = &result {
                    tracing::error!("{failure}");
                }
                for ticket in tickets {
                    let _nobody_waits = tell.send((ticket, result.clone()));
                }
            }
        });
        Saver { changes, done }
    }

    /// Hands over a change; false when the queue is full.
    pub fn save(&self, ticket: u64, change: Change) -> bool {
        self.changes.try_send((ticket, change)).is_ok()
    }

    /// Waits for the next change that is safe, or could not be saved. May be cancelled without losing one.
    pub async fn next(&mut self) -> Saved {
        match self.done.recv().await {
            Some(saved) => saved,
            None => std::future::pending().await,
        }
    }
}

const QUEUE: usize = 8192;
const BATCH: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn record(contact: &str) -> Record {
        Record {
            contact: contact.into(),
            expires_unix_ms: 1,
            call_id: "c".into(),
            cseq: 1,
            transport: "udp".into(),
            remote: "127.0.0.1:1".parse().unwrap(),
            local: "[::1]:2".parse().unwrap(),
            behind_nat: true,
        }
    }

    fn temporary(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("sip-proxy-{name}-{}.redb", std::process::id()))
    }

    #[test]
    fn bindings_survive_reopening() {
        let path = temporary("reopen");
        let changes: Vec<Change> = vec![
            ("sip:a@x".into(), vec![record("<sip:1>"), record("<sip:2>")]),
            ("sip:b@x".into(), vec![record("<sip:3>")]),
        ];
        let mut file = LocationFile::open(&path).unwrap();
        file.save(&changes).unwrap();
        let key = file.key().unwrap();
        drop(file);
        let mut file = LocationFile::open(&path).unwrap();
        assert!(key.is_some() && file.key().unwrap() == key, "the key survives too");
        assert_eq!(file.load().unwrap(), changes);
        file.save(&[("sip:a@x".into(), vec![])]).unwrap();
        assert_eq!(file.load().unwrap(), changes[1..]);
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_file_that_is_no_database_is_refused_in_one_line() {
        let path = temporary("garbage");
        std::fs::write(&path, "hello, this is not a database at all").unwrap();
        let failure = LocationFile::open(&path).err().unwrap();
        assert!(failure.to_string().starts_with("cannot open "), "{failure}");
        std::fs::remove_file(&path).unwrap();
    }

    #[tokio::test]
    async fn every_change_is_confirmed() {
        let mut saver = Saver::start(Box::new(Memory));
        for ticket in 0..100 {
            assert!(saver.save(ticket, ("sip:a@x".into(), vec![])));
        }
        for ticket in 0..100 {
            assert_eq!(saver.next().await, (ticket, Ok(())));
        }
    }
}
