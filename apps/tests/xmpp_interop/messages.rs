//! Contacts, messages, rooms, files, and what becomes of messages when connections and servers break.
use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::peers::Proc;
use crate::programs::{Listener, PATIENCE, Proxy, Server, Way, run, run_with};

/// Commands as users of plain.xmpp.test by STARTTLS.
fn by(server: &Server, user: &str, args: &[&str]) -> Command {
    server.xmpp(user, "plain", Way::StartTls, args)
}

fn jid(user: &str) -> String {
    format!("{user}@plain.xmpp.test")
}

fn listen(command: &mut Command) -> Listener {
    let mut listener = Listener::start(command);
    listener.0.wait_for("listening as", PATIENCE);
    listener
}

/// The lines of JSON that a command printed.
fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn contacts_and_presence_both_ways() {
    let server = Server::start("xmpp-contacts");
    let mut bob = server.peer("bob", "plain", &[]);
    let mut ear = listen(&mut by(&server, "alice", &["listen", "--json", "--presence"]));
    run(&mut by(&server, "alice", &["roster", "add", &jid("bob"), "--name", "Bob", "--group", "Tea"])).succeeds();
    let asked = bob.event_with("presence", "subscribe");
    assert_eq!(asked["from"], jid("alice"));
    run(&mut by(&server, "alice", &["roster", "approve", &jid("bob")])).succeeds();
    bob.command(json!({"do": "presence", "type": "subscribed", "to": jid("alice")}));
    bob.command(json!({"do": "subscribe", "to": jid("alice")}));
    bob.event_with("presence", "available");
    assert_eq!(ear.line("\"from\":\"bob@plain.xmpp.test/")["available"], true);
    bob.command(json!({"do": "presence", "show": "dnd"}));
    assert_eq!(ear.line("\"dnd\"")["from"].as_str().unwrap().split('/').next(), Some("bob@plain.xmpp.test"));

    let listed = run(&mut by(&server, "alice", &["roster", "list", "--presence", "--json"]));
    let entry = &lines(&listed.succeeds().out)[0];
    assert_eq!((&entry["jid"], &entry["name"]), (&json!(jid("bob")), &json!("Bob")));
    assert_eq!((&entry["subscription"], &entry["groups"]), (&json!("both"), &json!(["Tea"])));
    assert_eq!(entry["resources"][0]["show"], "dnd");
    run(&mut by(&server, "alice", &["roster", "rename", &jid("bob"), "Hatter"])).succeeds();
    assert!(run(&mut by(&server, "alice", &["roster"])).out.contains("Hatter"));

    // Who goes is seen to go, on both sides.
    ear.0.signal("INT");
    assert_eq!(ear.0.exit_code(PATIENCE), 0, "{}", ear.0.output());
    bob.event_with("presence", "unavailable");
    run(&mut by(&server, "alice", &["roster", "remove", &jid("bob")])).succeeds();
    assert_eq!(run(&mut by(&server, "alice", &["roster"])).out, "");
    run(&mut by(&server, "alice", &["roster", "remove", &jid("bob")])).fails(7, &["not on the list"]);
}

