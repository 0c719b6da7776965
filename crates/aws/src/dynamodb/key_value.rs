//! The value of a partition key as policies compare it.
//!
//! A string is itself. A number has one plain form, since `1`, `1.0` and `1e0` are one key to the
//! store, and a policy that names one must match the others. Bytes are base64.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bowline_json::Json;

/// Maximum number of digits before or after the point: a number's magnitude is below 1E+126 and
/// above 1E-131.
const MAX_DIGITS: i64 = 200;

/// The value as text. `None` if it cannot be a key.
pub(super) fn text(value: &Json<'_>) -> Option<String> {
    let [only] = value.as_object()?.members() else {
        return None;
    };
    let text = only.value.as_str()?;
    match &*only.name {
        // Conditions treat an empty string as no value.
        "S" if !text.is_empty() => Some(text.to_owned()),
        "N" => number(text),
        "B" if !text.is_empty() => Some(STANDARD.encode(STANDARD.decode(text).ok()?)),
        _ => None,
    }
}

/// The plain form of a decimal number.
fn number(text: &str) -> Option<String> {
    let text = text.trim_ascii();
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // The value is 0.DIGITS times ten to the power of `point`.
    let leading = digits.len() - digits.trim_start_matches('0').len();
    let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let point = point.checked_sub(i64::try_from(leading).ok()?)?;
    let digits = digits.trim_matches('0');
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    if point.abs() > MAX_DIGITS || digits.len() > 64 {
        return None;
    }
    let sign = if negative { "-" } else { "" };
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
    let length = i64::try_from(digits.len()).ok()?;
    Some(if point <= 0 {
        format!("{sign}0.{}{digits}", zeros(-point))
    } else if point >= length {
        format!("{sign}{digits}{}", zeros(point - length))
    } else {
        let (whole, fraction) = digits.split_at_checked(usize::try_from(point).ok()?)?;
        format!("{sign}{whole}.{fraction}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_of_a_number_has_the_same_form() {
        for (written, form) in [
            ("1", "1"),
            ("1.0", "1"),
            ("+01.00", "1"),
            ("1e0", "1"),
            ("100E-2", "1"),
            (" 1 ", "1"),
            ("-0.0", "0"),
            ("120", "120"),
            ("1.2e2", "120"),
            ("0.0120", "0.012"),
            ("12e-3", "0.012"),
            ("-12.5", "-12.5"),
            (".5", "0.5"),
        ] {
            assert_eq!(number(written).as_deref(), Some(form), "{written}");
        }
        for bad in [
            "",
            "-",
            "a",
            "1e",
            "1e999999999999999999999",
            "1e400",
            "0x1",
            "1.2.3",
            "--1",
        ] {
            assert_eq!(number(bad), None, "{bad}");
        }
    }
}
