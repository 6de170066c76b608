//! What can be bought, by whom, and where that leads under the shipped models and policy. Each purchase gets names of its own,
//! so that nobody is counted twice.

use crate::domain::time::{DAY_MS, Timestamp};
use serde_json::{Value, json};

/// A person and a basket, and what becomes of them.
#[derive(Debug)]
pub struct Story {
    /// The name in addresses.
    pub name: &'static str,
    /// What happens, in a few words.
    pub title: &'static str,
    /// Why, and what to do.
    pub what: &'static str,
    /// The basket.
    pub basket: Basket,
    /// Who buys.
    pub person: Person,
    /// How many instalments are chosen at first.
    pub instalments: u32,
    /// A basket that the same person has just paid in one go: it counts.
    pub before: Option<Basket>,
}

/// One article.
#[derive(Debug, Clone, Copy)]
pub struct Basket {
    /// What it is called.
    pub title: &'static str,
    /// What it is.
    pub category: &'static str,
    /// What the shop sells there.
    pub department: &'static str,
    /// Its price in cents.
    pub amount_minor: i64,
}

/// Who buys, and how.
#[derive(Debug)]
pub struct Person {
    /// The given name.
    pub given_name: &'static str,
    /// The family name.
    pub family_name: &'static str,
    /// Year, month and day of birth.
    pub birth_date: &'static str,
    /// The street, without a number.
    pub street: &'static str,
    /// The town.
    pub city: &'static str,
    /// The postal code.
    pub postal_code: &'static str,
    /// The country: ISO 3166-1.
    pub country: &'static str,
    /// Street, town, postal code and country of where the goods go, if that is elsewhere.
    pub ships_to: Option<(&'static str, &'static str, &'static str, &'static str)>,
    /// How the goods travel.
    pub shipping: &'static str,
    /// The country of the card's bank, and how it is funded.
    pub card: (&'static str, &'static str),
    /// Since when there is an account, in days, and what became of earlier orders; `None`: a guest.
    pub account: Option<(i64, &'static [&'static str])>,
    /// Whether phone and e-mail are those of nobody.
    pub shady: bool,
}

const TABLE: Basket =
    Basket { title: "Oak side table", category: "tables", department: "furniture", amount_minor: 24_000 };
const ESPRESSO: Basket =
    Basket { title: "Espresso machine", category: "coffee_machines", department: "appliances", amount_minor: 48_000 };
const PHONE: Basket =
    Basket { title: "Phone, 512 GB", category: "phones", department: "electronics", amount_minor: 98_000 };
const PHONES: Basket =
    Basket { title: "Two phones, 512 GB", category: "phones", department: "electronics", amount_minor: 248_000 };
const SOFA: Basket = Basket { title: "Sofa", category: "sofas", department: "furniture", amount_minor: 60_000 };
const WARDROBE: Basket =
    Basket { title: "Wardrobe", category: "wardrobes", department: "furniture", amount_minor: 140_000 };

const ADA: Person = Person {
    given_name: "Ada",
    family_name: "Martin",
    birth_date: "1985-12-10",
    street: "rue du Bac",
    city: "Paris",
    postal_code: "75007",
    country: "FR",
    ships_to: None,
    shipping: "standard",
    card: ("FR", "debit"),
    account: Some((1_000, &["COMPLETED", "COMPLETED"])),
    shady: false,
};
const CAMILLE: Person = Person {
    given_name: "Camille",
    family_name: "Martin",
    birth_date: "1990-05-14",
    street: "rue Nationale",
    city: "Lille",
    postal_code: "59000",
    country: "FR",
    ships_to: Some(("Hafenstrasse", "Hamburg", "20457", "DE")),
    shipping: "standard",
    card: ("FR", "credit"),
    account: None,
    shady: false,
};
const NINA: Person = Person {
    given_name: "Nina",
    family_name: "Robert",
    birth_date: "1996-02-08",
    street: "rue des Lilas",
    city: "Nantes",
    postal_code: "44000",
    country: "FR",
    ships_to: None,
    shipping: "standard",
    card: ("FR", "prepaid"),
    account: Some((60, &["DISPUTED", "RETURNED", "COMPLETED"])),
    shady: false,
};

