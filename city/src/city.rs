//! The city as a whole: built from a draft or read from its file, then only asked.

use crate::areas::Areas;
use crate::clock::{Day, Zone};
use crate::density::{self, People};
use crate::draft::{CityDraft, PeopleSource};
use crate::error::FileError;
use crate::file::{self, stored};
use crate::gazetteer::{self, Gazetteer};
use crate::geo::Bounds;
use crate::network::{self, Network, Vehicle};
use crate::route::{Scratch, Streets};
use crate::timetable::{self, Days, Rounds, Timetable};
use std::sync::{Mutex, PoisonError};

/// A loaded city. Answers only depend on it and on what is asked; it can be shared between threads.
#[derive(Debug)]
pub struct City {
    pub(crate) about: About,
    pub(crate) network: Network,
    /// By `Vehicle`.
    pub(crate) streets: Vec<Streets>,
    pub(crate) timetable: Timetable,
    pub(crate) gazetteer: Gazetteer,
    pub(crate) people: People,
    pub(crate) areas: Areas,
    pub(crate) days: Days,
    pub(crate) zone: Zone,
    bounds: Bounds,
    desks: Mutex<Vec<Desk>>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    pub name: String,
    pub zone: String,
    /// A `PeopleSource` as its number.
    pub people_source: u8,
}
stored!(About { name, zone, people_source });

/// Working memory of one question; kept between questions.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub scratch: Scratch,
    pub rounds: Rounds,
    pub best: Vec<u32>,
}

/// What the file holds.
struct Content {
    about: About,
    network: Network,
    streets: Vec<Streets>,
    timetable: Timetable,
    gazetteer: Gazetteer,
    people: People,
    areas: Areas,
}
stored!(Content { about, network, streets, timetable, gazetteer, people, areas });

impl City {
    /// Prepares networks and timetable: seconds for a town.
    pub(crate) fn build(draft: CityDraft) -> Self {
        let mut network = network::build(&draft.streets);
        let streets: Vec<Streets> = Vehicle::ALL.iter().map(|v| Streets::build(&network, *v)).collect();
        for (v, s) in streets.iter().enumerate() {
            for arc in (0..s.head.len() as u32).filter(|a| s.usable(*a)) {
                network.usable[arc as usize / 2] |= 1 << v;
            }
        }
        let timetable = timetable::build(&draft.feed, &network, &streets[Vehicle::Foot as usize]);
        let gazetteer = gazetteer::build(&draft, &network);
        let people = density::build(&draft, &network);
        let areas = Areas::of(&draft.areas);
        let about = About { name: draft.name, zone: draft.zone, people_source: draft.people_source as u8 };
        Self::assemble(Content { about, network, streets, timetable, gazetteer, people, areas })
    }

    fn assemble(content: Content) -> Self {
        let Content { about, network, streets, timetable, gazetteer, people, areas } = content;
        let zone = Zone::named(&about.zone);
        let nowhere = Bounds { south: 0.0, west: 0.0, north: 0.0, east: 0.0 };
        let bounds = network.bounds().unwrap_or(nowhere);
        Self {
            about,
            network,
            streets,
            timetable,
            gazetteer,
            people,
            areas,
            days: Days::default(),
            zone,
            bounds,
            desks: Mutex::default(),
        }
    }

    /// Reads a city file.
    ///
    /// # Errors
    /// When the bytes aren't a whole, undamaged city file of this version.
    pub fn load(bytes: &[u8]) -> Result<Self, FileError> {
        let content: Content = file::open(bytes)?;
        content.network.check()?;
        let arcs = 2 * content.network.segments();
        if content.streets.len() != Vehicle::ALL.len() {
            return Err(FileError::Inconsistent("vehicles"));
        }
        content.streets.iter().try_for_each(|s| s.check(arcs))?;
        let states = content.streets[Vehicle::Foot as usize].hierarchy.states();
        content.timetable.check(states, content.network.segments())?;
        content.gazetteer.check()?;
        content.people.check()?;
        content.areas.check()?;
        Ok(Self::assemble(content))
    }

    /// The city as a file: the same bytes for the same city.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        file::seal(&ContentRef(self))
    }

    /// A city without anything: every question is outside it.
    #[must_use]
    pub fn empty() -> Self {
        Self::build(CityDraft::default())
    }

    /// What the city is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.about.name
    }

    /// Its time zone.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// Its time zone's IANA name; empty where nothing stated one, which counts as UTC.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        &self.about.zone
    }

    /// First and last day of the timetable; nothing without one.
    #[must_use]
    pub fn calendar(&self) -> Option<(Day, Day)> {
        self.timetable.span()
    }

    /// Whether it is the made-up one.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.people_source() == PeopleSource::Demo
    }

    /// The rectangle around its streets.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    pub(crate) fn people_source(&self) -> PeopleSource {
        [PeopleSource::Unknown, PeopleSource::Grid, PeopleSource::Buildings, PeopleSource::Demo]
            .into_iter()
            .find(|s| *s as u8 == self.about.people_source)
            .unwrap_or_default()
    }

    /// Borrows working memory for the time of one question.
    pub(crate) fn at_desk<T>(&self, work: impl FnOnce(&mut Desk) -> T) -> T {
        let mut desk = self.desks.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let answer = work(&mut desk);
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).push(desk);
        answer
    }
}

/// Writes what `Content` reads, without copying the city.
struct ContentRef<'a>(&'a City);

impl file::Store for ContentRef<'_> {
    const LEAST: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        let City { about, network, streets, timetable, gazetteer, people, areas, .. } = self.0;
        about.put(out);
        network.put(out);
        streets.put(out);
        timetable.put(out);
        gazetteer.put(out);
        people.put(out);
        areas.put(out);
    }

    fn take(_: &mut file::Reader) -> Result<Self, FileError> {
        Err(FileError::Inconsistent("only written"))
    }
}
