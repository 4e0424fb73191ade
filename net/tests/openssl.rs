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
