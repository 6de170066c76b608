//! From the file as it is written to a policy that can judge, or to the first thing that is wrong with it.

use super::cutoff::{Cutoff, LossPolicy, TargetPolicy};
use super::file::{
    AddressEntry, ChallengeEntry, CountryEntry, DefaultEntry, FraudEntry, ListsEntry, MerchantEntry, PlanEntry,
    PolicyFile, RuleEntry, RuleOutcome, WhenFailed, WhenUndecided,
};
use super::lists::Lists;
use super::offer::{Bounds, Offer, Place};
use super::rule::{Rule, Rules, environment};
use super::{Challenge, ChallengeLimits, Merchant, Policy, Windows, customer, trial};
use crate::domain::Invalid;
use crate::domain::contact::{Email, Phone};
use crate::domain::decision::Target;
use crate::domain::geo::{Address, Country};
use crate::domain::ids::{CustomerId, MerchantId};
use crate::domain::keys::{KeyHasher, KeyKind};
use crate::domain::money::{Currency, MAX_AMOUNT_MINOR};
use crate::domain::plan::{PlanChoice, Terms};
use crate::domain::reason::ReasonCode;
use crate::domain::storefront::Storefront;
use crate::domain::text;
use crate::features::facts::network;
use crate::text::Refusal;
use crate::text::nearest::nearest;
use crate::text::yaml::{Placed, quoted};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The most rules of a policy.
pub const MAX_RULES: usize = 200;
/// The most plans of one list.
pub const MAX_PLANS: usize = 200;
/// The most merchants a policy names.
pub const MAX_MERCHANTS: usize = 10_000;
/// The most entries of all lists together.
pub const MAX_LIST_ENTRIES: usize = 50_000;
/// The most countries or currencies of one list.
const MAX_CODES: usize = 300;
/// The most tries at one challenge.
const MAX_ATTEMPTS: u32 = 10;
/// The most times a challenge is asked in a day.
const MAX_DAILY: u32 = 1_000;
/// The longest a challenge may take.
const MAX_CHALLENGE_SECONDS: u32 = 30 * DAY_SECONDS;
/// The longest anything may stay open.
const MAX_WINDOW_SECONDS: u32 = 90 * DAY_SECONDS;
/// The most reasons a customer may be told.
const MAX_REASONS: u8 = 10;
/// The highest fee, in hundredths of a percent: all of it.
const MAX_FEE_BPS: u32 = 10_000;
/// The highest yearly interest, in hundredths of a percent: a tenfold.
const MAX_APR_BPS: u32 = 100_000;

const MINUTE_SECONDS: u32 = 60;
const DAY_SECONDS: u32 = 24 * 60 * MINUTE_SECONDS;

/// Points at what is wrong in one file.
pub(super) struct Checker<'a> {
    pub file: &'a str,
    pub source: &'a str,
    pub hasher: &'a KeyHasher,
}

