//! Checks of identity documents.

pub mod idcheck;
