//! From a table and a specification to a model file.

use super::TrainError;
use super::encode::Encoder;
use super::logistic::{self, Fitted};
use super::measures::{Measures, measures};
use super::rows::{Cell, Rows};
use super::spec::Spec;
use crate::domain::time::Timestamp;
use crate::model::file::{self, FORMAT, Golden, Metrics, ModelFile, TrainedOn};
use crate::model::{self, MIN_GOLDEN, Model};
use crate::table::Source;
use crate::text::json::layout;
use ndarray::{Array1, Array2, Axis};
use std::collections::BTreeMap;

/// How many training rows are golden, beside the ones that are made up.
const GOLDEN_ROWS: usize = MIN_GOLDEN;

/// What a model was made into.
#[derive(Debug)]
pub struct Trained {
    /// The text of the model file.
    pub text: String,
    /// The model, as the loader read it back.
    pub model: Model,
    /// Its measures on the rows that it was fitted to.
    pub training: Measures,
    /// Its measures on the rows that it has not seen, if any were held out.
    pub holdout: Option<Measures>,
    /// How many rows were left out because nobody knows what became of them.
    pub unlabelled: u64,
    /// How many rows were left out because the evidence that the model requires was not held.
    pub without_evidence: u64,
    /// Inputs whose points say the opposite of their own evidence, because other terms say it too: their reasons mislead.
    pub turned_round: Vec<String>,
}

/// Fits the model that `spec` describes to the rows of `source`. `from` is what the model file says about where its rows
/// come from, `created` when it was made; `progress` hears what is being done and how many rows are done.
pub fn train(
    source: &Source,
    spec: &Spec,
    from: &str,
    created: Timestamp,
    mut progress: impl FnMut(&str, u64),
) -> Result<Trained, TrainError> {
    let rows = Rows::read(source, spec, |rows| progress("rows read", rows))?;
    let held_out = (rows.len() as f64 * spec.holdout) as usize;
    let training = rows.len() - held_out;
    if training == 0 {
        let Rows { unlabelled, without_evidence, .. } = rows;
        return Err(TrainError::NoRows { unlabelled, without_evidence });
    }
    progress("rows fitted", training as u64);
    let learn =
        spec.terms.iter().zip(&rows.columns).map(|(term, column)| Encoder::learn(term, &rows, column, training));
    let encoders = learn.collect::<Result<Vec<_>, _>>()?;
    let design = design(&encoders, &rows);
    let seen = design.slice_axis(Axis(0), (..training).into()).to_owned();
    let fitted = logistic::fit(&seen, &Array1::from(rows.bad[..training].to_vec()), spec.c)?;
    let log_odds: Vec<f64> = design.rows().into_iter().map(|row| sum(&fitted, row.iter().copied())).collect();
    let measured = |on: &'static str, range: std::ops::Range<usize>| {
        let probabilities: Vec<f64> = log_odds[range.clone()].iter().map(|z| model::sigmoid(*z)).collect();
        measures(&probabilities, &rows.bad[range]).map_err(|problem| TrainError::Unmeasurable { on, problem })
    };
    let on_training = measured("training", 0..training)?;
    let on_holdout = if held_out == 0 { None } else { Some(measured("holdout", training..rows.len())?) };
    let mut file = ModelFile {
        format: FORMAT.into(),
        name: spec.name.clone(),
        version: spec.version.clone(),
        target: spec.target,
        requires: spec.requires.clone(),
        created: created.to_string(),
        trained_on: TrainedOn {
            rows: training as u64,
            bad_rate: on_training.bad as f64 / training as f64,
            from: rows.span_ms.map(|(first, _)| time(first)),
            to: rows.span_ms.map(|(_, last)| time(last)),
            source: from.into(),
        },
        author: spec.author.clone(),
        notes: spec.notes.clone(),
        inputs: encoders.iter().map(|encoder| encoder.input().clone()).collect(),
        intercept: fitted.intercept,
        terms: Vec::new(),
        calibration: None,
        reference: Vec::new(),
        golden: golden(&encoders, &rows, training, &fitted),
        metrics: match &on_holdout {
            Some(measures) => metrics("holdout", measures, &log_odds[training..]),
            None => metrics("training", &on_training, &log_odds),
        },
    };
    let mut turned_round = Vec::new();
    let mut first = 0;
    for encoder in &encoders {
        let columns = first..first + encoder.width();
        first = columns.end;
        if encoder.is_turned_round(&fitted.weights[columns.clone()]) {
            turned_round.push(encoder.input().name.clone());
        }
        let (term, shift) = encoder.term(&fitted.weights[columns.clone()]);
        file.intercept += shift;
        file.reference.push(mean_of_good(&seen, &rows.bad, &fitted, columns) - shift);
        file.terms.push(term);
    }
    let text = layout(&file)?;
    let model = Model::load(&format!("{}.model.json", spec.name), text.as_bytes())
        .map_err(|refusal| TrainError::Refused(Box::new(refusal)))?;
    Ok(Trained {
        text,
        model,
        training: on_training,
        holdout: on_holdout,
        unlabelled: rows.unlabelled,
        without_evidence: rows.without_evidence,
        turned_round,
    })
}

