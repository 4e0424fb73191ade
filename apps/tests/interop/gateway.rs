//! baresip calls, and is called by, an ffmpeg through sip-rtmp and sip-proxy.
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::audio::{channel, level};
use crate::peers::{Baresip, Proc, free_port, scratch, version};
use crate::programs::{SipProxy, dialer, wait_event};

const LIMIT: Duration = Duration::from_secs(20);

fn seconds(s: f64) {
    std::thread::sleep(Duration::from_secs_f64(s));
}

/// A gateway whose dial plan calls as bob, and answers as carol for the stream `desk`.
pub fn gateway(dir: &Path, proxy: &SipProxy) -> (Proc, String) {
    let file = dir.join("sip-rtmp.toml");
    let text = "[dial-plan]\nfrom = 'sip:bob@127.0.0.1'\npassword = 'pw-bob'\ncodecs = ['pcmu', 'dtmf', 'h264']\n\
        [[dial-plan.extension]]\naor = 'sip:carol@127.0.0.1'\npassword = 'pw-carol'\nstream = 'desk'\n";
    std::fs::write(&file, text).expect("a configuration");
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = Command::new(env!("CARGO_BIN_EXE_sip-rtmp"));
    command.args(["-v", "--listen", &format!("rtmp:{address}"), "--int-ip", "127.0.0.1"]);
    let mut gateway = Proc::start("sip-rtmp", command.args(["--proxy", &proxy.address, "--config"]).arg(&file));
    gateway.wait_for("extension registered", LIMIT);
    (gateway, address)
}

/// An ffmpeg that publishes a tone.
fn publisher(url: &str, hz: u32) -> Proc {
    let tone = format!("sine=frequency={hz}:sample_rate=8000");
    let mut command = Command::new("ffmpeg");
    command.args(["-loglevel", "info", "-nostdin", "-re", "-f", "lavfi", "-i", &tone, "-t", "60"]);
    // lavfi's sine has an eighth of full scale
    Proc::start("ffmpeg", command.args(["-af", "volume=2.2", "-c:a", "pcm_mulaw", "-ac", "1", "-f", "flv", url]))
}

/// An ffmpeg that plays a stream into a file.
fn player(url: &str, file: &Path) -> Proc {
    let mut command = Command::new("ffmpeg");
    // else it waits five seconds for pictures that do not come
    command.args(["-loglevel", "info", "-nostdin", "-y", "-analyzeduration", "500000", "-rw_timeout", "20000000"]);
    command.args(["-i", url, "-vn"]);
    Proc::start("ffmpeg", command.args(["-c:a", "pcm_s16le"]).arg(file))
}

/// Asserts that the file holds the tone for so long, whatever its level.
fn assert_heard(path: &PathBuf, hz: f64, seconds: f64) {
    let (samples, rate) = channel(path, 0);
    let block = rate as usize / 5;
    let is_tone = |b: &&[i16]| {
        let rms = (b.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / b.len() as f64).sqrt();
        let tone = level(b, rate, hz);
        tone > 2000.0 && (rms * 2f64.sqrt() - tone).abs() < 0.15 * tone
    };
    let found = samples.chunks_exact(block).filter(is_tone).count() as f64 * 0.2;
    assert!(found >= seconds, "{}: {found:.1} s of {hz} Hz, wanted {seconds:.1} s", path.display());
}

#[test]
fn an_ffmpeg_calls_baresip() {
    println!("peer: {}", version("baresip", &["-h"], "baresip v"));
    println!("peer: {}", version("ffmpeg", &["-version"], "ffmpeg version"));
    let dir = scratch("gateway-calls");
    let proxy = SipProxy::start(&dir, &[]);
    let (mut gateway, address) = gateway(&dir, &proxy);
    let mut alice = Baresip::start(&dir, "alice", &proxy.address, "auto", 440, "sip:bob@127.0.0.1");
    alice.proc.wait_for("200 OK", LIMIT);
    let url = format!("rtmp://{address}/call/sip:alice@127.0.0.1");
    let heard = dir.join("heard.wav");
    let mut player = player(&url, &heard);
    let publisher = publisher(&url, 600);
    alice.proc.wait_for("Call established", LIMIT);
    seconds(3.0);
    alice.command("sndcode", "5");
    gateway.wait_for("ReceivedDtmf('5')", LIMIT);
    alice.command("hold", "");
    gateway.wait_for("Holded(true)", LIMIT);
    alice.command("resume", "");
    gateway.wait_for("Holded(false)", LIMIT);
    seconds(3.0);
    drop(publisher); // who publishes no more hangs up
    alice.proc.wait_for("session closed", LIMIT);
    gateway.wait_for("line closed", LIMIT);
    player.signal("INT");
    player.exit_code(LIMIT);
    assert_heard(&heard, 440.0, 3.0);
    seconds(0.5); // baresip completes its file
    assert_heard(&alice.heard(), 600.0, 2.0);
}

#[test]
fn baresip_calls_an_ffmpeg() {
    let dir = scratch("gateway-called");
    let proxy = SipProxy::start(&dir, &[]);
    let (mut gateway, address) = gateway(&dir, &proxy);
    let mut alice = Baresip::start(&dir, "alice", &proxy.address, "manual", 440, "sip:carol@127.0.0.1");
    alice.proc.wait_for("200 OK", LIMIT);
    alice.command("dial", "sip:carol@127.0.0.1"); // nobody is at the desk
    alice.proc.wait_for("session closed: 480", LIMIT);
    let url = format!("rtmp://{address}/call/desk");
    let _publisher = publisher(&url, 600);
    let heard = dir.join("heard.wav");
    let mut player = player(&url, &heard);
    seconds(2.0);
    alice.command("dial", "sip:carol@127.0.0.1");
    alice.proc.wait_for("Call established", LIMIT);
    seconds(5.0);
    alice.command("hangup", "");
    gateway.wait_for("Byed", LIMIT);
    player.signal("INT");
    player.exit_code(LIMIT);
    assert_heard(&heard, 440.0, 2.0);
    seconds(0.5);
    assert_heard(&alice.heard(), 600.0, 2.0);
}

#[test]
fn calls_of_an_ffmpeg_are_rejected_and_cancelled() {
    let dir = scratch("gateway-refused");
    let proxy = SipProxy::start(&dir, &[]);
    let (mut gateway, address) = gateway(&dir, &proxy);
    let mut alice = Baresip::start(&dir, "alice", &proxy.address, "manual", 440, "sip:bob@127.0.0.1");
    alice.proc.wait_for("200 OK", LIMIT);
    let url = format!("rtmp://{address}/call/sip:alice@127.0.0.1");
    let mut rejected = publisher(&url, 600);
    alice.proc.wait_for("Incoming call", LIMIT);
    alice.command("hangup", "");
    gateway.wait_for("486", LIMIT);
    rejected.exit_code(LIMIT);
    gateway.wait_for("line closed", LIMIT);
    let cancelled = publisher(&url, 600);
    alice.proc.wait_for("Incoming call", LIMIT);
    drop(cancelled);
    alice.proc.wait_for("session closed", LIMIT);
    // and the desk is free for other phones of ours too
    let _desk = publisher(&format!("rtmp://{address}/call/desk"), 600);
    seconds(2.0);
    let mut dave = dialer(&dir, "dave", &proxy.address, &["--to", "sip:carol@127.0.0.1"]);
    wait_event(&mut dave, "answered");
    dave.type_line("/bye");
    assert_eq!(dave.exit_code(LIMIT), 0, "{}", dave.output());
}
