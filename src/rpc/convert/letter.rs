//! Mails and receipts out of what the log holds: from an application's entries to the plain facts that a notice tells.

use super::checks::{Checks, Path, Violation};
use super::plan::place;
use super::submission::applicant_of;
use crate::domain::Invalid;
use crate::domain::applicant::Applicant;
use crate::domain::delivery::DeliveryKind;
use crate::domain::ids::ApplicationId;
use crate::domain::reason::Language;
use crate::domain::storefront::Storefront;
use crate::engine::{self, Letter, Purpose};
use crate::journey::{Event as Step, State};
use crate::notice::receipt::{self, ReceiptFacts};
use crate::notice::{Facts, Links, Mail, Notice, render};
use crate::plan::{Account, Event as Happened};
use crate::rpc::proto;
use crate::store::{Entry, Event};
use crate::words;
use jiff::civil::Date;

/// The mail of a delivery; `None`: there is nobody to write to, or nothing to say any more.
pub fn mail(letter: &Letter<'_>) -> Option<Mail> {
    let applicant = applicant(letter.history)?;
    let to = applicant.email.as_ref()?.as_str().into();
    let language = words::language(applicant.locale.as_deref(), applicant.country.as_ref());
    let state = engine::journey_of(letter.history).ok()??.state;
    let notice = notice(letter, &state)?;
    let facts = facts(letter, &state, applicant, language)?;
    let rendered = render(&notice, &facts, language)?;
    Some(Mail {
        to,
        reply_to: Some(letter.storefront.support_email.clone()),
        from_name: letter.storefront.name.clone(),
        subject: rendered.subject,
        html: rendered.html,
        text: rendered.text,
        message_id: letter.message_id.into(),
    })
}

fn applicant(history: &[Entry]) -> Option<Applicant> {
    history.first()?.subject.as_ref().and_then(applicant_of)
}

/// What is told. Nothing is told after the fact.
fn notice(letter: &Letter<'_>, state: &State) -> Option<Notice> {
    let happened = match &letter.history.last()?.event {
        Event::Moved(moved) => match &moved.event {
            Step::Plan(happened) => Some(happened),
            _ => None,
        },
        _ => None,
    };
    match (letter.kind, happened, state) {
        (DeliveryKind::Confirmation, _, State::Accepted { .. }) => Some(Notice::Confirmation),
        (DeliveryKind::Reminder, Some(Happened::Reminded { instalment, hours }), State::Accepted { account }) => {
            let due = account.plan.instalments.get(usize::from(*instalment))?.due_date;
            let in_time = words::day_of(letter.now, &account.zone) < due;
            let still = in_time && is_still_due(letter, *instalment, due);
            still.then_some(Notice::Reminder { instalment: (*instalment).into(), hours_before: *hours })
        }
        (DeliveryKind::Receipt, Some(Happened::Paid { instalment, .. }), _) => {
            Some(Notice::Receipt { instalment: (*instalment).into() })
        }
        (DeliveryKind::Closing, _, _) => Some(Notice::Closing),
        (DeliveryKind::PaymentFailed, Some(Happened::Failed { instalment, .. }), _) => {
            Some(Notice::PaymentFailed { instalment: (*instalment).into() })
        }
        (DeliveryKind::DueDateMoved, Some(Happened::Moved { instalment, .. }), _) => {
            let (_, before) = letter.history.split_last()?;
            let State::Accepted { account } = engine::journey_of(before).ok()??.state else { return None };
            let from = account.plan.instalments.get(usize::from(*instalment))?.due_date;
            Some(Notice::DueDateMoved { instalment: (*instalment).into(), from })
        }
        (DeliveryKind::DeclinedPayInOneGo, _, State::Declined { offer_until, .. }) => {
            (letter.now < *offer_until).then_some(Notice::DeclinedPayInOneGo { until: *offer_until })
        }
        (DeliveryKind::Refunded, Some(Happened::Refunded { amount_minor, back_minor }), _) => {
            Some(Notice::Refunded { amount_minor: *amount_minor, paid_back_minor: *back_minor })
        }
        _ => None,
    }
}

