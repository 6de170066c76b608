//! The parts that pages have in common.

use super::journey::Scene;
use super::words::Words;
use crate::domain::money::Money;
use crate::domain::plan::Plan;
use maud::{Markup, html};

/// A form that takes a step. Its version makes its request's name, so that sending it twice is one request.
pub fn step_form(scene: &Scene<'_>, step: &str, inside: Markup) -> Markup {
    form(scene.base, step, scene.query, scene.seen.version, inside)
}

/// A form that takes a step on a page of this address and version.
pub fn form(base: &str, step: &str, query: &str, version: usize, inside: Markup) -> Markup {
    html! {
        form method="post" action={ (base) "/" (step) (query) } {
            input type="hidden" name="version" value=(version);
            (inside)
        }
    }
}

/// How far it has come, while something is asked.
pub fn progress(scene: &Scene<'_>) -> Markup {
    let words = &scene.words.progress;
    let Some(attempt) = scene.seen.state.attempt() else { return html! {} };
    let done: Vec<_> = scene.seen.done.iter().collect();
    let (at, of) = (done.len() + 2, done.len() + 3);
    html! {
        section aria-label=(words.label) {
            p.unseen { ((words.step_of)(at, of)) }
            ol.steps {
                li.done { (words.chosen) span.unseen { " – " (words.done) } }
                @for kind in &done { li.done { ((words.check)(*kind)) span.unseen { " – " (words.done) } } }
                li aria-current="step" { ((words.check)(attempt.kind)) }
                li { (words.answer) }
            }
        }
    }
}

/// What every page of an open journey offers.
pub fn always(scene: &Scene<'_>) -> Markup {
    html! { (pay(scene)) (how(scene)) (cancel(scene)) }
}

/// Paying in one go, as long as that is possible.
pub fn pay(scene: &Scene<'_>) -> Markup {
    let words = &scene.words.pay;
    let Some(until) = scene.offer() else { return html! {} };
    let amount = scene.money(scene.seen.amount);
    html! {
        section.card aria-labelledby="pay-title" {
            h2 #pay-title { (words.title) }
            p { ((words.text)(&amount)) }
            (step_form(scene, "pay", html! { button.second type="submit" { ((words.button)(&amount)) } }))
            p.quiet { ((words.until)(&scene.time(until))) }
        }
    }
}

/// Giving up.
pub fn cancel(scene: &Scene<'_>) -> Markup {
    let words = &scene.words.cancel;
    html! {
        details #cancel {
            summary { (words.summary) }
            p { (words.text) }
            (step_form(scene, "cancel", html! { button.second type="submit" { (words.button) } }))
            @if let Some(url) = &scene.seen.applicant.return_url {
                p { a href=(url) { (scene.words.frame.back) } }
            }
        }
    }
}

/// How it works: the schedule, the steps, the law.
pub fn how(scene: &Scene<'_>) -> Markup {
    let words = &scene.words.how;
    html! {
        details #how {
            summary { (words.summary) }
            h2 { (words.schedule) }
            p { (words.if_today) }
            (schedule(scene.words, &scene.seen.plan))
            h2 { (words.steps_title) }
            ol { @for step in words.steps { li { (step) } } }
            h2 { (words.law_title) }
            p { (words.law) }
            p { a href=(scene.storefront.privacy_url) { (scene.words.frame.privacy) } }
        }
    }
}

/// The way back to the shop.
pub fn back(scene: &Scene<'_>) -> Markup {
    html! {
        @match &scene.seen.applicant.return_url {
            Some(url) => p { a.button href=(url) { (scene.words.frame.back) } },
            None => p { (scene.words.frame.may_go_back) },
        }
    }
}

/// A schedule.
pub fn schedule(words: &Words, plan: &Plan) -> Markup {
    let money = |amount_minor| crate::words::money(Money { amount_minor, ..plan.amount }, words.language);
    let cost = plan.customer_cost_minor;
    let costs = cost != 0;
    let total = plan.instalments.iter().fold(0_i64, |sum, one| sum.saturating_add(one.total_amount_minor));
    html! {
        div.scroll tabindex="0" role="group" aria-label=(words.schedule.caption) {
            table {
                caption.unseen { (words.schedule.caption) }
                thead {
                    tr {
                        th scope="col" { (words.schedule.due) }
                        @if costs { th.number scope="col" { (words.schedule.cost) } }
                        th.number scope="col" { (words.schedule.amount) }
                    }
                }
                tbody {
                    @for one in &plan.instalments {
                        tr {
                            th scope="row" { (crate::words::short_date(one.due_date, words.language)) }
                            @if costs {
                                td.number { (money(one.customer_fee_minor.saturating_add(one.customer_interest_minor))) }
                            }
                            td.number { (money(one.total_amount_minor)) }
                        }
                    }
                }
                tfoot {
                    tr {
                        th scope="row" { (words.schedule.total) }
                        @if costs { td.number { (money(cost)) } }
                        td.number { (money(total)) }
                    }
                }
            }
        }
        p.quiet {
            @if costs { ((words.schedule.costs)(&money(cost))) } @else { (words.schedule.no_cost) }
        }
    }
}
