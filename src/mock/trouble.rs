//! Trouble that any API may have, whatever is asked of it.

use super::answer::{Answer, Fault};
use super::paths::{self, BankPath, IdentityPath, SmsPath};
use super::state::State;
use crate::domain::challenge::ChallengeKind;
use std::time::Duration;

/// The trouble of one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Down,
    DownTwice,
    Limited,
    LimitedOnce,
    NotJson,
    Slow,
    Cut,
    LostOnce,
}

impl Trouble {
    /// The answer without any work, to a call before which there were `before`. `error` is how the provider words a
    /// status.
    fn refusal(self, before: u32, error: impl Fn(u16) -> Answer) -> Option<Answer> {
        match self {
            Self::Down => Some(error(503)),
            Self::DownTwice => (before < 2).then(|| error(503)),
            Self::Limited => Some(error(429).header("retry-after", "30")),
            Self::LimitedOnce => (before < 1).then(|| error(429)),
            Self::NotJson => Some(Answer::page(200, "<!doctype html><title>Maintenance</title>".into())),
            Self::Slow | Self::Cut | Self::LostOnce => None,
        }
    }

    /// What becomes of the answer after the work.
    fn spoil(self, before: u32, slow: Duration, answer: Answer) -> Answer {
        match self {
            Self::Slow => answer.fault(Fault::Slow(slow)),
            Self::Cut => answer.cut(),
            Self::LostOnce if before == 0 => answer.fault(Fault::Reset),
            _ => answer,
        }
    }

    /// The trouble of a path, if it is one that any API may have.
    pub fn of(kind: ChallengeKind, path: &str) -> Option<Self> {
        match kind {
            ChallengeKind::SmsCode => SmsPath::named(path)?.trouble(),
            ChallengeKind::IdDocument => IdentityPath::named(path)?.trouble(),
            ChallengeKind::BankHistory => BankPath::named(path)?.trouble(),
        }
    }
}

impl State {
    /// Answers a call about `about`, which may be in trouble: that of the standing script before its own.
    pub fn through(
        &mut self,
        kind: ChallengeKind,
        about: &str,
        own: Option<Trouble>,
        error: impl Fn(u16) -> Answer,
        work: impl FnOnce(&mut Self) -> Answer,
    ) -> Answer {
        let standing = self.scripts.standing_path(kind).and_then(|path| Trouble::of(kind, path));
        let (trouble, key) = match (standing, own) {
            (Some(standing), _) => (standing, paths::standing_key(kind)),
            (None, Some(own)) => (own, format!("{}/{about}", kind.name())),
            (None, None) => return work(self).about(about),
        };
        let before = self.seen.count(&key);
        let answer = match trouble.refusal(before, error) {
            Some(refusal) => refusal,
            None => {
                let answer = work(self);
                trouble.spoil(before, self.slow, answer)
            }
        };
        answer.about(about)
    }
}

impl SmsPath {
    /// Its trouble, if it is one that any API may have.
    pub fn trouble(self) -> Option<Trouble> {
        match self {
            Self::Down => Some(Trouble::Down),
            Self::DownTwice => Some(Trouble::DownTwice),
            Self::Limited => Some(Trouble::Limited),
            Self::LimitedOnce => Some(Trouble::LimitedOnce),
            Self::NotJson => Some(Trouble::NotJson),
            Self::Cut => Some(Trouble::Cut),
            _ => None,
        }
    }
}

impl IdentityPath {
    /// Its trouble, if it is one that any API may have.
    pub fn trouble(self) -> Option<Trouble> {
        match self {
            Self::Down => Some(Trouble::Down),
            Self::DownTwice => Some(Trouble::DownTwice),
            Self::Limited => Some(Trouble::Limited),
            Self::Slow => Some(Trouble::Slow),
            Self::NotJson => Some(Trouble::NotJson),
            Self::Cut => Some(Trouble::Cut),
            Self::Lost => Some(Trouble::LostOnce),
            _ => None,
        }
    }
}

impl BankPath {
    /// Its trouble, if it is one that any API may have.
    pub fn trouble(self) -> Option<Trouble> {
        match self {
            Self::Down => Some(Trouble::Down),
            Self::DownTwice => Some(Trouble::DownTwice),
            Self::Limited => Some(Trouble::Limited),
            Self::Slow => Some(Trouble::Slow),
            Self::NotJson => Some(Trouble::NotJson),
            Self::Cut => Some(Trouble::Cut),
            _ => None,
        }
    }
}
