//! Everything that the pages say: one table a language, one file each. A language more is a file more, and a line in
//! [`Words::of`].

mod en;
mod fr;

use crate::domain::challenge::ChallengeKind;
use crate::domain::reason::Language;

/// What the pages say in one language.
pub struct Words {
    /// The language.
    pub language: Language,
    /// Its own name for itself.
    pub name: &'static str,
    /// What is around every page.
    pub frame: Frame,
    /// How far it has come.
    pub progress: Progress,
    /// What is told above a page.
    pub notes: Notes,
    /// The code by SMS.
    pub sms: Sms,
    /// The identity document.
    pub document: Handover,
    /// The bank history.
    pub bank: Bank,
    /// Waiting.
    pub waiting: Waiting,
    /// Paying in one go.
    pub pay: Pay,
    /// Giving up.
    pub cancel: Cancel,
    /// How it works.
    pub how: How,
    /// A decline.
    pub declined: Declined,
    /// A person's review.
    pub review: Review,
    /// The ends.
    pub ends: Ends,
    /// A schedule.
    pub schedule: Schedule,
    /// The accepted plan.
    pub plan: Plan,
    /// Pages that are not there.
    pub missing: Missing,
}

/// What is around every page.
pub struct Frame {
    pub skip: &'static str,
    pub languages: &'static str,
    pub back: &'static str,
    pub may_go_back: &'static str,
    pub privacy: &'static str,
    pub terms: &'static str,
    pub help: &'static str,
    pub reload: &'static str,
    /// `€120.00 in 3 instalments`.
    pub purchase: fn(amount: &str, count: u8) -> String,
}

/// How far it has come.
pub struct Progress {
    pub label: &'static str,
    pub step_of: fn(at: usize, of: usize) -> String,
    pub done: &'static str,
    pub chosen: &'static str,
    pub check: fn(ChallengeKind) -> &'static str,
    pub answer: &'static str,
}

/// What is told above a page.
pub struct Notes {
    pub problem: &'static str,
    pub done: &'static str,
    pub moved: &'static str,
    pub soon: &'static str,
    pub stated: &'static str,
}

/// The code by SMS.
pub struct Sms {
    pub title: &'static str,
    pub sent: fn(length: u8, ending: Option<&str>) -> String,
    pub why: &'static str,
    pub label: &'static str,
    pub hint: fn(length: u8) -> String,
    pub tries_left: fn(u32) -> String,
    pub valid_until: fn(&str) -> String,
    pub submit: &'static str,
    pub wrong: &'static str,
    pub unknown: &'static str,
    pub bad_format: fn(length: u8) -> String,
    pub no_code: &'static str,
    pub sent_again: &'static str,
    pub resend: &'static str,
    pub resend_from: fn(&str) -> String,
    /// With `{}` in it, for the seconds that a script counts down.
    pub resend_in: &'static str,
    pub resend_now: &'static str,
    pub resends_spent: &'static str,
}

/// A page at which the customer is handed over to a provider.
pub struct Handover {
    pub title: &'static str,
    pub why: &'static str,
    pub ready_title: &'static str,
    pub ready: &'static [&'static str],
    pub who: &'static str,
    pub data: &'static str,
    pub go: &'static str,
    pub comes_back: &'static str,
    pub until: fn(&str) -> String,
}

/// The bank history.
pub struct Bank {
    pub title: &'static str,
    pub why: &'static str,
    pub question: &'static str,
    pub agree: &'static str,
    pub refuse: &'static str,
    pub after_refusal: &'static str,
    pub handover: Handover,
    pub changed_mind: &'static str,
    pub withdraw: &'static str,
}

/// Waiting.
pub struct Waiting {
    pub sending_code: &'static str,
    pub preparing: &'static str,
    pub checking_code: &'static str,
    pub looking_at_document: &'static str,
    pub reading_accounts: &'static str,
    pub by_itself: &'static str,
    pub may_close: &'static str,
    pub lost: &'static str,
    pub back: &'static str,
    pub news: &'static str,
}

/// Paying in one go.
pub struct Pay {
    pub title: &'static str,
    pub text: fn(amount: &str) -> String,
    pub button: fn(amount: &str) -> String,
    pub until: fn(&str) -> String,
    pub over: &'static str,
}

/// Giving up.
pub struct Cancel {
    pub summary: &'static str,
    pub text: &'static str,
    pub button: &'static str,
}

