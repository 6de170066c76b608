//! From a file to a model: everything that the types cannot say is checked here, and the first fault refuses the file
//! with its place and its mend.

use super::barred::barred;
use super::file::{
    Axis, Bins, Calibration, Cell, FORMAT, Golden, Input, InputKind, Knots, ModelFile, Pair, Term, Transform,
};
use super::term::{self, Given, Origin, Slot};
use super::{Contributions, Model, Scored};
use crate::domain::decision::{Digest, ModelRef};
use crate::domain::reason::ReasonCode;
use crate::domain::text::{bounded, snake};
use crate::domain::time::Timestamp;
use crate::features::{self, FeatureKind};
use crate::text::Refusal;
use crate::text::json::{Document, Value, escape};
use crate::text::nearest::nearest;
use std::collections::{HashMap, HashSet};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 4 << 20;
/// How many terms a model may have.
pub const MAX_TERMS: usize = 512;
/// How many golden rows there must be.
pub const MIN_GOLDEN: usize = 50;
/// How many golden rows there may be.
pub const MAX_GOLDEN: usize = 10_000;
/// How far a golden row's log-odds may be from what is computed here.
const GOLDEN_LOG_ODDS: f64 = 1e-9;
/// How far its probability may be.
const GOLDEN_PROBABILITY: f64 = 1e-12;
/// How many special values a term may have.
const MAX_SPECIAL: usize = 64;
/// How long the name of a signal may be.
const MAX_SIGNAL_CHARS: usize = 64;
/// How long notes and other texts may be.
const MAX_TEXT_CHARS: usize = 4_000;

pub(super) fn load(file: &str, bytes: &[u8]) -> Result<Model, Refusal> {
    let document = Document::parse(file, bytes, MAX_BYTES)?;
    let refuse = Refuse(&document);
    before_types(refuse)?;
    let file: ModelFile = document.read()?;
    head(refuse, &file)?;
    let slots = file.inputs.iter().enumerate().map(|(at, input)| slot(refuse, &file, at, input));
    let slots = slots.collect::<Result<Vec<_>, _>>()?;
    let places: HashMap<&str, usize> = slots.iter().enumerate().map(|(at, slot)| (slot.name.as_ref(), at)).collect();
    let terms = file.terms.iter().enumerate().map(|(at, term)| scored(refuse, &file, &slots, &places, at, term));
    let terms = terms.collect::<Result<Vec<_>, _>>()?;
    all_used(refuse, &slots, &terms)?;
    calibration(refuse, file.calibration.as_ref())?;
    metrics(refuse, &file)?;
    let model_ref = ModelRef {
        name: file.name.clone(),
        version: file.version.clone(),
        target: file.target,
        digest: Digest::of(bytes).to_string(),
    };
    let calibration = term::Calibration::of(file.calibration.as_ref());
    let model = Model { model_ref, file, slots, terms, calibration };
    golden(refuse, &model)?;
    Ok(model)
}

#[derive(Clone, Copy)]
struct Refuse<'a>(&'a Document<'a>);

impl Refuse<'_> {
    /// An error unless something holds.
    fn unless(self, holds: bool, pointer: &str, message: &str, mend: &str) -> Result<(), Refusal> {
        if holds { Ok(()) } else { Err(self.0.refuse(pointer, message, mend)) }
    }

    fn strictly_ascending(self, numbers: &[f64], pointer: &str) -> Result<(), Refusal> {
        let fall = numbers.windows(2).position(|pair| matches!(pair, [a, b] if a >= b));
        match fall {
            None => Ok(()),
            Some(at) => {
                let pointer = format!("{pointer}/{}", at + 1);
                Err(self.0.refuse(&pointer, "expected more than the value before it", "sort them, each once"))
            }
        }
    }

    fn text(self, text: &str, max: usize, pointer: &str) -> Result<(), Refusal> {
        let good = text.replace(['\n', '\t'], " ");
        bounded(&good, max).map(|_| ()).map_err(|invalid| self.0.refuse(pointer, invalid, "write such a text"))
    }

    fn time(self, text: Option<&str>, pointer: &str) -> Result<Option<Timestamp>, Refusal> {
        let parse =
            |text| Timestamp::parse(text).map_err(|invalid| self.0.refuse(pointer, invalid, "write such a time"));
        text.map(parse).transpose()
    }

    fn share(self, number: f64, pointer: &str) -> Result<(), Refusal> {
        self.unless((0.0..=1.0).contains(&number), pointer, "expected a number from 0 to 1", "write such a number")
    }
}

