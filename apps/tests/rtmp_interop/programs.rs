//! The programs of this run: ours, ffmpeg in two versions, rtmpdump, and nginx with its RTMP module.
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::peers::{Proc, free_port, peer_file, version};

const PATIENCE: Duration = Duration::from_secs(60);

pub fn copy() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-copy"));
    command.arg("--json");
    command
}

pub fn ffmpeg() -> Command {
    println!("peer: {}", version("ffmpeg", &["-version"], "ffmpeg version"));
    Command::new("ffmpeg")
}

fn current() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/ffmpeg/ffmpeg");
    assert!(own.exists(), "{} is not there: run peers/install", own.display());
    own
}

/// The wheel's: it knows enhanced RTMP.
pub fn current_ffmpeg() -> Command {
    println!("peer: {}", version(&current().to_string_lossy(), &["-version"], "ffmpeg version"));
    Command::new(current())
}

pub fn rtmpdump() -> Command {
    println!("peer: {}", version("rtmpdump", &["-h"], "RTMPDump"));
    Command::new("rtmpdump")
}

/// A program that ends by itself when the stream is over, or else when it is asked to.
pub struct Player {
    name: String,
    proc: Proc,
}

pub fn player(name: &str, command: &mut Command) -> Player {
    Player { name: name.into(), proc: Proc::start(name, command) }
}

impl Player {
    pub fn end(&mut self) {
        let until = Instant::now() + Duration::from_secs(30);
        while self.proc.is_running() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
        if self.proc.is_running() {
            println!("{} does not end by itself", self.name);
            self.proc.signal("INT");
        }
        let code = self.proc.exit_code(PATIENCE);
        // rtmpdump says 2 for a stream that may be incomplete, since nobody told it the length.
        let fine = code == 0 || self.name == "rtmpdump" && code == 2 || self.name == "ffmpeg" && code == 255;
        assert!(fine, "{} ended with {code}:\n{}", self.name, self.proc.output());
    }
}

/// Sends a film in its own time, with ffmpeg or rtmp-copy, to its end.
pub fn publish(program: &mut Command, film: &Film, url: &str) {
    let is_ours = program.get_program().to_string_lossy().ends_with("rtmp-copy");
    match is_ours {
        true => program.arg(&film.path).arg(url),
        false => program
            .args(["-v", "error", "-re", "-i"])
            .arg(&film.path)
            .args(["-map", "0", "-c", "copy", "-f", "flv", url]),
    };
    let output = program.output().expect("the publisher runs");
    assert!(output.status.success(), "{program:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A film of a few seconds.
pub struct Film {
    pub path: PathBuf,
}

impl Film {
    /// H.264 with two B-frames, and AAC in mono.
    pub fn h264(dir: &Path) -> Film {
        let coding = ["-c:v", "libx264", "-bf", "2", "-pix_fmt", "yuv420p", "-c:a", "aac"];
        Film::make(Command::new("ffmpeg"), dir, "h264", &coding).expect("ffmpeg has H.264 and AAC")
    }

    fn make(mut program: Command, dir: &Path, name: &str, coding: &[&str]) -> Option<Film> {
        let path = dir.join(format!("{name}.flv"));
        program.args(["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=15"]);
        program.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "5", "-g", "15"]);
        let output = program.args(coding).arg(&path).output().expect("ffmpeg runs");
        output.status.success().then_some(Film { path })
    }
}

