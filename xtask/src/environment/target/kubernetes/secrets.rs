//! The secrets of an environment without another provider: generated once, in the cluster, never on a command line.

use std::fs;
use std::os::unix::fs::DirBuilderExt;

use super::super::docker::secrets;
use super::{Kubernetes, objects};
use anyhow::Result;

const NAME: &str = "wayfare-secrets";

impl Kubernetes {
    /// They live as long as the database that has them.
    pub fn secrets(&self) -> Result<()> {
        let rendered = self.rendered()?.objects;
        let is_brought = rendered.iter().any(|object| objects::kind(object) != "Job" && objects::name(object) == NAME);
        if is_brought || !self.settings.generate_secrets {
            return Ok(());
        }
        let folder = std::env::temp_dir().join(format!("wayfare-secrets-{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let made = secrets::make(&folder).and_then(|()| {
            let from = format!("--from-file={}", folder.display());
            self.cluster()?.ask(&["create", "secret", "generic", NAME, &from])
        });
        fs::remove_dir_all(&folder)?;
        match made {
            Err(error) if !error.to_string().contains("already exists") => Err(error),
            _ => Ok(()),
        }
    }
}
