//! Rows from a store: each submission with the facts that were judged, and with what has been reported of it.
//!
//! The log is read twice, each time by all threads, each with a reader of its own and a stretch of the log at a time.
//! Memory: a page of 1,024 entries a thread, and 40 bytes for each outcome that was reported.

use super::segment::{Dimension, NONE, OfFacts, Part};
use super::tally::{LeftOut, Row, Tallies};
use super::{BacktestError, Job, Known, Reasons, Report, Verdict};
use crate::domain::ids::{ApplicationId, Seq};
use crate::domain::outcome::RepaymentOutcome;
use crate::policy::judge;
use crate::store::{Entry, Event, Reader, Store, Submitted};
use crate::table::decisions::Labels;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// How many entries are read at once.
const PAGE: usize = 1_024;
/// Into how many stretches the log is cut for each thread: they are of equal time, not of equal length.
const STRETCHES: i64 = 64;

/// Decides the submissions of a store again. `progress` hears how many are done. Reads also while a server writes: what is
/// written after the start is not looked at.
pub fn of_log(store: &dyn Store, job: &Job<'_>, progress: &(dyn Fn(u64) + Sync)) -> Result<Report, BacktestError> {
    for name in job.by.iter().flat_map(Dimension::named) {
        OfFacts::find(name).ok_or_else(|| BacktestError::Dimension(name.into()))?;
    }
    let known = Outcomes::read(store, job.threads)?;
    let done = AtomicU64::new(0);
    let parts = in_stretches(
        store,
        job.threads,
        || Counting::new(job),
        |counting: &mut Counting<'_>, entries| {
            entries.iter().try_for_each(|entry| counting.take(entry, &known))?;
            progress(done.fetch_add(entries.len() as u64, Ordering::Relaxed));
            Ok(())
        },
    )?;
    let mut all = Tallies::new(job);
    parts.into_iter().try_for_each(|part| all.merge(part.tallies))?;
    let compared = job.against.map_or_else(super::report::recorded, super::report::side);
    Ok(Report::of(job, &all, Some(compared), Vec::new()))
}

/// What was reported, by application.
struct Outcomes(Vec<(Seq, Labels)>);

impl Outcomes {
    fn read(store: &dyn Store, threads: usize) -> Result<Self, BacktestError> {
        type Reports = Vec<(Seq, Seq, RepaymentOutcome)>;
        let parts = in_stretches(store, threads, Vec::new, |reports: &mut Reports, entries| {
            for entry in entries {
                if let Event::OutcomeReported(reported) = &entry.event {
                    reports.push((entry.application.seq(), entry.id.seq(), reported.outcome));
                }
            }
            Ok(())
        })?;
        let mut reports: Reports = parts.into_iter().flatten().collect();
        reports.sort_unstable_by_key(|(application, report, _)| (*application, *report));
        let mut all: Vec<(Seq, Labels)> = Vec::new();
        for (application, _, outcome) in reports {
            if all.last().is_none_or(|(last, _)| *last != application) {
                all.push((application, Labels::default()));
            }
            all.last_mut().into_iter().for_each(|(_, labels)| labels.hear(outcome));
        }
        Ok(Self(all))
    }

    fn of(&self, application: Seq) -> Labels {
        let at = self.0.binary_search_by_key(&application, |(seq, _)| *seq);
        at.ok().and_then(|at| self.0.get(at)).map_or_else(Labels::default, |(_, labels)| *labels)
    }
}

/// One thread's counting.
struct Counting<'a> {
    job: &'a Job<'a>,
    tallies: Tallies<'a>,
    named: Vec<(&'a str, OfFacts)>,
}

impl<'a> Counting<'a> {
    fn new(job: &'a Job<'a>) -> Self {
        let parts = job.by.iter().flat_map(|dimension| &dimension.parts);
        let named = parts.filter_map(|part| match part {
            Part::Named(name) => Some((name.as_ref(), OfFacts::find(name)?)),
            _ => None,
        });
        Self { job, tallies: Tallies::new(job), named: named.collect() }
    }

