//! GTFS: as an archive, and as the files of one that is well packed.
#![no_main]

use city::{Sources, import};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let map = city_fuzz::map(&city_fuzz::town());
    for feed in [bytes, &city_fuzz::archive(bytes)] {
        if let Ok((city, _)) = import(&Sources { name: "x", osm: &map, feeds: vec![feed], ..Sources::default() }, |_| {}) {
            city_fuzz::ask(&city);
        }
    }
});
