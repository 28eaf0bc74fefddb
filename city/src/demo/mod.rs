//! The built-in city: a town that doesn't exist, drawn from a seed, the same on every machine.
//!
//! A river with bridges, an old centre, arterial roads, parks, houses with people, shops, and ten bus lines with a
//! timetable. Layout uses only exact arithmetic (no sine, no hypotenuse), so that no platform differs.

mod buses;
mod courses;
mod ground;
mod houses;
mod names;
mod places;
mod roads;
mod streets;

use crate::City;
use crate::draft::{CityDraft, PeopleSource};
use crate::random::Random;
use ground::Ground;

/// The seed of the city that everything uses unless told otherwise.
pub const DEMO_SEED: u64 = 1;

/// Names this source of the engine: a demo city that another source made may differ from this one's.
pub const DEMO_STAMP: &str = env!("CITY_STAMP");

impl City {
    /// The demo city of a seed, ready to be asked.
    #[must_use]
    pub fn demo(seed: u64) -> Self {
        Self::build(draft(seed))
    }
}

pub(crate) fn draft(seed: u64) -> CityDraft {
    let mut random = Random::new(seed);
    let ground = Ground::new(&mut random);
    let mut draft = CityDraft {
        name: "Wayfare Demo City".to_owned(),
        zone: "Europe/Paris".to_owned(),
        people_source: PeopleSource::Demo,
        ..CityDraft::default()
    };
    let plan = streets::draw(&ground, &mut draft, &mut random);
    houses::build(&ground, &plan, &mut draft, &mut random);
    places::open(&ground, &plan, &mut draft, &mut random);
    buses::run(&ground, &plan, &mut draft);
    draft
}
