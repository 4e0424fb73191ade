//! OpenSSL as the other side, where it is installed.
#![cfg(feature = "tls")]
mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::tls::{anyone, certify, trusting};
use common::{Puppet, beside, loopback, next, pieces};
use net::{Config, Driver, Trust};
use wire::{CloseReason, ConnId, Input, Transport};

/// Whether the tests can run; says so when they cannot.
fn installed() -> bool {
    let found = Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: openssl is not installed");
    }
    found
}

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("net-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn its_client_verifies_us_and_is_answered() {
    if !installed() {
        return;
    }
    let certified = certify(&["localhost"]);
    let folder = Folder::new("client");
    let root = folder.file("root.pem", &certified.root);
    for version in ["-tls1_2", "-tls1_3"] {
        let mut driver = Driver::with_config(Puppet::echo(), certified.server());
        let address = driver.listen(Transport::Tls, loopback()).unwrap();
        let root = root.clone();
        let work = move || {
            let mut command = Command::new("openssl");
            command.args(["s_client", version, "-quiet", "-verify_return_error", "-verify_hostname", "localhost"]);
            command.arg("-CAfile").arg(root).arg("-connect").arg(address.to_string());
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
            let mut answer = [0; 6];
            child.stdin.as_mut().unwrap().write_all(b"hello\n").unwrap();
            let read = child.stdout.as_mut().unwrap().read_exact(&mut answer);
            child.kill().unwrap();
            child.wait().unwrap();
            read.map(|()| answer)
        };
        let (answer, told) = beside(&mut driver, work).await;
        assert_eq!(&answer.unwrap(), b"hello\n", "{version}");
        assert_eq!(pieces(&told, ConnId::inbound(0)).concat(), b"hello\n");
    }
}

/// A server that echoes lines backwards, once it listens.
fn server(folder: &Path, arguments: &[&str]) -> (Child, std::net::SocketAddr) {
    let address = TcpListener::bind(loopback()).unwrap().local_addr().unwrap();
    let mut command = Command::new("openssl");
    command.args(["s_server", "-rev", "-cipher", "DEFAULT@SECLEVEL=0", "-accept"]).arg(address.to_string());
    command.arg("-cert").arg(folder.join("cert.pem")).arg("-key").arg(folder.join("key.pem")).args(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    for line in BufReader::new(child.stdout.as_mut().unwrap()).lines() {
        if line.unwrap().contains("ACCEPT") {
            break;
        }
    }
    (child, address)
}

async fn ask(config: Config, address: std::net::SocketAddr) -> Result<Vec<u8>, CloseReason> {
    let mut driver = Driver::with_config(Puppet::default(), config);
    let conn = driver.machine_mut().connect_over(Transport::Tls, 0, address);
    driver.machine_mut().write(conn, "abc\n");
    let mut answer = Vec::new();
    loop {
        match next(&mut driver).await {
            Input::Stream { data, .. } => answer.extend(data),
            Input::Closed { reason, .. } => return Err(reason),
            _ => {}
        }
        if answer.ends_with(b"\n") {
            return Ok(answer);
        }
    }
}

#[tokio::test]
async fn its_server_answers_even_with_a_certificate_too_weak_to_check() {
    if !installed() {
        return;
    }
    let folder = Folder::new("server");
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| folder.0.join(name));
    let mut make = Command::new("openssl");
    make.args(["req", "-x509", "-nodes", "-newkey", "rsa:1024", "-sha1", "-days", "2", "-subj", "/CN=example.org"]);
    let made = make.arg("-out").arg(&certificate).arg("-keyout").arg(&key).stderr(Stdio::null()).status().unwrap();
    if !made.success() {
        return eprintln!("skipped: this openssl makes no certificate of RSA-1024 and SHA-1");
    }
    let pem = std::fs::read(&certificate).unwrap();
    for arguments in [&["-tls1_2"], &["-tls1_3"]] {
        let (mut child, address) = server(&folder.0, arguments);
        let anyone = ask(anyone(), address).await;
        let checked = ask(trusting(Trust::roots(&pem).unwrap_or(Trust::System)), address).await;
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(anyone.as_deref(), Ok(&b"cba\n"[..]), "{arguments:?}");
        assert_eq!(checked, Err(CloseReason::Untrusted), "{arguments:?}");
    }
}

