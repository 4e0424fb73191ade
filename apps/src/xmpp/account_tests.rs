use std::os::unix::fs::PermissionsExt;

use super::*;

/// A configuration file that is gone with the test.
struct Written(PathBuf);

impl Written {
    fn new(name: &str, text: &str, mode: u32) -> Written {
        let path = std::env::temp_dir().join(format!("wireworks-xmpp-{name}-{}.toml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        Written(path)
    }

    fn options(&self) -> AccountOptions {
        AccountOptions { config: Some(self.0.clone()), ..AccountOptions::default() }
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const TWO: &str = r#"
default = "rabbit"

[account.alice]
jid = "alice@wonderland.example"
password = "secret-alice"
server = "127.0.0.1:5222"
ca = "ca.pem"

[account.rabbit]
jid = "rabbit@wonderland.example"
password-command = "echo secret-rabbit; echo more"
websocket = "wss://wonderland.example/ws"
tls-min = "1.3"
timeout = 2.5
nick = "White Rabbit"
"#;

#[test]
fn accounts_of_the_file() {
    let file = Written::new("two", TWO, 0o600);
    let rabbit = account(&file.options()).unwrap();
    assert_eq!((rabbit.name.as_str(), rabbit.jid.as_str()), ("rabbit", "rabbit@wonderland.example"));
    assert_eq!((rabbit.tls_min, rabbit.timeout), (TlsVersion::V13, Duration::from_millis(2_500)));
    assert_eq!(rabbit.password().unwrap().0, "secret-rabbit");

    let alice = account(&AccountOptions { profile: Some("alice".into()), ..file.options() }).unwrap();
    assert_eq!(alice.password().unwrap().0, "secret-alice");
    assert_eq!(alice.ca, Some(std::env::temp_dir().join("ca.pem")));
    assert_eq!(alice.timeout, TIMEOUT);

    let names = accounts(&file.options()).unwrap().into_iter().map(|account| account.name);
    assert_eq!(names.collect::<Vec<_>>(), ["alice", "rabbit"]);
}

#[test]
fn options_win_and_an_address_finds_its_account() {
    let file = Written::new("win", TWO, 0o600);
    let server: Server = "other.example:1".parse().unwrap();
    let options = AccountOptions {
        account: Some("Rabbit@wonderland.example/watch".into()),
        server: Some(server.clone()),
        ..file.options()
    };
    let rabbit = account(&options).unwrap();
    assert_eq!(rabbit.jid, "Rabbit@wonderland.example/watch");
    assert_eq!((&rabbit.server, &rabbit.websocket), (&Some(server), &None));
    assert_eq!(rabbit.password().unwrap().0, "secret-rabbit");
    assert_eq!(accounts(&options).unwrap().len(), 1);
    let stranger = AccountOptions { account: Some("hatter@wonderland.example".into()), ..file.options() };
    assert_eq!(account(&stranger).unwrap().name, "hatter@wonderland.example");
}

#[test]
fn a_file_with_a_password_that_others_can_read_is_refused() {
    let file = Written::new("open", TWO, 0o644);
    let failure = account(&file.options()).unwrap_err();
    assert!(failure.to_string().contains("chmod 600"), "{failure}");
    let harmless = Written::new("harmless", "[account.a]\njid = \"a@b.example\"\n", 0o644);
    assert!(account(&harmless.options()).is_ok());
}

#[test]
fn mistakes_are_named_with_the_next_step() {
    for (text, profile, hint) in [
        (TWO, Some("alcie"), "did you mean \"alice\""),
        (TWO, Some("queen"), "it has \"alice\", \"rabbit\""),
        ("", None, "--account me@example.org"),
        ("[account.a]\njid = \"a@b.example\"\n[account.b]\njid = \"b@b.example\"\n", None, "--profile"),
        ("[account.a]\njid = \"a@b.example\"\npasword = \"x\"\n", None, "line 3"),
        ("[account.a]\njid = \"a@b.example\"\nserver = \"h:p\"\n", None, "HOST:PORT"),
        ("[account.a]\njid = \"a@b.example\"\npassword = \"x\"\npassword-file = \"y\"\n", None, "is enough"),
        ("[account.a]\njid = \"a@b.example\"\nwebsocket = \"wss://x\"\ndirect-tls = true\n", None, "websocket"),
        ("[account.a]\njid = \"a@b.example\"\ntimeout = -1\n", None, "seconds"),
    ] {
        let file = Written::new("wrong", text, 0o600);
        let failure =
            account(&AccountOptions { profile: profile.map(Into::into), ..file.options() }).unwrap_err().to_string();
        assert!(failure.contains(hint), "{failure}");
        assert!(!failure.contains("secret"), "{failure}");
    }
    let missing = AccountOptions { config: Some("/nonexistent/xmpp.toml".into()), ..AccountOptions::default() };
    assert!(account(&missing).unwrap_err().to_string().contains("/nonexistent/xmpp.toml"));
}

#[test]
fn a_password_command_that_fails_is_told() {
    for (command, hint) in [("exit 3", "exit status: 3"), ("true", "printed nothing")] {
        let options = AccountOptions {
            account: Some("a@b.example".into()),
            password_command: Some(command.into()),
            config: None,
            ..AccountOptions::default()
        };
        let failure = account(&options).unwrap().password().unwrap_err().to_string();
        assert!(failure.contains(hint) && failure.contains("try it in a shell"), "{failure}");
    }
}

#[test]
fn a_password_is_never_shown() {
    let file = Written::new("debug", TWO, 0o600);
    let alice = account(&AccountOptions { profile: Some("alice".into()), ..file.options() }).unwrap();
    assert!(!format!("{alice:?} {:?}", alice.password()).contains("secret-alice"));
}
