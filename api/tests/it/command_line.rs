//! What the binary answers by itself, without a server or a database.

use std::process::Command;

use serde_json::Value;

use crate::{place::Place, start::Wayfare};

/// Standard output, standard error, and whether it succeeded.
fn run(command: &mut Command) -> (String, String, bool) {
    let done = command.output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&done.stdout), text(&done.stderr), done.status.success())
}

/// The binary, with a database that would fail whoever asked it.
fn alone(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.binary(arguments);
    command.env("WAYFARE_DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing");
    command
}

const ROUTE: [&str; 5] = ["route", "City Stadium", "Observatory", "--depart", "2026-11-23T08:00"];

#[tokio::test]
async fn a_route_is_a_table_with_each_leg_drawn() {
    let place = Place::empty().await;
    let (table, problems, fine) = run(alone(&place, &ROUTE).args(["--mode", "bus,bike"]));
    assert!(fine && problems.is_empty(), "{problems}");
    for wanted in ["City Stadium → Observatory", "bike", "bus", "━━", "╌╌", "line ", "walk ", "08:00", "EUR", "ADEME"]
    {
        assert!(table.contains(wanted), "no {wanted} in:\n{table}");
    }
    assert!(!table.contains("car,"), "only what was asked for:\n{table}");
}

#[tokio::test]
async fn as_json_it_is_what_the_api_answers() {
    let wayfare = Wayfare::start().await;
    let (from, to, when) = ("46.8901,4.3338", "46.9150,4.3667", "2026-11-23T08:00");
    let asked = ["route", from, to, "--depart", when, "--json"];
    let (text, problems, fine) = run(&mut alone(&wayfare.place, &asked));
    assert!(fine, "{problems}");
    let here: Value = serde_json::from_str(&text).expect("JSON");
    let question = format!("from={from}&to={to}&depart={when}&steps=true");
    let there = wayfare.get(&format!("/api/routes?{question}")).await.expect(200);
    assert!(here == there, "{here}\n{there}");
}

#[tokio::test]
async fn as_geojson_each_leg_is_a_line() {
    let place = Place::empty().await;
    let (text, problems, fine) = run(alone(&place, &ROUTE).args(["--mode", "car", "--geojson"]));
    assert!(fine, "{problems}");
    let map: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(map["features"][0]["geometry"]["type"], "LineString");
    assert_eq!(map["features"][0]["properties"]["mode"], "car");
}

#[tokio::test]
async fn places_are_found_and_what_is_not_found_says_how_to_go_on() {
    let place = Place::empty().await;
    let (text, problems, fine) = run(&mut alone(&place, &["geocode", "market sqare"]));
    assert!(fine && text.contains("Market Square"), "{text}{problems}");
    for (arguments, wanted) in [
        (&["route", "xyzzyq", "Observatory"][..], "wayfare geocode"),
        (&["route", "4.35,46.9", "Observatory"], "swapped"),
        (&["route", "Harbour", "Observatory", "--depart", "8"], "08:00"),
        (&["geocode", "xyzzyq"], "fewer words"),
        (&["city", "import", "--osm", "/nowhere.osm.pbf", "--out", "/nowhere.wf"], "/nowhere.osm.pbf"),
    ] {
        let (text, problems, fine) = run(&mut alone(&place, arguments));
        assert!(!fine && text.is_empty() && problems.contains(wanted), "{arguments:?}: {text}{problems}");
    }
}

#[tokio::test]
async fn what_is_no_city_is_refused_before_the_port_opens() {
    let place = Place::empty().await;
    let file = place.dir.path().join("city.wf");
    std::fs::write(&file, "no city").expect("a file can be written");
    let (text, problems, fine) = run(place.binary(&["serve"]).env("WAYFARE_CITY", &file));
    assert!(!fine && problems.contains("WAYFARE_CITY") && problems.contains("wayfare city import"), "{text}{problems}");
    let out = place.dir.path().join("made.wf");
    let osm = file.to_str().expect("a path");
    let (_, problems, fine) =
        run(&mut alone(&place, &["city", "import", "--osm", osm, "--out", out.to_str().expect("a path")]));
    assert!(!fine && problems.contains("OpenStreetMap") && !out.exists(), "{problems}");
}

#[tokio::test]
async fn a_demo_city_that_was_damaged_on_disk_is_made_again() {
    let place = Place::empty().await;
    assert!(run(&mut alone(&place, &["geocode", "Harbour"])).2);
    let kept = || {
        let files = std::fs::read_dir(place.dir.path()).expect("a folder").flatten().map(|f| f.path());
        files.filter(|f| f.extension().is_some_and(|e| e == "wf")).collect::<Vec<_>>()
    };
    let file = kept().pop().expect("the demo city is kept");
    let whole = std::fs::read(&file).expect("a file");
    std::fs::write(&file, &whole[..whole.len() / 2]).expect("it can be written");
    std::fs::write(place.dir.path().join("demo-older.wf"), "").expect("it can be written");
    assert!(run(&mut alone(&place, &["geocode", "Harbour"])).2);
    assert_eq!(kept(), std::slice::from_ref(&file), "an older source's city is gone");
    assert_eq!(std::fs::read(&file).expect("a file"), whole);
}

#[tokio::test]
async fn seeding_where_others_come_wants_a_password_of_its_own() {
    let place = Place::empty().await;
    assert!(place.binary(&["migrate"]).status().expect("the binary runs").success());
    let seed = |listen: &str| {
        let mut command = place.binary(&["seed"]);
        command.env_remove("WAYFARE_SEED_PASSWORD").env("WAYFARE_LISTEN", listen).output().expect("the binary runs")
    };
    let refused = seed("0.0.0.0:5000");
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("WAYFARE_SEED_PASSWORD"));
    assert_eq!(seed("127.0.0.1:5000").status.success(), !crate::place::on_postgres());
}
