//! Floor 8: the settings of the process: each declared once in [`catalogue`], read from `aval.toml`, the environment
//! and the flags, and checked whole before anything is opened.

pub mod catalogue;
mod flags;
mod load;
mod secret;

pub use catalogue::{Config, LogFormat};
pub use flags::{All, Flags, Group, Judging, Storing};
pub use load::{ConfigError, Loaded, Source};
pub use secret::{SecretError, hasher};
