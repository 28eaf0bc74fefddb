//! Does a question about a larger city cost more than n log n lets it?

use std::{fs, hint::black_box};

use anyhow::Result;
use city::{City, DEMO_SEED, Day, Mode, Moment, When};

use super::{
    contest::{Times, ours, pairs},
    town::{self, Town},
};
use crate::report::{Bound, Report, Row};

const PAIRS: usize = 200;

/// All modes compared, in the demo city and in each larger town that is there. The size of a city is that of its file.
pub fn measure(town: Option<&Town>, passes: usize, report: &mut Report) -> Result<()> {
    let demo = City::demo(DEMO_SEED);
    let mut cities = vec![("demo city", demo, monday(2026, 11, 23))];
    if let Some(town) = town {
        let scratch = tempfile::tempdir()?;
        let feeds = [town.folder.join("batangas.gtfs.zip")];
        let file = town::made(&town.folder.join("batangas.osm.pbf"), &feeds, &scratch, None)?;
        let batangas = City::load(&fs::read(file)?)?;
        let day = batangas.calendar().map_or(monday(2026, 11, 23), |(first, _)| Moment::new(first, 8 * 3600));
        cities.push(("Batangas", batangas, day));
    }
    let mut figures = Vec::new();
    for (name, city, depart) in &cities {
        let pairs = pairs(city, PAIRS)?;
        let mut times = Times::default();
        for _ in 0..passes {
            times.add(ours(&pairs, |a, b| drop(black_box(city.compare(a, b, &Mode::ALL, When::Depart(*depart), 2)))));
        }
        let bytes = city.save().len() as f64;
        report.notes.push(format!("all modes compared in {name} ({bytes:.0} bytes): {} µs", times.spread().text()));
        figures.push((bytes, times.spread()));
    }
    if let [(small, few), (large, many)] = figures[..] {
        let most = (large * large.ln() / (small * small.ln()) * 10.0).round() / 10.0;
        let what = "all modes compared: Batangas against the demo city, n log n".into();
        report.rows.push(Row { what, unit: "µs", ours: many, rival: Some(few), bound: Bound::AtMostTimes(most) });
    }
    Ok(())
}

fn monday(year: i32, month: u32, day: u32) -> Moment {
    Moment::new(Day::of(year, month, day).unwrap_or_default(), 8 * 3600)
}
