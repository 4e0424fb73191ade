//! `xmpp chat` as somebody uses it: in a terminal of tmux, by keys, looking at the screen.
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::peers::{Proc, version};
use crate::programs::{PATIENCE, Proxy, Server, Way, run};

/// A terminal with a shell in it.
struct Terminal {
    socket: String,
}

impl Terminal {
    fn start(name: &str, width: u16, height: u16) -> Terminal {
        let terminal = Terminal { socket: format!("wireworks-{}-{name}", std::process::id()) };
        let (width, height) = (width.to_string(), height.to_string());
        terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", &width, "-y", &height, "env PS1='$ ' TZ=UTC sh"]);
        terminal.tmux(&["set-option", "-g", "status", "off"]);
        terminal.tmux(&["set-option", "-g", "escape-time", "0"]);
        terminal
    }

    fn tmux(&self, args: &[&str]) -> String {
        let mut tmux = Command::new("tmux");
        let out =
            tmux.args(["-u", "-L", &self.socket]).args(args).stdin(Stdio::null()).env("LC_ALL", "C.UTF-8").output();
        let out = out.expect("tmux is installed");
        assert!(out.status.success(), "tmux {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).expect("text")
    }

    /// Types text, and then Enter.
    fn line(&self, text: &str) {
        self.write(text);
        self.key("Enter");
    }

    fn write(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    fn key(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    fn resize(&self, width: u16, height: u16) {
        self.tmux(&["resize-window", "-x", &width.to_string(), "-y", &height.to_string()]);
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits for a screen with all of these texts, each in one row, and shows it.
    fn wait(&self, texts: &[&str]) -> String {
        self.wait_for(&format!("{texts:?}"), |screen| texts.iter().all(|text| screen.contains(text)))
    }

    fn wait_for(&self, what: &str, is_there: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            assert!(!screen.contains("secret-"), "a password is shown:\n{screen}");
            if is_there(&screen) {
                println!("{what}:\n{screen}");
                return screen;
            }
            assert!(Instant::now() < until, "{what} does not come on the screen of {}:\n{screen}", self.socket);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Begins to chat as a user of the server.
    fn chat(&self, server: &Server, user: &str, more: &[&str]) {
        self.begin(server, user, &server.xmpp(user, "plain", Way::StartTls, &[&["chat"], more].concat()));
        self.wait(&[&format!("● {user}@plain.xmpp.test online")]);
    }

    /// Runs a command as a user would.
    fn begin(&self, server: &Server, user: &str, command: &Command) {
        let script = server.dir.join(format!("chat-{user}.sh"));
        std::fs::write(&script, script_of(server, user, command)).expect("a script");
        self.line(&format!("sh {}; echo ended with $?", script.display()));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _over = Command::new("tmux").args(["-L", &self.socket, "kill-server"]).output();
    }
}

/// A script that runs the program; its history is one for each user.
fn script_of(server: &Server, user: &str, command: &Command) -> String {
    let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().expect("text"));
    let words: Vec<_> = [quoted(command.get_program())].into_iter().chain(command.get_args().map(quoted)).collect();
    let data = server.dir.join(format!("data-{user}"));
    let (data, words) = (data.display(), words.join(" "));
    format!("XDG_CONFIG_HOME=/dev/null XDG_STATE_HOME='{data}-state' XDG_DATA_HOME='{data}' exec {words}\n")
}

/// Alice and Bob, who see each other.
fn friends(test: &str) -> (Server, Terminal, Terminal) {
    println!("peer: {}", version("tmux", &["-V"], "tmux"));
    let server = Server::start(test);
    let alice = Terminal::start(&format!("{test}-alice"), 80, 24);
    let bob = Terminal::start(&format!("{test}-bob"), 80, 24);
    alice.chat(&server, "alice", &[]);
    bob.chat(&server, "bob", &[]);
    alice.line("/sub request bob@plain.xmpp.test");
    bob.wait(&["alice@plain.xmpp.test would like to see"]);
    bob.line("/sub allow");
    alice.wait(&["bob@plain.xmpp.test would like to see"]);
    alice.line("/sub allow");
    alice.wait(&["● bob"]);
    bob.wait(&["● alice"]);
    (server, alice, bob)
}

#[test]
fn two_people_talk() {
    let (_server, alice, bob) = friends("chat-talk");
    alice.line("/msg bob Do you have some wine?");
    let screen = bob.wait(&["2 ● alice      (1)│", "[2:alice(1!)]"]);
    let rows: Vec<_> = screen.lines().collect();
    assert_eq!(rows.len(), 24);
    assert!(rows[0].starts_with(" Wireworks xmpp"), "{screen}");
    assert!(rows[22].contains("● bob@plain.xmpp.test online [2:alice(1!)]"), "{screen}");
    assert!(rows[23].starts_with('>'), "{screen}");
    alice.wait(&["Do you have some wine? ✓✓"]);

    bob.key("M-a");
    bob.wait(&["alice <alice@plain.xmpp.test> · online", "alice │ Do you have some wine?"]);
    alice.wait(&["Do you have some wine? ✓✓ seen"]);
    bob.write("I dont see any");
    alice.wait(&["bob is typing…"]);
    bob.key("Enter");
    alice.wait_for("the message, and nobody who types", |screen| {
        screen.contains("bob │ I dont see any") && !screen.contains("typing")
    });

    bob.key("Up");
    bob.wait(&["edit> I dont see any"]);
    (0..12).for_each(|_| bob.key("BSpace"));
    bob.line("don't see any");
    alice.wait(&["bob │ I don't see any (edited)"]);
    let screen = bob.wait(&["bob │ I don't see any (edited)"]);
    assert!(!screen.contains("dont"), "{screen}");
    alice.line("/reply There isn't any");
    bob.wait(&["> bob: I don't see any", "alice │ There isn't any"]);
    bob.line("/react 👍");
    alice.wait(&["👍 1"]);
    alice.line("/away at the croquet ground");
    bob.wait(&["alice <alice@plain.xmpp.test> · away: at the croquet ground", "2 ◐ alice"]);
    bob.line("/retract");
    alice.wait(&["bob │ (taken back)"]);

    alice.key("C-c");
    let screen = alice.wait(&["ended with 0"]);
    assert!(!screen.contains("croquet"), "the screen from before is back:\n{screen}");
    alice.line("stty -a | grep -o ' icanon\\| echo '");
    alice.wait(&["\n icanon", "\n echo"]);
    bob.wait(&["alice <alice@plain.xmpp.test> · offline"]);
}

#[test]
fn a_room_on_screens_of_every_size() {
    let (_server, alice, bob) = friends("chat-room");
    alice.line("/join tea@rooms.xmpp.test");
    alice.wait(&["you have made this room", "tea@rooms.xmpp.test · 1 here"]);
    alice.line("/topic Always six o'clock");
    alice.wait(&["1 here · Always six o'clock"]);
    alice.line("No room!");
    alice.wait(&["alice │ No room! ✓"]);
    bob.line("/join tea@rooms.xmpp.test Hare");
    bob.wait(&["you are in this room as Hare, with one other", "alice │ No room!", "2 here · Always six o'clock"]);
    alice.wait(&["Hare has come", "2 here"]);
    alice.key("M-1");
    alice.wait(&["Wireworks xmpp"]);
    bob.line("Have some wine");
    alice.wait(&["# tea        (1)│", "[2:tea(1)]"]);
    bob.write("al");
    bob.key("Tab");
    bob.line("お茶をどうぞ 👩‍💻");
    alice.wait(&["[2:tea(2!)]"]);
    alice.key("M-2");
    alice.wait(&["Hare │ Have some wine", "Hare │ alice: お茶をどうぞ"]);
    for (width, height) in [(200, 60), (40, 10), (20, 6), (80, 24)] {
        alice.resize(width, height);
        let screen = alice.wait_for("the last line", |screen| {
            let rows: Vec<_> = screen.lines().collect();
            screen.contains("お茶をどうぞ")
                && rows.len() == usize::from(height)
                && rows[rows.len() - 1].starts_with('>')
        });
        assert_eq!(screen.contains("│ 2 here"), width == 200, "the occupants:\n{screen}");
        assert_eq!(screen.contains(" 1 * xmpp"), width >= 60, "the contacts:\n{screen}");
    }
    bob.line("/leave");
    alice.wait(&["Hare has left", "1 here"]);
    bob.wait(&["not in it"]);
}

#[test]
fn a_server_that_is_killed_and_comes_back() {
    let (mut server, alice, bob) = friends("chat-killed");
    alice.line("/msg bob before");
    bob.wait(&["2 ● alice"]);
    bob.key("M-2");
    bob.wait(&["alice │ before"]);
    server.kill();
    alice.wait(&["✗ alice@plain.xmpp.test no connection, again in"]);
    bob.wait(&["✗ bob@plain.xmpp.test no connection, again in"]);
    alice.line("while it was away");
    alice.wait(&["while it was away …"]);
    server.restart();
    bob.wait(&["● bob@plain.xmpp.test online", "alice │ while it was away"]);
    let screen = alice.wait(&["● alice@plain.xmpp.test online", "while it was away ✓✓"]);
    assert_eq!(screen.matches("while it was away").count(), 1, "{screen}");
    bob.line("after");
    let screen = alice.wait(&["bob │ after"]);
    assert_eq!(screen.matches("alice │ before").count(), 1, "{screen}");
    assert_eq!(bob.screen().matches("while it was away").count(), 1, "{}", bob.screen());
}

#[test]
fn a_connection_that_breaks_goes_on() {
    let (server, _alice, bob) = friends("chat-resumed");
    let proxy = Proxy::start(server.port(Way::StartTls));
    let carol = Terminal::start("chat-resumed-carol", 80, 24);
    let command = server.xmpp_by("carol", "plain", Way::StartTls, proxy.port, &["chat", "--no-history"]);
    carol.begin(&server, "carol", &command);
    carol.wait(&["● carol@plain.xmpp.test online"]);
    carol.line("/msg bob@plain.xmpp.test before");
    bob.wait(&["carol      (1)│"]);
    bob.line("/msg carol@plain.xmpp.test yes?");
    carol.wait(&["bob │ yes?"]);
    proxy.cut(true);
    carol.wait(&["✗ carol@plain.xmpp.test no connection, again in"]);
    bob.line("into the dark");
    carol.line("out of the dark");
    carol.wait(&["out of the dark …"]);
    proxy.heal();
    carol.wait(&["is connected again, and the session goes on"]);
    let screen = carol.wait(&["out of the dark ✓", "bob │ into the dark"]);
    assert_eq!((screen.matches("into the dark").count(), screen.matches("out of").count()), (1, 1), "{screen}");
    let screen = bob.wait(&["carol │ out of the dark"]);
    assert_eq!(screen.matches("out of the dark").count(), 1, "{screen}");
}

#[test]
fn several_accounts_at_once_as_the_file_says() {
    let server = Server::start("chat-several");
    let config = server.dir.join("xmpp.toml");
    let account = |name: &str, user: &str| {
        std::fs::write(server.dir.join(format!("password-{user}")), format!("secret-{user}\n")).expect("a password");
        let port = server.port(Way::StartTls);
        format!(
            "[account.{name}]\njid = \"{user}@plain.xmpp.test\"\npassword-file = \"password-{user}\"\n\
             server = \"127.0.0.1:{port}\"\nca = \"certs/ca.pem\"\n"
        )
    };
    let (told, notify) = (server.dir.join("told"), server.dir.join("notify.sh"));
    std::fs::write(&notify, format!("echo \"$XMPP_FROM: $XMPP_TEXT\" >> '{}'\n", told.display())).expect("a script");
    let chat =
        format!("[chat]\nhistory = \"history\"\nnotify = \"osc777\"\nnotify-command = \"sh {}\"\n", notify.display());
    std::fs::write(&config, account("home", "alice") + &account("work", "carol") + &chat).expect("a configuration");
    let both = Terminal::start("chat-several-both", 80, 24);
    let mut command = crate::programs::xmpp();
    command.arg("chat").arg("--config").arg(&config);
    both.begin(&server, "both", &command);
    both.wait(&["alice@plain.xmpp.test is connected", "carol@plain.xmpp.test is connected"]);
    assert!(server.dir.join("history/history.redb").exists());
    let bob = Terminal::start("chat-several-bob", 80, 24);
    bob.chat(&server, "bob", &[]);
    bob.line("/msg carol@plain.xmpp.test to the office");
    both.wait(&["[2:bob(1!)]"]);
    both.key("M-a");
    both.wait(&["bob │ to the office", "● carol@plain.xmpp.test online"]);
    both.line("from the office");
    bob.wait(&["carol │ from the office"]);
    both.key("M-1");
    both.line("/account home");
    both.wait(&["new conversations are those of alice@plain.xmpp.test"]);
    both.line("/msg bob@plain.xmpp.test from home");
    both.wait(&["alice │ from home"]);
    bob.wait(&["alice      (1)│"]);
    let words = std::fs::read_to_string(told).expect("the command was run");
    assert_eq!(words, "bob: to the office\n");
}

#[test]
fn files_are_uploaded_and_their_address_said() {
    let (server, alice, bob) = friends("chat-upload");
    alice.line("/msg bob look at this");
    bob.wait(&["2 ● alice"]);
    bob.key("M-2");
    let file = server.dir.join("tea.txt");
    std::fs::write(&file, "always six o'clock\n").expect("a file");
    alice.line(&format!("/upload {}", file.display()));
    alice.wait(&["alice │ https://localhost:", "tea.txt ✓"]);
    bob.wait(&["alice │ https://localhost:"]);
    alice.line("/upload /dev/null/tea.txt");
    alice.wait(&["!! │ /dev/null/tea.txt: Not a directory"]);
}

#[test]
fn text_of_others_harms_nobody() {
    let (server, alice, bob) = friends("chat-hostile");
    bob.line("/msg alice quiet");
    alice.wait(&["2 ● bob"]);
    alice.key("M-2");
    let screen = alice.wait(&["bob │ quiet"]);
    let hostile = "\u{9b}2J\u{9d}0;owned\u{9c}\u{90}x\u{202e}gpj.exe\u{2066}\u{2028}\u{85}\u{200b}";
    let forged = "\n00:00 alice │ I owe you";
    let sent = &mut server.xmpp(
        "bob",
        "plain",
        Way::StartTls,
        &["send", "alice@plain.xmpp.test", &format!("{hostile}{forged}")],
    );
    run(sent).succeeds();
    let after = alice.wait(&["I owe you", "gpj.exe"]);
    let rows = |screen: &str| screen.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&screen)[..5], rows(&after)[..5], "the rest of the screen stays:\n{after}");
    let forged = after.lines().find(|row| row.contains("I owe you")).expect("the row");
    assert!(forged.contains("       │ 00:00 alice │ I owe you"), "beside the bar, as part of a message: {forged}");
    let bad = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!after.contains(bad), "{after:?}");
    let title = alice.tmux(&["display-message", "-p", "#{pane_title}"]);
    assert!(!title.contains("owned"), "{title}");
    alice.line("still here");
    bob.wait(&["alice │ still here"]);
}

#[test]
fn what_was_said_is_there_the_next_time() {
    let (server, alice, bob) = friends("chat-again");
    alice.line("/msg bob remember me");
    bob.wait(&["2 ● alice"]);
    bob.key("M-2");
    alice.wait(&["remember me ✓✓ seen"]);
    alice.key("C-c");
    alice.wait(&["ended with 0"]);
    bob.line("are you there?");
    bob.wait(&["are you there? ✓"]);
    alice.tmux(&["clear-history"]);
    alice.line("clear");
    alice.chat(&server, "alice", &[]);
    alice.wait(&["2 ● bob        (1)│"]);
    alice.key("M-2");
    let screen = alice.wait(&["alice │ remember me ✓✓", "bob │ are you there?"]);
    assert_eq!(screen.matches("remember me").count(), 1, "{screen}");
    let file = server.dir.join("data-alice/wireworks/xmpp/history.redb");
    let mode = |path: &Path| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).expect("the history").permissions().mode() & 0o777
    };
    assert_eq!((mode(&file), mode(file.parent().expect("a folder"))), (0o600, 0o700));

    // Without a history, nothing is left on the machine, and the archive tells what was said.
    let carol = Terminal::start("chat-again-carol", 80, 24);
    carol.chat(&server, "carol", &["--no-history"]);
    carol.line("/msg bob@plain.xmpp.test I am new here");
    carol.wait(&["I am new here ✓"]);
    let pid = carol.tmux(&["display-message", "-p", "#{pane_pid}"]);
    run(Command::new("sh").args(["-c", &format!("kill -TERM $(pgrep -P {})", pid.trim())])).succeeds();
    carol.wait(&["ended with 0"]);
    assert!(!server.dir.join("data-carol").exists());
    carol.line("clear");
    carol.chat(&server, "carol", &["--no-history"]);
    carol.wait(&["2 ○ bob"]);
    carol.key("M-2");
    carol.wait(&["carol │ I am new here ✓"]);
}

