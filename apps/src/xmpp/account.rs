//! Accounts: who we are, how to get to our server, and where the password comes from. They come from the options, the
//! configuration file, or both; the options win.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use super::chat::notify::Way;
use super::options::{AccountOptions, Server, TlsVersion};
use crate::common::{Failure, ask, first_line, password_file, read_config, suggest};

/// One account, with everything known about it but its password.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Its name in the configuration file, or else its address.
    pub name: String,
    /// Our address, as written.
    pub jid: String,
    /// The wished name of this device.
    pub resource: Option<String>,
    /// Where to connect instead of asking DNS.
    pub server: Option<Server>,
    /// TLS from the first byte on.
    pub direct_tls: bool,
    /// Connect over WebSocket.
    pub websocket: Option<String>,
    /// Authorities to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// The oldest TLS.
    pub tls_min: TlsVersion,
    /// Whether PLAIN will do.
    pub allow_plain: bool,
    /// How long login and answers may take.
    pub timeout: Duration,
    /// Show the stream.
    pub raw: bool,
    /// Where the stream is written down, secrets hidden.
    pub trace: Option<net::Trace>,
    /// Our name in rooms.
    pub nick: Option<String>,
    /// Where its password comes from.
    pub password: Source,
}

/// How long login and answers may take when nothing is said.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// Where the password comes from.
#[derive(Clone, Debug, Default)]
pub enum Source {
    /// From the configuration file itself.
    Text(Password),
    /// The first line of a file; `-` asks.
    File(PathBuf),
    /// The first line that a command of the shell prints.
    Command(String),
    /// The environment, or else a question.
    #[default]
    Elsewhere,
}

/// A password, which is never shown.
#[derive(Clone, Deserialize, PartialEq, Eq)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// The configuration file.
#[derive(Deserialize, Debug, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    /// The account of those programs that use one, when there are several.
    default: Option<String>,
    #[serde(default)]
    account: BTreeMap<String, Entry>,
    #[serde(default)]
    chat: Chat,
}

/// What the configuration file says about `xmpp chat`.
#[derive(Deserialize, Clone, Debug, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Chat {
    /// What the terminal does when a message comes.
    pub notify: Option<Way>,
    /// What a shell does then.
    pub notify_command: Option<String>,
    /// The folder of the history.
    pub history: Option<PathBuf>,
}

/// An account in the configuration file.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    jid: String,
    password: Option<Password>,
    password_file: Option<PathBuf>,
    password_command: Option<String>,
    resource: Option<String>,
    nick: Option<String>,
    server: Option<Server>,
    #[serde(default)]
    direct_tls: bool,
    websocket: Option<String>,
    ca: Option<PathBuf>,
    #[serde(default)]
    tls_min: TlsVersion,
    #[serde(default)]
    allow_plain: bool,
    timeout: Option<f64>,
}

/// The account that the options mean.
///
/// # Errors
/// [`Failure::Usage`] when there is none or the configuration file is wrong.
pub fn account(options: &AccountOptions) -> Result<Account, Failure> {
    let (path, file) = load(options)?;
    let mut account = match (&options.profile, &options.account) {
        (Some(name), _) => file.named(name, &path)?,
        (None, Some(jid)) => file.of(jid, &path)?.unwrap_or_else(|| Account::new(jid)),
        (None, None) => file.chosen(&path)?,
    };
    account.take(options)?;
    Ok(account)
}

/// All accounts that the options mean: those of the configuration file, unless one is named.
///
/// # Errors
/// As [`account`].
pub fn accounts(options: &AccountOptions) -> Result<Vec<Account>, Failure> {
    let (path, file) = load(options)?;
    if options.profile.is_some() || options.account.is_some() || file.account.len() < 2 {
        return Ok(vec![account(options)?]);
    }
    file.account.keys().map(|name| file.named(name, &path)).collect()
}

/// What the configuration file says about `xmpp chat`.
///
/// # Errors
/// [`Failure::Usage`] when it is wrong.
pub fn chat(options: &AccountOptions) -> Result<Chat, Failure> {
    let (path, file) = load(options)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let history = file.chat.history.as_deref().map(|history| near(folder, history));
    Ok(Chat { history, ..file.chat })
}

