//! The service in this process, on a port of its own: what a test starts, asks and looks into.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::Relaxed},
};

use chrono::{Datelike, NaiveTime, TimeDelta, Weekday};
use poem::{
    Server,
    listener::{Acceptor, Listener, TcpListener},
};
use sea_orm::{ConnectionTrait, Statement};
use tokio::task::JoinHandle;
use wayfare::{
    App,
    bus::Bus,
    catalog,
    clock::{Clock, Instant},
    config::Config,
    http,
    telemetry::Signals,
};

use crate::{
    client::Client,
    place::{Place, city},
};

pub struct Wayfare {
    pub app: Arc<App>,
    /// Somebody who isn't signed in.
    pub guest: Client,
    pub place: Arc<Place>,
    ahead: Arc<AtomicI64>,
    tasks: Vec<JoinHandle<()>>,
}

impl std::ops::Deref for Wayfare {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.guest
    }
}

impl Wayfare {
    /// A service with the demo city in a fresh database.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// As [`Self::start`], with the configuration changed.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::at(Arc::new(Place::seeded().await), Arc::new(until_noon_of_a_wednesday().into()), change).await
    }

    /// One more replica: the same database, Redis and time.
    pub async fn replica(&self) -> Self {
        let keys = self.app.config.jwt_keys.clone();
        self.replica_with(|config| config.jwt_keys = keys).await
    }

    /// As [`Self::replica`], configured otherwise.
    pub async fn replica_with(&self, change: impl FnOnce(&mut Config)) -> Self {
        Self::at(self.place.clone(), self.ahead.clone(), change).await
    }

    pub async fn at(place: Arc<Place>, ahead: Arc<AtomicI64>, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = place.config();
        change(&mut config);
        let (system, by) = (Clock::system(), ahead.clone());
        let clock = Clock::of(move || system.now() + TimeDelta::milliseconds(by.load(Relaxed)));
        let app = App::new(config, clock, Signals::default(), city().await).await.expect("the app can be made");
        let listener = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("there is a free port");
        let address = listener.local_addr()[0].as_socket_addr().expect("it is a TCP port").to_owned();
        let routes = http::routes(app.clone());
        let serve = async move { Server::new_with_acceptor(listener).run(routes).await.expect("the server runs") };
        let tasks = vec![
            tokio::spawn(serve),
            tokio::spawn(Bus::carry(app.bus.clone())),
            tokio::spawn(catalog::follow(app.clone())),
        ];
        Self { guest: Client::new(format!("http://{address}")), app, place, ahead, tasks }
    }

    /// Lets time pass.
    pub fn later(&self, by: TimeDelta) {
        self.ahead.fetch_add(by.num_milliseconds(), Relaxed);
    }

    pub fn now(&self) -> Instant {
        self.app.clock.now()
    }

    /// Runs a statement past the API.
    pub async fn sql(&self, statement: &str) -> Result<u64, sea_orm::DbErr> {
        self.app.db.write.execute_unprepared(statement).await.map(|done| done.rows_affected())
    }

    /// The one number that a query gives.
    pub async fn number(&self, query: &str) -> i64 {
        let statement = Statement::from_string(self.app.db.write.get_database_backend(), query);
        let row = self.app.db.write.query_one_raw(statement).await.unwrap_or_else(|e| panic!("{query}: {e}"));
        row.and_then(|r| r.try_get_by_index(0).ok()).unwrap_or_else(|| panic!("{query}: no number"))
    }

    /// The value of a series as `/metrics` shows it, such as `wayfare_sign_ins_total{outcome="ok"}`.
    pub async fn metric(&self, series: &str) -> f64 {
        let text = self.get("/metrics").await.text();
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or_else(|| panic!("there is no series {series} in:\n{text}"))
    }
}

/// Milliseconds. Whether there is a bus worth waiting for depends on the hour: no test should.
fn until_noon_of_a_wednesday() -> i64 {
    let now = Clock::system().now();
    let mut noons = (0..).map(|days| now.date_naive() + TimeDelta::days(days)).map(|day| day.and_time(NOON).and_utc());
    let noon = noons.find(|noon| noon.weekday() == Weekday::Wed && *noon > now).expect("a week has one");
    (noon - now).num_milliseconds()
}

const NOON: NaiveTime = NaiveTime::from_hms_opt(12, 0, 0).expect("a time");

impl Drop for Wayfare {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
