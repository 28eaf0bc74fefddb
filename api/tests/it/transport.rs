//! The city as clients see it: journeys compared, places, stops, density, and questions that can't be answered.

use serde_json::Value;

use crate::start::Wayfare;

const MONDAY: &str = "2026-11-23T08:00";

impl Wayfare {
    /// `lat,lon` of a place of the demo city.
    async fn spot(&self, name: &str) -> String {
        let found = self.get(&format!("/api/geocode?limit=1&q={name}")).await.expect(200);
        let at = &found["features"][0]["geometry"]["coordinates"];
        format!("{},{}", at[1], at[0])
    }

    async fn routes(&self, rest: &str) -> Value {
        let (from, to) = (self.spot("City Stadium").await, self.spot("Observatory").await);
        self.get(&format!("/api/routes?from={from}&to={to}&{rest}")).await.expect(200)
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("not a number: {value}"))
}

#[tokio::test]
async fn the_city_says_where_it_is_and_whom_to_credit() {
    let wayfare = Wayfare::start().await;
    let answer = wayfare.get("/api/city").await;
    assert!(answer.header("ratelimit").is_some(), "it counts like every other request");
    let city = answer.expect(200);
    assert_eq!(city["name"], "Wayfare Demo City");
    assert_eq!((city["demo"].clone(), city["zone"].clone()), (true.into(), "Europe/Paris".into()));
    let edge = |side: &str| number(&city["bounds"][side]);
    assert!(edge("south") < edge("north") && edge("west") < edge("east"));
    assert!(!city["attribution"].as_str().expect("a text").is_empty());
}

#[tokio::test]
async fn all_modes_are_compared_in_one_answer() {
    let wayfare = Wayfare::start().await;
    let routes = wayfare.routes(&format!("depart={MONDAY}&alternatives=3&steps=true")).await;
    let modes = routes["modes"].as_array().expect("a list");
    let names: Vec<&str> = modes.iter().filter_map(|m| m["mode"].as_str()).collect();
    assert_eq!(names, ["foot", "bike", "car", "bus", "bike-and-bus"]);
    for mode in modes {
        assert_eq!(mode["engine"], "embedded");
        let journeys = mode["journeys"].as_array().expect("a list");
        assert!(!journeys.is_empty() && journeys.len() <= 4, "{mode}");
        for journey in journeys {
            let legs = journey["legs"].as_array().expect("a list");
            let sum: f64 = legs.iter().map(|l| number(&l["metres"])).sum();
            assert!((sum - number(&journey["metres"])).abs() < 1.0, "legs make up the journey: {journey}");
            assert!(number(&journey["metres"]) >= number(&routes["beeline_metres"]) - 60.0, "{journey}");
            assert!(legs.iter().all(|l| !l["polyline"].as_str().expect("a way").is_empty()));
        }
        let saved = number(&journeys[0]["saved_grams"]);
        assert_eq!(saved <= 0.0, mode["mode"] == "car", "everything but the car saves here: {saved}");
    }
    let ride = modes[3]["journeys"].as_array().expect("a list").iter().find(|j| j["rides"] == 1).expect("a ride");
    assert_eq!(ride["fare"]["currency"], "EUR");
    let boarded = ride["legs"].as_array().expect("legs").iter().find(|l| l["means"] == "ride").expect("a ride");
    let calls = boarded["ride"]["calls"].as_array().expect("calls");
    assert!(calls.len() > 1 && boarded["from"] == calls[0]["name"]);
}

#[tokio::test]
async fn each_factor_has_its_unit_scope_source_and_year() {
    let wayfare = Wayfare::start().await;
    let routes = wayfare.routes(&format!("depart={MONDAY}&modes=car,bus")).await;
    let car = &routes["modes"][0]["journeys"][0];
    let factors = routes["factors"].as_array().expect("a list");
    let of_car = factors.iter().find(|f| f["what"] == "car, petrol").expect("the car's factor");
    for field in ["unit", "scope", "source", "year"] {
        assert!(factors.iter().all(|f| !f[field].is_null()), "{field}: {factors:?}");
    }
    let grams = number(&car["metres"]) / 1000.0 * number(&of_car["value"]) / number(&of_car["shared_by"]);
    assert!((grams - number(&car["co2e_grams"])).abs() < 0.2, "{grams} and {car}");
}

