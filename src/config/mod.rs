//! Floor 8: the settings of the process: each declared once in [`catalogue`], read from `aval.toml`, the environment
//! and the flags, and checked whole before anything is opened.

pub mod catalogue;
mod derived;
mod flags;
mod load;
mod mail;
mod providers;
pub mod secret;

pub use catalogue::{LogFormat, Settings};
pub use flags::{All, Flags, Group, Judging, Storing, Targeting};
pub use load::{ConfigError, Loaded, Source};

/// The flags of the server: every setting.
pub type ServeArgs = Flags<All>;
/// The flag that says where the log is.
pub type StoreArg = Flags<Storing>;
/// The flags that say where the log is, and where merchants' endpoints may be.
pub type WebhookArgs = Flags<Targeting>;
/// The flags that say where models and policy are.
pub type GenerationArgs = Flags<Judging>;
