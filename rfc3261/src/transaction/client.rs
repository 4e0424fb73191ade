//! The non-INVITE client transaction: RFC 3261 section 17.1.2.

use super::{Action::*, On::*, State::*, Table, Timer::*, Transition, row};

/// Figure 6 of RFC 3261.
pub static TABLE: Table = Table::new(ROWS);

const ROWS: &[Transition] = &[
    row(Idle, Start, Trying, &[Send, Arm(E), Arm(F)]),
    row(Trying, Fires(E), Trying, &[Resend, Double(E)]),
    row(Trying, Fires(F), Terminated, &[Timeout]),
    row(Trying, TransportError, Terminated, &[Fail]),
    row(Trying, Provisional, Proceeding, &[Deliver]),
    row(Trying, Success, Completed, &[Deliver, Arm(K)]),
    row(Trying, Failure, Completed, &[Deliver, Arm(K)]),
    row(Proceeding, Fires(E), Proceeding, &[Resend, Steady(E)]),
    row(Proceeding, Fires(F), Terminated, &[Timeout]),
    row(Proceeding, TransportError, Terminated, &[Fail]),
    row(Proceeding, Provisional, Proceeding, &[Deliver]),
    row(Proceeding, Success, Completed, &[Deliver, Arm(K)]),
    row(Proceeding, Failure, Completed, &[Deliver, Arm(K)]),
    row(Completed, Fires(K), Terminated, &[]),
];

#[cfg(test)]
mod tests {
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
