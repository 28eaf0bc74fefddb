//! When a shop is open, by the clock on the city's walls.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use poem_openapi::{NewType, Object};
use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

use crate::{
    clock::Instant,
    error::{Error, Result},
};

/// Openings of one day at the most.
const MOST_A_DAY: usize = 4;
const MINUTES_A_DAY: u32 = 24 * 60;

/// When the shop is open, in the city's time; with no opening it is closed
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult, NewType)]
#[oai(from_multipart = false, from_parameter = false, to_header = false)]
pub struct Hours(pub Vec<Opening>);

/// One opening on one day of the week; one that goes on after midnight is two
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Object)]
#[oai(deny_unknown_fields)]
pub struct Opening {
    /// 1 is Monday, 7 is Sunday
    #[oai(validator(minimum(value = "1"), maximum(value = "7")))]
    pub day: u8,
    /// `08:00`
    #[oai(validator(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub from: String,
    /// `22:00`; `24:00` is the end of the day
    #[oai(validator(pattern = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"))]
    pub to: String,
}

impl Opening {
    /// Minutes since midnight, from and to; nothing for a text that is no time.
    fn minutes(&self) -> Option<(u32, u32)> {
        Some((minutes(&self.from)?, minutes(&self.to)?))
    }
}

fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    Some(hours * 60 + minutes).filter(|total| minutes < 60 && *total <= MINUTES_A_DAY)
}

impl Hours {
    /// That no opening ends before it begins and none overlaps another.
    ///
    /// # Errors
    /// 422 with what to write instead.
    pub fn check(&self) -> Result<()> {
        let bad = |detail: String| Err(Error::invalid("bad_hours", detail));
        let mut days: BTreeMap<u8, Vec<(u32, u32)>> = BTreeMap::new();
        for opening in &self.0 {
            match opening.minutes() {
                Some((from, to)) if from < to => days.entry(opening.day).or_default().push((from, to)),
                _ => {
                    let Opening { day, from, to } = opening;
                    return bad(format!(
                        "An opening ends after it begins: on day {day} from {from} to {to} doesn't. Past midnight, write \
                         one to 24:00 and one from 00:00 on the day after."
                    ));
                }
            }
        }
        for (day, openings) in &mut days {
            openings.sort_unstable();
            if openings.len() > MOST_A_DAY {
                return bad(format!("A day has at most {MOST_A_DAY} openings; day {day} has {}.", openings.len()));
            }
            if openings.windows(2).any(|pair| pair[0].1 > pair[1].0) {
                return bad(format!("Two openings on day {day} overlap: write them as one."));
            }
        }
        Ok(())
    }

    pub fn is_open(&self, now: Instant, zone: Tz) -> bool {
        let local = now.with_timezone(&zone).naive_local();
        let minute = local.hour() * 60 + local.minute();
        self.on(&local).any(|(from, to)| (from..to).contains(&minute))
    }

    /// When a shop that is closed opens next; nothing for one that has no opening.
    pub fn next(&self, now: Instant, zone: Tz) -> Option<DateTime<Tz>> {
        let today = now.with_timezone(&zone).date_naive();
        // A week later it is the same day of the week: what was over by now comes again.
        let days = (0..=7).map(|days| today + TimeDelta::days(days));
        let openings = days.flat_map(|day| {
            let day = day.and_time(NaiveTime::MIN);
            self.on(&day).map(move |(from, _)| day + TimeDelta::minutes(from.into())).collect::<Vec<_>>()
        });
        openings.filter_map(|local| first(zone, local)).filter(|opens| *opens > now).min()
    }

    fn on(&self, day: &NaiveDateTime) -> impl Iterator<Item = (u32, u32)> {
        let weekday = day.weekday().number_from_monday();
        self.0.iter().filter(move |o| u32::from(o.day) == weekday).filter_map(Opening::minutes)
    }
}