fn time(ms: i64) -> String {
    Timestamp::from_ms(ms).unwrap_or_default().to_string()
}

/// Every row as the columns that are fitted: rows down.
fn design(encoders: &[Encoder], rows: &Rows) -> Array2<f64> {
    let width = encoders.iter().map(Encoder::width).sum();
    let mut design = Array2::zeros((rows.len(), width));
    for (at, mut row) in design.rows_mut().into_iter().enumerate() {
        let mut place = row.iter_mut();
        for (encoder, column) in encoders.iter().zip(&rows.columns) {
            let encoded = encoder.encode(column.cell(at));
            encoded.iter().take(encoder.width()).zip(&mut place).for_each(|(value, place)| *place = *value);
        }
    }
    design
}

fn sum(fitted: &Fitted, columns: impl Iterator<Item = f64>) -> f64 {
    columns.zip(&fitted.weights).fold(fitted.intercept, |sum, (value, weight)| sum + value * weight)
}

/// The mean share of some columns among the good rows: where a reason begins.
fn mean_of_good(design: &Array2<f64>, bad: &[bool], fitted: &Fitted, columns: std::ops::Range<usize>) -> f64 {
    let good = design.rows().into_iter().zip(bad).filter(|(_, bad)| !**bad);
    let shares = good.map(|(row, _)| columns.clone().map(|at| row[at] * fitted.weights[at]).sum::<f64>());
    let (count, total) = shares.fold((0.0, 0.0), |(count, total), share| (count + 1.0, total + share));
    total / count
}

fn metrics(on: &str, measures: &Measures, log_odds: &[f64]) -> Metrics {
    let mut sorted = log_odds.to_vec();
    sorted.sort_by(f64::total_cmp);
    Metrics {
        on: on.into(),
        rows: measures.rows,
        auc: measures.auc,
        ks: measures.ks,
        gini: measures.gini,
        brier: measures.brier,
        log_loss: measures.log_loss,
        ece: measures.ece,
        average_precision: measures.average_precision,
        deciles: (1..10).map(|tenth| sorted[sorted.len() * tenth / 10]).collect(),
    }
}

/// Rows with their scores as the fit has them, not as the file's terms give them: some of the training rows, then a row
/// with nothing, then each extreme of each input in an ordinary row.
fn golden(encoders: &[Encoder], rows: &Rows, training: usize, fitted: &Fitted) -> Vec<Golden> {
    let chosen = (0..GOLDEN_ROWS).map(|at| at * training / GOLDEN_ROWS);
    let of_row = |row: usize| -> Vec<Option<file::Cell>> {
        let cells = encoders.iter().zip(&rows.columns);
        cells.map(|(encoder, column)| written(column.cell(row), encoder.input().kind)).collect()
    };
    let mut golden: Vec<Vec<Option<file::Cell>>> = chosen.map(of_row).collect();
    golden.push(vec![None; encoders.len()]);
    for (at, encoder) in encoders.iter().enumerate() {
        for (nth, extreme) in encoder.extremes().into_iter().enumerate() {
            let mut cells = golden[nth % GOLDEN_ROWS].clone();
            cells[at] = extreme;
            golden.push(cells);
        }
    }
    golden.into_iter().map(|cells| scored(encoders, cells, fitted)).collect()
}

fn scored(encoders: &[Encoder], cells: Vec<Option<file::Cell>>, fitted: &Fitted) -> Golden {
    let columns = encoders.iter().zip(&cells).flat_map(|(encoder, cell)| {
        encoder.encode(read(cell.as_ref(), encoder.input().kind)).into_iter().take(encoder.width())
    });
    let log_odds = sum(fitted, columns);
    let inputs: BTreeMap<_, _> = encoders.iter().map(|encoder| encoder.input().name.clone()).zip(cells).collect();
    Golden { inputs, log_odds, probability: model::sigmoid(log_odds) }
}

fn written(cell: Cell, kind: file::InputKind) -> Option<file::Cell> {
    match cell {
        Cell::Number(number) if number.is_nan() => None,
        Cell::Number(number) if kind == file::InputKind::Boolean => Some(file::Cell::Flag(number != 0.0)),
        Cell::Number(number) => Some(file::Cell::Number(number)),
        Cell::Name(name) => name.map(|name| file::Cell::Text(name.into())),
    }
}

fn read(cell: Option<&file::Cell>, kind: file::InputKind) -> Cell<'_> {
    match (cell, kind) {
        (Some(file::Cell::Number(number)), _) => Cell::Number(*number),
        (Some(file::Cell::Flag(flag)), _) => Cell::Number(f64::from(u8::from(*flag))),
        (Some(file::Cell::Text(name)), _) => Cell::Name(Some(name)),
        (None, file::InputKind::Category) => Cell::Name(None),
        (None, _) => Cell::Number(f64::NAN),
    }
}