/// What would be told less well by the types: another format.
fn before_types(refuse: Refuse) -> Result<(), Refusal> {
    let root = refuse.0.root();
    if let Some(format) = root.get("format") {
        let known = matches!(&format.value, Value::Text(text) if text == FORMAT);
        let message = format!("expected `{FORMAT}`, the format that this version of aval reads");
        refuse.unless(known, "/format", &message, "make the file again with this version of aval")?;
    }
    Ok(())
}

fn head(refuse: Refuse, file: &ModelFile) -> Result<(), Refusal> {
    refuse.text(&file.name, 64, "/name")?;
    refuse.text(&file.version, 32, "/version")?;
    for (text, pointer) in [(&file.author, "/author"), (&file.notes, "/notes")] {
        text.as_ref().map_or(Ok(()), |text| refuse.text(text, MAX_TEXT_CHARS, pointer))?;
    }
    refuse.time(Some(&file.created), "/created")?;
    refuse.text(&file.trained_on.source, MAX_TEXT_CHARS, "/trained_on/source")?;
    refuse.share(file.trained_on.bad_rate, "/trained_on/bad_rate")?;
    let from = refuse.time(file.trained_on.from.as_deref(), "/trained_on/from")?;
    let to = refuse.time(file.trained_on.to.as_deref(), "/trained_on/to")?;
    let ordered = from.zip(to).is_none_or(|(from, to)| from <= to);
    refuse.unless(ordered, "/trained_on/to", "expected a time after `from`", "swap the two")?;
    for (at, kind) in file.requires.iter().enumerate() {
        let twice = file.requires.iter().take(at).any(|earlier| earlier == kind);
        refuse.unless(!twice, &format!("/requires/{at}"), "this evidence is required twice", "name it once")?;
    }
    let message = format!("expected 1 to {MAX_TERMS} inputs, found {}", file.inputs.len());
    refuse.unless((1..=MAX_TERMS).contains(&file.inputs.len()), "/inputs", &message, "declare what the terms read")?;
    let count = file.terms.len();
    let message = format!("expected 1 to {MAX_TERMS} terms, found {count}");
    refuse.unless((1..=MAX_TERMS).contains(&count), "/terms", &message, "add or merge terms")?;
    let message = format!("expected one value for each of the {count} terms, found {}", file.reference.len());
    refuse.unless(file.reference.len() == count, "/reference", &message, "write the means in the order of the terms")
}

fn slot(refuse: Refuse, file: &ModelFile, at: usize, input: &Input) -> Result<Slot, Refusal> {
    let pointer = format!("/inputs/{at}");
    let twice = file.inputs.iter().take(at).any(|earlier| earlier.name == input.name);
    let message = format!("the input `{}` is declared twice", input.name);
    refuse.unless(!twice, &format!("{pointer}/name"), &message, "declare it once")?;
    let origin = origin(refuse, &format!("{pointer}/name"), &input.name)?;
    if let Origin::Feature(id) = origin {
        let known = match features::get(id).kind {
            FeatureKind::Number => InputKind::Number,
            FeatureKind::Boolean => InputKind::Boolean,
            FeatureKind::Category => InputKind::Category,
        };
        let message = format!("the feature `{}` is a {}, not a {}", input.name, known.name(), input.kind.name());
        let mend = format!("write \"{}\"", known.name());
        refuse.unless(known == input.kind, &format!("{pointer}/type"), &message, &mend)?;
    }
    for (bound, name) in [(input.min, "min"), (input.max, "max")] {
        let fits = bound.is_none() || input.kind == InputKind::Number;
        refuse.unless(fits, &format!("{pointer}/{name}"), "only a number has bounds", "remove it")?;
    }
    let (min, max) = (input.min.unwrap_or(f64::NEG_INFINITY), input.max.unwrap_or(f64::INFINITY));
    refuse.unless(min <= max, &format!("{pointer}/max"), "expected at least `min`", "swap the two")?;
    Ok(Slot { name: input.name.as_str().into(), origin, kind: input.kind, required: input.required, min, max })
}

