//! The page of a journey: what it shows follows from where the application stands.

use super::ends;
use super::layout::{Page, Watch};
use super::parts::{self, step_form};
use super::seen::{LastCode, Seen};
use super::words::{Handover, Words};
use super::written;
use crate::domain::challenge::ChallengeKind;
use crate::domain::consent;
use crate::domain::money::Money;
use crate::domain::storefront::Storefront;
use crate::domain::text::MAX_STATEMENT;
use crate::domain::time::Timestamp;
use crate::journey::{Action, Attempt, Collection, Phase, State, Verifier};
use jiff::tz::TimeZone;
use maud::{Markup, html};

/// The longest statement that a page takes, in characters: with room in the body for those that are written in three.
pub const VIEW_CHARS: usize = 1_000;
const _: () = assert!(VIEW_CHARS <= MAX_STATEMENT, "what a page takes is taken");
/// The field of the code.
const CODE_FIELD: &str = "code";
/// After how many seconds a browser without scripts loads a page again that waits.
const REFRESH_SECONDS: u32 = 5;
/// After how many seconds a script asks first: on a page that waits, and on another.
const WATCH_SECONDS: (u32, u32) = (1, 15);

/// What is told above a page: what came of the last request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// It was the same request again.
    Done,
    /// It came too late.
    Moved,
    /// Another code was asked for too soon.
    Soon,
    /// The customer's view was taken.
    Stated,
    /// The card is being charged.
    Asked,
    /// A due date was moved.
    DateMoved,
}

impl Note {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Done, Self::Moved, Self::Soon, Self::Stated, Self::Asked, Self::DateMoved];

    /// The name in an address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Moved => "moved",
            Self::Soon => "soon",
            Self::Stated => "stated",
            Self::Asked => "asked",
            Self::DateMoved => "date-moved",
        }
    }

    /// What it says.
    pub fn text(self, words: &Words) -> &'static str {
        match self {
            Self::Done => words.notes.done,
            Self::Moved => words.notes.moved,
            Self::Soon => words.notes.soon,
            Self::Stated => words.notes.stated,
            Self::Asked => words.plan.asked,
            Self::DateMoved => words.plan.moved,
        }
    }
}

/// What is wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The code has another form than codes have.
    Code,
    /// The statement is empty or too long: what was written stays.
    View(String),
}

/// Everything that a page is made of.
pub struct Scene<'a> {
    /// What it says.
    pub words: &'static Words,
    /// Its address without a query.
    pub base: &'a str,
    /// What its links and forms carry on, such as `?lang=fr`; or nothing.
    pub query: &'a str,
    /// The shop.
    pub storefront: &'a Storefront,
    /// The time zone in which times are told.
    pub zone: &'a TimeZone,
    /// The time.
    pub now: Timestamp,
    /// The application.
    pub seen: &'a Seen,
    /// The address of the plan's page.
    pub plan_path: &'a str,
    /// What is told above it.
    pub note: Option<Note>,
    /// What was wrong.
    pub problem: Option<&'a Problem>,
}

/// What the state makes of a page.
pub(super) struct Made {
    /// The heading.
    pub title: &'static str,
    /// What stands under it, in the card.
    pub card: Markup,
    /// What stands under that.
    pub rest: Markup,
    /// Whether something happens by itself soon.
    pub waits: bool,
}

