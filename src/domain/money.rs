//! Money as whole minor units and an ISO 4217 currency. No amount is ever a float.

use super::Invalid;
use std::fmt;

/// An ISO 4217 currency that has minor units, by its alphabetic code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// Parses an upper-case alphabetic code such as `EUR`.
    pub fn parse(code: &str) -> Result<Self, Invalid> {
        let known = iso_currency::Currency::from_code(code).filter(|c| c.exponent().is_some());
        match (known, <[u8; 3]>::try_from(code.as_bytes())) {
            (Some(_), Ok(bytes)) => Ok(Self(bytes)),
            _ => Err(Invalid::expected("an ISO 4217 alphabetic currency code such as EUR")),
        }
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// How many decimal digits the minor unit has: 2 for EUR, 0 for JPY.
    pub fn exponent(&self) -> u32 {
        iso_currency::Currency::from_code(self.code()).and_then(|c| c.exponent()).map_or(2, u32::from)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The largest amount of one purchase or line, in minor units: 10^12, ten thousand million euros. Sums over
/// every window that aval keeps stay far inside an `i64`.
pub const MAX_AMOUNT_MINOR: i64 = 1_000_000_000_000;

/// An amount in minor units of a currency, positive where it is a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Whole minor units: cents for EUR, yen for JPY.
    pub amount_minor: i64,
    /// The currency the amount is in.
    pub currency: Currency,
}

impl Money {
    /// The amount of a purchase: above zero, at most [`MAX_AMOUNT_MINOR`].
    pub fn purchase(amount_minor: i64, currency: Currency) -> Result<Self, Invalid> {
        if (1..=MAX_AMOUNT_MINOR).contains(&amount_minor) {
            Ok(Self { amount_minor, currency })
        } else {
            Err(Invalid::expected(format!("an amount from 1 to {MAX_AMOUNT_MINOR} minor units")))
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.exponent();
        let unit = 10_i64.pow(digits);
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let (whole, part) = (self.amount_minor.abs() / unit, self.amount_minor.abs() % unit);
        if digits == 0 {
            write!(f, "{sign}{whole} {}", self.currency)
        } else {
            write!(f, "{sign}{whole}.{part:0width$} {}", self.currency, width = digits as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_by_code() {
        for (code, exponent) in [("EUR", 2), ("JPY", 0), ("TND", 3)] {
            assert_eq!(Currency::parse(code).map(|c| c.exponent()), Ok(exponent), "{code}");
        }
        for code in ["", "eur", "EURO", "XXX", "ÉUR", "ZZZ"] {
            assert!(Currency::parse(code).is_err(), "{code} is not a currency of payment");
        }
    }

    #[test]
    fn amounts_print_with_their_minor_digits() {
        let shown =
            |minor, code: &str| Money { amount_minor: minor, currency: Currency::parse(code).unwrap() }.to_string();
        assert_eq!(shown(123_405, "EUR"), "1234.05 EUR");
        assert_eq!(shown(-5, "EUR"), "-0.05 EUR");
        assert_eq!(shown(7, "JPY"), "7 JPY");
    }

    #[test]
    fn a_purchase_is_above_zero_and_bounded() {
        for (minor, good) in
            [(0, false), (-1, false), (1, true), (MAX_AMOUNT_MINOR, true), (MAX_AMOUNT_MINOR + 1, false)]
        {
            assert_eq!(Money::purchase(minor, Currency::EUR).is_ok(), good, "{minor}");
        }
    }
}
