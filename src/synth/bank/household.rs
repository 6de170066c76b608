//! What stays the same of a shopper's budget: where income comes from, what is spoken for, what is kept.

use super::Budget;
use super::wording::{ENGLISH, WORDS, Words};
use crate::domain::evidence::Purpose;
use crate::synth::chance::Chance;
use crate::synth::places;

/// The share of banks that write English. Assumption.
const WRITES_ENGLISH: f64 = 0.04;
/// The share of payers and payees for whom the provider says what a payment is for. Assumption.
const NAMED: f64 = 0.85;
/// What firms call themselves.
const FIRMS: [&str; 6] = ["SAS", "GMBH", "SL", "SRL", "BV", "LDA"];

/// How income comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Wages once a month.
    Wages,
    /// Clients, now and then.
    Clients,
    /// Pensions and benefits.
    Benefits,
}

/// Somebody who pays or is paid.
#[derive(Debug)]
pub struct Party {
    /// The name.
    pub name: String,
    /// On which day of the month; in a shorter month on its last.
    pub day: i8,
    /// How much a month, in cents.
    pub monthly_minor: f64,
    /// What the provider calls it, if it says so.
    pub purpose: Option<Purpose>,
    /// Which of the language's wordings it has.
    pub wording: usize,
}

/// A shopper's budget.
#[derive(Debug)]
pub struct Household {
    /// The bank's language.
    pub words: &'static Words,
    /// How income comes.
    pub work: Work,
    /// Who pays it.
    pub payers: Vec<Party>,
    /// Rent or mortgage, and which of the two.
    pub home: Option<(Party, bool)>,
    /// Energy, telephone, insurance.
    pub bills: Vec<Party>,
    /// A loan for a car or anything else.
    pub loan: Option<Party>,
    /// Games of chance, by what is staked a month.
    pub bets: Option<Party>,
    /// The share of free spending that is in cash.
    pub cash: f64,
    /// What is spent freely in a month, in cents.
    pub spending_minor: f64,
    /// What lies on the account between two incomes, in cents.
    pub buffer_minor: f64,
    /// How far the account may go below zero, in cents.
    pub overdraft_minor: f64,
    /// The savings account, if there is one, in cents.
    pub savings_minor: Option<f64>,
    /// What the bank takes for the account a month, in cents.
    pub fee_minor: f64,
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// A firm that does not exist.
pub fn firm(chance: &mut Chance) -> String {
    let (_, name) = places::name(chance);
    format!("{} {}", name.to_uppercase(), chance.pick(&FIRMS))
}

impl Party {
    fn new(chance: &mut Chance, day: i8, monthly_minor: f64, purpose: Purpose) -> Self {
        let named = chance.happens(NAMED);
        Self {
            name: firm(chance),
            day,
            monthly_minor,
            purpose: Some(purpose).filter(|_| named),
            wording: chance.below(3),
        }
    }
}

impl Household {
    /// The household of a shopper; the same draws give the same.
    pub fn new(chance: &mut Chance, budget: &Budget) -> Self {
        let frailty = budget.frailty;
        let language = WORDS.iter().position(|words| words.lands.contains(&budget.bank)).unwrap_or(ENGLISH);
        let words = &WORDS[if chance.happens(WRITES_ENGLISH) { ENGLISH } else { language }];
        let irregular = (0.10 * libm::exp(0.45 * frailty)).min(0.5);
        let work = match chance.unit() {
            u if u < irregular => Work::Clients,
            u if u < irregular + 0.12 => Work::Benefits,
            _ => Work::Wages,
        };
        // Some have a part of their income, or of their life, at a bank that is not shown.
        let shown = if chance.happens(0.2) { chance.between(0.45, 0.95) } else { 1.0 };
        let income = shown * budget.income_minor;
        let payers = payers(chance, work, income);
        let home = home(chance, income);
        let bills: Vec<_> = (0..3 + chance.below(3))
            .map(|_| {
                let (day, minor) = (1 + chance.below(28) as i8, chance.log_normal(4_800.0, 0.5));
                Party::new(chance, day, minor, Purpose::Bills)
            })
            .collect();
        let loan = chance.happens(sigmoid(-1.1 + 0.45 * frailty)).then(|| {
            let (share, day) = (chance.between(0.05, 0.15), 1 + chance.below(12) as i8);
            Party::new(chance, day, share * income, Purpose::Credit)
        });
        let bets = chance.happens(sigmoid(-3.0 + 0.6 * frailty)).then(|| {
            let share = chance.log_normal(0.04, 0.8).min(0.4);
            Party::new(chance, 1, share * income, Purpose::Gambling)
        });
        let fixed = home.iter().map(|(home, _)| home).chain(&bills).chain(&loan).chain(&bets);
        let fixed: f64 = fixed.map(|party| party.monthly_minor).sum();
        let left_over = 0.05 - 0.045 * frailty + 0.05 * chance.normal();
        Self {
            words,
            work,
            payers,
            home,
            bills,
            loan,
            bets,
            cash: chance.log_normal(0.12, 0.7).min(0.8),
            spending_minor: (income * (1.0 - left_over) - fixed).max(0.12 * income),
            buffer_minor: chance.log_normal(0.45 * libm::exp(-0.5 * frailty), 0.7) * income,
            overdraft_minor: *chance.pick(&[0.0, 0.1, 0.3]) * income,
            savings_minor: chance
                .happens((0.62 - 0.12 * frailty).clamp(0.05, 0.95))
                .then(|| chance.log_normal(1.8 * libm::exp(-0.55 * frailty), 1.1) * income),
            fee_minor: if chance.happens(0.4) { chance.between(150.0, 900.0) } else { 0.0 },
        }
    }
}

fn payers(chance: &mut Chance, work: Work, income: f64) -> Vec<Party> {
    match work {
        Work::Wages => {
            let day = if chance.happens(0.7) { 24 + chance.below(8) as i8 } else { 1 + chance.below(6) as i8 };
            vec![Party::new(chance, day, income, Purpose::Salary)]
        }
        Work::Clients => {
            // What clients pay is no wage by anyone's word.
            let client = |party: Party| Party { purpose: None, ..party };
            (0..2 + chance.below(3)).map(|_| client(Party::new(chance, 1, income, Purpose::Salary))).collect()
        }
        Work::Benefits => {
            let second = chance.between(0.0, 0.4);
            [1.0 - second, second]
                .into_iter()
                .enumerate()
                .map(|(at, share)| {
                    let day = 4 + chance.below(10) as i8;
                    Party { wording: at, ..Party::new(chance, day, share * income, Purpose::Benefit) }
                })
                .collect()
        }
    }
}

fn home(chance: &mut Chance, income: f64) -> Option<(Party, bool)> {
    let (rents, owns) = (chance.happens(0.62), chance.happens(0.5));
    (rents || owns).then(|| {
        let (share, day) = (chance.log_normal(0.26, 0.25).min(0.5), 1 + chance.below(8) as i8);
        (Party::new(chance, day, share * income, Purpose::Housing), !rents)
    })
}
