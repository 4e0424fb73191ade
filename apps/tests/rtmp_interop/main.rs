//! rtmp-server and rtmp-copy against the real programs of the field: `make interop`. Needs what `peers/install`
//! installs. A stream has arrived complete when every packet has the size and the checksum that it has in the source.
#[allow(dead_code, reason = "what the SIP programs need besides")]
#[path = "../interop/peers.rs"]
mod peers;
mod programs;
mod rtp;

use std::path::Path;
use std::time::Duration;

use programs::{Film, Nginx, Server, copy, current_ffmpeg, ffmpeg, films, packets, player, publish, rtmpdump, samples};

/// Every packet of `film` is in the file, in its order, and nothing else.
fn assert_whole(what: &str, file: &Path, film: &Film) {
    for kind in ["v", "a"] {
        let (got, sent) = (packets(file, kind), packets(&film.path, kind));
        assert!(!sent.is_empty(), "{what}: the source has no {kind}");
        assert_eq!(got.len(), sent.len(), "{what}: packets of {kind}");
        assert!(got == sent, "{what}: packets of {kind} have changed");
    }
    println!("{what}: {} pictures, {} packets of sound", packets(file, "v").len(), packets(file, "a").len());
}

/// Everything came from the beginning on, but for the last moments: an ffmpeg that tunnels throws away at its end what it
/// has not sent yet.
fn assert_begin(what: &str, file: &Path, film: &Film) {
    for kind in ["v", "a"] {
        let (got, sent) = (packets(file, kind), packets(&film.path, kind));
        assert!(sent.starts_with(&got) && got.len() * 20 >= sent.len() * 19, "{what}: {} of {}", got.len(), sent.len());
        println!("{what}: the first {} of {} packets of {kind}", got.len(), sent.len());
    }
}

/// What came is a run of the source without a gap, up to its end, and begins with a picture that can be decoded.
fn assert_tail(what: &str, file: &Path, film: &Film, least: usize) {
    let (got, sent) = (packets(file, "v"), packets(&film.path, "v"));
    assert!(got.len() >= least, "{what}: {} of {} pictures", got.len(), sent.len());
    assert!(sent.ends_with(&got), "{what}: the pictures are not the last ones of the source");
    println!("{what}: the last {} of {} pictures", got.len(), sent.len());
}

#[test]
fn ffmpeg_rtmpdump_and_rtmp_copy_play_what_ffmpeg_publishes() {
    let dir = peers::scratch("rtmp-ffmpeg");
    let film = Film::h264(&dir);
    let server = Server::start(&dir, &[]);
    let url = server.url("live/film");
    let (by_ffmpeg, by_dump, by_copy) = (dir.join("ffmpeg.flv"), dir.join("dump.flv"), dir.join("copy.flv"));
    let mut players = [
        player("ffmpeg", ffmpeg().args(["-v", "error", "-y", "-i", &url, "-c", "copy"]).arg(&by_ffmpeg)),
        player("rtmpdump", rtmpdump().args(["-q", "--live", "-r", &url, "-o"]).arg(&by_dump)),
        player("rtmp-copy", copy().args([&url, "--timeout", "60"]).arg(&by_copy)),
    ];
    std::thread::sleep(Duration::from_secs(2)); // all of them wait for the stream now
    publish(&mut ffmpeg(), &film, &url);
    players.iter_mut().for_each(|player| player.end());
    assert_whole("ffmpeg to the recording of rtmp-server", &server.recorded("live/film"), &film);
    assert_whole("ffmpeg to rtmp-server to rtmp-copy", &by_copy, &film);
    assert_whole("ffmpeg to rtmp-server to ffmpeg", &by_ffmpeg, &film);
    assert_whole("ffmpeg to rtmp-server to rtmpdump", &by_dump, &film);
    let recorded = server.recorded("live/film");
    assert_eq!(samples(&recorded), samples(&film.path), "(pictures, samples) as ffprobe decodes them");
}

#[test]
fn ffmpeg_publishes_and_plays_over_tls_and_in_http() {
    let dir = peers::scratch("rtmp-transports");
    let film = Film::h264(&dir);
    let schemes = ["rtmps", "rtmpt"];
    let listen = schemes.map(|scheme| format!("{scheme}:127.0.0.1:0"));
    let server = Server::start(&dir, &["--listen", &listen[0], "--listen", &listen[1]]);
    for scheme in schemes {
        let (stream, by_ffmpeg) = (format!("live/{scheme}"), dir.join(format!("{scheme}.flv")));
        let url = server.url_by(scheme, &stream);
        let mut plays =
            player("ffmpeg", ffmpeg().args(["-v", "error", "-y", "-i", &url, "-c", "copy"]).arg(&by_ffmpeg));
        std::thread::sleep(Duration::from_secs(2));
        publish(&mut ffmpeg(), &film, &url);
        plays.end();
        for (what, file) in [("the recording", server.settled(&stream)), ("rtmp-server to ffmpeg", by_ffmpeg)] {
            match scheme {
                "rtmps" => assert_whole(&format!("ffmpeg to {what}, {scheme}"), &file, &film),
                _ => assert_begin(&format!("ffmpeg to {what}, {scheme}"), &file, &film),
            }
        }
    }
    // rtmpdump tunnels too; over TLS 1.3 it does not get through
    let (dump, url) = (dir.join("dump.flv"), server.url_by("rtmpt", "live/rtmps"));
    player("rtmpdump", rtmpdump().args(["-q", "-r", &url, "-o"]).arg(&dump)).end();
    assert_whole("rtmpdump plays the recording, rtmpt", &dump, &film);
}

