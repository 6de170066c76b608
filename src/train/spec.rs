//! The specification of a model: which columns of a table become which terms. `docs/model-file.md` describes it.

use crate::domain::challenge::ChallengeKind;
use crate::domain::decision::Target;
use crate::domain::time::Timestamp;
use crate::features::{self, FeatureKind};
use crate::model::file::InputKind;
use crate::text::Refusal;
use crate::text::nearest::nearest;
use crate::text::yaml::{self, Placed};
use schemars::JsonSchema;
use serde::Deserialize;

/// The most intervals that a term is cut into.
const MAX_QUANTILES: u32 = 64;

/// How a model is made from a table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A specification for aval model train")]
struct SpecFile {
    /// The model's name.
    name: String,
    /// Its version.
    version: String,
    /// What it predicts.
    target: Target,
    /// The evidence without which it does not score.
    #[serde(default)]
    requires: Vec<ChallengeKind>,
    /// The column that says what became of each row: true is bad. Rows where it is empty are left out.
    label: Placed<String>,
    /// The inverse of the penalty's strength, as in scikit-learn.
    c: Option<Placed<f64>>,
    /// The column with the time of each row. With it rows are taken in the order of time, without it in that of the file.
    time: Option<Placed<String>>,
    /// Only rows from this time on.
    from: Option<Placed<String>>,
    /// Only rows before this time.
    to: Option<Placed<String>>,
    /// The share of the last rows that the model does not see and is measured on; without it, it is measured on the rows
    /// that it was fitted to.
    holdout: Option<Placed<f64>>,
    /// Who makes it.
    author: Option<String>,
    /// What a reader should know.
    notes: Option<String>,
    /// What it is made of; each input once.
    terms: Vec<TermEntry>,
}

/// One term.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum TermEntry {
    /// A weight for the value itself.
    Linear(LinearEntry),
    /// Points for intervals.
    Bins(BinsEntry),
    /// Points for names.
    Category(CategoryEntry),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LinearEntry {
    /// A number or a boolean: a feature, or `signal_<name>`.
    input: Placed<String>,
    /// What values a signal takes: number (without it) or boolean.
    #[serde(rename = "type")]
    kind: Option<InputKind>,
    /// What a missing value counts as; without it, the mean.
    impute: Option<f64>,
    /// Whether that a value is missing has a weight of its own.
    #[serde(default)]
    missing_flag: bool,
    /// Smaller numbers count as this one.
    min: Option<f64>,
    /// Greater numbers count as this one.
    max: Option<f64>,
    /// The reason code that it gives; without it the feature's own.
    reason: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BinsEntry {
    /// A number or a boolean: a feature, or `signal_<name>`.
    input: Placed<String>,
    /// What values a signal takes: number (without it) or boolean.
    #[serde(rename = "type")]
    kind: Option<InputKind>,
    /// Where an interval ends and the next begins.
    edges: Option<Placed<Vec<f64>>>,
    /// Into how many intervals of as many rows each the values are cut.
    quantiles: Option<Placed<u32>>,
    /// The reason code that it gives; without it the feature's own.
    reason: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CategoryEntry {
    /// A category: a feature, or `signal_<name>`.
    input: Placed<String>,
    /// Names of fewer rows count together as any other name; without it 50.
    least_rows: Option<u32>,
    /// The reason code that it gives; without it the feature's own.
    reason: Option<String>,
}

/// A specification that has been checked.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The model's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it predicts.
    pub target: Target,
    /// The evidence without which it does not score.
    pub requires: Vec<ChallengeKind>,
    /// The column that says what became of each row.
    pub label: String,
    /// The inverse of the penalty's strength.
    pub c: f64,
    /// The column with the time of each row.
    pub time: Option<String>,
    /// Rows before this time are left out.
    pub from: Option<Timestamp>,
    /// Rows from this time on are left out.
    pub to: Option<Timestamp>,
    /// The share of the last rows that the model is measured on and not fitted to: from 0 to below 1.
    pub holdout: f64,
    /// Who makes it.
    pub author: Option<String>,
    /// What a reader should know.
    pub notes: Option<String>,
    /// What it is made of.
    pub terms: Vec<TermSpec>,
}

/// One term to be fitted.
#[derive(Debug, Clone)]
pub struct TermSpec {
    /// A feature, or `signal_<name>`: the name of its column, too.
    pub input: String,
    /// What values it takes.
    pub kind: InputKind,
    /// The reason code that it gives; `None`: the feature's own.
    pub reason: Option<String>,
    /// How it becomes columns of numbers.
    pub how: How,
}

/// How an input becomes columns of numbers.
#[derive(Debug, Clone)]
pub enum How {
    /// As it is.
    Linear {
        /// What a missing value counts as; `None`: the mean.
        impute: Option<f64>,
        /// Whether that it is missing is a column of its own.
        missing_flag: bool,
        /// Smaller numbers count as this one.
        min: Option<f64>,
        /// Greater numbers count as this one.
        max: Option<f64>,
    },
    /// By the weight of evidence of the interval, whose edges are given.
    Edges(Vec<f64>),
    /// By the weight of evidence of the interval, of as many rows each.
    Quantiles(u32),
    /// By the weight of evidence of the name; names of fewer rows count together.
    Names {
        /// So many rows a name of its own must have.
        least_rows: u32,
    },
}

impl Spec {
    /// Reads and checks a specification. `file` is its name in refusals.
    pub fn load(file: &str, source: &str) -> Result<Self, Refusal> {
        let parsed: SpecFile = yaml::parse(file, source)?;
        Checker { file, source }.spec(parsed)
    }

    /// The JSON Schema of specifications.
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(SpecFile).to_value()
    }
}

