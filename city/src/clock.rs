//! Time as timetables mean it: a local day and seconds since its "noon minus twelve hours".
//!
//! Nothing here reads a clock; instants come in as arguments.

use crate::file::stored;
use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeDelta, TimeZone};
use serde::Serialize;
use std::fmt;

/// Seconds in a day without a clock change.
pub const DAY: i32 = 86_400;

/// A local calendar day: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Day(pub i32);
stored!(Day { 0 });

impl Day {
    /// From year, month and day of the month; nothing when there is no such day.
    #[must_use]
    pub fn of(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).map(Self::from_date)
    }

    fn from_date(date: NaiveDate) -> Self {
        Self(date.num_days_from_ce() - 719_163)
    }

    fn date(self) -> Option<NaiveDate> {
        NaiveDate::from_num_days_from_ce_opt(self.0.checked_add(719_163)?)
    }

    /// From `YYYYMMDD` (GTFS) or `YYYY-MM-DD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let format = if text.len() == 8 { "%Y%m%d" } else { "%Y-%m-%d" };
        NaiveDate::parse_from_str(text, format).ok().map(Self::from_date)
    }

    /// 0 for Monday to 6 for Sunday.
    #[must_use]
    pub fn weekday(self) -> usize {
        (self.0.rem_euclid(7) as usize + 3) % 7
    }

    /// The day `n` days later.
    #[must_use]
    pub fn plus(self, n: i32) -> Self {
        Self(self.0.saturating_add(n))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date() {
            Some(date) => write!(f, "{date}"),
            None => write!(f, "day {}", self.0),
        }
    }
}

/// A local instant: a day and seconds since its start; the seconds may exceed a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Moment {
    pub day: Day,
    pub second: i32,
}

impl Moment {
    #[must_use]
    pub fn new(day: Day, second: i32) -> Self {
        Self { day, second }
    }

    /// The same instant with 0 ≤ second < one day, where no clock changes in between; else `Zone::normal`.
    #[must_use]
    pub fn normal(self) -> Self {
        Self { day: self.day.plus(self.second.div_euclid(DAY)), second: self.second.rem_euclid(DAY) }
    }

    /// The instant `seconds` later.
    #[must_use]
    pub fn plus(self, seconds: i32) -> Self {
        Self { day: self.day, second: self.second.saturating_add(seconds) }
    }

    /// Seconds from an earlier instant to this one.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        (i64::from(self.day.0) - i64::from(earlier.day.0)) * i64::from(DAY) + i64::from(self.second)
            - i64::from(earlier.second)
    }
}

impl fmt::Display for Moment {
    /// `2026-05-18 08:05:30`, in local time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let m = self.normal();
        write!(f, "{} {:02}:{:02}:{:02}", m.day, m.second / 3600, m.second / 60 % 60, m.second % 60)
    }
}

/// A time zone by its IANA name; an unknown name counts as UTC.
#[derive(Debug, Clone, Copy)]
pub struct Zone(chrono_tz::Tz);

impl Zone {
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(name.parse().unwrap_or(chrono_tz::Tz::UTC))
    }

    /// Whether the name is a known zone.
    #[must_use]
    pub fn knows(name: &str) -> bool {
        name.parse::<chrono_tz::Tz>().is_ok()
    }

    /// The local moment of a Unix time. The second counts from noon minus twelve hours, as timetables do,
    /// so that it is right on days with a clock change.
    #[must_use]
    pub fn moment(self, unix: i64) -> Moment {
        let Some(utc) = DateTime::from_timestamp(unix, 0) else {
            return Moment::new(Day((unix.div_euclid(86_400)).clamp(-9_000_000, 9_000_000) as i32), 0);
        };
        let day = Day::from_date(utc.with_timezone(&self.0).date_naive());
        Moment::new(day, (unix - self.start(day)).clamp(-7_200, 97_200) as i32)
    }

    /// The Unix time of a local moment.
    #[must_use]
    pub fn unix(self, moment: Moment) -> i64 {
        self.start(moment.day) + i64::from(moment.second)
    }

    /// Unix times at which clocks in the zone show so many seconds of a day: none in the hour that is skipped, two in the one
    /// that comes twice.
    #[must_use]
    pub fn shown(self, day: Day, second: i32) -> Vec<i64> {
        let midnight = day.date().and_then(|d| d.and_hms_opt(0, 0, 0));
        let local = midnight.and_then(|m| m.checked_add_signed(TimeDelta::seconds(second.into())));
        let found = local.map(|l| self.0.from_local_datetime(&l));
        let all = found.and_then(|f| Some([f.earliest()?, f.latest()?].map(|t| t.timestamp())));
        all.map_or_else(Vec::new, |[a, b]| if a == b { vec![a] } else { vec![a, b] })
    }

    /// Seconds by which clocks in the zone are ahead of UTC at a Unix time.
    #[must_use]
    pub fn offset(self, unix: i64) -> i32 {
        DateTime::from_timestamp(unix, 0).map_or(0, |t| t.with_timezone(&self.0).offset().fix().local_minus_utc())
    }

    /// The same moment on the day that it is in the zone.
    #[must_use]
    pub fn normal(self, moment: Moment) -> Moment {
        if (0..DAY).contains(&moment.second) { moment } else { self.moment(self.unix(moment)) }
    }

    /// The Unix time at which a day begins as timetables count: noon minus twelve hours.
    pub(crate) fn start(self, day: Day) -> i64 {
        let noon = day.date().and_then(|d| d.and_hms_opt(12, 0, 0));
        let unix = noon.and_then(|n| self.0.from_local_datetime(&n).earliest()).map(|t| t.timestamp());
        unix.unwrap_or(i64::from(day.0) * 86_400 + 43_200) - 43_200
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_monday_is_a_monday() {
        assert_eq!(Day::parse("20190415").map(Day::weekday), Some(0));
        assert_eq!(Day(0).weekday(), 3);
        assert_eq!(Day(-1).weekday(), 2);
    }

    #[test]
    fn unix_times_survive_the_way_there_and_back_over_a_clock_change() {
        let zone = Zone::named("Europe/Berlin");
        for unix in (1_774_700_000..1_774_900_000).step_by(601) {
            assert_eq!(zone.unix(zone.moment(unix)), unix);
        }
    }

    #[test]
    fn seconds_past_midnight_belong_to_the_next_day() {
        let day = Day::of(2026, 12, 31).unwrap();
        assert_eq!(Moment::new(day, 25 * 3600).to_string(), "2027-01-01 01:00:00");
    }
}
