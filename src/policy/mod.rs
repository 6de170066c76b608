//! Floor 2: the policy file and the judgement: features → models → policy, total and pure.
//!
//! The file as it is written is `file`, what is wrong with it is found by `check` and, for conditions, `trial`; what
//! comes out is a [`Policy`], by which [`decide()`] decides and [`judge`] judges.

pub mod batch;
mod check;
mod customer;
mod cutoff;
mod decide;
mod file;
mod flip;
mod generation;
mod lists;
mod names;
mod offer;
mod rule;
mod summary;
mod trial;

pub use check::{MAX_LIST_ENTRIES, MAX_MERCHANTS, MAX_PLANS, MAX_RULES};
pub use decide::{Scoring, decide};
pub use flip::{Flip, nearest_flip};
pub use generation::Generation;
pub use summary::{CutoffSummary, Summary};

use crate::domain::challenge::ChallengeKind;
use crate::domain::decision::{Diagnostic, Outcome, Reason, Scores, Standing, Target};
use crate::domain::geo::Country;
use crate::domain::ids::MerchantId;
use crate::domain::keys::KeyHasher;
use crate::domain::money::Money;
use crate::domain::plan::{Constraint, PlanChoice, Servicing, Terms};
use crate::domain::storefront::Storefront;
use crate::features::Facts;
use crate::model::Contributions;
use crate::text::{Refusal, yaml};
use cutoff::{LossPolicy, TargetPolicy};
use file::{PolicyFile, WhenFailed, WhenSpent};
use jiff::tz::TimeZone;
use lists::Lists;
use offer::{Bounds, Offer, Place, Question};
use rule::Rules;
use std::collections::{BTreeMap, HashMap};

/// What a judgement says, before it has an id and a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Accept, decline or step-up.
    pub outcome: Outcome,
    /// What to ask for on a step-up; `None` there means a person's review.
    pub challenge: Option<ChallengeKind>,
    /// All reasons that applied, most weighty first.
    pub reasons: Vec<Reason>,
    /// The scores.
    pub scores: Scores,
    /// Whether something was missing that should have been there.
    pub degraded: bool,
    /// What went wrong inside.
    pub diagnostics: Vec<Diagnostic>,
}

/// How far one challenge may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChallengeLimits {
    /// How many tries the customer has.
    pub tries: u32,
    /// How long the customer has, in seconds.
    pub ttl_seconds: u32,
    /// How often a code may be sent again.
    pub resends: u32,
    /// How long after a code was sent another may be asked for, in seconds.
    pub resend_after_seconds: u32,
    /// How often in 24 hours it is asked of one phone number, over all journeys and merchants.
    pub daily_per_phone: u32,
    /// How often in 24 hours it is asked of one customer of a merchant.
    pub daily_per_customer: u32,
}

/// What the policy says of one challenge.
#[derive(Debug, Clone, Copy)]
struct Challenge {
    limits: ChallengeLimits,
    when_failed: WhenFailed,
    when_provider_fails: WhenFailed,
}

/// How long a journey and what follows it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// The whole journey, in seconds.
    pub journey_ttl_seconds: u32,
    /// Paying in one go after a decline, in seconds.
    pub offer_ttl_seconds: u32,
    /// Asking for a person's review after a decline, in seconds.
    pub review_ttl_seconds: u32,
}

/// What purchases cost and earn, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Rates {
    /// The share of the amount that a fraud costs.
    pub fraud_loss_share: f64,
    /// The share of the amount that a default costs: what is still owed by then, times how much of that is lost.
    pub default_loss_share: f64,
    /// What a purchase earns that is repaid, in hundredths of a percent of the amount.
    pub margin_bps: u32,
}

