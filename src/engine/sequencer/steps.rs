//! Steps of journeys in the one sequence: what a caller asks for, what a provider said, what time does by itself. Each is
//! received by the journey as it stands, those not yet committed included; a decision that is due is made at once.

use super::{Known, Sequencer};
use crate::domain::challenge::Kinds;
use crate::domain::decision::{Outcome, Reason, Scores, Standing};
use crate::domain::ids::Seq;
use crate::domain::reason::ReasonCode;
use crate::domain::time::Timestamp;
use crate::engine::activity::Token;
use crate::engine::call::{Act, Caller, Given, RETRY_AFTER, Refused, Reply};
use crate::engine::clock::{Clock, system_ms};
use crate::engine::committer::Item;
use crate::engine::courier::Owed;
use crate::engine::outbox::{Errand, Heard};
use crate::engine::told::Happened;
use crate::features::{Facts, Vector, evidence};
use crate::journey::{self, Ask, Cause, Effect, Event as Step, Input, Judged, Occasion, Open, Received, Verifier};
use crate::plan::Account;
use crate::policy::{Generation, Judgement, judge_with};
use crate::store::{self, Entry, Event, Moved, Subject};
use std::sync::Arc;

/// With how many applications the sequencer goes on at once, where something is still to be done outside.
const RESUMED_AT_ONCE: usize = 1_024;

/// What is to happen to an application.
pub(super) struct Happening {
    application: Seq,
    step: Step,
    /// The judgement, where one was due, and what it was told.
    judged: Option<(Judgement, Standing)>,
}

/// Who or what causes a step.
struct Causer {
    actor: Box<str>,
    command: Option<store::Command>,
    subject: Option<Subject>,
    given: Option<Given>,
    reply: Option<Reply>,
    token: Option<Token>,
}

impl Causer {
    fn itself(actor: &str, token: Option<Token>) -> Self {
        Self { actor: actor.into(), command: None, subject: None, given: None, reply: None, token }
    }
}

impl Sequencer {
    /// A caller's step. The reply comes back with a refusal.
    pub(super) fn act(
        &mut self,
        caller: Caller,
        act: Act,
        fingerprint: u64,
        at: Timestamp,
        reply: Reply,
    ) -> Result<Item, (Option<Reply>, Refused)> {
        let Act { request_id, content, application, input, given, subject, .. } = act;
        let theirs = |first: &Entry| first.id == application && first.merchant == caller.merchant;
        let happening = match self.receive(application.seq(), theirs, input, None, at) {
            Ok(Some(happening)) => happening,
            // No caller's step means nothing, so this is not reached; a refusal is an answer all the same.
            Ok(None) => return Err((Some(reply), Refused::NotFound)),
            Err(refused) => return Err((Some(reply), refused)),
        };
        let command = Some(store::Command { request_id, fingerprint, content });
        let actor = caller.actor;
        self.happen(happening, at, Causer { actor, command, subject, given, reply: Some(reply), token: None })
            .map_err(|reply| (reply, Refused::Unavailable { retry_after: RETRY_AFTER }))
    }

