//! City files whose checksum is right: what loads must answer, and be saved as it was.
#![no_main]

use city::City;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = City::load(bytes);
    let file = city_fuzz::sealed(bytes);
    if let Ok(city) = City::load(&file) {
        assert!(city.save() == file, "a city is saved as it was loaded");
        city_fuzz::ask(&city);
    }
});
