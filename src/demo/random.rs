//! A small seeded source of numbers: the same seed gives the same numbers on
//! every platform.

/// `SplitMix64` (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
/// Generators, OOPSLA 2014).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in 0..1.
    pub(super) fn fraction(&mut self) -> f64 {
        let high = u32::try_from(self.next() >> 32).unwrap_or(u32::MAX);
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }

    /// A number in `low..high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.fraction()
    }

    /// A number in `-reach..reach`.
    pub(super) fn around(&mut self, reach: f64) -> f64 {
        self.between(-reach, reach)
    }

    /// A whole number in `low..=high`.
    pub(super) fn whole(&mut self, low: usize, high: usize) -> usize {
        let choices = (high.saturating_sub(low) + 1) as u64;
        low + usize::try_from(self.next() % choices).unwrap_or(0)
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// `expected` rounded up or down at random so that the mean is kept.
    pub(super) fn count(&mut self, expected: f64) -> usize {
        let mut left = expected;
        let mut count = 0;
        while left >= 1.0 {
            count += 1;
            left -= 1.0;
        }
        count + usize::from(self.chance(left))
    }

    /// One of `choices`; the fallback where there is none.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T], fallback: T) -> T {
        let index = self.whole(0, choices.len().saturating_sub(1));
        choices.get(index).copied().unwrap_or(fallback)
    }

    /// Fisher and Yates.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.whole(0, last));
        }
    }
}