/// Where an input comes from, by its name.
fn origin(refuse: Refuse, pointer: &str, name: &str) -> Result<Origin, Refusal> {
    if let Some(signal) = name.strip_prefix("signal_") {
        let good = snake(signal, MAX_SIGNAL_CHARS).map_err(|invalid| refuse.0.refuse(pointer, invalid, "rename it"))?;
        return match barred(signal) {
            None => Ok(Origin::Signal(good)),
            Some(word) => {
                let message =
                    format!("the input `{name}` is barred for its `{word}`: people are not judged by what they are");
                Err(refuse.0.refuse(pointer, message, "train without it"))
            }
        };
    }
    let known = || features::all().map(|(_, feature)| feature.name);
    features::find(name).map(Origin::Feature).ok_or_else(|| {
        let mend = match nearest(name, known()) {
            Some(meant) => format!("write `{meant}`, or `signal_{name}` if the merchant sends it"),
            None => format!("write `signal_{name}` if the merchant sends it"),
        };
        refuse.0.refuse(pointer, format!("`{name}` is not a feature of the catalogue"), mend)
    })
}

fn scored(
    refuse: Refuse,
    file: &ModelFile,
    slots: &[Slot],
    places: &HashMap<&str, usize>,
    at: usize,
    term: &Term,
) -> Result<Scored, Refusal> {
    let pointer = format!("/terms/{at}/{}", term.kind());
    let find = |name: &str, axis: &str| {
        let input = format!("{pointer}{axis}/input");
        let found = places.get(name).and_then(|place| slots.get(*place).map(|slot| (*place, slot)));
        found.ok_or_else(|| {
            let mend = match nearest(name, places.keys().copied()) {
                Some(meant) => format!("write `{meant}`, or declare it in `inputs`"),
                None => "declare it in `inputs`".into(),
            };
            refuse.0.refuse(&input, format!("the input `{name}` is not declared"), mend)
        })
    };
    let ((place, slot), second) = match term {
        Term::Pair(term) => (find(&term.first.input, "/first")?, Some(find(&term.second.input, "/second")?)),
        term => (find(term.inputs().next().unwrap_or_default(), "")?, None),
    };
    if !matches!(term, Term::Pair(_)) {
        let of_names = matches!(term, Term::Category(_));
        let fits = of_names == (slot.kind == InputKind::Category);
        let message = format!("a {} term does not read a {}", term.kind(), slot.kind.name());
        let mend = if of_names { "use a linear, bins or knots term" } else { "use a category term" };
        refuse.unless(fits, &format!("{pointer}/input"), &message, mend)?;
    }
    match term {
        Term::Linear(term) => {
            let scale = format!("{pointer}/scale");
            refuse.unless(
                term.scale > 0.0,
                &scale,
                "expected a number above 0",
                "write the standard deviation, or 1",
            )?;
            has_value(refuse, &format!("{pointer}/impute"), term.transform, term.impute)?;
        }
        Term::Bins(term) => bins(refuse, &pointer, term)?,
        Term::Knots(term) => knots(refuse, &pointer, term)?,
        Term::Pair(term) => pair(refuse, &pointer, term, slot.kind, second.map_or(slot.kind, |(_, slot)| slot.kind))?,
        Term::Category(term) => {
            let points = format!("{pointer}/points");
            refuse.unless(!term.points.is_empty(), &points, "expected at least one name", "remove the term")?;
        }
    }
    let reason = match (term.reason(), &slot.origin) {
        (Some(name), _) => reason(refuse, &format!("{pointer}/reason"), name)?,
        (None, Origin::Feature(id)) => features::get(*id).reason,
        (None, Origin::Signal(_)) => ReasonCode::SIGNAL,
    };
    let reference = file.reference.get(at).copied().unwrap_or_default();
    let inputs = std::iter::once(slot).chain(second.map(|(_, slot)| slot)).map(|slot| slot.name.clone()).collect();
    let second = second.map(|(place, _)| place);
    Ok(Scored { term: term::Term::of(term), slot: place, second, inputs, reason, reference })
}

