//! Draws from the seeded generator: the same seed gives the same bits on every machine.
//!
//! ChaCha with eight rounds (Bernstein, 2008) is the source. The distributions are computed here with `libm` because
//! the logarithms of the standard library differ between platforms.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A seeded source of draws.
#[derive(Debug, Clone)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// The source of a seed; different streams of one seed know nothing of each other.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut source = ChaCha8Rng::seed_from_u64(seed);
        source.set_stream(stream);
        Self(source)
    }

    /// Evenly from 0 (included) to 1 (excluded), in steps of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Yes with this probability.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Evenly one of `0..count`; 0 where `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// Evenly from `low` to `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// From the normal distribution of mean 0 and deviation 1 (Box and Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }

    /// From the log-normal distribution of this median; `sigma` is the deviation of the logarithm.
    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * libm::exp(sigma * self.normal())
    }

    /// A waiting time of this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }

    /// How often something happens that happens `mean` times on average (Knuth's product method; means stay small here).
    pub fn poisson(&mut self, mean: f64) -> u32 {
        let (floor, mut product, mut count) = (libm::exp(-mean), self.unit(), 0);
        while product > floor && count < 1_000 {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// One of the choices, each as likely as its weight; the last where all weights are 0. `choices` is never empty.
    pub fn weighted<'a, T>(&mut self, choices: &'a [T], weight: impl Fn(&T) -> f64) -> &'a T {
        let mut left = self.unit() * choices.iter().map(&weight).sum::<f64>();
        let last = choices.len().saturating_sub(1);
        let place = choices.iter().position(|choice| {
            left -= weight(choice);
            left < 0.0
        });
        &choices[place.unwrap_or(last)]
    }

    /// Evenly one of the choices. `choices` is never empty.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// Sixteen hexadecimal digits that no other draw has given.
    pub fn token(&mut self) -> String {
        format!("{:016x}", self.0.next_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_shape_they_claim() {
        let mut chance = Chance::new(1, 0);
        let mut mean =
            |draw: &mut dyn FnMut(&mut Chance) -> f64| (0..20_000).map(|_| draw(&mut chance)).sum::<f64>() / 20_000.0;
        for (name, expected, seen) in [
            ("unit", 0.5, mean(&mut |c| c.unit())),
            ("happens", 0.3, mean(&mut |c| f64::from(u8::from(c.happens(0.3))))),
            ("between", 3.0, mean(&mut |c| c.between(2.0, 4.0))),
            ("below", 4.5, mean(&mut |c| c.below(10) as f64)),
            ("normal", 0.0, mean(&mut |c| c.normal())),
            ("normal squared", 1.0, mean(&mut |c| c.normal().powi(2))),
            ("exponential", 7.0, mean(&mut |c| c.exponential(7.0))),
            ("poisson", 1.7, mean(&mut |c| f64::from(c.poisson(1.7)))),
            ("weighted", 0.75, mean(&mut |c| *c.weighted(&[0.0, 1.0], |w| 1.0 + 2.0 * w))),
        ] {
            assert!(
                (seen - expected).abs() < 0.03 * (1.0 + expected * 2.0),
                "{name}: mean {seen}, expected {expected}"
            );
        }
    }

    #[test]
    fn streams_of_one_seed_differ() {
        let draw = |seed, stream| Chance::new(seed, stream).token();
        assert_eq!(draw(1, 0), draw(1, 0));
        assert_ne!(draw(1, 0), draw(1, 1));
        assert_ne!(draw(1, 0), draw(2, 0));
    }
}
