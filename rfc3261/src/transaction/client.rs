//! The non-INVITE client transaction: RFC 3261 section 17.1.2.

use super::{Action::*, On::*, State::*, Table, Timer::*, Transition, row};

/// Figure 6 of RFC 3261.
pub static TABLE: Table = Table::new(ROWS);

//= rfc3261#17.1.2.2/timer-f SHOULD
//# `Arm(F)` in the row of Idle.
//= rfc3261#17.1.2.2/send MUST
//# `Send` in the row of Idle.
//= rfc3261#17.1.2.2/timer-e MUST
//# `Arm(E)` there; on reliable transports E has no duration.
//= rfc3261#17.1.2.2/timer-e-doubles MUST
//# The row Trying, Fires(E); doubling stops at T2.
//= rfc3261#17.1.2.2/timer-f-informs SHOULD
//# The row Trying, Fires(F).
//= rfc3261#17.1.2.2/provisional-up MUST
//# The row Trying, Provisional.
//= rfc3261#17.1.2.2/proceeding SHOULD
//# The same row.
//= rfc3261#17.1.2.2/final MUST
//# The rows of Success and Failure.
//= rfc3261#17.1.2.2/timer-e-proceeding MUST
//# The row Proceeding, Fires(E).
//= rfc3261#17.1.2.2/timer-f-proceeding MUST
//# The row Proceeding, Fires(F).
//= rfc3261#17.1.2.2/timer-k MUST
//# `Arm(K)` on the way to Completed.
//= rfc3261#17.1.2.2/timer-k-ends MUST
//# The only row of Completed.
const ROWS: &[Transition] = &[
    row(&[Idle], Start, Trying, &[Send, Arm(E), Arm(F)]),
    row(&[Trying], Fires(E), Trying, &[Resend, Double(E)]),
    row(&[Trying], Fires(F), Terminated, &[Timeout]),
    row(&[Trying], TransportError, Terminated, &[Fail]),
    row(&[Trying], Provisional, Proceeding, &[Deliver]),
    row(&[Trying], Success, Completed, &[Deliver, Arm(K)]),
    row(&[Trying], Failure, Completed, &[Deliver, Arm(K)]),
    row(&[Proceeding], Fires(E), Proceeding, &[Resend, Steady(E)]),
    row(&[Proceeding], Fires(F), Terminated, &[Timeout]),
    row(&[Proceeding], TransportError, Terminated, &[Fail]),
    row(&[Proceeding], Provisional, Proceeding, &[Deliver]),
    row(&[Proceeding], Success, Completed, &[Deliver, Arm(K)]),
    row(&[Proceeding], Failure, Completed, &[Deliver, Arm(K)]),
    row(&[Completed], Fires(K), Terminated, &[]),
];

#[cfg(test)]
mod tests {
    //= rfc3261#17.1.2.2/timer-f test
    //= rfc3261#17.1.2.2/send test
    //= rfc3261#17.1.2.2/timer-e test
    //= rfc3261#17.1.2.2/timer-e-doubles test
    //= rfc3261#17.1.2.2/timer-f-informs test
    //= rfc3261#17.1.2.2/provisional-up test
    //= rfc3261#17.1.2.2/proceeding test
    //= rfc3261#17.1.2.2/final test
    //= rfc3261#17.1.2.2/timer-e-proceeding test
    //= rfc3261#17.1.2.2/timer-f-proceeding test
    //= rfc3261#17.1.2.2/timer-k test
    //= rfc3261#17.1.2.2/timer-k-ends test
    #[test]
    fn every_cell_is_figure_6() {
        crate::transaction::tests::assert_is(
            &super::TABLE,
            "Idle       Start           Trying     [Send, Arm(E), Arm(F)]
             Trying     Fires(E)        Trying     [Resend, Double(E)]
             Trying     Fires(F)        Terminated [Timeout]
             Trying     TransportError  Terminated [Fail]
             Trying     Provisional     Proceeding [Deliver]
             Trying     Success         Completed  [Deliver, Arm(K)]
             Trying     Failure         Completed  [Deliver, Arm(K)]
             Proceeding Fires(E)        Proceeding [Resend, Steady(E)]
             Proceeding Fires(F)        Terminated [Timeout]
             Proceeding TransportError  Terminated [Fail]
             Proceeding Provisional     Proceeding [Deliver]
             Proceeding Success         Completed  [Deliver, Arm(K)]
             Proceeding Failure         Completed  [Deliver, Arm(K)]
             Completed  Fires(K)        Terminated []",
        );
    }
}