/// A policy that has been checked whole.
#[derive(Debug)]
pub struct Policy {
    name: String,
    version: String,
    time_zone: TimeZone,
    most_reasons: usize,
    place: Place,
    country_required: bool,
    any_plan: bool,
    plans: Vec<Offer>,
    country_bounds: BTreeMap<Country, Bounds>,
    merchants: HashMap<MerchantId, Merchant>,
    block: Lists,
    allow: Lists,
    rules: Rules,
    /// In the order of [`Target::ALL`].
    targets: [TargetPolicy; 2],
    loss: LossPolicy,
    /// In the order of [`ChallengeKind::ALL`].
    challenges: [Challenge; 3],
    when_challenges_spent: WhenSpent,
    windows: Windows,
    storefront: Storefront,
    servicing: Option<Servicing>,
    /// The time zones of countries that have one.
    zones: BTreeMap<Country, TimeZone>,
}

/// What is different for one merchant.
#[derive(Debug)]
struct Merchant {
    time_zone: Option<TimeZone>,
    step_up: bool,
    blocked: bool,
    plans: Option<Vec<Offer>>,
    place: Place,
    bounds: Bounds,
    storefront: Option<Storefront>,
}

impl Policy {
    /// Reads and checks a policy. `file` is its name in refusals; list entries are kept as hashes under `hasher`.
    pub fn load(file: &str, source: &str, hasher: &KeyHasher) -> Result<Self, Refusal> {
        let parsed: PolicyFile = yaml::parse(file, source)?;
        check::policy(parsed, &check::Checker { file, source, hasher })
    }

