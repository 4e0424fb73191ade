//! Names to addresses, by the operating system's resolver, a bounded number at a time.
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use wire::{Input, QueryId, ResolveError};

use crate::io::{Io, Kind, Source};

pub(crate) struct Lookup {
    query: QueryId,
    running: Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>,
}

#[derive(Default)]
pub(crate) struct Lookups {
    running: usize,
    waiting: VecDeque<(QueryId, String, u16)>,
}

impl Io {
    pub fn look_up(&mut self, query: QueryId, host: String, port: u16) {
        let literal: Result<IpAddr, _> = host.trim_start_matches('[').trim_end_matches(']').parse();
        if let Ok(ip) = literal {
            self.pending.push_back(Input::Resolved { query, answer: Ok(vec![SocketAddr::new(ip, port)]) });
        } else if self.lookups.running < self.config.lookups.max(1) {
            self.start_lookup(query, host, port);
        } else if self.lookups.waiting.len() < self.config.lookup_queue {
            self.lookups.waiting.push_back((query, host, port));
        } else {
            self.stats.lookup_errors += 1;
            self.pending.push_back(Input::Resolved { query, answer: Err(ResolveError::Unavailable) });
        }
    }

    fn start_lookup(&mut self, query: QueryId, host: String, port: u16) {
        let timeout = self.config.lookup_timeout;
        let running = Box::pin(async move {
            let lookup = async { Ok(tokio::net::lookup_host((host, port)).await?.collect()) };
            tokio::time::timeout(timeout, lookup).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        });
        self.lookups.running += 1;
        self.insert(Kind::Lookup(Lookup { query, running }));
    }

    pub fn lookup_advance(&mut self, slot: usize) -> Option<Input> {
        let Some(Source { waker, kind: Kind::Lookup(lookup), .. }) = self.sources.at(slot) else { return None };
        let Poll::Ready(result) = lookup.running.as_mut().poll(&mut Context::from_waker(waker)) else { return None };
        let query = lookup.query;
        self.remove(slot);
        self.lookups.running -= 1;
        if let Some((query, host, port)) = self.lookups.waiting.pop_front() {
            self.start_lookup(query, host, port);
        }
        let answer = answer(result);
        *(if answer.is_ok() { &mut self.stats.lookups } else { &mut self.stats.lookup_errors }) += 1;
        Some(Input::Resolved { query, answer })
    }
}

/// The resolver's errors say little: those that carry no code of the operating system mean that the name has no
/// address, as far as anybody can tell.
fn answer(result: io::Result<Vec<SocketAddr>>) -> Result<Vec<SocketAddr>, ResolveError> {
    match result {
        Ok(mut addresses) => {
            let mut seen = Vec::with_capacity(addresses.len());
            addresses.retain(|address| {
                !seen.contains(address) && {
                    seen.push(*address);
                    true
                }
            });
            if addresses.is_empty() { Err(ResolveError::NotFound) } else { Ok(addresses) }
        }
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(ResolveError::Unavailable),
        Err(error) if error.to_string().contains("Temporary failure") => Err(ResolveError::Unavailable),
        Err(_) => Err(ResolveError::NotFound),
    }
}
