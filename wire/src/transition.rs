use std::fmt::Debug;

/// One row of a state machine's table: in any of the states `from`, the stimulus `on` leads to the state `to`, and
/// `action` is done on the way. A stimulus for which a state has no row leaves that state as it is.
///
/// ```
/// use wire::{Transition, next};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq)]
/// enum Door { Open, Shut }
/// #[derive(Clone, Copy, Debug, PartialEq, Eq)]
/// enum Hand { Push, Pull }
///
/// const DOOR: &[Transition<Door, Hand>] = &[
///     Transition::new(&[Door::Shut], Hand::Push, "creak", Door::Open),
///     Transition::new(&[Door::Open], Hand::Pull, "slam", Door::Shut),
/// ];
/// assert_eq!(next(DOOR, Door::Shut, Hand::Push), Some(Door::Open));
/// assert_eq!(next(DOOR, Door::Shut, Hand::Pull), None);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Transition<S: 'static, I, A = &'static str> {
    /// The states that it leads away from; `to` may be one of them.
    pub from: &'static [S],
    /// What happens to the machine.
    pub on: I,
    /// What the machine does, in words or as instructions to itself.
    pub action: A,
    /// The state afterwards.
    pub to: S,
}

impl<S: Copy, I: Copy, A: Copy> Transition<S, I, A> {
    /// A row in the order in which it is read: from, on, action, to.
    pub const fn new(from: &'static [S], on: I, action: A, to: S) -> Transition<S, I, A> {
        Transition { from, on, action, to }
    }
}

/// Where the table `rows` leads from `state` by the stimulus `on`; `None` where it has no row for both.
pub fn next<S: Copy + PartialEq, I: PartialEq, A>(rows: &[Transition<S, I, A>], state: S, on: I) -> Option<S> {
    rows.iter().find(|row| row.on == on && row.from.contains(&state)).map(|row| row.to)
}

/// Compares a real machine with its table, cell by cell. For tests.
///
/// For every state that the table can reach, and every stimulus, [`run`](Walk::run) takes a fresh machine there by a
/// shortest way, applies the stimulus, and looks at the state that follows: it has to be the one that the table names, or
/// the same one where the table has no row. [`finish`](Walk::finish) fails when a row was never taken.
#[derive(Debug)]
pub struct Walk<S: 'static, I: 'static, A: 'static> {
    rows: &'static [Transition<S, I, A>],
    taken: Vec<(S, I)>,
}

impl<S: Copy + PartialEq + Debug, I: Copy + PartialEq + Debug, A> Walk<S, I, A> {
    /// A walk over the machine of these rows.
    pub fn new(rows: &'static [Transition<S, I, A>]) -> Walk<S, I, A> {
        Walk { rows, taken: Vec::new() }
    }

    /// Walks machines made by `machine`, which are in the state `start`. `apply` gives a machine one stimulus and returns
    /// the state that it is in afterwards, or `None` when the stimulus cannot happen to the machine as it is.
    ///
    /// # Panics
    /// When the machine goes where the table does not.
    pub fn run<M>(
        &mut self,
        start: S,
        stimuli: &[I],
        mut machine: impl FnMut() -> M,
        mut apply: impl FnMut(&mut M, I) -> Option<S>,
    ) {
        let mut ways: Vec<(S, Vec<I>)> = vec![(start, Vec::new())];
        let mut walked = 0;
        while let Some((state, way)) = ways.get(walked).cloned() {
            walked += 1;
            for &on in stimuli {
                let mut machine = machine();
                let mut at = start;
                for &step in &way {
                    at = apply(&mut machine, step).unwrap_or(at);
                }
                assert_eq!(at, state, "the way {way:?} leads there");
                let Some(after) = apply(&mut machine, on) else { continue };
                let told = next(self.rows, state, on);
                assert_eq!(after, told.unwrap_or(state), "{state:?} on {on:?}, the table says {told:?}");
                if told.is_some() && !self.taken.contains(&(state, on)) {
                    self.taken.push((state, on));
                }
                if ways.iter().all(|(known, _)| *known != after) {
                    ways.push((after, way.iter().copied().chain([on]).collect()));
                }
            }
        }
    }

    /// Says that a machine was seen to go from `state` by `on` to `after`: for states that are left in the moment in which
    /// they are reached, so that [`run`](Walk::run) cannot stop in them.
    ///
    /// # Panics
    /// When the table says otherwise.
    pub fn saw(&mut self, state: S, on: I, after: S) {
        assert_eq!(next(self.rows, state, on), Some(after), "{state:?} on {on:?}");
        self.taken.push((state, on));
    }

    /// Ends the walk.
    ///
    /// # Panics
    /// When a state and stimulus of the table was not seen, or two rows speak of the same.
    pub fn finish(self) {
        let mut missing = Vec::new();
        let mut seen: Vec<(S, I)> = Vec::new();
        for row in self.rows {
            for &state in row.from {
                assert!(!seen.contains(&(state, row.on)), "two rows for {state:?} on {:?}", row.on);
                seen.push((state, row.on));
                if !self.taken.contains(&(state, row.on)) {
                    missing.push(format!("{state:?} on {:?} to {:?}", row.on, row.to));
                }
            }
        }
        assert!(missing.is_empty(), "never taken: {missing:#?}");
    }
}
