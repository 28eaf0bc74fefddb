//! Archives, encodings, rows and headers as they are found.

use super::{Files, told};
use crate::City;
use crate::draft::CityDraft;
use crate::import::archive::{Archive, MOST_BYTES};
use crate::import::feed;
use crate::import::report::Report;
use std::io::Write;

fn usual() -> Files {
    Files::of(&[]).trips("", &[("t", "r1", &["x0 08:00", "x9000 08:20"]), ("u", "r2", &["x0 10:00", "x9000 10:20"])])
}

fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn placed(files: &Files, folder: &str) -> Vec<(String, Vec<u8>)> {
    files.0.iter().map(|(name, text)| (format!("{folder}{name}"), text.clone().into_bytes())).collect()
}

fn read(files: &[(String, Vec<u8>)]) -> Result<(CityDraft, Report), String> {
    let (mut draft, mut report) = (super::street(), Report::default());
    feed::read(&zip(files), &mut draft, &mut report).map_err(|e| e.to_string())?;
    Ok((draft, report))
}

fn first(files: &[(String, Vec<u8>)]) -> String {
    told(&City::build(read(files).unwrap().0), 0, 9000, "07:00")
}

#[test]
fn a_feed_is_read_from_the_root_or_from_its_one_folder() {
    let old = usual().0.into_iter().map(|(n, t)| (n, t.replace("08:", "05:"))).collect();
    let (old, new) = (Files(old), usual());
    let both: Vec<_> = placed(&old, "archive 2019/").into_iter().chain(placed(&new, "")).collect();
    assert_eq!(first(&both), "08:00 1 x0 x9000 08:20");
    assert_eq!(read(&both).unwrap().1.dropped["feeds in folders beside the one at the root"], 1);
    for folder in ["feed/", "feed\\", "a/b/", ""] {
        assert_eq!(first(&placed(&new, folder)), "08:00 1 x0 x9000 08:20", "{folder:?}");
    }
    let two: Vec<_> = placed(&old, "2019/").into_iter().chain(placed(&new, "2026/")).collect();
    assert!(read(&two).unwrap_err().contains("2 feeds (2019, 2026)"));
    let apple: Vec<_> = placed(&new, "feed/").into_iter().chain(placed(&old, "__MACOSX/feed/")).collect();
    assert_eq!(first(&apple), "08:00 1 x0 x9000 08:20");
}

#[test]
fn files_never_come_from_different_folders() {
    let mut files = placed(&usual(), "");
    files.retain(|f| f.0 != "stop_times.txt");
    files.extend(placed(&usual(), "old/").into_iter().filter(|f| f.0 == "old/stop_times.txt"));
    assert_eq!(
        read(&files).unwrap_err(),
        "stop_times.txt of the feed can't be used: it is missing; there is old/stop_times.txt"
    );
}

#[test]
fn an_archive_of_archives_says_so() {
    let inner = vec![("bus.zip".to_owned(), zip(&placed(&usual(), "")))];
    assert!(read(&inner).unwrap_err().contains("the archive holds another one, bus.zip: give that"));
}

#[test]
fn ids_in_latin_1_are_ids() {
    let accented = |text: String| {
        let text = text.replace("x0,", "Sé0,").replace("r1,", "Línea,").replace("\nt,", "\nviajé,");
        text.replace(",t\n", ",viajé\n").replace(",s,", ",días,").replace("\ns,", "\ndías,")
    };
    let latin = |text: String| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
    let files = usual().0.into_iter().filter(|f| f.0 != "agency.txt");
    let files: Vec<_> = files.map(|(name, text)| (name, latin(accented(text)))).collect();
    let (draft, report) = read(&files).unwrap();
    assert_eq!(report.dropped, Default::default());
    assert_eq!(told(&City::build(draft), 0, 9000, "07:00"), "08:00 1 x0 x9000 08:20");
}