    /// The JSON Schema of policy files.
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(PolicyFile).to_value()
    }

    /// The merchant's time zone.
    pub fn time_zone(&self, merchant: &MerchantId) -> &TimeZone {
        self.merchants.get(merchant).and_then(|merchant| merchant.time_zone.as_ref()).unwrap_or(&self.time_zone)
    }

    /// Where a merchant's customers in a country are awake: the country's time zone, or else the merchant's.
    pub fn customer_zone(&self, merchant: &MerchantId, country: Option<Country>) -> &TimeZone {
        country.and_then(|country| self.zones.get(&country)).unwrap_or_else(|| self.time_zone(merchant))
    }

    /// What customers are told about a merchant.
    pub fn storefront(&self, merchant: &MerchantId) -> &Storefront {
        let own = self.merchants.get(merchant).and_then(|merchant| merchant.storefront.as_ref());
        own.unwrap_or(&self.storefront)
    }

    /// What happens to an accepted plan by itself; `None`: nothing.
    pub fn servicing(&self) -> Option<&Servicing> {
        self.servicing.as_ref()
    }

    /// How far a challenge of this kind may go.
    pub fn challenge_limits(&self, kind: ChallengeKind) -> ChallengeLimits {
        self.challenge(kind).limits
    }

    fn challenge(&self, kind: ChallengeKind) -> &Challenge {
        let [sms_code, id_document, bank_history] = &self.challenges;
        match kind {
            ChallengeKind::SmsCode => sms_code,
            ChallengeKind::IdDocument => id_document,
            ChallengeKind::BankHistory => bank_history,
        }
    }

    /// How long things stay open.
    pub fn windows(&self) -> Windows {
        self.windows
    }

    /// The plans that a merchant offers, in the order of the file.
    pub fn offers(&self, merchant: &MerchantId) -> Vec<PlanChoice> {
        self.plans_of(merchant).iter().map(|offer| offer.terms.choice).collect()
    }

    /// What a plan costs at a merchant; free of charge where the policy does not offer it.
    pub fn terms(&self, merchant: &MerchantId, choice: PlanChoice) -> Terms {
        let free = Terms { choice, fee_fixed_minor: 0, fee_bps: 0, apr_bps: 0 };
        self.offer(merchant, choice).map_or(free, |offer| offer.terms)
    }

    /// Everything that stands against a plan: the hard limits. Nothing: it is eligible. The bounds on the amount are
    /// only asked in a currency that is served.
    pub fn constraints(
        &self,
        merchant: &MerchantId,
        choice: PlanChoice,
        amount: Money,
        country: Option<Country>,
    ) -> Vec<Constraint> {
        let own = self.merchants.get(merchant);
        let offer = self.offer(merchant, choice);
        let bounds = offer.map(|offer| offer.bounds).or(self.any_plan.then_some(Bounds::NONE));
        let bounds = bounds.map(|bounds| {
            let of_merchant = own.map_or(Bounds::NONE, |own| own.bounds);
            let of_country = country.and_then(|country| self.country_bounds.get(&country)).copied();
            bounds.within(of_merchant).within(of_country.unwrap_or(Bounds::NONE))
        });
        let question = Question {
            amount,
            country,
            country_required: self.country_required,
            countries: [
                own.and_then(|own| own.place.countries.as_deref()).or(self.place.countries.as_deref()),
                offer.and_then(|offer| offer.place.countries.as_deref()),
            ],
            currencies: [
                own.and_then(|own| own.place.currencies.as_deref()).or(self.place.currencies.as_deref()),
                offer.and_then(|offer| offer.place.currencies.as_deref()),
            ],
        };
        question.constraints(choice, bounds)
    }

    /// What a known fraud and a known default cost, as shares of the amount, and what a purchase that is repaid earns.
    pub fn rates(&self) -> Rates {
        let [fraud, default] = &self.targets;
        Rates {
            fraud_loss_share: fraud.loss_share,
            default_loss_share: self.loss.exposure_at_default * default.loss_share,
            margin_bps: self.loss.margin_bps,
        }
    }

    /// How many entries its block and allow lists have.
    pub fn listed(&self) -> usize {
        self.block.counts().chain(self.allow.counts()).map(|(_, count)| count).sum()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of its rules, in the order in which they are tried.
    pub fn rule_names(&self) -> impl Iterator<Item = &str> {
        self.rules.rules.iter().map(|rule| rule.name.as_ref())
    }

    /// The names of the rules that apply.
    pub fn rules_that_apply(&self, facts: &Facts, scores: &Scores) -> impl Iterator<Item = &str> {
        let mut names = Vec::new();
        self.rules.try_all(facts, scores, |rule, verdict| {
            if verdict == rule::Verdict::Applies {
                names.push(rule.name.as_ref());
            }
        });
        names.into_iter()
    }

    /// Whether the policy needs a model that predicts `target`.
    pub fn needs(&self, target: Target) -> bool {
        self.targets.iter().any(|one| one.target == target && !one.unused)
    }

    fn plans_of(&self, merchant: &MerchantId) -> &[Offer] {
        self.merchants.get(merchant).and_then(|merchant| merchant.plans.as_ref()).unwrap_or(&self.plans)
    }

    fn offer(&self, merchant: &MerchantId, choice: PlanChoice) -> Option<&Offer> {
        self.plans_of(merchant).iter().find(|offer| offer.terms.choice == choice)
    }
}

/// Judges one application: features → models → policy. Total and pure.
pub fn judge(facts: &Facts, generation: &Generation) -> Judgement {
    judge_with(facts, generation, &Standing::default())
}

/// Judges one application on what its journey has come to.
pub fn judge_with(facts: &Facts, generation: &Generation, standing: &Standing) -> Judgement {
    let policy = &generation.policy;
    let models = Target::ALL.map(|target| generation.model_with(target, standing.held));
    let mut contributions = [Contributions::default(), Contributions::default()];
    let mut score = |at: usize| {
        let (Some(model), Some(contributions)) = (models[at], contributions.get_mut(at)) else {
            return Scoring::NoModel;
        };
        match model.score(facts, contributions) {
            Ok(score) => Scoring::Scored(score),
            Err(failure) => Scoring::Failed(batch::failed(model, &failure)),
        }
    };
    let scorings = [score(0), score(1)];
    let explain = |target: Target| {
        let of = models.iter().zip(&contributions).find_map(|(model, shares)| {
            model.filter(|model| model.target() == target).map(|model| model.reasons(shares, policy.most_reasons))
        });
        of.unwrap_or_default()
    };
    decide(policy, facts, &scorings, standing, &explain)
}

#[cfg(test)]
mod tests;
