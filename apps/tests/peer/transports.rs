//! Links over TLS and WebSocket, and a node that joins peers of every transport into one network.

use serde_json::json;

use super::program::{PATIENCE, Peer, network, with};

fn hear_each_other(peers: &mut [Peer]) {
    for speaker in 0..peers.len() {
        let text = format!("from {speaker}");
        peers[speaker].result(json!({"op": "send", "args": [text]}));
        for (_, peer) in peers.iter_mut().enumerate().filter(|(at, _)| *at != speaker) {
            peer.hear(&text);
        }
    }
}

#[test]
fn the_old_words_for_transports() {
    for enc in ["SSL", "ws", "wss"] {
        let mut peers = network("mesh", 3, &["--enc", enc]);
        peers.iter_mut().for_each(|peer| peer.has_peers(1));
        peers[0].has_peers(2);
        hear_each_other(&mut peers);
    }
}

#[test]
fn a_bridge_joins_tcp_tls_ws_and_wss_into_one_network() {
    let listen = ["tcp", "tls", "ws", "wss"].map(|transport| format!("{transport}:127.0.0.1:0"));
    let mut args = vec!["mesh", "--json", "-q", "--insecure"];
    listen.iter().for_each(|place| args.extend(["-l", place]));
    let mut bridge = with(&args);
    let mut peers: Vec<Peer> = ["tcp", "tls", "ws", "wss"]
        .into_iter()
        .flat_map(|transport| [transport; 2])
        .map(|transport| {
            let listen = format!("{transport}:127.0.0.1:0");
            let seed = bridge.listens(transport).to_owned();
            with(&["mesh", "--json", "-q", "--insecure", "-l", &listen, "-s", &seed])
        })
        .collect();
    bridge.has_peers(8);
    peers.iter_mut().for_each(|peer| peer.has_peers(1));
    hear_each_other(&mut peers);
    // one answers another that it has no transport in common with
    let (tcp, wss) = peers.split_at_mut(7);
    wss[0].result(json!({"op": "reply", "id": tcp[0].id(), "args": ["over the bridge"]}));
    assert_eq!(tcp[0].hear("over the bridge")["sender"], wss[0].id());
}

#[test]
fn a_pinned_certificate_is_the_only_one_that_will_do() {
    let server = with(&["mesh", "--json", "-q", "--tls", "--port", "0"]);
    let (seed, pin) = (server.listens("tls").to_owned(), server.ready["pin"].as_str().unwrap().to_owned());
    let join =
        |trust: &[&str]| with(&[&["mesh", "--json", "-q", "--tls", "--port", "0", "-s", &seed][..], trust].concat());
    let wrong = format!("{:0>64}", "7");
    let mut right = join(&["--pin", &wrong, "--pin", &pin]);
    let mut refused = [(join(&["--pin", &wrong]), "--pin"), (join(&[]), "--insecure")];
    right.has_peers(1);
    for (peer, part) in &mut refused {
        let error = peer.event("error");
        assert!(error["error"].as_str().unwrap().contains(*part), "{error}");
        assert_eq!(peer.result(json!({"op": "peers"})), json!([]));
        assert!(peer.result(json!({"op": "stats"}))["tls_errors"].as_u64() > Some(0));
    }
}

#[test]
fn an_authority_vouches_for_the_name_that_was_dialled() {
    let folder = std::env::temp_dir().join(format!("peer-ca-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    std::fs::write(path("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    for (file, name) in [("good", "localhost"), ("bad", "elsewhere.example")] {
        let key = rcgen::KeyPair::generate().unwrap();
        let cert = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        std::fs::write(path(&format!("{file}.pem")), cert.pem()).unwrap();
        std::fs::write(path(&format!("{file}.key")), key.serialize_pem()).unwrap();
    }
    let mut peers = ["good", "bad"].map(|file| {
        let (cert, key, ca) = (path(&format!("{file}.pem")), path(&format!("{file}.key")), path("ca.pem"));
        let server = with(&[
            "mesh",
            "--json",
            "-q",
            "--tls",
            "--host",
            "localhost",
            "--port",
            "0",
            "--cert",
            &cert,
            "--key",
            &key,
        ]);
        let seed = format!("tls:localhost:{}", server.ready["addr"][1]);
        let client = with(&["mesh", "--json", "-q", "--tls", "--port", "0", "--ca", &ca, "-s", &seed]);
        (server, client)
    });
    peers[0].1.has_peers(1);
    let error = peers[1].1.event("error");
    assert!(error["error"].as_str().unwrap().contains("--ca"), "{error} within {PATIENCE:?}");
    std::fs::remove_dir_all(&folder).unwrap();
}
