//! The decision: total and pure. In this order: hard limits, block list, allow list, rules, cut-offs, choice of the
//! challenge. The first group that says something decides; what the later ones say is kept as reasons.

use super::cutoff::{TargetPolicy, Zone, losses, whole_minor};
use super::file::{RuleOutcome, WhenFailed, WhenModelFails, WhenSpent, WhenUndecided};
use super::offer::reason_of;
use super::rule::{Rule, Verdict};
use super::{Judgement, Policy};
use crate::domain::challenge::ChallengeKind;
use crate::domain::decision::{Diagnostic, Outcome, Reason, Score, Scores, Standing, Target};
use crate::domain::keys::KeyKind;
use crate::domain::reason::ReasonCode;
use crate::features::Facts;

/// What became of the scoring for one target.
#[derive(Debug, Clone, PartialEq)]
pub enum Scoring {
    /// The model answered.
    Scored(Score),
    /// The model could not answer.
    Failed(Diagnostic),
    /// There is no model for this target.
    NoModel,
}

impl Scoring {
    fn score(&self) -> Option<Score> {
        match self {
            Self::Scored(score) if score.calibrated_log_odds.is_nan() || score.probability.is_nan() => None,
            Self::Scored(score) => Some(*score),
            Self::Failed(_) | Self::NoModel => None,
        }
    }

    fn failure(&self, target: Target) -> Option<Diagnostic> {
        let diagnostic = |message: &str| Diagnostic { subject: target.name().into(), message: message.into() };
        match self {
            Self::Failed(why) => Some(why.clone()),
            Self::NoModel => Some(diagnostic("no model predicts this; the policy's outcome was taken instead")),
            Self::Scored(_) if self.score().is_none() => {
                Some(diagnostic("the score is not a number; the policy's outcome was taken instead"))
            }
            Self::Scored(_) => None,
        }
    }
}

/// What a step-up asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Ask {
    /// The challenge a rule names.
    named: Option<ChallengeKind>,
    /// What fraud and what default would ask for, in the order of [`Target::ALL`].
    profiles: [bool; 2],
    /// A person, where no challenge is left.
    review: bool,
}

/// What a group says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Accept,
    Decline,
    StepUp(Ask),
}

/// One decision under way.
struct Deciding<'a> {
    policy: &'a Policy,
    facts: &'a Facts,
    standing: &'a Standing,
    scorings: &'a [Scoring; 2],
    explain: &'a dyn Fn(Target) -> Vec<Reason>,
    scores: Scores,
    losses: (f64, f64),
    reasons: Vec<Reason>,
    diagnostics: Vec<Diagnostic>,
}

/// Decides one application. `scorings` are in the order of [`Target::ALL`], `standing` is what the journey has come
/// to, and `explain` gives a model's reasons, most weighty first, where they are needed.
pub fn decide(
    policy: &Policy,
    facts: &Facts,
    scorings: &[Scoring; 2],
    standing: &Standing,
    explain: &dyn Fn(Target) -> Vec<Reason>,
) -> Judgement {
    let mut deciding = Deciding {
        policy,
        facts,
        standing,
        scorings,
        explain,
        scores: Scores { fraud: scorings[0].score(), default: scorings[1].score(), expected_loss_minor: None },
        losses: (0.0, 0.0),
        reasons: Vec::new(),
        diagnostics: Vec::new(),
    };
    deciding.expect_loss();
    deciding.note_failures();
    let mut says = deciding.limits().or(deciding.block_list());
    // Both are asked whatever the first says, because every reason that applied is kept.
    if policy.allow.holds(&facts.keys) {
        says = says.or_else(|| {
            deciding.reasons.push(Reason::of(ReasonCode::ALLOW_LIST));
            Some(Says::Accept)
        });
    } else {
        says = says.or(deciding.failure());
        let rules = deciding.rules();
        let cutoffs = deciding.cutoffs();
        says = says.or(match rules {
            // A rule spares an application the cut-offs, but not a score that is missing.
            Some(Says::Accept) => Some(deciding.failed_models().unwrap_or(Says::Accept)),
            other => other,
        });
        says = says.or(Some(cutoffs));
    }
    deciding.conclude(says.unwrap_or(Says::Decline))
}

