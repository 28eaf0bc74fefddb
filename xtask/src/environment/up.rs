//! `up`: the whole shop in the foreground, on one command, with nothing to install.
//!
//! It serves the embedded form only, on this machine only, and leaves nothing running behind it.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;
use stages::cli::Stage;
use stages::ctx::Ctx;
use stages::http;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use stages::screen::Paint;
use xshell::cmd;

use super::deploy::{Rollout, image};
use super::release::{Release, Strategy};
use super::{Environment, data_dir};
use crate::build::demo::{PASSWORD, ROLES, account};
use crate::build::page;
use crate::build::sandbox::{port_is_free, ready};
use crate::build::{self, Profile};
use crate::image::Signed;

const PASSWORD_VARIABLE: &str = "WAYFARE_SEED_PASSWORD";

/// Build the product, seed the demo city, and serve it on this machine. Ctrl-C stops it.
#[derive(Args)]
pub struct Up {
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Folder of the database and the pictures
    #[arg(long, default_value = "data", value_name = "FOLDER")]
    data_dir: PathBuf,
    /// Start afresh: delete the data of an earlier `up` in that folder
    #[arg(long)]
    reset: bool,
    /// With PostgreSQL, Redis, two replicas and the web tier in containers: the local environment, deployed with the
    /// demo city; `down --compose` removes it
    #[arg(long, conflicts_with_all = ["data_dir", "port", "release", "reset"])]
    compose: bool,
    /// Also start Prometheus, on port 9090
    #[arg(long, requires = "compose")]
    monitoring: bool,
    /// Optimised build: takes longer to build, responds several times faster
    #[arg(long)]
    release: bool,
}

impl Stage for Up {
    const NAME: &'static str = "up";
    const EXAMPLE: &'static str = "up --port 5001 --reset";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        if self.compose {
            return compose(machine, self.monitoring);
        }
        let (port, folder) = (self.port, machine.root.join(&self.data_dir));
        let profile = Profile::Debug.release_or(self.release);
        let (build, wayfare) = (build::wayfare(machine, profile), machine.built("wayfare", profile));
        let data = machine.shown(&folder);
        let (to_reset, to_make) = (folder.clone(), folder.clone());
        let reset = Step::task("reset", move |_| data_dir::reset(&to_reset))
            .why("--reset: start from the demo city as it was")
            .changes(format!("deletes the database, pictures and keys in {data}"));
        let port_is_free = Step::task("port", move |_| port_is_free(port))
            .why(format!("checks that {port} is free, before the build"))
            .next(format!(
                "stop the other process, or use another port: cargo xtask up --port {}",
                port.wrapping_add(1).max(1024)
            ));
        let make = Step::task("data folder", move |_| data_dir::make(&to_make))
            .why("checks that the data folder is writable, before the first order")
            .changes(format!("creates {data} if necessary"))
            .next("cargo xtask up --data-dir FOLDER, with a folder that you may write to");
        let migrate = Step::run("migrate", cmd!(machine.sh, "{wayfare} migrate").env("WAYFARE_DATA_DIR", &folder))
            .why("the tables have to match this source")
            .changes(format!("the database in {data}"))
            .within(300)
            .next(format!("read the log; cargo xtask up --reset starts from nothing in {data}"));
        let seed = Step::run("seed", cmd!(machine.sh, "{wayfare} seed --if-empty").env("WAYFARE_DATA_DIR", &folder))
            .why("an empty database has no shops to show")
            .changes("adds the demo city, once")
            .within(300);
        let serve = cmd!(machine.sh, "{wayfare} serve")
            .env("WAYFARE_DATA_DIR", &folder)
            .env("WAYFARE_LISTEN", format!("127.0.0.1:{port}"))
            .env("WAYFARE_LOG_FORMAT", "text")
            .env("WAYFARE_WEB", page::dist(machine))
            // A password that a user chose isn't shown on the page either.
            .env("WAYFARE_DEMO", machine.variable(PASSWORD_VARIABLE).is_none().to_string());
        let serve = Step::serve("serve", serve).why("serves API, page and worker in one process").showing_messages();
        let stay = Step::task("until Ctrl-C", |ctx| ctx.serve_until_interrupted())
            .why("the server finishes in-flight requests before it stops")
            .next("see its last log lines above");
        let before = [port_is_free].into_iter().chain(self.reset.then_some(reset)).chain([make]);
        let steps = before.chain([
            build,
            page::packages(machine),
            page::page(machine),
            migrate,
            seed,
            serve,
            ready(port),
            announce(move || served(port), "Ctrl-C"),
            stay,
        ]);
        Ok(Plan::new("up", steps))
    }
}