    /// What a provider said.
    pub(super) fn hear(&mut self, heard: Heard, judged: &mut Vec<Item>) {
        let Heard { application, input, features, actor, token } = heard;
        let at = self.now();
        self.pass_time(at, judged);
        match self.receive(application, |_| true, input, features, at) {
            Ok(Some(happening)) => judged.extend(self.happen(happening, at, Causer::itself(actor, token)).ok()),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, actor, "what a provider said could not be taken in: it is asked again");
                self.errands.send(Errand::More);
            }
        }
    }

    /// Everything whose time is over happens, in the order of its times.
    pub(super) fn pass_time(&mut self, now: Timestamp, judged: &mut Vec<Item>) {
        while let Some((due, application)) = self.known.projection.awake.first_due().filter(|(due, _)| *due <= now) {
            // Where time comes from requests nothing happens between them: it happened when it was due.
            let at = if matches!(self.settings.clock, Clock::System) { now } else { due };
            let happening = self.receive(application, |_| true, Input::Time, None, at);
            let item = match happening {
                Ok(Some(happening)) => self.happen(happening, at, Causer::itself("clock", None)).ok(),
                Ok(None) => None,
                Err(error) => {
                    tracing::error!(%error, "an application whose time is over cannot be read");
                    None
                }
            };
            let moved = item.is_some();
            judged.extend(item);
            if judged.len() >= super::HAND_OVER {
                // After a long stop much is due at once.
                self.handoff.push(judged);
                self.known.forget_committed(self.handoff.committed());
            }
            if !moved {
                self.known.projection.awake.postpone(application, due, at);
            }
        }
    }

    /// A provider hints that there is something to see: it is asked, whatever the hint says.
    pub(super) fn look(&mut self, reference: u64, token: Token) {
        let Known { lives, reader, projection, .. } = &mut self.known;
        let Some(application) = projection.awake.find(reference) else { return };
        let Ok(Some(live)) = lives.get(application, reader.as_mut()) else { return };
        let waits = match &live.journey.state {
            journey::State::Challenged { attempt, phase: journey::Phase::ActionNeeded, .. }
            | journey::State::Verifying { attempt, by: Verifier::Provider, .. } => Some(attempt),
            _ => None,
        };
        let Some((attempt, begun)) = waits.and_then(|attempt| Some((attempt, attempt.begun.as_ref()?))) else { return };
        let poll = Effect::Poll { attempt: attempt.number, kind: attempt.kind, handle: begun.handle.clone() };
        self.errands.send(Errand::Look { application: live.first.id, poll, token });
    }

    /// Goes on with what is still to be done outside, as the log says: at the start, after the log was read again, and
    /// when whoever runs errands has room for more.
    pub(super) fn resume(&mut self) {
        let Known { lives, reader, projection, resumed, .. } = &mut self.known;
        let owing: Vec<_> = projection.awake.owing_after(*resumed).take(RESUMED_AT_ONCE).collect();
        let more = owing.len() == RESUMED_AT_ONCE;
        *resumed = owing.last().copied().filter(|_| more).unwrap_or(Seq(0));
        for application in owing {
            match lives.get(application, reader.as_mut()) {
                Ok(Some(live)) => {
                    let (application, effects) = (live.first.id, live.journey.effects());
                    self.errands.send(Errand::Owed { application, effects, given: None, token: self.activity.begin() });
                }
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "an application with something to be done cannot be read"),
            }
            lives.forget(self.handoff.committed());
        }
        if more {
            self.errands.send(Errand::More);
        }
    }

    /// What an input means to an application as it stands; `None`: nothing.
    fn receive(
        &mut self,
        application: Seq,
        belongs: impl Fn(&Entry) -> bool,
        input: Input,
        features: Option<Vector>,
        at: Timestamp,
    ) -> Result<Option<Happening>, Refused> {
        let Known { lives, reader, projection, .. } = &mut self.known;
        let live = lives.get(application, reader.as_mut()).map_err(|error| {
            tracing::error!(%error, "an application cannot be read");
            Refused::Unavailable { retry_after: RETRY_AFTER }
        })?;
        let live = live.filter(|live| belongs(&live.first)).ok_or(Refused::NotFound)?;
        let occasion = match journey::receive(&live.journey, input, at)? {
            Received::Nothing => return Ok(None),
            Received::Happens(step) => return Ok(Some(Happening { application, step, judged: None })),
            Received::Decide(occasion) => occasion,
        };
        let facts = live.facts(features.as_ref()).ok_or(Refused::NotFound)?;
        let generation = &self.generation;
        let (judgement, standing, cause, open) = match occasion {
            Occasion::Review { granted } => {
                let open = Open::new(at, limits(generation));
                (reviewed(granted), Standing::default(), Cause::Review { granted }, open)
            }
            Occasion::Evidence { attempt, .. } | Occasion::Failure { attempt, .. } => {
                let Some(open) = live.journey.state.open().copied() else { return Ok(None) };
                let (cause, failed) = match occasion {
                    Occasion::Failure { kind, failure, .. } => {
                        (Cause::Failure { attempt, failure }, Some((kind, failure)))
                    }
                    _ => (Cause::Evidence { attempt, features: features.unwrap_or_default() }, None),
                };
                let standing = Standing {
                    held: evidence::held(&facts.vector).collect(),
                    spent: open.spent.or(self.unserved),
                    over_limits: Kinds::NONE,
                    failed,
                };
                let over = || projection.asked.over(&facts.keys, at, |kind| generation.policy.challenge_limits(kind));
                let (judgement, standing) = judge_within_limits(&facts, generation, standing, over);
                (judgement, standing, cause, open)
            }
        };
        let mut judged = judged(generation, &judgement);
        if matches!(cause, Cause::Review { granted: false }) {
            // Whoever was looked at by a person is not looked at again.
            judged.limits.review_ttl_seconds = 0;
        }
        let step = Step::Decided { cause, next: open.enter(judged, || account(generation, &facts, at), at) };
        Ok(Some(Happening { application, step, judged: Some((judgement, standing)) }))
    }

    /// It happens. Whoever waits comes back where it cannot have happened.
    fn happen(&mut self, happening: Happening, at: Timestamp, causer: Causer) -> Result<Item, Option<Reply>> {
        let Happening { application, step, judged } = happening;
        let id = self.known.ids.next(self.now_ms(), self.random.draw());
        let token = causer.token.unwrap_or_else(|| self.activity.begin());
        let generation = self.generation.clone();
        let decision = judged.map(|(judgement, standing)| {
            self.judgements.count(&judgement);
            super::decision_of(id, at, judgement, standing, &generation)
        });
        let (owing, now) = (&self.owing, self.settings.clock.now());
        let moved = self.known.lives.in_memory(application).and_then(|live| {
            let (merchant, keys) = (live.first.merchant.clone(), live.submitted()?.facts.keys);
            let journey = live.journey.clone().apply(&step, at);
            let journey = journey.map_err(|error| tracing::error!(%error, "a step cannot be taken")).ok()?;
            let moved = Moved { command: causer.command, event: step, decision, keys, stands: journey.stands() };
            let (application, event) = (live.first.id, Event::Moved(Box::new(moved)));
            let (actor, subject) = (causer.actor, causer.subject);
            let entry = Arc::new(Entry { id, at, merchant, application, actor, event, subject });
            let deliveries = match &entry.event {
                Event::Moved(moved) if owing.is_any() => {
                    let (step, before, after) = (&moved.event, &live.journey.state, &journey.state);
                    owing.owed(&entry, Happened::Moved { step, before, after }, now)
                }
                _ => Vec::new(),
            };
            live.went_on(journey, &entry);
            Some((entry, application, live.journey.effects(), deliveries))
        });
        let Some((entry, application, effects, deliveries)) = moved else { return Err(causer.reply) };
        let owed = (!deliveries.is_empty()).then(|| Owed { deliveries, token: token.follow() });
        let errand = Errand::Owed { application, effects, given: causer.given, token };
        Ok(self.record(entry, causer.reply, Some(errand), owed))
    }

    /// The machine's time, or the virtual one: for ids.
    pub(super) fn now_ms(&self) -> i64 {
        match &self.settings.clock {
            Clock::System | Clock::Request => self.known.ids.not_before_last(system_ms()),
            Clock::Virtual(clock) => clock.now().ms(),
        }
    }

    /// The time of what happens without a request.
    pub(super) fn now(&self) -> Timestamp {
        match &self.settings.clock {
            Clock::System | Clock::Virtual(_) => Timestamp::from_ms(self.now_ms()).unwrap_or_default(),
            Clock::Request => self.known.projection.latest,
        }
    }
}

