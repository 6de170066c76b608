//! Stolen cards and taken-over accounts: who steals, what they know, and how they shop with it.

use super::Scenario;
use super::chance::Chance;
use super::places::{self, Land};
use super::shopper::{self, Device, Shopper};
use crate::domain::contact::{Email, Phone};
use crate::domain::geo::Address;
use crate::domain::submission::Card;
use crate::domain::time::{DAY_MS, HOUR_MS};
use std::net::IpAddr;

/// Thefts of cards a day for each shopper of the population. Assumption.
const STOLEN_CARDS_A_DAY: f64 = 5.0e-5;
/// Accounts taken over a day for each shopper. Assumption.
const TAKEOVERS_A_DAY: f64 = 3.6e-5;
/// Shoppers for each gang of thieves that is at work at a time. Assumption.
const SHOPPERS_A_RING: usize = 1_500;

/// Thieves who work together for some weeks and share devices, phones and places to which goods are sent.
#[derive(Debug)]
struct Ring {
    devices: Vec<Device>,
    drops: Vec<Address>,
    phones: Vec<Phone>,
    until_ms: i64,
}

/// One stolen card or taken-over account and how it is used.
#[derive(Debug)]
pub struct Theft {
    /// Which of the two.
    pub scenario: Scenario,
    /// The shopper who is robbed, where it is one of the population, and the account that is taken over.
    pub victim: Option<(usize, Option<usize>)>,
    /// Whether the thief takes pains to look like anyone else.
    pub careful: bool,
    /// The name that is given.
    pub name: (Box<str>, Box<str>),
    /// The mailbox that is given.
    pub email: Email,
    /// The phone number that is given.
    pub phone: Phone,
    /// The address that the card's bill goes to, as far as the thief knows it.
    pub billing: Address,
    /// Where the goods go.
    pub shipping: Address,
    /// The card.
    pub card: Card,
    /// The device.
    pub device: Device,
    /// The network address.
    pub ip_address: IpAddr,
    /// Where the thief pretends to be.
    pub land: &'static Land,
    /// Amounts relative to what the shops usually sell.
    pub amount_factor: f64,
}

/// All thieves.
#[derive(Debug)]
pub struct Underworld {
    rings: Vec<Ring>,
    /// The next phone number that nobody has.
    next_phone: u64,
}

impl Underworld {
    /// The thieves among a number of shoppers.
    pub fn new(shoppers: usize) -> Self {
        let rings = (0..1 + shoppers / SHOPPERS_A_RING)
            .map(|_| Ring { devices: Vec::new(), drops: Vec::new(), phones: Vec::new(), until_ms: 0 })
            .collect();
        Self { rings, next_phone: shoppers as u64 }
    }

    /// The thefts of the day that begins at `day_ms`, each with the times at which it is used.
    pub fn day(&mut self, chance: &mut Chance, shoppers: &[Shopper], day_ms: i64) -> Vec<(Theft, Vec<i64>)> {
        let many = shoppers.len() as f64;
        let stolen = chance.poisson(many * STOLEN_CARDS_A_DAY);
        let taken = chance.poisson(many * TAKEOVERS_A_DAY);
        let kinds = (0..stolen).map(|_| Scenario::StolenCard).chain((0..taken).map(|_| Scenario::AccountTakeover));
        kinds
            .filter_map(|scenario| {
                let theft = self.theft(chance, shoppers, scenario, day_ms)?;
                let times = times(chance, &theft, day_ms);
                Some((theft, times))
            })
            .collect()
    }

