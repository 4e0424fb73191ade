//! The best of the responses that were not forwarded at once (RFC 3261 section 16.7, steps 6 and 7).

use bytestring::ByteString;

use crate::message::{Name, Response};

/// Collects final responses and keeps the best.
#[derive(Debug, Default)]
pub(super) struct Best {
    response: Option<Box<Response>>,
    /// Challenges of 401 and 407 responses other than the best, with the header that they came in.
    challenges: Vec<(Name, ByteString)>,
}

impl Best {
    /// Takes a final response other than 2xx, with our Via removed.
    //= rfc3261#16.7/best-stored MUST
    //# Every failure comes by here; the better of two stays.
    pub fn add(&mut self, response: Response) {
        let worse = match self.response.take() {
            Some(kept) if rank(kept.status.0) <= rank(response.status.0) => {
                self.response = Some(kept);
                Some(Box::new(response))
            }
            kept => {
                self.response = Some(Box::new(response));
                kept
            }
        };
        //= rfc3261#16.7/aggregate MUST
        //# Challenges of the response that loses are kept, and join the winner at the end if that is a challenge too.
        if let Some(worse) = worse.filter(|w| matches!(w.status.0, 401 | 407)) {
            self.keep_challenges(&worse);
        }
    }

    /// The best response so far with all challenges; `None` when there is none worth forwarding, or just a 503.
    //= rfc3261#22.3/forward-407 MUST
    //# It is a failure like any other, and preferred to most.
    //= rfc3261#22.3/aggregate MUST
    //# All challenges of all branches.
    pub fn take(&mut self) -> Option<Response> {
        let mut response = *self.response.take()?;
        if matches!(response.status.0, 401 | 407) {
            for (name, value) in self.challenges.drain(..) {
                response.headers.push(name, value);
            }
        }
        Some(response)
    }

    /// Whether a 6xx is among them, which ends the search.
    pub fn is_global(&self) -> bool {
        self.response.as_ref().is_some_and(|r| r.status.0 >= 600)
    }

    fn keep_challenges(&mut self, response: &Response) {
        for name in [Name::WwwAuthenticate, Name::ProxyAuthenticate] {
            for value in response.headers.raw_all(name.clone()) {
                if self.challenges.len() < MAX_CHALLENGES {
                    self.challenges.push((name.clone(), ByteString::from(value)));
                }
            }
        }
    }
}

/// The lower the better.
//= rfc3261#16.7/best-6xx MUST
//# Before everything else.
//= rfc3261#16.7/best-any MAY
//# The first, unless another says more.
//= rfc3261#16.7/best-lowest SHOULD
//# Then by class.
//= rfc3261#16.7/best-informative SHOULD
//# Within 4xx, what helps to send again comes first, and the silence of a branch last.
fn rank(status: u16) -> u16 {
    let within = match status {
        401 | 407 => 0,
        415 | 420 | 484 => 1,
        408 | 487 | 503 => 3,
        _ => 2,
    };
    match status / 100 {
        6 => within,
        class => class * 10 + within,
    }
}

const MAX_CHALLENGES: usize = 32;
