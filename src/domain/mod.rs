//! Floor 0: the words of the trade as types. Nothing here decides, reads a clock or opens a file.
//!
//! Reading order: [`money`] and [`time`], the identifiers in [`ids`], what a gateway submits in
//! [`submission`] and who that is ([`applicant`]), what aval answers in [`decision`], [`challenge`] and [`reason`], what verification yields ([`evidence`]), and what became of it in
//! [`outcome`]. Every type that comes from outside has one `parse` that either yields a valid value or an
//! [`Invalid`] naming what was expected; there is no other way to build one.

pub mod applicant;
pub mod challenge;
pub mod consent;
pub mod contact;
pub mod decision;
pub mod delivery;
pub mod evidence;
pub mod geo;
pub mod ids;
pub mod keys;
pub mod money;
pub mod outcome;
pub mod plan;
pub mod reason;
pub mod sealed;
pub mod storefront;
pub mod submission;
pub mod text;
pub mod time;

/// Why a value from outside was refused: what was expected there.
///
/// It never repeats the value: values may be personal data, and messages reach logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct Invalid {
    /// What a valid value looks like, in words that follow "expected".
    pub expected: String,
}

impl Invalid {
    /// An [`Invalid`] that says what was expected.
    pub fn expected(what: impl Into<String>) -> Self {
        Self { expected: what.into() }
    }
}