/// Judges; a challenge that was asked too often with these details is not asked again.
pub(super) fn judge_within_limits(
    facts: &Facts,
    generation: &Generation,
    mut standing: Standing,
    over_limits: impl FnOnce() -> Kinds,
) -> (Judgement, Standing) {
    let judgement = judge_with(facts, generation, &standing);
    if judgement.challenge.is_none() {
        return (judgement, standing);
    }
    standing.over_limits = over_limits();
    let judgement = match standing.over_limits {
        Kinds::NONE => judgement,
        _ => judge_with(facts, generation, &standing),
    };
    (judgement, standing)
}

/// The account that an accepted purchase has, with the schedule in the merchant's time zone.
pub(super) fn account(generation: &Generation, facts: &Facts, at: Timestamp) -> Account {
    let policy = &generation.policy;
    let today = policy.time_zone(&facts.merchant).to_datetime(at.to_jiff()).date();
    let plan = crate::plan::schedule(&policy.terms(&facts.merchant, facts.plan), facts.amount, today);
    let zone = policy.customer_zone(&facts.merchant, facts.country).clone();
    Account::open(plan, zone, policy.servicing().cloned(), at)
}

/// What a judgement means for the journey.
pub(super) fn judged(generation: &Generation, judgement: &Judgement) -> Judged {
    let policy = &generation.policy;
    Judged {
        outcome: judgement.outcome,
        ask: judgement.challenge.map(|kind| {
            let limits = policy.challenge_limits(kind);
            Ask {
                kind,
                tries: limits.tries,
                ttl_seconds: limits.ttl_seconds,
                resends: limits.resends,
                resend_after_seconds: limits.resend_after_seconds,
            }
        }),
        limits: limits(generation),
    }
}

fn limits(generation: &Generation) -> journey::Limits {
    let windows = generation.policy.windows();
    journey::Limits {
        journey_ttl_seconds: windows.journey_ttl_seconds,
        offer_ttl_seconds: windows.offer_ttl_seconds,
        review_ttl_seconds: windows.review_ttl_seconds,
    }
}

/// What a person says instead of models and policy.
fn reviewed(granted: bool) -> Judgement {
    let (outcome, code) = match granted {
        true => (Outcome::Accept, ReasonCode::REVIEW_GRANTED),
        false => (Outcome::Decline, ReasonCode::REVIEW_REFUSED),
    };
    Judgement {
        outcome,
        challenge: None,
        reasons: vec![Reason::of(code)],
        scores: Scores::default(),
        degraded: false,
        diagnostics: Vec::new(),
    }
}
