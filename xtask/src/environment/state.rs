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

use super::place::Place;

/// What serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    pub image: String,
    pub revision: String,
    /// UTC, RFC 3339.
    pub since: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Running {
    pub now: Option<Version>,
    pub before: Option<Version>,
}

/// What there was when a deployment began: as long as this is kept, it isn't over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnderWay {
    /// Containers of the service.
    pub was: Vec<String>,
    /// The image of the web tier.
    pub web: Option<String>,
}

impl Place {
    /// Held for as long as the file is open.
    pub fn lock(&self) -> Result<File> {
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
                let message = format!("something else is under way in {}: {who}", self.name);
                Err(Failure::new(Exit::Refused, message).next("wait for its end").into())
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    pub fn running(&self) -> Result<Running> {
        Ok(self.read("running.json")?.unwrap_or_default())
    }

    pub fn under_way(&self) -> Result<Option<UnderWay>> {
        self.read("under-way.json")
    }

    pub fn begins(&self, with: &UnderWay) -> Result<()> {
        self.write("under-way.json", with)
    }

    /// What serves from here on; what did until now is remembered.
    pub fn serves(&self, version: Version) -> Result<()> {
        let known = self.running()?;
        let is_another = known.now.as_ref().is_some_and(|now| now.image != version.image);
        let before = if is_another { known.now } else { known.before };
        self.write("running.json", &Running { now: Some(version), before })?;
        self.is_over()
    }

    pub fn is_over(&self) -> Result<()> {
        secret::forget(&self.file("under-way.json"))
    }

    fn file(&self, name: &str) -> PathBuf {
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
    use super::*;
    use stages::machine::Machine;

    fn place() -> (tempfile::TempDir, Place) {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine { state: folder.path().join("state"), ..Machine::pretend(&[]) };
        let place = Place::named("staging", &machine).unwrap();
        (folder, place)
    }

    #[test]
    fn the_second_one_is_refused_and_told_who_is_first() {
        let (_folder, place) = place();
        let held = place.lock().unwrap();
        let failure = Failure::from_any(place.lock().err().unwrap());
        assert_eq!(failure.exit, Exit::Refused);
        assert!(failure.message.contains(&format!("in staging: process {}", std::process::id())), "{failure}");
        drop(held);
        place.lock().unwrap();
    }

    #[test]
    fn nobody_else_enters_the_folder() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, place) = place();
        place.lock().unwrap();
        assert_eq!(fs::metadata(&place.state).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn what_ran_before_is_remembered_and_a_deployment_that_serves_is_over() {
        let (_folder, place) = place();
        let _held = place.lock().unwrap();
        let version = |revision: &str| Version { image: revision.into(), revision: revision.into(), since: "t".into() };
        assert_eq!(place.running().unwrap(), Running::default());
        place.serves(version("one")).unwrap();
        let under_way = UnderWay { was: vec!["a".into()], web: None };
        place.begins(&under_way).unwrap();
        assert_eq!(place.under_way().unwrap(), Some(under_way));
        place.serves(version("two")).unwrap();
        place.serves(version("two")).unwrap();
        let running = Running { now: Some(version("two")), before: Some(version("one")) };
        assert_eq!((place.running().unwrap(), place.under_way().unwrap()), (running, None));
    }
}
