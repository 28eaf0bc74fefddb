//! Days on which clocks change, zones, and trips at a headway.

use super::{DAILY, Files, at, told};
use crate::{City, Day, Mode, Moment, When};

/// A bus at 25:30 of each service day.
fn night(zone: &str) -> City {
    Files::of(&[("calendar.txt", DAILY), ("agency.txt", &format!("agency_id,agency_timezone\na,{zone}\n"))])
        .trips("", &[("t", "r1", &["x0 25:30", "x9000 25:50"])])
        .city()
}

/// When the next bus leaves, as a Unix time, asked at one.
fn next(city: &City, asked: i64) -> i64 {
    let when = When::Depart(city.zone().moment(asked));
    let found = city.ride(at(0), at(9000), Mode::Bus, when).unwrap();
    let ride = found[0].legs.iter().find(|l| l.ride.is_some()).unwrap();
    city.zone().unix(ride.depart)
}

/// Unix time of a UTC moment.
fn utc(day: (i32, u32, u32), hour: i64, minute: i64) -> i64 {
    i64::from(Day::of(day.0, day.1, day.2).unwrap().0) * 86_400 + hour * 3600 + minute * 60
}

#[test]
fn a_night_bus_leaves_when_its_own_service_day_says() {
    let city = night("Europe/Berlin");
    // Saturday's service day begins at 00:00+01:00: 25:30 is 00:30 UTC, 01:30 on the wall.
    let march = utc((2026, 3, 29), 0, 30);
    for asked in [utc((2026, 3, 28), 22, 50), utc((2026, 3, 28), 23, 5), utc((2026, 3, 28), 23, 45), march] {
        assert_eq!(next(&city, asked), march, "asked at {asked}");
    }
    // Sunday's begins an hour earlier against UTC.
    assert_eq!(next(&city, march + 60), utc((2026, 3, 29), 23, 30));
    let october = utc((2026, 10, 24), 23, 30);
    for asked in [utc((2026, 10, 24), 21, 0), utc((2026, 10, 24), 22, 30), utc((2026, 10, 24), 23, 0), october] {
        assert_eq!(next(&city, asked), october, "asked at {asked}");
    }
    assert_eq!(next(&city, october + 60), utc((2026, 10, 26), 0, 30));
}

#[test]
fn the_live_night_bus_belongs_to_its_service_day() {
    let city = night("Europe/Berlin");
    let buses = city.buses(utc((2026, 3, 29), 0, 40), 1);
    assert_eq!(buses.iter().map(|b| b.run.day.to_string()).collect::<Vec<_>>(), ["2026-03-28"]);
    let ids = city.feed_ids(&buses[0]);
    assert_eq!(ids.arrival, utc((2026, 3, 29), 0, 50) + i64::from(buses[0].delay));
}

#[test]
fn a_feed_keeps_its_own_zone_in_a_city_of_another() {
    let mut draft = super::street();
    draft.zone = "Europe/Lisbon".to_owned();
    let files = Files::of(&[]).trips("", &[("t", "r1", &["x0 08:00", "x9000 08:20"])]);
    let text: Vec<(&str, &str)> = files.0.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    crate::import::feed::read(&crate::import::tests::archive(&text), &mut draft, &mut Default::default()).unwrap();
    let city = City::build(draft);
    assert_eq!(city.zone_name(), "Europe/Lisbon");
    assert_eq!(told(&city, 0, 9000, "06:00"), "07:00 1 x0 x9000 07:20", "08:00 in Berlin is 07:00 in Lisbon");
}

#[test]
fn clocks_show_one_instant_none_or_two() {
    let zone = crate::Zone::named("Europe/Rome");
    let shown = |d: (i32, u32, u32), h: i32, m: i32| zone.shown(Day::of(d.0, d.1, d.2).unwrap(), h * 3600 + m * 60);
    assert_eq!(shown((2026, 3, 29), 0, 10), [utc((2026, 3, 28), 23, 10)]);
    assert_eq!(shown((2026, 10, 25), 0, 10), [utc((2026, 10, 24), 22, 10)]);
    assert_eq!(shown((2026, 3, 29), 2, 30), [] as [i64; 0]);
    assert_eq!(shown((2026, 10, 25), 2, 30), [utc((2026, 10, 25), 0, 30), utc((2026, 10, 25), 1, 30)]);
    assert_eq!([zone.offset(utc((2026, 3, 28), 0, 0)), zone.offset(utc((2026, 3, 30), 0, 0))], [3600, 7200]);
}

#[test]
fn a_moment_beyond_its_day_is_the_same_instant_on_the_next() {
    let zone = crate::Zone::named("Europe/Berlin");
    for (day, second) in [(28, 90_000), (29, -3000), (29, 90_000), (30, -1)] {
        let moment = Moment::new(Day::of(2026, 3, day).unwrap(), second);
        assert_eq!(zone.unix(zone.normal(moment)), zone.unix(moment));
    }
}

fn at_a_headway(rows: &str) -> (City, crate::Report) {
    let (draft, report) = Files::of(&[])
        .trips("", &[("q", "r1", &["x0 00:00", "x9000 00:20"])])
        .with("frequencies.txt", &format!("trip_id,start_time,end_time,headway_secs,exact_times\n{rows}"))
        .read()
        .unwrap_or_else(|e| panic!("{e}"));
    (City::build(draft), report)
}

#[test]
fn a_pattern_of_times_is_no_bus() {
    for row in ["q,06:00:00,07:00:00,0,", "q,06:00:00,07:00:00,9,", "q,07:00:00,06:00:00,600,", "q,,07:00:00,600,"] {
        let files = Files::of(&[])
            .trips("", &[("q", "r1", &["x0 00:00", "x9000 00:20"]), ("t", "r1", &["x0 09:00", "x9000 09:20"])])
            .with("frequencies.txt", &format!("trip_id,start_time,end_time,headway_secs,exact_times\n{row}"));
        let (draft, report) = files.read().unwrap();
        assert_eq!(told(&City::build(draft), 0, 9000, "00:00"), "09:00 1 x0 x9000 09:20", "{row}");
        assert_eq!(report.dropped["trips of frequencies that can't be used"], 1);
    }
}

#[test]
fn overlapping_windows_make_one_bus_of_equal_starts() {
    let (city, _) = at_a_headway("q,06:00:00,08:00:00,1800,1\nq,07:00:00,09:00:00,1800,1\n");
    let board = city.departures(0, super::clock("05:00"), 20).unwrap();
    let times: Vec<i32> = board.iter().map(|d| d.at.second / 60).collect();
    assert_eq!(times, [360, 390, 420, 450, 480, 510]);
}

#[test]
fn whether_a_headway_is_exact_is_kept_and_told() {
    let (city, report) = at_a_headway("q,06:00:00,07:00:00,1800,1\nq,08:00:00,09:00:00,1800,0\n");
    assert_eq!(report.taken["frequencies without exact times, read as if they began on time"], 1);
    let headway = |time: &str| {
        let buses = city.buses(city.zone().unix(super::clock(time)), 1);
        let headway = city.feed_ids(&buses[0]).headway.unwrap();
        (headway.start, headway.is_exact)
    };
    assert_eq!(headway("06:10"), (6 * 3600, true));
    assert_eq!(headway("08:10"), (8 * 3600, false));
}
