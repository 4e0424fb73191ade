//! Which SIP port a line had, so that it has the same when its client comes again.

use std::collections::{BTreeMap, VecDeque};

/// The ports of lines by their path, the least recently used forgotten first.
#[derive(Debug)]
pub struct Ports {
    most: usize,
    known: BTreeMap<String, u16>,
    order: VecDeque<String>,
}

impl Ports {
    /// None yet; at most that many are remembered.
    pub fn new(most: usize) -> Ports {
        Ports { most: most.max(1), known: BTreeMap::new(), order: VecDeque::new() }
    }

    /// The port of a path; 0, which takes any, when it has none.
    pub fn of(&self, path: &str) -> u16 {
        self.known.get(path).copied().unwrap_or(0)
    }

    /// Remembers the port of a path.
    pub fn keep(&mut self, path: &str, port: u16) {
        if self.known.insert(path.to_owned(), port).is_some() {
            self.order.retain(|other| other != path);
        } else if self.known.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(path.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_is_forgotten() {
        let mut ports = Ports::new(2);
        ports.keep("a", 1);
        ports.keep("b", 2);
        ports.keep("a", 1);
        ports.keep("c", 3);
        assert_eq!((ports.of("a"), ports.of("b"), ports.of("c")), (1, 0, 3));
        for n in 0..100u16 {
            ports.keep(&n.to_string(), n);
        }
        assert_eq!((ports.known.len(), ports.order.len()), (2, 2));
    }
}
