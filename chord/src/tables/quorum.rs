//! One question to five tables, and when it is answered.
use bytes::Bytes;
use serializer::{Id, Value};

/// How many of the five must agree (p2p 3.10).
pub const MAJORITY: usize = 3;

/// The five answers to one question, as they come in.
#[derive(Debug)]
pub(super) struct Quorum {
    pub key: Bytes,
    /// Whether the key is said to exist: then what is left of a value after a crash counts as the value.
    known: bool,
    answers: [Option<Value>; 5],
    /// Whom the five questions went to first; empty where this node answered itself.
    pub path: Vec<Id>,
    /// Whether the answer has been told.
    pub told: bool,
}

impl Quorum {
    pub fn new(key: Bytes, known: bool) -> Quorum {
        Quorum { key, known, answers: Default::default(), path: Vec::new(), told: false }
    }

    /// Takes the final answer of one table; [`Value::Nil`] for nothing there.
    pub fn answer(&mut self, table: usize, value: Value) {
        if let Some(answer) = self.answers.get_mut(table) {
            *answer = Some(value);
        }
    }

    pub fn is_complete(&self) -> bool {
        self.answers.iter().all(Option::is_some)
    }

    /// Which tables answered that there is nothing.
    pub fn absent(&self) -> impl Iterator<Item = usize> {
        self.answers.iter().enumerate().filter(|(_, answer)| **answer == Some(Value::Nil)).map(|(table, _)| table)
    }

    /// The decision, as soon as no further answer can change it: a value or nothing.
    //= p2p#3.10/quorum MUST
    //# Three equal answers decide at once, nothing included; with all five in and no three equal, a value that the key's
    //# notice vouches for wins by simple lead.
    pub fn decision(&self) -> Option<Option<Value>> {
        let (leader, votes) = self.leader(|_| true)?;
        if votes >= MAJORITY && !(leader == Value::Nil && self.known && !self.is_complete()) {
            if leader != Value::Nil {
                return Some(Some(leader));
            }
            return Some(if self.known { self.survivor() } else { None });
        }
        self.is_complete().then(|| if self.known { self.survivor() } else { None })
    }

    /// The value that more tables hold than any other, when there is one.
    fn survivor(&self) -> Option<Value> {
        let (value, votes) = self.leader(|value| *value != Value::Nil)?;
        let (_, next) = self.leader(|other| *other != Value::Nil && *other != value).unwrap_or((Value::Nil, 0));
        (votes > next).then_some(value)
    }

    fn leader(&self, counts: impl Fn(&Value) -> bool) -> Option<(Value, usize)> {
        let votes = |value: &Value| self.answers.iter().flatten().filter(|other| *other == value).count();
        let candidates = self.answers.iter().flatten().filter(|value| counts(value));
        candidates.map(|value| (value, votes(value))).max_by_key(|(_, votes)| *votes).map(|(v, n)| (v.clone(), n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(known: bool, answers: &[u64]) -> Option<Option<Value>> {
        let mut quorum = Quorum::new(Bytes::new(), known);
        for (table, &answer) in answers.iter().enumerate() {
            quorum.answer(table, if answer == 0 { Value::Nil } else { Value::from(answer) });
        }
        quorum.decision()
    }

    //= p2p#3.10/quorum test
    #[test]
    fn three_of_five_decide() {
        let value = |n: u64| Some(Some(Value::from(n)));
        assert_eq!(decide(false, &[1, 1]), None);
        assert_eq!(decide(false, &[1, 2, 1, 1]), value(1));
        assert_eq!(decide(false, &[0, 0, 0]), Some(None));
        assert_eq!(decide(false, &[1, 1, 2, 2, 3]), Some(None));
        assert_eq!(decide(false, &[1, 1, 0, 0, 0]), Some(None));
        // the key is known to exist: what a crash left over counts, unless it is ambiguous
        assert_eq!(decide(true, &[0, 0, 0]), None);
        assert_eq!(decide(true, &[0, 0, 0, 1, 1]), value(1));
        assert_eq!(decide(true, &[0, 0, 0, 1, 2]), Some(None));
        assert_eq!(decide(true, &[0, 0, 0, 0, 0]), Some(None));
    }
}
