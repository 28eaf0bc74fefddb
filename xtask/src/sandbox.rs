//! A service of a stage's own: in an empty folder, with the demo city, without limits. It ends with the plan.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use xshell::cmd;

use crate::build::{self, Profile};
use crate::here::Here;
use crate::plan::Step;
use crate::up::{self, PASSWORD};

pub struct Sandbox {
    pub folder: PathBuf,
    pub port: u16,
    pub profile: Profile,
}

impl Sandbox {
    /// `elsewhere` is the command for when the port is taken.
    pub fn steps(&self, here: &Here, elsewhere: &str) -> [Step; 7] {
        let (port, folder, wayfare) = (self.port, self.folder.clone(), here.built("wayfare", self.profile));
        let server = |verb: &str| {
            let words = verb.split(' ');
            cmd!(here.sh, "{wayfare} {words...}")
                .env("WAYFARE_DATA_DIR", self.folder.join("data"))
                .env("WAYFARE_SEED_PASSWORD", PASSWORD)
                .env("WAYFARE_LISTEN", format!("127.0.0.1:{port}"))
                .env("WAYFARE_RATE_LIMIT", "1000000")
                .env("WAYFARE_LOGIN_RATE_LIMIT", "1000000")
                .env("WAYFARE_BCRYPT_COST", "4")
                .env("WAYFARE_ACCESS_SECONDS", "7200")
        };
        let port_is_free = Step::task("port", move |_| up::port_is_free(port))
            .why(format!("its own server listens on {port}"))
            .next(elsewhere);
        [
            port_is_free,
            build::wayfare(here, self.profile),
            Step::task("empty folder", move |_| empty(&folder))
                .why("the same start each time, and nobody's data at risk"),
            Step::run("migrate", server("migrate")).why("tables").within(300),
            Step::run("seed", server("seed")).why("a request for what isn't there finds little").within(300),
            Step::serve("serve", server("serve")).why("limits high: it is the handlers that are tried"),
            up::ready(port),
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
