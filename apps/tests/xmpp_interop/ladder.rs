//! The login that `docs/ladders` shows, with a real server.
use crate::programs::{Listener, PATIENCE, Server, Way, run};
use crate::record::check;

#[test]
fn a_login_and_a_message() {
    let server = Server::start("xmpp-ladder");
    let trace = |user: &str| server.dir.join(format!("{user}.pcap")).to_str().expect("a path").to_owned();
    let by = |user: &str, args: &[&str]| {
        let mut command = server.xmpp(user, "plain", Way::StartTls, args);
        command.args(["--trace", &trace(user)]);
        command
    };
    let mut bob = Listener::start(&mut by("bob", &["listen", "--json"]));
    bob.0.wait_for("listening as", PATIENCE);
    run(&mut by("alice", &["send", "bob@plain.xmpp.test", "Tea at four?"])).succeeds();
    bob.line("Tea at four?");
    std::thread::sleep(std::time::Duration::from_millis(200)); // for the end of his capture
    for user in ["alice", "bob"] {
        let capture = std::fs::read(trace(user)).expect("a capture");
        let text = String::from_utf8_lossy(&capture);
        assert!(text.contains("<auth ") && text.contains("***"), "{user}'s login is in it");
        assert!(!text.contains("biws") && !text.contains("c2Vjcm"), "what {user} proves is not");
    }
    check("xmpp-login", &[trace("bob"), trace("alice")], |_| true);
}
