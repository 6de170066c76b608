//! The policy file as it is written. Every key is described here once: the JSON Schema in `policies/` is made from it.

use crate::domain::challenge::ChallengeKind;
use crate::text::yaml::{Entries, Placed};
use schemars::JsonSchema;
use serde::Deserialize;

/// A policy: which plans are offered to whom, and how an application is judged. Evaluated in this order: hard limits,
/// block list, allow list, rules, cut-offs, choice of the challenge.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "An aval policy")]
pub(super) struct PolicyFile {
    /// The policy's name, for people.
    pub name: String,
    /// Its version, for people; its identity is the digest of the file.
    pub version: String,
    /// The IANA time zone of the merchants that name none: due dates, night and weekend are
    /// taken in it. Without it, UTC.
    pub time_zone: Option<Placed<String>>,
    /// How many reasons a customer is told at most.
    pub most_reasons: Option<Placed<u8>>,
    /// ISO 4217 codes of the currencies served; without it, every currency.
    pub currencies: Option<Vec<Placed<String>>>,
    /// ISO 3166-1 alpha-2 codes of the countries served; without it, every country.
    pub countries: Option<Vec<Placed<String>>>,
    /// Whether an application whose country is not known is outside the limits of countries.
    #[serde(default)]
    pub country_required: bool,
    /// Offers every plan for every amount, free of charge; `plans` then only says what some of them cost.
    #[serde(default)]
    pub any_plan: bool,
    /// The plans offered.
    #[serde(default)]
    pub plans: Vec<Placed<PlanEntry>>,
    /// Tighter limits of single countries, by ISO 3166-1 alpha-2 code.
    #[serde(default)]
    pub country_limits: Entries<CountryEntry>,
    /// What is different for single merchants, by id.
    #[serde(default)]
    pub merchants: Entries<MerchantEntry>,
    /// Whom and what is declined.
    #[serde(default)]
    pub block: ListsEntry,
    /// Whom and what is accepted, within the hard limits.
    #[serde(default)]
    pub allow: ListsEntry,
    /// Rules, in the order in which they are tried.
    #[serde(default)]
    pub rules: Vec<RuleEntry>,
    /// What follows from the fraud score.
    pub fraud: Placed<FraudEntry>,
    /// What follows from the probability of default.
    pub default: Placed<DefaultEntry>,
    /// What follows from the loss to expect.
    #[serde(default)]
    pub expected_loss: ExpectedLossEntry,
    /// How far each challenge may go.
    #[serde(default)]
    pub challenges: ChallengesEntry,
    /// What a step-up becomes when every challenge it could ask for has been answered.
    #[serde(default)]
    pub when_challenges_spent: WhenSpent,
    /// How long things stay open.
    #[serde(default)]
    pub windows: WindowsEntry,
    /// What customers are told about merchants that say nothing else of themselves.
    pub storefront: Option<StorefrontEntry>,
    /// What happens to an accepted plan by itself; without it, nothing: the gateway services plans on its own.
    pub servicing: Option<ServicingEntry>,
}

/// One plan, named by its three numbers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanEntry {
    /// How many instalments: 1 to 24.
    pub instalment_count: i32,
    /// Days by which every due date is shifted: 0 to 90.
    #[serde(default)]
    pub deferred_days: i32,
    /// Calendar months by which every due date is shifted: 0 to 3.
    #[serde(default)]
    pub deferred_months: i32,
    /// The smallest amount, in minor units.
    pub min_amount_minor: Option<Placed<i64>>,
    /// The largest amount, in minor units.
    pub max_amount_minor: Option<Placed<i64>>,
    /// The countries it is offered in, of those served.
    pub countries: Option<Vec<Placed<String>>>,
    /// The currencies it is offered in, of those served.
    pub currencies: Option<Vec<Placed<String>>>,
    /// The fixed part of the customer's fee, in minor units.
    #[serde(default)]
    pub fee_fixed_minor: u32,
    /// The part of the fee that grows with the amount, in hundredths of a percent.
    pub fee_bps: Option<Placed<u32>>,
    /// The effective yearly interest, in hundredths of a percent.
    pub apr_bps: Option<Placed<u32>>,
}

/// Limits of one country, on top of the plans'.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CountryEntry {
    /// The smallest amount, in minor units.
    pub min_amount_minor: Option<Placed<i64>>,
    /// The largest amount, in minor units.
    pub max_amount_minor: Option<Placed<i64>>,
    /// The longest plan, in instalments.
    pub max_instalment_count: Option<u8>,
}

/// What is different for one merchant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MerchantEntry {
    /// The merchant's IANA time zone.
    pub time_zone: Option<Placed<String>>,
    /// Whether its customers may be asked for more. Where not, what would be a step-up is a decline, with the offer to
    /// pay in one go.
    #[serde(default = "yes")]
    pub step_up: bool,
    /// Declines all its applications.
    #[serde(default)]
    pub blocked: bool,
    /// Its plans, instead of the policy's.
    pub plans: Option<Vec<Placed<PlanEntry>>>,
    /// Its countries, instead of the policy's.
    pub countries: Option<Vec<Placed<String>>>,
    /// Its currencies, instead of the policy's.
    pub currencies: Option<Vec<Placed<String>>>,
    /// The smallest amount, in minor units, on top of the plans'.
    pub min_amount_minor: Option<Placed<i64>>,
    /// The largest amount, in minor units, on top of the plans'.
    pub max_amount_minor: Option<Placed<i64>>,
    /// The longest plan, in instalments.
    pub max_instalment_count: Option<u8>,
    /// What its customers are told about it.
    pub storefront: Option<StorefrontEntry>,
}

