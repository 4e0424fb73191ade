//! What comes back: responses, failures, CANCEL and timers (RFC 3261 sections 16.7 to 16.10).

use wire::Instant;

use super::context::BranchState;
use super::machine::Proxy;
use super::router::Router;
use crate::endpoint::{ClientId, ServerId};
use crate::message::{Name, Response, Status, Via};

impl<R: Router> Proxy<R> {
    //= rfc3261#16.7/steps MUST
    //# Context, timer, Via, store, forward, in the order of this function and of those that it calls.
    //= rfc3261#16.7/nothing-else MUST NOT
    //# All else goes into `Best` and waits there.
    //= rfc6026#7.3/match-responses MUST
    //# The endpoint has found the client transaction.
    //= rfc6026#8.9/discard-stray MUST
    //# One that matches none never comes here.
    pub(super) fn on_response(&mut self, now: Instant, client: ClientId, mut response: Response) {
        let Some(&(id, at)) = self.branches.get(&client) else { return };
        let _ours = response.headers.pop::<Via>();
        if response.headers.raw(Name::Via).is_none() {
            //= rfc3261#16.7/last-via MUST NOT
            //# Nobody to send it to.
            return;
        }
        match response.status.0 {
            ..200 => self.on_provisional(now, id, at, response),
            200..300 => self.on_success(now, id, at, response),
            _ => self.on_final(now, id, at, response),
        }
    }

    fn on_provisional(&mut self, now: Instant, id: ServerId, at: usize, response: Response) {
        let Some(context) = self.contexts.get_mut(&id) else { return };
        let Some(branch) = context.branches.get_mut(at) else { return };
        if let BranchState::Calling(client) = branch.state {
            branch.state = BranchState::Proceeding(client);
        }
        //= rfc3261#16.7/no-100 MUST NOT
        //# It ends here.
        if response.status.0 == 100 {
            return;
        }
        let is_answered = context.is_answered;
        if context.is_invite && matches!(branch.state, BranchState::Proceeding(_)) {
            //= rfc3261#16.7/timer-c-reset MUST
            //# For 101 to 199.
            self.set_timer(now + self.config.timer_c, id, at);
        }
        //= rfc3261#16.7/forward-at-once MUST
        //# Every 1xx but 100, and in the next function every 2xx.
        if !is_answered {
            self.respond(now, id, response);
        }
    }

    fn on_success(&mut self, now: Instant, id: ServerId, at: usize, response: Response) {
        self.clear_timer(id, at);
        let Some(context) = self.contexts.get_mut(&id) else { return };
        let Some(branch) = context.branches.get_mut(at) else { return };
        let was_answered = context.is_answered;
        match branch.client().filter(|_| context.is_invite) {
            // The transaction goes on to hand up repetitions, and 2xx of further branches downstream.
            Some(client) => branch.state = BranchState::Accepted(client),
            None => self.forget_client(id, at),
        }
        //= rfc3261#16.7/forward-late-2xx MUST
        //# To an INVITE also after a final response.
        let is_invite = self.contexts.get(&id).is_some_and(|c| c.is_invite);
        if is_invite || !was_answered {
            self.respond(now, id, response);
        }
        //= rfc3261#16.7/cancel-rest MUST
        //# Whatever still rings.
        self.cancel_rest(now, id);
        if let Some(context) = self.contexts.get_mut(&id) {
            context.answered();
        }
        self.settle(now, id);
    }

    /// A final response other than 2xx.
    fn on_final(&mut self, now: Instant, id: ServerId, at: usize, response: Response) {
        let status = response.status.0;
        self.forget_client(id, at);
        let Some(context) = self.contexts.get_mut(&id) else { return };
        let has_more = context.branches.get(at).is_some_and(|b| !b.more.is_empty());
        if status == 503 && has_more && !context.is_cancelled && !context.is_answered {
            return self.try_next(now, id, at);
        }
        self.end_with(now, id, at, response);
    }

    /// A branch got no response: its transaction timed out or its transport failed.
    pub(super) fn on_failure(&mut self, now: Instant, client: ClientId, status: u16) {
        let Some(&(id, at)) = self.branches.get(&client) else { return };
        self.forget_client(id, at);
        let Some(context) = self.contexts.get_mut(&id) else { return };
        let has_more = context.branches.get(at).is_some_and(|b| !b.more.is_empty());
        if has_more && !context.is_cancelled && !context.is_answered {
            return self.try_next(now, id, at);
        }
        self.end_branch(now, id, at, status);
    }

