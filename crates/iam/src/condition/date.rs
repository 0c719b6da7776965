//! Parses the dates of policies: the W3C profile of ISO 8601, or seconds since 1970.
//!
//! Not jiff's parser: it rejects `2026` and `2026-11`, which the profile allows, and accepts more
//! forms than AWS documents.

use jiff::{civil::DateTime, tz::Offset};

/// Nanoseconds since 1970. Wide enough for every year and every epoch time that a policy can name.
pub(super) type Nanoseconds = i128;

const SECOND: Nanoseconds = 1_000_000_000;

/// Converts seconds since 1970.
pub(super) fn from_seconds(seconds: i64) -> Nanoseconds {
    Nanoseconds::from(seconds) * SECOND
}

/// Parses `2026`, `2026-11`, `2026-11-24`, `2026-11-24T01:02Z`, `2026-11-24T01:02:03.5+01:00`, or
/// seconds since 1970.
///
/// Four digits alone are a year (W3C, "Date and Time Formats"); AWS documents both forms without
/// saying which takes precedence.
pub(super) fn parse(text: &str) -> Option<Nanoseconds> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && text.len() != 4 {
        return text.parse::<i64>().ok().map(from_seconds);
    }
    let (date, time) = match text.split_once('T') {
        None => (text, None),
        Some((date, time)) => (date, Some(time)),
    };
    let mut parts = date.split('-');
    let year = i16::try_from(number(parts.next()?, 4)?).ok()?;
    let month = parts.next().map(|part| number(part, 2));
    let day = parts.next().map(|part| number(part, 2));
    // A time needs a whole date before it.
    if parts.next().is_some() || (time.is_some() && day.is_none()) {
        return None;
    }
    let month = i8::try_from(month.unwrap_or(Some(1))?).ok()?;
    let day = i8::try_from(day.unwrap_or(Some(1))?).ok()?;
    let (clock, fraction, offset) = match time {
        None => ((0, 0, 0), 0, 0),
        Some(time) => clock(time)?,
    };
    let (hour, minute, second) = clock;
    let at = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    let seconds = Offset::UTC.to_timestamp(at).ok()?.as_second();
    Some(from_seconds(seconds.checked_sub(offset)?) + fraction)
}

/// Parses `hh:mm`, optionally `:ss` and a fraction, then `Z` or an offset. Returns the clock, the
/// nanoseconds, and the offset in seconds.
fn clock(text: &str) -> Option<((i8, i8, i8), Nanoseconds, i64)> {
    let (time, offset) = match text.strip_suffix('Z') {
        Some(time) => (time, 0),
        None => zoned(text)?,
    };
    let (time, fraction) = match time.split_once('.') {
        None => (time, 0),
        Some((time, digits)) if (1..=9).contains(&digits.len()) => {
            let scale = 10_i128.checked_pow(u32::try_from(9 - digits.len()).ok()?)?;
            (
                time,
                Nanoseconds::from(number(digits, digits.len())?) * scale,
            )
        }
        Some(_) => return None,
    };
    let mut parts = time.split(':').map(|part| number(part, 2));
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = match parts.next() {
        None if fraction == 0 => 0,
        None => return None,
        Some(second) => second?,
    };
    if parts.next().is_some() {
        return None;
    }
    let narrow = |n: i64| i8::try_from(n).ok();
    Some((
        (narrow(hour)?, narrow(minute)?, narrow(second)?),
        fraction,
        offset,
    ))
}

/// Splits `...+01:00` into the part before the offset and the offset in seconds.
fn zoned(text: &str) -> Option<(&str, i64)> {
    let (time, zone) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (sign, zone) = zone.split_at_checked(1)?;
    let (hours, minutes) = zone.split_once(':')?;
    let offset = number(hours, 2)? * 3_600 + number(minutes, 2)? * 60;
    match sign {
        "+" => Some((time, offset)),
        "-" => Some((time, -offset)),
        _ => None,
    }
}

/// Parses a number of exactly `digits` digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_profile_is_parsed() {
        let seconds = |text: &str| parse(text).unwrap() / SECOND;
        assert_eq!(seconds("1767225600"), seconds("2026-01-01T00:00:00Z"));
        assert_eq!(seconds("2026"), seconds("2026-01-01"));
        assert_eq!(seconds("2026-02"), seconds("2026-02-01T00:00Z"));
        assert_eq!(seconds("2026-01-01T01:00:00+01:00"), seconds("2026"));
        assert_eq!(parse("1970-01-01T00:00:00.25Z"), Some(SECOND / 4));
        assert_eq!(seconds("9223372036854775807"), i128::from(i64::MAX));
    }

    #[test]
    fn other_forms_are_rejected() {
        for bad in [
            "",
            "Jan 1, 2030",
            "2026-13-01",
            "2026-1-1",
            "2026-01-01T00:00",
            "2026-01-01 00:00:00Z",
            "2026-01T00:00Z",
            "2026-01-01T25:00Z",
            "2026-01-01T00:00:00,5Z",
            "2026-01-01T00:00:00+0100",
            "-1",
            "99999999999999999999",
            "2026-01-01T00:00.5Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01Té0:00Z",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
