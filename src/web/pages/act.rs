//! `POST /j/{token}/{step}`: what a customer does on a page of the journey.

use super::form::{self, Form, Sent};
use super::journey::{Note, Problem, VIEW_CHARS};
use super::seen::Seen;
use super::{Asked, Missing, Pages, Parameters};
use crate::domain::consent;
use crate::domain::decision::DigestWriter;
use crate::domain::text;
use crate::engine::{Answered, Given, Purpose, Refused};
use crate::journey::{Action, Input, Party, State as Stands};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

/// What a form asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Code,
    Resend,
    Agree,
    Refuse,
    Pay,
    Cancel,
    Review,
    Statement,
}

impl Step {
    const ALL: [Self; 8] =
        [Self::Code, Self::Resend, Self::Agree, Self::Refuse, Self::Pay, Self::Cancel, Self::Review, Self::Statement];

    /// The last part of its path.
    fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Resend => "resend",
            Self::Agree => "agree",
            Self::Refuse => "refuse",
            Self::Pay => "pay",
            Self::Cancel => "cancel",
            Self::Review => "review",
            Self::Statement => "statement",
        }
    }
}

/// What a form comes to.
enum Meant {
    /// This is to happen, with what the customer gave, and what is kept of it.
    Act(Input, Option<String>),
    /// It is not as it has to be.
    Wrong(Problem),
    /// The page was another.
    Stale,
}

/// Takes a form.
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
    let room = if step == Step::Statement { form::WITH_A_STATEMENT } else { form::SHORT };
    let Sent { seen, form, version } = match pages.sent(Purpose::Journey, &token, asked, &headers, body, room).await {
        Ok(sent) => sent,
        Err(instead) => return instead,
    };
    let (input, words) = match meant(step, &form, &seen) {
        Meant::Act(input, words) => (input, words),
        Meant::Stale => return pages.stale(Purpose::Journey, seen.id, asked),
        Meant::Wrong(problem) => return pages.wrong(&seen, asked, &headers, &problem),
    };
    let note = match pages.act(&seen, step, version, input, words.as_deref()).await {
        Ok(Answered { replayed: true, .. }) => Some(Note::Done),
        Ok(_) if step == Step::Statement => Some(Note::Stated),
        Ok(_) => None,
        Err(Refused::Forbidden(forbidden)) if step == Step::Resend && forbidden.from.is_some() => Some(Note::Soon),
        // What was written is not to be written again.
        Err(Refused::RequestIdReused) if step == Step::Statement => {
            return pages.wrong(&seen, asked, &headers, &Problem::View(words.unwrap_or_default()));
        }
        Err(refused) => return pages.not_done(Purpose::Journey, &refused, seen.id, asked, &headers),
    };
    pages.lead(Purpose::Journey, seen.id, &asked.with(note))
}

/// What a form means where the application stands.
fn meant(step: Step, form: &Form, seen: &Seen) -> Meant {
    match step {
        Step::Code => {
            let code: String = form.get("code").chars().filter(|c| !c.is_whitespace() && *c != '-').take(64).collect();
            let Some(length) = code_length(&seen.state) else { return Meant::Act(Input::EnterCode, Some(code)) };
            if code.len() == usize::from(length) && code.bytes().all(|b| b.is_ascii_digit()) {
                Meant::Act(Input::EnterCode, Some(code))
            } else {
                Meant::Wrong(Problem::Code)
            }
        }
        Step::Resend => Meant::Act(Input::ResendCode, None),
        Step::Agree => {
            let text_version = consent::BANK_HISTORY.id;
            // Consent is to the text that stood on the page.
            if form.get("text") == text_version {
                Meant::Act(Input::GrantConsent { text_version: text_version.into() }, None)
            } else {
                Meant::Stale
            }
        }
        Step::Refuse => Meant::Act(Input::RefuseConsent, None),
        Step::Pay => Meant::Act(Input::PayInFull, None),
        Step::Cancel => Meant::Act(Input::Cancel { by: Party::Customer }, None),
        Step::Review => Meant::Act(Input::RequestReview, None),
        Step::Statement => {
            // Browsers end lines of forms in two characters.
            let view = form.get("view").replace("\r\n", "\n").trim().to_owned();
            match text::statement(&view) {
                Ok(view) if view.chars().count() <= VIEW_CHARS => Meant::Act(Input::GiveStatement, Some(view.into())),
                _ => Meant::Wrong(Problem::View(view)),
            }
        }
    }
}

/// How many digits the code has that is asked for.
fn code_length(state: &Stands) -> Option<u8> {
    let Stands::Challenged { attempt, .. } = state else { return None };
    match attempt.begun.as_ref()?.action {
        Action::EnterCode { length } => Some(length),
        Action::Redirect { .. } => None,
    }
}

impl Pages {
    /// The page again, with what was wrong.
    fn wrong(&self, seen: &Seen, asked: Asked, headers: &HeaderMap, problem: &Problem) -> Response {
        self.send(StatusCode::UNPROCESSABLE_ENTITY, self.journey(seen, asked, headers, Some(problem)))
    }

    /// Takes the step. `words` are the code or the statement: known again by a keyed hash, and kept nowhere else than the
    /// subject.
    async fn act(
        &self,
        seen: &Seen,
        step: Step,
        version: usize,
        input: Input,
        words: Option<&str>,
    ) -> Result<Answered, Refused> {
        let name = format!("page-{}-{}-{version}", seen.id, step.name());
        let mut content = DigestWriter::default();
        content.update(name.as_bytes());
        if let Some(words) = words {
            content.update(&self.engine.keyed_hash(step.name(), words).to_le_bytes());
        }
        let given = words.filter(|_| step == Step::Code).map(|code| Given::Code(code.into()));
        let subject = words.filter(|_| step == Step::Statement).map(|words| self.engine.statement_subject(words));
        self.send_act(seen, &name, content.finish(), input, given, subject).await
    }
}