#[tokio::test]
async fn arrive_by_is_there_in_time_and_depart_at_does_not_leave_before() {
    let wayfare = Wayfare::start().await;
    let at = |journey: &Value, end: &str| journey[end].as_str().expect("a time").to_owned();
    let routes = wayfare.routes(&format!("arrive={MONDAY}")).await;
    assert_eq!(routes["at"], "2026-11-23T07:00:00+00:00", "08:00 in the city is 07:00 UTC");
    for mode in routes["modes"].as_array().expect("a list") {
        assert!(at(&mode["journeys"][0], "arrive") <= at(&routes, "at"), "{mode}");
    }
    let routes = wayfare.routes("depart=2026-11-23T08:00:00%2B01:00").await;
    assert_eq!(routes["at"], "2026-11-23T07:00:00+00:00");
    for mode in routes["modes"].as_array().expect("a list") {
        assert!(at(&mode["journeys"][0], "depart") >= at(&routes, "at"), "{mode}");
    }
}

#[tokio::test]
async fn the_way_is_written_as_asked() {
    let wayfare = Wayfare::start().await;
    let leg = |routes: &Value| routes["modes"][0]["journeys"][0]["legs"][0].clone();
    let line = leg(&wayfare.routes("modes=bike&geometry=geojson").await);
    let coordinates = line["geojson"]["coordinates"].as_array().expect("positions");
    assert!(line["polyline"].is_null() && line["steps"].is_null() && coordinates.len() > 5);
    assert!(number(&coordinates[0][0]) < 10.0, "longitude comes first in GeoJSON");
    let bare = leg(&wayfare.routes("modes=bike&geometry=none&steps=true").await);
    assert!(bare["polyline"].is_null() && bare["geojson"].is_null());
    let steps = bare["steps"].as_array().expect("steps");
    assert_eq!((&steps[0]["turn"], &steps[steps.len() - 1]["turn"]), (&"depart".into(), &"arrive".into()));
}

#[tokio::test]
async fn a_mode_that_does_not_lead_there_says_why_and_the_others_answer() {
    let wayfare = Wayfare::start().await;
    let routes = wayfare.routes("depart=1990-01-01T08:00").await;
    let modes = routes["modes"].as_array().expect("a list");
    for mode in modes {
        let rides = mode["mode"] == "bus" || mode["mode"] == "bike-and-bus";
        assert_eq!(mode["journeys"].as_array().expect("a list").is_empty(), rides, "{mode}");
        assert_eq!(mode["reason"]["code"] == "outside_calendar", rides, "{mode}");
    }
}

#[tokio::test]
async fn a_local_time_is_what_clocks_show_on_days_when_they_change() {
    let wayfare = Wayfare::start().await;
    let here = wayfare.spot("Market Square").await;
    for (asked, understood) in [
        ("2026-03-29T00:10", "2026-03-28T23:10:00Z"),
        ("2026-03-29T03:10", "2026-03-29T01:10:00Z"),
        ("2026-10-25T00:10", "2026-10-24T22:10:00Z"),
        ("2026-10-25T03:10", "2026-10-25T02:10:00Z"),
    ] {
        let routes = wayfare.get(&format!("/api/routes?from={here}&to={here}&modes=foot&depart={asked}")).await;
        let at = routes.expect(200)["at"].as_str().expect("a moment").replace("+00:00", "Z");
        assert_eq!(at, understood, "{asked}");
    }
    let twice = wayfare.get(&format!("/api/routes?from={here}&to={here}&depart=2026-10-25T02:30")).await.text();
    assert!(twice.contains("2026-10-25T02:30:00+02:00") && twice.contains("2026-10-25T02:30:00+01:00"), "{twice}");
}

#[tokio::test]
async fn by_bus_there_is_a_bus_or_a_reason() {
    let wayfare = Wayfare::start().await;
    let (here, there) = (wayfare.spot("Market Square").await, wayfare.spot("Observatory").await);
    let bus = |to: String| format!("/api/routes?from={here}&to={to}&modes=bus&depart=2026-11-29T02:00");
    let night = wayfare.get(&bus(there)).await.expect(200);
    let journeys = night["modes"][0]["journeys"].as_array().expect("a list").clone();
    assert!(!journeys.is_empty() && journeys.iter().all(|j| number(&j["rides"]) > 0.0), "{night}");
    let same = wayfare.get(&bus(here.clone())).await.expect(200);
    assert_eq!(same["modes"][0]["reason"]["code"], "walk_is_shorter");
}

#[tokio::test]
async fn the_same_place_twice_is_a_journey_of_nothing() {
    let wayfare = Wayfare::start().await;
    let here = wayfare.spot("Market Square").await;
    let routes = wayfare.get(&format!("/api/routes?from={here}&to={here}&modes=foot,car")).await.expect(200);
    for mode in routes["modes"].as_array().expect("a list") {
        assert_eq!((number(&mode["journeys"][0]["seconds"]), number(&mode["journeys"][0]["metres"])), (0.0, 0.0));
    }
}