    fn theft(&mut self, chance: &mut Chance, shoppers: &[Shopper], scenario: Scenario, day_ms: i64) -> Option<Theft> {
        let victim = victim(chance, shoppers, scenario, day_ms);
        if scenario == Scenario::AccountTakeover && victim.is_none() {
            return None;
        }
        let robbed = victim.map(|(place, _)| &shoppers[place]);
        let land = robbed.map_or_else(|| places::land(chance), |shopper| shopper.land);
        let careful = chance.happens(0.6);
        let name = robbed.map_or_else(|| places::name(chance), |shopper| shopper.name.clone());
        let billing = match robbed {
            Some(shopper) if chance.happens(0.8) => shopper.home.clone(),
            _ => places::address(chance, land),
        };
        let ring = if chance.happens(0.5) { Some(self.ring(chance, land, day_ms)?) } else { None };
        let own = |chance: &mut Chance, usual: f64| careful && chance.happens(usual);
        let shipping = match ring {
            _ if own(chance, 0.65) || chance.happens(0.2) => billing.clone(),
            Some(ring) => chance.pick(&self.rings[ring].drops).clone(),
            None => {
                let near = if chance.happens(0.8) { land } else { places::land(chance) };
                places::address(chance, near)
            }
        };
        let device = match ring {
            Some(ring) if !own(chance, 0.6) => chance.pick(&self.rings[ring].devices).clone(),
            _ => Device::new(chance),
        };
        let keeps = scenario == Scenario::AccountTakeover;
        let email = match robbed {
            Some(shopper) if keeps && chance.happens(0.75) => shopper.email.clone(),
            _ if own(chance, 0.9) || chance.happens(0.45) => {
                Email::parse(&places::mailbox(chance, &name.0, &name.1)).ok()?
            }
            _ => Email::parse(&places::throwaway_mailbox(chance)).ok()?,
        };
        let phone = match (robbed, ring) {
            (Some(shopper), _) if keeps && chance.happens(0.6) => shopper.phone.clone(),
            (_, Some(ring)) if chance.happens(0.7) => chance.pick(&self.rings[ring].phones).clone(),
            _ => self.new_phone(land)?,
        };
        Some(Theft {
            scenario,
            victim,
            careful,
            name,
            email,
            phone,
            billing,
            shipping,
            card: card(chance, robbed, land, keeps),
            device,
            ip_address: ip_address(chance, careful),
            land,
            amount_factor: if careful { chance.between(0.7, 1.4) } else { chance.between(1.0, 3.2) },
        })
    }

    /// The place of a ring that is at work; one whose time is over begins anew with other things.
    fn ring(&mut self, chance: &mut Chance, land: &'static Land, day_ms: i64) -> Option<usize> {
        let place = chance.below(self.rings.len());
        if self.rings[place].until_ms <= day_ms {
            let phones = (0..2).map(|_| self.new_phone(land)).collect::<Option<_>>()?;
            self.rings[place] = Ring {
                devices: (0..3).map(|_| Device::new(chance)).collect(),
                drops: (0..4).map(|_| places::address(chance, land)).collect(),
                phones,
                until_ms: day_ms + (chance.between(20.0, 70.0) * DAY_MS as f64) as i64,
            };
        }
        Some(place)
    }

    fn new_phone(&mut self, land: &Land) -> Option<Phone> {
        self.next_phone += 1;
        Phone::parse(&places::phone(land, self.next_phone)).ok()
    }
}

/// Who is robbed: for a takeover someone with an account of some age and orders; half of the stolen cards come from
/// outside the population.
fn victim(
    chance: &mut Chance,
    shoppers: &[Shopper],
    scenario: Scenario,
    day_ms: i64,
) -> Option<(usize, Option<usize>)> {
    if scenario == Scenario::StolenCard {
        return chance.happens(0.5).then(|| (chance.below(shoppers.len()), None));
    }
    for _ in 0..50 {
        let place = chance.below(shoppers.len());
        let accounts = &shoppers[place].accounts;
        if accounts.is_empty() {
            continue;
        }
        let account = chance.below(accounts.len());
        let old = accounts[account].created_at.ms() < day_ms - 180 * DAY_MS;
        if old && accounts[account].orders() >= 1 {
            return Some((place, Some(account)));
        }
    }
    None
}

fn card(chance: &mut Chance, robbed: Option<&Shopper>, land: &Land, keeps: bool) -> Card {
    match robbed.and_then(|shopper| shopper.cards.first()) {
        Some(card) if !keeps || chance.happens(0.6) => card.clone(),
        _ => shopper::card(chance, land, 0.0, 0.4),
    }
}

fn ip_address(chance: &mut Chance, careful: bool) -> IpAddr {
    match chance.unit() {
        u if u < 0.3 && !careful => places::hosted_ip(chance),
        u if u < 0.55 => places::mobile_ip(chance),
        _ => {
            let household = chance.below(1 << 24) as u32;
            places::home_ip(chance, household)
        }
    }
}

/// When it is used: in a burst of hours across shops, or once or twice by the careful.
fn times(chance: &mut Chance, theft: &Theft, day_ms: i64) -> Vec<i64> {
    let mean = match (theft.careful, theft.scenario) {
        (true, _) => 0.4,
        (false, Scenario::StolenCard) => 2.2,
        (false, _) => 1.0,
    };
    let hour = if theft.careful { (17.0 + 4.0 * chance.normal()).rem_euclid(24.0) } else { chance.between(-2.0, 22.0) };
    let mut at_ms = day_ms + ((hour.max(0.0) + 0.01) * HOUR_MS as f64) as i64;
    let mut times = vec![at_ms];
    for _ in 0..chance.poisson(mean).min(9) {
        at_ms += 60_000 + (chance.exponential(if theft.careful { 30.0 } else { 2.5 }) * HOUR_MS as f64) as i64;
        times.push(at_ms);
    }
    times
}
