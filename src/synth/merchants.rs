//! The shops: what they sell, at what prices, where, and what draws thieves to them.

use super::chance::Chance;
use super::places::{self, Land};
use crate::domain::ids::MerchantId;
use jiff::tz::TimeZone;

/// What a shop sells. All of it is assumption.
#[derive(Debug)]
pub struct Category {
    /// The name in requests.
    pub name: &'static str,
    /// Kinds of goods, the dearest first.
    pub goods: [&'static str; 3],
    /// The median amount of a purchase, in cents.
    pub median_minor: f64,
    /// How widely amounts spread: the deviation of their logarithm.
    pub sigma: f64,
    /// How well the goods can be sold on: the weight with which a thief chooses such a shop.
    pub appeal: f64,
    /// How often goods are sent back.
    pub returns: f64,
    /// What the category adds to the log-odds of a default.
    pub credit_risk: f64,
    /// How much of all shopping it is.
    pub weight: f64,
}

/// All categories.
pub const CATEGORIES: [Category; 12] = [
    Category {
        name: "electronics",
        goods: ["laptops", "phones", "accessories"],
        median_minor: 21_000.0,
        sigma: 0.75,
        appeal: 5.0,
        returns: 0.07,
        credit_risk: 0.35,
        weight: 1.6,
    },
    Category {
        name: "fashion",
        goods: ["coats", "shoes", "shirts"],
        median_minor: 9_000.0,
        sigma: 0.55,
        appeal: 1.0,
        returns: 0.24,
        credit_risk: 0.15,
        weight: 2.4,
    },
    Category {
        name: "furniture",
        goods: ["sofas", "tables", "lamps"],
        median_minor: 32_000.0,
        sigma: 0.70,
        appeal: 0.2,
        returns: 0.06,
        credit_risk: -0.10,
        weight: 1.0,
    },
    Category {
        name: "appliances",
        goods: ["washing_machines", "vacuum_cleaners", "kettles"],
        median_minor: 27_000.0,
        sigma: 0.65,
        appeal: 0.9,
        returns: 0.05,
        credit_risk: 0.0,
        weight: 0.9,
    },
    Category {
        name: "travel",
        goods: ["flights", "hotels", "luggage"],
        median_minor: 38_000.0,
        sigma: 0.70,
        appeal: 1.2,
        returns: 0.08,
        credit_risk: 0.20,
        weight: 0.8,
    },
    Category {
        name: "jewellery",
        goods: ["watches", "rings", "earrings"],
        median_minor: 19_000.0,
        sigma: 0.80,
        appeal: 3.5,
        returns: 0.06,
        credit_risk: 0.20,
        weight: 0.4,
    },
    Category {
        name: "sports",
        goods: ["bicycles", "skis", "running_shoes"],
        median_minor: 12_000.0,
        sigma: 0.75,
        appeal: 1.4,
        returns: 0.12,
        credit_risk: -0.05,
        weight: 1.1,
    },
    Category {
        name: "beauty",
        goods: ["perfume", "devices", "care"],
        median_minor: 7_000.0,
        sigma: 0.45,
        appeal: 1.3,
        returns: 0.05,
        credit_risk: 0.15,
        weight: 1.0,
    },
    Category {
        name: "garden",
        goods: ["mowers", "barbecues", "plants"],
        median_minor: 14_000.0,
        sigma: 0.70,
        appeal: 0.3,
        returns: 0.05,
        credit_risk: -0.30,
        weight: 0.7,
    },
    Category {
        name: "toys",
        goods: ["consoles", "building_sets", "puzzles"],
        median_minor: 9_500.0,
        sigma: 0.60,
        appeal: 1.5,
        returns: 0.07,
        credit_risk: 0.10,
        weight: 0.8,
    },
    Category {
        name: "tools",
        goods: ["saws", "drills", "ladders"],
        median_minor: 13_000.0,
        sigma: 0.65,
        appeal: 1.2,
        returns: 0.06,
        credit_risk: -0.20,
        weight: 0.8,
    },
    Category {
        name: "optics",
        goods: ["glasses", "sunglasses", "lenses"],
        median_minor: 17_000.0,
        sigma: 0.45,
        appeal: 0.3,
        returns: 0.03,
        credit_risk: -0.25,
        weight: 0.5,
    },
];

/// Shops of one category.
const SHOPS_A_CATEGORY: usize = 4;
const HOUSES: [&str; 12] = [
    "orlac", "belmar", "tivane", "kestrel", "dorrin", "lumeo", "sarvel", "quillon", "vastra", "meridel", "fennix",
    "jorvane",
];

/// A shop.
#[derive(Debug)]
pub struct Merchant {
    /// Its name: the tenant.
    pub id: MerchantId,
    /// What it sells.
    pub category: &'static Category,
    /// Its prices relative to the category's.
    pub price_level: f64,
    /// Where it is.
    pub land: &'static Land,
    /// By which clock it lives.
    pub time_zone: TimeZone,
    /// How much is bought there, relative to others.
    pub size: f64,
    /// The share of its purchases made at a till.
    pub in_store: f64,
    /// How many tills it has.
    pub tills: usize,
    /// The share of first purchases made without an account.
    pub guests: f64,
    /// Whether its checkout asks for the date of birth and for the phone number.
    pub asks: Asks,
}

/// What a shop's checkout asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asks {
    /// The date of birth.
    pub birth_date: bool,
    /// The phone number.
    pub phone: bool,
    /// A billing address of its own.
    pub billing: bool,
}

/// All shops, largest categories not first: in the order of [`CATEGORIES`].
pub fn all(chance: &mut Chance) -> Vec<Merchant> {
    let places = CATEGORIES.iter().flat_map(|category| (0..SHOPS_A_CATEGORY).map(move |shop| (category, shop)));
    places
        .enumerate()
        .filter_map(|(at, (category, shop))| {
            let land = if shop < 2 { &places::LANDS[0] } else { places::land(chance) };
            let house = HOUSES[at % HOUSES.len()];
            Some(Merchant {
                id: MerchantId::parse(&format!("{house}-{}-{}", category.name, land.code.to_lowercase())).ok()?,
                category,
                price_level: chance.log_normal(1.0, 0.25),
                land,
                time_zone: TimeZone::get(land.zone).unwrap_or(TimeZone::UTC),
                size: chance.log_normal(1.0, 0.6) * category.weight,
                in_store: if chance.happens(0.4) { chance.between(0.05, 0.4) } else { 0.0 },
                tills: 2 + chance.below(7),
                guests: chance.between(0.1, 0.5),
                asks: Asks {
                    birth_date: chance.happens(0.6),
                    phone: chance.happens(0.9),
                    billing: chance.happens(0.8),
                },
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::snake;

    #[test]
    fn shops_have_names_of_their_own_and_clocks() {
        let shops = all(&mut Chance::new(7, 0));
        let names: std::collections::BTreeSet<_> = shops.iter().map(|shop| shop.id.as_str()).collect();
        assert_eq!(names.len(), CATEGORIES.len() * SHOPS_A_CATEGORY);
        for shop in &shops {
            assert_ne!(shop.time_zone, TimeZone::UTC, "{}", shop.id);
            assert!(
                snake(shop.category.name, 40).is_ok() && shop.category.goods.iter().all(|name| snake(name, 40).is_ok())
            );
        }
    }
}