impl Deciding<'_> {
    fn needed(&self) -> impl Iterator<Item = (&TargetPolicy, &Scoring)> {
        self.policy.targets.iter().zip(self.scorings).filter(|(target, _)| !target.unused)
    }

    fn expect_loss(&mut self) {
        if self.needed().any(|(_, scoring)| scoring.score().is_none()) || self.needed().next().is_none() {
            return;
        }
        let looked_at = |at: usize| {
            let target = &self.policy.targets[at];
            (self.scorings[at].score().filter(|_| !target.unused), target.share(self.standing.held))
        };
        let exposure = self.policy.loss.exposure_at_default;
        self.losses = losses(self.facts.amount.amount_minor, looked_at(0), looked_at(1), exposure);
        self.scores.expected_loss_minor = Some(whole_minor(self.losses.0 + self.losses.1));
    }

    fn note_failures(&mut self) {
        let failures: Vec<_> = self.needed().filter_map(|(target, scoring)| scoring.failure(target.target)).collect();
        self.diagnostics.extend(failures);
    }

    fn limits(&mut self) -> Option<Says> {
        let Facts { merchant, plan, amount, country, .. } = self.facts;
        let against = self.policy.constraints(merchant, *plan, *amount, *country);
        self.reasons.extend(against.iter().map(|constraint| Reason::of(reason_of(constraint))));
        (!against.is_empty()).then_some(Says::Decline)
    }

    fn block_list(&mut self) -> Option<Says> {
        let blocked = self.policy.block.holds(&self.facts.keys)
            || self.policy.merchants.get(&self.facts.merchant).is_some_and(|merchant| merchant.blocked);
        if blocked {
            self.reasons.push(Reason::of(ReasonCode::BLOCK_LIST));
        }
        blocked.then_some(Says::Decline)
    }

    /// What the policy says about a challenge that ended without evidence; where it says to go on, nothing.
    fn failure(&mut self) -> Option<Says> {
        let (kind, failure) = self.standing.failed?;
        self.reasons.push(Reason::of(failure.reason()));
        let challenge = self.policy.challenge(kind);
        let when = if failure.is_providers() {
            let message = "the provider failed; the policy's outcome for that was taken".into();
            self.diagnostics.push(Diagnostic { subject: kind.name().into(), message });
            challenge.when_provider_fails
        } else {
            challenge.when_failed
        };
        match when {
            WhenFailed::Decline => Some(Says::Decline),
            WhenFailed::Review => Some(Says::StepUp(Ask { review: true, ..Ask::default() })),
            WhenFailed::Next => None,
        }
    }

    fn rules(&mut self) -> Option<Says> {
        let mut says = None;
        let (policy, held) = (self.policy, self.standing.held);
        let (reasons, diagnostics) = (&mut self.reasons, &mut self.diagnostics);
        // A rule that asks for more has what it asks for once that evidence is held.
        let answered = |says: &Says| match says {
            Says::StepUp(Ask { named: Some(named), .. }) => held.contains(*named),
            Says::StepUp(ask) => {
                let asked = policy.targets.iter().zip(ask.profiles).filter(|(_, asks)| *asks);
                asked.flat_map(|(target, _)| &target.challenges).any(|kind| held.contains(*kind))
            }
            Says::Accept | Says::Decline => false,
        };
        policy.rules.try_all(self.facts, &self.scores, |rule, verdict| {
            let said = match verdict {
                Verdict::DoesNot => return,
                Verdict::Applies => {
                    reasons.push(Reason::of(rule.reason));
                    Some(said_by(rule))
                }
                Verdict::Undecided(why) => {
                    let message = format!("undecided, {why}; {} was taken", in_words(rule.when_undecided));
                    diagnostics.push(Diagnostic { subject: rule.name.to_string(), message });
                    let said = said_undecided(rule);
                    if said.is_some() {
                        reasons.push(Reason::of(ReasonCode::RULE_UNDECIDED));
                    }
                    said
                }
            };
            says = says.or(said.filter(|said| !answered(said)));
        });
        says
    }

    /// What the policy says about models that could not answer.
    fn failed_models(&self) -> Option<Says> {
        let failed = self.needed().filter(|(_, scoring)| scoring.score().is_none());
        failed.map(|(target, _)| said_by_failure(target)).reduce(heavier)
    }

    fn cutoffs(&mut self) -> Says {
        let mut says = Says::Accept;
        let policy = self.policy;
        for (at, target) in policy.targets.iter().enumerate().filter(|(_, target)| !target.unused) {
            let said = match self.scorings[at].score() {
                None => {
                    self.reasons.push(Reason::of(ReasonCode::MODEL_FAILED));
                    said_by_failure(target)
                }
                Some(score) => {
                    let zone = target.cutoff(self.standing.held).map(|cutoff| cutoff.zone(score.calibrated_log_odds));
                    self.said_by_zone(zone.unwrap_or(Zone::StepUp), target.target)
                }
            };
            says = heavier(says, said);
        }
        if let Some(loss) = self.scores.expected_loss_minor {
            let zone = policy.loss.zone(loss, self.facts.amount.amount_minor);
            let cause = if self.losses.0 >= self.losses.1 { Target::Fraud } else { Target::Default };
            says = heavier(says, self.said_by_zone(zone, cause));
        }
        says
    }

    fn said_by_zone(&mut self, zone: Zone, target: Target) -> Says {
        if zone == Zone::Accept {
            return Says::Accept;
        }
        let code = match target {
            Target::Fraud => ReasonCode::FRAUD_SCORE,
            Target::Default => ReasonCode::DEFAULT_SCORE,
        };
        self.reasons.push(Reason { target: Some(target), ..Reason::of(code) });
        self.reasons.extend((self.explain)(target));
        match zone {
            Zone::Decline => Says::Decline,
            _ => Says::StepUp(ask_of(target)),
        }
    }

    /// The choice of the challenge, and the end of it.
    fn conclude(mut self, says: Says) -> Judgement {
        let (outcome, challenge) = match says {
            Says::Accept => (Outcome::Accept, None),
            Says::Decline => (Outcome::Decline, None),
            Says::StepUp(_) if !self.steps_up() => {
                self.reasons.push(Reason::of(ReasonCode::STEP_UP_OFF));
                (Outcome::Decline, None)
            }
            Says::StepUp(ask) => self.choose(ask),
        };
        self.thin_out();
        Judgement {
            outcome,
            challenge,
            reasons: self.reasons,
            scores: self.scores,
            degraded: !self.diagnostics.is_empty(),
            diagnostics: self.diagnostics,
        }
    }

    fn steps_up(&self) -> bool {
        self.policy.merchants.get(&self.facts.merchant).is_none_or(|merchant| merchant.step_up)
    }

    /// The first challenge that can be asked; else a person, where the policy wants one.
    fn choose(&mut self, ask: Ask) -> (Outcome, Option<ChallengeKind>) {
        let profiles = self.policy.targets.iter().zip(ask.profiles).filter(|(_, asks)| *asks);
        let kinds = ask.named.into_iter().chain(profiles.flat_map(|(target, _)| target.challenges.iter().copied()));
        let mut over_limits = false;
        for kind in kinds.filter(|kind| !self.standing.spent.contains(*kind) && self.can_be_asked(*kind)) {
            if !self.standing.over_limits.contains(kind) {
                return (Outcome::StepUp, Some(kind));
            }
            over_limits = true;
        }
        if over_limits {
            self.reasons.push(Reason::of(ReasonCode::CHALLENGE_LIMIT));
        }
        if ask.review {
            return (Outcome::StepUp, None);
        }
        self.reasons.push(Reason::of(ReasonCode::CHALLENGES_SPENT));
        match self.policy.when_challenges_spent {
            WhenSpent::Decline => (Outcome::Decline, None),
            WhenSpent::Review => (Outcome::StepUp, None),
        }
    }

    /// A code needs a phone to be sent to.
    fn can_be_asked(&self, kind: ChallengeKind) -> bool {
        kind != ChallengeKind::SmsCode || self.facts.keys.get(KeyKind::Phone).is_some()
    }

    /// Every reason once, and no more of the customer's than the customer is told.
    fn thin_out(&mut self) {
        let mut kept: Vec<Reason> = Vec::with_capacity(self.reasons.len());
        let mut for_customer = 0;
        for reason in std::mem::take(&mut self.reasons) {
            if kept.iter().any(|other| other.code == reason.code && other.target == reason.target) {
                continue;
            }
            for_customer += usize::from(reason.is_for_customer());
            if !reason.is_for_customer() || for_customer <= self.policy.most_reasons {
                kept.push(reason);
            }
        }
        self.reasons = kept;
    }
}

