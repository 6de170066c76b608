//! Many applications at once: models score by columns, and each row is decided by [`decide`] on its own, to the same bits
//! as [`judge`](super::judge) on the same facts.
//!
//! This is the instant decision, before there is evidence: features of evidence are missing here, whatever a column says.

use super::names::Slot;
use super::{Generation, Judgement, Scoring, decide};
use crate::domain::challenge::Kinds;
use crate::domain::decision::{Diagnostic, Reason, Score, Standing, Target};
use crate::features::{self, Facts, FeatureId, FeatureKind};
use crate::model::batch::Values;
use crate::model::file::InputKind;
use crate::model::{Contributions, Model, ScoreFailure};

/// A column that a generation reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// A feature, or `signal_<name>`.
    pub name: Box<str>,
    /// What values are read from it.
    pub kind: InputKind,
    /// What reads it: a model by its name, or the rules.
    pub reader: Box<str>,
}

/// A generation, made ready to judge rows of columns.
#[derive(Debug)]
pub struct Batched<'g> {
    generation: &'g Generation,
    columns: Vec<Column>,
    /// In the order of [`Target::ALL`].
    models: [Option<Scorer<'g>>; 2],
    /// The features that rules look at, in the order of the catalogue, with their places in `columns`.
    rules: Vec<(FeatureId, usize)>,
    signals: Vec<Box<str>>,
}

/// A model, with where its inputs stand; `None`: known by evidence only, so missing.
#[derive(Debug)]
struct Scorer<'g> {
    model: &'g Model,
    inputs: Vec<(Option<usize>, InputKind)>,
}

impl<'g> Batched<'g> {
    /// Finds what `generation` reads.
    pub fn new(generation: &'g Generation) -> Self {
        let mut columns = Vec::new();
        let models = Target::ALL.map(|target| {
            let model = generation.model_with(target, Kinds::NONE)?;
            let inputs = model.file().inputs.iter().map(|input| {
                let by_evidence = features::find(&input.name).is_some_and(|id| features::get(id).is_evidence());
                let place = || place_of(&mut columns, &input.name, input.kind, &model.model_ref().name);
                ((!by_evidence).then(place), input.kind)
            });
            Some(Scorer { model, inputs: inputs.collect() })
        });
        let slots = &generation.policy.rules.slots;
        let mut rules: Vec<_> = slots.iter().filter_map(|slot| rule_column(slot, &mut columns)).collect();
        // Categories are set in the order of the catalogue, which costs least.
        rules.sort_unstable();
        let signals = slots.iter().filter_map(|slot| match slot {
            Slot::Signal(name) => Some(name.clone()),
            _ => None,
        });
        Self { generation, columns, models, rules, signals: signals.collect() }
    }