#[tokio::test]
async fn what_can_not_be_answered_is_refused_with_a_stable_code() {
    let wayfare = Wayfare::start().await;
    let here = wayfare.spot("Market Square").await;
    let swapped = here.split(',').rev().collect::<Vec<_>>().join(",");
    let to_here = |rest: &str| format!("/api/routes?to={here}&{rest}");
    let from_here = |rest: &str| to_here(&format!("from={here}&{rest}"));
    for (question, status, code) in [
        (to_here(""), 400, "bad_parameter"),
        (to_here("from=NaN,NaN"), 400, "bad_parameter"),
        (to_here("from=inf,0"), 400, "bad_parameter"),
        (to_here("from=90.1,0"), 400, "bad_parameter"),
        (to_here("from=0,180.1"), 400, "bad_parameter"),
        (to_here("from=1e1,1"), 400, "bad_parameter"),
        (to_here("from=46.9"), 400, "bad_parameter"),
        (to_here("from=46.9,4.3,1"), 400, "bad_parameter"),
        (to_here("from=90,180"), 422, "outside_city"),
        (to_here(&format!("from={swapped}")), 422, "outside_city"),
        (from_here("modes=plane"), 400, "bad_parameter"),
        (from_here("modes="), 400, "bad_parameter"),
        (from_here("modes=car,,bus"), 400, "bad_parameter"),
        (from_here("alternatives=4"), 400, "bad_parameter"),
        (from_here("geometry=wkt"), 400, "bad_parameter"),
        (from_here("depart=yesterday"), 400, "bad_parameter"),
        (from_here("depart=25:00"), 400, "bad_parameter"),
        (from_here("depart=2026-02-31T08:00"), 422, "no_such_day"),
        (from_here("depart=2026-03-29T02:30"), 422, "no_such_time"),
        (from_here("depart=2026-10-25T02:30"), 422, "ambiguous_time"),
        (from_here("depart=08:00&arrive=09:00"), 422, "depart_and_arrive"),
        ("/api/geocode".to_owned(), 400, "bad_parameter"),
        ("/api/geocode?q=".to_owned(), 400, "bad_parameter"),
        ("/api/geocode?q=a&limit=0".to_owned(), 400, "bad_parameter"),
        ("/api/reverse?lat=NaN&lon=0".to_owned(), 400, "bad_parameter"),
        ("/api/reverse?lat=0&lon=0".to_owned(), 422, "outside_city"),
        ("/api/stops".to_owned(), 422, "near_or_box"),
        ("/api/stops?near=46.9,4.3&box=0,0,1,1".to_owned(), 422, "near_or_box"),
        ("/api/stops/-1/departures".to_owned(), 404, "not_found"),
        ("/api/stops/99999999999/departures".to_owned(), 404, "not_found"),
        ("/api/stops/1/departures?from=1990-01-01T08:00".to_owned(), 422, "outside_calendar"),
        ("/api/density?resolution=5".to_owned(), 400, "bad_parameter"),
        ("/api/density?day=2026-02-31".to_owned(), 422, "no_such_day"),
        ("/api/density?day=1990-01-01".to_owned(), 422, "outside_calendar"),
        ("/api/density?resolution=11&access=true".to_owned(), 422, "too_fine_for_access"),
        ("/api/suggestions?count=31".to_owned(), 400, "bad_parameter"),
    ] {
        let answer = wayfare.get(&question).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{question}: {}", answer.text());
    }
    assert!(wayfare.get(&to_here(&format!("from={swapped}"))).await.text().contains("swapped"));
}

#[tokio::test]
async fn a_point_off_the_streets_is_answered_and_says_how_far_they_are() {
    let wayfare = Wayfare::start().await;
    let city = wayfare.get("/api/city").await.expect(200);
    let corner = format!("{},{}", city["bounds"]["south"], city["bounds"]["west"]);
    let here = wayfare.spot("Market Square").await;
    let routes = wayfare.get(&format!("/api/routes?from={corner}&to={here}&modes=foot")).await.expect(200);
    assert!(number(&routes["from"]["metres_to_street"]) > 100.0, "{routes}");
}