/// The local environment is deployed like any other.
fn compose(machine: &Machine, monitoring: bool) -> Result<Plan> {
    let environment = Environment::local("docker", machine)?;
    let release = Release::new(image(None, &environment, machine)?, Strategy::Rolling, &environment)?;
    let monitored = if monitoring { environment.target.monitoring(&release, machine) } else { None };
    let address = environment.target.address();
    let told = announce(move || addresses(&address, &[("page", ""), ("api", "/api")]), "cargo xtask down --compose");
    let rollout = Rollout { environment, release, seed: true, tour: false };
    let steps = rollout.steps(false, &Signed::of_variables()?, machine)?;
    Ok(Plan::new("up --compose", steps.into_iter().chain(monitored).chain([told])))
}

type Addresses = Vec<(String, serde_json::Value)>;

/// `end` is what ends it.
fn announce(addresses: impl Fn() -> Addresses + 'static, end: &'static str) -> Step {
    Step::task("addresses", move |ctx| {
        let addresses = addresses();
        let accounts = ROLES.map(account);
        ctx.data.insert("addresses".into(), addresses.iter().cloned().collect());
        ctx.data.insert("accounts".into(), accounts.to_vec().into());
        if ctx.screen.look.json {
            let ready = json!({ "event": "ready", "addresses": ctx.data["addresses"], "accounts": accounts });
            ctx.screen.data(&ready.to_string());
        } else {
            print(ctx, &addresses, &accounts, end);
        }
        Ok(())
    })
    .why("prints the addresses and the demo accounts")
}

fn served(port: u16) -> Addresses {
    let has_page = http::get(port, "/").is_ok_and(|answer| answer.status == 200);
    let page = has_page.then_some(("page", ""));
    let others = [("api", "/api"), ("swagger_ui", "/docs"), ("openapi", "/openapi.json"), ("metrics", "/metrics")];
    addresses(&format!("http://127.0.0.1:{port}"), &page.into_iter().chain(others).collect::<Vec<_>>())
}

fn addresses(start: &str, paths: &[(&str, &str)]) -> Addresses {
    paths.iter().map(|(name, path)| (name.to_string(), format!("{start}{path}").into())).collect()
}

fn print(ctx: &Ctx, addresses: &[(String, serde_json::Value)], accounts: &[String], end: &str) {
    let screen = &ctx.screen;
    screen.data("");
    for (name, address) in addresses {
        let address = screen.paint(Paint::Bold, address.as_str().unwrap_or_default());
        screen.data(&format!("  {:<11} {address}", name.replace('_', " ")));
    }
    screen.data(&format!("\n  sign in as  {}", accounts.join(", ")));
    // A password that a user chose isn't printed.
    let own = ctx.machine.variable(PASSWORD_VARIABLE).is_some();
    let password = if own { format!("the value of {PASSWORD_VARIABLE}") } else { PASSWORD.to_owned() };
    screen.data(&format!("  password    {password}\n\n  {end} ends it.\n"));
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;
    use stages::script;

    use super::*;
    use crate::{plan_for, script_of};

    #[test]
    fn the_plan_of_up_is_a_script_that_a_person_could_type() {
        let text = script_of(&["up", "--port", "5001"], &["cargo"]);
        expect_file!["../../snapshots/up.txt"].assert_eq(&text);
    }

    #[test]
    fn only_a_reset_deletes() {
        let machine = Machine::pretend(&["cargo"]);
        let deletes = |words: &[&str]| script::text(&plan_for(words, &machine).unwrap(), &machine).contains("deletes");
        assert!(deletes(&["up", "--reset"]) && !deletes(&["up"]));
    }
}