/// A number of the file that goes through a transform must have a value there.
fn has_value(refuse: Refuse, pointer: &str, transform: Option<Transform>, number: f64) -> Result<(), Refusal> {
    let fits = term::transformed(transform, number).is_finite();
    refuse.unless(fits, pointer, "expected a number above -1, where log1p has a value", "write such a number")
}

fn knots(refuse: Refuse, pointer: &str, term: &Knots) -> Result<(), Refusal> {
    let x = format!("{pointer}/x");
    refuse.unless(!term.x.is_empty(), &x, "expected at least one knot", "remove the term")?;
    refuse.strictly_ascending(&term.x, &x)?;
    for (at, number) in term.x.iter().enumerate() {
        has_value(refuse, &format!("{x}/{at}"), term.transform, *number)?;
    }
    let message = format!("expected {} values as in `x`, found {}", term.x.len(), term.y.len());
    refuse.unless(term.x.len() == term.y.len(), &format!("{pointer}/y"), &message, "write one value for each knot")
}

fn pair(refuse: Refuse, pointer: &str, term: &Pair, first: InputKind, second: InputKind) -> Result<(), Refusal> {
    let differ = term.first.input != term.second.input;
    let mend = "name another one, or use a bins or category term";
    refuse.unless(differ, &format!("{pointer}/second/input"), "this is the first input too", mend)?;
    let rows = axis(refuse, &format!("{pointer}/first"), &term.first, first)?;
    let columns = axis(refuse, &format!("{pointer}/second"), &term.second, second)?;
    let message = format!("expected {rows} rows, one for each place of `first`, found {}", term.points.len());
    let mend = "write one for what is missing, one for each interval or name, and after names one for any other";
    refuse.unless(term.points.len() == rows, &format!("{pointer}/points"), &message, mend)?;
    for (at, row) in term.points.iter().enumerate() {
        let message = format!("expected {columns} values, one for each place of `second`, found {}", row.len());
        refuse.unless(row.len() == columns, &format!("{pointer}/points/{at}"), &message, mend)?;
    }
    Ok(())
}

/// Checks one axis of a pair and says how many places it has.
fn axis(refuse: Refuse, pointer: &str, axis: &Axis, kind: InputKind) -> Result<usize, Refusal> {
    match (&axis.edges, &axis.names, kind) {
        (None, Some(names), InputKind::Category) => {
            let mut known = HashSet::new();
            for (at, name) in names.iter().enumerate() {
                let place = format!("{pointer}/names/{at}");
                refuse.unless(known.insert(name), &place, "this name stands here twice", "keep one of them")?;
            }
            Ok(names.len() + 2)
        }
        (Some(edges), None, InputKind::Number | InputKind::Boolean) => {
            refuse.strictly_ascending(edges, &format!("{pointer}/edges"))?;
            Ok(edges.len() + 2)
        }
        (_, _, InputKind::Category) => {
            Err(refuse.0.refuse(pointer, "a category has `names` here, and no `edges`", "write its names"))
        }
        (_, _, kind) => {
            let message = format!("a {} has `edges` here, and no `names`", kind.name());
            Err(refuse.0.refuse(pointer, message, "write the edges of its intervals"))
        }
    }
}

