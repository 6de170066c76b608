//! The journeys that the sequencer has in memory: those that have just moved. Others are read from the log again when
//! something happens to them.

use crate::domain::decision::Decision;
use crate::domain::ids::{DecisionId, Seq};
use crate::features::{Facts, Vector};
use crate::journey::{Cause, Event as Step, Journey};
use crate::store::{Entry, Event, Reader, StoreError, Submitted};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How many journeys stay in memory, but for those with entries that are not committed.
const KEPT: usize = 8_192;

/// One journey, with what is needed to go on with it.
#[derive(Debug, Clone)]
pub(super) struct Live {
    /// The entry of its submission.
    pub first: Arc<Entry>,
    /// Where it stands.
    pub journey: Journey,
    /// The features of all evidence so far.
    pub evidence: Vector,
    /// Its newest entry.
    pub last: Seq,
}

impl Live {
    /// A journey that has just begun; `None`: the entry is no submission.
    pub fn begin(first: Arc<Entry>) -> Option<Self> {
        let Event::Submitted(submitted) = &first.event else { return None };
        let (journey, last) = (Journey::at(submitted.state.clone()), first.id.seq());
        Some(Self { first, journey, evidence: Vector::default(), last })
    }

    /// A journey as its entries tell it, oldest first; `None`: there is no submission among them.
    pub fn from_history(history: impl IntoIterator<Item = Arc<Entry>>) -> Result<Option<Self>, StoreError> {
        let mut history = history.into_iter();
        let Some(mut live) = history.next().and_then(Self::begin) else { return Ok(None) };
        history.try_for_each(|entry| live.apply(&entry))?;
        Ok(Some(live))
    }

    /// Applies one entry more.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), StoreError> {
        self.went_on(next(self.journey.clone(), entry)?, entry);
        Ok(())
    }

    /// It stands there now, by an entry.
    pub fn went_on(&mut self, journey: Journey, entry: &Entry) {
        self.journey = journey;
        self.last = entry.id.seq();
        if let Event::Moved(moved) = &entry.event
            && let Step::Decided { cause: Cause::Evidence { features, .. }, .. } = &moved.event
        {
            self.evidence.overlay(features);
        }
    }

    /// The submission.
    pub fn submitted(&self) -> Option<&Submitted> {
        match &self.first.event {
            Event::Submitted(submitted) => Some(submitted),
            _ => None,
        }
    }

    /// What was submitted, with the features of all evidence so far and of `more`.
    pub fn facts(&self, more: Option<&Vector>) -> Option<Facts> {
        let mut facts = self.submitted()?.facts.clone();
        facts.vector.overlay(&self.evidence);
        more.into_iter().for_each(|features| facts.vector.overlay(features));
        Some(facts)
    }
}

/// Where an application stands, as its entries tell it, oldest first; `None`: there is no submission among them.
pub fn journey_of<'a>(history: impl IntoIterator<Item = &'a Entry>) -> Result<Option<Journey>, StoreError> {
    let mut history = history.into_iter();
    let Some(Event::Submitted(submitted)) = history.next().map(|first| &first.event) else { return Ok(None) };
    history.try_fold(Journey::at(submitted.state.clone()), next).map(Some)
}

/// A decision of an application, and what was judged: what was submitted with the features of all evidence by then.
/// Without an id, the newest.
pub fn judged<'a>(
    history: impl IntoIterator<Item = &'a Entry>,
    wanted: Option<DecisionId>,
) -> Option<(&'a Decision, Facts)> {
    let mut history = history.into_iter();
    let Some(Event::Submitted(submitted)) = history.next().map(|first| &first.event) else { return None };
    let is_wanted = |decision: &Decision| wanted.is_none_or(|wanted| wanted == decision.id);
    let mut facts = submitted.facts.clone();
    let mut found = Some((&submitted.decision, facts.clone())).filter(|(decision, _)| is_wanted(decision));
    for entry in history {
        let Event::Moved(moved) = &entry.event else { continue };
        if let Step::Decided { cause: Cause::Evidence { features, .. }, .. } = &moved.event {
            facts.vector.overlay(features);
        }
        if let Some(decision) = moved.decision.as_ref().filter(|decision| is_wanted(decision)) {
            found = Some((decision, facts.clone()));
        }
    }
    found
}

/// How many of an application's entries stand when what a step asked of a provider has been answered; `None`: it is still
/// to be answered.
pub(super) fn concluded(history: &[Arc<Entry>], step: &Entry) -> Result<Option<usize>, StoreError> {
    let Some(place) = history.iter().position(|entry| entry.id == step.id) else { return Ok(None) };
    let waits_for = match &step.event {
        Event::Moved(moved) => moved.event.waits_for(),
        _ => None,
    };
    let Some(attempt) = waits_for else { return Ok(Some(place + 1)) };
    let (before, after) = history.split_at(place + 1);
    let Some(mut journey) = journey_of(before.iter().map(AsRef::as_ref))? else { return Ok(None) };
    for (more, entry) in after.iter().enumerate() {
        journey = next(journey, entry)?;
        if !journey.state.is_asking(attempt) {
            return Ok(Some(place + 1 + more + 1));
        }
    }
    Ok(None)
}

fn next(journey: Journey, entry: &Entry) -> Result<Journey, StoreError> {
    let Event::Moved(moved) = &entry.event else { return Ok(journey) };
    journey.apply(&moved.event, entry.at).map_err(|impossible| {
        StoreError::Damaged(format!("table entry, column event, row {}: {impossible}", entry.id.seq().0))
    })
}

/// The journeys in memory.
#[derive(Debug, Default)]
pub(super) struct Lives {
    lives: HashMap<Seq, Live>,
    /// In the order in which they came.
    order: VecDeque<Seq>,
}

impl Lives {
    /// The journey of an application, from memory or from the log; `None`: there is no such application.
    pub fn get(&mut self, application: Seq, reader: &mut dyn Reader) -> Result<Option<&mut Live>, StoreError> {
        if !self.lives.contains_key(&application) {
            let Some(first) = reader.entry_at(application)? else { return Ok(None) };
            let history = reader.history(first.id)?;
            let Some(live) = Live::from_history(history.into_iter().map(Arc::new))? else { return Ok(None) };
            self.put(live);
        }
        Ok(self.lives.get_mut(&application))
    }

    /// The journey of an application that is in memory.
    pub fn in_memory(&mut self, application: Seq) -> Option<&mut Live> {
        self.lives.get_mut(&application)
    }

    /// Keeps a journey in memory.
    pub fn put(&mut self, live: Live) {
        let application = live.first.id.seq();
        if self.lives.insert(application, live).is_none() {
            self.order.push_back(application);
        }
    }

    /// Lets the oldest go, where they are too many and the log has all of them.
    pub fn forget(&mut self, committed: Seq) {
        for _ in KEPT..self.order.len() {
            let Some(oldest) = self.order.pop_front() else { return };
            match self.lives.get(&oldest) {
                Some(live) if live.last > committed => self.order.push_back(oldest),
                _ => {
                    self.lives.remove(&oldest);
                }
            }
        }
    }
}
