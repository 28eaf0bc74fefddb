//! Where a service under test keeps things: a database, a data folder and a part of Redis that no other test sees.

use std::{env, path::PathBuf, process::Command, sync::Arc};

use city::{City, DEMO_SEED};
use clap::{Args, FromArgMatches, builder::Resettable};
use sea_orm::ConnectionTrait;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;
use wayfare::{
    App,
    clock::Clock,
    config::{Config, Secret},
    migrations, seed,
    telemetry::Signals,
};

use crate::servers;

/// Of everybody in these tests.
pub const PASSWORD: &str = "a harbour in the fog";

pub struct Place {
    pub dir: TempDir,
    pub database_url: String,
    pub redis_url: Option<String>,
    redis_prefix: String,
}

/// Whether the tests run on PostgreSQL and Redis.
pub fn on_postgres() -> bool {
    match env::var("WAYFARE_TEST_BACKEND").as_deref() {
        Ok("postgres") => true,
        Ok("sqlite" | "") | Err(_) => false,
        Ok(other) => panic!("WAYFARE_TEST_BACKEND is sqlite or postgres, not `{other}`"),
    }
}

impl Place {
    /// A place with the demo city in it.
    pub async fn seeded() -> Self {
        static TEMPLATE: OnceCell<Template> = OnceCell::const_new();
        TEMPLATE.get_or_init(Template::make).await.copy().await
    }

    /// A place with no table in it.
    pub async fn empty() -> Self {
        if !on_postgres() {
            return Self::on_sqlite();
        }
        let database = fresh("");
        Self::on_servers(&database).await.created(&database, None).await
    }

    fn on_sqlite() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let database_url = format!("sqlite://{}?mode=rwc", dir.path().join("wayfare.db").display());
        Self { dir, database_url, redis_url: None, redis_prefix: "wayfare".to_owned() }
    }

    async fn on_servers(database: &str) -> Self {
        let servers = servers::all().await;
        Self {
            dir: tempfile::tempdir().expect("a temporary folder can be made"),
            database_url: format!("{}/{database}", servers.postgres.url),
            redis_url: Some(servers.redis.url.clone()),
            redis_prefix: database.to_owned(),
        }
    }

    async fn created(self, database: &str, from: Option<&str>) -> Self {
        let from = from.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
        admin(&format!("CREATE DATABASE {database}{from}")).await;
        self
    }

    pub fn database_file(&self) -> PathBuf {
        self.dir.path().join("wayfare.db")
    }

    /// The defaults, but for this place, fast password hashes and limits that only tests of limits reach.
    pub fn config(&self) -> Config {
        let command = Config::augment_args(clap::Command::new("wayfare")).mut_args(|a| a.env(Resettable::Reset));
        let defaults =
            Config::from_arg_matches(&command.get_matches_from(["wayfare"])).expect("every knob has a default");
        Config {
            data_dir: self.dir.path().to_owned(),
            database_url: Some(Secret::new(&self.database_url)),
            redis_url: self.redis_url.as_ref().map(Secret::new),
            redis_prefix: self.redis_prefix.clone(),
            bcrypt_cost: 4,
            seed_password: Some(Secret::new(PASSWORD)),
            rate_limit: 1_000_000,
            login_rate_limit: 1_000_000,
            webhooks_to_private: true,
            ..defaults
        }
    }

    /// The service's own binary, to run on this place.
    pub fn binary(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wayfare"));
        for (name, _) in env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("WAYFARE_")) {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .env("WAYFARE_DATA_DIR", self.dir.path())
            .env("WAYFARE_DATABASE_URL", &self.database_url)
            .env("WAYFARE_REDIS_PREFIX", &self.redis_prefix)
            .env("WAYFARE_BCRYPT_COST", "4")
            .env("WAYFARE_SEED_PASSWORD", PASSWORD)
            .env("WAYFARE_RATE_LIMIT", "1000000")
            .env("WAYFARE_LOGIN_RATE_LIMIT", "1000000")
            .env("WAYFARE_WEBHOOKS_TO_PRIVATE", "true");
        if let Some(url) = &self.redis_url {
            command.env("WAYFARE_REDIS_URL", url);
        }
        command
    }
}

/// The demo city: made once, since it never changes.
pub async fn city() -> Arc<City> {
    static CITY: OnceCell<Arc<City>> = OnceCell::const_new();
    CITY.get_or_init(async || {
        let made = tokio::task::spawn_blocking(|| City::demo(DEMO_SEED)).await;
        Arc::new(made.expect("the demo city is made"))
    })
    .await
    .clone()
}

/// A database with the demo city, made once and copied for each test.
enum Template {
    File(Vec<u8>),
    Database(String),
}

impl Template {
    async fn make() -> Self {
        if on_postgres() {
            sweep().await;
        }
        let database = fresh("_template");
        let place = match on_postgres() {
            true => Place::on_servers(&database).await.created(&database, None).await,
            false => Place::on_sqlite(),
        };
        let config = Config { redis_url: None, ..place.config() };
        let app = App::new(config, Clock::system(), Signals::default(), city().await)
            .await
            .expect("the template's database opens");
        migrations::up(&app.db, None).await.expect("the migrations run");
        seed::seed(&app, false).await.expect("the demo city is made");
        app.db.close().await;
        match on_postgres() {
            true => Self::Database(database),
            false => Self::File(std::fs::read(place.database_file()).expect("the template is a file")),
        }
    }

    async fn copy(&self) -> Place {
        match self {
            Self::File(bytes) => {
                let place = Place::on_sqlite();
                std::fs::write(place.database_file(), bytes).expect("the template can be copied");
                place
            }
            Self::Database(template) => {
                let database = fresh("");
                Place::on_servers(&database).await.created(&database, Some(template)).await
            }
        }
    }
}

/// A name that begins with the time.
fn fresh(suffix: &str) -> String {
    format!("wayfare_test_{}{suffix}", Uuid::now_v7().simple())
}

async fn admin(statement: &str) {
    let url = format!("{}/postgres", servers::all().await.postgres.url);
    let db = sea_orm::Database::connect(url).await.expect("PostgreSQL answers");
    db.execute_unprepared(statement).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    db.close().await.expect("a connection can be closed");
}

/// On a server that outlives the run: drops what earlier runs left, once it is an hour old.
async fn sweep() {
    let url = format!("{}/postgres", servers::all().await.postgres.url);
    let db = sea_orm::Database::connect(url).await.expect("PostgreSQL answers");
    let old = Uuid::new_v7(uuid::Timestamp::from_unix(
        uuid::NoContext,
        u64::try_from(Clock::system().now().timestamp() - 3600).expect("it is later than 1970"),
        0,
    ));
    let find = sea_orm::Statement::from_string(
        db.get_database_backend(),
        format!(
            "SELECT datname FROM pg_database WHERE datname LIKE 'wayfare\\_test\\_%' AND datname < 'wayfare_test_{}'",
            old.simple()
        ),
    );
    for row in db.query_all_raw(find).await.expect("databases can be listed") {
        let name: String = row.try_get_by_index(0).expect("a name");
        db.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .await
            .expect("a database can be dropped");
    }
}
