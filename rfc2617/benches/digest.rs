//! What one authenticated request costs a server, and its parts.

use divan::{Bencher, black_box};
use rfc2617::*;
use wire::{Instant, Rng};

const REQUEST: Request<'static> = Request { method: "REGISTER", uri: "sip:atlanta.example", body: b"" };

fn main() {
    divan::main();
}

fn lines(algorithm: &str) -> (Server, Vec<String>) {
    let mut config = ServerConfig::new("atlanta.example");
    config.algorithms = vec![Algorithm::from_name(algorithm)];
    let mut server = Server::new(config, Rng::from_u64(1));
    let mut client = Client::new(ClientConfig::default(), Rng::from_u64(2));
    client.add(Account::new("alice", "wonderland"));
    let challenges = server.challenges(Instant::ZERO, false);
    let mut all = client.answer(Party::Server, &challenges, &[], &REQUEST).unwrap_or_default();
    all.extend((0..999).flat_map(|_| client.authorize(Party::Server, &REQUEST)));
    (server, all.iter().map(Credentials::to_string).collect())
}

/// Parse the header, look up, hash, compare, check the nonce and its count.
#[divan::bench(args = ["MD5", "SHA-256", "SHA-512-256"], sample_count = 20)]
fn verify_1000(bencher: Bencher, algorithm: &str) {
    bencher.with_inputs(|| lines(algorithm)).bench_local_values(|(mut server, lines)| {
        for line in &lines {
            let credentials = Credentials::parse(line).ok();
            let verdict = server
                .verify(Instant::ZERO, credentials.as_slice(), &REQUEST, |_| Some(Account::new("alice", "wonderland")));
            assert!(matches!(verdict, Verdict::Accepted(_)));
        }
    });
}

#[divan::bench]
fn parse_credentials(bencher: Bencher) {
    let (_, lines) = lines("SHA-256");
    bencher.bench(|| Credentials::parse(black_box(&lines[0])));
}

#[divan::bench]
fn challenge(bencher: Bencher) {
    let (mut server, _) = lines("SHA-256");
    bencher.bench_local(|| server.challenges(Instant::ZERO, false).first().map(Challenge::to_string));
}
