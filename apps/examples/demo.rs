//! `make demo`: real calls on this machine. A registrar and proxy with digest users, a dialer that answers and one
//! that calls; both speak a voice-like signal, and what each recorded is compared with what the other spoke. Then an RTMP
//! publisher calls the same dialer through the gateway, and voice passes both ways again.
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use amf::amf0::Value;
use apps::dialer::source::{RATE as HZ, Source};
use net::Driver;
use rfc3551::g711::Law;
use rtmp::client::{Client, Config, Event};
use rtmp::server::PublishMode;
use rtmp::url::Url;
use rtmp::{Message, MessageType};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SECONDS: usize = 6;
const RATE: usize = HZ as usize;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("demo: {e}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let bin = std::env::current_exe()?.parent().and_then(Path::parent).ok_or("no target folder")?.to_owned();
    let dir = std::env::temp_dir().join(format!("wireworks-demo-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let outcome = call(&bin, &dir);
    if outcome.is_ok() {
        std::fs::remove_dir_all(&dir)?;
    } else {
        eprintln!("demo: what was recorded is kept in {}", dir.display());
    }
    outcome
}

fn call(bin: &Path, dir: &Path) -> Result<()> {
    let voices = [("alice", false), ("bob", true)].map(|(name, backwards)| (name, voice(backwards)));
    for (name, samples) in &voices {
        write_wav(&dir.join(format!("{name}.wav")), samples)?;
        std::fs::write(dir.join(format!("{name}.pass")), format!("secret-of-{name}\n"))?;
    }
    std::fs::write(dir.join("users"), "alice:secret-of-alice\nbob:secret-of-bob\n")?;

    println!("1. sip-proxy: registrar and proxy with digest users");
    let mut command = Command::new(bin.join("sip-proxy"));
    command.args(["--listen", "udp:127.0.0.1:0", "--listen", "tcp:127.0.0.1:0", "--domain", "127.0.0.1"]);
    command.args(["--record-route", "--users"]).arg(dir.join("users")).args(["--trace"]).arg(dir.join("proxy.pcap"));
    let (proxy, lines) = Guard::start(command.stderr(Stdio::piped()))?;
    let address =
        wait(lines, |l| l.split_whitespace().find_map(|w| w.strip_prefix("udp:127.0.0.1:").map(str::to_owned)))
            .ok_or("sip-proxy did not start")?;
    let proxy_address = format!("127.0.0.1:{}", address.trim_end_matches(|c: char| !c.is_ascii_digit()));

    println!("2. dialer: bob registers at {proxy_address} and waits");
    let (mut bob, lines) = Guard::start(dialer(bin, dir, "bob", &proxy_address).args([
        "--listen",
        "--register",
        "--auto-respond-after",
        "1",
    ]))?;
    wait(lines, |l| l.contains("registered").then_some(())).ok_or("bob could not register")?;

    println!("3. dialer: alice registers and calls bob; both speak for {SECONDS} s\n");
    let mut alice = dialer(bin, dir, "alice", &proxy_address);
    let seconds = SECONDS.to_string();
    alice.args(["--register", "--to", "sip:bob@127.0.0.1", "--duration", &seconds, "--dtmf", "42#"]);
    let status = alice.stdout(Stdio::inherit()).stderr(Stdio::inherit()).status()?;
    if !status.success() {
        return Err(format!("alice's dialer ended with {status}").into());
    }
    bob.end("INT", Duration::from_secs(10))?;

    println!("\n4. what was heard, against what was spoken");
    for (listener, (speaker, samples)) in [("bob", &voices[0]), ("alice", &voices[1])] {
        let heard = read_received(&dir.join(format!("{listener}-call.wav")))?;
        let same = compare(samples, &heard)?;
        println!("   {listener} heard {speaker}: {same:.2} s in a row, every sample as G.711 must carry it");
    }
    gateway(bin, dir, &proxy_address, &voices.map(|(_, samples)| samples))?;
    drop(proxy);
    println!("\nThe calls work: digest, proxy, gateway, voice both ways.");
    Ok(())
}

/// An RTMP publisher calls bob through the gateway and the proxy.
fn gateway(bin: &Path, dir: &Path, proxy: &str, [ours, theirs]: &[Vec<i16>; 2]) -> Result<()> {
    println!("\n5. sip-rtmp: RTMP on one side, SIP through the proxy on the other");
    let config = dir.join("sip-rtmp.toml");
    std::fs::write(
        &config,
        "[dial-plan]\nfrom = 'sip:alice@127.0.0.1'\npassword = 'secret-of-alice'\ncodecs = ['pcmu']\n",
    )?;
    let mut command = Command::new(bin.join("sip-rtmp"));
    command.args(["--listen", "rtmp:127.0.0.1:0", "--int-ip", "127.0.0.1", "--proxy", proxy, "--config"]);
    let (_gateway, lines) = Guard::start(command.arg(&config).stderr(Stdio::piped()))?;
    let address = wait(lines, |l| {
        l.split_whitespace().find_map(|w| w.strip_prefix("rtmp:").map(|w| w.trim_end_matches(',').to_owned()))
    })
    .ok_or("sip-rtmp did not start")?;
    let (mut bob, lines) =
        Guard::start(dialer(bin, dir, "bob", proxy).args(["--listen", "--register", "--auto-respond-after", "0"]))?;
    wait(lines, |l| l.contains("registered").then_some(())).ok_or("bob could not register")?;

    println!("6. a publisher of {address}/call/sip:bob@127.0.0.1 speaks, and plays what bob says");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let heard = runtime.block_on(publish(&format!("rtmp://{address}/call"), "sip:bob@127.0.0.1", ours))?;
    std::thread::sleep(Duration::from_secs(1)); // the goodbyes
    bob.end("INT", Duration::from_secs(10))?;
    println!("\n7. what was heard, against what was spoken");
    let same = compare(theirs, &heard)?;
    println!("   the player heard bob: {same:.2} s in a row, every sample as G.711 must carry it");
    let same = compare(ours, &read_received(&dir.join("bob-call.wav"))?)?;
    println!("   bob heard the publisher: {same:.2} s in a row, every sample as G.711 must carry it");
    Ok(())
}

/// Publishes `samples` at their own pace, and gives back what is played under the same name.
async fn publish(app: &str, name: &str, samples: &[i16]) -> Result<Vec<i16>> {
    let mut config = Config::new(Url::parse_app(app)?);
    config.arguments = Vec::<Value>::new();
    let mut client = Driver::new(Client::new(config, wire::Rng::from_u64(1)));
    let now = client.now();
    client.machine_mut().connect(now)?;
    let (mut published, mut heard) = (None, Vec::new());
    let mut frames = samples.chunks_exact(RATE / 50).enumerate();
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let end = tokio::time::Instant::now() + Duration::from_secs(SECONDS as u64 + 8);
    loop {
        tokio::select! {
            event = client.next() => {
                let (now, machine) = (client.now(), client.machine_mut());
                match event {
                    Event::Connected { .. } => {
                        machine.create_stream(now)?;
                        machine.create_stream(now)?;
                    }
                    Event::StreamCreated { stream, .. } if published.is_none() => {
                        machine.publish(now, stream, name, PublishMode::Live)?;
                        published = Some(stream);
                    }
                    Event::StreamCreated { stream, .. } => machine.play(now, stream, name, -2.0, -1.0, true)?,
                    Event::Media { message, .. } if message.kind == MessageType::Audio => {
                        Law::Mu.decode(message.payload.get(1..).unwrap_or_default(), &mut heard);
                    }
                    Event::Rejected { description, .. } => return Err(description.to_string().into()),
                    _ => {}
                }
            }
            // until bob has answered, what is published goes nowhere: his voice is the sign to begin
            _ = tick.tick(), if !heard.is_empty() => {
                let (Some(stream), Some((n, frame))) = (published, frames.next()) else { continue };
                let mut payload = vec![0x82];
                Law::Mu.encode(frame, &mut payload);
                let message =
                    Message { kind: MessageType::Audio, timestamp: 20 * n as u32, stream, payload: payload.into() };
                let now = client.now();
                client.machine_mut().send(now, stream, &message)?;
            }
            () = tokio::time::sleep_until(end) => break,
        }
        if heard.len() > (SECONDS + 1) * RATE || (frames.len() == 0 && heard.len() >= SECONDS * RATE) {
            break;
        }
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    client.shutdown().await;
    Ok(heard)
}

fn dialer(bin: &Path, dir: &Path, user: &str, proxy: &str) -> Command {
    let mut c = Command::new(bin.join("dialer"));
    c.args(["--int-ip", "127.0.0.1", "--port", "0", "--user", user, "--domain", "127.0.0.1", "--proxy", proxy]);
    c.arg("--authpass-file").arg(dir.join(format!("{user}.pass")));
    c.arg("--play").arg(dir.join(format!("{user}.wav")));
    c.arg("--record").arg(dir.join(format!("{user}-call.wav")));
    c
}

/// The longest exact run, in seconds, of `spoken` (as G.711 mu-law carries it) in `heard`; an error when more than a
/// second is missing.
fn compare(spoken: &[i16], heard: &[i16]) -> Result<f64> {
    let spoken: Vec<i16> = spoken.iter().map(|&s| Law::Mu.decode_sample(Law::Mu.encode_sample(s))).collect();
    // a voice has pauses, which would be found anywhere: look for the loudest tenth of a second
    let tenth = RATE / 10;
    let loudness = |n: &usize| spoken[*n..*n + tenth].iter().map(|s| i64::from(s.unsigned_abs())).sum::<i64>();
    let middle = (0..spoken.len() - tenth).step_by(tenth).max_by_key(loudness).ok_or("nothing was spoken")?;
    let probe = &spoken[middle..middle + tenth];
    let run = |at: usize| {
        let before = heard[..at].iter().rev().zip(spoken[..middle].iter().rev()).take_while(|(a, b)| a == b).count();
        before + heard[at..].iter().zip(&spoken[middle..]).take_while(|(a, b)| a == b).count()
    };
    let places = (0..heard.len().saturating_sub(tenth)).filter(|&at| &heard[at..at + tenth] == probe);
    let same = places.map(run).max().ok_or("the voice did not arrive")?;
    if same < (SECONDS - 1) * RATE {
        return Err(format!("only {same} of {} samples arrived unchanged in a row", SECONDS * RATE).into());
    }
    Ok(same as f64 / RATE as f64)
}

/// Something like a voice; backwards for the other speaker, so that the two differ.
fn voice(backwards: bool) -> Vec<i16> {
    let mut samples = vec![0; SECONDS * RATE];
    Source::voice().fill(&mut samples);
    if backwards {
        samples.reverse();
    }
    samples
}

fn write_wav(path: &Path, samples: &[i16]) -> Result<()> {
    let spec =
        hound::WavSpec { channels: 1, sample_rate: HZ, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut wav = hound::WavWriter::create(path, spec)?;
    samples.iter().try_for_each(|&s| wav.write_sample(s))?;
    Ok(wav.finalize()?)
}

/// The received side (right channel) of a recording by dialer.
fn read_received(path: &PathBuf) -> Result<Vec<i16>> {
    let mut wav = hound::WavReader::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let channels = usize::from(wav.spec().channels);
    let all = wav.samples::<i16>().collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(all.into_iter().skip(channels - 1).step_by(channels).collect())
}

/// A program that ends with the demo.
struct Guard(Child);

impl Guard {
    /// Starts it; the lines are its standard error where piped, else its standard output.
    fn start(command: &mut Command) -> Result<(Guard, std::sync::mpsc::Receiver<String>)> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let (tx, rx) = std::sync::mpsc::channel();
        let streams = [
            child.stdout.take().map(|s| Box::new(s) as Box<dyn std::io::Read + Send>),
            child.stderr.take().map(|s| Box::new(s) as Box<dyn std::io::Read + Send>),
        ];
        for stream in streams.into_iter().flatten() {
            let tx = tx.clone();
            std::thread::spawn(move || {
                BufReader::new(stream).lines().map_while(std::result::Result::ok).for_each(|l| drop(tx.send(l)))
            });
        }
        Ok((Guard(child), rx))
    }

    fn end(&mut self, signal: &str, limit: Duration) -> Result<()> {
        if self.0.try_wait()?.is_some() {
            return Ok(());
        }
        Command::new("kill").args([&format!("-{signal}"), &self.0.id().to_string()]).status()?;
        let end = Instant::now() + limit;
        while self.0.try_wait()?.is_none() {
            if Instant::now() > end {
                return Err("a dialer did not end when asked".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.end("TERM", Duration::from_secs(5));
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait<T>(lines: std::sync::mpsc::Receiver<String>, found: impl Fn(&str) -> Option<T>) -> Option<T> {
    let end = Instant::now() + Duration::from_secs(15);
    while let Ok(line) = lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
        if let Some(t) = found(&line) {
            std::thread::spawn(move || lines.into_iter().for_each(drop)); // keep the pipe drained
            return Some(t);
        }
    }
    None
}
