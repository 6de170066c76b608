//! Reading a generation: the model files of a directory and the policy file, whole or not at all.

use crate::domain::challenge::ChallengeKind;
use crate::domain::decision::Target;
use crate::domain::keys::KeyHasher;
use crate::model::Model;
use crate::policy::{Generation, Policy};
use crate::text::Refusal;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What the name of a model file ends with.
pub const MODEL_SUFFIX: &str = ".model.json";
/// What a policy should be, where it cannot be read.
pub const POLICY_FILE: &str = "policy file";
/// The largest policy file, in bytes.
const MAX_POLICY_BYTES: u64 = 1 << 20;

/// Why a generation cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum LoadError {
    /// A file or directory cannot be read.
    #[error("{path}: expected a readable {what}: {error}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
    /// A file does not say what it must.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Refused(#[from] Refusal),
    /// Two models want to decide the same.
    #[error(
        "{first} and {second} both predict {target} {evidence}: expected one; move one of them out of the directory, or \
         let it require other evidence"
    )]
    Twice {
        /// One.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// What both predict.
        target: &'static str,
        /// On which evidence.
        evidence: String,
    },
    /// Before there is evidence nobody decides.
    #[error(
        "{path} predicts {target} {evidence}, and no model predicts it without: expected one whose `requires` is empty; \
         put it into the directory"
    )]
    OnlyWithEvidence {
        /// One that requires evidence.
        path: PathBuf,
        /// What it predicts.
        target: &'static str,
        /// On which evidence.
        evidence: String,
    },
}

/// Reads every model file of `models` and the policy. Several models may predict the same, each on other evidence; one of
/// them on none.
pub fn load(models: &Path, policy: &Path, hasher: &KeyHasher) -> Result<Generation, LoadError> {
    let mut read: Vec<(PathBuf, Model, Vec<u8>)> = Vec::new();
    for path in model_files(models)? {
        let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, "model file", error))?;
        let model = Model::load(&path.display().to_string(), &bytes)?;
        let same = |other: &Model| other.target() == model.target() && required(other) == required(&model);
        if let Some((first, ..)) = read.iter().find(|(_, other, _)| same(other)) {
            let (first, target, evidence) = (first.clone(), model.target().name(), on_evidence(&model));
            return Err(LoadError::Twice { first, second: path, target, evidence });
        }
        read.push((path, model, bytes));
    }
    let without = |target| read.iter().any(|(_, model, _)| model.target() == target && model.requires().is_empty());
    if let Some((path, model, _)) = read.iter().find(|(_, model, _)| !without(model.target())) {
        let (path, target, evidence) = (path.clone(), model.target().name(), on_evidence(model));
        return Err(LoadError::OnlyWithEvidence { path, target, evidence });
    }
    let source = read_policy(policy)?;
    let policy = Policy::load(&policy.display().to_string(), &source, hasher)?;
    let models = read.into_iter().map(|(_, model, bytes)| (model, bytes)).collect();
    Ok(Generation::new(models, policy, source))
}

/// The evidence that a model requires, whatever the order in its file.
fn required(model: &Model) -> BTreeSet<ChallengeKind> {
    model.requires().iter().copied().collect()
}

fn on_evidence(model: &Model) -> String {
    let names: Vec<_> = required(model).into_iter().map(ChallengeKind::name).collect();
    if names.is_empty() { "without evidence".into() } else { format!("on {}", names.join(" and ")) }
}

