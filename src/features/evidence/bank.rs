//! The family of the bank history: what comes in, what is spoken for, how the accounts are kept.

use super::Reading;
use super::flows::{Figures, monthly, ratio};
use crate::domain::reason::ReasonCode as Reason;
use crate::features::{Feature, FeatureKind, Source, entry};

pub(in crate::features) const ABOUT: &str = "What the accounts show that the customer let us read, in the currency of \
     the purchase; missing until then.\n\n\
     - A month is 30 days: a sum over the days covered (at least 30) is brought to 30 of them. Amounts are whole minor \
     units; ratios end at 10, which they also are where there is nothing to divide by.\n\
     - Each transaction counts once by its id. Transfers between the customer's own accounts count as neither in nor out. \
     Where card payments are listed one by one, the sums that are taken for them move the balance only. Money back for \
     returns lessens what goes out, and what is borrowed is no income. Other currencies are counted, not read.\n\
     - *Income* is what the provider calls wages, pensions and benefits; where it names no wages, also transfers of one \
     payer that come about monthly (25 to 37 days apart, neither more than half as much again as the one before): three \
     of them, or two where none is missing in the days covered.\n\
     - *Fixed charges* are housing, bills, credits and instalments by the provider's word, and without its word direct \
     debits, loan payments, and transfers that go out about monthly.\n\
     - Wordings are read for who pays an income, who is paid about monthly and which lenders there are, and for nothing \
     else: no transaction says anything here of health, religion, opinions or unions.\n\n\
     Sources, in brackets. *EBA*: Guidelines on loan origination and monitoring, EBA/GL/2020/06, section 5.2 and annexes \
     2 and 3. *CCD*: Directive (EU) 2023/2225, Article 18(3), income, expenses and other commitments. *FinRegLab*: The \
     Use of Cash-Flow Data in Underwriting Credit, 2019. *Powens*: the indicators of its interface. *CMF*: Code monétaire \
     et financier, R. 312-4-3, signs of financial fragility. *CFPB*: Consumer Use of Buy Now, Pay Later, 2025. *deHaan*: \
     deHaan and others, Buy Now Pay (Pain?) Later, Management Science, 2024. *Muggleton*: Muggleton and others, Nature \
     Human Behaviour 5, 2021. *aval*: ours.";

const NOT_READ: &str = "No bank history was read.";
const NO_DAY: &str = "No bank history was read, or it covers no day of an account in the currency.";
const NO_INCOME: &str = "As the income, or there is none.";
const NO_SOURCE: &str = "As the income, or no payer paid twice.";
const NO_BALANCE: &str = "As the income, or no balance of an account for daily payments is known.";
const NO_SAVINGS: &str = "As the income, or no savings account with a balance was shown.";
const TOO_SHORT: &str = "As the income, or fewer than 60 days are covered, or there is nothing to compare with.";

/// The permanent code of `coverage_days`.
pub(super) const COVERAGE_DAYS: u16 = 901;
/// The permanent code of `bank_account_count`.
pub(super) const ACCOUNTS: u16 = 904;
/// How many days a history covers at least before it vouches for anybody: a month, in which an income shows.
pub(super) const LEAST_DAYS: f64 = 30.0;
/// How many days are needed for the last 30 of them to be compared with all.
const LEAST_DAYS_FOR_TREND: i32 = 60;

