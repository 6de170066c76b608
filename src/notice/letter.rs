//! What each notice holds, part by part, before it is HTML or text.

use super::facts::{Facts, Links, Notice};
use super::wording::{Filling, Said, Wording};
use crate::domain::plan::{InstalmentState, Plan};
use crate::domain::reason::Language;
use crate::words;

/// A notice in one language. Nothing in it is escaped yet.
pub(super) struct Letter {
    pub language: Language,
    pub subject: String,
    pub preview: String,
    pub title: String,
    pub parts: Vec<Part>,
    /// Labels and addresses at the foot.
    pub foot: Vec<(String, String)>,
    /// What stands under them.
    pub small: Vec<String>,
}

/// One part.
pub(super) enum Part {
    Paragraph(String),
    Heading(String),
    List(Vec<String>),
    Schedule(Schedule),
    /// The one thing to do.
    Button {
        label: String,
        url: String,
    },
    /// Other things that can be done.
    Links(Vec<(String, String)>),
    /// Where help is: a text and an e-mail address.
    Support {
        text: String,
        email: String,
    },
}

/// A schedule as a table.
pub(super) struct Schedule {
    pub caption: String,
    pub heads: [String; 4],
    pub rows: Vec<[String; 4]>,
    pub total: [String; 2],
}

/// A notice as a letter; `None`: it tells of an instalment or a plan that is not among the facts.
pub(super) fn letter(notice: &Notice, facts: &Facts, language: Language) -> Option<Letter> {
    let wording = Wording::of(language);
    let mut filling = common(facts, language);
    let mut after = Vec::new();
    let links = &facts.links;
    let (said, url) = match *notice {
        Notice::Confirmation => {
            let plan = facts.plan.as_ref()?;
            let cost = if plan.customer_cost_minor > 0 { wording.cost } else { wording.no_cost };
            let cost = filling.fill(cost);
            filling.set("cost", cost);
            if facts.movable_days > 0 {
                after.push(Part::Paragraph(filling.fill(wording.each_movable)));
            }
            after.push(Part::Schedule(schedule(plan, facts, &filling)));
            let one = plan.instalments.len() == 1;
            (if one { &wording.confirmation_of_one } else { &wording.confirmation }, links.plan.to_string())
        }
        Notice::Reminder { instalment, hours_before: _ } => {
            of_instalment(instalment, facts, &mut filling)?;
            after.extend(changes(instalment, facts, &filling));
            (&wording.reminder, links.plan.to_string())
        }
        Notice::Receipt { instalment } => {
            of_instalment(instalment, facts, &mut filling)?;
            if let Some(next) = next_payment(facts, language) {
                after.push(Part::Paragraph(next.fill(wording.next_payment)));
            }
            after.push(Part::Links(vec![(filling.fill(wording.receipts), links.on_plan(Links::RECEIPTS))]));
            (&wording.receipt, links.plan.to_string())
        }
        Notice::Closing => {
            facts.plan.as_ref()?;
            (&wording.closing, links.on_plan(Links::RECEIPTS))
        }
        Notice::PaymentFailed { instalment } => {
            of_instalment(instalment, facts, &mut filling)?;
            after.extend(changes(instalment, facts, &filling));
            (&wording.failed, links.plan.to_string())
        }
        Notice::DueDateMoved { instalment, from } => {
            of_instalment(instalment, facts, &mut filling)?;
            filling.set("from", words::date(from, language));
            after.push(Part::Schedule(schedule(facts.plan.as_ref()?, facts, &filling)));
            (&wording.moved, links.plan.to_string())
        }
        Notice::DeclinedPayInOneGo { until } => {
            filling.set("until", words::date_time(until, &facts.zone, language));
            if !facts.reasons.is_empty() {
                after.push(Part::Heading(filling.fill(wording.why)));
                after.push(Part::List(facts.reasons.iter().map(ToString::to_string).collect()));
            }
            after.push(Part::Paragraph(filling.fill(wording.review)));
            (&wording.declined, links.journey.to_string())
        }
        Notice::Refunded { amount_minor, paid_back_minor } => {
            after.extend(refund(amount_minor, paid_back_minor, facts, &mut filling)?);
            (&wording.refunded, links.plan.to_string())
        }
    };
    Some(compose(said, url, after, facts, &filling))
}

/// What most notices name.
fn common(facts: &Facts, language: Language) -> Filling {
    let mut filling = Filling::new(language);
    let money = |minor| words::money(facts.money(minor), language);
    filling.set("name", &*facts.given_name);
    filling.set("shop", &*facts.storefront.name);
    filling.set("email", &*facts.storefront.support_email);
    filling.set("reference", &*facts.reference);
    filling.set("days", facts.movable_days.to_string());
    filling.set("purchase", words::money(facts.amount, language));
    if let Some(plan) = &facts.plan {
        let paid = plan.instalments.iter().filter(|instalment| instalment.state == InstalmentState::Paid);
        let paid_minor = paid.fold(0_i64, |sum, instalment| sum.saturating_add(instalment.total_amount_minor));
        filling.set("count", plan.instalments.len().to_string());
        filling.set("total", money(total_minor(plan)));
        filling.set("fees", money(plan.customer_cost_minor));
        filling.set("left", money(plan.left_to_pay_minor()));
        filling.set("paid", money(paid_minor.saturating_sub(facts.paid_back_minor)));
    }
    filling
}

