//! The model file as it is written: `docs/model-file.md` describes it, `models/model.schema.json` is generated from
//! these types. What the types cannot say, [`load`](super::load) checks.

use crate::domain::challenge::ChallengeKind;
use crate::domain::decision::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The format that is read and written here.
pub const FORMAT: &str = "aval-model/1";

/// An additive log-odds model: logit(p) = intercept + Σ term(input), then an optional calibration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// `aval-model/1`
    pub format: String,
    /// The model's name, such as `fraud`: at most 64 characters.
    pub name: String,
    /// Its version: at most 32 characters.
    pub version: String,
    /// What it predicts.
    pub target: Target,
    /// The evidence without which it does not score.
    #[serde(default)]
    pub requires: Vec<ChallengeKind>,
    /// When it was made (RFC 3339).
    pub created: String,
    /// What it was made from.
    pub trained_on: TrainedOn,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// What a reader should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// What it reads. Each input is used by a term.
    pub inputs: Vec<Input>,
    /// Where the sum begins, in log-odds.
    pub intercept: f64,
    /// What is added, in this order.
    pub terms: Vec<Term>,
    /// From the sum to the log-odds that are compared with cut-offs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// For each term the mean of its contribution on the training rows labelled good: what reasons are measured from.
    pub reference: Vec<f64>,
    /// At least 50 rows with their scores, by whoever fitted the model: the loader computes them again.
    pub golden: Vec<Golden>,
    /// How good it is.
    pub metrics: Metrics,
}

/// What a model was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainedOn {
    /// How many rows.
    pub rows: u64,
    /// The share of bad ones, from 0 to 1.
    pub bad_rate: f64,
    /// The time of the first row (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The time of the last row (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Where the rows come from.
    pub source: String,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// A feature of the catalogue, or `signal_<name>`.
    pub name: String,
    /// What values it takes.
    #[serde(rename = "type")]
    pub kind: InputKind,
    /// Whether the model cannot score without it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Smaller numbers count as this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Greater numbers count as this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// What values an input takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// A number.
    Number,
    /// One of a set of names.
    Category,
    /// Yes or no; terms see 1 and 0.
    Boolean,
}

impl InputKind {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Category => "category",
            Self::Boolean => "boolean",
        }
    }
}

/// One term: from an input to its share of the log-odds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// coef · ((x − center) / scale).
    Linear(Linear),
    /// Points by interval.
    Bins(Bins),
    /// Piecewise linear between knots.
    Knots(Knots),
    /// Points by name.
    Category(Category),
    /// Points by two inputs together.
    Pair(Pair),
}

impl Term {
    /// The names of its inputs: of a pair two, of any other one.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        let (first, second) = match self {
            Self::Linear(term) => (&term.input, None),
            Self::Bins(term) => (&term.input, None),
            Self::Knots(term) => (&term.input, None),
            Self::Category(term) => (&term.input, None),
            Self::Pair(term) => (&term.first.input, Some(&term.second.input)),
        };
        std::iter::once(first).chain(second).map(String::as_str)
    }

    /// The code of the reason that it names.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Linear(term) => term.reason.as_deref(),
            Self::Bins(term) => term.reason.as_deref(),
            Self::Knots(term) => term.reason.as_deref(),
            Self::Category(term) => term.reason.as_deref(),
            Self::Pair(term) => term.reason.as_deref(),
        }
    }

    /// Its kind, as it is named in files.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Linear(_) => "linear",
            Self::Bins(_) => "bins",
            Self::Knots(_) => "knots",
            Self::Category(_) => "category",
            Self::Pair(_) => "pair",
        }
    }
}

/// What is done to a number before a term reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// ln(1 + x). Where x is −1 or less the model does not answer.
    Log1p,
}

/// coef · ((x − center) / scale), with `impute` for a missing x; then `missing_flag` is added too. With `transform`
/// its value stands for x.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Linear {
    /// A number or a boolean.
    pub input: String,
    /// What is done to x first, and to `impute`; without it nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<Transform>,
    /// What a missing value counts as.
    pub impute: f64,
    /// The mean of the training rows.
    pub center: f64,
    /// Their standard deviation: above 0.
    pub scale: f64,
    /// Log-odds for one standard deviation.
    pub coef: f64,
    /// Added where the value is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_flag: Option<f64>,
    /// The reason code for people; without it the feature's own, or `SIGNAL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Points by interval: with edges e₀ < e₁ < … the intervals are x < e₀, e₀ ≤ x < e₁, …, and one more from the last edge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bins {
    /// A number or a boolean.
    pub input: String,
    /// Where an interval ends and the next begins, strictly ascending.
    pub edges: Vec<f64>,
    /// Log-odds by interval: one more than there are edges.
    pub points: Vec<f64>,
    /// Log-odds where the value is missing.
    pub missing: f64,
    /// Values with points of their own, which count before the intervals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub special: Vec<Special>,
    /// The reason code for people; without it the feature's own, or `SIGNAL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One value with points of its own, such as a code for "not asked".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Special {
    /// The value.
    pub value: f64,
    /// Its log-odds.
    pub points: f64,
}

