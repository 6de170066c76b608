//! What the extractors read: a submission, and what several of them need of it, computed once.

use super::account::Past;
use super::basket::Basket;
use super::device::{Agent, Locale};
use super::mailbox::Mailbox;
use super::phone::PhoneFacts;
use crate::domain::submission::Submission;
use crate::domain::time::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A submission and what several extractors need of it.
pub(super) struct Scene<'a> {
    /// What was submitted.
    pub submission: &'a Submission,
    /// When.
    pub at: Timestamp,
    /// The same by the merchant's clock on the wall.
    pub local: DateTime,
    /// The basket, if it has a line.
    pub basket: Option<Basket<'a>>,
    /// The earlier orders, if there is a history.
    pub past: Option<Past>,
    /// The e-mail address.
    pub mailbox: Option<Mailbox<'a>>,
    /// The phone number.
    pub phone: Option<PhoneFacts>,
    /// The user agent.
    pub agent: Option<Agent>,
    /// The locale.
    pub locale: Option<Locale>,
}

impl<'a> Scene<'a> {
    /// The scene of a submission at a time.
    pub fn of(submission: &'a Submission, time_zone: &TimeZone, at: Timestamp) -> Self {
        let customer = &submission.customer;
        let context = &submission.context;
        Self {
            submission,
            at,
            local: time_zone.to_datetime(at.to_jiff()),
            basket: Basket::of(&submission.purchase),
            past: customer.history.as_ref().map(|history| Past::of(history, at, submission.purchase.amount)),
            mailbox: customer.email.as_ref().map(Mailbox::of),
            phone: customer.phone.as_ref().map(PhoneFacts::of),
            agent: context.user_agent.as_deref().map(Agent::of),
            locale: context.locale.as_deref().and_then(Locale::of),
        }
    }
}