struct Checker<'a> {
    file: &'a str,
    source: &'a str,
}

impl Checker<'_> {
    fn refuse<T>(&self, at: &Placed<T>, message: impl Into<String>, mend: impl Into<String>) -> Refusal {
        at.refusal(self.file, self.source, message, mend)
    }

    fn spec(&self, parsed: SpecFile) -> Result<Spec, Refusal> {
        let c = parsed.c.as_ref().map_or(Ok(1.0), |c| {
            let good = c.value.is_finite() && c.value > 0.0;
            good.then_some(c.value).ok_or_else(|| self.refuse(c, "expected a number above 0", "write 1.0"))
        })?;
        let holdout = parsed.holdout.as_ref().map_or(Ok(0.0), |share| {
            let good = (0.0..=0.9).contains(&share.value);
            good.then_some(share.value).ok_or_else(|| self.refuse(share, "expected a share from 0 to 0.9", "write 0.3"))
        })?;
        for bound in [&parsed.from, &parsed.to].into_iter().flatten() {
            if parsed.time.is_none() {
                return Err(self.refuse(bound, "rows have no time", "name the column of their times as `time:`"));
            }
        }
        if parsed.terms.is_empty() {
            return Err(Refusal::new(self.file, self.source, 0..0, "there is no term", "list some under `terms:`"));
        }
        let mut terms: Vec<TermSpec> = Vec::with_capacity(parsed.terms.len());
        for entry in parsed.terms {
            let term = self.term(&entry)?;
            if terms.iter().any(|other| other.input == term.input) {
                let message = format!("the input `{}` stands in two terms", term.input);
                return Err(self.refuse(entry.input(), message, "keep one of them"));
            }
            terms.push(term);
        }
        Ok(Spec {
            name: parsed.name,
            version: parsed.version,
            target: parsed.target,
            requires: parsed.requires,
            label: parsed.label.value,
            c,
            time: parsed.time.map(|time| time.value),
            from: parsed.from.as_ref().map(|at| self.time(at)).transpose()?,
            to: parsed.to.as_ref().map(|at| self.time(at)).transpose()?,
            holdout,
            author: parsed.author,
            notes: parsed.notes,
            terms,
        })
    }

    fn time(&self, at: &Placed<String>) -> Result<Timestamp, Refusal> {
        Timestamp::parse(&at.value).map_err(|invalid| self.refuse(at, invalid.to_string(), "write such a time"))
    }

    fn term(&self, entry: &TermEntry) -> Result<TermSpec, Refusal> {
        let (input, given, reason) = (entry.input(), entry.given_kind(), entry.reason().cloned());
        let kind = self.kind(input, given)?;
        let how = match entry {
            TermEntry::Linear(entry) => {
                let LinearEntry { impute, missing_flag, min, max, .. } = *entry;
                if min.zip(max).is_some_and(|(min, max)| min > max) {
                    return Err(self.refuse(input, "`min` is above `max`", "swap the two"));
                }
                How::Linear { impute, missing_flag, min, max }
            }
            TermEntry::Bins(entry) => self.bins(entry)?,
            TermEntry::Category(entry) => How::Names { least_rows: entry.least_rows.unwrap_or(50) },
        };
        let of_names = matches!(how, How::Names { .. });
        if of_names != (kind == InputKind::Category) {
            let mend = if of_names { "make it a linear or a bins term" } else { "make it a category term" };
            return Err(self.refuse(input, format!("`{}` is a {}", input.value, kind.name()), mend));
        }
        Ok(TermSpec { input: input.value.clone(), kind, reason, how })
    }

    fn bins(&self, entry: &BinsEntry) -> Result<How, Refusal> {
        match (&entry.edges, &entry.quantiles) {
            (Some(edges), None) => {
                let rising = edges.value.windows(2).all(|pair| pair[0] < pair[1]);
                if edges.value.is_empty() || !rising || edges.value.iter().any(|edge| !edge.is_finite()) {
                    return Err(self.refuse(edges, "expected finite numbers, each above the one before", "sort them"));
                }
                Ok(How::Edges(edges.value.clone()))
            }
            (None, Some(count)) if (2..=MAX_QUANTILES).contains(&count.value) => Ok(How::Quantiles(count.value)),
            (None, Some(count)) => {
                Err(self.refuse(count, format!("expected 2 to {MAX_QUANTILES} intervals"), "write 8"))
            }
            _ => Err(self.refuse(&entry.input, "expected either `edges` or `quantiles`", "write `quantiles: 8`")),
        }
    }

    /// What values an input takes: the catalogue says so of features, the specification of signals.
    fn kind(&self, input: &Placed<String>, given: Option<InputKind>) -> Result<InputKind, Refusal> {
        let name = &input.value;
        if name.starts_with("signal_") {
            return Ok(given.unwrap_or(InputKind::Number));
        }
        let Some(id) = features::find(name) else {
            let mend = match nearest(name, features::all().map(|(_, feature)| feature.name)) {
                Some(meant) => format!("write `{meant}`, or `signal_{name}` if the merchant sends it"),
                None => format!("write `signal_{name}` if the merchant sends it"),
            };
            return Err(self.refuse(input, format!("`{name}` is not a feature of the catalogue"), mend));
        };
        let kind = match features::get(id).kind {
            FeatureKind::Number => InputKind::Number,
            FeatureKind::Boolean => InputKind::Boolean,
            FeatureKind::Category => InputKind::Category,
        };
        // A category term says that its signal is one; of a feature the catalogue is right.
        match given {
            Some(given) if given != kind && given != InputKind::Category => {
                let message = format!("`{name}` is a {}, not a {}", kind.name(), given.name());
                Err(self.refuse(input, message, "leave `type` out"))
            }
            _ => Ok(kind),
        }
    }
}

