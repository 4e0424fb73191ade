/// The candidate that `word` was probably meant to be: one that it begins, or the nearest within a third of its length.
///
/// ```
/// use apps::common::suggest;
/// assert_eq!(suggest("/brodcast", ["/peers", "/broadcast"]), Some("/broadcast"));
/// assert_eq!(suggest("/xyzzy", ["/peers", "/broadcast"]), None);
/// ```
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let begins = word.len() > 1 && candidate.starts_with(word);
        let steps = if begins { 0 } else { distance(word, candidate) };
        let near = steps <= 1 + word.chars().take(LONGEST).count() / 4; // of no more than `distance` looks at
        if near && best.is_none_or(|(fewest, _)| steps < fewest) {
            best = Some((steps, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// How many letters have to be put in, taken out, changed or swapped with the next one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(LONGEST).collect(), b.chars().take(LONGEST).collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let mut steps = (rows[i][j] + usize::from(x != y)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                steps = steps.min(rows[i - 1][j - 1] + 1);
            }
            row.push(steps);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or(0)
}

const LONGEST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_near_to_nothing() {
        assert_eq!(suggest(&"x".repeat(200), ["peers", "broadcast"]), None);
    }

    #[test]
    fn letters_in_out_changed_and_swapped() {
        for (a, b, steps) in [("", "abc", 3), ("abc", "abc", 0), ("acb", "abc", 1), ("kitten", "sitting", 3)] {
            assert_eq!((distance(a, b), distance(b, a)), (steps, steps), "{a} {b}");
        }
    }
}
