//! The response context: what the proxy knows of one request while its copies are under way (RFC 3261 section 16.6).

use std::collections::VecDeque;

use wire::Instant;

use super::best::Best;
use super::router::Fork;
use crate::endpoint::{ClientId, Source, Target};
use crate::message::{Method, Request};

/// One request and its branches.
#[derive(Debug)]
pub(super) struct Context {
    /// As received, after route preprocessing: what every copy starts from. Gone once a final response was sent.
    pub request: Option<Box<Request>>,
    pub source: Source,
    pub is_invite: bool,
    /// The way on that a Route value of ours stood for.
    pub flow: Option<Target>,
    /// The end of our branches, which tells a loop from a spiral.
    pub mark: String,
    /// Targets not tried yet, most preferred first.
    pub targets: VecDeque<Fork>,
    pub branches: Vec<Branch>,
    pub best: Best,
    /// Whether a final response was sent.
    pub is_answered: bool,
    /// Whether its sender has cancelled it.
    pub is_cancelled: bool,
    /// Whether the router has yet to decide.
    pub is_undecided: bool,
    /// Max-Breadth that branches at work may share.
    pub breadth: u32,
}

/// One copy of the request, under way to one target.
#[derive(Debug)]
pub(super) struct Branch {
    pub fork: Fork,
    pub state: BranchState,
    /// The share of Max-Breadth that it has.
    pub breadth: u32,
    /// Addresses of the target not tried yet.
    pub more: VecDeque<Target>,
    /// When timer C, or the wait for the end of a cancelled request, fires.
    pub timer: Option<Instant>,
}

/// Where a branch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BranchState {
    /// The address of its target is being looked up.
    Resolving,
    /// Sent.
    Calling(ClientId),
    /// A provisional response came.
    Proceeding(ClientId),
    /// CANCEL is asked for.
    Cancelled(ClientId),
    /// A 2xx to the INVITE came; more may follow.
    Accepted(ClientId),
    /// Over.
    Done,
}

impl Branch {
    pub fn client(&self) -> Option<ClientId> {
        match self.state {
            BranchState::Resolving | BranchState::Done => None,
            BranchState::Calling(id)
            | BranchState::Proceeding(id)
            | BranchState::Cancelled(id)
            | BranchState::Accepted(id) => Some(id),
        }
    }

    /// Whether its final response is still to come.
    pub fn is_open(&self) -> bool {
        !matches!(self.state, BranchState::Done | BranchState::Accepted(_))
    }
}

impl Context {
    pub fn new(request: Request, source: Source, flow: Option<Target>, mark: String, breadth: u32) -> Context {
        Context {
            is_invite: request.method == Method::Invite,
            request: Some(Box::new(request)),
            source,
            flow,
            mark,
            targets: VecDeque::new(),
            branches: Vec::new(),
            best: Best::default(),
            is_answered: false,
            is_cancelled: false,
            is_undecided: false,
            breadth,
        }
    }

    /// Takes the target set: most preferred first, nothing twice, at most `max`.
    //= rfc3261#16.5/once MUST NOT
    //# Compared with every earlier target by the rules for URIs.
    pub fn aim(&mut self, mut forks: Vec<Fork>, max: usize) {
        if forks.len() > 1 {
            forks.sort_by_key(|fork| std::cmp::Reverse(fork.q));
        }
        self.targets.reserve_exact(forks.len().min(max));
        for fork in forks {
            if self.targets.len() >= max {
                break;
            }
            if !self.targets.iter().any(|t| t.uri.matches(&fork.uri) && t.flow == fork.flow) {
                self.targets.push_back(fork);
            }
        }
    }