fn bins(refuse: Refuse, pointer: &str, term: &Bins) -> Result<(), Refusal> {
    refuse.strictly_ascending(&term.edges, &format!("{pointer}/edges"))?;
    let (wanted, found) = (term.edges.len() + 1, term.points.len());
    let message = format!("expected {wanted} values, one more than there are edges, found {found}");
    refuse.unless(found == wanted, &format!("{pointer}/points"), &message, "write one value for each interval")?;
    let (special, message) = (format!("{pointer}/special"), format!("expected at most {MAX_SPECIAL} special values"));
    refuse.unless(term.special.len() <= MAX_SPECIAL, &special, &message, "use intervals")?;
    for (at, special) in term.special.iter().enumerate() {
        let twice = term.special.iter().take(at).any(|earlier| earlier.value == special.value);
        let pointer = format!("{pointer}/special/{at}/value");
        refuse.unless(!twice, &pointer, "this special value stands here twice", "keep one of them")?;
    }
    Ok(())
}

fn reason(refuse: Refuse, pointer: &str, name: &str) -> Result<ReasonCode, Refusal> {
    ReasonCode::parse(name).ok_or_else(|| {
        let mend = match nearest(name, ReasonCode::all().map(ReasonCode::name)) {
            Some(meant) => format!("write `{meant}`"),
            None => "write a code of the table of reasons, or leave it out".into(),
        };
        refuse.0.refuse(pointer, format!("the reason `{name}` is not known"), mend)
    })
}

fn all_used(refuse: Refuse, slots: &[Slot], terms: &[Scored]) -> Result<(), Refusal> {
    let unused =
        slots.iter().enumerate().find(|(at, _)| terms.iter().all(|term| term.slot != *at && term.second != Some(*at)));
    match unused {
        None => Ok(()),
        Some((at, slot)) => {
            let message = format!("no term reads the input `{}`", slot.name);
            Err(refuse.0.refuse(&format!("/inputs/{at}/name"), message, "remove it"))
        }
    }
}

fn calibration(refuse: Refuse, calibration: Option<&Calibration>) -> Result<(), Refusal> {
    match calibration {
        None => Ok(()),
        Some(Calibration::Platt(platt)) => {
            let mend = "a calibration keeps the order of the scores: fit it again";
            refuse.unless(platt.a > 0.0, "/calibration/platt/a", "expected a number above 0", mend)
        }
        Some(Calibration::Isotonic(isotonic)) => {
            let pointer = "/calibration/isotonic";
            refuse.unless(
                !isotonic.x.is_empty(),
                &format!("{pointer}/x"),
                "expected at least one point",
                "fit it again",
            )?;
            refuse.strictly_ascending(&isotonic.x, &format!("{pointer}/x"))?;
            let message = format!("expected {} values as in `x`, found {}", isotonic.x.len(), isotonic.y.len());
            refuse.unless(isotonic.x.len() == isotonic.y.len(), &format!("{pointer}/y"), &message, "write as many")?;
            for (at, y) in isotonic.y.iter().enumerate() {
                refuse.share(*y, &format!("{pointer}/y/{at}"))?;
                let before = at.checked_sub(1).and_then(|before| isotonic.y.get(before));
                let rises = before.is_none_or(|before| before <= y);
                let mend = "a calibration keeps the order of the scores: fit it again";
                refuse.unless(
                    rises,
                    &format!("{pointer}/y/{at}"),
                    "expected no less than the value before it",
                    mend,
                )?;
            }
            Ok(())
        }
    }
}

