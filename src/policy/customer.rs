//! What concerns the customer beyond the decision: what they are told about the merchant, when they are awake, and what
//! happens to their plan by itself.

use super::check::Checker;
use super::file::{ServicingEntry, StorefrontEntry};
use crate::domain::contact::Email;
use crate::domain::geo::Country;
use crate::domain::plan::Servicing;
use crate::domain::storefront::Storefront;
use crate::domain::text;
use crate::text::Refusal;
use crate::text::yaml::Placed;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::collections::BTreeMap;

/// The longest name of a shop, in characters.
const MAX_NAME: usize = 60;
/// The most reminders of one due date.
const MAX_REMINDERS: usize = 4;
/// The earliest reminder, in hours before the due date.
const MAX_REMINDER_HOURS: u16 = 24 * 14;
/// The most days by which a due date may be moved.
const MAX_MOVABLE_DAYS: u8 = 60;

/// The time zones of countries that have one, by ISO 3166-1 and IANA: of those with islands far away, the mainland's.
const ZONES: &[(&str, &str)] = &[
    ("AT", "Europe/Vienna"),
    ("BE", "Europe/Brussels"),
    ("BG", "Europe/Sofia"),
    ("CH", "Europe/Zurich"),
    ("CY", "Asia/Nicosia"),
    ("CZ", "Europe/Prague"),
    ("DE", "Europe/Berlin"),
    ("DK", "Europe/Copenhagen"),
    ("EE", "Europe/Tallinn"),
    ("ES", "Europe/Madrid"),
    ("FI", "Europe/Helsinki"),
    ("FR", "Europe/Paris"),
    ("GB", "Europe/London"),
    ("GF", "America/Cayenne"),
    ("GP", "America/Guadeloupe"),
    ("GR", "Europe/Athens"),
    ("HR", "Europe/Zagreb"),
    ("HU", "Europe/Budapest"),
    ("IE", "Europe/Dublin"),
    ("IS", "Atlantic/Reykjavik"),
    ("IT", "Europe/Rome"),
    ("LI", "Europe/Vaduz"),
    ("LT", "Europe/Vilnius"),
    ("LU", "Europe/Luxembourg"),
    ("LV", "Europe/Riga"),
    ("MC", "Europe/Monaco"),
    ("MQ", "America/Martinique"),
    ("MT", "Europe/Malta"),
    ("NL", "Europe/Amsterdam"),
    ("NO", "Europe/Oslo"),
    ("PL", "Europe/Warsaw"),
    ("PT", "Europe/Lisbon"),
    ("RE", "Indian/Reunion"),
    ("RO", "Europe/Bucharest"),
    ("SE", "Europe/Stockholm"),
    ("SI", "Europe/Ljubljana"),
    ("SK", "Europe/Bratislava"),
    ("YT", "Indian/Mayotte"),
];

/// [`ZONES`], read.
pub(super) fn zones() -> BTreeMap<Country, TimeZone> {
    let database = TimeZoneDatabase::bundled();
    ZONES.iter().filter_map(|(country, zone)| Some((Country::parse(country).ok()?, database.get(zone).ok()?))).collect()
}

impl Checker<'_> {
    pub(super) fn storefront(&self, entry: &StorefrontEntry) -> Result<Storefront, Refusal> {
        let name = entry.name.value.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(self.expected(&entry.name, "a name of 1 to 60 characters", ""));
        }
        self.parsed(&entry.support_email, Email::parse(&entry.support_email.value))?;
        let optional = |url: &Option<Placed<String>>| url.as_ref().map(|url| self.web_address(url)).transpose();
        Ok(Storefront {
            name: name.into(),
            support_email: entry.support_email.value.as_str().into(),
            support_url: optional(&entry.support_url)?,
            privacy_url: self.web_address(&entry.privacy_url)?,
            terms_url: self.web_address(&entry.terms_url)?,
            card_change_url: optional(&entry.card_change_url)?,
        })
    }

    fn web_address(&self, url: &Placed<String>) -> Result<Box<str>, Refusal> {
        let plain = url.value.replace(Storefront::PLAN, "x");
        self.parsed(url, text::web_address(&plain))?;
        Ok(url.value.as_str().into())
    }

    pub(super) fn servicing(&self, entry: &ServicingEntry) -> Result<Servicing, Refusal> {
        let mut reminder_hours = vec![96, 72];
        if let Some(hours) = &entry.reminder_hours {
            self.at_most(hours.len(), MAX_REMINDERS, "reminders")?;
            let hours = hours.iter().map(|hour| self.bounded_or(Some(hour), 1..=MAX_REMINDER_HOURS, 1, "hours"));
            reminder_hours = hours.collect::<Result<_, _>>()?;
        }
        // The earliest first, each once.
        reminder_hours.sort_unstable_by(|a, b| b.cmp(a));
        reminder_hours.dedup();
        let hour =
            |value: &Option<Placed<i8>>, otherwise| self.bounded_or(value.as_ref(), 0..=23, otherwise, "o'clock");
        Ok(Servicing {
            reminder_hours: reminder_hours.into(),
            movable_days: self.bounded_or(entry.movable_days.as_ref(), 0..=MAX_MOVABLE_DAYS, 15, "days")?,
            due_hour: hour(&entry.due_hour, 9)?,
            quiet_from_hour: hour(&entry.quiet_from_hour, 21)?,
            quiet_until_hour: hour(&entry.quiet_until_hour, 8)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_the_table_is_known() {
        assert_eq!(zones().len(), ZONES.len());
        let paris = Country::parse("FR").unwrap();
        assert_eq!(zones()[&paris].iana_name(), Some("Europe/Paris"));
    }
}