/// All of them, in the order of the page.
pub const STORIES: &[Story] = &[
    Story {
        name: "accepted",
        title: "Accepted at once",
        what: "A regular customer, known for years.",
        basket: TABLE,
        person: ADA,
        instalments: 3,
        before: None,
    },
    Story {
        name: "code",
        title: "Asked for a code",
        what: "A guest has an espresso machine sent abroad. The code of every text message is 123456; once it is right, the purchase is \
            accepted.",
        basket: ESPRESSO,
        person: CAMILLE,
        instalments: 4,
        before: None,
    },
    Story {
        name: "document",
        title: "Asked for a code, then for an identity document",
        what: "The same guest buys a phone, in a hurry. The page of the identity check is a mock: it says how the check ends.",
        basket: PHONE,
        person: Person { shipping: "express", ..CAMILLE },
        instalments: 4,
        before: None,
    },
    Story {
        name: "bank",
        title: "Asked for the bank history",
        what: "Somebody who has just bought a wardrobe wants a sofa in ten instalments. The bank's page is a mock: the bank \
            that is chosen decides what it says.",
        basket: SOFA,
        person: NINA,
        instalments: 10,
        before: Some(WARDROBE),
    },
    Story {
        name: "declined",
        title: "Declined, with reasons",
        what: "Most of this customer's earlier orders were disputed. Paying in one go stays open, and so does asking for a \
            person's review.",
        basket: SOFA,
        person: Person { account: Some((60, &["DISPUTED", "DISPUTED", "COMPLETED"])), ..NINA },
        instalments: 4,
        before: None,
    },
    Story {
        name: "stolen",
        title: "Declined as fraud",
        what: "A stolen card, a parcel locker, an e-mail address that nobody reads. The customer is not told why.",
        basket: PHONES,
        person: Person {
            given_name: "Paul",
            family_name: "Lefevre",
            ships_to: Some(("Parcel locker, Hafenstrasse", "Hamburg", "20457", "DE")),
            shipping: "express",
            card: ("US", "credit"),
            shady: true,
            ..CAMILLE
        },
        instalments: 4,
        before: None,
    },
];

impl Story {
    /// The one of this name; the first where there is none.
    pub fn named(name: &str) -> &'static Self {
        STORIES.iter().find(|story| story.name == name).unwrap_or(&STORIES[0])
    }

    /// The e-mail address of the person's purchase with this number.
    pub fn email(&self, number: u32) -> String {
        if self.person.shady {
            return format!("qz{number}@example.com");
        }
        // Digits before the @ would look odd to the fraud model.
        format!("{}.{}@m{number:08x}.example.org", self.person.given_name, self.person.family_name).to_lowercase()
    }

    /// The phone number. Its last four digits choose how text messages go; they choose nothing unless `tail` is given.
    pub fn phone(&self, number: u32, tail: Option<&str>) -> String {
        let own = format!("{:04}", 1_000 + number % 9_000);
        // These numbers are never given to anybody.
        let prefix = if self.person.shady { "+4915123450" } else { "+3363998" };
        format!("{prefix}{}", tail.unwrap_or(&own))
    }

    /// The street with a number.
    pub fn line1(&self, number: u32) -> String {
        format!("{} {}", 1 + number % 9_998, self.person.street)
    }

    /// What a gateway knows beside the form: a DecideRequest in proto3 JSON, but for what the customer enters.
    pub fn request(&self, basket: Basket, number: u32, now: Timestamp) -> Value {
        let person = &self.person;
        let mut request = json!({
            "purchase": {
                "amount": { "amountMinor": basket.amount_minor, "currency": "EUR" },
                "merchantCategory": basket.department,
                "items": [{
                    "title": basket.title, "category": basket.category, "quantity": 1, "unitPriceMinor": basket.amount_minor,
                }],
                "shippingMethod": person.shipping,
                "card": {
                    "fingerprint": format!("card-{number:08x}"), "binCountry": person.card.0, "funding": person.card.1,
                },
            },
            "customer": { "customerId": format!("customer-{number:08x}"), "history": person.history(now) },
            "context": {
                "ipAddress": format!("2001:db8:{:x}:{:x}::1", number >> 16, number & 0xffff),
                "deviceId": format!("device-{number:08x}"),
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "origin": "ORIGIN_WEB",
            },
        });
        if let Some((street, city, postal_code, country)) = person.ships_to {
            request["purchase"]["shippingAddress"] = json!({
                "line1": format!("{} {street}", 1 + number % 9_998), "city": city, "postalCode": postal_code,
                "country": country,
            });
        }
        request
    }
}

impl Person {
    fn history(&self, now: Timestamp) -> Value {
        let Some((days, orders)) = self.account else { return json!({ "guest": true }) };
        let before = |days: i64| now.plus_ms(-days * DAY_MS).to_string();
        let order = |(at, status): (usize, &&str)| {
            json!({
                "orderedAt": before(50 - 2 * at as i64),
                "amount": { "amountMinor": 18_900, "currency": "EUR" },
                "status": format!("ORDER_STATUS_{status}"),
            })
        };
        let orders: Vec<_> = orders.iter().enumerate().map(order).collect();
        json!({ "createdAt": before(days), "guest": false, "orders": orders })
    }
}
