//! The form of the checkout: how it is filled in at first, and what request it makes.

use super::stories::{Basket, Story};
use crate::domain::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

/// What a checkout is asked for by its address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Which purchase.
    pub story: String,
    /// What the phone number is to end in, where that chooses how text messages go.
    pub phone: String,
    /// What makes it another purchase than all others of its kind.
    pub number: Option<u32>,
}

impl Asked {
    /// The address of the same checkout for this purchase.
    pub fn address(&self, number: u32) -> String {
        let story = Story::named(&self.story).name;
        let phone = tail(&self.phone).map_or(String::new(), |tail| format!("&phone={tail}"));
        format!("/checkout?story={story}{phone}&number={number}")
    }
}

/// Four digits that a phone number may end in.
fn tail(text: &str) -> Option<&str> {
    Some(text).filter(|tail| tail.len() == 4 && tail.bytes().all(|b| b.is_ascii_digit()))
}

/// What the customer enters.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Entered {
    /// Which purchase.
    pub story: String,
    /// What makes it another than all others of its kind.
    pub number: u32,
    /// The given name.
    pub given_name: String,
    /// The family name.
    pub family_name: String,
    /// The e-mail address.
    pub email: String,
    /// The phone number.
    pub phone: String,
    /// The day of birth.
    pub birth_date: String,
    /// Number and street.
    pub line1: String,
    /// The town.
    pub city: String,
    /// The postal code.
    pub postal_code: String,
    /// The country: ISO 3166-1.
    pub country: String,
    /// The language of pages and mails.
    pub locale: String,
    /// The plan: instalments, days and months of deferral.
    pub plan: String,
    /// Whether the card can be charged.
    pub card: String,
}

/// The languages of pages and mails: as a browser in the card's country would name them.
pub const LANGUAGES: &[(&str, &str)] = &[("en-FR", "English"), ("fr-FR", "Français")];
/// The value of a card that cannot be charged.
pub const BAD_CARD: &str = "fails";

impl Entered {
    /// The form as the person of a story would fill it in.
    pub fn prefilled(asked: &Asked, number: u32) -> Self {
        let story = Story::named(&asked.story);
        let person = &story.person;
        Self {
            story: story.name.into(),
            number,
            given_name: person.given_name.into(),
            family_name: person.family_name.into(),
            email: story.email(number),
            phone: story.phone(number, tail(&asked.phone)),
            birth_date: person.birth_date.into(),
            line1: story.line1(number),
            city: person.city.into(),
            postal_code: person.postal_code.into(),
            country: person.country.into(),
            locale: LANGUAGES[0].0.into(),
            plan: plan_name(story.instalments, 0, 0),
            card: String::new(),
        }
    }

    /// The shop's own name for the order: the same form sent twice is one order.
    pub fn reference(&self) -> String {
        format!("D-{:08X}", self.number)
    }

    /// The shop's own name for what the same person has just paid in one go.
    pub fn earlier_reference(&self) -> String {
        format!("{}-1", self.reference())
    }

    /// What is bought.
    pub fn story(&self) -> &'static Story {
        Story::named(&self.story)
    }

    /// Where the same checkout begins anew.
    pub fn address(&self) -> String {
        format!("/checkout?story={}&number={}", self.story().name, self.number)
    }

    /// Whether the card can be charged.
    pub fn card_works(&self) -> bool {
        self.card != BAD_CARD
    }

    /// The request that this makes.
    pub fn request(&self, return_url: &str, now: Timestamp) -> Value {
        let story = self.story();
        let mut request = self.of_basket(story.basket, &self.reference(), now);
        request["purchase"]["plan"] = plan(&self.plan, story.instalments);
        request["context"]["returnUrl"] = return_url.into();
        request
    }

    /// The request of what the same person has just paid in one go, if they have.
    pub fn earlier(&self, now: Timestamp) -> Option<Value> {
        let mut request = self.of_basket(self.story().before?, &self.earlier_reference(), now);
        request["purchase"]["plan"] = json!({ "instalmentCount": 1 });
        Some(request)
    }

    fn of_basket(&self, basket: Basket, reference: &str, now: Timestamp) -> Value {
        let mut request = self.story().request(basket, self.number, now);
        request["requestId"] = reference.into();
        request["purchase"]["merchantReference"] = reference.into();
        let customer = [
            ("givenName", &self.given_name),
            ("familyName", &self.family_name),
            ("email", &self.email),
            ("phone", &self.phone),
            ("birthDate", &self.birth_date),
        ];
        given(&mut request["customer"], &customer);
        let mut address = json!({});
        let parts = [
            ("line1", &self.line1),
            ("city", &self.city),
            ("postalCode", &self.postal_code),
            ("country", &self.country),
        ];
        given(&mut address, &parts);
        request["purchase"]["billingAddress"] = address.clone();
        if request["purchase"]["shippingAddress"].is_null() {
            request["purchase"]["shippingAddress"] = address.clone();
            request["customer"]["address"] = address;
        }
        given(&mut request["context"], &[("locale", &self.locale)]);
        request
    }
}

/// Puts in what was given; what is empty is left out.
fn given(into: &mut Value, fields: &[(&str, &String)]) {
    for (name, text) in fields {
        let text = text.trim();
        if !text.is_empty() {
            into[*name] = text.into();
        }
    }
}

/// A plan as the form names it.
pub fn plan_name(instalments: u32, days: u32, months: u32) -> String {
    format!("{instalments}-{days}-{months}")
}

fn plan(name: &str, otherwise: u32) -> Value {
    let mut parts = name.split('-').map(|part| part.parse::<u32>().ok());
    let mut next = || parts.next().flatten();
    match (next(), next(), next()) {
        (Some(count), Some(days), Some(months)) => {
            json!({ "instalmentCount": count, "deferredDays": days, "deferredMonths": months })
        }
        _ => json!({ "instalmentCount": otherwise }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::stories::STORIES;
    use super::*;
    use crate::rpc::convert;
    use crate::rpc::proto::DecideRequest;

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-25T10:00:00Z").unwrap()
    }

    #[test]
    fn every_story_makes_a_request_that_the_server_takes() {
        for name in STORIES.iter().map(|story| story.name) {
            let asked = Asked { story: name.into(), ..Asked::default() };
            let entered = Entered::prefilled(&asked, 0x1234_abcd);
            let whole = entered.request("http://127.0.0.1:8090/orders/order-1", now());
            for request in std::iter::once(whole).chain(entered.earlier(now())) {
                let request: DecideRequest = crate::rpc::json::read(name, &request.to_string()).unwrap();
                if let Err(violations) = convert::submission(&request, now()) {
                    panic!("{name}: {violations:?}");
                }
            }
        }
    }

    #[test]
    fn a_phone_number_ends_as_it_is_asked_to() {
        let asked = |phone: &str| Asked { story: "code".into(), phone: phone.into(), number: None };
        assert!(Entered::prefilled(&asked("0002"), 7).phone.ends_with("0002"));
        assert_eq!(Entered::prefilled(&asked("<b>"), 7).phone, "+33639981007");
    }
}