#[tokio::test]
async fn places_are_found_as_photon_would_tell_them() {
    let wayfare = Wayfare::start().await;
    let found = wayfare.get("/api/geocode?q=makret+sqare&limit=3&lang=en").await.expect(200);
    assert_eq!((&found["type"], &found["engine"]), (&"FeatureCollection".into(), &"embedded".into()));
    let first = &found["features"][0];
    assert_eq!((&first["type"], &first["geometry"]["type"]), (&"Feature".into(), &"Point".into()));
    assert_eq!(first["properties"]["name"], "Market Square");
    let at = &first["geometry"]["coordinates"];
    let around = wayfare.get(&format!("/api/reverse?lat={}&lon={}", at[1], at[0])).await.expect(200);
    let names = around["features"].as_array().expect("a list").iter();
    assert!(names.clone().any(|f| f["properties"]["name"] == "Market Square"), "{around}");
    let house = wayfare.get("/api/reverse?lat=46.9&lon=4.35&limit=1").await.expect(200);
    let (house, kind) = (&house["features"][0]["properties"], "house");
    assert_eq!((house["type"].as_str(), house["housenumber"].is_string()), (Some(kind), true), "{house}");
}

#[tokio::test]
async fn density_and_suggestions_are_kept_and_say_where_people_come_from() {
    let wayfare = Wayfare::start().await;
    let people = number(&wayfare.get("/api/city").await.expect(200)["people"]);
    for resolution in [7, 9] {
        let address = format!("/api/density?resolution={resolution}&day=2026-11-23&access=true");
        let answer = wayfare.get(&address).await;
        let density = answer.expect(200);
        let cells = density["features"].as_array().expect("a list");
        let sum: f64 = cells.iter().map(|c| number(&c["properties"]["people"])).sum();
        assert!((sum - people).abs() < 1.0 + cells.len() as f64 / 10.0, "every one lives somewhere: {sum} of {people}");
        assert!(cells.iter().any(|c| number(&c["properties"]["access"]) > 0.3));
        assert_eq!(density["people_source"], "made up with the demo city");
        let etag = answer.header("etag").expect("an ETag");
        assert_eq!(wayfare.with("if-none-match", etag).get(&address).await.status, 304);
    }
    let suggested = wayfare.get("/api/suggestions?count=3&day=2026-11-23").await.expect(200);
    let stops = suggested["stops"].as_array().expect("a list");
    assert!(stops.len() == 3 && number(&stops[0]["people"]) >= number(&stops[1]["people"]));
    assert!(number(&suggested["people"]) <= number(&suggested["unserved_before"]));
    assert!(!suggested["assumptions"].as_str().expect("a text").is_empty());
}

#[tokio::test]
async fn stops_tell_what_leaves_next() {
    let wayfare = Wayfare::start().await;
    let here = wayfare.spot("Market Square").await;
    let stops = wayfare.get(&format!("/api/stops?near={here}&radius=800&limit=5")).await.expect(200);
    let metres: Vec<f64> = stops.as_array().expect("a list").iter().map(|s| number(&s["metres"])).collect();
    assert!(metres.len() == 5 && metres.is_sorted());
    let board = wayfare.get(&format!("/api/stops/{}/departures?from={MONDAY}", stops[0]["id"])).await.expect(200);
    assert_eq!(board["stop"]["name"], stops[0]["name"]);
    let times: Vec<&str> =
        board["departures"].as_array().expect("a list").iter().filter_map(|d| d["at"].as_str()).collect();
    assert!(times.len() == 10 && times.is_sorted() && times[0] >= "2026-11-23T07:00:00");
    let bounds = wayfare.get("/api/city").await.expect(200)["bounds"].clone();
    let area = ["south", "west", "north", "east"].map(|side| bounds[side].to_string()).join(",");
    let all = wayfare.get(&format!("/api/stops?box={area}&limit=5000")).await.expect(200);
    assert!(all.as_array().expect("a list").len() > 100);
}

#[tokio::test]
async fn the_map_is_small_and_asked_for_once() {
    let wayfare = Wayfare::start().await;
    let answer = wayfare.get("/api/city/streets").await;
    let streets = answer.expect(200);
    let classes: Vec<&str> =
        streets["classes"].as_array().expect("a list").iter().filter_map(|c| c["class"].as_str()).collect();
    assert_eq!(classes[0], "secondary");
    let grounds = streets["grounds"].as_array().expect("a list");
    let kinds: Vec<_> = grounds.iter().map(|ground| ground["kind"].as_str().expect("a word")).collect();
    assert_eq!(kinds, ["park", "river"], "what is drawn first comes first, and what there isn't is left out");
    assert!(grounds.iter().all(|ground| ground["lines"][0].as_str().is_some_and(|line| line.len() > 10)));
    assert!(answer.body.len() < 60_000, "{} bytes", answer.body.len());
    let etag = answer.header("etag").expect("an ETag");
    assert_eq!(wayfare.with("if-none-match", etag).get("/api/city/streets").await.status, 304);
}
