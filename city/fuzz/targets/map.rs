//! OpenStreetMap files: as given, and as the one block of a map that is well wrapped.
#![no_main]

use city::{Sources, import};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for osm in [bytes, &city_fuzz::map(bytes)] {
        if let Ok((city, _)) = import(&Sources { name: "x", osm, ..Sources::default() }, |_| {}) {
            city_fuzz::ask(&city);
        }
    }
});
