//! What is known of an environment between two runs: a lock, what runs, what ran before, and a deployment that isn't over.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stages::evidence::timestamp;
use stages::exit::{Exit, Failure};
use stages::secret;

use super::Docker;
use crate::environment::release::{Attempt, Outcome, Version, Versions};

/// What there was when a deployment began: as long as this is kept, it isn't over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnderWay {
    /// Containers of the service.
    pub was: Vec<String>,
    /// The image of the web tier.
    pub web: Option<String>,
}

impl Docker {
    /// Held for as long as the file is open.
    pub fn locked(&self) -> Result<File> {
        let cannot = || Failure::new(Exit::Unreachable, format!("can't write in {}", self.state.display()));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.state).with_context(cannot)?;
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.file("lock"))?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                write!(file, "process {}, {}", std::process::id(), timestamp(SystemTime::now()))?;
                Ok(file)
            }
            Err(TryLockError::WouldBlock) => {
                let mut who = String::new();
                file.read_to_string(&mut who)?;
                let message = format!("another operation is in progress in {}: {who}", self.environment);
                Err(Failure::new(Exit::Refused, message).next("wait until it has finished").into())
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    pub fn known(&self) -> Result<Versions> {
        Ok(self.read("running.json")?.unwrap_or_default())
    }

    pub fn under_way(&self) -> Result<Option<UnderWay>> {
        self.read("under-way.json")
    }

    pub fn begins(&self, with: &UnderWay, attempt: &Attempt) -> Result<()> {
        self.write("last.json", attempt)?;
        self.write("under-way.json", with)
    }

    /// The last deployment, whatever became of it.
    pub fn last(&self) -> Result<Option<Attempt>> {
        self.read("last.json")
    }

    /// What serves from here on; what did until now is remembered.
    pub fn serves(&self, version: Version) -> Result<()> {
        let known = self.known()?;
        let is_another = known.now.as_ref().is_some_and(|now| now.image != version.image);
        let before = if is_another { known.now } else { known.before };
        self.write("running.json", &Versions { now: Some(version), before })?;
        self.is_over(Outcome::Passed)
    }

    pub fn is_over(&self, outcome: Outcome) -> Result<()> {
        if let Some(attempt) = self.last()? {
            self.write("last.json", &Attempt { outcome, ..attempt })?;
        }
        secret::forget(&self.file("under-way.json"))
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.state.join(name)
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let file = self.file(name);
        match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).map(Some).with_context(|| format!("{}", file.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("can't read {}", file.display())),
        }
    }

    /// Whole or not at all.
    fn write(&self, name: &str, what: &impl Serialize) -> Result<()> {
        let (file, new) = (self.file(name), self.file(&format!("{name}.new")));
        fs::write(&new, serde_json::to_string_pretty(what)? + "\n")?;
        fs::rename(&new, &file).with_context(|| format!("can't write {}", file.display()))
    }
}

#[cfg(test)]
mod tests {
    use stages::machine::Machine;

    use super::*;
    use crate::environment::release::Strategy;
    use crate::environment::target::docker::Settings;

    fn target() -> (tempfile::TempDir, Docker) {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine { state: folder.path().join("state"), ..Machine::pretend(&[]) };
        let settings = Settings { port: 9000, replicas: 2, ready_within: 60 };
        (folder, Docker::new("attic", settings, &machine))
    }

    #[test]
    fn the_second_one_is_refused_and_told_who_is_first() {
        let (_folder, target) = target();
        let held = target.locked().unwrap();
        let failure = Failure::from_any(target.locked().err().unwrap());
        assert_eq!(failure.exit, Exit::Refused);
        assert!(failure.message.contains(&format!("in attic: process {}", std::process::id())), "{failure}");
        drop(held);
        target.locked().unwrap();
    }

    #[test]
    fn only_the_owner_enters_the_folder() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, target) = target();
        target.locked().unwrap();
        assert_eq!(fs::metadata(&target.state).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn what_ran_before_is_remembered_and_a_deployment_that_serves_is_over() {
        let (_folder, target) = target();
        let _held = target.locked().unwrap();
        let version = |revision: &str| Version {
            image: revision.to_owned().into(),
            revision: revision.into(),
            since: "t".into(),
        };
        let attempt = |outcome| Attempt {
            image: "two".to_owned().into(),
            revision: "two".into(),
            strategy: Strategy::Rolling,
            started: "t".into(),
            outcome,
        };
        assert_eq!(target.known().unwrap(), Versions::default());
        target.serves(version("one")).unwrap();
        let under_way = UnderWay { was: vec!["a".into()], web: None };
        target.begins(&under_way, &attempt(Outcome::UnderWay)).unwrap();
        assert_eq!(target.under_way().unwrap(), Some(under_way));
        assert_eq!(target.last().unwrap(), Some(attempt(Outcome::UnderWay)));
        target.serves(version("two")).unwrap();
        target.serves(version("two")).unwrap();
        let versions = Versions { now: Some(version("two")), before: Some(version("one")) };
        assert_eq!((target.known().unwrap(), target.under_way().unwrap()), (versions, None));
        assert_eq!(target.last().unwrap(), Some(attempt(Outcome::Passed)));
    }
}
