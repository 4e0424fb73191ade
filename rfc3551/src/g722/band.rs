use super::tables::*;

/// One band's adaptive quantizer and predictor: ITU-T G.722 sections 3 and 4. Names in comments are its blocks.
#[derive(Clone, Debug)]
pub struct Band {
    /// The prediction of the next sample, and the part of it that comes from the zeros.
    predicted: i32,
    from_zeros: i32,
    /// The quantizer's step, and its logarithm.
    step: i32,
    log_step: i32,
    /// Coefficients of the two poles and six zeros.
    poles: [i32; 2],
    zeros: [i32; 6],
    /// The last two reconstructed samples, and partly reconstructed ones; the last six differences. The newest first.
    rebuilt: [i32; 2],
    partial: [i32; 2],
    differences: [i32; 6],
}

impl Band {
    /// The lower band at the start.
    pub fn low() -> Band {
        Band {
            predicted: 0,
            from_zeros: 0,
            step: 32,
            log_step: 0,
            poles: [0; 2],
            zeros: [0; 6],
            rebuilt: [0; 2],
            partial: [0; 2],
            differences: [0; 6],
        }
    }

    /// The higher band at the start.
    pub fn high() -> Band {
        Band { step: 8, ..Band::low() }
    }

    /// QUANTL: the 6-bit code of a sample of the lower band.
    pub fn quantize_low(&mut self, sample: i32) -> u8 {
        let error = saturate(sample - self.predicted);
        let size = magnitude(error);
        let level = (1..30).find(|level| size < (LOW_DECISIONS[*level] * self.step) >> 12).unwrap_or(30);
        let code = if error < 0 { LOW_NEGATIVE[level] } else { LOW_POSITIVE[level] };
        self.adapt_low(code);
        code
    }

    /// QUANTH: the 2-bit code of a sample of the higher band.
    pub fn quantize_high(&mut self, sample: i32) -> u8 {
        let error = saturate(sample - self.predicted);
        let large = magnitude(error) >= (564 * self.step) >> 12;
        let code = match (error < 0, large) {
            (true, false) => 1,
            (true, true) => 0,
            (false, false) => 3,
            (false, true) => 2,
        };
        self.adapt_high(code);
        code
    }

    /// The sample of a 6-bit code of the lower band.
    pub fn restore_low(&mut self, code: u8) -> i32 {
        let sample = self.predicted + ((self.step * LOW_OUTPUTS_6[usize::from(code & 0x3f)]) >> 15);
        self.adapt_low(code);
        sample.clamp(-16_384, 16_383)
    }

    /// The sample of a 2-bit code of the higher band.
    pub fn restore_high(&mut self, code: u8) -> i32 {
        let sample = self.predicted + ((self.step * HIGH_OUTPUTS[usize::from(code & 3)]) >> 15);
        self.adapt_high(code);
        sample.clamp(-16_384, 16_383)
    }

    /// INVQAL, LOGSCL, SCALEL: only the upper four bits of the code count, so that a decoder of fewer bits stays in step.
    fn adapt_low(&mut self, code: u8) {
        let code = usize::from(code >> 2 & 15);
        let difference = (self.step * LOW_OUTPUTS_4[code]) >> 15;
        self.log_step = (((self.log_step * 127) >> 7) + LOW_STEPS[code]).clamp(0, 18_432);
        self.step = scale(self.log_step, 8);
        self.predict(difference);
    }

    /// INVQAH, LOGSCH, SCALEH.
    fn adapt_high(&mut self, code: u8) {
        let code = usize::from(code & 3);
        let difference = (self.step * HIGH_OUTPUTS[code]) >> 15;
        self.log_step = (((self.log_step * 127) >> 7) + HIGH_STEPS[code]).clamp(0, 22_528);
        self.step = scale(self.log_step, 10);
        self.predict(difference);
    }

    /// Block 4: takes a quantized difference, adapts the coefficients, and predicts the next sample.
    fn predict(&mut self, difference: i32) {
        let rebuilt = saturate(self.predicted + difference); // RECONS
        let partial = saturate(self.from_zeros + difference); // PARREC
        let same = |a: i32, b: i32| (a < 0) == (b < 0);

        // UPPOL2
        let [first, second] = self.poles;
        let lean = saturate(first << 2);
        let lean = if same(partial, self.partial[0]) { -lean } else { lean }.min(32_767) >> 7;
        let pull = if same(partial, self.partial[1]) { 128 } else { -128 };
        let second = (lean + pull + ((second * 32_512) >> 15)).clamp(-12_288, 12_288);
        // UPPOL1
        let pull = if same(partial, self.partial[0]) { 192 } else { -192 };
        let most = saturate(15_360 - second);
        let first = saturate(pull + ((first * 32_640) >> 15)).clamp(-most, most);
        self.poles = [first, second];
        // UPZERO
        let pull = if difference == 0 { 0 } else { 128 };
        for (zero, before) in self.zeros.iter_mut().zip(self.differences) {
            let pull = if same(before, difference) { pull } else { -pull };
            *zero = saturate(pull + ((*zero * 32_640) >> 15));
        }
        // DELAYA
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        self.rebuilt = [rebuilt, self.rebuilt[0]];
        self.partial = [partial, self.partial[0]];
        // FILTEP, FILTEZ, PREDIC
        let product = |coefficient: i32, value: i32| (coefficient * saturate(2 * value)) >> 15;
        let from_poles = saturate(product(first, self.rebuilt[0]) + product(second, self.rebuilt[1]));
        let terms = self.zeros.iter().zip(self.differences).map(|(zero, difference)| product(*zero, difference));
        self.from_zeros = saturate(terms.sum());
        self.predicted = saturate(from_poles + self.from_zeros);
    }
}

/// The step that belongs to a logarithm.
fn scale(log_step: i32, offset: i32) -> i32 {
    let mantissa = INVERSE_LOGARITHMS[(log_step >> 6 & 31) as usize];
    let shift = offset - (log_step >> 11);
    (if shift < 0 { mantissa << -shift } else { mantissa >> shift }) << 2
}

fn magnitude(error: i32) -> i32 {
    if error < 0 { -(error + 1) } else { error }
}

fn saturate(value: i32) -> i32 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX))
}