fn total_minor(plan: &Plan) -> i64 {
    plan.instalments.iter().fold(0, |sum, instalment| sum.saturating_add(instalment.total_amount_minor))
}

/// Names an instalment; `None`: the plan has none of this place.
fn of_instalment(place: usize, facts: &Facts, filling: &mut Filling) -> Option<()> {
    let instalment = facts.instalment(place)?;
    filling.set("number", (place + 1).to_string());
    filling.set("amount", words::money(facts.money(instalment.total_amount_minor), filling.language));
    filling.set("date", words::date(instalment.due_date, filling.language));
    Some(())
}

/// What the customer can change about an instalment: the card always, the due date where it can still be moved.
fn changes(place: usize, facts: &Facts, filling: &Filling) -> Vec<Part> {
    let wording = Wording::of(filling.language);
    let mut links = vec![(filling.fill(wording.change_card), facts.links.card())];
    let mut parts = Vec::new();
    if facts.movable_days > 0 && facts.instalment(place).is_some_and(|instalment| !instalment.is_moved()) {
        parts.push(Part::Paragraph(filling.fill(wording.movable)));
        links.push((filling.fill(wording.move_date), facts.links.on_plan(Links::MOVE)));
    }
    parts.push(Part::Links(links));
    parts
}

/// Names the earliest instalment that is still to be paid.
fn next_payment(facts: &Facts, language: Language) -> Option<Filling> {
    let instalments = &facts.plan.as_ref()?.instalments;
    let open = instalments.iter().enumerate().filter(|(_, instalment)| instalment.state.is_open());
    let (place, _) = open.min_by_key(|(_, instalment)| instalment.due_date)?;
    let mut filling = Filling::new(language);
    of_instalment(place, facts, &mut filling)?;
    Some(filling)
}

/// What becomes of a refund: what is paid back, what is taken off, and the schedule that is left.
fn refund(amount_minor: i64, back_minor: i64, facts: &Facts, filling: &mut Filling) -> Option<Vec<Part>> {
    let (plan, wording) = (facts.plan.as_ref()?, Wording::of(filling.language));
    let off_minor = amount_minor.saturating_sub(back_minor);
    for (name, minor) in [("amount", amount_minor), ("back", back_minor), ("off", off_minor)] {
        filling.set(name, words::money(facts.money(minor), filling.language));
    }
    let mut parts = Vec::new();
    if off_minor > 0 {
        let left = plan.left_to_pay_minor() > 0;
        parts.push(Part::Paragraph(filling.fill(if left { wording.taken_off } else { wording.all_taken_off })));
    }
    if back_minor > 0 {
        parts.push(Part::Paragraph(filling.fill(wording.paid_back)));
    }
    parts.push(Part::Schedule(schedule(plan, facts, filling)));
    Some(parts)
}

fn schedule(plan: &Plan, facts: &Facts, filling: &Filling) -> Schedule {
    let (wording, language) = (Wording::of(filling.language), filling.language);
    let rows = plan.instalments.iter().enumerate().map(|(place, instalment)| {
        let state = match instalment.state {
            InstalmentState::Pending => wording.to_pay,
            InstalmentState::Paid => wording.paid,
            InstalmentState::Incident | InstalmentState::Claimed => wording.late,
            InstalmentState::Covered => wording.covered,
        };
        let money = words::money(facts.money(instalment.total_amount_minor), language);
        [(place + 1).to_string(), words::date(instalment.due_date, language), money, filling.fill(state)]
    });
    Schedule {
        caption: filling.fill(wording.schedule),
        heads: [wording.number, wording.due, wording.amount, wording.state].map(|head| filling.fill(head)),
        rows: rows.collect(),
        total: [filling.fill(wording.total), words::money(facts.money(total_minor(plan)), language)],
    }
}

fn compose(said: &Said, url: String, after: Vec<Part>, facts: &Facts, filling: &Filling) -> Letter {
    let wording = Wording::of(filling.language);
    let hello = if facts.given_name.trim().is_empty() { wording.hello_nameless } else { wording.hello };
    let mut parts = vec![Part::Paragraph(filling.fill(hello))];
    parts.extend(said.body.iter().map(|text| Part::Paragraph(filling.fill(text))));
    // The button stands before what is there to be read at leisure, but for a schedule: that is what the mail is about.
    let at =
        after.iter().position(|part| !matches!(part, Part::Schedule(_) | Part::Paragraph(_))).unwrap_or(after.len());
    let mut after = after;
    let leisure = after.split_off(at);
    parts.extend(after);
    parts.push(Part::Button { label: filling.fill(said.button), url });
    parts.extend(leisure);
    let storefront = &facts.storefront;
    parts.push(Part::Support { text: filling.fill(wording.questions), email: storefront.support_email.to_string() });
    let mut foot = Vec::new();
    if let Some(help) = &storefront.support_url {
        foot.push((filling.fill(wording.help_page), help.to_string()));
    }
    foot.push((filling.fill(wording.privacy), storefront.privacy_url.to_string()));
    foot.push((filling.fill(wording.terms), storefront.terms_url.to_string()));
    let mut small = Vec::new();
    if !facts.reference.is_empty() {
        small.push(filling.fill(wording.reference));
    }
    small.push(filling.fill(wording.because));
    Letter {
        language: filling.language,
        subject: one_line(&filling.fill(said.subject)),
        preview: one_line(&filling.fill(said.preview)),
        title: filling.fill(said.title),
        parts,
        foot,
        small,
    }
}

/// A text without line ends and other control characters.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
