//! The features of past purchases, each as it would have been seen at its time: from a table of purchases to the table that
//! models are trained on and that history is decided again from, without a store and without a decision.

use super::HistoryError;
use super::import::{Past, Rows};
use crate::domain::ids::{ApplicationId, EntryId, MerchantId, Seq};
use crate::domain::keys::{KeyHasher, Keys};
use crate::domain::outcome::RepaymentOutcome;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::features::velocity::Velocity;
use crate::features::{self, Feature, FeatureId};
use crate::table::decisions::{DecisionSheet, Labels, Row, SignalColumns};
use jiff::tz::TimeZone;
use std::collections::VecDeque;
use std::path::Path;

/// The most memory that counting what came before takes, in bytes.
const VELOCITY_BYTES: usize = 1 << 30;
/// What every decision looks at: always written.
const ALWAYS: [&str; 5] = ["amount_minor", "currency", "instalment_count", "deferred_days", "deferred_months"];

/// What is asked for.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Whose purchases these are.
    pub merchant: &'a MerchantId,
    /// Where night and weekend are taken.
    pub zone: &'a TimeZone,
    /// How many days after a purchase a fraud is known: until then nothing that came before says it.
    pub known_after_days: u32,
    /// The features that are written, beside those that every decision looks at; empty: all.
    pub only: &'a [String],
}

/// Writes the features of the purchases in `file` to `out`, and returns how many there are. `hasher` makes the keys by which
/// is counted; `progress` hears of the rows written.
pub fn features(
    file: &Path,
    out: &Path,
    wanted: &Wanted<'_>,
    hasher: &KeyHasher,
    mut progress: impl FnMut(u64),
) -> Result<u64, HistoryError> {
    let rows = Rows { file, merchant: wanted.merchant, zone: wanted.zone, hasher };
    let mut sheet = DecisionSheet::with(out, SignalColumns::new(), chosen(wanted.only)?)?;
    let mut before = Before::new(i64::from(wanted.known_after_days) * DAY_MS);
    let (mut row, mut last) = (0_u64, Timestamp::default());
    rows.each(|Past { mut facts, outcome }| {
        row += 1;
        if facts.at < last {
            return Err(HistoryError::Order { file: rows.name(), row });
        }
        last = facts.at;
        before.learn(facts.at);
        before.velocity.read_into(&mut facts);
        before.velocity.add(&facts.keys, facts.at, facts.amount);
        before.remember(&facts.keys, facts.at, outcome);
        let mut labels = Labels::default();
        outcome.into_iter().for_each(|outcome| labels.hear(outcome));
        // An id such as the log would give: in the order of time, and the same whenever it is made.
        let place = Seq((facts.at.ms() << 12) | (row & 0xfff) as i64);
        let application = ApplicationId(EntryId::from_parts(place, row));
        sheet.push(Row { application, facts: &facts, decision: None, first: None, labels })?;
        progress(row);
        Ok(())
    })?;
    Ok(sheet.finish()?)
}

fn chosen(only: &[String]) -> Result<Vec<(FeatureId, &'static Feature)>, HistoryError> {
    if let Some(unknown) = only.iter().find(|name| features::find(name).is_none()) {
        return Err(HistoryError::Feature(unknown.clone()));
    }
    let wanted = |feature: &Feature| {
        only.is_empty() || ALWAYS.contains(&feature.name) || only.iter().any(|name| name == feature.name)
    };
    Ok(features::all().filter(|(_, feature)| wanted(feature)).collect())
}

/// What came before, and what is known of it by now.
struct Before {
    velocity: Velocity,
    known_after_ms: i64,
    /// Frauds that are not known yet, in the order in which they will be.
    unknown: VecDeque<(Timestamp, Keys)>,
}

impl Before {
    fn new(known_after_ms: i64) -> Self {
        Self { velocity: Velocity::new(VELOCITY_BYTES), known_after_ms, unknown: VecDeque::new() }
    }

    /// Frauds become known.
    fn learn(&mut self, now: Timestamp) {
        while let Some((at, keys)) = self.unknown.pop_front() {
            if at.ms() + self.known_after_ms > now.ms() {
                self.unknown.push_front((at, keys));
                return;
            }
            self.velocity.report_fraud(&keys, at);
        }
    }

    fn remember(&mut self, keys: &Keys, at: Timestamp, outcome: Option<RepaymentOutcome>) {
        if outcome.is_some_and(RepaymentOutcome::is_fraud) {
            self.unknown.push_back((at, *keys));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table;

    const ROWS: &str = "occurred_at,customer_id,terminal_id,amount_minor,currency,outcome
2026-01-01T10:00:00Z,ada,t1,1000,EUR,fraud
2026-01-05T10:00:00Z,ada,t1,3000,EUR,paid
2026-01-08T10:00:00Z,bob,t1,0,EUR,
2026-01-08T10:00:01Z,bob,t1,500,EUR,paid
";

    fn run(rows: &str, only: &[String]) -> Result<(tempfile::TempDir, table::Source), HistoryError> {
        let folder = tempfile::tempdir().unwrap();
        let (file, out) = (folder.path().join("past.csv"), folder.path().join("features.csv"));
        std::fs::write(&file, rows).unwrap();
        let merchant = MerchantId::parse("shop").unwrap();
        let wanted = Wanted { merchant: &merchant, zone: &TimeZone::UTC, known_after_days: 7, only };
        features(&file, &out, &wanted, &KeyHasher::new([7; 16]), |_| {})?;
        Ok((folder, table::open(out).unwrap()))
    }

    #[test]
    fn each_row_sees_what_was_known_at_its_time() {
        let (_folder, source) = run(ROWS, &[]).unwrap();
        let names = ["customer_count_90d", "terminal_frauds_reported_90d", "terminal_fraud_share_before_7d_7d"];
        let batch = source.read(&names).unwrap().next().unwrap().unwrap();
        let column = |name: &str| -> Vec<Option<i64>> {
            let numbers = batch.numbers(name).unwrap();
            numbers.iter().map(|number| (!number.is_nan()).then_some((number * 100.0) as i64)).collect()
        };
        assert_eq!(column(names[0]), [Some(0), Some(100), Some(0), Some(100)], "a payment of 0 counts");
        assert_eq!(
            column(names[1]),
            [Some(0), Some(0), Some(100), Some(100)],
            "known from seven days on, that moment too"
        );
        assert_eq!(column(names[2]), [None, None, Some(100), Some(100)]);
        let labels = source.read(&["fraud", "defaulted"]).unwrap().next().unwrap().unwrap();
        assert_eq!(*labels.flags("fraud").unwrap(), [Some(true), Some(false), None, Some(false)]);
        assert_eq!(*labels.flags("defaulted").unwrap(), [None, Some(false), None, Some(false)]);
    }

    #[test]
    fn what_is_written_can_be_chosen_and_rows_come_in_their_order() {
        let only = ["hour_of_day".to_owned()];
        let (_folder, source) = run(ROWS, &only).unwrap();
        assert!(source.names().len() < 25 && source.names().iter().any(|name| name == "hour_of_day"));
        let refused = run(ROWS, &["no_such".into()]).map(drop).unwrap_err().to_string();
        assert!(refused.contains("`no_such` is no feature"), "{refused}");
        let late = format!("{ROWS}2026-01-08T10:00:00Z,bob,t1,500,EUR,paid\n");
        let refused = run(&late, &only).map(drop).unwrap_err().to_string();
        assert!(refused.contains("row 5 happened before"), "{refused}");
    }
}