#[test]
fn players_of_a_recording_start_where_they_want() {
    let dir = peers::scratch("rtmp-seek");
    let film = Film::h264(&dir);
    let server = Server::start(&dir, &[]);
    let url = server.url("live/film");
    let sent = copy().arg(&film.path).args([&url, "--fast", "--record"]).status().expect("rtmp-copy runs");
    assert!(sent.success());
    assert_whole("rtmp-copy to the recording of rtmp-server", &server.settled("live/film"), &film);
    let (whole, late) = (dir.join("whole.flv"), dir.join("late.flv"));
    player("rtmpdump", rtmpdump().args(["-q", "-r", &url, "-o"]).arg(&whole)).end();
    assert_whole("rtmpdump plays the recording", &whole, &film);
    player("rtmpdump", rtmpdump().args(["-q", "--start", "2", "-r", &url, "-o"]).arg(&late)).end();
    assert_tail("rtmpdump --start 2", &late, &film, 15);
    assert!(packets(&late, "v").len() < packets(&film.path, "v").len());
    let again = copy().arg(&film.path).args([&url, "--fast", "--append"]).status().expect("rtmp-copy runs");
    assert!(again.success());
    let both = packets(&server.settled("live/film"), "v");
    assert_eq!(both.len(), 2 * packets(&film.path, "v").len(), "appended");
}

#[test]
fn nginx_takes_gives_and_relays() {
    let dir = peers::scratch("rtmp-nginx");
    let film = Film::h264(&dir);
    let nginx = Nginx::start(&dir);
    // rtmp-copy publishes to nginx and plays from it.
    let (direct, url) = (dir.join("direct.flv"), nginx.url("live/direct"));
    let mut from_nginx = player("rtmp-copy", copy().args([&url, "--timeout", "60"]).arg(&direct));
    std::thread::sleep(Duration::from_secs(1));
    publish(&mut copy(), &film, &url);
    from_nginx.end();
    assert_whole("rtmp-copy to nginx to rtmp-copy", &direct, &film);
    // rtmp-server sends on to nginx what ffmpeg publishes, and fetches from nginx what somebody wants.
    let push = format!("live/pushed={}", nginx.url("live/pushed"));
    let pull = format!("live/pulled={}", nginx.url("live/pulled"));
    let server = Server::start(&dir, &["--push", &push, "--pull", &pull]);
    let pushed = dir.join("pushed.flv");
    let mut from_nginx = player("rtmp-copy", copy().args([&nginx.url("live/pushed"), "--timeout", "60"]).arg(&pushed));
    std::thread::sleep(Duration::from_secs(1));
    publish(&mut ffmpeg(), &film, &server.url("live/pushed"));
    from_nginx.end();
    assert_tail("ffmpeg to rtmp-server, which pushes to nginx", &pushed, &film, 45);
    let pulled = dir.join("pulled.flv");
    let mut publisher = player("rtmp-copy", copy().arg(&film.path).args([&nginx.url("live/pulled"), "--loop=2"]));
    std::thread::sleep(Duration::from_secs(1));
    let mut from_server =
        player("rtmp-copy", copy().args([&server.url("live/pulled"), "--duration", "3"]).arg(&pulled));
    from_server.end();
    publisher.end();
    assert!(packets(&pulled, "v").len() >= 30, "rtmp-server pulls from nginx: {}", packets(&pulled, "v").len());
    // And a relay by rtmp-copy, from nginx to rtmp-server.
    let relayed = server.url("live/relayed");
    let mut relay = player("rtmp-copy", copy().args([&nginx.url("live/relay"), &relayed, "--timeout", "60"]));
    std::thread::sleep(Duration::from_secs(1));
    publish(&mut ffmpeg(), &film, &nginx.url("live/relay"));
    relay.end();
    assert_whole("ffmpeg to nginx to rtmp-copy to rtmp-server", &server.settled("live/relayed"), &film);
}

#[test]
fn enhanced_codecs_of_a_current_ffmpeg() {
    let dir = peers::scratch("rtmp-enhanced");
    let server = Server::start(&dir, &[]);
    for (name, film) in films(&dir) {
        let Some(film) = film else {
            println!("SKIPPED: this ffmpeg has no encoder for {name}");
            continue;
        };
        let (url, out) = (server.url(&format!("live/{name}")), dir.join(format!("{name}.out.flv")));
        let mut plays = player("rtmp-copy", copy().args([&url, "--timeout", "60"]).arg(&out));
        std::thread::sleep(Duration::from_secs(1));
        publish(&mut current_ffmpeg(), &film, &url);
        plays.end();
        assert_whole(&format!("{name}: ffmpeg to rtmp-server to rtmp-copy"), &out, &film);
        assert_whole(&format!("{name}: the recording"), &server.settled(&format!("live/{name}")), &film);
    }
}