fn ask_of(target: Target) -> Ask {
    Ask { profiles: Target::ALL.map(|one| one == target), ..Ask::default() }
}

fn said_by(rule: &Rule) -> Says {
    match rule.outcome {
        RuleOutcome::Accept => Says::Accept,
        RuleOutcome::Decline => Says::Decline,
        RuleOutcome::StepUp => Says::StepUp(Ask { named: rule.challenge, ..ask_of(Target::Fraud) }),
        RuleOutcome::Review => Says::StepUp(Ask { review: true, ..Ask::default() }),
    }
}

fn said_undecided(rule: &Rule) -> Option<Says> {
    match rule.when_undecided {
        WhenUndecided::StepUp => Some(Says::StepUp(Ask { named: rule.challenge, ..ask_of(Target::Fraud) })),
        WhenUndecided::Decline => Some(Says::Decline),
        WhenUndecided::Review => Some(Says::StepUp(Ask { review: true, ..Ask::default() })),
        WhenUndecided::Skip => None,
    }
}

fn in_words(when: WhenUndecided) -> &'static str {
    match when {
        WhenUndecided::StepUp => "step_up",
        WhenUndecided::Decline => "decline",
        WhenUndecided::Review => "review",
        WhenUndecided::Skip => "no outcome",
    }
}

fn said_by_failure(target: &TargetPolicy) -> Says {
    match target.when_model_fails {
        WhenModelFails::Decline => Says::Decline,
        WhenModelFails::StepUp => Says::StepUp(ask_of(target.target)),
        WhenModelFails::Review => Says::StepUp(Ask { review: true, ..Ask::default() }),
    }
}

/// Of two that are said at once, the heavier; two step-ups ask for what either asks.
fn heavier(one: Says, other: Says) -> Says {
    match (one, other) {
        (Says::Decline, _) | (_, Says::Decline) => Says::Decline,
        (Says::StepUp(one), Says::StepUp(other)) => Says::StepUp(Ask {
            named: one.named.or(other.named),
            profiles: [one.profiles[0] || other.profiles[0], one.profiles[1] || other.profiles[1]],
            review: one.review || other.review,
        }),
        (Says::StepUp(ask), Says::Accept) | (Says::Accept, Says::StepUp(ask)) => Says::StepUp(ask),
        (Says::Accept, Says::Accept) => Says::Accept,
    }
}
