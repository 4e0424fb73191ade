use super::program::*;

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn help_and_version() {
    let help = output(&["--help"]);
    assert!(help.status.success());
    for word in ["--listen", "--record-dir", "--keys", "--pull", "Examples:"] {
        assert!(text(&help.stdout).contains(word), "{word}");
    }
    assert!(text(&output(&["--version"]).stdout).starts_with("rtmp-server "));
}

#[test]
fn mistakes_are_one_clear_line() {
    let mistakes: [(&[&str], &str); 8] = [
        (&["--lisen", "x"], "--listen"),
        (&["-l", "http:127.0.0.1:1"], "rtmp"),
        (&["-l", "rtmp:0.0.0.0:0"], "--keys"),
        (&["--keys", "/nonexistent/keys"], "/nonexistent/keys"),
        (&["--config", "/nonexistent.toml"], "/nonexistent.toml"),
        (&["--record-dir", "/nonexistent/dir"], "/nonexistent/dir"),
        (&["--pull", "live"], "APP/NAME"),
        (&["--cert", "/nonexistent.pem"], "--key"),
    ];
    for (args, expected) in mistakes {
        let output = output(args);
        let error = text(&output.stderr);
        assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{args:?}: {error}");
        assert!(error.starts_with("rtmp-server: ") && error.contains(expected), "{args:?}: {error}");
    }
}

#[test]
fn a_port_in_use_is_named() {
    let server = start(&[]);
    let output = output(&["-l", &format!("rtmp:{}", server.address("rtmp"))]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("cannot listen on rtmp:127.0.0.1:") && error.lines().count() == 1, "{error}");
}

#[test]
fn both_signals_end_it() {
    for signal in ["INT", "TERM"] {
        let mut server = start(&[]);
        server.signal(signal);
        assert_eq!(server.ends(), Some(0), "{signal}");
    }
}
