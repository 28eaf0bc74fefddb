//! A point in time that somebody gave, always with its offset: without one, pgBackRest reads it in the machine's zone and
//! PostgreSQL in its own, and tables can be missing without an error.

use std::fmt;
use std::str::FromStr;

const DAY: i64 = 86_400;

/// Microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub i64);

impl FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        read(text).ok_or_else(|| "write it like 2026-11-28T18:00:00+00:00, always with the offset".to_owned())
    }
}

/// As pgBackRest and PostgreSQL both read it.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0.div_euclid(1_000_000), self.0.rem_euclid(1_000_000));
        let (days, of_day) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        let [hour, minute, second] = [of_day / 3600, of_day / 60 % 60, of_day % 60];
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}+00")
    }
}

impl Instant {
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

fn read(text: &str) -> Option<Instant> {
    let (date, rest) = text.split_once(['T', ' '])?;
    let at = rest.find(['Z', '+', '-'])?;
    let (time, offset) = rest.split_at(at);
    let numbers = |text: &str, by: char| -> Option<Vec<i64>> { text.split(by).map(|part| part.parse().ok()).collect() };
    let [year, month, day] = numbers(date, '-')?.try_into().ok()?;
    let (whole, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(whole, ':')?.try_into().ok()?;
    let is_time = (1..=12).contains(&month) && (1..=31).contains(&day) && (0..24).contains(&hour);
    if !is_time || !(0..60).contains(&minute) || !(0..=60).contains(&second) || fraction.len() > 9 {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset_of(offset)?;
    Some(Instant(seconds * 1_000_000 + micros))
}

/// `Z`, `+01`, `+0130`, `-01:30`, in seconds.
fn offset_of(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.get(1..)?.chars().filter(|c| *c != ':').collect();
    let number = |part: &str| part.parse::<i64>().ok();
    let (hours, minutes) = match digits.len() {
        2 => (number(&digits)?, 0),
        4 => (number(&digits[..2])?, number(&digits[2..])?),
        _ => return None,
    };
    Some(sign * (hours * 3600 + minutes * 60))
}

/// Days since 1970 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_with_any_offset_is_one_and_the_same_and_one_without_is_refused() {
        let shown = |text: &str| text.parse::<Instant>().map(|it| it.to_string());
        for text in ["2026-11-28T18:00:00Z", "2026-11-28 19:30:00+01:30", "2026-11-28T13:00:00.000-05"] {
            assert_eq!(shown(text).as_deref(), Ok("2026-11-28 18:00:00.000000+00"), "{text}");
        }
        assert_eq!(shown("2024-02-29T23:59:59.25+00").as_deref(), Ok("2024-02-29 23:59:59.250000+00"));
        assert_eq!(shown("1999-12-31T23:30:00-0030").as_deref(), Ok("2000-01-01 00:00:00.000000+00"));
        for text in ["2026-11-28T18:00:00", "2026-11-28", "yesterday", "2026-13-01T00:00:00Z", "2026-11-28T25:00:00Z"] {
            assert!(shown(text).is_err(), "{text}");
        }
    }
}