    /// The generation.
    pub fn generation(&self) -> &'g Generation {
        self.generation
    }

    /// What is read, each column once.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The signals that rules look at, by their names without the prefix: whoever places a row's facts sets them.
    pub fn signals(&self) -> &[Box<str>] {
        &self.signals
    }

    /// Judges `rows` rows. `values` are the columns, in the order of [`Batched::columns`] and all of that length.
    ///
    /// For each row `place` sets what is no feature (merchant, amount, plan, country, keys, signals) and says whether it is
    /// to be judged; `hear` is told the row, its facts and the judgement.
    pub fn judge(
        &self,
        values: &[Values<'_>],
        rows: usize,
        facts: &mut Facts,
        mut place: impl FnMut(usize, &mut Facts) -> bool,
        mut hear: impl FnMut(usize, &Facts, Judgement),
    ) {
        let missing = vec![f64::NAN; rows];
        let inputs = self.models.each_ref().map(|scorer| {
            scorer.as_ref().map_or_else(Vec::new, |scorer| {
                scorer.inputs.iter().map(|input| given(*input, values, &missing)).collect()
            })
        });
        let scores = [0, 1].map(|at| self.models[at].as_ref().map(|scorer| scorer.model.score_rows(&inputs[at])));
        let (policy, standing) = (&self.generation.policy, Standing::default());
        for row in 0..rows {
            if !place(row, facts) {
                continue;
            }
            self.set_features(facts, values, row);
            let scorings = [0, 1].map(|at| match (&self.models[at], &scores[at]) {
                (Some(scorer), Some(scores)) => scorer.scoring(scores.get(row)),
                _ => Scoring::NoModel,
            });
            let explain = |target: Target| -> Vec<Reason> {
                let at = usize::from(target != Target::ALL[0]);
                let Some(scorer) = &self.models[at] else { return Vec::new() };
                let mut contributions = Contributions::default();
                scorer.model.contributions_of_row(&inputs[at], row, &mut contributions);
                scorer.model.reasons(&contributions, policy.most_reasons)
            };
            let judgement = decide(policy, facts, &scorings, &standing, &explain);
            hear(row, facts, judgement);
        }
    }

    /// The features that rules look at.
    fn set_features(&self, facts: &mut Facts, values: &[Values<'_>], row: usize) {
        if self.rules.is_empty() {
            return;
        }
        facts.vector.clear_categories();
        for (id, place) in &self.rules {
            match values.get(*place) {
                Some(Values::Numbers(numbers)) => {
                    facts.vector.set_number(*id, numbers.get(row).copied().unwrap_or(f64::NAN));
                }
                Some(Values::Names(names)) => {
                    if let Some(name) = names.get(row).copied().flatten() {
                        facts.vector.set_category(*id, name);
                    }
                }
                None => {}
            }
        }
    }
}

impl Scorer<'_> {
    fn scoring(&self, scored: Option<&Result<Score, ScoreFailure>>) -> Scoring {
        match scored {
            Some(Ok(score)) => Scoring::Scored(*score),
            Some(Err(failure)) => Scoring::Failed(failed(self.model, failure)),
            None => Scoring::NoModel,
        }
    }
}

/// What is said of a model that could not answer.
pub(super) fn failed(model: &Model, failure: &ScoreFailure) -> Diagnostic {
    let message = format!("{failure}; the policy's outcome was taken instead");
    Diagnostic { subject: model.model_ref().name.clone(), message }
}

fn given<'a>((place, kind): (Option<usize>, InputKind), values: &[Values<'a>], missing: &'a [f64]) -> Values<'a> {
    match (place.and_then(|place| values.get(place)), kind) {
        (Some(values), _) => values.clone(),
        (None, InputKind::Category) => Values::Names(vec![None; missing.len()]),
        (None, InputKind::Number | InputKind::Boolean) => Values::Numbers(missing),
    }
}

/// The place of a column, which is added where nothing has read it so far.
fn place_of(columns: &mut Vec<Column>, name: &str, kind: InputKind, reader: &str) -> usize {
    // Numbers and booleans are read alike.
    let alike = |column: &Column| {
        column.name.as_ref() == name && (column.kind == InputKind::Category) == (kind == InputKind::Category)
    };
    columns.iter().position(alike).unwrap_or_else(|| {
        columns.push(Column { name: name.into(), kind, reader: reader.into() });
        columns.len() - 1
    })
}

fn rule_column(slot: &Slot, columns: &mut Vec<Column>) -> Option<(FeatureId, usize)> {
    let (Slot::Number(id) | Slot::Flag(id) | Slot::Category(id)) = slot else { return None };
    let feature = features::get(*id);
    let kind = match feature.kind {
        FeatureKind::Number => InputKind::Number,
        FeatureKind::Boolean => InputKind::Boolean,
        FeatureKind::Category => InputKind::Category,
    };
    (!feature.is_evidence()).then(|| (*id, place_of(columns, feature.name, kind, "a rule of the policy")))
}

#[cfg(test)]
mod tests;
