//! The customer: which details were given, and whether they look like details.

use super::{Feature, boolean, number};
use crate::domain::reason::ReasonCode as Reason;
use crate::domain::submission::Customer;

pub(super) const ABOUT: &str = "Which details about the customer were given. Who the customer is (age, sex, marital \
     status, nationality, health) is no feature.";

const NO_NAME: &str = "No name was given.";

pub(super) const FEATURES: &[Feature] = &[
    boolean(201, "given_name_known", Reason::CUSTOMER_DETAILS, |s| Some(s.submission.customer.given_name.is_some()))
        .says("Whether the given name was given.", "Never."),
    boolean(202, "family_name_known", Reason::CUSTOMER_DETAILS, |s| Some(s.submission.customer.family_name.is_some()))
        .says("Whether the family name was given.", "Never."),
    boolean(203, "birth_date_known", Reason::CUSTOMER_DETAILS, |s| Some(s.submission.customer.birth_date.is_some()))
        .says("Whether the date of birth was given; the date itself is never read.", "Never."),
    boolean(204, "address_known", Reason::CUSTOMER_DETAILS, |s| Some(s.submission.customer.address.is_some()))
        .says("Whether the customer's own address was given.", "Never."),
    number(205, "details_known_count", "details", Reason::CUSTOMER_DETAILS, |s| {
        let customer = &s.submission.customer;
        let known = [
            customer.given_name.is_some(),
            customer.family_name.is_some(),
            customer.birth_date.is_some(),
            customer.address.is_some(),
            customer.email.is_some(),
            customer.phone.is_some(),
        ];
        Some(known.iter().filter(|known| **known).count() as f64)
    })
    .says("How many of given name, family name, date of birth, address, e-mail and phone were given.", "Never."),
    boolean(206, "name_has_digit", Reason::CUSTOMER_DETAILS, |s| {
        let mut names = names(&s.submission.customer).peekable();
        names.peek()?;
        Some(names.any(|name| name.chars().any(char::is_numeric)))
    })
    .says("Whether a name has a digit in it.", NO_NAME),
    boolean(207, "name_is_one_letter", Reason::CUSTOMER_DETAILS, |s| {
        let mut names = names(&s.submission.customer).peekable();
        names.peek()?;
        Some(names.any(|name| name.chars().filter(|c| c.is_alphabetic()).nth(1).is_none()))
    })
    .says("Whether a name has fewer than two letters.", NO_NAME),
    boolean(208, "names_alike", Reason::CUSTOMER_DETAILS, |s| {
        let customer = &s.submission.customer;
        Some(customer.given_name.as_deref()?.eq_ignore_ascii_case(customer.family_name.as_deref()?))
    })
    .says("Whether given and family name are the same.", "One of them was not given."),
];

fn names(customer: &Customer) -> impl Iterator<Item = &str> {
    [customer.given_name.as_deref(), customer.family_name.as_deref()].into_iter().flatten()
}