/// Reads a policy's source, within its bound.
pub fn read_policy(path: &Path) -> Result<String, LoadError> {
    let unreadable = |error| unreadable(path, POLICY_FILE, error);
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > MAX_POLICY_BYTES {
        let message = format!("{length} bytes, at most {MAX_POLICY_BYTES} are read");
        return Err(unreadable(std::io::Error::new(std::io::ErrorKind::FileTooLarge, message)));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

fn model_files(directory: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let entries = std::fs::read_dir(directory).map_err(|error| unreadable(directory, "directory of models", error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(directory, "directory of models", error))?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(MODEL_SUFFIX)) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn unreadable(path: &Path, what: &'static str, error: std::io::Error) -> LoadError {
    LoadError::Unreadable { path: path.into(), what, error }
}

/// The targets that no model of a generation predicts.
pub fn missing_targets(generation: &Generation) -> Vec<Target> {
    Target::ALL.into_iter().filter(|target| generation.model(*target).is_none()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::challenge::ChallengeKind::{BankHistory, SmsCode};
    use crate::domain::challenge::Kinds;
    use crate::domain::reason::{Audience, ReasonCode};

    const POLICY: &str = include_str!("../../policies/default.yaml");
    const GOOD: &str = include_str!("../../fixtures/models/good.model.json");

    fn kinds(held: &[ChallengeKind]) -> Kinds {
        held.iter().copied().collect()
    }

    /// A directory with one model a row: its file, its target, what it requires.
    fn loaded(models: &[(&str, &str, &[ChallengeKind])]) -> Result<Generation, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, target, requires) in models {
            let mut file: serde_json::Value = serde_json::from_str(GOOD).unwrap();
            file["name"] = (*name).into();
            file["target"] = (*target).into();
            file["requires"] = requires.iter().map(|kind| kind.name()).collect();
            std::fs::write(folder.path().join(format!("{name}{MODEL_SUFFIX}")), file.to_string()).unwrap();
        }
        let policy = folder.path().join("policy.yaml");
        std::fs::write(&policy, POLICY).unwrap();
        let place = format!("{}/", folder.path().display());
        load(folder.path(), &policy, &KeyHasher::new([7; 16])).map_err(|error| error.to_string().replace(&place, ""))
    }

    #[test]
    fn models_of_one_target_differ_by_the_evidence_they_require() {
        let both: &[ChallengeKind] = &[BankHistory, SmsCode];
        for (models, expected) in [
            (&[("a", "default", &[] as &[_]), ("b", "default", &[BankHistory]), ("c", "default", both)][..], Ok(3)),
            (&[("a", "default", &[]), ("b", "fraud", &[])], Ok(2)),
            (&[], Ok(0)),
            (
                &[("a", "default", &[]), ("b", "default", &[])],
                Err("a.model.json and b.model.json both predict default without evidence: expected one"),
            ),
            (
                &[("a", "default", &[]), ("b", "default", both), ("c", "default", &[SmsCode, BankHistory])],
                Err("b.model.json and c.model.json both predict default on sms_code and bank_history: expected one"),
            ),
            (
                &[("a", "fraud", &[]), ("b", "default", &[BankHistory])],
                Err("b.model.json predicts default on bank_history, and no model predicts it without: expected one"),
            ),
        ] {
            let found = loaded(models).map(|generation| generation.artifacts().len() - 1);
            match expected {
                Ok(count) => assert_eq!(found, Ok(count), "{models:?}"),
                Err(begin) => {
                    assert!(found.as_ref().is_err_and(|said| said.starts_with(begin)), "{models:?}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn the_richest_model_whose_evidence_is_held_scores_and_is_named() {
        let generation = loaded(&[
            ("bare", "default", &[]),
            ("bank", "default", &[BankHistory]),
            ("both", "default", &[SmsCode, BankHistory]),
            ("fraud", "fraud", &[]),
        ])
        .unwrap();
        let all = ChallengeKind::ALL;
        for (held, expected) in [
            (&[][..], "bare"),
            (&[SmsCode], "bare"),
            (&[BankHistory], "bank"),
            (&[BankHistory, SmsCode], "both"),
            (&all, "both"),
        ] {
            let scores =
                generation.model_with(Target::Default, kinds(held)).map(|model| model.model_ref().name.as_str());
            assert_eq!(scores, Some(expected), "{held:?}");
            let named: Vec<_> =
                generation.reference_with(kinds(held)).models.iter().map(|model| model.name.clone()).collect();
            assert_eq!(named, [expected, "fraud"], "{held:?}: those that score, in the order of the directory");
            assert!(
                generation.references().any(|kept| *kept == generation.reference_with(kinds(held))),
                "{held:?} is kept beforehand"
            );
        }
        assert_eq!(generation.artifacts().len(), 5, "the files of all models are kept");
    }

    #[test]
    fn the_shipped_models_decide_together() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let policy = root.join("policies/default.yaml");
        let generation = load(&root.join("models"), &policy, &KeyHasher::new([7; 16])).unwrap();
        assert_eq!(missing_targets(&generation), []);
        let auc = |held: &[ChallengeKind]| {
            let model = generation.model_with(Target::Default, kinds(held)).unwrap();
            assert_eq!(model.file().metrics.on, "holdout", "{}", model.model_ref().name);
            // Credit reasons are the customer's by law: none of them may be one that is kept from the customer.
            for term in model.terms() {
                assert_eq!(term.reason.map(ReasonCode::audience), Some(Audience::Customer), "{:?}", term.inputs);
            }
            (model.model_ref().name.as_str(), model.file().metrics.auc)
        };
        let ((bare, before), (bank, after)) = (auc(&[]), auc(&[BankHistory]));
        assert_eq!((bare, bank), ("default", "default_with_bank"));
        assert!(after > before + 0.01, "a bank history says more: AUC {before} before, {after} after");
    }
}
