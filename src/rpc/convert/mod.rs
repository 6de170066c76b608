//! From the wire to the domain and back. A request is converted whole: it becomes a valid value, or a list of
//! everything that is wrong with it, by field path. No violation repeats a value.

mod answer;
mod canonical;
mod checks;
mod commands;
mod submission;

pub use answer::{application, decision, page_token, plan, signal};
pub(super) use answer::{model_ref, plan_choice};
pub use canonical::Content;
pub use checks::{MAX_VIOLATIONS, Violation};
pub use commands::{
    ListRequest, OutcomeReport, QuoteRequest, explain_decision, get_application, list_applications, quote_plans,
    report_outcome,
};
pub use submission::{subject, submission};
