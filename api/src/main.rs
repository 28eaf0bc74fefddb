//! The command line of the service: one binary, so that image, migration job and OpenAPI document are the same bits.

use std::{process::ExitCode, sync::Arc, thread, time::Duration};

use city::City;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use wayfare::{
    App, backup,
    cli::{
        backup::BackupVerb,
        import::CityVerb,
        journeys::{Geocode, Route},
    },
    clock::Clock,
    config::Config,
    data_folder, http, layers, migrations, seed,
    telemetry::{Signals, Telemetry},
    transport::load,
    worker,
};

/// Small, short-lived pieces on several threads are what a request is made of: a tenth less processor time than with
/// the C library's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Gives back what starting took. The allocator looks for memory that has been free for a second when a thread ends, or
/// when there is work: a service that nobody asks anything yet would keep ten idle MiB.
fn settle() {
    // Without the thread it is so much larger, and nothing else.
    let _ = thread::Builder::new().name("settle".to_owned()).spawn(|| thread::sleep(Duration::from_secs(2)));
}

/// The Wayfare service: orders and journeys in a city
#[derive(Parser)]
#[command(
    name = "wayfare",
    version,
    arg_required_else_help = true,
    after_help = "Examples:\n  wayfare migrate && wayfare seed --if-empty && wayfare serve\n  WAYFARE_DATABASE_URL_FILE=/run/secrets/db wayfare serve\n  wayfare route \"Market Square\" Harbour --depart 08:00\n  wayfare config"
)]
struct Cli {
    #[command(subcommand)]
    command: Verb,
    #[command(flatten)]
    config: Config,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve the API
    Serve,
    /// Deliver order events to the shops' webhooks
    Worker {
        /// Deliver what is due, then exit
        #[arg(long)]
        once: bool,
    },
    /// Migrate the database to this version
    Migrate {
        /// Stop after this migration
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
    },
    /// Seed the database with the demo city: shops, products, an account for each role
    Seed {
        /// Do nothing if there are shops already
        #[arg(long)]
        if_empty: bool,
    },
    /// Compare journeys, without a server
    #[command(after_help = "Example:\n  wayfare route \"Market Square\" Harbour --mode bus,bike --depart 08:00")]
    Route(Route),
    /// Find places by name, without a server
    #[command(after_help = "Example:\n  wayfare geocode bakery --near \"Market Square\"")]
    Geocode(Geocode),
    /// Create city files
    City {
        #[command(subcommand)]
        verb: CityVerb,
    },
    /// Back up the embedded form, and restore it
    #[command(after_help = "Example:\n  wayfare backup run && wayfare backup list")]
    Backup {
        #[command(subcommand)]
        verb: BackupVerb,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Print every effective setting and its source, secrets hidden
    Config,
    /// Check whether a running service is ready; exits with 0 or 1
    Healthcheck {
        /// URL to request
        #[arg(long, default_value = "http://127.0.0.1:5000/readyz")]
        url: String,
    },
}

fn main() -> ExitCode {
    // Only this backend is built in: every TLS connection uses it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run() {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("error: {problem:#}");
            problem.downcast_ref::<backup::Failure>().map_or(ExitCode::FAILURE, |failure| failure.code.into())
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    // Help shows no value of a variable: an address may have a password in it.
    let global = |arg: clap::Arg| if arg.get_env().is_some() { arg.global(true).hide_env_values(true) } else { arg };
    let command = Cli::command().mut_args(global);
    let layers = layers::read(&command)?;
    let command = layers::apply(command, &layers);
    let matches = command.clone().get_matches();
    let cli = Cli::from_arg_matches(&matches)?;
    let at = innermost(&matches);
    if matches!(cli.command, Verb::Config) {
        print!("{}", layers::table(&command, at, &layers));
        wayfare::check(&cli.config)?;
        return Ok(ExitCode::SUCCESS);
    }
    let settings = layers::rows(&command, at, &layers);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(act(cli, settings))
}

/// Where clap keeps the values of arguments that every verb takes.
fn innermost(matches: &clap::ArgMatches) -> &clap::ArgMatches {
    matches.subcommand().map_or(matches, |(_, inner)| innermost(inner))
}

async fn act(cli: Cli, settings: Vec<[String; 3]>) -> anyhow::Result<ExitCode> {
    match cli.command {
        Verb::Openapi => println!("{}", http::document(offline(cli.config).await?)),
        Verb::Config => {}
        Verb::Route(route) => {
            print!("{}", route.answer(&*load::city(&cli.config).await?, Clock::system().now())?)
        }
        Verb::Geocode(geocode) => print!("{}", geocode.answer(&*load::city(&cli.config).await?)?),
        Verb::City { verb: CityVerb::Import(import) } => {
            print!("{}", tokio::task::spawn_blocking(|| import.run()).await??)
        }
        Verb::Backup { verb } => print!("{}", verb.run(&cli.config, &Clock::system(), settings).await?),
        Verb::Healthcheck { url } => {
            return Ok(if healthy(&url).await { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Verb::Migrate { to } => {
            wayfare::check(&cli.config)?;
            data_folder::close_to_others(&cli.config);
            for name in migrations::up(&wayfare::db::Db::connect(&cli.config).await?, to.as_deref()).await? {
                println!("applied {name}");
            }
        }
        Verb::Seed { if_empty } => {
            data_folder::close_to_others(&cli.config);
            let city = load::city(&cli.config).await?;
            let app = App::new(cli.config, Clock::system(), Signals::default(), city).await?;
            println!("{}", seed::seed(&app, if_empty).await?);
        }
        Verb::Serve => {
            wayfare::check(&cli.config)?;
            let _lock = data_folder::lock(&cli.config)?;
            let city = load::city(&cli.config).await?;
            return with_telemetry(cli.config, city, async |app, telemetry| {
                migrations::up_to_date(&app.db).await?;
                settle();
                http::serve(app, Some(telemetry)).await
            })
            .await;
        }
        Verb::Worker { once } => {
            return with_telemetry(cli.config, Arc::new(City::empty()), async move |app, _| {
                migrations::up_to_date(&app.db).await?;
                if once { worker::once(&app).await.map(drop) } else { worker::until_signalled(app).await }
            })
            .await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn with_telemetry(
    config: Config,
    city: Arc<City>,
    work: impl AsyncFnOnce(Arc<App>, &Telemetry) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    wayfare::check(&config)?;
    let telemetry = Telemetry::start(&config)?;
    data_folder::close_to_others(&config);
    let done = match App::new(config, Clock::system(), telemetry.signals(), city).await {
        Ok(app) => work(app, &telemetry).await,
        Err(problem) => Err(problem),
    };
    telemetry.close();
    done.map(|()| ExitCode::SUCCESS)
}

/// An app that touches nothing outside memory: enough to write the OpenAPI document.
async fn offline(config: Config) -> anyhow::Result<Arc<App>> {
    let nothing = wayfare::config::Secret::new("sqlite::memory:");
    let keys = wayfare::config::Secret::new("document:0123456789012345678901234567890123456789");
    let config = Config {
        database_url: Some(nothing),
        redis_url: None,
        jwt_keys: Some(keys),
        images: None,
        flags: None,
        data_dir: std::env::temp_dir(),
        ..config
    };
    App::new(config, Clock::system(), Signals::default(), Arc::new(City::empty())).await
}

async fn healthy(url: &str) -> bool {
    let patience = Duration::from_secs(3);
    let alone = reqwest::redirect::Policy::none();
    let client = match reqwest::Client::builder().redirect(alone).timeout(patience).build() {
        Ok(client) => client,
        Err(problem) => {
            eprintln!("nothing can be asked from here: {problem:?}");
            return false;
        }
    };
    match client.get(url).send().await {
        Ok(answer) if answer.status().is_success() => true,
        Ok(answer) => {
            eprintln!("{url} answers {}", answer.status());
            false
        }
        Err(problem) => {
            eprintln!("{url} doesn't answer: {problem}");
            false
        }
    }
}