/// How it works.
pub struct How {
    pub summary: &'static str,
    pub schedule: &'static str,
    pub if_today: &'static str,
    pub steps_title: &'static str,
    pub steps: &'static [&'static str],
    pub law_title: &'static str,
    pub law: &'static str,
}

/// A decline.
pub struct Declined {
    pub title: &'static str,
    pub lead: &'static str,
    pub reasons: &'static str,
    pub pay_title: &'static str,
    pub review_title: &'static str,
    pub review_text: &'static str,
    pub review_until: fn(&str) -> String,
    pub review_over: &'static str,
    pub review_button: &'static str,
    pub next_title: &'static str,
    pub next: &'static str,
    pub next_over: &'static str,
}

/// A person's review.
pub struct Review {
    pub title: &'static str,
    pub by_policy: &'static str,
    pub by_customer: &'static str,
    pub until: fn(&str) -> String,
    pub view_title: &'static str,
    pub view_label: &'static str,
    pub view_hint: fn(most: usize) -> String,
    pub view_button: &'static str,
    pub view_given: &'static str,
    pub view_bad: fn(most: usize) -> String,
}

/// The ends.
pub struct Ends {
    pub accepted: &'static str,
    pub accepted_text: fn(count: u8) -> String,
    pub see_plan: &'static str,
    pub paid: &'static str,
    pub paid_text: fn(amount: &str) -> String,
    pub collected: &'static str,
    pub collected_text: fn(amount: &str) -> String,
    pub not_collected: &'static str,
    pub not_collected_text: fn(amount: &str) -> String,
    pub cancelled: &'static str,
    pub cancelled_by_customer: &'static str,
    pub cancelled_by_merchant: &'static str,
    pub expired: &'static str,
    pub expired_text: &'static str,
    pub nothing_paid: &'static str,
}

/// A schedule.
pub struct Schedule {
    pub caption: &'static str,
    pub due: &'static str,
    pub amount: &'static str,
    pub cost: &'static str,
    pub total: &'static str,
    pub no_cost: &'static str,
    pub costs: fn(cost: &str) -> String,
}

/// The accepted plan.
pub struct Plan {
    pub title: &'static str,
    pub in_progress: &'static str,
    pub paid: &'static str,
    pub late: &'static str,
    pub late_text: &'static str,
    pub late_contact_text: &'static str,
    pub default_text: &'static str,
    pub left: fn(amount: &str) -> String,
    pub next: fn(amount: &str, date: &str) -> String,
    pub instalments: &'static str,
    pub instalment: fn(number: usize, of: usize) -> String,
    pub due: fn(date: &str) -> String,
    pub moved_from: fn(date: &str) -> String,
    pub paid_on: fn(date: &str) -> String,
    pub pending: &'static str,
    pub collecting: &'static str,
    pub incident: &'static str,
    pub claimed: &'static str,
    pub covered: &'static str,
    pub less_refund: fn(amount: &str) -> String,
    pub change: &'static str,
    pub pay_now: fn(amount: &str) -> String,
    pub pay_all_title: &'static str,
    pub pay_all_text: &'static str,
    pub pay_all: fn(amount: &str) -> String,
    pub move_label: &'static str,
    pub move_hint: fn(days: u8) -> String,
    pub move_button: &'static str,
    pub receipt: fn(number: usize) -> String,
    pub receipt_file: &'static str,
    pub refunds: &'static str,
    pub refunded: fn(amount: &str) -> String,
    pub paid_back: fn(amount: &str) -> String,
    pub card_title: &'static str,
    pub card_text: &'static str,
    pub card_button: &'static str,
    pub help_title: &'static str,
    pub help_text: &'static str,
    pub failed_first_title: &'static str,
    pub failed_first_text: fn(amount: &str) -> String,
    pub asked: &'static str,
    pub moved: &'static str,
}

/// Pages that are not there.
pub struct Missing {
    pub unknown: &'static str,
    pub unknown_text: &'static str,
    pub gone: &'static str,
    pub gone_text: &'static str,
    pub later: &'static str,
    pub later_text: &'static str,
    pub too_large: &'static str,
    pub too_large_text: &'static str,
}

impl Words {
    /// The words of a language.
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &en::WORDS,
            Language::Fr => &fr::WORDS,
        }
    }
}
