//! Other people's engines: asked where they are configured, and whatever they do, somebody answers.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use chrono::TimeDelta;
use city::{Point, Query};
use futures_util::future::join_all;
use serde_json::Value;
use wayfare::{
    config::{Config, Secret},
    transport::providers::Fallback,
};

use crate::{
    double::{Double, Mood},
    place::city,
    start::Wayfare,
};

const KEY: &str = "the-key-that-nobody-else-may-see";

/// A service that asks the double, and waits for it as long as it takes.
async fn patient(double: &Double) -> Wayfare {
    with(double, |config| {
        config.provider_ms = 30_000;
        config.timeout_seconds = 60;
    })
    .await
}

/// A service that asks the double and doesn't wait for long.
async fn hasty(double: &Double) -> Wayfare {
    with(double, |config| config.provider_ms = 200).await
}

async fn with(double: &Double, change: impl FnOnce(&mut Config)) -> Wayfare {
    Wayfare::with(|config| {
        config.ors_url = Some(double.url.clone());
        config.ors_key = Some(Secret::new(KEY));
        config.photon_url = Some(double.url.clone());
        change(config);
    })
    .await
}

async fn ends() -> (Point, Point) {
    let city = city().await;
    let at = |text| city.geocode(Query { text, near: None, limit: 1 })[0].at;
    (at("Market Square"), at("Harbour"))
}

/// What the comparison says of a mode; from a little beside the square, so that what is kept doesn't answer it.
async fn route(wayfare: &Wayfare, beside: u32, mode: &str, rest: &str) -> Value {
    let (from, to) = ends().await;
    let lat = from.lat + f64::from(beside) * 2e-5;
    let ends = format!("from={lat:.6},{:.6}&to={:.6},{:.6}", from.lon, to.lat, to.lon);
    let rest = if rest.is_empty() { "depart=2026-11-30T08:00" } else { rest };
    let told = wayfare.get(&format!("/api/routes?{ends}&modes={mode}&steps=true&{rest}")).await.expect(200);
    told["modes"][0].clone()
}

async fn drive(wayfare: &Wayfare, beside: u32) -> Value {
    route(wayfare, beside, "car", "").await
}

/// Who answered, and why not somebody else.
fn whose(told: &Value) -> (&str, Option<&str>) {
    (told["engine"].as_str().expect("always said"), told["fallback"].as_str())
}

const THEIRS: (&str, Option<&str>) = ("openrouteservice", None);

fn ours(why: Fallback) -> (&'static str, Option<&'static str>) {
    ("embedded", Some(why.word()))
}

async fn calls(wayfare: &Wayfare, provider: &str, outcome: &str) -> f64 {
    let series = format!("wayfare_provider_calls_total{{outcome=\"{outcome}\",provider=\"{provider}\"}}");
    wayfare.metric(&series).await
}

async fn rests(wayfare: &Wayfare) -> bool {
    wayfare.metric("wayfare_provider_resting{provider=\"openrouteservice\"}").await > 0.0
}

#[tokio::test]
async fn without_providers_the_embedded_engine_answers_and_nothing_is_to_be_explained() {
    let wayfare = Wayfare::start().await;
    assert_eq!(whose(&drive(&wayfare, 0).await), ("embedded", None));
    let places = wayfare.get("/api/geocode?q=market+square").await.expect(200);
    assert_eq!(whose(&places), ("embedded", None));
}

