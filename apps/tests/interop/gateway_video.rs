//! Pictures through sip-rtmp and sip-proxy to a phone, which decodes them, codes them anew and sends them back.
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::gateway::gateway;
use crate::peers::{Baresip, Proc, scratch, version};
use crate::programs::SipProxy;

const LIMIT: Duration = Duration::from_secs(20);
const RATE: usize = 15;

fn seconds(s: f64) {
    std::thread::sleep(Duration::from_secs_f64(s));
}

/// An ffmpeg that publishes noise on red, then on green, then on blue, for so many seconds each; a picture takes
/// several packets. With a tone.
fn publisher(url: &str, lengths: [usize; 3]) -> Proc {
    let [red, green, blue] = lengths;
    let of = |name, length, label| format!("color={name}:s=320x240:r={RATE}:d={length}[{label}];");
    let film = [of("red", red, "a"), of("lime", green, "b"), of("blue", blue, "c")].concat()
        + "[a][b][c]concat=n=3,noise=alls=30:allf=t";
    let mut command = Command::new("ffmpeg");
    command.args(["-loglevel", "info", "-nostdin", "-re", "-f", "lavfi", "-i", &film, "-f", "lavfi", "-i"]);
    command.args(["sine=frequency=600:sample_rate=8000", "-shortest", "-pix_fmt", "yuv420p", "-c:v", "libx264"]);
    command.args(["-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline", "-g", "30"]);
    command.args(["-b:v", "800k", "-maxrate", "800k", "-bufsize", "800k", "-c:a", "pcm_mulaw", "-ac", "1"]);
    Proc::start("ffmpeg", command.args(["-f", "flv", url]))
}

fn player(url: &str, file: &Path) -> Proc {
    let mut command = Command::new("ffmpeg");
    command.args(["-loglevel", "info", "-nostdin", "-y", "-rw_timeout", "20000000", "-i", url, "-c", "copy"]);
    Proc::start("ffmpeg", command.arg(file))
}

/// How many pictures of each colour a file has, as ffmpeg decodes it: red, green, blue, others.
fn pictures(file: &Path) -> [usize; 4] {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(file);
    command.args([
        "-vf",
        "scale=1:1:flags=area",
        "-fps_mode",
        "passthrough",
        "-pix_fmt",
        "rgb24",
        "-f",
        "rawvideo",
        "-",
    ]);
    let output = command.output().expect("ffmpeg runs");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(!complaints.contains("[h264"), "{}: {complaints}", file.display());
    let mut counts = [0; 4];
    for pixel in output.stdout.chunks_exact(3) {
        let strong: Vec<usize> = (0..3).filter(|&at| pixel[at] > 160).collect();
        let others_are_dark = pixel.iter().filter(|&&c| c < 60).count() == 2;
        counts[if let ([one], true) = (&strong[..], others_are_dark) { *one } else { 3 }] += 1;
    }
    println!("{}: {counts:?} pictures: red, green, blue, others", file.display());
    counts
}

/// Bytes of video for each picture.
fn picture_size(file: &Path) -> usize {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-select_streams", "v", "-show_entries", "packet=size", "-of", "csv=p=0"]).arg(file);
    let output = command.output().expect("ffprobe runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let sizes: Vec<usize> = text.lines().filter_map(|line| line.trim_end_matches(',').parse().ok()).collect();
    sizes.iter().sum::<usize>() / sizes.len().max(1)
}

#[test]
fn an_ffmpeg_calls_a_phone_and_its_pictures_come_back() {
    println!("peer: {}", version("baresip", &["-h"], "baresip v"));
    let dir = scratch("gateway-video-calls");
    let proxy = SipProxy::start(&dir, &[]);
    let (mut gateway, address) = gateway(&dir, &proxy);
    let mut alice = Baresip::mirror(&dir, "alice", &proxy.address, "auto");
    alice.proc.wait_for("200 OK", LIMIT);
    let url = format!("rtmp://{address}/call/sip:alice@127.0.0.1");
    let back = dir.join("back.flv");
    let mut player = player(&url, &back);
    let mut publisher = publisher(&url, [4, 6, 3]);
    alice.proc.wait_for("Set video decoder: H264 packetization-mode=1", LIMIT);
    alice.proc.wait_for("receiving with resolution 320 x 240", LIMIT);
    publisher.exit_code(LIMIT);
    gateway.wait_for("line closed", LIMIT);
    let keys = alice.proc.wait_for("decoder stats", LIMIT); // its last words about the call
    assert!(keys.contains("lost_fragments:0"), "{keys}");
    player.signal("INT");
    player.exit_code(LIMIT);
    assert!(picture_size(&back) > 3000, "a picture took several packets: {}", picture_size(&back));
    let [red, green, blue, others] = pictures(&back);
    // the call begins in the red part and ends in the blue one; those between come back, but for a few that the phone's
    // camera passes over when two come close to each other
    assert!(green >= 6 * RATE * 9 / 10, "{green} green pictures of {}", 6 * RATE);
    assert!(red >= RATE && blue >= RATE && others <= 4, "{red} red, {blue} blue, {others} others");
}

#[test]
fn a_phone_calls_and_a_late_player_gets_a_key_frame_at_once() {
    let dir = scratch("gateway-video-called");
    let proxy = SipProxy::start(&dir, &[]);
    let (mut gateway, address) = gateway(&dir, &proxy);
    let mut alice = Baresip::mirror(&dir, "alice", &proxy.address, "manual");
    alice.proc.wait_for("200 OK", LIMIT);
    let url = format!("rtmp://{address}/call/desk");
    let mut publisher = publisher(&url, [10, 8, 8]);
    publisher.wait_for("Output #0", LIMIT);
    seconds(2.0);
    alice.command("dial", "sip:carol@127.0.0.1");
    alice.proc.wait_for("receiving with resolution 320 x 240", LIMIT);
    alice.command("hold", "");
    gateway.wait_for("Holded(true)", LIMIT);
    alice.command("resume", "");
    gateway.wait_for("Holded(false)", LIMIT);
    seconds(4.0); // it codes a key frame every ten seconds if nobody asks
    let back = dir.join("back.flv");
    let mut player = player(&url, &back);
    publisher.exit_code(Duration::from_secs(40));
    alice.proc.wait_for("session closed", LIMIT);
    player.signal("INT");
    player.exit_code(LIMIT);
    let [_, green, blue, others] = pictures(&back);
    assert!(green >= 2 * RATE, "{green} green pictures");
    assert!(blue >= 8 * RATE * 9 / 10 && others <= 4, "{blue} blue pictures of {}, {others} others", 8 * RATE);
}