#[test]
fn a_conversation_with_another_library() {
    let server = Server::start("xmpp-chat");
    let mut bob = server.peer("bob", "plain", &["--echo"]);
    let mut ear = listen(&mut by(&server, "alice", &["listen", "--json", "--receipts"]));
    let me = json!({"do": "presence", "type": "subscribed", "to": jid("alice")});
    bob.command(me);
    for text in ["Have some wine", "<b>&amp;</b> ]]> '\"", "Grüße, 茶\u{1f375}", "two\nlines"] {
        let mut send = by(&server, "alice", &["send", "--json", &jid("bob")]);
        let sent = run_with(&mut send, text);
        let id = lines(&sent.succeeds().out)[0]["id"].as_str().expect("an id").to_owned();
        let heard = bob.event_with("message", &id);
        assert_eq!((&heard["body"], &heard["type"]), (&json!(text), &json!("chat")));
    }
    // What bob says comes with id and addresses, and a receipt goes back when he is a contact and asks for one.
    run(&mut by(&server, "alice", &["roster", "approve", &jid("bob")])).succeeds();
    bob.command(json!({"do": "subscribe", "to": jid("alice")}));
    std::thread::sleep(Duration::from_secs(1));
    bob.command(json!({"do": "say", "to": jid("alice"), "body": "I want a receipt", "receipt": true, "id": "r1"}));
    let heard = ear.line("I want a receipt");
    assert_eq!((&heard["id"], &heard["type"], &heard["with"]), (&json!("r1"), &json!("chat"), &json!(jid("bob"))));
    assert!(heard["stanza_id"].is_string() && heard["time"].as_str().unwrap().ends_with('Z'), "{heard}");
    assert_eq!(bob.event("receipt")["id"], "r1");
    assert!(heard.get("carbon").is_none() && heard.get("delay").is_none(), "{heard}");
    // What could steer a terminal does not get there.
    let mut person = Listener::start(&mut by(&server, "alice", &["listen", "-n", "1"]));
    person.0.wait_for("listening as", PATIENCE);
    bob.command(json!({"do": "say", "to": jid("alice"), "body": "a\u{9b}2J\u{202e}b\nc"}));
    person.0.wait_for("bob@plain.xmpp.test: a 2Jb", PATIENCE);
    assert_eq!(person.0.exit_code(PATIENCE), 0);
    let shown = person.0.output();
    assert!(shown.contains("bob@plain.xmpp.test: a 2Jb\n    c"), "{shown:?}");
    // Nor by JSON, which programs read as it was.
    let steered = ear.0.wait_for("2J", PATIENCE);
    assert!(!steered.contains(['\u{9b}', '\u{202e}']), "{steered:?}");
    assert_eq!(serde_json::from_str::<Value>(&steered).unwrap()["body"], "a\u{9b}2J\u{202e}b\nc");
    run(&mut by(&server, "alice", &["send", "nobody@plain.xmpp.test", "hello"])).fails(5, &["service-unavailable"]);
    run(&mut by(&server, "alice", &["send", "bob@elsewhere.test", "hello"])).fails(5, &["bob@elsewhere.test"]);
    run(&mut by(&server, "alice", &["ping"])).succeeds();
}

#[test]
fn every_client_of_an_account_hears_everything() {
    let server = Server::start("xmpp-carbons");
    let mut phone = listen(&mut by(&server, "alice", &["listen", "--json", "--resource", "phone"]));
    let mut desk = server.peer("alice", "plain", &[]);
    let mut bob = server.peer("bob", "plain", &[]);
    bob.command(json!({"do": "say", "to": "alice@plain.xmpp.test/phone", "body": "to the phone"}));
    assert!(phone.line("to the phone").get("carbon").is_none());
    assert_eq!(desk.event_with("message", "to the phone")["carbon"], "received");
    // What another client of ours sends comes as a copy.
    desk.command(json!({"do": "say", "to": jid("bob"), "body": "from the desk"}));
    let copy = phone.line("from the desk");
    assert_eq!((&copy["carbon"], &copy["own"], &copy["with"]), (&json!(true), &json!(true), &json!(jid("bob"))));
    // A copy that somebody else made up is none.
    let forged = "<message xmlns='jabber:client' to='alice@plain.xmpp.test/phone' type='chat'><received \
                  xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' \
                  from='queen@plain.xmpp.test/x' to='alice@plain.xmpp.test/phone' type='chat'><body>forged</body></message>\
                  </forwarded></received></message>";
    bob.command(json!({"do": "raw", "xml": forged}));
    bob.command(json!({"do": "say", "to": jid("alice"), "body": "after the forgery"}));
    phone.line("after the forgery");
    assert_eq!(phone.count("forged"), 0, "{}", phone.0.output());
}

