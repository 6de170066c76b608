//! Countries and addresses.

use super::Invalid;
use std::fmt;

/// A country by its ISO 3166-1 alpha-2 code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    /// Parses an upper-case code such as `FR`.
    pub fn parse(code: &str) -> Result<Self, Invalid> {
        let upper = code.bytes().all(|b| b.is_ascii_uppercase());
        match <[u8; 2]>::try_from(code.as_bytes()) {
            Ok(bytes) if upper && rust_iso3166::from_alpha2(code).is_some() => Ok(Self(bytes)),
            _ => Err(Invalid::expected("an ISO 3166-1 alpha-2 country code such as FR")),
        }
    }

    /// From a code of two or three upper-case letters, such as `FR` or `FRA`.
    pub fn parse_alpha2_or_3(code: &str) -> Result<Self, Invalid> {
        Self::parse(rust_iso3166::from_alpha3(code).map_or(code, |country| country.alpha2))
    }

    /// The two letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A postal address; every part may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Street and number.
    pub line1: Option<Box<str>>,
    /// Building, floor, care of.
    pub line2: Option<Box<str>>,
    /// Town.
    pub city: Option<Box<str>>,
    /// Postal code as the country writes it.
    pub postal_code: Option<Box<str>>,
    /// State, province or department.
    pub region: Option<Box<str>>,
    /// Country.
    pub country: Option<Country>,
}

impl Address {
    /// The address in one comparable form: case, spaces and punctuation folded, the parts in a fixed order.
    /// `None` without both a first line and a postal code or town: less does not name a place.
    pub fn normalized(&self) -> Option<String> {
        let line1 = self.line1.as_deref()?;
        let place = self.postal_code.as_deref().or(self.city.as_deref())?;
        let country = self.country.as_ref().map_or("", |c| c.code());
        let fold =
            |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
        Some(format!("{}|{}|{}|{country}", fold(line1), fold(self.line2.as_deref().unwrap_or("")), fold(place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_by_code() {
        assert_eq!(Country::parse("FR").map(|c| c.to_string()), Ok("FR".into()));
        for code in ["", "fr", "FRA", "ZZ", "É"] {
            assert!(Country::parse(code).is_err(), "{code}");
        }
    }

    #[test]
    fn the_same_place_written_twice_is_one_place() {
        let address = |line1: &str, postal: &str| Address {
            line1: Some(line1.into()),
            postal_code: Some(postal.into()),
            country: Country::parse("FR").ok(),
            ..Address::default()
        };
        assert_eq!(address("12, rue du Bac", "75007").normalized(), address("12 RUE DU BAC", "75 007").normalized());
        assert_eq!(Address { line1: None, ..address("x", "75007") }.normalized(), None);
    }
}