/// A film for each codec of enhanced RTMP that the current ffmpeg can encode.
pub fn films(dir: &Path) -> Vec<(&'static str, Option<Film>)> {
    let coding: [(&str, &[&str]); 4] = [
        ("hevc_aac", &["-c:v", "libx265", "-preset", "ultrafast", "-c:a", "aac"]),
        ("h264_opus", &["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "libopus"]),
        ("av1_opus", &["-c:v", "libsvtav1", "-preset", "12", "-c:a", "libopus"]),
        ("vp9_aac", &["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "aac"]),
    ];
    coding.map(|(name, coding)| (name, Film::make(Command::new(current()), dir, name, coding))).into()
}

/// Size and checksum of every packet of a kind, `v` or `a`.
pub fn packets(file: &Path, kind: &str) -> Vec<(String, String)> {
    let mut command = Command::new(current());
    command.args(["-v", "error", "-i"]).arg(file);
    command.args(["-map", &format!("0:{kind}"), "-c", "copy", "-copyts", "-f", "framecrc", "-"]);
    let output = command.output().expect("ffmpeg runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let fields = text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(',').map(str::trim));
    fields.filter_map(|mut fields| Some((fields.nth(4)?.to_owned(), fields.next()?.to_owned()))).collect()
}

/// Pictures and samples, as ffprobe decodes them.
pub fn samples(file: &Path) -> (u64, u64) {
    let probe = |stream: &str, entry: &str| -> Vec<u64> {
        let mut command = Command::new("ffprobe");
        command.args(["-v", "error", "-select_streams", stream, "-show_entries", entry, "-of", "csv=p=0"]).arg(file);
        let output = command.output().expect("ffprobe runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().filter_map(|line| line.trim_end_matches(',').parse().ok()).collect()
    };
    let pictures = probe("v", "frame=coded_picture_number,width").len().max(probe("v", "frame=width").len());
    (pictures as u64, probe("a", "frame=nb_samples").iter().sum())
}

/// rtmp-server on a port of its own, which records everything.
pub struct Server {
    _proc: Proc,
    ready: String,
    folder: PathBuf,
}

impl Server {
    pub fn start(dir: &Path, extra: &[&str]) -> Server {
        let folder = dir.join("recordings");
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-server"));
        command.args(["--listen", "rtmp:127.0.0.1:0", "--record-all", "--record-dir"]).arg(&folder).args(extra);
        let mut proc = Proc::start("rtmp-server", &mut command);
        let line = proc.wait_for("ready on", PATIENCE);
        Server { _proc: proc, ready: line, folder }
    }

    pub fn url(&self, stream: &str) -> String {
        self.url_by("rtmp", stream)
    }

    /// The same by another transport, for which it was told to listen.
    pub fn url_by(&self, scheme: &str, stream: &str) -> String {
        let mut words = self.ready.split_whitespace();
        let place = words.find_map(|word| word.strip_prefix(scheme)?.strip_prefix(':')).expect("an address");
        format!("{scheme}://{place}/{stream}")
    }

    /// The recording of a stream, once nothing is added any more.
    pub fn settled(&self, stream: &str) -> PathBuf {
        let path = self.recorded(stream);
        let mut len = 0;
        let until = Instant::now() + PATIENCE;
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let now = std::fs::metadata(&path).map_or(0, |found| found.len());
            if now > 0 && now == len {
                return path;
            }
            assert!(Instant::now() < until, "no recording {}", path.display());
            len = now;
        }
    }

    pub fn recorded(&self, stream: &str) -> PathBuf {
        self.folder.join(format!("{stream}.flv"))
    }
}

/// nginx with its RTMP module.
pub struct Nginx {
    _proc: Proc,
    port: u16,
}

impl Nginx {
    pub fn start(dir: &Path) -> Nginx {
        println!("peer: {}", version("nginx", &["-v"], "nginx version"));
        let port = free_port();
        let text = std::fs::read_to_string(peer_file("nginx-rtmp/nginx.conf.in")).expect("a configuration");
        let user = Command::new("id").arg("-un").output().expect("who we are");
        let text = text.replace("@DIR@", &dir.to_string_lossy()).replace("@PORT@", &port.to_string());
        let text = text.replace("@USER@", String::from_utf8_lossy(&user.stdout).trim());
        let conf = dir.join("nginx.conf");
        std::fs::write(&conf, text).expect("a file");
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let proc = Proc::start("nginx", Command::new("nginx").env("PATH", path).arg("-c").arg(&conf));
        let until = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "nginx does not listen on {port}");
            std::thread::sleep(Duration::from_millis(50));
        }
        Nginx { _proc: proc, port }
    }

    pub fn url(&self, stream: &str) -> String {
        format!("rtmp://127.0.0.1:{}/{stream}", self.port)
    }
}
