//! The non-INVITE server transaction: RFC 3261 section 17.2.2, with the timers that RFC 4320 section 4 asks for.

use super::{Action::*, On::*, State::*, Table, Timer::*, Transition, row};

/// Figure 8 of RFC 3261. Timer `Late` sends the 100 of RFC 4320; timer `Lapse` ends a transaction that the core never
/// answered, when the client has stopped waiting.
pub static TABLE: Table = Table::new(ROWS);

//= rfc3261#17.2.2/trying-silent MUST
//# Trying has no row for Request.
//= rfc3261#17.2.2/proceeding MUST
//# The row Trying, Provisional.
//= rfc3261#17.2.2/further-provisional MUST
//# The row Proceeding, Provisional.
//= rfc3261#17.2.2/provisional-again MUST
//# The row Proceeding, Request.
//= rfc3261#17.2.2/final MUST
//# The rows of Success and Failure in Trying and Proceeding.
//= rfc3261#17.2.2/timer-j MUST
//# `Arm(J)` in each of them.
//= rfc3261#17.2.2/final-again MUST
//# The row Completed, Request.
//= rfc3261#17.2.2/one-final MUST
//# Completed has no row for what the core sends.
//= rfc3261#17.2.2/timer-j-ends MUST
//# The row Completed, Fires(J).
//= rfc4320#4.1/100-late MUST
//# Timer Late, as long as it takes timer E to grow to T2, sends the 100.
//= rfc4320#4.2/no-408 MUST NOT
//# When the client has given up, Lapse ends the transaction without an answer.
const ROWS: &[Transition] = &[
    row(&[Idle], Start, Trying, &[Deliver, Arm(Late), Arm(Lapse)]),
    row(&[Trying], Provisional, Proceeding, &[Send]),
    row(&[Trying], Success, Completed, &[Send, Arm(J)]),
    row(&[Trying], Failure, Completed, &[Send, Arm(J)]),
    row(&[Trying], Fires(Late), Proceeding, &[SendTrying]),
    row(&[Trying], Fires(Lapse), Terminated, &[Timeout]),
    row(&[Proceeding], Request, Proceeding, &[Resend]),
    row(&[Proceeding], Provisional, Proceeding, &[Send]),
    row(&[Proceeding], Success, Completed, &[Send, Arm(J)]),
    row(&[Proceeding], Failure, Completed, &[Send, Arm(J)]),
    row(&[Proceeding], TransportError, Terminated, &[Fail]),
    row(&[Proceeding], Fires(Lapse), Terminated, &[Timeout]),
    row(&[Completed], Request, Completed, &[Resend]),
    row(&[Completed], TransportError, Terminated, &[Fail]),
    row(&[Completed], Fires(J), Terminated, &[]),
];

#[cfg(test)]
mod tests {
    //= rfc3261#17.2.2/trying-silent test
    //= rfc3261#17.2.2/proceeding test
    //= rfc3261#17.2.2/further-provisional test
    //= rfc3261#17.2.2/provisional-again test
    //= rfc3261#17.2.2/final test
    //= rfc3261#17.2.2/timer-j test
    //= rfc3261#17.2.2/final-again test
    //= rfc3261#17.2.2/one-final test
    //= rfc3261#17.2.2/timer-j-ends test
    //= rfc4320#4.1/100-late test
    #[test]
    fn every_cell_is_figure_8() {
        crate::transaction::tests::assert_is(
            &super::TABLE,
            "Idle       Start           Trying     [Deliver, Arm(Late), Arm(Lapse)]
             Trying     Provisional     Proceeding [Send]
             Trying     Success         Completed  [Send, Arm(J)]
             Trying     Failure         Completed  [Send, Arm(J)]
             Trying     Fires(Late)     Proceeding [SendTrying]
             Trying     Fires(Lapse)    Terminated [Timeout]
             Proceeding Request         Proceeding [Resend]
             Proceeding Provisional     Proceeding [Send]
             Proceeding Success         Completed  [Send, Arm(J)]
             Proceeding Failure         Completed  [Send, Arm(J)]
             Proceeding TransportError  Terminated [Fail]
             Proceeding Fires(Lapse)    Terminated [Timeout]
             Completed  Request         Completed  [Resend]
             Completed  TransportError  Terminated [Fail]
             Completed  Fires(J)        Terminated []",
        );
    }
}
