//! Reading a generation: the model files of a directory and the policy file, whole or not at all.

use crate::domain::decision::Target;
use crate::domain::keys::KeyHasher;
use crate::model::Model;
use crate::policy::{Generation, Policy};
use crate::text::Refusal;
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
    #[error("{first} and {second} both predict {target}: expected one; move one of them out of the directory")]
    Twice {
        /// One.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// What both predict.
        target: &'static str,
    },
}

/// Reads every model file of `models` and the policy.
pub fn load(models: &Path, policy: &Path, hasher: &KeyHasher) -> Result<Generation, LoadError> {
    let mut read: Vec<(PathBuf, Model, Vec<u8>)> = Vec::new();
    for path in model_files(models)? {
        let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, "model file", error))?;
        let model = Model::load(&path.display().to_string(), &bytes)?;
        let target = model.target();
        if let Some((first, ..)) = read.iter().find(|(_, other, _)| other.target() == target) {
            return Err(LoadError::Twice { first: first.clone(), second: path, target: target.name() });
        }
        read.push((path, model, bytes));
    }
    let source = read_policy(policy)?;
    let policy = Policy::load(&policy.display().to_string(), &source, hasher)?;
    let models = read.into_iter().map(|(_, model, bytes)| (model, bytes)).collect();
    Ok(Generation::new(models, policy, source))
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
