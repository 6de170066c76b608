//! Cut-offs on the scores, and the loss to expect.

use super::file::WhenModelFails;
use crate::domain::challenge::{ChallengeKind, Kinds};
use crate::domain::decision::{Score, Target};
use crate::model::logit;

/// Where a score leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Zone {
    Accept,
    StepUp,
    Decline,
}

/// Two cut-offs, on the scale of the calibrated log-odds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cutoff {
    /// Below it: no obstacle.
    pub accept_below: f64,
    /// From it on: decline.
    pub decline_from: f64,
}

impl Cutoff {
    /// The cut-offs of two probabilities. 0 is minus infinity, 1 is infinity. It is the function that calibration uses, so
    /// that a probability that equals a cut-off equals it as log-odds too.
    pub fn new(accept_below: f64, decline_from: f64) -> Self {
        Self { accept_below: logit(accept_below), decline_from: logit(decline_from) }
    }

    /// Where calibrated log-odds lead. Not a number leads to a step-up at best.
    pub fn zone(&self, log_odds: f64) -> Zone {
        if log_odds >= self.decline_from {
            Zone::Decline
        } else if log_odds < self.accept_below {
            Zone::Accept
        } else {
            Zone::StepUp
        }
    }
}

/// What follows from one score.
#[derive(Debug)]
pub(super) struct TargetPolicy {
    pub target: Target,
    pub unused: bool,
    /// By the evidence held, from none to the richest; empty where unused.
    pub levels: Vec<(&'static str, Cutoff)>,
    pub when_model_fails: WhenModelFails,
    /// The share of the exposure that is lost.
    pub loss_share: f64,
    /// How much of that is left to expect, by the evidence held, as in `levels`.
    pub left: [f64; 3],
    pub challenges: Vec<ChallengeKind>,
}

impl TargetPolicy {
    /// The cut-offs under the evidence held.
    pub fn cutoff(&self, held: Kinds) -> Option<&Cutoff> {
        self.levels.get(self.level(held)).map(|(_, cutoff)| cutoff)
    }

    /// The share of the exposure that is to be expected as lost, under the evidence held.
    pub fn share(&self, held: Kinds) -> f64 {
        self.loss_share * self.left.get(self.level(held)).copied().unwrap_or(1.0)
    }

    fn level(&self, held: Kinds) -> usize {
        match self.target {
            Target::Fraud if held.contains(ChallengeKind::IdDocument) => 2,
            Target::Fraud if held.contains(ChallengeKind::SmsCode) => 1,
            Target::Default if held.contains(ChallengeKind::BankHistory) => 1,
            _ => 0,
        }
    }
}

/// Cut-offs on the loss to expect.
#[derive(Debug)]
pub(super) struct LossPolicy {
    pub margin_bps: u32,
    pub exposure_at_default: f64,
    pub step_up_from_bps: Option<u32>,
    pub decline_from_bps: Option<u32>,
}

impl LossPolicy {
    /// Where a loss leads: exact, in whole minor units.
    pub fn zone(&self, loss_minor: i64, amount_minor: i64) -> Zone {
        let reaches = |cut: Option<u32>| {
            cut.is_some_and(|bps| {
                let allowed = i128::from(bps) + i128::from(self.margin_bps);
                i128::from(loss_minor) * 10_000 >= allowed * i128::from(amount_minor)
            })
        };
        if reaches(self.decline_from_bps) {
            Zone::Decline
        } else if reaches(self.step_up_from_bps) {
            Zone::StepUp
        } else {
            Zone::Accept
        }
    }
}

/// The two shares of the loss to expect, in minor units: by fraud, and by default where it is no fraud. `None` stands
/// for a target that is not looked at.
pub(super) fn losses(
    amount_minor: i64,
    fraud: (Option<Score>, f64),
    default: (Option<Score>, f64),
    exposure_at_default: f64,
) -> (f64, f64) {
    let (fraud_probability, fraud_share) = (fraud.0.map_or(0.0, |score| score.probability), fraud.1);
    let (default_probability, default_share) = (default.0.map_or(0.0, |score| score.probability), default.1);
    let amount = amount_minor as f64;
    let by_fraud = fraud_probability * amount * fraud_share;
    let by_default = (1.0 - fraud_probability) * default_probability * (amount * exposure_at_default) * default_share;
    (by_fraud, by_default)
}

/// Whole minor units, half away from zero; what does not fit is the nearest that does.
pub(super) fn whole_minor(loss: f64) -> i64 {
    libm::round(loss) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cutoff_excludes_and_the_other_includes() {
        let cutoff = Cutoff::new(0.1, 0.5);
        for (probability, expected) in [
            (0.0, Zone::Accept),
            (0.099, Zone::Accept),
            (0.1, Zone::StepUp),
            (0.499, Zone::StepUp),
            (0.5, Zone::Decline),
        ] {
            assert_eq!(cutoff.zone(logit(probability)), expected, "{probability}");
        }
        assert_eq!(Cutoff::new(0.0, 1.0).zone(f64::NEG_INFINITY), Zone::StepUp, "0 accepts nobody");
        assert_eq!(Cutoff::new(1.0, 1.0).zone(f64::INFINITY), Zone::Decline, "1 declines certainty");
        assert_eq!(Cutoff::new(1.0, 1.0).zone(36.0), Zone::Accept);
        assert_eq!(Cutoff::new(1.0, 1.0).zone(f64::NAN), Zone::StepUp, "never a silent accept");
    }

    #[test]
    fn the_loss_to_expect_adds_fraud_and_default() {
        let score = |probability| Some(Score { log_odds: 0.0, calibrated_log_odds: 0.0, probability });
        // 0.1 × 20,000 × 0.9 = 1,800 and 0.9 × 0.2 × (20,000 × 0.75) × 0.6 = 1,620
        let (fraud, default) = losses(20_000, (score(0.1), 0.9), (score(0.2), 0.6), 0.75);
        assert_eq!((whole_minor(fraud), whole_minor(default)), (1_800, 1_620));
        assert_eq!(losses(20_000, (None, 0.9), (score(0.5), 1.0), 1.0), (0.0, 10_000.0));
        for (loss, whole) in [(0.5, 1), (1.5, 2), (2.4, 2), (f64::MAX, i64::MAX), (f64::NAN, 0)] {
            assert_eq!(whole_minor(loss), whole, "{loss}");
        }
    }

    #[test]
    fn losses_are_cut_net_of_the_margin_and_exactly() {
        let loss = LossPolicy {
            margin_bps: 100,
            exposure_at_default: 1.0,
            step_up_from_bps: Some(200),
            decline_from_bps: Some(900),
        };
        for (minor, zone) in [(299, Zone::Accept), (300, Zone::StepUp), (999, Zone::StepUp), (1_000, Zone::Decline)] {
            assert_eq!(loss.zone(minor, 10_000), zone, "{minor} of 10,000");
        }
        let never = LossPolicy { step_up_from_bps: None, decline_from_bps: None, ..loss };
        assert_eq!(never.zone(i64::MAX, 1), Zone::Accept);
    }
}