fn metrics(refuse: Refuse, file: &ModelFile) -> Result<(), Refusal> {
    let metrics = &file.metrics;
    refuse.text(&metrics.on, MAX_TEXT_CHARS, "/metrics/on")?;
    for (name, number) in [
        ("auc", metrics.auc),
        ("ks", metrics.ks),
        ("brier", metrics.brier),
        ("ece", metrics.ece),
        ("average_precision", metrics.average_precision),
    ] {
        refuse.share(number, &format!("/metrics/{name}"))?;
    }
    let message = format!("expected the 9 bounds between the deciles, found {}", metrics.deciles.len());
    refuse.unless(metrics.deciles.len() == 9, "/metrics/deciles", &message, "write 9 ascending log-odds")?;
    let rises = metrics.deciles.windows(2).all(|pair| matches!(pair, [a, b] if a <= b));
    refuse.unless(rises, "/metrics/deciles", "expected ascending log-odds", "sort them")
}

fn golden(refuse: Refuse, model: &Model) -> Result<(), Refusal> {
    let count = model.file.golden.len();
    let message = format!("expected {MIN_GOLDEN} to {MAX_GOLDEN} golden rows, found {count}");
    let mend = "let whoever fitted the model score more rows: missing values, unseen names, edges, extremes";
    refuse.unless((MIN_GOLDEN..=MAX_GOLDEN).contains(&count), "/golden", &message, mend)?;
    let mut contributions = Contributions::default();
    for (at, row) in model.file.golden.iter().enumerate() {
        let given = model.slots.iter().map(|slot| given(refuse, at, slot, row)).collect::<Result<Vec<_>, _>>()?;
        // Every slot has its value, so one too many is one that no slot has.
        let known = |name: &String| model.slots.iter().any(|slot| slot.name.as_ref() == name.as_str());
        let unknown =
            if row.inputs.len() > model.slots.len() { row.inputs.keys().find(|name| !known(name)) } else { None };
        if let Some(name) = unknown {
            let pointer = format!("/golden/{at}/inputs/{}", escape(name));
            return Err(refuse.0.refuse(&pointer, format!("`{name}` is not an input of the model"), "remove it"));
        }
        let read = |at: usize, _: &Slot| given.get(at).copied().unwrap_or(Given::Missing);
        let score = model.score_given(read, &mut contributions).map_err(|failure| {
            refuse.0.refuse(&format!("/golden/{at}"), failure, "no such row may be golden: remove it")
        })?;
        let mend = "the file does not hold the model that was fitted: export it again";
        for (name, found, wanted, margin) in [
            ("log_odds", score.log_odds, row.log_odds, GOLDEN_LOG_ODDS),
            ("probability", score.probability, row.probability, GOLDEN_PROBABILITY),
        ] {
            let near = (found - wanted).abs() <= margin;
            let message = format!("expected {wanted}, but the terms give {found}, more than {margin:e} away");
            refuse.unless(near, &format!("/golden/{at}/{name}"), &message, mend)?;
        }
    }
    Ok(())
}

fn given<'a>(refuse: Refuse, at: usize, slot: &Slot, row: &'a Golden) -> Result<Given<'a>, Refusal> {
    let Some(cell) = row.inputs.get(slot.name.as_ref()) else {
        let message = format!("the input `{}` is missing", slot.name);
        return Err(refuse.0.refuse(&format!("/golden/{at}/inputs"), message, "add it: null says that there is none"));
    };
    match (cell, slot.kind) {
        (None, _) => Ok(Given::Missing),
        (Some(Cell::Number(number)), InputKind::Number) => Ok(Given::Number(*number)),
        (Some(Cell::Flag(flag)), InputKind::Boolean) => Ok(Given::Number(f64::from(u8::from(*flag)))),
        (Some(Cell::Text(text)), InputKind::Category) => Ok(Given::Text(text)),
        _ => {
            let pointer = format!("/golden/{at}/inputs/{}", slot.name);
            Err(refuse.0.refuse(&pointer, format!("expected a {}", slot.kind.name()), "write such a value, or null"))
        }
    }
}
