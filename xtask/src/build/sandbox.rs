//! A service of a stage's own: in an empty folder, with the demo city, without limits. It ends with the plan.

use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use anyhow::Result;
use stages::exit::{Exit, Failure};
use stages::http;
use stages::machine::Machine;
use stages::plan::Step;
use xshell::cmd;

use super::demo::PASSWORD;
use super::{Profile, wayfare as built};

/// A first start on a slow disk; a usual one takes well under a second.
const SECONDS_TO_READY: u64 = 60;

pub struct Sandbox {
    pub folder: PathBuf,
    pub port: u16,
    pub profile: Profile,
}

impl Sandbox {
    /// `elsewhere` is the command for when the port is taken.
    pub fn steps(&self, machine: &Machine, elsewhere: &str) -> [Step; 7] {
        let (port, folder, wayfare) = (self.port, self.folder.clone(), machine.built("wayfare", self.profile));
        let server = |verb: &str| {
            let words = verb.split(' ');
            cmd!(machine.sh, "{wayfare} {words...}")
                .env("WAYFARE_DATA_DIR", self.folder.join("data"))
                .env("WAYFARE_SEED_PASSWORD", PASSWORD)
                .env("WAYFARE_LISTEN", format!("127.0.0.1:{port}"))
                .env("WAYFARE_RATE_LIMIT", "1000000")
                .env("WAYFARE_LOGIN_RATE_LIMIT", "1000000")
                .env("WAYFARE_BCRYPT_COST", "4")
                .env("WAYFARE_ACCESS_SECONDS", "7200")
        };
        let port_is_free = Step::task("port", move |_| port_is_free(port))
            .why(format!("the server under test listens on {port}"))
            .next(elsewhere);
        [
            port_is_free,
            built(machine, self.profile),
            Step::task("empty folder", move |_| empty(&folder))
                .why("a clean database for each run, and no user's data at risk"),
            Step::run("migrate", server("migrate")).why("tables").within(300),
            Step::run("seed", server("seed")).why("requests need existing data to be meaningful").within(300),
            Step::serve("serve", server("serve")).why("with high rate limits, so that requests reach the handlers"),
            ready(port),
        ]
        .map(Step::essential)
    }
}

fn empty(folder: &PathBuf) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder.join("data"))?)
}

pub fn port_is_free(port: u16) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            Err(Failure::new(Exit::Unreachable, format!("port {port} is taken")).into())
        }
        Err(error) => Err(Failure::new(Exit::Unreachable, format!("port {port}: {error}")).into()),
    }
}

/// Serving begins when the server says so, not after a while.
pub fn ready(port: u16) -> Step {
    Step::task("ready", move |ctx| {
        let answers = || http::get(port, "/readyz").ok().filter(|answer| answer.status == 200);
        ctx.wait_for("waiting for /readyz", SECONDS_TO_READY, answers).map(drop)
    })
    .why(format!("http://127.0.0.1:{port}/readyz answers 200 within {SECONDS_TO_READY} s"))
    .next("the server's last log lines above show what it waits for")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_a_place_that_cannot_be_reached() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let failure = Failure::from_any(port_is_free(port).unwrap_err());
        assert_eq!((failure.exit, failure.message), (Exit::Unreachable, format!("port {port} is taken")));
    }
}
