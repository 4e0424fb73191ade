//! The INVITE client transaction: RFC 3261 section 17.1.1 with the Accepted state of RFC 6026 section 7.2.

use super::{Action::*, On::*, State::*, Table, Timer::*, Transition, row};

/// Figure 5 of RFC 6026.
pub static TABLE: Table = Table::new(ROWS);

const ROWS: &[Transition] = &[
    row(Idle, Start, Calling, &[Send, Arm(A), Arm(B)]),
    row(Calling, Fires(A), Calling, &[Resend, Double(A)]),
    row(Calling, Fires(B), Terminated, &[Timeout]),
    row(Calling, TransportError, Terminated, &[Fail]),
    row(Calling, Provisional, Proceeding, &[Deliver]),
    row(Calling, Success, Accepted, &[Deliver, Arm(M)]),
    row(Calling, Failure, Completed, &[SendAck, Deliver, Arm(D)]),
    row(Proceeding, Provisional, Proceeding, &[Deliver]),
    row(Proceeding, Success, Accepted, &[Deliver, Arm(M)]),
    row(Proceeding, Failure, Completed, &[SendAck, Deliver, Arm(D)]),
    row(Accepted, Success, Accepted, &[Deliver]),
    row(Accepted, Fires(M), Terminated, &[]),
    row(Completed, Failure, Completed, &[Resend]),
    row(Completed, TransportError, Terminated, &[Fail]),
    row(Completed, Fires(D), Terminated, &[]),
];

#[cfg(test)]
mod tests {
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
             Accepted   Success         Accepted   [Deliver]
             Accepted   Fires(M)        Terminated []
             Completed  Failure         Completed  [Resend]
             Completed  TransportError  Terminated [Fail]
             Completed  Fires(D)        Terminated []",
        );
    }
}