#[tokio::test]
async fn a_way_is_the_providers_where_it_is_configured() {
    let double = Double::open(Mood::Well).await;
    let wayfare = patient(&double).await;
    let (from, _) = ends().await;
    for (mode, profile) in [("car", "driving-car"), ("bike", "cycling-regular"), ("foot", "foot-walking")] {
        let told = route(&wayfare, 0, mode, "").await;
        assert_eq!(whose(&told), THEIRS);
        let journey = &told["journeys"][0];
        assert_eq!((&journey["seconds"], &journey["metres"]), (&100.into(), &1234.5.into()));
        let leg = &journey["legs"][0];
        assert_eq!((leg["from"].as_str(), leg["steps"].as_array().map(Vec::len)), (Some("Provider Street"), Some(3)));
        assert_eq!(leg["steps"][1]["street"], Value::Null, "a dash is no name");
        assert_eq!(leg["steps"][1]["turn"], "left");
        assert_eq!(journey["co2e_grams"].as_f64().expect("a number") > 0.0, mode != "foot");
        let asked = double.asked().pop().expect("a question");
        assert_eq!(asked.uri.path(), format!("/base/v2/directions/{profile}/geojson"));
        assert_eq!(asked.headers["authorization"], KEY, "the key as it is, without Bearer");
        let question: Value = serde_json::from_str(&asked.body).expect("JSON");
        let lon = question["coordinates"][0][0].as_f64().expect("a number");
        assert!((lon - from.lon).abs() < 1e-5, "longitude first: {question}");
    }
    let several = route(&wayfare, 0, "car", "alternatives=2").await;
    assert_eq!(several["journeys"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn streets_are_the_providers_and_buses_are_ours_and_both_are_compared_with_the_same_drive() {
    let double = Double::open(Mood::Well).await;
    let wayfare = patient(&double).await;
    let (from, to) = ends().await;
    let ends = format!("from={},{}&to={},{}", from.lat, from.lon, to.lat, to.lon);
    let told = wayfare.get(&format!("/api/routes?{ends}&depart=2026-11-30T08:00")).await.expect(200);
    let engines: Vec<_> = told["modes"].as_array().expect("a list").iter().map(|m| m["engine"].clone()).collect();
    assert_eq!(engines, ["openrouteservice", "openrouteservice", "openrouteservice", "embedded", "embedded"]);
    assert_eq!(double.asked().len(), 3);
    let grams = |mode: usize, what: &str| told["modes"][mode]["journeys"][0][what].as_f64().expect("a number");
    for mode in 0..5 {
        let (own, saved, car) = (grams(mode, "co2e_grams"), grams(mode, "saved_grams"), grams(2, "co2e_grams"));
        assert!((car - own - saved).abs() < 0.2, "mode {mode}: {car} - {own} is not {saved}");
    }
}

#[tokio::test]
async fn a_journey_that_arrives_by_a_time_leaves_as_much_earlier() {
    let double = Double::open(Mood::Well).await;
    let wayfare = patient(&double).await;
    let told = route(&wayfare, 0, "car", "arrive=2026-11-30T08:00:00Z").await;
    let journey = &told["journeys"][0];
    assert_eq!(
        (&journey["depart"], &journey["arrive"]),
        (&"2026-11-30T07:58:20+00:00".into(), &"2026-11-30T08:00:00+00:00".into())
    );
}

#[tokio::test]
async fn whatever_a_provider_does_the_embedded_engine_answers_and_says_why() {
    let double = Double::open(Mood::Hangs).await;
    let shape = |coordinates: &str, rest: &str| {
        format!(
            r#"{{"features":[{{"geometry":{{"coordinates":{coordinates}}},"properties":{{"summary":{{"distance":5,"duration":5}}}}}}]}}{rest}"#
        )
    };
    let moods = [
        (Mood::Hangs, Fallback::TimedOut),
        (Mood::Drips, Fallback::TimedOut),
        (Mood::Floods, Fallback::Unreadable),
        (Mood::Refuses(404, 2009), Fallback::NoAnswer),
        (Mood::Refuses(404, 2010), Fallback::NoAnswer),
        (Mood::Refuses(400, 2004), Fallback::Refused),
        (Mood::Refuses(404, 1), Fallback::Unreadable),
        (Mood::Status(404, vec![]), Fallback::Unreadable),
        (Mood::Status(500, vec![]), Fallback::Away),
        (Mood::Status(503, vec![]), Fallback::Away),
        (Mood::Status(429, vec![]), Fallback::Quota),
        (Mood::Status(403, vec![]), Fallback::Refused),
        (Mood::Redirects("http://127.0.0.1:9/".to_owned()), Fallback::Unreadable),
        (Mood::Says(String::new()), Fallback::Unreadable),
        (Mood::Says("<html>".to_owned()), Fallback::Unreadable),
        (Mood::Says(r#"{"features":[]}"#.to_owned()), Fallback::Unreadable),
        (Mood::Says(shape("[]", "")), Fallback::Unreadable),
        (Mood::Says(shape("[[1],[2]]", "")), Fallback::Unreadable),
        (Mood::Says(shape("[[900,1e300],[1,2]]", "")), Fallback::Unreadable),
        // A way somewhere else: perhaps latitude and longitude the wrong way round.
        (Mood::Says(shape("[[10.0,50.0],[10.1,50.0]]", "")), Fallback::Unreadable),
    ];
    let embedded = drive(&Wayfare::start().await, 0).await["journeys"].clone();
    for (mood, why) in moods {
        double.turns(mood.clone());
        // What has to run out of time may do so soon; the rest may take its time on a slow machine.
        let wayfare = if why == Fallback::TimedOut { hasty(&double).await } else { patient(&double).await };
        let told = drive(&wayfare, 0).await;
        assert_eq!(whose(&told), ours(why), "{mood:?}");
        assert_eq!(told["journeys"], embedded, "{mood:?}");
        assert_eq!(calls(&wayfare, "openrouteservice", why.word()).await, 1.0, "{mood:?}");
    }
    let nobody = hasty(&double.nowhere()).await;
    assert_eq!(whose(&drive(&nobody, 0).await), ours(Fallback::Away));
}

#[tokio::test]
async fn what_may_pass_is_tried_once_more_and_nothing_else_is() {
    let double = Double::open(Mood::Well).await;
    let wayfare = patient(&double).await;
    double.plays([Mood::Status(503, vec![]), Mood::Well]);
    assert_eq!(whose(&drive(&wayfare, 0).await), THEIRS);
    assert_eq!(double.asked().len(), 2);
    let once = [
        Mood::Status(500, vec![]),
        Mood::Status(503, vec![("retry-after", "3".to_owned())]),
        Mood::Refuses(404, 2010),
        Mood::Says("<html>".to_owned()),
    ];
    for (n, mood) in (1..).zip(once) {
        let before = double.asked().len();
        double.turns(mood.clone());
        drive(&wayfare, n).await;
        assert_eq!(double.asked().len(), before + 1, "{mood:?}");
    }
    double.turns(Mood::Status(502, vec![]));
    let before = double.asked().len();
    drive(&wayfare, 9).await;
    assert_eq!(double.asked().len(), before + 2, "once more, and no more");
}

#[tokio::test]
async fn after_failures_in_a_row_it_is_left_alone_then_one_question_decides() {
    let double = Double::open(Mood::Status(500, vec![])).await;
    let wayfare = patient(&double).await;
    for n in 0..8 {
        drive(&wayfare, n).await;
    }
    assert_eq!(double.asked().len(), 5);
    assert_eq!(whose(&drive(&wayfare, 8).await), ours(Fallback::Resting));
    assert!(rests(&wayfare).await);
    // Still in trouble when it is tried, and left alone for twice as long.
    wayfare.later(TimeDelta::seconds(11));
    join_all((10..20).map(|n| drive(&wayfare, n))).await;
    assert_eq!(double.asked().len(), 6, "one of ten tries");
    wayfare.later(TimeDelta::seconds(11));
    assert_eq!(whose(&drive(&wayfare, 20).await), ours(Fallback::Resting));
    double.turns(Mood::Well);
    wayfare.later(TimeDelta::seconds(11));
    assert_eq!(whose(&drive(&wayfare, 21).await), THEIRS);
    assert_eq!(whose(&drive(&wayfare, 22).await), THEIRS);
    assert!(!rests(&wayfare).await);
}

#[tokio::test]
async fn questions_that_have_no_answer_say_nothing_against_the_provider() {
    let double = Double::open(Mood::Refuses(404, 2010)).await;
    let wayfare = patient(&double).await;
    for n in 0..10 {
        assert_eq!(whose(&drive(&wayfare, n).await), ours(Fallback::NoAnswer));
    }
    assert_eq!(double.asked().len(), 10);
}

#[tokio::test]
async fn a_spent_quota_is_respected_until_it_is_new() {
    for (status, headers) in [
        (429, vec![("x-ratelimit-reset", "90".to_owned())]),
        (403, vec![("x-ratelimit-reset", "90".to_owned()), ("x-ratelimit-remaining", "0".to_owned())]),
        (429, vec![("retry-after", "90".to_owned())]),
    ] {
        let double = Double::open(Mood::Status(status, headers)).await;
        let wayfare = patient(&double).await;
        assert_eq!(whose(&drive(&wayfare, 0).await), ours(Fallback::Quota));
        double.turns(Mood::Well);
        wayfare.later(TimeDelta::seconds(80));
        assert_eq!(whose(&drive(&wayfare, 1).await), ours(Fallback::Resting));
        assert_eq!(double.asked().len(), 1);
        wayfare.later(TimeDelta::seconds(11));
        assert_eq!(whose(&drive(&wayfare, 2).await), THEIRS);
    }
}

#[tokio::test]
async fn the_same_question_is_asked_once() {
    let double = Double::open(Mood::Well).await;
    let wayfare = patient(&double).await;
    let all = join_all((0..20).map(|_| drive(&wayfare, 0))).await;
    assert!(all.iter().all(|told| whose(told) == THEIRS));
    assert_eq!(double.asked().len(), 1);
    assert_eq!(calls(&wayfare, "openrouteservice", "ok").await, 1.0);
    assert_eq!(calls(&wayfare, "openrouteservice", "kept").await, 19.0);
    // With Redis, other replicas needn't ask either.
    let other = wayfare
        .replica_with(|config| {
            (config.ors_url, config.provider_ms, config.timeout_seconds) = (Some(double.url.clone()), 30_000, 60);
        })
        .await;
    assert_eq!(drive(&other, 0).await, all[0]);
    assert_eq!(double.asked().len(), if wayfare.app.redis.is_some() { 1 } else { 2 });
}

#[tokio::test]
async fn what_lies_outside_the_city_is_no_business_of_a_provider() {
    let double = Double::open(Mood::Well).await;
    let wayfare = patient(&double).await;
    let (from, _) = ends().await;
    let (lat, lon) = (from.lat, from.lon);
    wayfare.get(&format!("/api/routes?from={lat},{lon}&to=-40,-70")).await.refused(422, "outside_city");
    wayfare.get("/api/reverse?lat=-40&lon=-70").await.refused(422, "outside_city");
    assert_eq!(double.asked().len(), 0);
}

fn names(told: &Value) -> Vec<&str> {
    let features = told["features"].as_array().expect("a list");
    features.iter().map(|f| f["properties"]["name"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn places_are_photons_where_it_is_configured_and_in_the_city() {
    let double = Double::open(Mood::Well).await;
    let wayfare = patient(&double).await;
    let Point { lat, lon } = ends().await.0;
    let told = wayfare.get(&format!("/api/geocode?q=caf%C3%A9+%26+co&lat={lat}&lon={lon}&limit=5")).await.expect(200);
    assert_eq!((whose(&told), names(&told)), (("photon", None), vec!["Provider Café", "Main Street 12a"]));
    let cafe = &told["features"][0]["properties"];
    assert_eq!((&cafe["osm_key"], &cafe["osm_value"]), (&"amenity".into(), &"cafe".into()));
    assert!(cafe["metres"].as_f64().is_some_and(|m| m >= 0.0));
    assert_eq!(told["features"][1]["properties"]["housenumber"], "12a");
    let asked = double.asked().pop().expect("a question");
    let question = asked.uri.query().expect("a query");
    assert_eq!(asked.uri.path(), "/base/api");
    for part in ["q=caf%C3%A9+%26+co", "limit=5", "lang=default", "bbox=", "lat=", "lon="] {
        assert!(question.contains(part), "{part} in {question}");
    }
    assert!(!asked.headers.contains_key("authorization"), "the key is the other provider's");

    let told = wayfare.get(&format!("/api/reverse?lat={lat}&lon={lon}&limit=1")).await.expect(200);
    assert_eq!((whose(&told), names(&told)), (("photon", None), vec!["Provider Café"]));
    assert_eq!(double.asked().pop().expect("a question").uri.path(), "/base/reverse");
}

#[tokio::test]
async fn a_language_that_photon_doesnt_speak_gives_the_names_of_the_place() {
    let double = Double::open(Mood::Well).await;
    let wayfare = patient(&double).await;
    double.plays([Mood::Refuses(400, 0), Mood::Well]);
    let told = wayfare.get("/api/geocode?q=cafe&lang=PT").await.expect(200);
    assert_eq!(whose(&told), ("photon", None));
    let asked = double.asked();
    let languages: Vec<&str> = asked.iter().filter_map(|a| a.uri.query()?.split("lang=").nth(1)).collect();
    assert_eq!(languages, ["pt", "default"]);
}

#[tokio::test]
async fn places_are_found_here_when_photon_fails_or_knows_none() {
    let double = Double::open(Mood::Hangs).await;
    let Point { lat, lon } = ends().await.0;
    for (mood, why) in [
        (Mood::Hangs, Fallback::TimedOut),
        (Mood::Status(500, vec![]), Fallback::Away),
        (Mood::Status(400, vec![]), Fallback::Unreadable),
        (Mood::Refuses(400, 0), Fallback::Refused),
        (Mood::Says(r#"{"type":"FeatureCollection","features":[]}"#.to_owned()), Fallback::NoAnswer),
        (Mood::Says(r#"{"features":[{"geometry":{"coordinates":[1]}}]}"#.to_owned()), Fallback::Unreadable),
        (Mood::Says(r#"{"features":[{"geometry":{"coordinates":[1e9,0]}}]}"#.to_owned()), Fallback::Unreadable),
        (Mood::Says("[".repeat(100_000)), Fallback::Unreadable),
    ] {
        double.turns(mood.clone());
        let wayfare = if why == Fallback::TimedOut { hasty(&double).await } else { patient(&double).await };
        let told = wayfare.get("/api/geocode?q=market+sqare&limit=3").await.expect(200);
        assert_eq!((whose(&told), names(&told)[0]), (ours(why), "Market Square"), "{mood:?}");
        let told = wayfare.get(&format!("/api/reverse?lat={lat}&lon={lon}")).await.expect(200);
        assert_eq!(whose(&told), ours(why), "{mood:?}");
    }
}

/// Everything that is logged, at the loudest.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no holder panics").extend_from_slice(text);
        Ok(text.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_key_and_where_people_go_are_in_no_log_and_a_rest_is_logged_once() {
    let log = Log::default();
    let to = log.clone();
    let loud = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || to.clone());
    // All of a test runs on this thread.
    let _guard = tracing::subscriber::set_default(loud.finish());
    let double = Double::open(Mood::Well).await;
    let wayfare = patient(&double).await;
    drive(&wayfare, 0).await;
    for (n, mood) in (1..).zip([
        Mood::Status(500, vec![]),
        Mood::Redirects(format!("{}/elsewhere", double.url)),
        Mood::Says(KEY.to_owned()),
        Mood::Status(502, vec![]),
        Mood::Status(500, vec![]),
        Mood::Status(500, vec![]),
        Mood::Status(401, vec![]),
    ]) {
        double.turns(mood);
        drive(&wayfare, n).await;
    }
    assert_eq!(whose(&drive(&wayfare, 20).await), ours(Fallback::Resting));
    wayfare.later(TimeDelta::seconds(11));
    double.turns(Mood::Well);
    assert_eq!(whose(&drive(&wayfare, 21).await), THEIRS);
    let nobody = hasty(&double.nowhere()).await;
    drive(&nobody, 0).await;
    let log = String::from_utf8(log.0.lock().expect("no holder panics").clone()).expect("text");
    assert_eq!(log.matches("circuit breaker open for a provider").count(), 1, "{log}");
    assert_eq!(log.matches("a provider responds again").count(), 1, "{log}");
    assert!(log.contains("a provider is unreachable"), "loud enough: {log}");
    let lat = ends().await.0.lat.to_string();
    for secret in [KEY, &lat[..8]] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    let shown = format!("{:?}", wayfare.app.config);
    assert!(!shown.contains(KEY), "{shown}");
}

#[tokio::test]
async fn a_provider_that_would_give_the_key_away_is_refused_at_start() {
    let place = Wayfare::start().await;
    let refused = |change: fn(&mut Config)| {
        let mut config = place.place.config();
        config.ors_key = Some(Secret::new(KEY));
        config.ors_url = Some("https://routes.example".to_owned());
        change(&mut config);
        wayfare::check(&config).map_err(|e| e.to_string())
    };
    assert_eq!(refused(|_| {}), Ok(()));
    for (setting, change) in [
        ("WAYFARE_ORS_URL", (|c| c.ors_url = Some("http://routes.example".to_owned())) as fn(&mut Config)),
        ("WAYFARE_ORS_URL", |c| c.ors_url = Some("https://me:secret-word@routes.example".to_owned())),
        ("WAYFARE_ORS_URL", |c| c.ors_url = Some("https://routes.example?api_key=secret-word".to_owned())),
        ("WAYFARE_ORS_URL", |c| c.ors_url = Some("secret-word".to_owned())),
        ("WAYFARE_ORS_KEY", |c| c.ors_url = None),
        ("WAYFARE_PHOTON_URL", |c| c.photon_url = Some("ftp://places.example".to_owned())),
        ("WAYFARE_PROVIDER_MS", |c| (c.provider_ms, c.timeout_seconds) = (2_000, 2)),
    ] {
        let problem = refused(change).expect_err(setting);
        assert!(problem.contains(setting) && !problem.contains("secret-word") && !problem.contains(KEY), "{problem}");
    }
}
