//! What clients write in a question about the city: a position, a rectangle, a time.
//!
//! Each has its grammar in the OpenAPI document and is read by the same expression. What only the city can judge (whether a
//! day exists, whether a point is inside) is a 422 of the function that uses it.

use std::sync::LazyLock;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, Timelike, Utc};
use city::{Bounds, City, Day, Moment, Point};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromParameter, ParseResult, Type},
};
use regex::Regex;

use crate::{
    clock::Instant,
    error::{Error, Result},
};

/// A type that is read off a parameter's text by a regular expression, which the document shows.
macro_rules! asked {
    ($name:ident, $word:literal, $pattern:expr, $example:literal, $hint:literal, $read:expr) => {
        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> std::borrow::Cow<'static, str> {
                $word.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new(MetaSchema {
                    pattern: Some($pattern.to_owned()),
                    example: Some($example.into()),
                    ..MetaSchema::new("string")
                }))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        impl ParseFromParameter for $name {
            fn parse_from_parameter(value: &str) -> ParseResult<Self> {
                static FORM: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("the pattern is valid"));
                let read: fn(&str) -> Option<Self> = $read;
                let found = Some(value).filter(|text| FORM.is_match(text)).and_then(read);
                found.ok_or_else(|| ParseError::custom($hint))
            }
        }
    };
}

macro_rules! latitude {
    () => {
        r"-?([0-8]?[0-9](\.[0-9]{1,15})?|90(\.0{1,15})?)"
    };
}
macro_rules! longitude {
    () => {
        r"-?((1[0-7][0-9]|[0-9]{1,2})(\.[0-9]{1,15})?|180(\.0{1,15})?)"
    };
}

/// `lat,lon`
#[derive(Clone, Copy, Debug)]
pub struct Position(pub Point);

asked!(
    Position,
    "position",
    concat!("^", latitude!(), ",", longitude!(), "$"),
    "46.9,4.35",
    "give latitude and longitude in degrees, as `lat,lon`, such as 46.9,4.35",
    |text| {
        let (lat, lon) = text.split_once(',')?;
        Some(Position(Point::new(lat.parse().ok()?, lon.parse().ok()?)))
    }
);

/// `south,west,north,east`
#[derive(Clone, Copy, Debug)]
pub struct Area(pub Bounds);

asked!(
    Area,
    "area",
    concat!("^", latitude!(), ",", longitude!(), ",", latitude!(), ",", longitude!(), "$"),
    "46.89,4.33,46.91,4.37",
    "give the edges of a rectangle in degrees, as `south,west,north,east`, such as 46.89,4.33,46.91,4.37",
    |text| {
        let mut edges = text.split(',').map(|edge| edge.parse().ok());
        let mut next = || edges.next().flatten();
        Some(Area(Bounds { south: next()?, west: next()?, north: next()?, east: next()? }))
    }
);

/// A moment as RFC 3339 has it, or in the city's own time, or a time of today
#[derive(Clone, Debug)]
pub struct Time(pub String);

asked!(
    Time,
    "time",
    r"^([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?)?|([01][0-9]|2[0-3]):[0-5][0-9])$",
    "08:00",
    "give a time of today as 08:00, a local time as 2026-11-23T08:00, or RFC 3339 as 2026-11-23T08:00:00Z (a + is %2B in an address)",
    |text| Some(Time(text.to_owned()))
);

/// A day in the city's calendar
#[derive(Clone, Debug)]
pub struct Date(pub String);

asked!(
    Date,
    "date",
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    "2026-11-23",
    "give a day as 2026-11-23",
    |text| Some(Date(text.to_owned()))
);

impl Area {
    /// The rectangle. One beside the city is fine: there is nothing in it.
    ///
    /// # Errors
    /// 422 for edges that stand the wrong way round.
    pub fn bounds(self) -> Result<Bounds> {
        let Bounds { south, west, north, east } = self.0;
        let wrong = |detail: &str| Err(Error::invalid("bad_box", format!("`box`: {detail}.")));
        match () {
            () if south > north => wrong("its south is north of its north: the order is south,west,north,east"),
            () if west > east => wrong(
                "its west is east of its east: the order is south,west,north,east, and none crosses the date line",
            ),
            () => Ok(self.0),
        }
    }
}

impl Time {
    /// A local time is what clocks in the city show.
    ///
    /// # Errors
    /// 422 for a day that there isn't, and for a time that clocks skip or show twice that day.
    pub fn moment(&self, city: &City, now: Instant) -> Result<Moment> {
        let text = self.0.as_str();
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return Ok(city.zone().moment(instant.timestamp()));
        }
        let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
        let local = forms.into_iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        if let Some(local) = local {
            return shown(city, text, day(local.date()), seconds(local.time()));
        }
        let time = NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| no_such("time", text))?;
        shown(city, text, today(city, now), seconds(time))
    }
}

impl Date {
    /// # Errors
    /// 422 for a day that there isn't.
    pub fn day(&self) -> Result<Day> {
        Day::parse(&self.0).ok_or_else(|| no_such("day", &self.0))
    }
}

/// The day that it is in the city.
pub fn today(city: &City, now: Instant) -> Day {
    city.zone().moment(now.timestamp()).day
}

/// The moment at which clocks in the city show so many seconds of a day.
fn shown(city: &City, text: &str, day: Day, second: i32) -> Result<Moment> {
    let zone = city.zone();
    match zone.shown(day, second)[..] {
        [once] => Ok(zone.moment(once)),
        [] => {
            let detail = format!("Clocks in {} skip {text} on {day}: they go forward that night.", city.zone_name());
            Err(Error::invalid("no_such_time", detail))
        }
        [first, second, ..] => {
            let [first, second] = [first, second].map(|unix| in_zone(city, unix).to_rfc3339());
            let place = city.zone_name();
            let detail = format!(
                "Clocks in {place} show {text} twice on {day}: give {first} for the first time, {second} for the second."
            );
            Err(Error::invalid("ambiguous_time", detail))
        }
    }
}

/// A Unix time as clocks in the city show it.
pub fn in_zone(city: &City, unix: i64) -> DateTime<FixedOffset> {
    let offset = FixedOffset::east_opt(city.zone().offset(unix)).unwrap_or_else(|| Utc.fix());
    DateTime::from_timestamp(unix, 0).unwrap_or_default().with_timezone(&offset)
}

fn day(date: NaiveDate) -> Day {
    use chrono::Datelike;
    Day::of(date.year(), date.month(), date.day()).unwrap_or_default()
}

fn seconds(time: NaiveTime) -> i32 {
    i32::try_from(time.num_seconds_from_midnight()).unwrap_or(0)
}

fn no_such(what: &str, text: &str) -> Error {
    Error::invalid("no_such_day", format!("There is no such {what}: {text}."))
}