impl Account {
    /// The password.
    ///
    /// # Errors
    /// [`Failure::Usage`] when it cannot be read, or nobody answers.
    pub fn password(&self) -> Result<Password, Failure> {
        let text = match &self.password {
            Source::Text(password) => password.0.clone(),
            Source::File(path) => password_file(path)?,
            Source::Command(command) => printed(command)?,
            Source::Elsewhere => match std::env::var(VARIABLE).ok().filter(|text| !text.is_empty()) {
                Some(text) => text,
                None => ask(&format!("Password of {}: ", crate::common::clean(&self.jid))).map_err(|why| {
                    let ways = "--password-file, --password-command or XMPP_PASSWORD give it without a terminal";
                    Failure::usage(format!("{why}; {ways}"))
                })?,
            },
        };
        if text.is_empty() {
            return Err(Failure::usage(format!("the password of {} is empty", self.jid)));
        }
        Ok(Password(text))
    }

    fn new(jid: &str) -> Account {
        Account { name: jid.to_owned(), jid: jid.to_owned(), timeout: TIMEOUT, ..Account::default() }
    }

    /// What the options say wins.
    fn take(&mut self, options: &AccountOptions) -> Result<(), Failure> {
        let AccountOptions { server, websocket, direct_tls, .. } = options;
        if let Some(jid) = &options.account {
            self.jid.clone_from(jid);
        }
        if let Some(path) = &options.password_file {
            self.password = Source::File(path.clone());
        }
        if let Some(command) = &options.password_command {
            self.password = Source::Command(command.clone());
        }
        if server.is_some() || *direct_tls {
            self.websocket = None;
        }
        if websocket.is_some() {
            (self.server, self.direct_tls) = (None, false);
            self.websocket.clone_from(websocket);
        }
        if server.is_some() {
            self.server.clone_from(server);
        }
        self.direct_tls |= direct_tls;
        self.resource = options.resource.clone().or(self.resource.take());
        self.ca = options.ca.clone().or(self.ca.take());
        self.tls_min = options.tls_min.unwrap_or(self.tls_min);
        self.allow_plain |= options.allow_plain;
        self.timeout = options.timeout.unwrap_or(self.timeout);
        self.raw = options.raw;
        if self.timeout.is_zero() {
            return Err(Failure::usage("a timeout of 0 leaves no time to log in"));
        }
        Ok(())
    }
}

impl File {
    fn named(&self, name: &str, path: &Path) -> Result<Account, Failure> {
        let shown = path.display();
        let Some(entry) = self.account.get(name) else {
            let near = suggest(name, self.account.keys().map(String::as_str));
            let hint = match near {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("it has {}", self.names()),
            };
            return Err(Failure::usage(format!("{shown} has no account {name:?}: {hint}")));
        };
        entry.account(name, path)
    }

    /// The account with that address.
    fn of(&self, jid: &str, path: &Path) -> Result<Option<Account>, Failure> {
        let bare = |jid: &str| jid.split('/').next().unwrap_or_default().to_lowercase();
        let entry = self.account.iter().find(|(_, entry)| bare(&entry.jid) == bare(jid));
        entry.map(|(name, entry)| entry.account(name, path)).transpose()
    }

    fn chosen(&self, path: &Path) -> Result<Account, Failure> {
        let shown = path.display();
        match (&self.default, self.account.len()) {
            (Some(name), _) => self.named(name, path),
            (None, 1) => self.named(self.account.keys().next().map_or("", String::as_str), path),
            (None, 0) => Err(Failure::usage(format!(
                "no account: give --account me@example.org, or write it into {shown}, as docs/guide/xmpp.md shows"
            ))),
            (None, _) => Err(Failure::usage(format!(
                "{shown} has several accounts: choose one by --profile, {}, or write default = \"…\" there",
                self.names()
            ))),
        }
    }

    fn names(&self) -> String {
        match self.account.len() {
            0 => "none".to_owned(),
            _ => self.account.keys().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", "),
        }
    }
}

