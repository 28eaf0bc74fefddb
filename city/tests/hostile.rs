//! Files and feeds that are cut, garbled or malicious: an error or a smaller answer, never a panic.

use city::{City, FileError, ImportError, Random, Sources, import};

#[test]
fn a_city_file_cut_anywhere_is_refused() {
    let bytes = City::demo(2).save();
    let mut random = Random::new(1);
    for _ in 0..200 {
        let end = random.below(bytes.len());
        assert!(City::load(&bytes[..end]).is_err());
    }
    assert!(matches!(City::load(b""), Err(FileError::Foreign)));
    assert!(matches!(City::load(b"PK\x03\x04 something else entirely, long enough"), Err(FileError::Foreign)));
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(matches!(City::load(&longer), Err(FileError::Length { .. })));
    let mut newer = bytes;
    newer[8] = 99;
    assert!(matches!(City::load(&newer), Err(FileError::Version { found: 99, .. })));
}

#[test]
fn one_wrong_bit_is_noticed() {
    let bytes = City::demo(2).save();
    let mut random = Random::new(2);
    for _ in 0..60 {
        let mut bad = bytes.clone();
        let at = random.below(bad.len() - 32) + 32;
        bad[at] ^= 1 << random.below(8);
        assert!(matches!(City::load(&bad), Err(FileError::Checksum)), "byte {at}");
    }
}

/// Someone may mend the checksum: then the content is verified, and what still loads must answer without a panic.
#[test]
fn a_forged_city_file_never_panics() {
    let bytes = City::demo(2).save();
    let mut random = Random::new(3);
    let when = city::When::Depart(city::Moment::new(city::Day(20_000), 40_000));
    let mut loaded = 0;
    for _ in 0..300 {
        let mut bad = bytes.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(bad.len() - 32) + 32;
            bad[at] = random.bits() as u8;
        }
        let sum = crc32fast::hash(&bad[32..]);
        bad[12..16].copy_from_slice(&sum.to_le_bytes());
        let Ok(city) = City::load(&bad) else { continue };
        loaded += 1;
        let b = city.bounds();
        let mut point = || city::Point::new(random.between(b.south, b.north), random.between(b.west, b.east));
        let (from, to) = (point(), point());
        for mode in city::Mode::ALL {
            let _ = city.journeys(from, to, mode, when, 2);
        }
        let _ = city.geocode(city::Query { text: "market 5", near: Some(from), limit: 5 });
        let _ = (city.reverse(from, 5), city.buses(1_800_000_000, 1));
        let _ = city.density(9, city::Day(20_000));
    }
    assert!(loaded > 0);
}

fn read_osm(bytes: &[u8]) -> Result<(), ImportError> {
    import(&Sources { name: "x", osm: bytes, ..Sources::default() }, |_| {}).map(|_| ())
}

#[test]
fn garbage_is_no_map() {
    let mut random = Random::new(4);
    for length in [0, 1, 4, 5, 100, 5_000] {
        let bytes: Vec<u8> = (0..length).map(|_| random.bits() as u8).collect();
        assert!(read_osm(&bytes).is_err());
    }
}

/// With real data at hand: cut and garbled maps and feeds.
#[test]
fn damaged_real_inputs_never_panic() {
    let Some(folder) = std::env::var_os("WAYFARE_CITY_DATA").map(std::path::PathBuf::from) else {
        return eprintln!("WAYFARE_CITY_DATA names no folder: real inputs not tried");
    };
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let (osm, feed) = (read("poa.osm.pbf"), read("batangas.gtfs.zip"));
    let mut random = Random::new(5);
    for _ in 0..12 {
        let cut = random.below(osm.len());
        let _ = read_osm(&osm[..cut]);
        let mut bad = osm.clone();
        for _ in 0..20 {
            let at = random.below(bad.len());
            bad[at] = random.bits() as u8;
        }
        let _ = read_osm(&bad);
    }
    let map = read("poa.osm.pbf");
    for _ in 0..6 {
        let mut bad = feed.clone();
        bad.truncate(random.below(feed.len()));
        let sources = Sources { name: "x", osm: &map, feeds: vec![&bad], ..Sources::default() };
        assert!(import(&sources, |_| {}).is_err());
    }
}