/// What OpenSSL's server exports, and what our client hears, of one connection.
async fn bindings(folder: &Path, arguments: &[&str], conf: Option<&Path>) -> (String, Box<wire::Secured>) {
    let address = TcpListener::bind(loopback()).unwrap().local_addr().unwrap();
    let mut command = Command::new("openssl");
    command.args(["s_server", "-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32", "-accept"]);
    command.arg(address.to_string()).arg("-cert").arg(folder.join("cert.pem")).arg("-key").arg(folder.join("key.pem"));
    command.args(arguments).env("OPENSSL_CONF", conf.unwrap_or(Path::new("/dev/null")));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.by_ref().any(|line| line.unwrap().contains("ACCEPT")));
    // Nothing is agreed on in the clear here: TLS begins with the first byte, and yet in the middle of a connection.
    let react = |input: &Input| match input {
        Input::Opened { conn, .. } => vec![wire::Output::Upgrade { conn: *conn }],
        _ => Vec::new(),
    };
    let mut driver = Driver::with_config(Puppet { react, ..Puppet::default() }, anyone());
    driver.machine_mut().connect(0, address);
    let session = loop {
        match next(&mut driver).await {
            Input::Secured { session, .. } => break session,
            Input::Opened { .. } => {}
            other => panic!("{arguments:?}: {other:?} {:?}", driver.failure(ConnId::outbound(0))),
        }
    };
    let exported = lines
        .map_while(Result::ok)
        .find_map(|line| line.trim().strip_prefix("Keying material: ").map(str::to_lowercase));
    child.kill().unwrap();
    child.wait().unwrap();
    (exported.unwrap(), session)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn make(folder: &Path, arguments: &[&str]) -> bool {
    let mut make = Command::new("openssl");
    make.args(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=wonderland.example"]).args(arguments);
    make.arg("-out").arg(folder.join("cert.pem")).arg("-keyout").arg(folder.join("key.pem")).stderr(Stdio::null());
    make.status().unwrap().success()
}

//= rfc9266#2/inputs test
//= rfc9266#2/unique-secrets test
//= rfc7677#4/session-hash test
#[tokio::test]
async fn its_server_exports_what_we_are_told() {
    if !installed() {
        return;
    }
    let folder = Folder::new("exporter");
    assert!(make(&folder.0, &["-newkey", "rsa:2048"]));
    let suites = [
        &["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"][..],
        &["-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384"],
        &["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"],
        &["-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"],
    ];
    for arguments in suites {
        let (exported, session) = bindings(&folder.0, arguments, None).await;
        assert_eq!(session.exporter.map(|exporter| hex(&exporter)), Some(exported), "{arguments:?}");
        assert_eq!(session.tls13, arguments[0] == "-tls1_3");
    }
    // Without the extended master secret the number is the same, but identifies nothing.
    let text = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nOptions = -ExtendedMasterSecret\n";
    let conf = folder.file("openssl.cnf", text);
    let (_, session) = bindings(&folder.0, &["-tls1_2"], Some(&conf)).await;
    assert_eq!((session.tls13, session.exporter), (false, None));
    assert!(session.end_point.is_some());
}

//= rfc5929#4.1/certificate test
//= rfc5929#4.1/own-hash test
//= rfc5929#4.1/weak-hash test
#[tokio::test]
async fn the_end_point_is_the_hash_that_it_computes_too() {
    if !installed() {
        return;
    }
    let folder = Folder::new("end-point");
    let kinds: [(&[&str], &str); 8] = [
        (&["-newkey", "rsa:2048", "-md5"], "-sha256"),
        (&["-newkey", "rsa:2048", "-sha1"], "-sha256"),
        (&["-newkey", "rsa:2048", "-sha256"], "-sha256"),
        (&["-newkey", "rsa:2048", "-sha384"], "-sha384"),
        (&["-newkey", "rsa:2048", "-sha512"], "-sha512"),
        (&["-newkey", "rsa:2048", "-sha384", "-sigopt", "rsa_padding_mode:pss"], "-sha384"),
        (&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-sha384"], "-sha384"),
        (&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-sha1"], "-sha256"),
    ];
    for (kind, hash) in kinds {
        if !make(&folder.0, kind) {
            eprintln!("skipped: this openssl makes no certificate with {kind:?}");
            continue;
        }
        let (_, session) = bindings(&folder.0, &["-cipher", "DEFAULT@SECLEVEL=0"], None).await;
        let mut command = Command::new("openssl");
        command.args(["x509", "-noout", "-fingerprint", hash, "-in"]).arg(folder.0.join("cert.pem"));
        let printed = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let print = printed.trim().split('=').nth(1).unwrap().replace(':', "").to_lowercase();
        assert_eq!(session.end_point.as_deref().map(hex), Some(print), "{kind:?}");
    }
}

//= rfc5929#4.1/no-hash test
#[tokio::test]
async fn a_signature_without_a_hash_function_gives_no_end_point() {
    if !installed() {
        return;
    }
    let folder = Folder::new("no-hash");
    if !make(&folder.0, &["-newkey", "ed25519"]) {
        return eprintln!("skipped: this openssl makes no Ed25519 certificate");
    }
    let (_, session) = bindings(&folder.0, &[], None).await;
    assert!(session.end_point.is_none() && session.exporter.is_some());
}
