//! Mails to customers out of the engine, in process and on a clock that is set by hand: what is not written any more.

use crate::courier::{Bed, Post};
use crate::server::root;
use aval::domain::delivery::DeliveryKind;
use aval::domain::ids::EntryId;
use aval::notice::MailError;
use aval::plan::Input;
use aval::rpc::convert;
use jiff::civil::date;
use std::sync::Arc;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// How often a mail server was given a reminder.
fn reminders(post: &Post) -> usize {
    let kind = format!(".{}", DeliveryKind::Reminder as u8);
    post.sent.lock().unwrap().iter().filter(|mail| mail.message_id.ends_with(&kind)).count()
}

/// A purchase of 25 November with its first instalment paid, on 21 December at noon: the reminder of the second, due on
/// the 25th, was just refused by a mail server that is busy.
async fn with_a_waiting_reminder(post: &Arc<Post>) -> (Bed, EntryId) {
    let policy = std::fs::read_to_string(root().join("policies/default.yaml")).unwrap();
    let bed = Bed::under(&policy, &[], Some(post.clone()), convert::mail);
    let id = bed.submit("shop", "ada").await;
    bed.act("shop", id, "first-paid", Input::ReportPaid { instalment: 0, reference: None }).await;
    bed.pass(25 * DAY).await;
    assert_eq!(reminders(post), 0, "{:?}", post.sent.lock().unwrap());
    post.answers.lock().unwrap().extend(std::iter::repeat_n(Err(MailError::Retryable("busy")), 1_000));
    bed.pass(DAY + 2 * HOUR).await;
    assert!(reminders(post) > 0, "the first reminder was tried: {:?}", post.sent.lock().unwrap());
    (bed, id)
}

#[tokio::test]
async fn a_reminder_that_had_to_wait_is_sent_only_if_it_is_still_true() {
    let to = date(2026, 12, 30);
    for (what, since) in [
        ("nothing happened", None),
        ("it was paid", Some(Input::ReportPaid { instalment: 1, reference: None })),
        ("it is being paid", Some(Input::PayAhead { instalment: Some(1) })),
        ("it was moved", Some(Input::MoveDueDate { instalment: 1, to })),
        ("it is refunded", Some(Input::Refund { amount_minor: 12_000 })),
    ] {
        let post = Arc::<Post>::default();
        let (bed, id) = with_a_waiting_reminder(&post).await;
        let expected = usize::from(since.is_none());
        if let Some(since) = since {
            bed.act("shop", id, "since", since).await;
        }
        let tried = reminders(&post);
        post.answers.lock().unwrap().clear();
        // The next reminder comes 24 hours after the first.
        bed.pass(16 * HOUR).await;
        assert_eq!(reminders(&post) - tried, expected, "{what}: {:?}", post.sent.lock().unwrap());
    }
}