impl Scene<'_> {
    /// The page.
    pub fn render(&self) -> String {
        let Made { title, card, rest, waits } = self.made();
        let seen = self.seen;
        let first_seconds = if waits { WATCH_SECONDS.0 } else { WATCH_SECONDS.1 };
        let watch = self.is_open().then(|| Watch {
            state: format!("{}/state", self.base),
            version: seen.version,
            first_seconds,
        });
        let body = html! {
            @if let Some(note) = self.note.filter(|_| self.problem.is_none()) {
                p #note .note role="status" { (note.text(self.words)) }
            }
            (self.problems())
            (parts::progress(self))
            div.card {
                h1 { (title) }
                p.purchase { ((self.words.frame.purchase)(&self.money(seen.amount), seen.plan.choice.instalment_count)) }
                (card)
            }
            (rest)
        };
        let page = Page {
            words: self.words,
            base: self.base,
            storefront: Some(self.storefront),
            title,
            refresh: waits.then_some(REFRESH_SECONDS),
            watch,
            body,
        };
        page.render()
    }

    fn made(&self) -> Made {
        match &self.seen.state {
            State::Challenged { attempt, phase: Phase::ConsentNeeded, .. } => self.consent(attempt),
            State::Challenged { attempt, phase: Phase::Starting, .. } => {
                let sms = attempt.kind == ChallengeKind::SmsCode;
                self.waiting(if sms { self.words.waiting.sending_code } else { self.words.waiting.preparing })
            }
            State::Challenged { attempt, phase: Phase::ActionNeeded, .. } => {
                match attempt.begun.as_ref().map(|begun| &begun.action) {
                    Some(Action::EnterCode { length }) => self.code(attempt, *length),
                    _ if attempt.kind == ChallengeKind::BankHistory => self.bank(attempt),
                    _ => self.document(attempt),
                }
            }
            State::Verifying { attempt, by, .. } => self.waiting(match (by, attempt.kind) {
                (Verifier::Code, _) => self.words.waiting.checking_code,
                (_, ChallengeKind::BankHistory) => self.words.waiting.reading_accounts,
                _ => self.words.waiting.looking_at_document,
            }),
            State::InReview { by, expires_at } => ends::in_review(self, *by, *expires_at),
            State::Declined { offer_until, review_until } => ends::declined(self, *offer_until, *review_until),
            State::Accepted { .. } => ends::accepted(self),
            State::PaidInFull { collection } => ends::paid(self, *collection),
            State::Cancelled { by } => ends::cancelled(self, *by),
            State::Expired => ends::expired(self),
        }
    }

    /// Whether something may still happen.
    fn is_open(&self) -> bool {
        let awaited = State::PaidInFull { collection: Collection::Awaited };
        self.seen.state.offer_until().is_some() || self.seen.state == awaited
    }

    /// Whether the offer to pay in one go stands, and until when.
    pub(super) fn offer(&self) -> Option<Timestamp> {
        self.seen.state.offer_until().filter(|until| self.now < *until)
    }

    /// An amount as it is written.
    pub(super) fn money(&self, money: Money) -> String {
        crate::words::money(money, self.words.language)
    }

    /// A time as it is written.
    pub(super) fn time(&self, at: Timestamp) -> String {
        written::moment(self.words.language, at, self.now, self.zone)
    }

    fn code(&self, attempt: &Attempt, length: u8) -> Made {
        let words = &self.words.sms;
        let phone = self.seen.applicant.phone.as_ref().map(|phone| phone.as_str());
        let ending = phone.and_then(|number| number.get(number.len().saturating_sub(2)..));
        let wrong = self.code_problem(length);
        let described = if wrong.is_some() { "code-wrong code-hint" } else { "code-hint" };
        let card = html! {
            @if self.seen.last_code == Some(LastCode::SentAgain) && wrong.is_none() {
                p { strong { (words.sent_again) } }
            }
            p { ((words.sent)(length, ending)) }
            p.quiet { (words.why) }
            (step_form(self, "code", html! {
                label for=(CODE_FIELD) { (words.label) }
                p #code-hint .hint {
                    ((words.hint)(length)) ". " ((words.tries_left)(attempt.tries_left)) " "
                    ((words.valid_until)(&self.time(attempt.deadline)))
                }
                @if let Some(wrong) = &wrong { p #code-wrong .wrong { (wrong) } }
                input #(CODE_FIELD) .code name="code" type="text" inputmode="numeric" autocomplete="one-time-code"
                    pattern={ "\\s*([0-9]\\s*){" (length) "}" } maxlength="24" required
                    aria-describedby=(described) aria-invalid=[wrong.as_ref().map(|_| "true")]
                    autofocus[wrong.is_some()] title=((words.bad_format)(length));
                button type="submit" { (words.submit) }
            }))
        };
        let rest = html! {
            section.card aria-labelledby="resend-title" {
                h2 #resend-title { (words.no_code) }
                (self.resend(attempt))
            }
            (parts::pay(self))
            (parts::how(self))
            (parts::cancel(self))
        };
        Made { title: words.title, card, rest, waits: false }
    }

    fn resend(&self, attempt: &Attempt) -> Markup {
        let words = &self.words.sms;
        if attempt.resends_left == 0 {
            return html! { p { (words.resends_spent) } };
        }
        let wait_ms = attempt.resend_after.ms() - self.now.ms();
        html! {
            @if wait_ms > 0 {
                p #resend-when data-seconds=((wait_ms + 999) / 1_000) data-count=(words.resend_in) data-now=(words.resend_now)
                    data-for="resend" { ((words.resend_from)(&self.time(attempt.resend_after))) }
            } @else {
                p #resend-when { (words.resend_now) }
            }
            (step_form(self, "resend", html! {
                button #resend .second type="submit" aria-describedby="resend-when" { (words.resend) }
            }))
        }
    }

    /// What is wrong with the last code, or with what was sent as one.
    fn code_problem(&self, length: u8) -> Option<String> {
        let words = &self.words.sms;
        match (self.problem, self.seen.last_code) {
            (Some(Problem::Code), _) => Some((words.bad_format)(length)),
            (_, Some(LastCode::Wrong)) => Some(words.wrong.into()),
            (_, Some(LastCode::Unknown)) => Some(words.unknown.into()),
            _ => None,
        }
    }

    /// The problems, above the page, with links to their fields.
    fn problems(&self) -> Markup {
        let (field, text) = match (&self.seen.state, self.problem) {
            (State::Challenged { attempt, phase: Phase::ActionNeeded, .. }, _)
                if attempt.kind == ChallengeKind::SmsCode =>
            {
                let Some(Action::EnterCode { length }) = attempt.begun.as_ref().map(|begun| &begun.action) else {
                    return html! {};
                };
                let Some(text) = self.code_problem(*length) else { return html! {} };
                (CODE_FIELD, text)
            }
            (State::InReview { .. } | State::Declined { .. }, Some(Problem::View(_))) => {
                (ends::VIEW_FIELD, ((self.words.review.view_bad)(VIEW_CHARS)))
            }
            _ => return html! {},
        };
        html! {
            div.problem role="alert" aria-labelledby="problem-title" {
                h2 #problem-title { (self.words.notes.problem) }
                p { a href={ "#" (field) } { (text) } }
            }
        }
    }

    fn document(&self, attempt: &Attempt) -> Made {
        let words = &self.words.document;
        Made { title: words.title, card: self.handover(words, attempt), rest: parts::always(self), waits: false }
    }

    fn bank(&self, attempt: &Attempt) -> Made {
        let words = &self.words.bank;
        let rest = html! {
            section.card aria-labelledby="withdraw-title" {
                h2 #withdraw-title { (words.changed_mind) }
                p { (words.after_refusal) }
                (step_form(self, "refuse", html! { button.second type="submit" { (words.withdraw) } }))
            }
            (parts::always(self))
        };
        Made { title: words.handover.title, card: self.handover(&words.handover, attempt), rest, waits: false }
    }

    fn handover(&self, words: &Handover, attempt: &Attempt) -> Markup {
        html! {
            p { (words.why) }
            h2 { (words.ready_title) }
            ul { @for item in words.ready { li { (item) } } }
            p { (words.who) }
            p.quiet { (words.data) }
            @if let Some(url) = &self.seen.redirect {
                p { a.button href=(url) rel="noreferrer" { (words.go) } }
            }
            p.quiet { (words.comes_back) " " ((words.until)(&self.time(attempt.deadline))) }
        }
    }

    fn consent(&self, attempt: &Attempt) -> Made {
        let words = &self.words.bank;
        let text = consent::BANK_HISTORY;
        let card = html! {
            p { (words.why) }
            h2 #consent-title { (words.question) }
            blockquote aria-labelledby="consent-title" { p { (text.text(self.words.language)) } }
            p { (words.after_refusal) }
            div.buttons {
                (step_form(self, "agree", html! {
                    input type="hidden" name="text" value=(text.id);
                    button.second type="submit" { (words.agree) }
                }))
                (step_form(self, "refuse", html! { button.second type="submit" { (words.refuse) } }))
            }
            p.quiet { ((words.handover.until)(&self.time(attempt.deadline))) }
        };
        Made { title: words.title, card, rest: parts::always(self), waits: false }
    }

    fn waiting(&self, title: &'static str) -> Made {
        let words = &self.words.waiting;
        let card = html! {
            p.wait role="status" { (words.by_itself) }
            p.quiet { (words.may_close) }
            noscript { p { a href={ (self.base) (self.query) } { (self.words.frame.reload) } } }
        };
        let of_bank = self.seen.state.attempt().is_some_and(|attempt| attempt.kind == ChallengeKind::BankHistory);
        let rest = html! {
            @if of_bank {
                section.card aria-labelledby="withdraw-title" {
                    h2 #withdraw-title { (self.words.bank.changed_mind) }
                    (step_form(self, "refuse", html! { button.second type="submit" { (self.words.bank.withdraw) } }))
                }
            }
            (parts::always(self))
        };
        Made { title, card, rest, waits: true }
    }
}
