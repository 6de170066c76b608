//! YAML from text.
