//! `/plan/{token}`: the accepted plan, what can be done about it, and its receipts.

use super::account::PlanScene;
use super::form::{self, Form, Sent};
use super::journey::Note;
use super::seen::{Seen, account};
use super::words::Words;
use super::{Asked, Missing, Pages, Parameters, language, layout};
use crate::domain::decision::DigestWriter;
use crate::engine::{Answered, Purpose};
use crate::journey::{Input, State as Stands};
use crate::notice::receipt::{self, ReceiptFacts};
use crate::plan::{self, Account};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;

/// What a form asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Pay one instalment now, or all that are open.
    Ahead,
    /// Move a due date.
    Move,
    /// Give another card.
    Card,
    /// Pay the whole amount at once instead, after a first payment that failed.
    InFull,
}

impl Step {
    const ALL: [Self; 4] = [Self::Ahead, Self::Move, Self::Card, Self::InFull];

    /// The last part of its path.
    fn name(self) -> &'static str {
        match self {
            Self::Ahead => "ahead",
            Self::Move => "move",
            Self::Card => "card",
            Self::InFull => "in-full",
        }
    }
}

/// `GET /plan/{token}`: the page.
pub(super) async fn page(
    State(pages): State<Pages>,
    Path(token): Path<String>,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::of(&parameters);
    let seen = match pages.open(Purpose::Plan, &token, asked, &headers).await {
        Ok(seen) => seen,
        Err(instead) => return instead,
    };
    match (&seen.state, account(&seen.state)) {
        (_, Some(account)) => pages.plan(&seen, account, asked, &headers),
        // After a first payment that failed it was paid in one go instead, or given up: the journey's page says so.
        (Stands::PaidInFull { .. } | Stands::Cancelled { .. } | Stands::Expired, None) => {
            pages.lead(Purpose::Journey, seen.id, &asked.carried())
        }
        (_, None) => pages.missing(asked, &headers, Missing::Unknown),
    }
}

/// `POST /plan/{token}/{step}`: takes a form.
pub(super) async fn take(
    State(pages): State<Pages>,
    Path((token, step)): Path<(String, String)>,
    Query(parameters): Parameters,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let asked = Asked { note: None, ..Asked::of(&parameters) };
    let Some(step) = Step::ALL.into_iter().find(|known| known.name() == step) else {
        return pages.missing(asked, &headers, Missing::Unknown);
    };
    let Sent { seen, form, version } = match pages.sent(Purpose::Plan, &token, asked, &headers, body, form::SHORT).await
    {
        Ok(sent) => sent,
        Err(instead) => return instead,
    };
    let Some((input, about)) = meant(step, &form) else { return pages.stale(Purpose::Plan, seen.id, asked) };
    let name = format!("plan-{}-{}{about}-{version}", seen.id, step.name());
    let mut content = DigestWriter::default();
    content.update(format!("{name} {input:?}").as_bytes());
    let done = pages.send_act(&seen, &name, content.finish(), input, None, None).await;
    let card = pages.card_change_url(&seen).filter(|_| step == Step::Card);
    let note = match (done, card) {
        (Ok(_), Some(url)) => return pages.see_other(&url),
        (Ok(Answered { replayed: true, .. }), None) => Some(Note::Done),
        (Ok(_), None) => match step {
            Step::Ahead => Some(Note::Asked),
            Step::Move => Some(Note::DateMoved),
            Step::Card | Step::InFull => None,
        },
        (Err(refused), _) => return pages.not_done(Purpose::Plan, &refused, seen.id, asked, &headers),
    };
    pages.lead(Purpose::Plan, seen.id, &asked.with(note))
}

/// What a form means, and what it is about, for the request's name; `None`: no page has such a form.
fn meant(step: Step, form: &Form) -> Option<(Input, String)> {
    let number = form.get("instalment");
    // Pages count from 1.
    let instalment = || number.parse::<u8>().ok()?.checked_sub(1);
    let plan = |input, about| Some((Input::Plan(input), about));
    match step {
        Step::Ahead if number.is_empty() => plan(plan::Input::PayAhead { instalment: None }, String::new()),
        Step::Ahead => {
            let instalment = instalment()?;
            plan(plan::Input::PayAhead { instalment: Some(instalment) }, format!("-{instalment}"))
        }
        Step::Move => {
            let (instalment, to) = (instalment()?, form.get("day").parse::<Date>().ok()?);
            plan(plan::Input::MoveDueDate { instalment, to }, format!("-{instalment}"))
        }
        Step::Card => plan(plan::Input::ChangeCard, String::new()),
        Step::InFull => Some((Input::PayInFull, String::new())),
    }
}

/// `GET /plan/{token}/receipt/{number}`: the receipt of a paid instalment, as PDF.
pub(super) async fn receipt(
    State(pages): State<Pages>,
    Path((token, number)): Path<(String, String)>,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::of(&parameters);
    let seen = match pages.open(Purpose::Plan, &token, asked, &headers).await {
        Ok(seen) => seen,
        Err(instead) => return instead,
    };
    let facts = number.parse().ok().and_then(|number| pages.receipt_facts(&seen, number));
    let Some(facts) = facts else { return pages.missing(asked, &headers, Missing::Unknown) };
    let language = asked.language.unwrap_or_else(|| language::of(&seen.applicant, &headers));
    let Ok(pdf) = receipt::pdf(&facts, language) else {
        tracing::error!("a receipt cannot be written");
        return pages.missing(asked, &headers, Missing::Later);
    };
    let name = format!("attachment; filename=\"{}-{number}.pdf\"", Words::of(language).plan.receipt_file);
    let kind = [(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, name)];
    layout::guarded((kind, pdf).into_response(), pages.is_https())
}

impl Pages {
    fn plan(&self, seen: &Seen, account: &Account, asked: Asked, headers: &HeaderMap) -> Response {
        let language = asked.language.unwrap_or_else(|| language::of(&seen.applicant, headers));
        let scene = PlanScene {
            words: Words::of(language),
            base: &self.engine.page_path(Purpose::Plan, seen.id),
            query: &asked.carried(),
            storefront: self.engine.generation().policy.storefront(&seen.merchant),
            now: self.engine.now(),
            version: seen.version,
            account,
            return_url: seen.applicant.return_url.as_deref(),
            note: asked.note,
        };
        match self.card_change_url(seen) {
            Some(url) => layout::send_leading_to(&url, scene.render(), self.is_https()),
            None => self.send(StatusCode::OK, scene.render()),
        }
    }

    /// The gateway's page for another card.
    fn card_change_url(&self, seen: &Seen) -> Option<String> {
        let storefront = self.engine.generation().policy.storefront(&seen.merchant);
        storefront.card_change_url(&seen.id.to_string())
    }

    /// What the receipt of an instalment says, counted from 1; `None`: it is not there, or not paid.
    fn receipt_facts(&self, seen: &Seen, number: usize) -> Option<ReceiptFacts> {
        let account = account(&seen.state)?;
        let storefront = self.engine.generation().policy.storefront(&seen.merchant);
        let reference = seen.merchant_reference.as_deref().unwrap_or_default();
        ReceiptFacts::of(&account.plan, &account.zone, storefront, reference, number.checked_sub(1)?)
    }
}
