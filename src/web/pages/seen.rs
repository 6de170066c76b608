//! An application as its customer's pages show it, read from its entries.

use crate::domain::applicant::Applicant;
use crate::domain::challenge::{ChallengeKind, Kinds};
use crate::domain::decision::Told;
use crate::domain::ids::{ApplicationId, MerchantId};
use crate::domain::money::Money;
use crate::domain::plan::Plan;
use crate::domain::time::Timestamp;
use crate::engine::{self, Engine, Refused};
use crate::journey::{Action, Event as Step, Journey, State};
use crate::plan::{self, Account};
use crate::store::{Entry, Event};
use std::borrow::Borrow;

/// For how long after its last change an application has pages.
pub const LINK_DAYS: i64 = 90;

/// What happened to the last code, and is still worth being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastCode {
    /// It was wrong.
    Wrong,
    /// Whether it was right is not known.
    Unknown,
    /// Another was sent.
    SentAgain,
}

/// An application, as its pages show it.
#[derive(Debug)]
pub struct Seen {
    /// Which.
    pub id: ApplicationId,
    /// Whose.
    pub merchant: MerchantId,
    /// How many entries it has: a page of an earlier version is stale.
    pub version: usize,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Where it stands.
    pub state: State,
    /// The shop's own name for the purchase.
    pub merchant_reference: Option<Box<str>>,
    /// What is to be paid.
    pub amount: Money,
    /// The schedule: the accepted one, or what it would be if it were accepted now.
    pub plan: Plan,
    /// What was asked for and is over.
    pub done: Kinds,
    /// What happened to the last code.
    pub last_code: Option<LastCode>,
    /// The reasons that the customer may be told, of the newest decision.
    pub told: Vec<Told>,
    /// Whether the customer has stated their view.
    pub stated: bool,
    /// The provider's page, where the customer is to go there.
    pub redirect: Option<String>,
    /// What the customer said of themselves.
    pub applicant: Applicant,
}

impl Seen {
    /// Reads an application; [`Refused::NotFound`]: there is none.
    pub async fn read(engine: &Engine, id: ApplicationId, now: Timestamp) -> Result<Self, Refused> {
        let history = engine.history(id).await?;
        Self::of(engine, id, &history, now)
    }

    fn of<E: Borrow<Entry>>(
        engine: &Engine,
        id: ApplicationId,
        history: &[E],
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let entries = || history.iter().map(Borrow::borrow);
        let (first, last) = (entries().next().ok_or(Refused::NotFound)?, entries().next_back());
        let Event::Submitted(submitted) = &first.event else { return Err(Refused::NotFound) };
        let journey = engine::journey_of(entries()).map_err(|error| {
            tracing::error!(%error, "an application cannot be told from its entries");
            Refused::Unavailable { retry_after: std::time::Duration::from_secs(60) }
        })?;
        let Journey { state, .. } = journey.ok_or(Refused::NotFound)?;
        let decision = engine::judged(entries(), None).map(|(decision, _)| decision);
        let policy = &engine.generation().policy;
        let (merchant, facts) = (&first.merchant, &submitted.facts);
        let plan = account(&state).map(|account| account.plan.clone()).unwrap_or_else(|| {
            let today = crate::words::day_of(now, policy.time_zone(merchant));
            plan::schedule(&policy.terms(merchant, facts.plan), facts.amount, today)
        });
        let current = state.attempt().map(|attempt| attempt.kind);
        let spent = state.open().map_or(Kinds::NONE, |open| open.spent);
        Ok(Self {
            id,
            merchant: merchant.clone(),
            version: history.len(),
            updated_at: last.map_or(first.at, |entry| entry.at),
            merchant_reference: submitted.merchant_reference.clone(),
            amount: facts.amount,
            plan,
            done: spent.iter().filter(|kind| Some(*kind) != current).collect(),
            last_code: last_code(&state, entries()),
            told: decision.map(|decision| decision.told()).unwrap_or_default(),
            stated: steps(entries()).any(|step| *step == Step::StatementGiven),
            redirect: redirect(engine, &state),
            applicant: engine.applicant(first),
            state,
        })
    }

    /// Whether its links have ended.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.ms() - self.updated_at.ms() > LINK_DAYS * crate::domain::time::DAY_MS
    }
}

/// The account of an accepted plan.
pub fn account(state: &State) -> Option<&Account> {
    match state {
        State::Accepted { account } => Some(account),
        _ => None,
    }
}

fn steps<'a>(entries: impl Iterator<Item = &'a Entry>) -> impl Iterator<Item = &'a Step> {
    entries.filter_map(|entry| match &entry.event {
        Event::Moved(moved) => Some(&moved.event),
        _ => None,
    })
}

/// What happened to the last code of the attempt under way. It follows from the log, so it is the same on every reload.
fn last_code<'a>(state: &State, entries: impl Iterator<Item = &'a Entry>) -> Option<LastCode> {
    let number = state.attempt().filter(|attempt| attempt.kind == ChallengeKind::SmsCode)?.number;
    let mut last = None;
    for step in steps(entries) {
        last = match step {
            Step::CodeWrong { attempt } if *attempt == number => Some(LastCode::Wrong),
            Step::CodeUnknown { attempt, lost: false } if *attempt == number => Some(LastCode::Unknown),
            // Another follows by itself.
            Step::CodeUnknown { attempt, lost: true } | Step::CodeAskedAgain { attempt } if *attempt == number => {
                Some(LastCode::SentAgain)
            }
            Step::CodeEntered { .. } => None,
            _ => last,
        };
    }
    last
}

fn redirect(engine: &Engine, state: &State) -> Option<String> {
    match &state.attempt()?.begun.as_ref()?.action {
        Action::Redirect { url } => {
            engine.unseal(url).filter(|url| url.starts_with("https://") || url.starts_with("http://"))
        }
        Action::EnterCode { .. } => None,
    }
}
