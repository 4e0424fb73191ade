//! The INVITE server transaction: RFC 3261 section 17.2.1 with the Accepted state of RFC 6026 section 7.1.

use super::{Action::*, On::*, State::*, Table, Timer::*, Transition, row};

/// Figure 7 of RFC 6026. The 100 that the figure sends on entry is the row of timer `Silent`.
pub static TABLE: Table = Table::new(ROWS);

const ROWS: &[Transition] = &[
    row(Idle, Start, Proceeding, &[Deliver, Arm(Silent)]),
    row(Proceeding, Fires(Silent), Proceeding, &[SendTrying]),
    row(Proceeding, Request, Proceeding, &[Resend]),
    row(Proceeding, Provisional, Proceeding, &[Send, Disarm(Silent)]),
    row(Proceeding, Success, Accepted, &[Send, Arm(L)]),
    row(Proceeding, Failure, Completed, &[Send, Arm(G), Arm(H)]),
    row(Proceeding, TransportError, Proceeding, &[Fail]),
    row(Accepted, Request, Accepted, &[]),
    row(Accepted, Ack, Accepted, &[Deliver]),
    row(Accepted, Success, Accepted, &[Send]),
    row(Accepted, TransportError, Accepted, &[Fail]),
    row(Accepted, Fires(L), Terminated, &[]),
    row(Completed, Request, Completed, &[Resend]),
    row(Completed, Ack, Confirmed, &[Arm(I)]),
    row(Completed, TransportError, Completed, &[Fail]),
    row(Completed, Fires(G), Completed, &[Resend, Double(G)]),
    row(Completed, Fires(H), Terminated, &[Timeout]),
    row(Confirmed, Fires(I), Terminated, &[]),
];

#[cfg(test)]
mod tests {
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
