//! A provider of routes and places, in this process, on a port of its own: answers as OpenRouteService and Photon document
//! it, or misbehaves as it is told. The real ones can't be reached from where tests run.

use std::{
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use poem::{
    Body, EndpointExt, Response, Route, Server, handler,
    http::{HeaderMap, StatusCode, Uri},
    listener::{Acceptor, Listener, TcpListener},
    web::Data,
};
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub enum Mood {
    /// The documented answer.
    Well,
    /// The documented refusal: status and code.
    Refuses(u16, u32),
    /// This status with these headers and no sense in the body.
    Status(u16, Vec<(&'static str, String)>),
    /// 200 with this body.
    Says(String),
    /// Takes the question and never answers.
    Hangs,
    /// 200, and then a byte now and then.
    Drips,
    /// 200, and more than anybody wants to read.
    Floods,
    /// Sends somewhere else.
    Redirects(String),
}

#[derive(Clone)]
pub struct Double {
    pub url: String,
    moods: Arc<Mutex<Vec<Mood>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: String,
}

impl Double {
    pub async fn open(mood: Mood) -> Self {
        static CRYPTO: OnceLock<()> = OnceLock::new();
        CRYPTO.get_or_init(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let listener = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("there is a free port");
        let address = listener.local_addr()[0].as_socket_addr().expect("a TCP port").to_owned();
        let moods = Arc::new(Mutex::new(vec![mood]));
        let double = Self { url: format!("http://{address}/base"), moods, asked: Arc::default() };
        let routes = Route::new().at("/*path", poem::get(answer).post(answer)).data(double.clone());
        tokio::spawn(Server::new_with_acceptor(listener).run(routes));
        double
    }

    /// The same, where nobody listens.
    pub fn nowhere(&self) -> Self {
        Self { url: "http://127.0.0.1:1/nowhere".to_owned(), ..self.clone() }
    }

    /// From now on it is so.
    pub fn turns(&self, mood: Mood) {
        *self.moods.lock().expect("no holder panics") = vec![mood];
    }

    /// The next answers, each once; the last stays.
    pub fn plays(&self, moods: impl IntoIterator<Item = Mood>) {
        *self.moods.lock().expect("no holder panics") = moods.into_iter().collect();
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no holder panics").clone()
    }

    fn mood(&self) -> Mood {
        let mut moods = self.moods.lock().expect("no holder panics");
        if moods.len() > 1 { moods.remove(0) } else { moods[0].clone() }
    }
}

#[handler]
async fn answer(double: Data<&Double>, uri: &Uri, headers: &HeaderMap, body: String) -> Response {
    let asked = Asked { uri: uri.clone(), headers: headers.clone(), body };
    double.asked.lock().expect("no holder panics").push(asked.clone());
    let status = |code: u16| Response::builder().status(StatusCode::from_u16(code).expect("a status"));
    let endless = |bytes: &'static [u8], wait: Duration| {
        Body::from_bytes_stream(stream::repeat(bytes).then(move |bytes| async move {
            tokio::time::sleep(wait).await;
            Ok::<_, std::io::Error>(bytes)
        }))
    };
    match double.mood() {
        Mood::Well if uri.path().starts_with("/base/v2/") => status(200).body(directions(&asked.body).to_string()),
        Mood::Well => status(200).body(places().to_string()),
        Mood::Refuses(code, number) => {
            status(code).body(json!({ "error": { "code": number, "message": "a sentence" }, "info": {} }).to_string())
        }
        Mood::Status(code, headers) => headers.iter().fold(status(code), |r, (n, v)| r.header(*n, v)).body("<html>"),
        Mood::Says(text) => status(200).body(text),
        Mood::Hangs => std::future::pending().await,
        Mood::Drips => status(200).body(endless(b" ", Duration::from_millis(20))),
        Mood::Floods => status(200).body(endless(&[b' '; 65_536], Duration::ZERO)),
        Mood::Redirects(to) => status(307).header("location", to).body(()),
    }
}

/// A street of its own between the points asked for, in 100 s and 1234.5 m.
fn directions(question: &str) -> Value {
    let question: Value = serde_json::from_str(question).expect("a question in JSON");
    let (from, to) = (&question["coordinates"][0], &question["coordinates"][1]);
    let count = question["alternative_routes"]["target_count"].as_u64().unwrap_or(1);
    let step = |kind: u8, name: &str, metres: f64, a: u32, b: u32| json!({ "distance": metres, "duration": 50.0, "type": kind, "instruction": "Go", "name": name, "way_points": [a, b] });
    let steps = [step(11, "Provider Street", 1000.0, 0, 1), step(0, "-", 234.5, 1, 2), step(10, "-", 0.0, 2, 2)];
    let way = |n: u64| {
        json!({
            "type": "Feature",
            "bbox": [0, 0, 1, 1],
            "properties": {
                "segments": [{ "distance": 1234.5, "duration": 100.0, "steps": steps }],
                "summary": { "distance": 1234.5, "duration": 100.0 + n as f64 },
                "way_points": [0, 2],
            },
            "geometry": { "type": "LineString", "coordinates": [from, from, to] },
        })
    };
    json!({ "type": "FeatureCollection", "features": (0..count).map(way).collect::<Vec<_>>(), "metadata": {} })
}

/// Two places in the demo city, one with a name and one with a number, and one far away.
fn places() -> Value {
    let at = |lon: f64, lat: f64, properties: Value| json!({ "type": "Feature", "geometry": { "type": "Point", "coordinates": [lon, lat] }, "properties": properties });
    let centre = city::City::demo(city::DEMO_SEED).bounds().centre();
    json!({ "type": "FeatureCollection", "features": [
        at(centre.lon, centre.lat, json!({ "osm_type": "N", "osm_id": 1, "osm_key": "amenity", "osm_value": "cafe",
            "name": "Provider Café", "street": "Main Street", "city": "Elsewhere", "countrycode": "XX" })),
        at(centre.lon, centre.lat, json!({ "osm_type": "W", "osm_id": 2, "osm_key": "building", "osm_value": "yes",
            "street": "Main Street", "housenumber": "12a", "extent": [0, 0, 1, 1] })),
        at(-70.0, -40.0, json!({ "name": "Far away" })),
    ]})
}