/// Piecewise linear: between two knots on the straight line through both, outside them on a line of the slope that
/// `below` or `above` says. With `transform` the lines are straight in its value; knots stay in the input's own unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Knots {
    /// A number or a boolean.
    pub input: String,
    /// What is done to x first; without it nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<Transform>,
    /// Where the knots are, strictly ascending: at least one.
    pub x: Vec<f64>,
    /// Log-odds at the knots: one for each.
    pub y: Vec<f64>,
    /// The slope below the first knot; without it level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// The slope above the last knot; without it level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Log-odds where the value is missing.
    pub missing: f64,
    /// The reason code for people; without it the feature's own, or `SIGNAL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Points by two inputs together: a table with a row for each place of the first and a column for each place of the
/// second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// What chooses the row.
    pub first: Axis,
    /// What chooses the column: another input.
    pub second: Axis,
    /// Log-odds: a row for each place of `first`, in it a value for each place of `second`.
    pub points: Vec<Vec<f64>>,
    /// The reason code for people; without it that of the first input's feature, or `SIGNAL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One input of a pair. Its places: first one for a missing value; then of a number or a boolean each interval of
/// `edges`, as in `bins`; of a category each of `names`, and last one for any other name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// The input.
    pub input: String,
    /// Where an interval ends and the next begins, strictly ascending: of a number or a boolean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<Vec<f64>>,
    /// The names with places of their own, each once: of a category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

/// Points by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// A category.
    pub input: String,
    /// Log-odds by name.
    pub points: BTreeMap<String, f64>,
    /// Log-odds of any other name.
    pub other: f64,
    /// Log-odds where the value is missing.
    pub missing: f64,
    /// The reason code for people; without it the feature's own, or `SIGNAL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// From the sum of the terms to the log-odds that are compared with cut-offs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Calibration {
    /// Platt's: a · z + b.
    Platt(Platt),
    /// Monotone and piecewise linear, from log-odds to probability.
    Isotonic(Isotonic),
}

/// Calibrated log-odds = a · log-odds + b (Platt 1999).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Platt {
    /// The slope: above 0.
    pub a: f64,
    /// The shift.
    pub b: f64,
}

/// Probabilities at some log-odds, linear between them and level outside (Zadrozny and Elkan 2002).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Isotonic {
    /// Log-odds before calibration, strictly ascending.
    pub x: Vec<f64>,
    /// Probabilities from 0 to 1, never falling.
    pub y: Vec<f64>,
}

/// One row with its score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// Every input by name; null where missing.
    pub inputs: BTreeMap<String, Option<Cell>>,
    /// The sum before calibration.
    pub log_odds: f64,
    /// The probability after calibration.
    pub probability: f64,
}

/// The value of an input in a golden row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number, a text, true, false or null")]
pub enum Cell {
    /// Of a boolean.
    Flag(bool),
    /// Of a number.
    Number(f64),
    /// Of a category.
    Text(String),
}

/// How good a model is, on the rows that `on` names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Which rows: such as `holdout` or `training`.
    pub on: String,
    /// How many rows.
    pub rows: u64,
    /// The area under the ROC curve.
    pub auc: f64,
    /// Kolmogorov and Smirnov: max |F_bad − F_good|.
    pub ks: f64,
    /// 2 · AUC − 1.
    pub gini: f64,
    /// The mean squared error of the probability.
    pub brier: f64,
    /// The mean of −ln of the probability given to what happened.
    pub log_loss: f64,
    /// The expected calibration error by deciles.
    pub ece: f64,
    /// The area under the precision-recall curve, by steps.
    pub average_precision: f64,
    /// The nine bounds between the deciles of the log-odds before calibration: what drift is measured from.
    pub deciles: Vec<f64>,
}

/// The JSON Schema of a model file.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(ModelFile).to_value()
}