fn yes() -> bool {
    true
}

/// Lists of values by the kind of key. They are kept in memory as keyed hashes only.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ListsEntry {
    /// Customers, as `merchant/customer_id`.
    pub customer: Vec<Placed<String>>,
    /// Card fingerprints.
    pub card: Vec<Placed<String>>,
    /// Device ids.
    pub device: Vec<Placed<String>>,
    /// E-mail addresses; every spelling of a mailbox matches.
    pub email: Vec<Placed<String>>,
    /// Phone numbers in E.164.
    pub phone: Vec<Placed<String>>,
    /// Addresses.
    pub address: Vec<Placed<AddressEntry>>,
    /// IP addresses; an IPv6 address stands for its /64.
    pub ip: Vec<Placed<String>>,
    /// Terminals, as `merchant/terminal_id`.
    pub terminal: Vec<Placed<String>>,
}

/// An address in a list: a first line and a postal code or town are needed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddressEntry {
    /// Street and number.
    pub line1: String,
    /// Building, floor, care of.
    pub line2: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<Placed<String>>,
}

/// One rule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry {
    /// Its name, in diagnostics: lower case with underscores.
    pub name: Placed<String>,
    /// The condition, an expression in CEL.
    pub when: Placed<String>,
    /// What follows where it holds.
    pub outcome: RuleOutcome,
    /// The code of its reason; without it, RULE.
    pub reason: Option<Placed<String>>,
    /// What to ask for on a step-up; without it, what fraud asks for.
    pub challenge: Option<Placed<ChallengeKind>>,
    /// What follows where the condition cannot be computed because an input is missing; without it, a step-up. A
    /// condition that fails when its inputs are missing must say this, or test `known(x)` first.
    pub when_undecided: Option<WhenUndecided>,
}

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RuleOutcome {
    /// Accept, whatever the cut-offs say.
    Accept,
    /// Refuse.
    Decline,
    /// Ask for more.
    StepUp,
    /// Let a person decide.
    Review,
}

impl RuleOutcome {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::StepUp => "step_up",
            Self::Review => "review",
        }
    }
}

/// What follows from a rule that could not be decided. Never *accept*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum WhenUndecided {
    /// Ask for more.
    StepUp,
    /// Refuse.
    Decline,
    /// Let a person decide.
    Review,
    /// Go on as if the condition did not hold.
    Skip,
}

/// What follows from a model that cannot answer. Never *accept*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum WhenModelFails {
    /// Refuse.
    Decline,
    /// Ask for more.
    #[default]
    StepUp,
    /// Let a person decide.
    Review,
}

/// What a step-up becomes when nothing is left to ask for. Never *accept*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum WhenSpent {
    /// Refuse.
    #[default]
    Decline,
    /// Let a person decide.
    Review,
}

/// What follows from the fraud score.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FraudEntry {
    /// Needs no model for fraud and applies no cut-offs.
    #[serde(default)]
    pub unused: bool,
    /// Probabilities below which fraud is no obstacle, by the evidence held; 0: never.
    pub accept_below: Option<FraudLevels>,
    /// Probabilities from which fraud declines; 1: from certainty only.
    pub decline_from: Option<FraudLevels>,
    /// What follows when the model cannot answer.
    #[serde(default)]
    pub when_model_fails: WhenModelFails,
    /// The share of the amount that a fraud costs: 0 to 1.
    pub loss_given_fraud: Option<Placed<f64>>,
    /// How much of the loss by fraud is still to be expected once something is verified: 0 to 1; without it, all of it.
    #[serde(default)]
    pub left_when_verified: LeftEntry,
    /// What to ask for, in this order.
    #[serde(default = "fraud_challenges")]
    pub challenges: Vec<ChallengeKind>,
}

fn fraud_challenges() -> Vec<ChallengeKind> {
    vec![ChallengeKind::SmsCode, ChallengeKind::IdDocument]
}

/// How much of the loss by fraud is still to be expected; a level that is not given is the one before it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LeftEntry {
    /// The phone is verified.
    pub phone: Option<Placed<f64>>,
    /// The identity is verified.
    pub identity: Option<Placed<f64>>,
}

/// Cut-offs on the fraud score by the evidence held; a level that is not given is the one before it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FraudLevels {
    /// Nothing is verified.
    pub none: Placed<f64>,
    /// The phone is verified.
    pub phone: Option<Placed<f64>>,
    /// The identity is verified.
    pub identity: Option<Placed<f64>>,
}

