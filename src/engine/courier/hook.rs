//! Messages to merchants: made of the log when they are sent, so that every try says the same.

use super::endpoints::owed;
use super::{Courier, Outcome};
use crate::domain::delivery::DeliveryKind;
use crate::domain::ids::Seq;
use crate::domain::time::Timestamp;
use crate::engine::live::journey_of;
use crate::engine::told::{Happened, Told, told};
use crate::journey::Journey;
use crate::notice::webhook::{Answer, Message};
use crate::store::{Delivery, Entry, Event, StoreError, WebhookEndpoint};
use serde_json::json;

/// Sends one message.
pub(super) async fn deliver(courier: &Courier, delivery: &Delivery) -> Outcome {
    let id = &delivery.key.endpoint;
    let (Some(endpoint), Some(carrier)) = (courier.endpoints.get(id), &courier.notices.carrier) else {
        return Outcome::Nothing("no_endpoint");
    };
    let secrets: Vec<_> = std::iter::once(&endpoint.secret).chain(&endpoint.next_secret).collect();
    let opened: Vec<_> = secrets.iter().filter_map(|sealed| courier.vault.open(sealed)).collect();
    if opened.len() < secrets.len() {
        tracing::error!(endpoint = %id, "the secret of an endpoint was sealed under another store's secret");
        return Outcome::Failed { why: "secret", after: None };
    }
    let body = match body(courier, delivery).await {
        Ok(Some((id, body))) => (id, body),
        Ok(None) => return Outcome::Nothing("nothing_to_tell"),
        Err(error) => {
            tracing::error!(%error, "what a merchant is to be told cannot be read");
            return Outcome::Failed { why: "unreadable", after: None };
        }
    };
    let timestamp = courier.clock.now().ms() / 1_000;
    let Some(message) = Message::signed(body.0, timestamp, body.1, &opened) else {
        return Outcome::Failed { why: "secret", after: None };
    };
    match carrier.post(&endpoint.url, &message).await {
        Answer::Taken => Outcome::Delivered,
        Answer::Failed { why, after } => Outcome::Failed { why, after },
        Answer::Gone => {
            courier.disable(id).await;
            Outcome::Nothing("gone")
        }
    }
}

/// The id and the body of a message; `None`: there is nothing to tell.
async fn body(courier: &Courier, delivery: &Delivery) -> Result<Option<(String, String)>, StoreError> {
    let whole = courier.history(delivery).await?;
    let Some((history, _)) = at_delivery(&whole, delivery) else { return Ok(None) };
    let Some(entry) = history.last() else { return Ok(None) };
    let Some(topic) = told_of_last(history)?.merchant else { return Ok(None) };
    let Some(mut data) = (courier.notices.data_of)(history, &courier.links) else { return Ok(None) };
    data.insert("version".into(), history.len().into());
    let body = json!({ "type": topic.name(), "timestamp": entry.at.to_string(), "data": data });
    Ok(Some((message_id(entry), body.to_string())))
}

/// What names a message: the same on every try, and at every endpoint.
fn message_id(entry: &Entry) -> String {
    format!("msg_{:?}", entry.id)
}

/// What is told of the last entry of a history.
fn told_of_last(history: &[Entry]) -> Result<Told, StoreError> {
    let before = history.split_last().map_or(&[][..], |(_, before)| before);
    let (before, after) = (journey_of(before)?, journey_of(history)?);
    Ok(history.last().map_or(told(Happened::Reported), |entry| told_of(entry, before.as_ref(), after.as_ref())))
}

fn told_of(entry: &Entry, before: Option<&Journey>, after: Option<&Journey>) -> Told {
    told(match (&entry.event, before, after) {
        (Event::Submitted(submitted), ..) => Happened::Submitted(&submitted.state),
        (Event::Moved(moved), Some(before), Some(after)) => {
            Happened::Moved { step: &moved.event, before: &before.state, after: &after.state }
        }
        (Event::OutcomeReported(_) | Event::Imported(_) | Event::Moved(_), ..) => Happened::Reported,
    })
}

/// The messages that an application's entries called for since a time, to be sent to its merchant's live endpoints once more.
/// An import tells nobody anything.
pub fn redeliveries(
    history: &[Entry],
    endpoints: &[WebhookEndpoint],
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<Delivery>, StoreError> {
    let mut deliveries = Vec::new();
    for length in 1..=history.len() {
        let Some(entry) = history.get(length - 1).filter(|entry| entry.at >= since) else { continue };
        let tells = !matches!(entry.event, Event::Imported(_))
            && history.get(..length).map(told_of_last).transpose()?.is_some_and(|told| told.merchant.is_some());
        let live = endpoints.iter().filter(|it| tells && it.disabled_at.is_none() && it.merchant == entry.merchant);
        deliveries.extend(live.map(|endpoint| owed(entry, endpoint.id.clone(), DeliveryKind::Webhook, now)));
    }
    Ok(deliveries)
}

impl Courier {
    /// The entries of a delivery's application.
    pub(super) async fn history(&self, delivery: &Delivery) -> Result<Vec<Entry>, StoreError> {
        let application = delivery.application;
        self.readers.read(move |reader| read_history(reader, application)).await
    }
}

/// The entries up to the one that calls for a delivery, and those since; `None`: it is not among them.
pub(super) fn at_delivery<'a>(history: &'a [Entry], delivery: &Delivery) -> Option<(&'a [Entry], &'a [Entry])> {
    let place = history.iter().position(|entry| entry.id.seq() == delivery.key.seq)?;
    history.split_at_checked(place + 1)
}

fn read_history(reader: &mut dyn crate::store::Reader, application: Seq) -> Result<Vec<Entry>, StoreError> {
    match reader.entry_at(application)? {
        Some(first) => reader.history(first.id),
        None => Ok(Vec::new()),
    }
}
