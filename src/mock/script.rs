//! What stories ask for beforehand: how the next attempt at a provider goes, or the one of a name.

use super::Mock;
use super::answer::Answer;
use super::bounded::Bounded;
use super::paths::{self, Twist};
use super::trouble::Trouble;
use crate::domain::challenge::ChallengeKind;
use axum::body::Bytes;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use std::collections::VecDeque;

/// How many attempts may be asked for beforehand.
const MOST_NEXT: usize = 1_000;

/// The most bytes of a name in a script.
const MOST_BYTES: usize = 200;

/// How one attempt goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What the attempt verifies, by its kind: `sms_code`, `id_document` or `bank_history`.
    pub kind: ChallengeKind,
    /// The attempt's name; for `bank_history` the `state` that comes back from the page. Without one: the next attempt.
    #[serde(default)]
    pub attempt: Option<String>,
    /// The path, by its name; without one the magic values choose.
    #[serde(default)]
    pub path: Option<String>,
    /// Who stands on the document.
    #[serde(default)]
    pub person: Option<Person>,
    /// What becomes of the notices.
    #[serde(default)]
    pub notices: Vec<Twist>,
    /// Whether it stands: every attempt that begins goes so, until another standing script of the kind replaces it. While
    /// a path of trouble (`down`, `slow`, …) stands, it troubles every call of the kind, whenever its attempt began.
    #[serde(default)]
    pub standing: bool,
}

/// Why a script is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It names a path that there is not.
    #[error("there is no path `{path}` of {}; there are {}", kind.name(), names(*kind))]
    NoPath {
        /// The kind.
        kind: ChallengeKind,
        /// The name.
        path: String,
    },
    /// A name is longer than any, or there are more notices' fates than there are.
    #[error("a name in a script has at most {MOST_BYTES} bytes, and `notices` at most 8 entries")]
    TooLong,
    /// Too many wait.
    #[error("{MOST_NEXT} scripts wait already for an attempt to begin")]
    TooMany,
}

fn names(kind: ChallengeKind) -> String {
    paths::rows(kind).iter().map(|row| row.path).collect::<Vec<_>>().join(", ")
}

/// Who stands on a document.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Person {
    /// Given names, separated by spaces.
    pub given_names: String,
    /// Family name.
    pub family_name: String,
    /// Date of birth, `yyyy-MM-dd`.
    pub birth_date: String,
}

impl Default for Person {
    fn default() -> Self {
        let (given_names, family_name) = ("Camille".into(), "Martin".into());
        Self { given_names, family_name, birth_date: "1990-05-14".into() }
    }
}

impl Script {
    /// The next attempt of this kind takes this path.
    pub fn next(kind: ChallengeKind, path: &str) -> Self {
        Self { kind, attempt: None, path: Some(path.into()), person: None, notices: Vec::new(), standing: false }
    }

    /// Every attempt of this kind takes this path from now on.
    pub fn standing(kind: ChallengeKind, path: &str) -> Self {
        Self { standing: true, ..Self::next(kind, path) }
    }

    /// With this person on the document.
    pub fn person(self, person: Person) -> Self {
        Self { person: Some(person), ..self }
    }

    /// With this happening to the notices.
    pub fn notices(self, notices: &[Twist]) -> Self {
        Self { notices: notices.to_vec(), ..self }
    }

    /// Checks that its path is one of its kind's, and that it is no heavier than it needs to be.
    fn check(&self) -> Result<(), Refused> {
        let person = self.person.iter().flat_map(|who| [&who.given_names, &who.family_name, &who.birth_date]);
        if self.attempt.iter().chain(person).any(|text| text.len() > MOST_BYTES) || self.notices.len() > 8 {
            return Err(Refused::TooLong);
        }
        match &self.path {
            Some(path) if !paths::rows(self.kind).iter().any(|row| row.path == path) => {
                Err(Refused::NoPath { kind: self.kind, path: path.clone() })
            }
            _ => Ok(()),
        }
    }
}

/// The scripts that were asked for.
#[derive(Default)]
pub struct Scripts {
    named: Bounded<Script>,
    next: VecDeque<Script>,
    standing: Vec<Script>,
}

impl Scripts {
    fn add(&mut self, script: Script) -> Result<(), Refused> {
        script.check()?;
        match &script.attempt {
            _ if script.standing => {
                self.standing.retain(|standing| standing.kind != script.kind);
                self.standing.push(script);
            }
            Some(attempt) => self.named.set(&key(script.kind, attempt), script),
            None if self.next.len() < MOST_NEXT => self.next.push_back(script),
            None => return Err(Refused::TooMany),
        }
        Ok(())
    }

    /// The script of an attempt that begins, or that is begun again: its own, the next of its kind, which is its own from
    /// then on, or the standing one.
    pub fn take(&mut self, kind: ChallengeKind, attempt: Option<&str>) -> Option<Script> {
        if let Some(own) = attempt.and_then(|attempt| self.named(kind, attempt)) {
            return Some(own);
        }
        let next = self.next.iter().position(|script| script.kind == kind).and_then(|at| self.next.remove(at));
        let script = next.or_else(|| self.standing(kind).map(without_trouble))?;
        if let Some(attempt) = attempt {
            self.named.set(&key(kind, attempt), script.clone());
        }
        Some(script)
    }

    /// The script of an attempt that was named.
    pub fn named(&self, kind: ChallengeKind, attempt: &str) -> Option<Script> {
        self.named.get(&key(kind, attempt)).cloned()
    }

    /// The path that stands.
    pub fn standing_path(&self, kind: ChallengeKind) -> Option<&str> {
        self.standing(kind)?.path.as_deref()
    }

    fn standing(&self, kind: ChallengeKind) -> Option<&Script> {
        self.standing.iter().find(|script| script.kind == kind)
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl super::state::State {
    /// Takes up a script. Trouble that passes is counted anew for one that stands.
    pub fn add_script(&mut self, script: Script) -> Result<(), Refused> {
        let standing = script.standing.then(|| paths::standing_key(script.kind));
        self.scripts.add(script)?;
        if let Some(key) = standing {
            self.seen.remove(&key);
        }
        Ok(())
    }
}

/// A standing script for one attempt: trouble that stands is nothing of the attempt's own, and ends with the script.
fn without_trouble(script: &Script) -> Script {
    let path = script.path.clone().filter(|path| Trouble::of(script.kind, path).is_none());
    Script { path, standing: false, ..script.clone() }
}

fn key(kind: ChallengeKind, attempt: &str) -> String {
    format!("{}/{attempt}", kind.name())
}

/// `POST /admin/script`.
pub async fn add(State(mock): State<Mock>, body: Bytes) -> Answer {
    let refused = |message: String| Answer::json(400, &json!({ "error": message }));
    match serde_json::from_slice::<Script>(&body) {
        Err(error) => refused(error.to_string()),
        Ok(script) => match mock.script(script) {
            Ok(()) => Answer::empty(204),
            Err(error) => refused(error.to_string()),
        },
    }
}

/// `DELETE /admin/script`.
pub async fn clear(State(mock): State<Mock>) -> Answer {
    mock.state().scripts.clear();
    Answer::empty(204)
}

/// `GET /admin/paths`.
pub async fn paths() -> Answer {
    let rows = ChallengeKind::ALL.map(|kind| (kind.name(), json!(paths::rows(kind))));
    Answer::json(
        200,
        &serde_json::Value::Object(rows.into_iter().map(|(name, rows)| (name.to_owned(), rows)).collect()),
    )
}