/// What follows from the probability of default.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DefaultEntry {
    /// Needs no model for default and applies no cut-offs.
    #[serde(default)]
    pub unused: bool,
    /// Probabilities below which default is no obstacle, by the evidence held; 0: never.
    pub accept_below: Option<DefaultLevels>,
    /// Probabilities from which default declines; 1: from certainty only.
    pub decline_from: Option<DefaultLevels>,
    /// What follows when the model cannot answer.
    #[serde(default)]
    pub when_model_fails: WhenModelFails,
    /// The share of the exposure that a default costs: 0 to 1.
    pub loss_given_default: Option<Placed<f64>>,
    /// What to ask for, in this order.
    #[serde(default = "default_challenges")]
    pub challenges: Vec<ChallengeKind>,
}

fn default_challenges() -> Vec<ChallengeKind> {
    vec![ChallengeKind::BankHistory]
}

/// Cut-offs on the probability of default by the evidence held; a level that is not given is the one before it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DefaultLevels {
    /// Nothing is verified.
    pub none: Placed<f64>,
    /// The bank history is known.
    pub bank: Option<Placed<f64>>,
}

/// Cut-offs on the loss to expect, as a share of the amount and net of the margin, in hundredths of a percent.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ExpectedLossEntry {
    /// What the purchase earns: losses up to it are no obstacle.
    pub margin_bps: u32,
    /// The share of the amount that is still owed when a customer defaults: 0 to 1; without it, all of it.
    pub exposure_at_default: Option<Placed<f64>>,
    /// Asks for more from here on; without it, never.
    pub step_up_from_bps: Option<Placed<u32>>,
    /// Declines from here on; without it, never.
    pub decline_from_bps: Option<Placed<u32>>,
}

/// How far each challenge may go.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ChallengesEntry {
    /// A one-time code sent to the customer's phone.
    pub sms_code: Option<ChallengeEntry>,
    /// A check of an identity document.
    pub id_document: Option<ChallengeEntry>,
    /// The bank history of the last months.
    pub bank_history: Option<ChallengeEntry>,
}

/// How far one challenge may go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChallengeEntry {
    /// How many tries: 1 to 10.
    pub attempts: Placed<u32>,
    /// How long the customer has, in seconds: at most 30 days.
    pub ttl_seconds: Placed<u32>,
    /// How often a code may be sent again: at most 10; without it, 3.
    pub resends: Option<Placed<u32>>,
    /// How long after a code was sent another may be asked for, in seconds; without it, a minute.
    pub resend_after_seconds: Option<Placed<u32>>,
    /// How often in 24 hours the challenge is asked of one phone number, over all journeys and merchants; without it, 10.
    pub daily_per_phone: Option<Placed<u32>>,
    /// How often in 24 hours the challenge is asked of one customer of a merchant; without it, 10.
    pub daily_per_customer: Option<Placed<u32>>,
    /// What follows when the customer does not come through: too many wrong tries, no consent, out of time.
    #[serde(default)]
    pub when_failed: WhenFailed,
    /// What follows when the provider does not.
    #[serde(default = "next_challenge")]
    pub when_provider_fails: WhenFailed,
}

fn next_challenge() -> WhenFailed {
    WhenFailed::Next
}

/// What follows from a challenge that ended without evidence. Never *accept*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum WhenFailed {
    /// Refuse.
    #[default]
    Decline,
    /// Ask for the next challenge; where none is left, what the policy says of that.
    Next,
    /// Let a person decide.
    Review,
}

/// How long things stay open, in seconds: 1 second to 90 days.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WindowsEntry {
    /// The whole journey; without it, an hour.
    pub journey_ttl_seconds: Option<Placed<u32>>,
    /// Paying in one go after a decline; without it, an hour.
    pub offer_ttl_seconds: Option<Placed<u32>>,
    /// Asking for a person's review after a decline; without it, 14 days.
    pub review_ttl_seconds: Option<Placed<u32>>,
}

/// What customers are told about a merchant, on pages and in mails. Addresses are https, or http on this machine.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StorefrontEntry {
    /// The shop's name: 1 to 60 characters.
    pub name: Placed<String>,
    /// Where customers write for help.
    pub support_email: Placed<String>,
    /// The page where they find help.
    pub support_url: Option<Placed<String>>,
    /// The privacy policy.
    pub privacy_url: Placed<String>,
    /// The terms.
    pub terms_url: Placed<String>,
    /// The gateway's page on which a customer gives another card; `{application_id}` in it stands for the plan's.
    pub card_change_url: Option<Placed<String>>,
}

/// What happens to an accepted plan by itself.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ServicingEntry {
    /// How many hours before a due date the customer is reminded, at most four times; without it, 96 and 72.
    pub reminder_hours: Option<Vec<Placed<u16>>>,
    /// By how many days the customer may move a due date, once: at most 60; without it, 15.
    pub movable_days: Option<Placed<u8>>,
    /// The hour of the day at which an instalment is due, in the customer's time zone; without it, 9.
    pub due_hour: Option<Placed<i8>>,
    /// From this hour on nobody is written to; without it, 21.
    pub quiet_from_hour: Option<Placed<i8>>,
    /// Until this hour of the morning nobody is written to; without it, 8.
    pub quiet_until_hour: Option<Placed<i8>>,
}
