//! Decimal numbers as JSON writes them, taken to minor units without any float on the way.

/// The most digits of a number that is an amount.
const MOST_DIGITS: usize = 30;

/// The minor units of `text`, a JSON number or a text that holds one, in a currency with so many minor digits. What is
/// finer than the minor unit is rounded, halves away from zero. `None`: it is no number, or one beyond all money.
pub fn minor(text: &str, minor_digits: u32) -> Option<i64> {
    let text = text.trim().trim_matches('"');
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i8>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, part].concat();
    if whole.is_empty() || digits.len() > MOST_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let coefficient: i128 = digits.parse().ok()?;
    let shift = i64::from(minor_digits) + i64::from(exponent) - part.len() as i64;
    let power = 10_i128.checked_pow(u32::try_from(shift.unsigned_abs()).ok()?);
    let magnitude = match (shift >= 0, power) {
        (true, Some(power)) => coefficient.checked_mul(power)?,
        (true, None) => (coefficient == 0).then_some(0)?,
        (false, Some(power)) => coefficient / power + i128::from(coefficient % power * 2 >= power),
        (false, None) => 0,
    };
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_become_minor_units() {
        for (text, digits, expected) in [
            ("0", 2, Some(0)),
            ("12", 2, Some(1_200)),
            ("12.5", 2, Some(1_250)),
            ("-12.34", 2, Some(-1_234)),
            ("-0.01", 2, Some(-1)),
            ("12.340000", 2, Some(1_234)),
            ("0.1", 2, Some(10)),
            ("1.005", 2, Some(101)),
            ("-1.005", 2, Some(-101)),
            ("1.004999999", 2, Some(100)),
            ("90071992547409.93", 2, Some(9_007_199_254_740_993)),
            ("1e3", 2, Some(100_000)),
            ("1.5E-1", 2, Some(15)),
            ("1e-90", 2, Some(0)),
            ("0e90", 2, Some(0)),
            ("150", 0, Some(150)),
            ("149.5", 0, Some(150)),
            ("1.2345", 3, Some(1_235)),
            ("\"7.10\"", 2, Some(710)),
            ("1e90", 2, None),
            ("92233720368547758.08", 2, None),
            ("", 2, None),
            ("-", 2, None),
            (".5", 2, None),
            ("1,5", 2, None),
            ("--1", 2, None),
            ("1e", 2, None),
            ("null", 2, None),
            ("1234567890123456789012345678901", 2, None),
        ] {
            assert_eq!(minor(text, digits), expected, "{text} with {digits} digits");
        }
    }

    proptest! {
        #[test]
        fn every_amount_comes_back(amount in -1_000_000_000_000_000_i64..1_000_000_000_000_000) {
            let sign = if amount < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:02}", amount.abs() / 100, amount.abs() % 100);
            prop_assert_eq!(minor(&text, 2), Some(amount));
        }
    }
}
