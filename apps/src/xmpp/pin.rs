//! What is remembered of an account's logins on this machine: the strongest mechanism. A server that offers only less the
//! next time may have changed; or somebody between us and it wants us to use what can be broken.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rfc3920::jid::Jid;
use rfc3920::sasl::{Mechanism, Pin};

use super::account::folder;

/// Where the pin of an account is.
pub fn path(jid: &Jid) -> PathBuf {
    folder("XDG_STATE_HOME", ".local/state").join("wireworks/xmpp/logins").join(jid.bare_str())
}

/// The pin, if there is one.
pub fn load(path: &Path) -> Option<Pin> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(Pin { mechanism: Mechanism::from_name(text.trim())?, server_nonce: None })
}

/// Remembers a mechanism that a login ended well with, if it is stronger than what is remembered.
pub fn remember(path: &Path, mechanism: Mechanism) {
    let lasts = matches!(mechanism, Mechanism::Scram(_) | Mechanism::ScramPlus(_));
    if !lasts || load(path).is_some_and(|pin| pin.mechanism >= mechanism) {
        return;
    }
    if let Err(why) = write_private(path, &format!("{mechanism}\n")) {
        tracing::debug!("cannot remember the login in {}: {why}", path.display());
    }
}

/// Writes a file, and its folder, that nobody else can read; a crash in the middle leaves the old one.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let mut options = std::fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&beside)?.write_all(text.as_bytes())?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use rfc3920::sasl::Hash;

    use super::*;

    #[test]
    fn the_strongest_is_remembered() {
        let path = std::env::temp_dir().join(format!("wireworks-xmpp-pin-{}", std::process::id())).join("a@b.example");
        assert_eq!(load(&path), None);
        let (weak, strong) = (Mechanism::Scram(Hash::Sha1), Mechanism::ScramPlus(Hash::Sha256));
        for (login, kept) in
            [(Mechanism::Plain, None), (weak, Some(weak)), (strong, Some(strong)), (weak, Some(strong))]
        {
            remember(&path, login);
            assert_eq!(load(&path).map(|pin| pin.mechanism), kept, "{login}");
        }
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
