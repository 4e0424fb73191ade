use std::collections::VecDeque;

/// Stands in for lost audio when the codec cannot: repeats the last pitch periods of what was heard, fades them to silence
/// within 60 ms, and fades over when sound comes back.
///
/// ```
/// let mut concealment = rfc3551::Concealment::new(8000);
/// let heard: Vec<i16> = (0..320).map(|n| (9000.0 * (n as f64 * 0.25).sin()) as i16).collect();
/// concealment.heard(&mut heard.clone());
/// let mut lost = Vec::new();
/// concealment.conceal(160, &mut lost);
/// assert!(lost.iter().any(|s| s.abs() > 4000));
/// concealment.conceal(480, &mut lost);
/// assert_eq!(lost[639], 0);
/// ```
#[derive(Clone, Debug)]
pub struct Concealment {
    rate: usize,
    history: VecDeque<i16>,
    /// The period that is repeated while something is missing.
    period: Vec<i16>,
    /// Samples made up in a row.
    made: usize,
}

impl Concealment {
    /// For samples at `rate` Hz.
    pub fn new(rate: u32) -> Concealment {
        Concealment { rate: rate.max(1_000) as usize, history: VecDeque::new(), period: Vec::new(), made: 0 }
    }

    /// Takes what came, and fades it in after a loss.
    pub fn heard(&mut self, samples: &mut [i16]) {
        if self.made > 0 {
            let fade = (self.rate / 200).min(samples.len()); // 5 ms
            for (n, sample) in samples.iter_mut().enumerate().take(fade) {
                let old = i64::from(self.next());
                let (n, fade) = (n as i64, fade as i64);
                *sample = ((old * (fade - n) + i64::from(*sample) * n) / fade) as i16;
            }
            self.made = 0;
            self.period.clear();
        }
        let keep = self.rate / 25; // 40 ms: two periods of the lowest voice
        let from = samples.len().saturating_sub(keep);
        self.history.extend(&samples[from..]);
        let excess = self.history.len().saturating_sub(keep);
        self.history.drain(..excess);
    }

    /// Appends `samples` made-up ones to `out`.
    pub fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) {
        out.extend(std::iter::repeat_with(|| self.next()).take(samples));
    }

    fn next(&mut self) -> i16 {
        if self.made == 0 {
            self.period = self.find_period();
        }
        let sample = self.period.get(self.made % self.period.len().max(1)).copied().unwrap_or(0);
        let (hold, end) = (self.rate / 100, self.rate * 6 / 100); // full for 10 ms, silent after 60 ms
        let gain = end.saturating_sub(self.made.max(hold)) as i64;
        self.made = self.made.saturating_add(1);
        (i64::from(sample) * gain / (end - hold) as i64) as i16
    }

    /// The last period of what was heard: the lag of 2.5 to 20 ms at which its end resembles what came before most.
    fn find_period(&self) -> Vec<i16> {
        let history: Vec<i16> = self.history.iter().copied().collect();
        let (shortest, longest) = (self.rate / 400, (self.rate / 50).min(history.len() / 2));
        let window = &history[history.len() - longest..];
        let score = |lag: usize| {
            let before = &history[history.len() - longest - lag..history.len() - lag];
            let (mut product, mut energy) = (0_i64, 1_i64);
            for (a, b) in window.iter().zip(before) {
                product += i64::from(*a) * i64::from(*b);
                energy += i64::from(*b) * i64::from(*b);
            }
            product as f64 / (energy as f64).sqrt()
        };
        let best = (shortest..=longest).max_by(|a, b| score(*a).total_cmp(&score(*b)));
        let lag = best.unwrap_or(history.len());
        history[history.len() - lag..].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_goes_on_without_a_click_and_comes_back_without_one() {
        let tone = |n: usize| (9000.0 * (n as f64 * std::f64::consts::TAU / 40.0).sin()) as i16;
        let mut concealment = Concealment::new(8000);
        let mut out: Vec<i16> = (0..320).map(tone).collect();
        concealment.heard(&mut out);
        concealment.conceal(160, &mut out);
        let mut back: Vec<i16> = (480..640).map(tone).collect();
        concealment.heard(&mut back);
        out.extend(back);
        let step = out.windows(2).map(|w| (i32::from(w[0]) - i32::from(w[1])).abs()).max().unwrap();
        assert!(step < 3000, "{step}");
        let close = |n: usize| (i32::from(out[n]) - i32::from(tone(n))).abs() < 300;
        assert!((320..400).all(close), "the first period is kept in full");
    }

    #[test]
    fn nothing_heard_is_concealed_by_silence() {
        let mut out = Vec::new();
        Concealment::new(8000).conceal(160, &mut out);
        assert_eq!(out, [0; 160]);
        let mut short = Concealment::new(0);
        short.heard(&mut [5]);
        short.conceal(3, &mut out);
        assert_eq!(out.len(), 163);
    }
}
