//! infra/ as it is and with mistakes in it, by `terraform test` on the providers' real schemas; and an environment's whole
//! life, with files in place of resources.
//!
//! `cargo xtask test infra` runs them. What isn't tried: a real cloud, whose values, quotas and delays no schema knows.

mod life;
mod machine;
mod planted;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A clone with nothing in it but what `infra` reads, so that a test may edit it.
pub struct Clone {
    folder: TempDir,
}

impl Clone {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        std::fs::write(folder.path().join("Cargo.toml"), "[workspace]\n").unwrap();
        for part in ["infra", "k8s/overlays", ".ci/terraform"] {
            let target = folder.path().join(part);
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            let copied = Command::new("cp").arg("-r").arg(root.join(part)).arg(target).status().unwrap();
            assert!(copied.success());
        }
        for root in ["environment", "account", "state", "copies"] {
            let lock = folder.path().join("infra/terraform").join(root).join(".terraform.lock.hcl");
            let _ = std::fs::remove_file(lock);
        }
        Clone { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The text has to be there: a planted mistake that isn't planted proves nothing.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no `{from}`");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    /// `cargo xtask infra …` in it, and how that ended.
    pub fn infra(&self, line: &str, variables: &[(&str, &str)]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.arg("infra").args(line.split(' ')).current_dir(self.folder.path());
        command.env("CARGO_TARGET_DIR", self.path("target")).env("WAYFARE_STATE_DIR", self.path("state"));
        said(command.envs(variables.iter().copied()).output().unwrap())
    }

    /// Terraform itself, with the providers' schemas, in that folder of infra/terraform.
    pub fn terraform(&self, root: &str, words: &[&str]) -> (i32, String) {
        let configuration = self.path("terraformrc");
        if !configuration.exists() {
            let installed = Command::new(self.path(".ci/terraform/install")).arg(&configuration).output().unwrap();
            assert!(installed.status.success(), "{installed:?}");
        }
        let folder = self.path("infra/terraform").join(root);
        let mut command = Command::new("terraform");
        command.arg(format!("-chdir={}", folder.display())).args(words);
        said(command.env("TF_CLI_CONFIG_FILE", configuration).env("TF_CLI_ARGS", "-no-color").output().unwrap())
    }
}

fn said(output: Output) -> (i32, String) {
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.code().unwrap_or(-1), text.concat())
}
