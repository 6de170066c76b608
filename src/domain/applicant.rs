//! Who is verified: what the customer said of themselves, for the providers to ask and for their answers to be compared
//! with. Personal, so it is read from the erasable subject when it is needed and kept nowhere else.

use super::contact::{Email, Phone};
use super::geo::Country;
use super::submission::Submission;
use std::fmt;

/// What the customer said of themselves.
#[derive(Clone, PartialEq, Default)]
pub struct Applicant {
    /// Given name.
    pub given_name: Option<Box<str>>,
    /// Family name.
    pub family_name: Option<Box<str>>,
    /// Date of birth.
    pub birth_date: Option<jiff::civil::Date>,
    /// Phone number.
    pub phone: Option<Phone>,
    /// E-mail address.
    pub email: Option<Email>,
    /// The customer's language as a BCP 47 tag, such as `fr-FR`.
    pub locale: Option<Box<str>>,
    /// Where the customer is.
    pub country: Option<Country>,
    /// Where the customer goes back to the shop.
    pub return_url: Option<Box<str>>,
}

impl Applicant {
    /// The applicant of a submission.
    pub fn of(submission: &Submission) -> Self {
        let Submission { purchase, customer, context, .. } = submission;
        let addresses = [&purchase.billing_address, &purchase.shipping_address, &customer.address];
        Self {
            given_name: customer.given_name.clone(),
            family_name: customer.family_name.clone(),
            birth_date: customer.birth_date,
            phone: customer.phone.clone(),
            email: customer.email.clone(),
            locale: context.locale.clone(),
            country: addresses.into_iter().flatten().find_map(|address| address.country),
            return_url: context.return_url.clone(),
        }
    }
}

impl fmt::Debug for Applicant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Applicant(…)")
    }
}