impl Entry {
    fn account(&self, name: &str, path: &Path) -> Result<Account, Failure> {
        let wrong = |why: &str| Failure::usage(format!("{} account {name:?}: {why}", path.display()));
        let folder = path.parent().unwrap_or(Path::new("."));
        let password = match (&self.password, &self.password_file, &self.password_command) {
            (Some(password), None, None) => Source::Text(password.clone()),
            (None, Some(file), None) => Source::File(near(folder, file)),
            (None, None, Some(command)) => Source::Command(command.clone()),
            (None, None, None) => Source::Elsewhere,
            _ => return Err(wrong("one of password, password-file and password-command is enough")),
        };
        if self.websocket.is_some() && (self.server.is_some() || self.direct_tls) {
            return Err(wrong("websocket goes neither with server nor with direct-tls"));
        }
        let timeout = match self.timeout.map(Duration::try_from_secs_f64) {
            None => TIMEOUT,
            Some(Ok(timeout)) => timeout,
            Some(Err(_)) => return Err(wrong("timeout is a number of seconds")),
        };
        Ok(Account {
            name: name.to_owned(),
            jid: self.jid.clone(),
            resource: self.resource.clone(),
            server: self.server.clone(),
            direct_tls: self.direct_tls,
            websocket: self.websocket.clone(),
            ca: self.ca.as_deref().map(|ca| near(folder, ca)),
            tls_min: self.tls_min,
            allow_plain: self.allow_plain,
            timeout,
            raw: false,
            trace: None,
            nick: self.nick.clone(),
            password,
        })
    }
}

/// The configuration file that the options mean, and what is in it. Only one that was asked for has to exist.
fn load(options: &AccountOptions) -> Result<(PathBuf, File), Failure> {
    let path = options.config.clone().unwrap_or_else(default_path);
    if options.config.is_none() && !path.exists() {
        return Ok((path, File::default()));
    }
    let file: File = read_config(&path)?;
    if file.account.values().any(|entry| entry.password.is_some()) {
        check_private(&path)?;
    }
    Ok((path, file))
}

/// Refuses a file with a password that others can read.
fn check_private(path: &Path) -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let shown = path.display();
        let metadata = std::fs::metadata(path).map_err(|e| Failure::usage(format!("cannot read {shown}: {e}")))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(Failure::usage(format!(
                "{shown} holds a password and others on this machine can read it: chmod 600 {shown}"
            )));
        }
    }
    Ok(())
}

/// Where the configuration is, by the conventions of the XDG.
fn default_path() -> PathBuf {
    folder("XDG_CONFIG_HOME", ".config").join("wireworks/xmpp.toml")
}

/// The folder that a variable of the environment names, or else one below the home folder.
pub fn folder(variable: &str, below_home: &str) -> PathBuf {
    let named = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    named.unwrap_or_else(|| home().join(below_home))
}

fn home() -> PathBuf {
    std::env::var_os("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

/// A path of the configuration file: `~` is the home folder, and what is relative is so to the file's folder.
fn near(folder: &Path, path: &Path) -> PathBuf {
    match path.strip_prefix("~") {
        Ok(rest) => home().join(rest),
        Err(_) => folder.join(path),
    }
}

/// The first line that a command of the shell prints.
fn printed(command: &str) -> Result<String, Failure> {
    let failed = |why: &str| Failure::usage(format!("the password command {why}; try it in a shell: {command}"));
    let mut shell = Command::new("sh");
    let mut child = shell
        .args(["-c", command])
        .stdin(Stdio::inherit())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|why| failed(&format!("cannot be run: {why}")))?;
    let line = child.stdout.take().map(|mut out| {
        let line = first_line(&mut out);
        let _rest = std::io::copy(&mut out, &mut std::io::sink()); // whoever writes more must not fail by it
        line
    });
    let status = child.wait().map_err(|why| failed(&why.to_string()))?;
    match line {
        _ if !status.success() => Err(failed(&format!("failed ({status})"))),
        Some(Ok(line)) if !line.is_empty() => Ok(line),
        _ => Err(failed("printed nothing that can be a password")),
    }
}

const VARIABLE: &str = "XMPP_PASSWORD";

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
