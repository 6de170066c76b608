//! The report as people read it.

use crate::backtest::report::{Amount, Change, Figures, Report, Segment, Share};

/// The most segments of a table that people read; JSON has them all.
const MOST_SEGMENTS: usize = 20;
/// How wide a line of text becomes.
const WIDTH: usize = 110;

/// The whole report.
pub(super) fn report(report: &Report) -> String {
    let mut lines =
        vec![format!("candidate  {} under {}", report.candidate.models.join(", "), report.candidate.policy)];
    if let Some(baseline) = &report.baseline {
        lines.push(format!("baseline   {} under {}", baseline.models.join(", "), baseline.policy));
    }
    let left_out = &report.left_out;
    let parts = [
        (left_out.outside_the_window, "outside the window of time"),
        (left_out.no_purchase, "with an amount that no purchase has"),
        (left_out.imported, "imported, without features: `aval features` makes a table of them"),
    ];
    lines.push(format!("rows       {} decided again, {} compared", report.rows, report.compared));
    lines.extend(parts.iter().filter(|(rows, _)| *rows > 0).map(|(rows, why)| format!("left out   {rows} {why}")));
    lines.extend(report.notes.iter().map(|note| format!("note       {note}")));
    lines.push(format!(
        "money      a fraud costs {} of the amount, a default {}, a good purchase earns {} of it",
        percent(report.rates.fraud_loss_share),
        percent(report.rates.default_loss_share),
        percent(f64::from(report.rates.margin_bps) / 10_000.0),
    ));
    lines.push(String::new());
    lines.extend(whole(&report.all));
    for table in &report.segments {
        lines.push(String::new());
        lines.extend(segments(&table.by, &table.segments));
    }
    if !report.flips.is_empty() {
        lines.push(String::new());
        lines.extend(flips(&report.flips));
    }
    lines.push(String::new());
    report.meaning.iter().for_each(|text| wrap(text, &mut lines));
    lines.join("\n")
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

fn shown(share: Option<Share>) -> String {
    let bounds =
        |Share { share, low, high, .. }| format!("{:.2} % [{:.2}, {:.2}]", 100.0 * share, 100.0 * low, 100.0 * high);
    share.map_or_else(|| "unknown".into(), bounds)
}

/// All rows: one line a figure, one column a side.
fn whole(all: &Segment) -> Vec<String> {
    let sides: Vec<&Figures> = all.baseline.iter().chain([&all.candidate]).collect();
    let heads: &[&str] = if sides.len() == 2 { &["baseline", "candidate"] } else { &["candidate"] };
    let line = |name: &str, cell: &dyn Fn(&Figures) -> String| {
        let cells: String = sides.iter().map(|side| format!("{:>32}", cell(side))).collect();
        format!("{name:38}{cells}")
    };
    let head: String = heads.iter().map(|head| format!("{head:>32}")).collect();
    let mut lines = vec![
        format!("{:38}{head}", "all rows"),
        line("accepted", &|side| shown(side.accepted)),
        line("asked for more", &|side| shown(side.stepped_up)),
        line("declined", &|side| shown(side.declined)),
        line("bad among accepted, outcome known", &|side| shown(side.bad_rate)),
        line("accepted without an outcome", &|side| side.accepted_without_outcome.to_string()),
        line("rows without an outcome", &|side| side.without_outcome.to_string()),
    ];
    for (at, money) in all.candidate.money.iter().enumerate() {
        let unit = &money.currency;
        let of = |side: &Figures, cell: &dyn Fn(&crate::backtest::report::Money) -> String| {
            side.money.get(at).map_or_else(String::new, cell)
        };
        let mut push = |name: &str, cell: &dyn Fn(&crate::backtest::report::Money) -> String| {
            lines.push(line(&format!("{name}, {unit} minor"), &|side| of(side, cell)));
        };
        push("accepted amounts", &|money| money.accepted_minor.to_string());
        push("known losses", &|money| with_half(&money.loss));
        push("known margins", &|money| with_half(&money.margin));
        push("known losses if step-ups pass", &|money| (money.loss.minor + money.step_up_loss_minor).to_string());
        push("known losses declined", &|money| money.declined_loss_minor.to_string());
        push("known margins declined", &|money| money.declined_margin_minor.to_string());
        push("losses to expect by the models", &|money| {
            money.expected_loss_minor.map_or_else(|| "unknown".into(), |loss| loss.to_string())
        });
    }
    for change in &all.change {
        lines.push(format!(
            "value of {} rows with an outcome changes by {} {} minor units where no step-up passes, by {} where each does",
            change.rows,
            with_half(&change.if_no_step_up_passes),
            change.currency,
            with_half(&change.if_every_step_up_passes),
        ));
    }
    lines
}

fn with_half(amount: &Amount) -> String {
    match amount.high_minor {
        Some(high) => format!("{} ± {:.0}", amount.minor, high - amount.minor as f64),
        None => amount.minor.to_string(),
    }
}

/// One line a segment: shares, then before them what they were.
fn segments(by: &str, segments: &[Segment]) -> Vec<String> {
    let width =
        segments.iter().take(MOST_SEGMENTS).map(|one| one.value.chars().count()).max().unwrap_or(0).max(by.len());
    let mut lines = vec![format!(
        "{by:width$} {:>10} {:>22} {:>22} {:>22} {:>22}",
        "rows", "accepted", "asked for more", "declined", "bad of accepted"
    )];
    let short =
        |share: Option<Share>| share.map_or_else(|| "–".into(), |share| format!("{:.2} %", 100.0 * share.share));
    for segment in segments.iter().take(MOST_SEGMENTS) {
        let cell = |figure: &dyn Fn(&Figures) -> Option<Share>| match &segment.baseline {
            Some(baseline) => format!("{} → {}", short(figure(baseline)), short(figure(&segment.candidate))),
            None => short(figure(&segment.candidate)),
        };
        lines.push(format!(
            "{:width$} {:>10} {:>22} {:>22} {:>22} {:>22}",
            segment.value,
            segment.candidate.rows,
            cell(&|side| side.accepted),
            cell(&|side| side.stepped_up),
            cell(&|side| side.declined),
            cell(&|side| side.bad_rate),
        ));
    }
    if segments.len() > MOST_SEGMENTS {
        lines.push(format!("… and {} more, which --json has", segments.len() - MOST_SEGMENTS));
    }
    lines
}

/// One line a pair of outcomes, and below those that changed why, and which.
fn flips(flips: &[Change]) -> Vec<String> {
    let mut lines = vec![format!(
        "{:22} {:>10} {:>8} {:>8} {:>12}  {}",
        "was → is", "rows", "good", "bad", "no outcome", "amounts, known losses, known margins in minor units"
    )];
    for change in flips {
        let money: Vec<_> = (change.money.iter())
            .map(|money| {
                format!("{} {}, {}, {}", money.currency, money.amount_minor, money.loss_minor, money.margin_minor)
            })
            .collect();
        lines.push(format!(
            "{:22} {:>10} {:>8} {:>8} {:>12}  {}",
            format!("{} → {}", change.from, change.to),
            change.rows,
            change.good,
            change.bad,
            change.without_outcome,
            money.join("; ")
        ));
        let reasons = |what: &str, reasons: &[(&str, u64)]| {
            let told: Vec<_> = reasons.iter().map(|(code, count)| format!("{code} {count}")).collect();
            (!told.is_empty()).then(|| format!("    {what:6} {}", told.join(", ")))
        };
        lines.extend(reasons("was", &change.reasons_before));
        lines.extend(reasons("is", &change.reasons_now));
        if !change.examples.is_empty() {
            lines.push(format!("    such as {}", change.examples.join(", ")));
        }
    }
    lines
}

/// A text in lines of bounded width, after a dash.
fn wrap(text: &str, lines: &mut Vec<String>) {
    let mut line = String::from("-");
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() >= WIDTH {
            lines.push(std::mem::replace(&mut line, String::from(" ")));
        }
        line.push(' ');
        line.push_str(word);
    }
    lines.push(line);
}
