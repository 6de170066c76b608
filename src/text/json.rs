//! JSON from text.
