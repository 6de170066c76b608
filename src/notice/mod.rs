//! Floor 4: notices to the customer: what each says in each language, as mails and as receipts, and who sends them.
//!
//! It names neither the log nor the engine: what a notice tells arrives as plain facts.

mod mail;

pub use mail::{Mail, MailError, Mailer, Why};