    /// Ends a branch as if a response with that status had come.
    pub(super) fn end_branch(&mut self, now: Instant, id: ServerId, at: usize, status: u16) {
        let Some(request) = self.contexts.get(&id).and_then(|c| c.request.as_ref()) else {
            self.forget_client(id, at);
            return self.settle(now, id);
        };
        let status = match self.contexts.get(&id).is_some_and(|c| c.is_cancelled) {
            true => 487,
            false => status,
        };
        let response = Response::to_request(request, Status(status));
        self.end_with(now, id, at, response);
    }

    fn end_with(&mut self, now: Instant, id: ServerId, at: usize, response: Response) {
        self.forget_client(id, at);
        let Some(context) = self.contexts.get_mut(&id) else { return };
        if context.is_answered {
            return self.settle(now, id);
        }
        context.best.add(response);
        if context.best.is_global() {
            //= rfc3261#16.7/6xx-no-branches MUST NOT
            //# No target is left to try.
            context.targets.clear();
            //= rfc3261#16.7/cancel-on-6xx SHOULD
            //# It goes back itself once the others have ended.
            //= rfc3261#16.7/6xx-cancels SHOULD
            //# The same.
            self.cancel_rest(now, id);
        }
        self.advance(now, id);
    }

    /// Marks a branch as over and lets go of its transaction.
    fn forget_client(&mut self, id: ServerId, at: usize) {
        self.clear_timer(id, at);
        let Some(branch) = self.contexts.get_mut(&id).and_then(|c| c.branches.get_mut(at)) else { return };
        if let Some(client) = branch.client() {
            self.branches.remove(&client);
        }
        branch.state = BranchState::Done;
    }

    /// Answers when all branches have ended, and forgets what is over.
    //= rfc3261#16.7/best MUST
    //# Whenever a branch ends.
    //= rfc3261#16.7/keep-context MUST
    //# Until no branch has a transaction that could bring anything more.
    pub(super) fn settle(&mut self, now: Instant, id: ServerId) {
        let Some(context) = self.contexts.get(&id) else { return };
        if !context.is_answered && context.is_exhausted() {
            //= rfc3261#16.7/best-none MUST
            //# The status for a context without any response.
            let none = if context.is_cancelled { 487 } else { 408 };
            return self.close(now, id, none);
        }
        if context.is_over() {
            self.contexts.remove(&id);
        }
    }

    /// Sends the best final response, or without any one with status `none`, and forgets the context.
    //= rfc3261#16.7/best-steps MUST
    //# `Best` has aggregated; Record-Route is not rewritten.
    pub(super) fn close(&mut self, now: Instant, id: ServerId, none: u16) {
        let Some(mut context) = self.contexts.remove(&id) else { return };
        let Some(request) = context.request.take() else { return };
        match context.best.take() {
            //= rfc3261#16.7/503-kept-back SHOULD NOT
            //# It speaks of one target, not of this proxy.
            //= rfc3261#16.7/503-as-500 SHOULD
            //# What the sender sees instead.
            Some(response) if response.status.0 == 503 => self.refuse(now, id, &request, 500, None),
            Some(response) => {
                self.stats.responses += 1;
                self.reply(now, id, &request, response);
            }
            None => self.refuse(now, id, &request, none, None),
        }
    }

    //= rfc3261#16.7/server-transaction MUST
    //# The endpoint repeats it as that transaction demands.
    //= rfc3261#16.7/forwarded-steps MUST
    //# Record-Route says both sides from the beginning, so that nothing is to be rewritten here.
    //= rfc3261#16.7/at-once-steps MUST
    //# There is nothing to aggregate in a 1xx or 2xx, nor to rewrite.
    //= rfc3261#16.7/no-own-tag MUST NOT
    //# The response goes on as it came, less our Via.
    //= rfc3261#16.7/tag-unchanged MUST NOT
    //# The response goes on as it came, less our Via.
    //= rfc3261#16.7/tag-of-request MUST NOT
    //# The response goes on as it came, less our Via.
    //= rfc3261#16.7/keep-body MUST NOT
    //# The response goes on as it came, less our Via.
    //= rfc3261#16.7/keep-headers MUST NOT
    //# The response goes on as it came, less our Via.
    //= rfc3261#16.7/keep-received MUST NOT
    //# The response goes on as it came, less our Via.
    //= rfc3261#16.7/record-route-rules MUST
    //# Values are those of the request.
    //= rfc4320#4.2/no-late-forwarding MUST NOT
    //# Without a live server transaction the endpoint sends nothing.
    fn respond(&mut self, now: Instant, id: ServerId, response: Response) {
        self.stats.responses += 1;
        let _gone_meanwhile = self.endpoint.respond(now, id, response);
    }

