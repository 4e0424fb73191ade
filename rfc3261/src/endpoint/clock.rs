use std::time::Duration;

use wire::Instant;

use crate::transaction::{Action, Table, Timer, Timing};

/// The timers of one transaction: one that repeats, one that ends, one that acts once. No state of any of the four
/// machines runs two of one sort.
#[derive(Debug)]
pub(crate) struct Clock {
    slots: [Option<(Timer, Instant)>; 3],
    interval: Duration,
    /// The time of the alarm that is set for this transaction.
    alarm: Instant,
}

impl Clock {
    pub fn new() -> Clock {
        Clock { slots: [None; 3], interval: Duration::ZERO, alarm: Instant::FAR }
    }

    /// Stops the timers that do not run in the state that was entered.
    pub fn entered(&mut self, table: &Table, state: crate::transaction::State) {
        for slot in &mut self.slots {
            if slot.is_some_and(|(timer, _)| !table.runs(state, timer)) {
                *slot = None;
            }
        }
    }

    /// Does what a timer action asks.
    pub fn act(&mut self, now: Instant, action: Action, timing: &Timing, reliable: bool) {
        let (timer, duration) = match action {
            Action::Arm(timer) => (timer, timing.first(timer, reliable)),
            Action::Double(timer) => (timer, Some(timing.doubled(timer, self.interval))),
            Action::Steady(timer) => (timer, Some(timing.t2)),
            Action::Disarm(timer) => (timer, None),
            _ => return,
        };
        if let (true, Some(d)) = (timer.repeats(), duration) {
            self.interval = d;
        }
        self.slots[slot(timer)] = duration.map(|d| (timer, now + d));
    }

    /// Takes a timer whose time has come, the earliest first.
    pub fn due(&mut self, now: Instant) -> Option<Timer> {
        let slot =
            self.slots.iter_mut().filter(|s| s.is_some_and(|(_, at)| at <= now)).min_by_key(|s| s.map(|s| s.1))?;
        slot.take().map(|(timer, _)| timer)
    }

    /// The time for which an alarm has to be set now, if the one that is set comes too late.
    pub fn alarm(&mut self) -> Option<Instant> {
        let next = self.slots.iter().flatten().map(|(_, at)| *at).min()?;
        (next < self.alarm).then(|| {
            self.alarm = next;
            next
        })
    }

    /// The alarm that was set has gone off.
    pub fn alarmed(&mut self) {
        self.alarm = Instant::FAR;
    }
}

fn slot(timer: Timer) -> usize {
    match timer {
        Timer::A | Timer::E | Timer::G => 0,
        Timer::Silent | Timer::Late => 2,
        _ => 1,
    }
}
