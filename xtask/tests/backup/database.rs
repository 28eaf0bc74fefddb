//! A PostgreSQL in production's part: its own folder, archiving, and a host file that leads to it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::emulators::{AZURE_ACCOUNT, AZURE_KEY, BUCKET, Emulators, free_port};
use super::{passed, root, write};

pub struct Database {
    folder: TempDir,
    pub port: u16,
    pub emulators: Emulators,
    programs: PathBuf,
    is_root: bool,
}

impl Database {
    /// With a stanza, and nothing in it.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("wayfare-backup-").tempdir().unwrap();
        let emulators = Emulators::start(folder.path());
        let is_root = fs::metadata("/proc/self").map(|found| std::os::unix::fs::MetadataExt::uid(&found) == 0).unwrap();
        let database = Database { folder, port: free_port(), emulators, programs: programs(), is_root };
        database.make();
        database
    }

    fn make(&self) {
        for name in ["db", "scratch", "spool", "log", "conf.d"] {
            fs::create_dir(self.path(name)).unwrap();
        }
        fs::create_dir(self.path("text")).unwrap();
        write(&self.path("host.toml"), &self.host());
        self.secrets("right");
        if self.is_root {
            let mut own = Command::new("chown");
            own.args(["-R", "postgres:"]).args(["db", "scratch", "spool", "log", "conf.d"].map(|name| self.path(name)));
            assert!(own.status().unwrap().success());
            assert!(Command::new("chmod").arg("0755").arg(self.folder.path()).status().unwrap().success());
        }
        let (host, out) = (self.host_file(), self.folder.path().display().to_string());
        passed(&self.state(), &["render", "--host", &host, "--out", &out]);
        let data = self.path("db/data").display().to_string();
        self.ok(self.program("initdb").args(["-D", &data, "-U", "postgres", "-A", "trust", "--no-sync"]));
        let settings = fs::read_to_string(self.path("postgresql.conf")).unwrap();
        let own = format!(
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = '{}'\n",
            self.port,
            self.path("db").display()
        );
        let conf = self.path("db/data/postgresql.conf");
        write(&conf, &[fs::read_to_string(&conf).unwrap(), settings, own].concat());
        self.ok(Command::new(self.path("start")).stdout(Stdio::null()));
        self.ok(self.program("createdb").args([
            "-h",
            "127.0.0.1",
            "-p",
            &self.port.to_string(),
            "-U",
            "postgres",
            "wayfare",
        ]));
    }

    /// Of each repository, the same or another than it was made with.
    pub fn secrets(&self, pass: &str) {
        let mut text =
            "[global]\nrepo1-s3-key=test\nrepo1-s3-key-secret=test\nrepo3-gcs-key-type=token\nrepo3-gcs-key=test\n"
                .to_owned();
        text += &format!("repo2-azure-account={AZURE_ACCOUNT}\nrepo2-azure-key={AZURE_KEY}\n");
        for number in 1..=3 {
            text += &format!("repo{number}-cipher-pass={pass}-{number}\n");
        }
        write(&self.path("conf.d/secrets.conf"), &text);
    }

    fn host(&self) -> String {
        let at = |name: &str| self.path(name).display().to_string();
        let user = if self.is_root { "postgres".to_owned() } else { std::env::var("USER").unwrap() };
        let become_user = if self.is_root { "setpriv --reuid=postgres --regid=postgres --init-groups -- " } else { "" };
        let pg_ctl = format!("{become_user}{} -D {}", self.programs.join("pg_ctl").display(), at("db/data"));
        // Its output is closed: the server would hold it open.
        let start = format!("#!/bin/sh\nexec {pg_ctl} -l {} -w start > /dev/null 2>&1 < /dev/null\n", at("db/log"));
        write(&self.path("start"), &start);
        assert!(Command::new("chmod").arg("0755").arg(self.path("start")).status().unwrap().success());
        let stop: Vec<_> =
            pg_ctl.split(' ').chain(["-m", "fast", "-w", "stop"]).map(|word| format!("\"{word}\"")).collect();
        let wayfare = root().join("target/debug/wayfare").canonicalize().unwrap();
        let mut text = format!(
            "stanza = \"wayfare\"\ndata = \"{}\"\nprograms = \"{}\"\nsocket = \"{}\"\nport = {}\nuser = \"{user}\"\n\
             role = \"postgres\"\ndatabase = \"wayfare\"\nconfig = \"{}\"\nsecrets = \"{}\"\nspool = \"{}\"\nlog = \"{}\"\n\
             scratch = \"{}\"\ntextfile = \"{}\"\nstop_writers = []\nstart_writers = []\nstop = [{}]\nstart = [\"{}\"]\n\
             program = \"{}\"\n",
            at("db/data"),
            self.programs.display(),
            at("db"),
            self.port,
            at("pgbackrest.conf"),
            at("conf.d"),
            at("spool"),
            at("log"),
            at("scratch"),
            at("text"),
            stop.join(", "),
            at("start"),
            wayfare.display()
        );
        let ca = self.emulators.certificate.display();
        let [s3, azure, gcs] = self.emulators.ports;
        let end = format!("ca_file = \"{ca}\"\nlimit_gib = 1\nplace = \"{BUCKET}\"\n");
        text += &format!(
            "[repositories.s3]\nendpoint = \"localhost\"\nport = {s3}\nregion = \"us-east-1\"\nby_path = true\n{end}"
        );
        text += &format!("[repositories.azure]\nendpoint = \"localhost\"\nport = {azure}\nby_path = true\n{end}");
        text += &format!("[repositories.gcs]\nendpoint = \"localhost:{gcs}\"\n{end}");
        text
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn host_file(&self) -> String {
        self.path("host.toml").display().to_string()
    }

    pub fn state(&self) -> PathBuf {
        self.path("state")
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/wayfare", self.port)
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        if !self.is_root {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program).current_dir("/");
        command
    }

    #[track_caller]
    fn ok(&self, command: &mut Command) -> Output {
        let done = command.output().unwrap();
        assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
        done
    }

    #[track_caller]
    pub fn ask(&self, sql: &str) -> String {
        let port = self.port.to_string();
        let mut psql = self.program("psql");
        psql.args(["-XqAt", "-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-d", "wayfare", "-c", sql]);
        String::from_utf8(self.ok(&mut psql).stdout).unwrap().trim().to_owned()
    }

    /// Now, by its own clock, as `--to` wants it.
    pub fn now(&self) -> String {
        self.ask("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let data = self.path("db/data").display().to_string();
        let _ = self.program("pg_ctl").args(["-D", &data, "-m", "immediate", "stop"]).output();
    }
}

fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed").flatten();
    let mut versions: Vec<_> =
        versions.map(|entry| entry.path().join("bin")).filter(|path| path.join("postgres").exists()).collect();
    versions.sort();
    versions.pop().expect("PostgreSQL is installed")
}
