use super::*;

fn setup(account: Account) -> Result<Setup, Failure> {
    Setup::new(&account, &Password("secret-alice".into()))
}

fn alice() -> Account {
    Account { jid: "alice@wonderland.example".into(), timeout: Duration::from_secs(30), ..Account::default() }
}

#[test]
fn targets_of_options() {
    let server: super::super::Server = "127.0.0.1".parse().unwrap();
    let of = |account| setup(account).unwrap();
    assert_eq!(of(alice()).stream.targets, []);
    let clear = of(Account { server: Some(server.clone()), ..alice() });
    assert_eq!(clear.stream.targets, [Target::new("127.0.0.1", 5222, Kind::StartTls)]);
    assert_eq!(clear.net.tls.server_name.as_deref(), Some("wonderland.example"), "never the target's name");
    let direct = of(Account { server: Some(server), direct_tls: true, ..alice() });
    assert_eq!(direct.stream.targets, [Target::new("127.0.0.1", 5223, Kind::DirectTls)]);
    let named = of(Account { resource: Some("desk".into()), ..alice() });
    assert_eq!(named.stream.jid.as_str(), "alice@wonderland.example/desk");
    let foreign = of(Account { jid: "alice@wörter.example".into(), ..alice() });
    assert_eq!(foreign.net.tls.server_name.as_deref(), Some("xn--wrter-jua.example"));
}

//= rfc7395#3.1/subprotocol test
#[test]
fn websockets_are_encrypted_or_at_home() {
    let of = |url: &str| setup(Account { websocket: Some(url.into()), ..alice() });
    let safe = of("wss://chat.wonderland.example/xmpp-websocket?x=1").unwrap();
    assert_eq!(safe.stream.targets, [Target::new("chat.wonderland.example", 443, Kind::WebSocket)]);
    assert_eq!(safe.net.tls.server_name.as_deref(), Some("chat.wonderland.example"));
    assert_eq!((safe.net.ws.path.as_str(), safe.net.ws.text), ("/xmpp-websocket?x=1", true));
    assert_eq!(safe.net.ws.subprotocols, ["xmpp"]);
    assert!(!safe.stream.insecure && !safe.stream.policy.unencrypted);
    for home in ["ws://localhost:5280/ws", "ws://127.0.0.1:5280/ws", "ws://[::1]:5280/ws"] {
        assert_eq!(of(home).unwrap().stream.targets[0].kind, Kind::InsecureWebSocket);
    }
    for (url, hint) in [
        ("ws://chat.wonderland.example/ws", "wss://"),
        ("ws://localhost.evil.example/ws", "wss://"),
        ("https://chat.wonderland.example/ws", "wss://"),
        ("wss://user@chat.wonderland.example/ws", "expected"),
        ("chat.wonderland.example", "expected"),
    ] {
        let why = of(url).err().expect("refused").to_string();
        assert!(why.contains(hint), "{why}");
    }
}

#[test]
fn accounts_that_cannot_be_used() {
    for (jid, hint) in
        [("wonderland.example", "names no user"), ("alice@", "is no address"), ("a b@c", "is no address")]
    {
        let why = setup(Account { jid: jid.into(), ..alice() }).err().expect("refused");
        assert!(why.to_string().contains(hint) && why.code() == 2, "{why}");
    }
    let missing = setup(Account { ca: Some("/nonexistent.pem".into()), ..alice() }).err().expect("refused");
    assert!(missing.to_string().contains("--ca /nonexistent.pem"), "{missing}");
}

#[tokio::test(flavor = "current_thread")]
async fn each_end_has_its_code() {
    let connection = Connection::begin(setup(alice()).unwrap(), Saved::default(), |_| {});
    let wrong = sasl::Failure { condition: sasl::Condition::NotAuthorized, text: None };
    let unknown = rfc3920::stanza::StreamError::from(StreamCondition::HostUnknown);
    for (error, code, word) in [
        (Error::Refused(wrong), 6, "check the password"),
        (Error::Sasl(sasl::Error::OnlyPlain), 6, "--allow-plain"),
        (Error::Sasl(sasl::Error::BadServerSignature), 6, "impostor"),
        (Error::Untrusted, 8, "does not prove to be wonderland.example"),
        (Error::NoStartTls, 8, "no password was sent"),
        (Error::NoTarget, 7, "--server"),
        (Error::Connection(CloseReason::Refused), 7, "check the network"),
        (Error::Timeout("logging in"), 4, "logging in"),
        (Error::Stream(unknown), 7, "does not serve wonderland.example"),
        (Error::Ended, 1, "wonderland.example"),
    ] {
        let end = connection.explain(&error);
        assert!(end.outcome.code() == code && end.why.contains(word), "{error:?}: {end:?}");
    }
}
