//! Real descriptions of browsers, studios and devices, when the shared data is there.

use std::path::PathBuf;

use rfc4566::*;

fn corpus(set: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let places = ["../shared", "../../shared"].map(|shared| root.join(shared).join("corpus/sdp").join(set));
    let Some(entries) = places.iter().find_map(|place| std::fs::read_dir(place).ok()) else {
        println!("skipped: no ../shared/corpus/sdp/{set}");
        return None;
    };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    Some(files.into_iter().map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect())
}

/// Lines without comments, which one set has for its own reader, and without what no description may carry on.
fn lines(data: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(data);
    let kept = text.lines().map(str::trim_end).filter(|l| !l.is_empty() && !l.starts_with(';') && !l.starts_with("k="));
    kept.map(str::to_owned).collect()
}

/// Reads a whole set and sees that nothing gets lost.
fn all_read(set: &str) {
    for (name, data) in corpus(set).unwrap_or_default() {
        let read = |data| Session::parse_with(data, &Config::lenient()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let written = read(lines(&data).join("\n")).to_bytes();
        assert_eq!(Session::parse_with(written.clone(), &Config::lenient()).unwrap().to_bytes(), written, "{name}");
        let sorted = |data: &[u8]| {
            let mut lines = lines(data);
            lines.sort();
            lines
        };
        let mut expected = sorted(&data);
        for required in ["s=-", "t=0 0"] {
            if !expected.iter().any(|line| line.starts_with(&required[..2])) {
                expected.push(required.to_owned()); // put in for who forgot it
            }
        }
        expected.sort();
        assert_eq!(sorted(&written), expected, "{name}");
    }
}

#[test]
fn sdp_transform() {
    all_read("sdp-transform");
}

#[test]
fn webrtc_sdp() {
    all_read("webrtc-sdp");
}

#[test]
fn typed_attributes_of_a_browser() {
    for (name, data) in corpus("sdp-transform").unwrap_or_default() {
        if !name.ends_with("hacky.sdp") {
            continue;
        }
        let session = Session::parse(data).unwrap();
        let [audio, video, _data] = &session.media[..] else { panic!("three media descriptions") };
        assert_eq!(session.attributes.groups().next().unwrap().mids, ["audio", "video"]);
        assert_eq!(audio.rtpmap(111).unwrap().channels(), 2);
        assert_eq!(audio.fmtp("111").unwrap().parameter("minptime"), Some("10"));
        assert_eq!(audio.ptime(), Some(std::time::Duration::from_micros(125)));
        assert_eq!(video.rtcp().unwrap().port, 12312);
        assert_eq!(audio.attributes.sources().count(), 4);
        assert!(audio.rtcp_mux() && audio.attributes.all("candidate").count() == 8);
    }
}
