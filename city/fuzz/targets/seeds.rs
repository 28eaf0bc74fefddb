//! Writes the first inputs of each target: a small town that is sound.

use city::{Sources, import};
use std::{error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let put = |target: &str, name: &str, bytes: &[u8]| {
        fs::create_dir_all(corpus.join(target)).and_then(|()| fs::write(corpus.join(target).join(name), bytes))
    };
    let map = city_fuzz::map(&city_fuzz::town());
    let feed = city_fuzz::archive(city_fuzz::FEED.as_bytes());
    let (bare, _) = import(&Sources { name: "town", osm: &map, ..Sources::default() }, |_| {})?;
    let (city, report) = import(&Sources { name: "town", osm: &map, feeds: vec![&feed], ..Sources::default() }, |_| {})?;
    put("map", "whole", &map)?;
    put("map", "block", &city_fuzz::town())?;
    put("feed", "whole", &feed)?;
    put("feed", "files", city_fuzz::FEED.as_bytes())?;
    put("file", "streets", city_fuzz::content(&bare.save()))?;
    put("file", "city", city_fuzz::content(&city.save()))?;
    println!("{report}seeds in {}", corpus.display());
    Ok(())
}
