//! Measuring a model on a table: of the server's own decisions, or of any other source with the same columns.

use super::TrainError;
use super::held;
use super::measures::{Measures, OfCard, card_precision, measures};
use crate::domain::challenge::ChallengeKind;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::model::Model;
use crate::model::batch::Values;
use crate::model::file::InputKind;
use crate::table::{Batch, Source, Texts};
use std::borrow::Cow;

/// Which columns say what, and which rows count.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The column that says what became of each row: true is bad. Rows where it is empty are left out.
    pub label: String,
    /// The column with the time of each row.
    pub time: Option<String>,
    /// Rows before this time are left out.
    pub from: Option<Timestamp>,
    /// Rows from this time on are left out.
    pub to: Option<Timestamp>,
    /// The column that names cards or customers, and how many of them are looked at each day.
    pub cards: Option<(String, usize)>,
    /// Rows that do not hold this evidence are left out, as are those without what the model itself requires.
    pub evidence: Vec<ChallengeKind>,
}

/// What a model is worth on a table.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Evaluation {
    /// The measures.
    #[serde(flatten)]
    pub measures: Measures,
    /// Card precision at the top k, where cards were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_precision: Option<f64>,
    /// How many rows were left out because nobody knows what became of them.
    pub unlabelled: u64,
    /// How many rows were left out because the model cannot score them.
    pub unscored: u64,
    /// How many rows were left out because evidence was not held.
    pub without_evidence: u64,
}

/// Measures `model` on the rows of `source`. `progress` hears of the rows read.
pub fn evaluate(
    model: &Model,
    source: &Source,
    wanted: &Wanted,
    mut progress: impl FnMut(u64),
) -> Result<Evaluation, TrainError> {
    let inputs = &model.file().inputs;
    let mut names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
    let required = [model.requires(), &wanted.evidence].concat();
    held::columns(&required).for_each(|name| names.push(name));
    names.push(&wanted.label);
    names.extend(wanted.time.as_deref());
    names.extend(wanted.cards.as_ref().map(|(card, _)| card.as_str()));
    names.sort_unstable();
    names.dedup();
    let mut scored = Scored::default();
    for batch in source.read(&names)? {
        let batch = batch?;
        scored.take(model, &batch, wanted, &required)?;
        progress(batch.first_row() + batch.rows() as u64 - 1);
    }
    scored.finish(wanted)
}

/// The rows that have been scored.
#[derive(Default)]
struct Scored {
    probabilities: Vec<f64>,
    bad: Vec<bool>,
    days: Vec<i64>,
    cards: Texts,
    unlabelled: u64,
    unscored: u64,
    without_evidence: u64,
}

impl Scored {
    fn take(
        &mut self,
        model: &Model,
        batch: &Batch,
        wanted: &Wanted,
        required: &[ChallengeKind],
    ) -> Result<(), TrainError> {
        let held = held::rows(batch, required)?;
        let labels = batch.flags(&wanted.label)?;
        let times = wanted.time.as_ref().map(|time| batch.times(time)).transpose()?;
        let cards = wanted.cards.as_ref().map(|(card, _)| batch.texts(card)).transpose()?;
        let columns = columns(model, batch)?;
        let values: Vec<Values> = columns.iter().map(Cells::values).collect();
        for (row, score) in model.score_rows(&values).into_iter().enumerate() {
            let at = times.as_ref().and_then(|times| times.get(row).copied().flatten());
            let early = wanted.from.is_some_and(|from| at.is_none_or(|at| at < from.ms()));
            let late = wanted.to.is_some_and(|to| at.is_none_or(|at| at >= to.ms()));
            match (labels.get(row).copied().flatten(), score) {
                _ if early || late => {}
                _ if !held[row] => self.without_evidence += 1,
                (None, _) => self.unlabelled += 1,
                (_, Err(_)) => self.unscored += 1,
                (Some(bad), Ok(score)) => {
                    self.bad.push(bad);
                    self.probabilities.push(score.probability);
                    if let Some(cards) = &cards {
                        self.days.push(at.unwrap_or_default().div_euclid(DAY_MS));
                        self.cards.push(cards.get(row));
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(self, wanted: &Wanted) -> Result<Evaluation, TrainError> {
        let on = "scored";
        let measures =
            measures(&self.probabilities, &self.bad).map_err(|problem| TrainError::Unmeasurable { on, problem })?;
        let rows = self.days.iter().zip(self.cards.iter()).zip(self.probabilities.iter().zip(&self.bad));
        let of_cards: Vec<OfCard> = rows
            .filter_map(|((day, card), (score, fraud))| {
                Some(OfCard { day: *day, card: card?, score: *score, fraud: *fraud })
            })
            .collect();
        let card_precision = wanted.cards.as_ref().map(|(_, top)| card_precision(&of_cards, *top));
        let Self { unlabelled, unscored, without_evidence, .. } = self;
        Ok(Evaluation { measures, card_precision, unlabelled, unscored, without_evidence })
    }
}

/// One column of a batch, in the kind that the model reads.
pub(super) enum Cells<'a> {
    Numbers(Cow<'a, [f64]>),
    Names(Cow<'a, Texts>),
}

impl Cells<'_> {
    pub(super) fn values(&self) -> Values<'_> {
        match self {
            Self::Numbers(numbers) => Values::Numbers(numbers),
            Self::Names(names) => Values::Names(names.iter().collect()),
        }
    }
}

pub(super) fn columns<'a>(model: &Model, batch: &'a Batch) -> Result<Vec<Cells<'a>>, TrainError> {
    let read = model.file().inputs.iter().map(|input| {
        Ok(match input.kind {
            InputKind::Category => Cells::Names(batch.texts(&input.name)?),
            InputKind::Number | InputKind::Boolean => Cells::Numbers(batch.numbers(&input.name)?),
        })
    });
    read.collect()
}
