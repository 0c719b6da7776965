//! Decimal numbers, compared digit by digit, so that two different numbers never compare equal.

use std::{cmp::Ordering, fmt::Write as _};

use crate::pattern::ValueText;

/// The most bytes of a number; JSON has no limit of its own.
const MAX_TEXT_BYTES: usize = 64;
/// The largest exponent, positive or negative.
const MAX_EXPONENT: u32 = 100;

/// A number in its canonical form: `0.DIGITS` times ten to the power of `exponent`, without zeros
/// at both ends of the digits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal {
    negative: bool,
    digits: [u8; MAX_TEXT_BYTES],
    len: usize,
    exponent: i32,
}

impl Decimal {
    /// Parses `-12.50`, or `1e3` as JSON writes numbers.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_TEXT_BYTES {
            return None;
        }
        let (number, exponent) = match text.split_once(['e', 'E']) {
            None => (text, 0),
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
        };
        if exponent.unsigned_abs() > MAX_EXPONENT {
            return None;
        }
        let (negative, number) = match number.strip_prefix('-') {
            Some(number) => (true, number),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
            return None;
        }
        let mut decimal = Self {
            negative,
            digits: [0; MAX_TEXT_BYTES],
            len: 0,
            exponent: exponent + i32::try_from(whole.len()).ok()?,
        };
        for digit in whole.bytes().chain(fraction.bytes()) {
            if decimal.len == 0 && digit == b'0' {
                decimal.exponent -= 1;
                continue;
            }
            *decimal.digits.get_mut(decimal.len)? = digit;
            decimal.len += 1;
        }
        while decimal.significant().last() == Some(&b'0') {
            decimal.len -= 1;
        }
        if decimal.len == 0 {
            (decimal.negative, decimal.exponent) = (false, 0);
        }
        Some(decimal)
    }

    fn significant(&self) -> &[u8] {
        self.digits.get(..self.len).unwrap_or_default()
    }

    /// Its size: zero is less than every other number.
    fn size(&self) -> (bool, i32, &[u8]) {
        (self.len > 0, self.exponent, self.significant())
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        let zero = Self {
            negative: false,
            digits: [0; MAX_TEXT_BYTES],
            len: 0,
            exponent: 0,
        };
        let text = ValueText::made(|text| write!(text, "{number}"));
        text.and_then(|text| Self::parse(&text)).unwrap_or(zero)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal {}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.size().cmp(&other.size()),
            (true, true) => other.size().cmp(&self.size()),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn equal_numbers_have_one_form() {
        assert_eq!(number("007.50"), number("7.5"));
        assert_eq!(number("-0"), number("0"));
        assert_eq!(number("1.5e3"), number("1500"));
        assert_eq!(number("15e-4"), number("0.0015"));
        assert_eq!(Decimal::from(0), number("0"));
        assert!(number("1") < number("1.5") && number("-1") > number("-1.5"));
        assert_ne!(number("9007199254740993"), number("9007199254740992"));
        for bad in [
            "",
            ".",
            "-",
            "10abc",
            "0x10",
            "1e",
            "1e999",
            "1e-2147483648",
            "NaN",
            "1 ",
        ] {
            assert_eq!(Decimal::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_number_has_at_most_64_bytes_and_an_exponent_of_100() {
        assert!(Decimal::parse(&"1".repeat(64)).is_some());
        assert_eq!(Decimal::parse(&"1".repeat(65)), None);
        assert!(Decimal::parse("1e100").is_some() && Decimal::parse("1e-100").is_some());
        assert!(Decimal::parse("1e101").is_none() && Decimal::parse("1e-101").is_none());
    }

    proptest! {
        #[test]
        fn decimals_order_as_their_numbers_do(a in -100_000_i64..100_000, b in -100_000_i64..100_000) {
            let text = |n: i64| format!("{}{}.{:02}", if n < 0 { "-" } else { "" }, n.abs() / 100, n.abs() % 100);
            prop_assert_eq!(number(&text(a)).cmp(&number(&text(b))), a.cmp(&b));
            prop_assert_eq!(Decimal::from(a), number(&a.to_string()));
        }
    }
}
