//! What can go wrong, once: questions that have no answer, files that can't be read, inputs that can't be imported.

use serde::Serialize;
use std::fmt;

/// Why a question has no answer. `code` is stable; the text is for people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Error {
    /// Both ends are known but nothing connects them under the conditions given.
    NoRoute(NoRoute),
    /// The point isn't a position on Earth (NaN, beyond the poles).
    BadPoint,
    /// The point is farther than two kilometres from every street and stop.
    OutsideCity,
    /// No place of that name or number.
    UnknownPlace(String),
    /// The date lies outside every calendar of the timetable: first and last day served, as YYYY-MM-DD.
    OutsideCalendar { first: String, last: String },
    /// A number in the question is out of its range: which, and what it may be.
    BadQuestion(&'static str),
}

/// Why nothing connects two known places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum NoRoute {
    /// The street network has no path for this mode.
    NotConnected,
    /// The place is too far from any street of this mode.
    NoStreetNear,
    /// No bus runs in time within the longest journey considered.
    NoServiceInTime,
    /// The city has no timetable.
    NoTimetable,
    /// No stop within walking distance of one of the two places.
    NoStopNear,
    /// Walking to and from a bus takes as long as walking there.
    WalkIsShorter,
}

impl Error {
    /// A stable word for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRoute(why) => why.code(),
            Self::BadPoint => "bad_point",
            Self::OutsideCity => "outside_city",
            Self::UnknownPlace(_) => "unknown_place",
            Self::OutsideCalendar { .. } => "outside_calendar",
            Self::BadQuestion(_) => "bad_question",
        }
    }
}

impl NoRoute {
    /// A stable word for machines.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotConnected => "not_connected",
            Self::NoStreetNear => "no_street_near",
            Self::NoServiceInTime => "no_service_in_time",
            Self::NoTimetable => "no_timetable",
            Self::NoStopNear => "no_stop_near",
            Self::WalkIsShorter => "walk_is_shorter",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoute(why) => write!(f, "no route because {why}"),
            Self::BadPoint => f.write_str("the point is not a position on Earth"),
            Self::OutsideCity => f.write_str("the point lies outside the city"),
            Self::UnknownPlace(what) => write!(f, "no place is known as {what:?}"),
            Self::OutsideCalendar { first, last } => {
                write!(f, "the timetable covers {first} to {last} only")
            }
            Self::BadQuestion(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for NoRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotConnected => "the streets do not connect the two places for this mode",
            Self::NoStreetNear => "there is no street for this mode near the place",
            Self::NoServiceInTime => "no bus leads there within the time considered",
            Self::NoTimetable => "the city has no timetable",
            Self::NoStopNear => "there is no stop within walking distance",
            Self::WalkIsShorter => "it is so near that walking to and from a bus takes as long as walking there",
        })
    }
}

impl std::error::Error for Error {}

/// Why a city file is refused.
#[derive(Debug)]
pub enum FileError {
    Io(std::io::Error),
    /// It doesn't begin as a city file does.
    Foreign,
    /// Written by another version: found, readable here.
    Version {
        found: u32,
        known: u32,
    },
    /// Shorter or longer than it says: bytes found, bytes stated.
    Length {
        found: u64,
        stated: u64,
    },
    /// The checksum doesn't match the content.
    Checksum,
    /// The content contradicts itself, at the part named.
    Inconsistent(&'static str),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(e) => write!(f, "the city file can't be read: {e}"),
            Self::Foreign => f.write_str("this is not a city file; make one with `wayfare city import`"),
            Self::Version { found, known } => write!(
                f,
                "the city file has version {found}, this program reads version {known}: import the city again"
            ),
            Self::Length { found, stated } => {
                write!(
                    f,
                    "the city file has {found} bytes and should have {stated}: it was cut or extended, copy it again"
                )
            }
            Self::Checksum => f.write_str("the city file is damaged (checksum): copy or import it again"),
            Self::Inconsistent(what) => write!(f, "the city file contradicts itself ({what}): import it again"),
        }
    }
}

impl std::error::Error for FileError {}

impl From<std::io::Error> for FileError {
    fn from(e: std::io::Error) -> Self {
        Self::Io(e)
    }
}

/// Why an import can't produce a city at all. Lesser faults are dropped and listed in the report.
#[derive(Debug)]
pub enum ImportError {
    Io(std::io::Error),
    /// The pbf file can't be decoded: where, why.
    Pbf(String),
    /// The feed can't be decoded: which file, why.
    Feed {
        file: String,
        why: String,
    },
    /// An archive or file larger than any honest one: what, limit in bytes.
    TooLarge {
        what: String,
        limit: u64,
    },
    /// Nothing usable was found.
    Empty(&'static str),
    /// Nobody calls a time zone that.
    UnknownZone(String),
    /// Neither the importer nor a feed names a time zone, and none is known where the city lies.
    Zone,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(e) => write!(f, "can't read the input: {e}"),
            Self::Pbf(why) => write!(f, "the OpenStreetMap file can't be decoded: {why}"),
            Self::Feed { file, why } => write!(f, "{file} of the feed can't be used: {why}"),
            Self::TooLarge { what, limit } => write!(f, "{what} is larger than {limit} bytes"),
            Self::Empty(what) => write!(f, "nothing to import: {what}"),
            Self::UnknownZone(name) => {
                write!(f, "no time zone is called {name:?}; give an IANA name such as Europe/Rome")
            }
            Self::Zone => f.write_str(
                "no time zone is known where the city lies; name it with --zone, such as --zone Europe/Rome",
            ),
        }
    }
}

impl std::error::Error for ImportError {}

impl From<std::io::Error> for ImportError {
    fn from(e: std::io::Error) -> Self {
        Self::Io(e)
    }
}
