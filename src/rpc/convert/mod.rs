//! From the wire to the domain and back. A request is converted whole: it becomes a valid value, or a list of
//! everything that is wrong with it, by field path. No violation repeats a value.

mod answer;
mod canonical;
mod checks;
mod commands;
mod event;
mod letter;
mod plan;
mod steps;
mod submission;

pub use answer::{Shown, Unshowable, application, decision, page_token, signal};
pub(super) use answer::{challenge_kind, judged_outcome, model_ref, plan_choice};
pub use canonical::Content;
pub use checks::{MAX_VIOLATIONS, Violation};
pub use commands::{
    ListRequest, OutcomeReport, QuoteRequest, application_id, explain_decision, list_applications, list_reviews,
    quote_plans, report_outcome,
};
pub use event::event_data;
pub use letter::{AskedReceipt, get_receipt, mail, receipt};
pub use plan::{account_at, plan};
pub use steps::{Step, statement_subject};
pub use submission::{applicant_of, subject, submission};