/// Whether an instalment is still to be paid on that day, and nobody is paying it, after all that has happened since.
fn is_still_due(letter: &Letter<'_>, instalment: u8, due: Date) -> bool {
    let whole: Vec<&Entry> = letter.history.iter().chain(letter.since).collect();
    let state = engine::journey_of(whole).ok().flatten().map(|journey| journey.state);
    let Some(State::Accepted { account }) = state else { return false };
    let place = usize::from(instalment);
    let open = account.plan.instalments.get(place).is_some_and(|of| of.state.is_open() && of.due_date == due);
    open && !account.is_collecting(place, letter.now)
}

fn facts(letter: &Letter<'_>, state: &State, applicant: Applicant, language: Language) -> Option<Facts> {
    let first = letter.history.first()?;
    let Event::Submitted(submitted) = &first.event else { return None };
    let id = ApplicationId(first.application);
    let told = engine::judged(letter.history, None).map(|(decision, _)| decision.told()).unwrap_or_default();
    let account = match state {
        State::Accepted { account } => Some(account),
        _ => None,
    };
    Some(Facts {
        given_name: applicant.given_name.unwrap_or_default(),
        storefront: letter.storefront.clone(),
        reference: submitted.merchant_reference.clone().unwrap_or_default(),
        amount: submitted.facts.amount,
        plan: account.map(|account| account.plan.clone()),
        paid_back_minor: account.map_or(0, |account| account.paid_back_minor),
        zone: account.map_or(letter.zone, |account| &account.zone).clone(),
        links: Links {
            plan: letter.links.url(Purpose::Plan, id).into(),
            journey: letter.links.url(Purpose::Journey, id).into(),
            change_card: None,
        },
        reasons: told.into_iter().map(|told| told.text(language).into()).collect(),
        movable_days: account.and_then(|account| account.servicing.as_ref()).map_or(0, |terms| terms.movable_days),
    })
}

/// A receipt that is asked for. The instalment counts from 0.
pub struct AskedReceipt {
    /// Of which application.
    pub application: ApplicationId,
    /// Of which instalment.
    pub instalment: u8,
    /// In which language; `None`: the customer's.
    pub language: Option<Language>,
}

/// Converts `GetReceiptRequest`.
pub fn get_receipt(wire: &proto::GetReceiptRequest) -> Result<AskedReceipt, Vec<Violation>> {
    let mut checks = Checks::default();
    let application = checks.keep(Path::Root.field("application_id"), ApplicationId::parse(&wire.application_id));
    let instalment = checks.keep(Path::Root.field("instalment"), place(wire.instalment));
    let language = match wire.language.as_str() {
        "" => Ok(None),
        code => Language::ALL
            .into_iter()
            .find(|language| language.code() == code)
            .map(Some)
            .ok_or_else(|| Invalid::expected("en, fr, or nothing for the customer's language")),
    };
    let language = checks.keep(Path::Root.field("language"), language);
    let whole = application.zip(instalment).zip(language);
    checks.finish(whole.map(|((application, instalment), language)| AskedReceipt { application, instalment, language }))
}

/// The receipt of a payment as a PDF; `None`: that instalment has not been paid.
pub fn receipt(asked: &AskedReceipt, account: &Account, first: &Entry, storefront: &Storefront) -> Option<Vec<u8>> {
    let Event::Submitted(submitted) = &first.event else { return None };
    let applicant = first.subject.as_ref().and_then(applicant_of).unwrap_or_default();
    let language = asked.language;
    let language = language.unwrap_or_else(|| words::language(applicant.locale.as_deref(), applicant.country.as_ref()));
    let reference = submitted.merchant_reference.as_deref().unwrap_or_default();
    let facts = ReceiptFacts::of(&account.plan, &account.zone, storefront, reference, asked.instalment.into())?;
    match receipt::pdf(&facts, language) {
        Ok(pdf) => Some(pdf),
        Err(error) => {
            tracing::error!(%error, "a receipt cannot be made");
            None
        }
    }
}