impl TermEntry {
    fn input(&self) -> &Placed<String> {
        match self {
            Self::Linear(entry) => &entry.input,
            Self::Bins(entry) => &entry.input,
            Self::Category(entry) => &entry.input,
        }
    }

    fn given_kind(&self) -> Option<InputKind> {
        match self {
            Self::Linear(entry) => entry.kind,
            Self::Bins(entry) => entry.kind,
            Self::Category(_) => Some(InputKind::Category),
        }
    }

    fn reason(&self) -> Option<&String> {
        match self {
            Self::Linear(entry) => entry.reason.as_ref(),
            Self::Bins(entry) => entry.reason.as_ref(),
            Self::Category(entry) => entry.reason.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_the_place_and_the_mend() {
        let head = "name: a\nversion: '1'\ntarget: fraud\nlabel: fraud\n";
        for (rest, expected) in [
            ("terms: []\n", "s:1:1: there is no term; list some under `terms:`"),
            (
                "terms: [linear: { input: amount_mino }]\n",
                "s:5:26: `amount_mino` is not a feature of the catalogue; write `amount_minor`, or `signal_amount_mino` \
                 if the merchant sends it",
            ),
            ("terms: [linear: { input: currency }]\n", "s:5:26: `currency` is a category; make it a category term"),
            ("terms: [category: { input: guest }]\n", "s:5:28: `guest` is a boolean; make it a linear or a bins term"),
            (
                "terms: [bins: { input: signal_x }]\n",
                "s:5:24: expected either `edges` or `quantiles`; write `quantiles: 8`",
            ),
            (
                "terms: [bins: { input: signal_x, edges: [2, 1] }]\n",
                "s:5:41: expected finite numbers, each above the one before; sort them",
            ),
            ("c: 0\nterms: [linear: { input: guest }]\n", "s:5:4: expected a number above 0; write 1.0"),
            (
                "terms: [linear: { input: guest }, linear: { input: guest }]\n",
                "s:5:52: the input `guest` stands in two terms; keep one of them",
            ),
            (
                "to: 2026-01-01T00:00:00Z\nterms: [linear: { input: guest }]\n",
                "s:5:5: rows have no time; name the column of their times as `time:`",
            ),
            ("holdout: 1\nterms: [linear: { input: guest }]\n", "s:5:10: expected a share from 0 to 0.9; write 0.3"),
        ] {
            let found = Spec::load("s", &format!("{head}{rest}")).map(|spec| spec.name).unwrap_err().to_string();
            assert_eq!(found, expected, "{rest}");
        }
    }
}