    /// Cancels every branch that waits.
    fn cancel_rest(&mut self, now: Instant, id: ServerId) {
        let Some(context) = self.contexts.get_mut(&id) else { return };
        context.targets.clear();
        let is_invite = context.is_invite;
        let mut waiting = Vec::new();
        for (at, branch) in context.branches.iter_mut().enumerate() {
            branch.more.clear();
            if let Some(when) = branch.timer.take() {
                self.timers.remove(&(when, id, at));
            }
            match branch.state {
                BranchState::Resolving => branch.state = BranchState::Done,
                BranchState::Calling(client) | BranchState::Proceeding(client) if is_invite => {
                    branch.state = BranchState::Cancelled(client);
                    waiting.push(client);
                }
                _ => {}
            }
        }
        for client in waiting {
            let _ended_meanwhile = self.endpoint.cancel(now, client);
        }
    }

    /// The sender of an INVITE has cancelled it; the endpoint has answered the CANCEL.
    //= rfc3261#16.10/pending MUST
    //# Found by the transaction that the CANCEL names.
    //= rfc3261#16.10/generate MUST
    //# The same as after a final response.
    //= rfc3261#16.10/answer-200 MUST
    //# By the endpoint, before it tells of it.
    pub(super) fn on_cancel(&mut self, now: Instant, id: ServerId) {
        let Some(context) = self.contexts.get_mut(&id) else { return };
        if context.is_answered {
            return;
        }
        self.stats.cancelled += 1;
        context.is_cancelled = true;
        context.is_undecided = false;
        self.cancel_rest(now, id);
        self.settle(now, id);
    }

    /// A client transaction is gone.
    pub(super) fn on_client_over(&mut self, now: Instant, client: ClientId) {
        let Some(&(id, at)) = self.branches.get(&client) else { return };
        self.forget_client(id, at);
        self.settle(now, id);
    }

    /// A server transaction is gone: nobody waits for an answer any more.
    pub(super) fn on_server_over(&mut self, now: Instant, id: ServerId) {
        let Some(context) = self.contexts.get_mut(&id) else { return };
        if !context.is_answered {
            context.answered();
            self.cancel_rest(now, id);
        }
        self.settle(now, id);
    }

    pub(super) fn set_timer(&mut self, when: Instant, id: ServerId, at: usize) {
        self.clear_timer(id, at);
        if let Some(branch) = self.contexts.get_mut(&id).and_then(|c| c.branches.get_mut(at)) {
            branch.timer = Some(when);
            self.timers.insert((when, id, at));
        }
    }

    pub(super) fn clear_timer(&mut self, id: ServerId, at: usize) {
        let branch = self.contexts.get_mut(&id).and_then(|c| c.branches.get_mut(at));
        if let Some(when) = branch.and_then(|b| b.timer.take()) {
            self.timers.remove(&(when, id, at));
        }
    }

    /// Fires every timer C that is due.
    //= rfc3261#16.8/fires MUST
    //# The transaction ends one way or the other; the timer is not started anew.
    pub(super) fn fire(&mut self, now: Instant) {
        while let Some(due) = self.timers.first().copied().filter(|(when, ..)| *when <= now) {
            self.timers.remove(&due);
            let (_, id, at) = due;
            let Some(branch) = self.contexts.get_mut(&id).and_then(|c| c.branches.get_mut(at)) else { continue };
            self.stats.timer_c += 1;
            branch.timer = None;
            branch.more.clear();
            match branch.state {
                //= rfc3261#16.8/fires-cancel MUST
                //# The final response, or the silence, to the CANCEL ends the branch.
                BranchState::Proceeding(client) => {
                    branch.state = BranchState::Cancelled(client);
                    let _ended_meanwhile = self.endpoint.cancel(now, client);
                }
                //= rfc3261#16.8/fires-408 MUST
                //# A branch that never heard anything.
                BranchState::Calling(client) => {
                    let _ended_meanwhile = self.endpoint.cancel(now, client);
                    self.end_branch(now, id, at, 408);
                }
                BranchState::Resolving => self.end_branch(now, id, at, 503),
                _ => {}
            }
        }
    }
}
