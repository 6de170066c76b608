//! How the customer can be reached: what the e-mail address and the phone number look like, and where they belong.

use super::mailbox::{HostKind, Mailbox};
use super::phone::{self, PhoneFacts};
use super::scene::Scene;
use super::{Feature, boolean, category, number};
use crate::domain::geo::Country;
use crate::domain::reason::ReasonCode as Reason;

pub(super) const ABOUT: &str = "What the e-mail address and the phone number look like. A domain is kept only where it \
     is a well-known host's: one's own domain is a personal datum.";

const NO_EMAIL: &str = "No e-mail address was given.";
const NO_PHONE: &str = "No phone number was given.";
const NO_NAME: &str = "No e-mail address was given, or no name of at least three Latin letters.";
const NO_PLACE: &str = "The phone number belongs to no country, or the other country was not given.";

pub(super) const FEATURES: &[Feature] = &[
    boolean(501, "email_known", Reason::CUSTOMER_DETAILS, |s| Some(s.mailbox.is_some()))
        .says("Whether an e-mail address was given.", "Never."),
    category(502, "email_host_kind", Reason::EMAIL_UNUSUAL, |s| Some(mailbox(s)?.host_kind().name()))
        .one_of(HostKind::NAMES)
        .says("Whose host it is: a free mailbox, a disposable one, or one's own (any other).", NO_EMAIL),
    category(503, "email_provider", Reason::EMAIL_UNUSUAL, |s| mailbox(s)?.provider())
        .says("The provider of a free mailbox.", "No e-mail address was given, or its host is not a free one."),
    category(504, "email_top_level_domain", Reason::EMAIL_UNUSUAL, |s| Some(mailbox(s)?.top_level_domain()))
        .says("The last label of the domain, such as `fr`.", NO_EMAIL),
    number(505, "email_local_length_chars", "characters", Reason::EMAIL_UNUSUAL, |s| {
        Some(mailbox(s)?.local.chars().count() as f64)
    })
    .says("The length of the part before the `@`.", NO_EMAIL),
    number(506, "email_local_digit_count", "digits", Reason::EMAIL_UNUSUAL, |s| Some(mailbox(s)?.digits() as f64))
        .says("How many digits stand before the `@`.", NO_EMAIL),
    number(507, "email_local_digit_share", "share of the characters", Reason::EMAIL_UNUSUAL, |s| {
        let mailbox = mailbox(s)?;
        Some(mailbox.digits() as f64 / mailbox.local.chars().count().max(1) as f64)
    })
    .says("The share of digits before the `@`.", NO_EMAIL),
    number(508, "email_local_consonant_run", "letters", Reason::EMAIL_UNUSUAL, |s| {
        Some(mailbox(s)?.longest_consonant_run() as f64)
    })
    .says("The longest run of consonants before the `@`: long in addresses typed at random.", NO_EMAIL),
    boolean(509, "email_has_tag", Reason::EMAIL_UNUSUAL, |s| Some(mailbox(s)?.local.contains('+')))
        .says("Whether a `+tag` stands before the `@`.", NO_EMAIL),
    boolean(510, "given_name_in_email", Reason::EMAIL_UNUSUAL, |s| {
        mailbox(s)?.holds(s.submission.customer.given_name.as_deref()?)
    })
    .says("Whether the given name stands before the `@`, accents apart.", NO_NAME),
    boolean(511, "family_name_in_email", Reason::EMAIL_UNUSUAL, |s| {
        mailbox(s)?.holds(s.submission.customer.family_name.as_deref()?)
    })
    .says("Whether the family name stands before the `@`, accents apart.", NO_NAME),
    boolean(512, "phone_known", Reason::CUSTOMER_DETAILS, |s| Some(s.phone.is_some()))
        .says("Whether a phone number was given.", "Never."),
    boolean(513, "phone_valid", Reason::PHONE_UNUSUAL, |s| Some(phone(s)?.kind.is_some()))
        .says("Whether the number can exist by its country's numbering plan.", NO_PHONE),
    category(514, "phone_kind", Reason::PHONE_UNUSUAL, |s| phone(s)?.kind)
        .one_of(phone::KINDS)
        .says("What kind of line it is.", "No phone number was given, or it cannot exist."),
    category(515, "phone_country", Reason::PHONE_UNUSUAL, |s| Some(phone(s)?.country.as_ref()?.code()))
        .says("The country of the number, by ISO 3166-1 alpha-2.", "No phone number was given, or it has no country."),
    boolean(516, "phone_country_is_billing", Reason::PHONE_UNUSUAL, |s| {
        same_country(s, s.submission.purchase.billing_address.as_ref()?.country)
    })
    .says("Whether the number is from the country the bill goes to.", NO_PLACE),
    boolean(517, "phone_country_is_shipping", Reason::PHONE_UNUSUAL, |s| {
        same_country(s, s.submission.purchase.shipping_address.as_ref()?.country)
    })
    .says("Whether the number is from the country the goods go to.", NO_PLACE),
    boolean(518, "phone_country_is_card", Reason::PHONE_UNUSUAL, |s| {
        same_country(s, s.submission.purchase.card.as_ref()?.bin_country)
    })
    .says("Whether the number is from the country of the card's bank.", NO_PLACE),
];

fn mailbox<'s, 'a>(scene: &'s Scene<'a>) -> Option<&'s Mailbox<'a>> {
    scene.mailbox.as_ref()
}

fn phone<'s>(scene: &'s Scene<'_>) -> Option<&'s PhoneFacts> {
    scene.phone.as_ref()
}

fn same_country(scene: &Scene<'_>, other: Option<Country>) -> Option<bool> {
    Some(phone(scene)?.country? == other?)
}
