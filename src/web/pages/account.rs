//! The page of an accepted plan: every instalment with what has become of it, and what can be done about it.

use super::layout::Page;
use super::parts;
use super::words::{self, Words};
use super::{Note, written};
use crate::domain::money::Money;
use crate::domain::plan::{Instalment, InstalmentState, PlanState};
use crate::domain::storefront::Storefront;
use crate::domain::time::Timestamp;
use crate::notice::Links;
use crate::plan::Account;
use jiff::ToSpan;
use jiff::civil::Date;
use maud::{Markup, html};

/// Everything that the page is made of.
pub struct PlanScene<'a> {
    /// What it says.
    pub words: &'static Words,
    /// Its address without a query.
    pub base: &'a str,
    /// What its links and forms carry on.
    pub query: &'a str,
    /// The shop.
    pub storefront: &'a Storefront,
    /// The time.
    pub now: Timestamp,
    /// How many entries the application has.
    pub version: usize,
    /// The plan.
    pub account: &'a Account,
    /// Where the customer goes back to the shop.
    pub return_url: Option<&'a str>,
    /// What is told above it.
    pub note: Option<Note>,
}

impl PlanScene<'_> {
    /// The page.
    pub fn render(&self) -> String {
        let words = &self.words.plan;
        let body = html! {
            @if let Some(note) = self.note { p #note .note role="status" { (note.text(self.words)) } }
            (self.trouble())
            div.card id=(Links::RECEIPTS) {
                h1 { (words.title) }
                p.purchase {
                    ((self.words.frame.purchase)(&self.money(self.account.plan.amount.amount_minor), self.account.plan.choice.instalment_count))
                }
                (self.standing())
                ol.instalments id=(Links::MOVE) aria-label=(words.instalments) {
                    @for (place, one) in self.account.plan.instalments.iter().enumerate() { li { (self.instalment(place, one)) } }
                }
            }
            (self.pay_all())
            (self.refunds())
            (self.card())
            (self.help())
            @if let Some(url) = self.return_url { p { a.button.second href=(url) { (self.words.frame.back) } } }
        };
        let page = Page {
            words: self.words,
            base: self.base,
            storefront: Some(self.storefront),
            title: words.title,
            refresh: None,
            watch: None,
            body,
        };
        page.render()
    }

    fn words(&self) -> &'static words::Plan {
        &self.words.plan
    }

    fn money(&self, amount_minor: i64) -> String {
        crate::words::money(Money { amount_minor, ..self.account.plan.amount }, self.words.language)
    }

    fn date(&self, date: Date) -> String {
        crate::words::short_date(date, self.words.language)
    }

    fn form(&self, step: &str, inside: Markup) -> Markup {
        parts::form(self.base, step, self.query, self.version, inside)
    }

    /// What is not in order, kindly, and what helps.
    fn trouble(&self) -> Markup {
        let words = self.words();
        if let Some(until) = self.account.offer_until.filter(|until| self.now < *until) {
            let amount = self.money(self.account.plan.amount.amount_minor);
            let until = written::moment(self.words.language, until, self.now, &self.account.zone);
            return html! {
                section.problem aria-labelledby="trouble-title" {
                    h2 #trouble-title { (words.failed_first_title) }
                    p { ((words.failed_first_text)(&amount)) }
                    (self.form("in-full", html! { button.second type="submit" { ((self.words.pay.button)(&amount)) } }))
                    p { ((self.words.pay.until)(&until)) }
                }
            };
        }
        let text = match self.account.state {
            PlanState::InProgress | PlanState::Paid => return html! {},
            PlanState::Late => words.late_text,
            PlanState::LateContact => words.late_contact_text,
            PlanState::Default => words.default_text,
        };
        html! {
            section.problem aria-labelledby="trouble-title" { h2 #trouble-title { (words.late) } p { (text) } }
        }
    }

    fn standing(&self) -> Markup {
        let (words, account) = (self.words(), self.account);
        let mut instalments = account.plan.instalments.iter().enumerate();
        let next = instalments
            .find(|(place, one)| one.state == InstalmentState::Pending && !account.is_collecting(*place, self.now));
        html! {
            @match account.state {
                PlanState::Paid => p.sign.good { (words.paid) },
                PlanState::InProgress => p.sign.good { (words.in_progress) },
                PlanState::Late | PlanState::LateContact | PlanState::Default => {},
            }
            @if account.state != PlanState::Paid {
                p.amount { ((words.left)(&self.money(account.plan.left_to_pay_minor()))) }
                @if let Some((_, next)) = next {
                    p { ((words.next)(&self.money(next.total_amount_minor), &self.date(next.due_date))) }
                }
            }
        }
    }

    fn instalment(&self, place: usize, one: &Instalment) -> Markup {
        let (words, account, number) = (self.words(), self.account, place + 1);
        let is_open = one.state.is_open();
        let collecting = is_open && account.is_collecting(place, self.now);
        let paid_on = one.paid_at.map(|at| (words.paid_on)(&self.date(crate::words::day_of(at, &account.zone))));
        html! {
            h2 #{ "instalment-" (number) } { ((words.instalment)(number, account.plan.instalments.len())) }
            p.line {
                strong { (self.money(one.total_amount_minor)) }
                " – " ((words.due)(&self.date(one.due_date)))
                @if one.is_moved() { " (" ((words.moved_from)(&self.date(one.agreed_date))) ")" }
            }
            p.quiet {
                @match one.state {
                    _ if collecting => (words.collecting),
                    InstalmentState::Pending => (words.pending),
                    InstalmentState::Paid => span.sign.good { (paid_on.as_deref().unwrap_or(words.paid)) },
                    InstalmentState::Incident => strong.wrong { (words.incident) },
                    InstalmentState::Claimed => strong.wrong { (words.claimed) },
                    InstalmentState::Covered => (words.covered),
                }
                @if one.refunded_minor > 0 && one.state != InstalmentState::Covered {
                    " (" ((words.less_refund)(&self.money(one.refunded_minor))) ")"
                }
            }
            @if one.state == InstalmentState::Paid {
                p { a href={ (self.base) "/receipt/" (number) (self.query) } { ((words.receipt)(number)) } }
            }
            @if is_open && !collecting { (self.actions(place, one)) }
        }
    }

    fn actions(&self, place: usize, one: &Instalment) -> Markup {
        let (words, number) = (self.words(), place + 1);
        let id = format!("day-{number}");
        let which = html! { input type="hidden" name="instalment" value=(number); };
        let days = self.days(place, one);
        // What is overdue shows at once what helps.
        let open = one.state != InstalmentState::Pending;
        html! {
            details.plain open[open] {
                summary aria-describedby={ "instalment-" (number) } { (words.change) }
                (self.form("ahead", html! {
                    (which)
                    button type="submit" { ((words.pay_now)(&self.money(one.total_amount_minor))) }
                }))
                @if !days.is_empty() {
                    (self.form("move", html! {
                        (which)
                        label for=(id) { (words.move_label) }
                        @if let Some(servicing) = &self.account.servicing {
                            p.hint id={ (id) "-hint" } { ((words.move_hint)(servicing.movable_days)) }
                        }
                        select id=(id) name="day" aria-describedby={ (id) "-hint" } {
                            @for day in &days { option value=(day) { (self.date(*day)) } }
                        }
                        button.second type="submit" { (words.move_button) }
                    }))
                }
            }
        }
    }

    /// The days to which an instalment may be moved.
    fn days(&self, place: usize, one: &Instalment) -> Vec<Date> {
        let Some(last) = self.account.movable_until(place, self.now) else { return Vec::new() };
        let today = crate::words::day_of(self.now, &self.account.zone);
        let first = one.due_date.max(today).saturating_add(1.day());
        first.series(1.day()).take_while(|day| *day <= last).take(usize::from(u8::MAX)).collect()
    }

    fn pay_all(&self) -> Markup {
        let words = self.words();
        let payable = self.account.payable(self.now);
        let all = payable.iter().filter_map(|place| self.account.plan.instalments.get(*place));
        let amount_minor = all.fold(0_i64, |sum, one| sum.saturating_add(one.total_amount_minor));
        html! {
            @if payable.len() > 1 {
                section.card aria-labelledby="all-title" {
                    h2 #all-title { (words.pay_all_title) }
                    p { (words.pay_all_text) }
                    (self.form("ahead", html! {
                        button.second type="submit" { ((words.pay_all)(&self.money(amount_minor))) }
                    }))
                }
            }
        }
    }

    fn refunds(&self) -> Markup {
        let (words, account) = (self.words(), self.account);
        html! {
            @if account.refunded_minor > 0 {
                section.card aria-labelledby="refunds-title" {
                    h2 #refunds-title { (words.refunds) }
                    p { ((words.refunded)(&self.money(account.refunded_minor))) }
                    @if account.paid_back_minor > 0 { p { ((words.paid_back)(&self.money(account.paid_back_minor))) } }
                }
            }
        }
    }

    fn card(&self) -> Markup {
        let words = self.words();
        html! {
            @if self.storefront.card_change_url.is_some() && self.account.plan.left_to_pay_minor() > 0 {
                section.card id=(Links::CARD) aria-labelledby="card-title" {
                    h2 #card-title { (words.card_title) }
                    p { (words.card_text) }
                    (self.form("card", html! { button.second type="submit" { (words.card_button) } }))
                }
            }
        }
    }

    fn help(&self) -> Markup {
        let (words, shop) = (self.words(), self.storefront);
        html! {
            section.card aria-labelledby="help-title" {
                h2 #help-title { (words.help_title) }
                p { (words.help_text) }
                p { a href={ "mailto:" (shop.support_email) } { (shop.support_email) } }
                @if let Some(url) = &shop.support_url { p { a href=(url) { (self.words.frame.help) } } }
            }
        }
    }
}
