//! A journey that nobody is asked anything in any more: declined, looked at by a person, or at its end.

use super::journey::{Made, Problem, Scene, VIEW_CHARS};
use super::parts::{self, step_form};
use crate::domain::time::Timestamp;
use crate::journey::{Collection, Party, Reviewer};
use maud::{Markup, html};

/// The field of the customer's view.
pub const VIEW_FIELD: &str = "view";

/// Credit was refused: why, and what the customer can do.
pub(super) fn declined(scene: &Scene<'_>, offer_until: Timestamp, review_until: Timestamp) -> Made {
    let words = &scene.words.declined;
    let amount = scene.money(scene.seen.amount);
    let (may_pay, may_ask) = (scene.now < offer_until, scene.now < review_until);
    let card = html! {
        p { (words.lead) }
        h2 { (words.reasons) }
        ul { @for told in &scene.seen.told { li { (told.text(scene.words.language)) } } }
        @if !may_pay { p { (scene.words.pay.over) } }
    };
    let rest = html! {
        @if may_pay {
            section.card aria-labelledby="pay-title" {
                h2 #pay-title { (words.pay_title) }
                p.amount { (amount) }
                p { ((scene.words.pay.text)(&amount)) }
                (step_form(scene, "pay", html! { button type="submit" { ((scene.words.pay.button)(&amount)) } }))
                p.quiet { ((scene.words.pay.until)(&scene.time(offer_until))) }
            }
        }
        section.card aria-labelledby="review-title" {
            h2 #review-title { (words.review_title) }
            @if may_ask {
                p { (words.review_text) }
                (step_form(scene, "review", html! { button.second type="submit" { (words.review_button) } }))
                p.quiet { ((words.review_until)(&scene.time(review_until))) }
                (view(scene))
            } @else {
                p { (words.review_over) }
            }
        }
        section.card aria-labelledby="next-title" {
            h2 #next-title { (words.next_title) }
            p { @if may_pay || may_ask { (words.next) } @else { (words.next_over) } }
            (parts::back(scene))
        }
        (parts::how(scene))
    };
    Made { title: words.title, card, rest, waits: false }
}

/// A person looks at it.
pub(super) fn in_review(scene: &Scene<'_>, by: Reviewer, until: Timestamp) -> Made {
    let words = &scene.words.review;
    let card = html! {
        p {
            @match by { Reviewer::Policy => (words.by_policy), Reviewer::Customer => (words.by_customer) }
        }
        p { ((words.until)(&scene.time(until))) }
        p.quiet { (scene.words.waiting.may_close) }
        (parts::back(scene))
    };
    let rest = html! {
        section.card aria-label=(words.view_title) { (view(scene)) }
        (parts::always(scene))
    };
    Made { title: words.title, card, rest, waits: false }
}

/// The customer's view.
fn view(scene: &Scene<'_>) -> Markup {
    let words = &scene.words.review;
    let problem = match scene.problem {
        Some(Problem::View(written)) => Some(written),
        _ => None,
    };
    let described = if problem.is_some() { "view-wrong view-hint" } else { "view-hint" };
    html! {
        h2 { (words.view_title) }
        @if scene.seen.stated { p { (words.view_given) } }
        (step_form(scene, "statement", html! {
            label for=(VIEW_FIELD) { (words.view_label) }
            p #view-hint .hint { ((words.view_hint)(VIEW_CHARS)) }
            @if problem.is_some() { p #view-wrong .wrong { ((words.view_bad)(VIEW_CHARS)) } }
            textarea #(VIEW_FIELD) name="view" rows="5" maxlength=(VIEW_CHARS) required aria-describedby=(described)
                aria-invalid=[problem.map(|_| "true")] { (problem.map_or("", String::as_str)) }
            button.second type="submit" { (words.view_button) }
        }))
    }
}

/// It is accepted.
pub(super) fn accepted(scene: &Scene<'_>) -> Made {
    let words = &scene.words.ends;
    let card = html! {
        p { ((words.accepted_text)(scene.seen.plan.choice.instalment_count)) }
        (parts::schedule(scene.words, &scene.seen.plan))
        (parts::back(scene))
        p { a.button.second href={ (scene.plan_path) (scene.query) } { (words.see_plan) } }
    };
    // After a first payment that failed.
    Made { title: words.accepted, card, rest: parts::pay(scene), waits: false }
}

/// It is paid in one go.
pub(super) fn paid(scene: &Scene<'_>, collection: Collection) -> Made {
    let words = &scene.words.ends;
    let amount = scene.money(scene.seen.amount);
    let (title, text) = match collection {
        Collection::Awaited => (words.paid, words.paid_text),
        Collection::Collected => (words.collected, words.collected_text),
        Collection::Failed { .. } => (words.not_collected, words.not_collected_text),
    };
    let card = html! {
        p { (text(&amount)) }
        (parts::back(scene))
    };
    let rest = html! {
        @if matches!(collection, Collection::Failed { .. }) { (parts::pay(scene)) (parts::cancel(scene)) }
    };
    Made { title, card, rest, waits: false }
}

/// Somebody gave up.
pub(super) fn cancelled(scene: &Scene<'_>, by: Party) -> Made {
    let words = &scene.words.ends;
    let card = html! {
        p {
            @match by {
                Party::Customer => (words.cancelled_by_customer),
                Party::Merchant => (words.cancelled_by_merchant),
            }
            " " (words.nothing_paid)
        }
        (parts::back(scene))
    };
    Made { title: words.cancelled, card, rest: html! {}, waits: false }
}

/// The journey's time ran out.
pub(super) fn expired(scene: &Scene<'_>) -> Made {
    let words = &scene.words.ends;
    let card = html! {
        p { (words.expired_text) " " (words.nothing_paid) }
        (parts::back(scene))
    };
    Made { title: words.expired, card, rest: html! {}, waits: false }
}