pub(in crate::features) const FEATURES: &[Feature] = &[
    bank(COVERAGE_DAYS, "coverage_days", "days", Reason::BANK_HISTORY_SHORT, |f| Some(f.days.into()))
        .says("How many days the bank answered for, at most 400 (EBA).", NOT_READ),
    entry(
        902,
        "bank_history_complete",
        FeatureKind::Boolean,
        "",
        Reason::BANK_HISTORY_SHORT,
        Source::Evidence(Reading::Bank(|f| Some(f.complete.into()))),
    )
    .says("Whether that is all that was asked for (aval).", NOT_READ),
    bank(903, "days_since_covered", "days", Reason::BANK_HISTORY_SHORT, |f| Some(f.days_since_covered.into()))
        .says("Days since the last one covered: how old the picture is (aval).", NOT_READ),
    bank(ACCOUNTS, "bank_account_count", "accounts", Reason::BANK_HISTORY_SHORT, |f| Some(f.accounts as f64))
        .says("How many accounts in the currency there are (FinRegLab).", NOT_READ),
    bank(905, "bank_transaction_count", "transactions", Reason::BANK_HISTORY_SHORT, |f| Some(f.transactions as f64))
        .says("How many of their transactions (FinRegLab).", NOT_READ),
    bank(906, "bank_active_days", "days", Reason::BANK_HISTORY_SHORT, |f| Some(f.active_days as f64))
        .says("On how many days something was booked (FinRegLab).", NOT_READ),
    bank(907, "bank_ignored_count", "transactions", Reason::BANK_HISTORY_SHORT, |f| Some(f.elsewhere.into()))
        .says("How many transactions are in another currency, or of an account that the bank does not list (aval).", NOT_READ),
    bank(911, "income_monthly_minor", "minor units", Reason::INCOME_LOW, |f| Some(monthly(f.income()?.sum, f.days)))
        .says("The income of 30 days (EBA, CCD, Powens).", NO_DAY),
    bank(912, "income_regularity", "share of the days", Reason::INCOME_IRREGULAR, |f| {
        Some(f.income()?.days_in_time as f64 / f64::from(f.days))
    })
    .says(
        "The share of the days on which income was not overdue: the last was at most 35 days ago, of those of at least a \
         fifth of a month's. 0 without any (EBA: stability of income).",
        NO_DAY,
    ),
    bank(913, "income_deviation", "share of the income", Reason::INCOME_IRREGULAR, |f| {
        let (off, whole) = f.income()?.deviation?;
        Some(off as f64 / whole as f64)
    })
    .says(
        "By how much payments of one payer differ from their mean, on average, over that mean; of payers who paid twice or \
         more (FinRegLab).",
        NO_SOURCE,
    ),
    bank(914, "days_since_income", "days", Reason::INCOME_IRREGULAR, |f| Some(f.income()?.days_since?.into()))
        .says("Days from the last income of at least a fifth of a month's to the last day covered (aval).", NO_INCOME),
    bank(915, "income_source_count", "payers", Reason::INCOME_IRREGULAR, |f| Some(f.income()?.payers as f64))
        .says("How many payers of income there are (EBA).", NO_DAY),
    bank(916, "inflow_monthly_minor", "minor units", Reason::INCOME_LOW, |f| Some(monthly(f.flows()?.inflow, f.days)))
        .says("All money in of 30 days, whether it recurs or not (Powens).", NO_DAY),
    bank(921, "fixed_charges_monthly_minor", "minor units", Reason::INCOME_COMMITTED, |f| {
        Some(monthly(f.flows()?.committed, f.days))
    })
    .says("The fixed charges of 30 days (CCD).", NO_DAY),
    bank(922, "fixed_charges_to_income", "ratio", Reason::INCOME_COMMITTED, |f| {
        Some(ratio(f.flows()?.committed, f.income()?.sum))
    })
    .says("The fixed charges over the income (CCD).", NO_DAY),
    bank(923, "disposable_monthly_minor", "minor units", Reason::INCOME_COMMITTED, |f| {
        Some(monthly(f.disposable()?, f.days))
    })
    .says("The income less the fixed charges, of 30 days; below 0 where they exceed it (EBA).", NO_DAY),
    bank(924, "instalment_to_disposable", "ratio", Reason::INCOME_COMMITTED, |f| {
        let of_days = i128::from(f.instalment_minor) * i128::from(f.days.max(30));
        Some(ratio(of_days, 30 * f.disposable()?))
    })
    .says("The largest instalment of the plan over that (EBA: loan service to income).", NO_DAY),
    bank(925, "credit_to_income", "ratio", Reason::CREDIT_BURDEN, |f| Some(ratio(f.flows()?.credit, f.income()?.sum)))
        .says("Repayments of loans and credit cards over the income (EBA: debt service to income).", NO_DAY),
    bank(926, "instalments_to_income", "ratio", Reason::CREDIT_BURDEN, |f| {
        Some(ratio(f.flows()?.instalments, f.income()?.sum))
    })
    .says("Instalments to other lenders over the income (CFPB, deHaan).", NO_DAY),
    bank(927, "instalment_lender_count", "lenders", Reason::CREDIT_BURDEN, |f| Some(f.flows()?.lenders as f64))
        .says("How many other lenders of instalments are paid (CFPB).", NO_DAY),
    bank(931, "outflow_to_inflow", "ratio", Reason::SPENDING_HIGH, |f| Some(ratio(f.flows()?.outflow, f.flows()?.inflow)))
        .says("All money out over all money in (Powens, FinRegLab).", NO_DAY),
    bank(932, "gambling_to_income", "ratio", Reason::GAMBLING_SHARE, |f| {
        Some(ratio(f.flows()?.gambling, f.income()?.sum))
    })
    .says("Stakes in games of chance over the income; what is won counts as money in (Muggleton, Powens).", NO_DAY),
    bank(933, "cash_share", "share of the money out", Reason::CASH_SHARE, |f| {
        Some(f.flows()?.cash as f64 / (f.flows()?.outflow.max(f.flows()?.cash).max(1)) as f64)
    })
    .says("The share of cash from machines and counters in all money out (aval).", NO_DAY),
    bank(934, "bank_fees_monthly_minor", "minor units", Reason::BANK_FEES, |f| {
        Some(monthly(f.flows()?.fees, f.days))
    })
    .says("The bank's fees and interest of 30 days (CMF, deHaan).", NO_DAY),
    bank(935, "rejected_debits", "debits", Reason::PAYMENTS_REJECTED, |f| Some(f.flows()?.rejected.into()))
        .says(
            "How many debits the bank refused: the greater of those that it lists and those for which it took a fee (CMF, \
             Powens).",
            NO_DAY,
        ),
    bank(941, "days_below_zero", "days", Reason::ACCOUNT_OVERDRAWN, |f| {
        f.balance()?.by_day.first()?;
        Some(f.balance()?.days_below_zero.into())
    })
    .says("At the end of how many days an account for daily payments was below zero (FinRegLab).", NO_BALANCE),
    bank(942, "balance_last_minor", "minor units", Reason::BALANCE_LOW, |f| Some(*f.balance()?.by_day.last()? as f64))
        .says("What is on the accounts for daily payments at the end of the last day (FinRegLab).", NO_BALANCE),
    bank(943, "balance_min_minor", "minor units", Reason::BALANCE_LOW, |f| {
        Some(*f.balance()?.by_day.iter().min()? as f64)
    })
    .says("The least that was on them at the end of a day (FinRegLab).", NO_BALANCE),
    bank(944, "balance_mean_minor", "minor units", Reason::BALANCE_LOW, |f| f.balance()?.mean(usize::MAX))
        .says("The mean of the ends of the days (FinRegLab).", NO_BALANCE),
    bank(945, "balance_deviation_minor", "minor units", Reason::BALANCE_LOW, |f| f.balance()?.deviation())
        .says("Their standard deviation (FinRegLab).", NO_BALANCE),
    bank(946, "savings_minor", "minor units", Reason::BALANCE_LOW, |f| Some(f.savings()? as f64))
        .says("What is on the savings accounts that were shown (EBA: financial assets).", NO_SAVINGS),
    bank(951, "inflow_trend", "ratio", Reason::INCOME_IRREGULAR, |f| {
        trend(f, f.flows()?.inflow_of_last, f.flows()?.inflow)
    })
    .says("The money in of the last 30 days over that of 30 days on average (Powens).", TOO_SHORT),
    bank(952, "outflow_trend", "ratio", Reason::SPENDING_HIGH, |f| {
        trend(f, f.flows()?.outflow_of_last, f.flows()?.outflow)
    })
    .says("The money out of the last 30 days over that of 30 days on average (Powens).", TOO_SHORT),
    bank(953, "balance_trend_minor", "minor units", Reason::BALANCE_LOW, |f| {
        let (last, all) = (f.balance()?.mean(30)?, f.balance()?.mean(usize::MAX)?);
        (f.days >= LEAST_DAYS_FOR_TREND).then_some(last - all)
    })
    .says("The mean balance of the last 30 days less that of all (FinRegLab).", TOO_SHORT),
];

const fn bank(
    code: u16,
    name: &'static str,
    unit: &'static str,
    reason: Reason,
    read: fn(&Figures) -> Option<f64>,
) -> Feature {
    entry(code, name, FeatureKind::Number, unit, reason, Source::Evidence(Reading::Bank(read)))
}

/// What the last 30 days say against 30 days on average.
fn trend(figures: &Figures, of_last: i128, all: i128) -> Option<f64> {
    let enough = figures.days >= LEAST_DAYS_FOR_TREND && all > 0;
    enough.then(|| ratio(of_last.saturating_mul(figures.days.into()), all.saturating_mul(30)))
}