#[test]
fn an_unclosed_quote_costs_no_other_row() {
    let mut files = usual();
    let stops = files.0.iter_mut().find(|f| f.0 == "stops.txt").unwrap();
    stops.1 = stops.1.replace(",Stop 0,", ",\"Stop 0,").replace(",Stop 3000,", ",\"Stop 3000,");
    let (draft, report) = files.read().unwrap();
    assert_eq!(draft.feed.stops.len(), 11);
    assert_eq!([draft.feed.stops[0].name.as_str(), draft.feed.stops[3].name.as_str()], ["Stop 0", "Stop 3000"]);
    assert_eq!(report.dropped["quotes of stops.txt that are never closed"], 2);
}

#[test]
fn a_text_over_several_lines_is_a_text() {
    let mut files = usual();
    let stops = files.0.iter_mut().find(|f| f.0 == "stops.txt").unwrap();
    stops.1 = stops.1.replace(",Stop 0,", ",\"Stop 0\nnear the church\",");
    let (draft, report) = files.read().unwrap();
    assert_eq!((draft.feed.stops.len(), draft.feed.stops[0].name.as_str()), (11, "Stop 0\nnear the church"));
    assert_eq!(report.dropped, Default::default());
}

fn refused(change: impl Fn(&str, &str) -> Option<Vec<u8>>) -> String {
    let files = placed(&usual(), "");
    let files: Vec<_> = files
        .into_iter()
        .filter_map(|(name, bytes)| change(&name, std::str::from_utf8(&bytes).unwrap()).map(|bytes| (name, bytes)))
        .collect();
    read(&files).err().unwrap_or_default()
}

#[test]
fn a_feed_that_cannot_be_used_is_refused_with_the_file_and_the_reason() {
    let keep = |text: &str| Some(text.as_bytes().to_vec());
    let no_days = refused(|name, text| if name == "calendar.txt" { None } else { keep(text) });
    assert!(no_days.starts_with("calendar.txt of the feed can't be used: it is missing, and so is"), "{no_days}");
    let semicolons = refused(|_, text| keep(&text.replace(',', ";")));
    assert_eq!(
        semicolons,
        "stops.txt of the feed can't be used: it has no column stop_id (its columns are separated by ';'; write commas)"
    );
    let capitals = refused(|_, text| keep(&text.replacen("stop_id", "STOP_ID", 1)));
    assert!(capitals.contains("stops.txt") && capitals.contains("no column stop_id (but STOP_ID"), "{capitals}");
    let wide = refused(|_, text| {
        Some([0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect())
    });
    assert_eq!(wide, "stops.txt of the feed can't be used: it is written in UTF-16; save it as UTF-8");
    let no_service = refused(|name, text| {
        keep(&if name == "calendar.txt" { text.replace("\ns,", "\nz,") } else { text.to_owned() })
    });
    assert_eq!(
        no_service,
        "the timetable of the feed can't be used: it holds no usable trip: 4 stop times of unknown trips (such as t); \
         2 trips of unknown routes or services (such as t)"
    );
}

#[test]
fn flexible_services_are_said_to_be_left_out() {
    let mut files = usual().with("booking_rules.txt", "booking_rule_id\nb\n");
    let times = files.0.iter_mut().find(|f| f.0 == "stop_times.txt").unwrap();
    times.1 = times.1.replacen("departure_time\n", "departure_time,location_id\n", 1) + "t,9,,,,zone\n";
    let (_, report) = files.read().unwrap();
    assert_eq!(report.dropped["stop times of flexible services (an area in place of a stop)"], 1);
    assert_eq!(report.dropped["files left out: booking rules of flexible services"], 1);
}

#[test]
fn an_archive_without_a_feed_names_what_is_missing() {
    let bytes = zip(&[("readme.txt".to_owned(), b"hello".to_vec())]);
    let mut archive = Archive::open(&bytes, MOST_BYTES, &mut Report::default()).unwrap();
    assert!(archive.required("stops.txt").is_err());
}