#[test]
fn rooms_with_others_and_their_past() {
    let server = Server::start("xmpp-rooms");
    let room = "tea@rooms.xmpp.test";
    run(&mut by(&server, "alice", &["room", "send", room, "anybody?"])).fails(7, &["there is no room"]);
    let mut bob = server.peer("bob", "plain", &[]);
    bob.command(json!({"do": "join", "room": room, "nick": "Hatter"}));
    bob.event("joined");
    let config = "<iq xmlns='jabber:client' type='set' id='c1' to='tea@rooms.xmpp.test'><query \
                  xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>";
    bob.command(json!({"do": "raw", "xml": config})); // as it is, but open
    std::thread::sleep(Duration::from_millis(500));
    bob.command(json!({"do": "say", "to": room, "body": "said before", "type": "groupchat"}));
    bob.event_with("message", "said before");

    let listed = run(&mut by(&server, "alice", &["room", "list", "--json"]));
    assert_eq!(lines(&listed.succeeds().out)[0]["room"], room, "{listed:?}");
    let mut ear =
        Listener::start(&mut by(&server, "carol", &["listen", "--json", "--room", &format!("{room}/Dormouse")]));
    ear.0.wait_for("in tea@rooms.xmpp.test as Dormouse", PATIENCE);
    run(&mut by(&server, "alice", &["send", "--room", "--nick", "Alice", room, "no room!"])).succeeds();
    assert!(bob.event_with("message", "no room!")["from"] == "tea@rooms.xmpp.test/Alice");
    let heard = ear.line("no room!");
    assert_eq!((&heard["room"], &heard["nick"], &heard["type"]), (&json!(room), &json!("Alice"), &json!("groupchat")));
    let mut guest =
        Proc::start("xmpp room join", &mut by(&server, "alice", &["room", "join", room, "--nick", "March Hare"]));
    guest.wait_for("in tea@rooms.xmpp.test as March Hare, with", PATIENCE);
    guest.type_line("there is plenty of room");
    bob.event_with("message", "plenty");
    bob.command(json!({"do": "say", "to": room, "body": "it is six o'clock", "type": "groupchat"}));
    guest.wait_for("tea@rooms.xmpp.test <Hatter>: it is six o'clock", PATIENCE);
    guest.signal("INT");
    assert_eq!(guest.exit_code(PATIENCE), 0, "{}", guest.output());

    let past = run(&mut by(&server, "alice", &["room", "history", room, "--json", "-n", "3"]));
    let said: Vec<String> =
        lines(&past.succeeds().out).iter().map(|m| m["body"].as_str().unwrap().to_owned()).collect();
    assert_eq!(said, ["no room!", "there is plenty of room", "it is six o'clock"]);
    ear.line("six o'clock");
    assert_eq!(ear.count("said before"), 0, "what was before is not news: {}", ear.0.output());
    for text in ["no room!", "plenty", "six o'clock"] {
        assert_eq!(ear.count(text), 1, "{}", ear.0.output());
    }
}

#[test]
fn rooms_are_entered_again_when_the_server_was_away() {
    let mut server = Server::start("xmpp-rooms-again");
    let room = "tea@rooms.xmpp.test";
    let mut ear = Listener::start(&mut by(&server, "carol", &["listen", "--json", "--room", room]));
    ear.0.wait_for("in tea@rooms.xmpp.test as carol", PATIENCE);
    let mut guest = Proc::start("xmpp room join", &mut by(&server, "alice", &["room", "join", room, "--json"]));
    guest.wait_for("in tea@rooms.xmpp.test as alice", PATIENCE);
    for stop in [Server::stop, Server::kill] {
        stop(&mut server);
        std::thread::sleep(Duration::from_millis(500));
        server.restart();
        ear.0.wait_for("in tea@rooms.xmpp.test as carol", PATIENCE);
        guest.wait_for("in tea@rooms.xmpp.test as alice", PATIENCE);
    }
    guest.type_line("we are back");
    ear.line("we are back");
    assert_eq!(ear.count("we are back"), 1);
}

#[test]
fn files_go_to_the_server_and_their_urls_to_others() {
    let server = Server::start("xmpp-upload");
    let mut ear = listen(&mut by(&server, "bob", &["listen", "--json"]));
    let file = server.dir.join("treacle well.txt");
    let content: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(&file, &content).unwrap();
    let uploaded = run(&mut by(&server, "alice", &["upload", "--json", file.to_str().unwrap(), &jid("bob")]));
    let url = lines(&uploaded.succeeds().out)[0]["url"].as_str().unwrap().to_owned();
    let heard = ear.line(&url);
    assert_eq!((&heard["url"], &heard["body"]), (&json!(url), &json!(url)));
    let got = Command::new("curl").args(["-s", "--cacert"]).arg(server.ca()).arg(&url).output().expect("curl runs");
    assert!(got.stdout == content, "{} of {} bytes came back from {url}", got.stdout.len(), content.len());
    // What is too large is refused before anything is sent, with the limit.
    std::fs::write(&file, vec![0; 2 << 20]).unwrap();
    run(&mut by(&server, "alice", &["upload", file.to_str().unwrap()])).fails(5, &["at most"]);
    run(&mut by(&server, "alice", &["upload", "/nonexistent"])).fails(2, &["/nonexistent"]);
    run(&mut by(&server, "alice", &["upload", "/tmp"])).fails(2, &["not a file"]);
}

