//! The INVITE client transaction: RFC 3261 section 17.1.1 with the Accepted state of RFC 6026 section 7.2.

use super::{Action::*, On::*, State::*, Table, Timer::*, Transition, row};

/// Figure 5 of RFC 6026, and the row of timer `Cancelled` for section 9.1.
pub static TABLE: Table = Table::new(ROWS);

//= rfc3261#17.1.1.2/calling MUST
//# The row of Idle.
//= rfc3261#17.1.1.2/send MUST
//# Its first action.
//= rfc3261#17.1.1.2/timer-a MUST
//# Its second; the driver of the table gives A no duration on reliable transports.
//= rfc3261#17.1.1.2/timer-b MUST
//# Its third.
//= rfc3261#17.1.1.2/timer-a-resends MUST
//# The row Calling, Fires(A).
//= rfc3261#17.1.1.2/timer-a-doubles MUST
//# `Double(A)` starts A with twice its last duration.
//= rfc3261#17.1.1.2/resend-in-calling SHOULD
//# No other state has a row for A, so A stops when Calling is left.
//= rfc3261#17.1.1.2/timer-b-informs SHOULD
//# The row Calling, Fires(B).
//= rfc3261#17.1.1.2/timer-b-no-ack MUST NOT
//# That row sends nothing.
//= rfc3261#17.1.1.2/proceeding-quiet SHOULD NOT
//# Proceeding has no row that repeats the request.
//= rfc3261#17.1.1.2/provisional-up MUST
//# The row Calling, Provisional.
//= rfc3261#17.1.1.2/further-provisional-up MUST
//# The row Proceeding, Provisional.
//= rfc3261#17.1.1.2/completed MUST
//# The rows of Failure in Calling and Proceeding.
//= rfc3261#17.1.1.2/final-up MUST
//# `Deliver` in both of them.
//= rfc3261#17.1.1.2/ack MUST
//# `SendAck` in both of them, whatever the transport.
//= rfc3261#17.1.1.2/timer-d MUST
//# `Arm(D)` in both of them.
//= rfc3261#17.1.1.2/ack-again MUST
//# In Completed the kept message is the ACK, and a Failure sends it again.
//= rfc3261#17.1.1.2/repeat-not-up MUST NOT
//# That row does not deliver.
//= rfc3261#17.1.1.2/timer-d-ends MUST
//# The row Completed, Fires(D).
//= rfc6026#7.2/accepted MUST
//# The rows of Success in Calling and Proceeding.
//= rfc6026#7.2/further-2xx-up MUST
//# The row Accepted, Success.
//= rfc6026#7.2/no-ack MUST NOT
//# Rows of Success have no `SendAck`.
//= rfc6026#7.2/timer-m-ends MUST
//# The row Accepted, Fires(M).
//= rfc6026#6/2xx-keeps-state MUST NOT
//# A 2xx leads to Accepted, not to Terminated; likewise in the server table.
//= rfc3261#17.1.4/inform SHOULD
//# The rows of TransportError: `Fail`, and the end.
const ROWS: &[Transition] = &[
    row(&[Idle], Start, Calling, &[Send, Arm(A), Arm(B)]),
    row(&[Calling], Fires(A), Calling, &[Resend, Double(A)]),
    row(&[Calling], Fires(B), Terminated, &[Timeout]),
    row(&[Calling], TransportError, Terminated, &[Fail]),
    row(&[Calling], Provisional, Proceeding, &[Deliver]),
    row(&[Calling], Success, Accepted, &[Deliver, Arm(M)]),
    row(&[Calling], Failure, Completed, &[SendAck, Deliver, Arm(D)]),
    row(&[Proceeding], Provisional, Proceeding, &[Deliver]),
    row(&[Proceeding], Success, Accepted, &[Deliver, Arm(M)]),
    row(&[Proceeding], Failure, Completed, &[SendAck, Deliver, Arm(D)]),
    row(&[Proceeding], Fires(Cancelled), Terminated, &[Timeout]),
    row(&[Accepted], Success, Accepted, &[Deliver]),
    row(&[Accepted], Fires(M), Terminated, &[]),
    row(&[Completed], Failure, Completed, &[Resend]),
    row(&[Completed], TransportError, Terminated, &[Fail]),
    row(&[Completed], Fires(D), Terminated, &[]),
];

#[cfg(test)]
mod tests {
    //= rfc3261#17.1.1.2/calling test
    //= rfc3261#17.1.1.2/send test
    //= rfc3261#17.1.1.2/timer-a test
    //= rfc3261#17.1.1.2/timer-b test
    //= rfc3261#17.1.1.2/timer-a-resends test
    //= rfc3261#17.1.1.2/timer-a-doubles test
    //= rfc3261#17.1.1.2/resend-in-calling test
    //= rfc3261#17.1.1.2/timer-b-informs test
    //= rfc3261#17.1.1.2/timer-b-no-ack test
    //= rfc3261#17.1.1.2/proceeding-quiet test
    //= rfc3261#17.1.1.2/provisional-up test
    //= rfc3261#17.1.1.2/further-provisional-up test
    //= rfc3261#17.1.1.2/completed test
    //= rfc3261#17.1.1.2/final-up test
    //= rfc3261#17.1.1.2/ack test
    //= rfc3261#17.1.1.2/timer-d test
    //= rfc3261#17.1.1.2/ack-again test
    //= rfc3261#17.1.1.2/repeat-not-up test
    //= rfc3261#17.1.1.2/timer-d-ends test
    //= rfc6026#7.2/accepted test
    //= rfc6026#7.2/further-2xx-up test
    //= rfc6026#7.2/no-ack test
    //= rfc6026#7.2/timer-m-ends test
    //= rfc6026#6/2xx-keeps-state test
    #[test]
    fn every_cell_is_figure_5() {
        crate::transaction::tests::assert_is(
            &super::TABLE,
            "Idle       Start           Calling    [Send, Arm(A), Arm(B)]
             Calling    Fires(A)        Calling    [Resend, Double(A)]
             Calling    Fires(B)        Terminated [Timeout]
             Calling    TransportError  Terminated [Fail]
             Calling    Provisional     Proceeding [Deliver]
             Calling    Success         Accepted   [Deliver, Arm(M)]
             Calling    Failure         Completed  [SendAck, Deliver, Arm(D)]
             Proceeding Provisional     Proceeding [Deliver]
             Proceeding Success         Accepted   [Deliver, Arm(M)]
             Proceeding Failure         Completed  [SendAck, Deliver, Arm(D)]
             Proceeding Fires(Cancelled) Terminated [Timeout]
             Accepted   Success         Accepted   [Deliver]
             Accepted   Fires(M)        Terminated []
             Completed  Failure         Completed  [Resend]
             Completed  TransportError  Terminated [Fail]
             Completed  Fires(D)        Terminated []",
        );
    }
}
