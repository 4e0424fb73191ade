//! Bars that show how far requirements have come.

use std::collections::BTreeMap;

use crate::State;

/// Requirements by state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    states: BTreeMap<State, usize>,
}

impl FromIterator<State> for Counts {
    fn from_iter<I: IntoIterator<Item = State>>(states: I) -> Counts {
        let mut counts = Counts::default();
        for state in states {
            *counts.states.entry(state).or_default() += 1;
        }
        counts
    }
}

impl From<&BTreeMap<State, usize>> for Counts {
    fn from(states: &BTreeMap<State, usize>) -> Counts {
        Counts { states: states.clone() }
    }
}

impl Counts {
    /// In all.
    pub(super) fn total(&self) -> usize {
        self.states.values().sum()
    }

    /// Those of a state.
    pub(super) fn of(&self, state: State) -> usize {
        self.states.get(&state).copied().unwrap_or(0)
    }

    /// `2 tested, 1 skipped`.
    pub(super) fn words(&self) -> String {
        let states = State::ALL.iter().filter(|state| self.of(**state) > 0);
        let words: Vec<_> = states.map(|state| format!("{} {}", self.of(*state), state.name())).collect();
        words.join(", ")
    }
}

/// A bar with a part for each state.
pub(super) fn meter(counts: &Counts) -> String {
    let states = State::ALL.iter().filter(|state| counts.of(**state) > 0);
    let parts: String = states
        .map(|state| format!("<i class=\"{}\" style=\"flex:{}\"></i>", state.name(), counts.of(*state)))
        .collect();
    format!("<span class=\"meter\" role=\"img\" aria-label=\"{0}\" title=\"{0}\">{parts}</span>", counts.words())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_has_a_part_for_each_state_that_occurs() {
        let counts: Counts = [State::Skipped, State::Tested, State::Tested].into_iter().collect();
        assert_eq!((counts.total(), counts.words().as_str()), (3, "2 tested, 1 skipped"));
        let html = meter(&counts);
        assert!(html.contains("class=\"tested\" style=\"flex:2\"") && !html.contains("open"), "{html}");
    }
}