/// The first instant at which the clock shows this; what a clock change leaves out comes an hour later.
fn first(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Tz>> {
    let at = |local: &NaiveDateTime| zone.from_local_datetime(local).earliest();
    at(&local).or_else(|| at(&(local + TimeDelta::hours(1))))
}

/// The zone of a city by its name; UTC for one without.
pub fn zone(city: &city::City) -> Tz {
    city.zone_name().parse().unwrap_or(Tz::UTC)
}

/// As `Monday 08:00`, and in UTC for machines.
pub fn written(opens: DateTime<Tz>) -> (String, String) {
    (opens.format("%A %H:%M").to_string(), opens.with_timezone(&Utc).to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: Tz = Tz::Europe__Berlin;

    fn hours(openings: &[(u8, &str, &str)]) -> Hours {
        let opening =
            |(day, from, to): &(u8, &str, &str)| Opening { day: *day, from: (*from).into(), to: (*to).into() };
        Hours(openings.iter().map(opening).collect())
    }

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn hours_that_overlap_end_before_they_begin_or_are_too_many_are_refused() {
        let good = [&[][..], &[(1, "08:00", "12:00"), (1, "12:00", "24:00"), (2, "08:00", "12:00")]];
        assert!(good.into_iter().all(|g| hours(g).check().is_ok()));
        let five = [(1, "01:00", "02:00"), (1, "03:00", "04:00"), (1, "05:00", "06:00"), (1, "07:00", "08:00")];
        let bad: [&[(u8, &str, &str)]; 5] = [
            &[(1, "22:00", "08:00")],
            &[(1, "08:00", "08:00")],
            &[(1, "08:00", "12:00"), (1, "11:59", "14:00")],
            &[(1, "08:00", "18:00"), (1, "10:00", "11:00")],
            &[five[0], five[1], five[2], five[3], (1, "09:00", "10:00")],
        ];
        for openings in bad {
            assert_eq!(hours(openings).check().unwrap_err().code, "bad_hours", "{openings:?}");
        }
    }

    #[test]
    fn a_shop_is_open_by_the_citys_clock_from_the_first_minute_to_before_the_last() {
        // A Monday in summer: two hours ahead of UTC.
        let shop = hours(&[(1, "08:00", "12:30")]);
        for (time, open) in [("05:59:59", false), ("06:00:00", true), ("10:29:59", true), ("10:30:00", false)] {
            assert_eq!(shop.is_open(at(&format!("2026-06-01T{time}Z")), BERLIN), open, "{time}");
        }
    }

    #[test]
    fn a_shop_that_never_closes_is_open_through_both_clock_changes() {
        let always: Vec<_> = (1..=7).map(|day| (day, "00:00", "24:00")).collect();
        for start in ["2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"] {
            for quarter in 0..4 * 36 {
                let now = at(start) + TimeDelta::minutes(15 * quarter);
                assert!(hours(&always).is_open(now, BERLIN), "{now}");
            }
        }
    }

    #[test]
    fn the_next_opening_is_told_over_days_weeks_and_clock_changes() {
        let next = |openings: &[(u8, &str, &str)], now: &str| {
            hours(openings).next(at(now), BERLIN).map(written).map(|(day, utc)| format!("{day} {utc}"))
        };
        let monday = [(1, "08:00", "12:00")];
        assert_eq!(next(&monday, "2026-06-01T05:00:00Z").unwrap(), "Monday 08:00 2026-06-01T06:00:00Z");
        assert_eq!(next(&monday, "2026-06-01T10:00:00Z").unwrap(), "Monday 08:00 2026-06-08T06:00:00Z");
        // Twice a day, and 02:30 doesn't exist on the night of the change.
        let sunday = [(7, "18:00", "20:00"), (7, "02:30", "04:00")];
        assert_eq!(next(&sunday, "2026-03-28T20:00:00Z").unwrap(), "Sunday 03:30 2026-03-29T01:30:00Z");
        assert_eq!(next(&sunday, "2026-03-29T02:00:00Z").unwrap(), "Sunday 18:00 2026-03-29T16:00:00Z");
        assert_eq!(next(&[], "2026-06-01T10:00:00Z"), None);
    }
}