    /// The next targets to try at once, with the Max-Breadth of each: those of highest preference, when no branch is
    /// open, and as many as the breadth suffices for.
    //= rfc3261#16.1/fork MAY
    //# To as many targets as the breadth suffices for.
    //= rfc3261#16.6/any-order MAY
    //# Groups by q one after another, each at once.
    //= rfc5393#5.3.3/sum MUST NOT
    //# What open branches hold is taken off before the rest is split.
    //= rfc3428#6/fork MAY
    //# A MESSAGE like any other request.
    //= rfc5393#5.3.3.1/reuse SHOULD
    //# An ended branch is no longer counted.
    pub fn next_group(&mut self) -> Vec<(Fork, u32)> {
        let open = || self.branches.iter().filter(|b| b.is_open());
        let group = match (open().map(|b| b.fork.q).max(), self.targets.front()) {
            (_, None) => return Vec::new(),
            (Some(q), Some(next)) if next.q < q => return Vec::new(),
            (_, Some(next)) => next.q,
        };
        let free = self.breadth.saturating_sub(open().map(|b| b.breadth).sum());
        let same = self.targets.iter().take_while(|t| t.q == group).count();
        let count = same.min(free as usize);
        let shares = u32::try_from(count).unwrap_or(u32::MAX).max(1);
        //= rfc5393#5.3.3/distribute MAY
        //# Evenly.
        //= rfc5393#5.3.3/no-shrinking SHOULD NOT
        //# All that is free is shared out.
        let (each, over) = (free / shares, free % shares);
        let with_share = |(i, fork)| (fork, each + u32::from((i as u32) < over));
        self.targets.drain(..count).enumerate().map(with_share).collect()
    }

    /// Lets go of what is of no use after the final response: the context may have to wait for half a minute yet.
    pub fn answered(&mut self) {
        self.is_answered = true;
        self.request = None;
        self.targets = VecDeque::new();
        self.mark = String::new();
        for branch in &mut self.branches {
            branch.more = VecDeque::new();
        }
    }

    /// Whether nothing can come any more that would change the answer.
    pub fn is_exhausted(&self) -> bool {
        !self.is_undecided && self.targets.is_empty() && !self.branches.iter().any(Branch::is_open)
    }

    /// Whether nothing at all can come any more.
    pub fn is_over(&self) -> bool {
        self.is_answered && self.branches.iter().all(|b| b.state == BranchState::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(breadth: u32) -> Context {
        let request = Request::new(Method::Invite, "sip:a@b.example".parse().unwrap());
        let source = Source {
            transport: wire::Transport::Udp,
            remote: "192.0.2.1:1".parse().unwrap(),
            local: "192.0.2.2:2".parse().unwrap(),
            conn: None,
        };
        Context::new(request, source, None, String::new(), breadth)
    }

    fn fork(uri: &str, q: u16) -> Fork {
        Fork { q, ..Fork::to(uri.parse().unwrap()) }
    }

    //= rfc3261#16.5/once test
    #[test]
    fn equal_targets_are_one() {
        let mut context = context(60);
        context.aim(vec![fork("sip:a@X.example", 5), fork("sip:a@x.example;foo=1", 5), fork("sip:A@x.example", 9)], 20);
        let left: Vec<u16> = context.targets.iter().map(|t| t.q).collect();
        assert_eq!(left, [9, 5]);
    }

    #[test]
    fn the_target_set_is_bounded() {
        let mut context = context(60);
        context.aim((0..100).map(|n| fork(&format!("sip:{n}@x.example"), 1000)).collect(), 20);
        assert_eq!(context.targets.len(), 20);
    }

    #[test]
    fn groups_follow_preference_and_breadth() {
        let mut context = context(3);
        context.aim((0..5).map(|n| fork(&format!("sip:{n}@x.example"), if n < 4 { 1000 } else { 500 })).collect(), 20);
        let first = context.next_group();
        assert_eq!(first.iter().map(|(_, breadth)| *breadth).collect::<Vec<_>>(), [1, 1, 1]);
        for (fork, breadth) in first {
            let state = BranchState::Resolving;
            context.branches.push(Branch { fork, state, breadth, more: VecDeque::new(), timer: None });
        }
        assert!(context.next_group().is_empty(), "no breadth is left");
        context.branches[0].state = BranchState::Done;
        assert_eq!(context.next_group().len(), 1, "what the ended branch had");
        context.branches.iter_mut().for_each(|b| b.state = BranchState::Done);
        assert_eq!(context.next_group()[0].1, 3, "then the next preference, with all of it");
    }
}
