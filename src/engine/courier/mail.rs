//! Mails to customers: here a delivery becomes a mail. Who renders is a function of the caller's ([`MailOf`]), which is given
//! what happened and nothing else, so every try says the same, or nothing where it is no longer true.

use super::hook::at_delivery;
use super::{Courier, Outcome};
use crate::domain::delivery::DeliveryKind;
use crate::domain::storefront::Storefront;
use crate::domain::time::Timestamp;
use crate::engine::links::Links;
use crate::notice::{Mail, MailError};
use crate::store::{Delivery, Entry, Event};
use jiff::tz::TimeZone;

/// What a mail is made of.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// Which mail.
    pub kind: DeliveryKind,
    /// The application's entries up to the one that calls for it, oldest first; the first holds the subject.
    pub history: &'a [Entry],
    /// What has happened since, while the mail waited to be sent.
    pub since: &'a [Entry],
    /// What customers are told about the merchant.
    pub storefront: &'a Storefront,
    /// The addresses of the customer's pages.
    pub links: &'a Links,
    /// What names the mail, the same on every try.
    pub message_id: &'a str,
    /// Where the customer is awake.
    pub zone: &'a TimeZone,
    /// When it is sent.
    pub now: Timestamp,
}

/// Renders a mail; `None`: there is nobody to send it to, or nothing to say any more.
pub type MailOf = fn(&Letter<'_>) -> Option<Mail>;

/// Sends one mail.
pub(super) async fn deliver(courier: &Courier, delivery: &Delivery) -> Outcome {
    let Some(mailer) = &courier.notices.mailer else { return Outcome::Nothing("no_mailer") };
    let whole = match courier.history(delivery).await {
        Ok(whole) => whole,
        Err(error) => {
            tracing::error!(%error, "what a customer is to be told cannot be read");
            return Outcome::Failed { why: "unreadable", after: None };
        }
    };
    let Some((history, since)) = at_delivery(&whole, delivery) else { return Outcome::Nothing("nothing_to_tell") };
    let Some(entry) = history.last() else { return Outcome::Nothing("nothing_to_tell") };
    let kind = delivery.key.kind;
    let message_id = format!("{:?}.{}", entry.id, kind as u8);
    let storefront = courier.generation.policy.storefront(&delivery.merchant);
    let country = history.first().and_then(|first| match &first.event {
        Event::Submitted(submitted) => submitted.facts.country,
        _ => None,
    });
    let zone = courier.generation.policy.customer_zone(&delivery.merchant, country);
    let letter = Letter {
        zone,
        kind,
        history,
        since,
        storefront,
        links: &courier.links,
        message_id: &message_id,
        now: courier.clock.now(),
    };
    let Some(mail) = (courier.notices.mail_of)(&letter) else { return Outcome::Nothing("nothing_to_tell") };
    match tokio::time::timeout(super::CALL, mailer.send(&mail)).await {
        Ok(Ok(())) => Outcome::Delivered,
        Ok(Err(MailError::Retryable(_))) => Outcome::Failed { why: "retryable", after: None },
        Ok(Err(MailError::Permanent(_))) => Outcome::Refused,
        Err(_) => Outcome::Failed { why: "timeout", after: None },
    }
}