/// Sends numbered messages, one at a time, from the other library.
fn numbered(peer: &mut crate::programs::Peer, to: &str, numbers: std::ops::Range<u32>) {
    for n in numbers {
        peer.command(json!({"do": "say", "to": to, "body": format!("number {n:04}.")}));
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Each of them was told, and told once.
fn assert_each_once(ear: &mut Listener, numbers: std::ops::Range<u32>) {
    let until = Instant::now() + PATIENCE;
    let all: BTreeSet<String> = numbers.map(|n| format!("number {n:04}.")).collect();
    loop {
        let output = ear.0.output();
        let missing: Vec<_> = all.iter().filter(|text| !output.contains(*text)).collect();
        if missing.is_empty() {
            break;
        }
        assert!(Instant::now() < until, "lost: {missing:?}\n{output}");
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_secs(1)); // whatever would come twice comes now
    for text in &all {
        assert_eq!(ear.count(text), 1, "{text} came twice: {}", ear.0.output());
    }
}

#[test]
fn a_connection_that_breaks_is_resumed() {
    let server = Server::start("xmpp-resume");
    for way in crate::programs::WAYS {
        let proxy = Proxy::start(server.port(way));
        let args = ["listen", "--json", "--resource", "ear"];
        let mut ear = listen(&mut server.xmpp_by("alice", "plain", way, proxy.port, &args));
        let mut bob = server.peer("bob", "plain", &[]);
        numbered(&mut bob, &jid("alice"), 0..20);
        proxy.cut(true);
        numbered(&mut bob, &jid("alice"), 20..40);
        proxy.heal();
        numbered(&mut bob, &jid("alice"), 40..60);
        ear.0.wait_for("the session goes on", PATIENCE);
        proxy.cut(false);
        numbered(&mut bob, &jid("alice"), 60..80);
        assert_each_once(&mut ear, 0..80);
        ear.0.signal("TERM");
        assert_eq!(ear.0.exit_code(PATIENCE), 0);
        println!("{way:?}: resumed, {} connections", proxy.accepted());
    }
}

#[test]
fn a_server_that_is_killed_and_comes_back() {
    let mut server = Server::start("xmpp-killed");
    let mut ear = listen(&mut by(&server, "alice", &["listen", "--json"]));
    let mut bob = server.peer("bob", "plain", &[]);
    numbered(&mut bob, &jid("alice"), 0..30);
    ear.line("number 0029.");
    // Ours sends through it all, a line at a time.
    let mut mouth = Proc::start("xmpp send", &mut by(&server, "carol", &["send", "--interactive", &jid("alice")]));
    for n in 100..120 {
        mouth.type_line(&format!("number {n:04}."));
    }
    ear.line("number 0119.");
    drop(bob);
    server.kill();
    for n in 120..140 {
        mouth.type_line(&format!("number {n:04}."));
        std::thread::sleep(Duration::from_millis(20));
    }
    ear.0.wait_for("the connection is lost", PATIENCE);
    server.restart();
    // Said before the listener is back.
    let mut bob = server.peer("bob", "plain", &[]);
    numbered(&mut bob, &jid("alice"), 30..60);
    ear.0.wait_for("listening as", PATIENCE);
    numbered(&mut bob, &jid("alice"), 60..90);
    assert_each_once(&mut ear, 0..90);
    assert_each_once(&mut ear, 100..140);
    drop(mouth);
    let tries = server.log().matches("Authenticated as alice").count();
    assert!(tries <= 3, "no storm of logins: {tries}");
}

#[test]
fn a_password_that_changes_meanwhile_is_tried_once() {
    let mut server = Server::start("xmpp-changed");
    let mut ear = listen(&mut by(&server, "alice", &["listen", "--raw"]));
    server.kill();
    let account = server.dir.join("prosody/data/plain%2exmpp%2etest/accounts/alice.dat");
    std::fs::write(account, "return {\n\t[\"password\"] = \"another\";\n};\n").unwrap();
    server.restart();
    assert_eq!(ear.0.exit_code(PATIENCE), 6, "{}", ear.0.output());
    assert!(ear.0.output().contains("wrong user name or password"), "{}", ear.0.output());
    assert_eq!(ear.count("<auth "), 2, "the first login and one more: {}", ear.0.output());
}

#[test]
fn the_next_run_goes_on_where_the_last_one_ended() {
    let server = Server::start("xmpp-state");
    let state = server.dir.join("state");
    let args = ["listen", "--json", "--state", state.to_str().unwrap()];
    let mut bob = server.peer("bob", "plain", &[]);
    let mut first = listen(&mut by(&server, "alice", &args));
    numbered(&mut bob, &jid("alice"), 0..10);
    assert_each_once(&mut first, 0..10);
    std::thread::sleep(Duration::from_millis(1500));
    first.0.signal("KILL");
    first.0.exit_code(PATIENCE);
    numbered(&mut bob, &jid("alice"), 10..20);
    let mut second = listen(&mut by(&server, "alice", &args));
    numbered(&mut bob, &jid("alice"), 20..30);
    assert_each_once(&mut second, 10..30);
    assert_eq!(second.count("number 0009."), 0, "{}", second.0.output());
}