#[test]
fn without_a_terminal_lines_go_in_and_out() {
    let server = Server::start("chat-plain");
    let bob = Terminal::start("chat-plain-bob", 80, 24);
    bob.chat(&server, "bob", &[]);
    let script = server.dir.join("plain.sh");
    let command = server.xmpp("alice", "plain", Way::StartTls, &["chat", "--no-history"]);
    std::fs::write(&script, script_of(&server, "alice", &command)).expect("a script");
    let mut alice = Proc::start("xmpp chat", Command::new("sh").arg(&script));
    alice.wait_for("alice@plain.xmpp.test is connected", PATIENCE);
    alice.type_line("/msg bob@plain.xmpp.test from a pipe");
    bob.wait(&["[2:alice(1!)]"]);
    bob.key("M-a");
    bob.line("to a pipe");
    let line = alice.wait_for("to a pipe", PATIENCE);
    assert!(line.ends_with(" bob@plain.xmpp.test: to a pipe"), "{line}");
    alice.type_line("/joni x");
    alice.wait_for("did you mean /join?", PATIENCE);
    alice.type_line("/quit");
    assert_eq!(alice.exit_code(PATIENCE), 0);

    // The end of what is typed is the end, once it is sent.
    let mut command = server.xmpp("alice", "plain", Way::StartTls, &["chat", "--plain", "--no-history"]);
    crate::programs::run_with(&mut command, "/msg bob@plain.xmpp.test and that is all\n").succeeds();
    bob.wait(&["alice │ and that is all"]);

    let mut wrong = server.xmpp("alice", "plain", Way::StartTls, &["chat", "--plain", "--no-history"]);
    std::fs::write(server.dir.join("password-alice"), "no-such-password\n").expect("a password file");
    crate::programs::run_with(&mut wrong, "/msg bob@plain.xmpp.test hello\n").fails(6, &["cannot log in"]);
}