/// A level of evidence with its two cut-offs, as far as they are given.
type GivenLevel = (&'static str, Option<Placed<f64>>, Option<Placed<f64>>);

/// Turns a file into a policy.
pub(super) fn policy(file: PolicyFile, checker: &Checker<'_>) -> Result<Policy, Refusal> {
    if file.plans.is_empty() && !file.any_plan {
        let mend = "list the plans offered under `plans:`, or write `any_plan: true`";
        return Err(Refusal::new(checker.file, checker.source, 0..0, "no plan is offered", mend));
    }
    let time_zone = file.time_zone.as_ref().map_or(Ok(TimeZone::UTC), |name| checker.time_zone(name))?;
    let most_reasons = file.most_reasons.as_ref();
    Ok(Policy {
        time_zone,
        most_reasons: usize::from(checker.bounded_or(most_reasons, 1..=MAX_REASONS, 4, "reasons")?),
        place: checker.place(&file.countries, &file.currencies)?,
        country_required: file.country_required,
        any_plan: file.any_plan,
        plans: checker.plans(&file.plans)?,
        country_bounds: checker.country_limits(&file.country_limits.0)?,
        merchants: checker.merchants(&file.merchants.0)?,
        block: checker.lists(&file.block)?,
        allow: checker.lists(&file.allow)?,
        rules: checker.rules(&file.rules)?,
        targets: [checker.fraud(&file.fraud)?, checker.default(&file.default)?],
        loss: LossPolicy {
            margin_bps: file.expected_loss.margin_bps,
            exposure_at_default: checker.share_or(file.expected_loss.exposure_at_default.as_ref(), 1.0)?,
            step_up_from_bps: file.expected_loss.step_up_from_bps.as_ref().map(|bps| bps.value),
            decline_from_bps: checker.loss_decline(&file)?,
        },
        challenges: [
            checker.challenge(file.challenges.sms_code.as_ref(), 3, 10 * MINUTE_SECONDS)?,
            checker.challenge(file.challenges.id_document.as_ref(), 2, 30 * MINUTE_SECONDS)?,
            checker.challenge(file.challenges.bank_history.as_ref(), 2, 30 * MINUTE_SECONDS)?,
        ],
        when_challenges_spent: file.when_challenges_spent,
        windows: Windows {
            journey_ttl_seconds: checker.window(file.windows.journey_ttl_seconds.as_ref(), 60 * MINUTE_SECONDS)?,
            offer_ttl_seconds: checker.window(file.windows.offer_ttl_seconds.as_ref(), 60 * MINUTE_SECONDS)?,
            review_ttl_seconds: checker.window(file.windows.review_ttl_seconds.as_ref(), 14 * DAY_SECONDS)?,
        },
        storefront: file.storefront.as_ref().map_or(Ok(Storefront::default()), |entry| checker.storefront(entry))?,
        servicing: file.servicing.as_ref().map(|entry| checker.servicing(entry)).transpose()?,
        zones: customer::zones(),
        name: file.name,
        version: file.version,
    })
}

impl Checker<'_> {
    /// A refusal at a value.
    pub fn refuse<T>(&self, at: &Placed<T>, message: impl Into<String>, mend: impl Into<String>) -> Refusal {
        at.refusal(self.file, self.source, message, mend)
    }

    /// A refusal inside a text.
    pub fn refuse_at(
        &self,
        at: &Placed<String>,
        offset: usize,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Refusal {
        let place = at.offset_in_source(self.source, offset);
        Refusal::new(self.file, self.source, place..place + 1, message, mend)
    }

    pub fn expected<T>(&self, at: &Placed<T>, what: &str, mend: impl Into<String>) -> Refusal {
        let found = quoted(&self.source[at.span(self.source)]);
        self.refuse(at, format!("expected {what}, found {found}"), mend)
    }

    pub fn parsed<T, V>(&self, at: &Placed<T>, parsed: Result<V, Invalid>) -> Result<V, Refusal> {
        parsed.map_err(|invalid| self.expected(at, &invalid.expected, ""))
    }

    pub fn at_most(&self, count: usize, most: usize, of: &str) -> Result<(), Refusal> {
        if count <= most {
            return Ok(());
        }
        let message = format!("expected at most {most} {of}, found {count}");
        Err(Refusal::new(self.file, self.source, 0..0, message, "shorten the list"))
    }

    pub fn bounded_or<T: PartialOrd + Copy + std::fmt::Display>(
        &self,
        value: Option<&Placed<T>>,
        bounds: std::ops::RangeInclusive<T>,
        otherwise: T,
        unit: &str,
    ) -> Result<T, Refusal> {
        match value {
            None => Ok(otherwise),
            Some(value) if bounds.contains(&value.value) => Ok(value.value),
            Some(value) => {
                Err(self.expected(value, &format!("{} to {} {unit}", bounds.start(), bounds.end()), String::new()))
            }
        }
    }

    fn share_or(&self, value: Option<&Placed<f64>>, otherwise: f64) -> Result<f64, Refusal> {
        self.bounded_or(value, 0.0..=1.0, otherwise, "as a share")
    }

    fn window(&self, value: Option<&Placed<u32>>, otherwise: u32) -> Result<u32, Refusal> {
        self.bounded_or(value, 1..=MAX_WINDOW_SECONDS, otherwise, "seconds")
    }

    fn time_zone(&self, name: &Placed<String>) -> Result<TimeZone, Refusal> {
        // The database inside the program: the same dates on every machine, and no file is read.
        let database = TimeZoneDatabase::bundled();
        database.get(&name.value).map_err(|_| {
            let known: Vec<String> = database.available().map(|name| name.to_string()).collect();
            let mend = nearest(&name.value, known.iter().map(String::as_str));
            let mend =
                mend.map_or("write a name such as Europe/Paris".into(), |near| format!("did you mean `{near}`?"));
            self.expected(name, "an IANA time zone", mend)
        })
    }

    fn codes<V>(
        &self,
        codes: &Option<Vec<Placed<String>>>,
        parse: fn(&str) -> Result<V, Invalid>,
    ) -> Result<Option<Vec<V>>, Refusal> {
        let Some(codes) = codes else { return Ok(None) };
        self.at_most(codes.len(), MAX_CODES, "codes in one list")?;
        let parsed = codes.iter().map(|code| {
            let upper = code.value.to_uppercase();
            parse(&code.value).map_err(|invalid| {
                let mend = if parse(&upper).is_ok() { format!("write `{upper}`") } else { String::new() };
                self.expected(code, &invalid.expected, mend)
            })
        });
        parsed.collect::<Result<Vec<V>, Refusal>>().map(Some)
    }

    fn place(
        &self,
        countries: &Option<Vec<Placed<String>>>,
        currencies: &Option<Vec<Placed<String>>>,
    ) -> Result<Place, Refusal> {
        Ok(Place {
            countries: self.codes(countries, Country::parse)?,
            currencies: self.codes(currencies, Currency::parse)?,
        })
    }

    fn bounds(
        &self,
        min: Option<&Placed<i64>>,
        max: Option<&Placed<i64>>,
        max_instalment_count: Option<u8>,
    ) -> Result<Bounds, Refusal> {
        let min_minor = self.bounded_or(min, 1..=MAX_AMOUNT_MINOR, 1, "minor units")?;
        let max_minor = self.bounded_or(max, 1..=MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR, "minor units")?;
        if let Some(max) = max.filter(|_| min_minor > max_minor) {
            let message = format!("the largest amount, {max_minor}, is below the smallest, {min_minor}");
            return Err(self.refuse(max, message, "swap them or correct one of them"));
        }
        Ok(Bounds { min_minor, max_minor, max_instalment_count: max_instalment_count.unwrap_or(u8::MAX) })
    }

    fn plans(&self, entries: &[Placed<PlanEntry>]) -> Result<Vec<Offer>, Refusal> {
        self.at_most(entries.len(), MAX_PLANS, "plans in one list")?;
        let mut offers: Vec<Offer> = Vec::with_capacity(entries.len());
        for placed in entries {
            let entry = &placed.value;
            let choice = PlanChoice::new(entry.instalment_count, entry.deferred_days, entry.deferred_months)
                .map_err(|invalid| self.refuse(placed, format!("expected {}", invalid.expected), ""))?;
            if offers.iter().any(|offer| offer.terms.choice == choice) {
                let message = format!("the plan {choice} stands in this list a second time");
                return Err(self.refuse(placed, message, "keep one of them"));
            }
            let terms = Terms {
                choice,
                fee_fixed_minor: i64::from(entry.fee_fixed_minor),
                fee_bps: self.bounded_or(entry.fee_bps.as_ref(), 0..=MAX_FEE_BPS, 0, "basis points")?,
                apr_bps: self.bounded_or(entry.apr_bps.as_ref(), 0..=MAX_APR_BPS, 0, "basis points")?,
            };
            let bounds = self.bounds(entry.min_amount_minor.as_ref(), entry.max_amount_minor.as_ref(), None)?;
            offers.push(Offer { terms, bounds, place: self.place(&entry.countries, &entry.currencies)? });
        }
        Ok(offers)
    }

    fn country_limits(&self, entries: &[(Placed<String>, CountryEntry)]) -> Result<BTreeMap<Country, Bounds>, Refusal> {
        let mut limits = BTreeMap::new();
        for (code, entry) in entries {
            let country = self.parsed(code, Country::parse(&code.value))?;
            let (min, max) = (entry.min_amount_minor.as_ref(), entry.max_amount_minor.as_ref());
            limits.insert(country, self.bounds(min, max, entry.max_instalment_count)?);
        }
        Ok(limits)
    }

    fn merchants(&self, entries: &[(Placed<String>, MerchantEntry)]) -> Result<HashMap<MerchantId, Merchant>, Refusal> {
        self.at_most(entries.len(), MAX_MERCHANTS, "merchants")?;
        let mut merchants = HashMap::with_capacity(entries.len());
        for (id, entry) in entries {
            let (min, max) = (entry.min_amount_minor.as_ref(), entry.max_amount_minor.as_ref());
            let merchant = Merchant {
                time_zone: entry.time_zone.as_ref().map(|name| self.time_zone(name)).transpose()?,
                step_up: entry.step_up,
                blocked: entry.blocked,
                plans: entry.plans.as_ref().map(|plans| self.plans(plans)).transpose()?,
                place: self.place(&entry.countries, &entry.currencies)?,
                bounds: self.bounds(min, max, entry.max_instalment_count)?,
                storefront: entry.storefront.as_ref().map(|entry| self.storefront(entry)).transpose()?,
            };
            merchants.insert(self.parsed(id, MerchantId::parse(&id.value))?, merchant);
        }
        Ok(merchants)
    }

    fn lists(&self, entry: &ListsEntry) -> Result<Lists, Refusal> {
        let ListsEntry { customer, card, device, email, phone, address, ip, terminal } = entry;
        let texts = [customer, card, device, email, phone, ip, terminal];
        let count = texts.iter().map(|list| list.len()).sum::<usize>() + address.len();
        self.at_most(count, MAX_LIST_ENTRIES, "list entries")?;
        let mut lists = Lists::default();
        for (kind, values) in [
            (KeyKind::Customer, customer),
            (KeyKind::Card, card),
            (KeyKind::Device, device),
            (KeyKind::Email, email),
            (KeyKind::Phone, phone),
            (KeyKind::Ip, ip),
            (KeyKind::Terminal, terminal),
        ] {
            for value in values {
                let (merchant, normal) = self.list_value(kind, value)?;
                lists.add(kind, self.hasher.hash(kind, merchant, &normal));
            }
        }
        for value in address {
            lists.add(KeyKind::Address, self.hasher.hash(KeyKind::Address, "", &self.address(value)?));
        }
        Ok(lists.sorted())
    }

    /// The merchant and the one form in which a value is hashed, here and where facts are extracted.
    fn list_value<'v>(&self, kind: KeyKind, value: &'v Placed<String>) -> Result<(&'v str, String), Refusal> {
        let text = value.value.as_str();
        let normal = match kind {
            KeyKind::Customer | KeyKind::Terminal => {
                let scoped = text
                    .split_once('/')
                    .filter(|(merchant, id)| MerchantId::parse(merchant).is_ok() && CustomerId::parse(id).is_ok());
                let (merchant, id) = scoped.ok_or_else(|| {
                    let what = format!("merchant/{}", kind.name());
                    self.expected(value, &what, "write the merchant's id, a slash and the merchant's own name for it")
                })?;
                return Ok((merchant, id.into()));
            }
            KeyKind::Email => self.parsed(value, Email::parse(text))?.normalized(),
            KeyKind::Phone => self.parsed(value, Phone::parse(text))?.as_str().into(),
            KeyKind::Ip => {
                let parsed = text.parse::<std::net::IpAddr>().map_err(|_| Invalid::expected("an IP address"));
                network(self.parsed(value, parsed)?).to_string()
            }
            KeyKind::Card | KeyKind::Device | KeyKind::Address => self.parsed(value, text::token(text, 128))?.into(),
        };
        Ok(("", normal))
    }

    fn address(&self, placed: &Placed<AddressEntry>) -> Result<String, Refusal> {
        let AddressEntry { line1, line2, postal_code, city, country } = &placed.value;
        let boxed = |text: &Option<String>| text.as_deref().map(Box::from);
        let country = country.as_ref().map(|code| self.parsed(code, Country::parse(&code.value))).transpose()?;
        let address = Address {
            line1: Some(line1.as_str().into()),
            line2: boxed(line2),
            city: boxed(city),
            postal_code: boxed(postal_code),
            region: None,
            country,
        };
        let needed = "an address with a postal code or a city";
        address.normalized().ok_or_else(|| self.refuse(placed, format!("expected {needed}"), "add `postal_code:`"))
    }

    fn rules(&self, entries: &[RuleEntry]) -> Result<Rules, Refusal> {
        self.at_most(entries.len(), MAX_RULES, "rules")?;
        let mut rules = Rules::new(Arc::new(environment()));
        for entry in entries {
            let name = self.parsed(&entry.name, text::snake(&entry.name.value, 64))?;
            if rules.rules.iter().any(|rule| rule.name == name) {
                let message = format!("a second rule is named `{name}`");
                return Err(self.refuse(&entry.name, message, "give it a name of its own"));
            }
            if let Some(challenge) = entry.challenge.as_ref().filter(|_| entry.outcome != RuleOutcome::StepUp) {
                let message = format!("a rule that says `{}` asks for no challenge", entry.outcome.name());
                return Err(self.refuse(challenge, message, "remove it, or write `outcome: step_up`"));
            }
            let rule = Rule {
                name,
                outcome: entry.outcome,
                reason: entry.reason.as_ref().map_or(Ok(ReasonCode::RULE), |code| self.reason(code))?,
                challenge: entry.challenge.as_ref().map(|challenge| challenge.value),
                when_undecided: entry.when_undecided.unwrap_or(WhenUndecided::StepUp),
                condition: trial::compile(&mut rules, entry, self)?,
            };
            rules.rules.push(rule);
        }
        Ok(rules)
    }

    fn reason(&self, code: &Placed<String>) -> Result<ReasonCode, Refusal> {
        ReasonCode::parse(&code.value).ok_or_else(|| {
            let mend = nearest(&code.value, ReasonCode::all().map(ReasonCode::name));
            let mend = mend.map_or("see docs/policy.md for the codes".into(), |near| format!("did you mean `{near}`?"));
            self.expected(code, "the code of a reason", mend)
        })
    }

    fn fraud(&self, placed: &Placed<FraudEntry>) -> Result<TargetPolicy, Refusal> {
        let entry = &placed.value;
        let levels = match (&entry.accept_below, &entry.decline_from) {
            _ if entry.unused => Vec::new(),
            (Some(accept), Some(decline)) => {
                let phone = |levels: &super::file::FraudLevels| levels.phone.clone();
                let identity = |levels: &super::file::FraudLevels| levels.identity.clone();
                self.levels([
                    ("none", Some(accept.none.clone()), Some(decline.none.clone())),
                    ("phone", phone(accept), phone(decline)),
                    ("identity", identity(accept), identity(decline)),
                ])?
            }
            _ => return Err(self.no_cutoffs(placed)),
        };
        Ok(TargetPolicy {
            target: Target::Fraud,
            unused: entry.unused,
            levels,
            when_model_fails: entry.when_model_fails,
            loss_share: self.share_or(entry.loss_given_fraud.as_ref(), 1.0)?,
            left: {
                let phone = self.share_or(entry.left_when_verified.phone.as_ref(), 1.0)?;
                [1.0, phone, self.share_or(entry.left_when_verified.identity.as_ref(), phone)?]
            },
            challenges: entry.challenges.clone(),
        })
    }

    fn default(&self, placed: &Placed<DefaultEntry>) -> Result<TargetPolicy, Refusal> {
        let entry = &placed.value;
        let levels = match (&entry.accept_below, &entry.decline_from) {
            _ if entry.unused => Vec::new(),
            (Some(accept), Some(decline)) => self.levels([
                ("none", Some(accept.none.clone()), Some(decline.none.clone())),
                ("bank", accept.bank.clone(), decline.bank.clone()),
            ])?,
            _ => return Err(self.no_cutoffs(placed)),
        };
        Ok(TargetPolicy {
            target: Target::Default,
            unused: entry.unused,
            levels,
            when_model_fails: entry.when_model_fails,
            loss_share: self.share_or(entry.loss_given_default.as_ref(), 1.0)?,
            left: [1.0; 3],
            challenges: entry.challenges.clone(),
        })
    }

    fn no_cutoffs<T>(&self, placed: &Placed<T>) -> Refusal {
        let message = "`accept_below` and `decline_from` are both needed here";
        self.refuse(placed, message, "add the missing one, or write `unused: true`")
    }

    /// The cut-offs of every level; what is not given is as on the level before.
    fn levels<const N: usize>(&self, given: [GivenLevel; N]) -> Result<Vec<(&'static str, Cutoff)>, Refusal> {
        let (mut accept_below, mut decline_from) = (0.0, 0.0);
        let mut levels = Vec::with_capacity(N);
        for (name, accept, decline) in given {
            accept_below = self.bounded_or(accept.as_ref(), 0.0..=1.0, accept_below, "as a probability")?;
            decline_from = self.bounded_or(decline.as_ref(), 0.0..=1.0, decline_from, "as a probability")?;
            if let Some(at) = accept.or(decline).filter(|_| accept_below > decline_from) {
                let message = format!("`{name}` accepts below {accept_below} and declines from {decline_from}");
                return Err(self.refuse(&at, message, "`accept_below` must not be above `decline_from`"));
            }
            levels.push((name, Cutoff::new(accept_below, decline_from)));
        }
        Ok(levels)
    }

    fn loss_decline(&self, file: &PolicyFile) -> Result<Option<u32>, Refusal> {
        let (step_up, decline) = (&file.expected_loss.step_up_from_bps, &file.expected_loss.decline_from_bps);
        if let (Some(step_up), Some(decline)) = (step_up, decline)
            && step_up.value > decline.value
        {
            let message = format!("steps up from {} and declines from {}", step_up.value, decline.value);
            return Err(self.refuse(step_up, message, "`step_up_from_bps` must not be above `decline_from_bps`"));
        }
        Ok(decline.as_ref().map(|bps| bps.value))
    }

    fn challenge(&self, entry: Option<&ChallengeEntry>, tries: u32, ttl_seconds: u32) -> Result<Challenge, Refusal> {
        let of = |part: fn(&ChallengeEntry) -> Option<&Placed<u32>>| entry.and_then(part);
        let many = |placed, otherwise, what| self.bounded_or(placed, 0..=MAX_DAILY, otherwise, what);
        let limits = ChallengeLimits {
            tries: self.bounded_or(of(|entry| Some(&entry.attempts)), 1..=MAX_ATTEMPTS, tries, "attempts")?,
            ttl_seconds: self.bounded_or(
                of(|entry| Some(&entry.ttl_seconds)),
                1..=MAX_CHALLENGE_SECONDS,
                ttl_seconds,
                "seconds",
            )?,
            resends: self.bounded_or(of(|entry| entry.resends.as_ref()), 0..=MAX_ATTEMPTS, 3, "resends")?,
            resend_after_seconds: self.bounded_or(
                of(|entry| entry.resend_after_seconds.as_ref()),
                0..=MAX_CHALLENGE_SECONDS,
                MINUTE_SECONDS,
                "seconds",
            )?,
            daily_per_phone: many(of(|entry| entry.daily_per_phone.as_ref()), 10, "challenges a day")?,
            daily_per_customer: many(of(|entry| entry.daily_per_customer.as_ref()), 10, "challenges a day")?,
        };
        let (when_failed, when_provider_fails) = entry
            .map_or((WhenFailed::Decline, WhenFailed::Next), |entry| (entry.when_failed, entry.when_provider_fails));
        Ok(Challenge { limits, when_failed, when_provider_fails })
    }
}