    fn take(&mut self, entry: &Entry, known: &Outcomes) -> Result<(), BacktestError> {
        let LeftOut { outside_the_window, imported, .. } = &mut self.tallies.left_out;
        let submitted = match &entry.event {
            Event::Submitted(submitted) => submitted,
            Event::Imported(_) => {
                *imported += 1;
                return Ok(());
            }
            _ => return Ok(()),
        };
        let at = submitted.facts.at;
        if self.job.since.is_some_and(|since| at < since) || self.job.until.is_some_and(|until| at >= until) {
            *outside_the_window += 1;
            return Ok(());
        }
        self.judge(entry, submitted, known.of(entry.id.seq()))
    }

    fn judge(&mut self, entry: &Entry, submitted: &Submitted, labels: Labels) -> Result<(), BacktestError> {
        let Submitted { facts, decision, .. } = submitted;
        let candidate = judge(facts, self.job.candidate);
        let against = self.job.against.map(|generation| judge(facts, generation));
        let baseline = match &against {
            Some(judgement) => Verdict {
                outcome: judgement.outcome,
                reasons: Reasons::Given(&judgement.reasons),
                expected_loss_minor: judgement.scores.expected_loss_minor,
            },
            None => Verdict {
                outcome: decision.outcome,
                reasons: Reasons::Given(&decision.reasons),
                expected_loss_minor: decision.scores.expected_loss_minor,
            },
        };
        let row = Row {
            facts,
            known: Known::of(labels, [true, true], facts.amount, &self.job.rates),
            candidate: Verdict {
                outcome: candidate.outcome,
                reasons: Reasons::Given(&candidate.reasons),
                expected_loss_minor: candidate.scores.expected_loss_minor,
            },
            baseline: Some(baseline),
            place: entry.id.seq().0.unsigned_abs(),
        };
        let named = &self.named;
        let write = |name: &str, key: &mut String| match named.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => value.write(facts, key),
            None => key.push_str(NONE),
        };
        self.tallies.add(&row, write, || ApplicationId(entry.id).to_string().into())
    }
}

/// Reads the log by all threads, each beginning with what `start` makes; what each made of its stretches.
fn in_stretches<T: Send>(
    store: &dyn Store,
    threads: usize,
    start: impl Fn() -> T + Sync,
    take: impl Fn(&mut T, &[Entry]) -> Result<(), BacktestError> + Sync,
) -> Result<Vec<T>, BacktestError> {
    let threads = threads.max(1);
    let mut reader = store.reader()?;
    let first = reader.tail(Seq(0), 1)?.first().map(|entry| entry.id.seq());
    let (Some(first), Some(last)) = (first, reader.last()?) else { return Ok(Vec::new()) };
    drop(reader);
    let stretches = STRETCHES * threads as i64;
    let step = (last.0 - first.0) / stretches + 1;
    let (next, given_up) = (AtomicI64::new(0), AtomicBool::new(false));
    let work = || -> Result<T, BacktestError> {
        let (mut made, mut reader) = (start(), store.reader()?);
        loop {
            let stretch = next.fetch_add(1, Ordering::Relaxed);
            if stretch >= stretches || given_up.load(Ordering::Relaxed) {
                return Ok(made);
            }
            let from = Seq(first.0 + stretch * step - 1);
            let to = Seq((from.0 + step).min(last.0));
            read_stretch(reader.as_mut(), from, to, |entries| take(&mut made, entries))
                .inspect_err(|_| given_up.store(true, Ordering::Relaxed))?;
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| BacktestError::Thread)?).collect()
    })
}

/// Hands over the entries after `from`, up to `to`.
fn read_stretch(
    reader: &mut dyn Reader,
    from: Seq,
    to: Seq,
    mut take: impl FnMut(&[Entry]) -> Result<(), BacktestError>,
) -> Result<(), BacktestError> {
    let mut after = from;
    while after < to {
        let entries = reader.tail(after, PAGE)?;
        let inside = entries.partition_point(|entry| entry.id.seq() <= to);
        take(&entries[..inside])?;
        match entries.last() {
            Some(last) if inside == entries.len() => after = last.id.seq(),
            _ => return Ok(()),
        }
    }
    Ok(())
}
