//! The INVITE server transaction: RFC 3261 section 17.2.1 with the Accepted state of RFC 6026 section 7.1.

use super::{Action::*, On::*, State::*, Table, Timer::*, Transition, row};

/// Figure 7 of RFC 6026. The 100 that the figure sends on entry is the row of timer `Silent`.
pub static TABLE: Table = Table::new(ROWS);

//= rfc3261#17.2.1/trying MUST
//# Timer Silent runs out after 200 ms without a word of the core; its row sends the 100.
//= rfc3261#17.2.1/request-up MUST
//# `Deliver` in the row of Idle.
//= rfc3261#17.2.1/provisional-sent MUST
//# The row Proceeding, Provisional.
//= rfc3261#17.2.1/provisional-again MUST
//# The row Proceeding, Request; the kept message is the latest that was sent.
//= rfc3261#17.2.1/2xx-sent MUST
//# The row Proceeding, Success.
//= rfc3261#17.2.1/completed MUST
//# The row Proceeding, Failure.
//= rfc3261#17.2.1/timer-g MUST
//# `Arm(G)` there, and the row Completed, Fires(G).
//= rfc3261#17.2.1/timer-h MUST
//# `Arm(H)` there.
//= rfc3261#17.2.1/final-again SHOULD
//# The row Completed, Request.
//= rfc3261#17.2.1/confirmed MUST
//# The row Completed, Ack; Confirmed has no row for G, so G stops.
//= rfc3261#17.2.1/timer-h-fails MUST
//# The row Completed, Fires(H).
//= rfc3261#17.2.1/timer-i MUST
//# `Arm(I)` on the way to Confirmed, which absorbs all but its end.
//= rfc3261#17.2.1/timer-i-ends MUST
//# The only row of Confirmed.
//= rfc6026#6/error-keeps-state MUST NOT
//# No row of TransportError ends the machine.
//= rfc6026#7.1/accepted MUST
//# The row Proceeding, Success.
//= rfc6026#7.1/absorb-invite MUST
//# The row Accepted, Request does nothing.
//= rfc6026#7.1/no-own-2xx MUST NOT
//# Accepted has no timer but L.
//= rfc6026#7.1/2xx-again MUST
//# The row Accepted, Success.
//= rfc6026#7.1/ack-up MUST
//# The row Accepted, Ack.
//= rfc6026#7.1/timer-l-ends MUST
//# The row Accepted, Fires(L).
//= rfc6026#7.1/error-stays MUST
//# Each row of TransportError leads back to its own state.
//= rfc3261#17.2.4/inform SHOULD
//# `Fail` in the rows of TransportError, here and in the non-INVITE table.
const ROWS: &[Transition] = &[
    row(&[Idle], Start, Proceeding, &[Deliver, Arm(Silent)]),
    row(&[Proceeding], Fires(Silent), Proceeding, &[SendTrying]),
    row(&[Proceeding], Request, Proceeding, &[Resend]),
    row(&[Proceeding], Provisional, Proceeding, &[Send, Disarm(Silent)]),
    row(&[Proceeding], Success, Accepted, &[Send, Arm(L)]),
    row(&[Proceeding], Failure, Completed, &[Send, Arm(G), Arm(H)]),
    row(&[Proceeding], TransportError, Proceeding, &[Fail]),
    row(&[Accepted], Request, Accepted, &[]),
    row(&[Accepted], Ack, Accepted, &[Deliver]),
    row(&[Accepted], Success, Accepted, &[Send]),
    row(&[Accepted], TransportError, Accepted, &[Fail]),
    row(&[Accepted], Fires(L), Terminated, &[]),
    row(&[Completed], Request, Completed, &[Resend]),
    row(&[Completed], Ack, Confirmed, &[Arm(I)]),
    row(&[Completed], TransportError, Completed, &[Fail]),
    row(&[Completed], Fires(G), Completed, &[Resend, Double(G)]),
    row(&[Completed], Fires(H), Terminated, &[Timeout]),
    row(&[Confirmed], Fires(I), Terminated, &[]),
];

#[cfg(test)]
mod tests {
    //= rfc3261#17.2.1/trying test
    //= rfc3261#17.2.1/request-up test
    //= rfc3261#17.2.1/provisional-sent test
    //= rfc3261#17.2.1/provisional-again test
    //= rfc3261#17.2.1/2xx-sent test
    //= rfc3261#17.2.1/completed test
    //= rfc3261#17.2.1/timer-g test
    //= rfc3261#17.2.1/timer-h test
    //= rfc3261#17.2.1/final-again test
    //= rfc3261#17.2.1/confirmed test
    //= rfc3261#17.2.1/timer-h-fails test
    //= rfc3261#17.2.1/timer-i test
    //= rfc3261#17.2.1/timer-i-ends test
    //= rfc6026#6/error-keeps-state test
    //= rfc6026#7.1/accepted test
    //= rfc6026#7.1/absorb-invite test
    //= rfc6026#7.1/no-own-2xx test
    //= rfc6026#7.1/2xx-again test
    //= rfc6026#7.1/ack-up test
    //= rfc6026#7.1/timer-l-ends test
    //= rfc6026#7.1/error-stays test
    //= rfc3261#17.2.4/inform test
    //= rfc6026#6/2xx-keeps-state test
    #[test]
    fn every_cell_is_figure_7() {
        crate::transaction::tests::assert_is(
            &super::TABLE,
            "Idle       Start           Proceeding [Deliver, Arm(Silent)]
             Proceeding Fires(Silent)   Proceeding [SendTrying]
             Proceeding Request         Proceeding [Resend]
             Proceeding Provisional     Proceeding [Send, Disarm(Silent)]
             Proceeding Success         Accepted   [Send, Arm(L)]
             Proceeding Failure         Completed  [Send, Arm(G), Arm(H)]
             Proceeding TransportError  Proceeding [Fail]
             Accepted   Request         Accepted   []
             Accepted   Ack             Accepted   [Deliver]
             Accepted   Success         Accepted   [Send]
             Accepted   TransportError  Accepted   [Fail]
             Accepted   Fires(L)        Terminated []
             Completed  Request         Completed  [Resend]
             Completed  Ack             Confirmed  [Arm(I)]
             Completed  TransportError  Completed  [Fail]
             Completed  Fires(G)        Completed  [Resend, Double(G)]
             Completed  Fires(H)        Terminated [Timeout]
             Confirmed  Fires(I)        Terminated []",
        );
    }
}
