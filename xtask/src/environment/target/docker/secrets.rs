//! An environment's secrets: made once, as files that only their owner and the containers read.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result};

/// What is missing; what is there lives as long as its database.
pub fn make(folder: &Path) -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let password = kept(folder, "postgres_password", || random(24))?;
    kept(folder, "database_url", || Ok(format!("postgres://wayfare:{password}@postgres/wayfare")))?;
    kept(folder, "jwt_keys", || Ok(format!("first:{}", random(48)?)))?;
    Ok(())
}

/// Every user of the container may read the file; on the host only the owner can enter its folder.
fn kept(folder: &Path, name: &str, make: impl Fn() -> Result<String>) -> Result<String> {
    let file = folder.join(name);
    if let Ok(text) = fs::read_to_string(&file) {
        return Ok(text);
    }
    let text = make()?;
    let mut open = fs::OpenOptions::new().write(true).create_new(true).mode(0o444).open(&file)?;
    open.write_all(text.as_bytes()).with_context(|| format!("can't write {}", file.display()))?;
    Ok(text)
}

fn random(bytes: usize) -> Result<String> {
    let mut noise = vec![0; bytes];
    fs::File::open("/dev/urandom")?.read_exact(&mut noise)?;
    Ok(noise.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn secrets_are_made_once_and_nobody_else_enters_their_folder() {
        let clone = tempfile::tempdir().unwrap();
        let folder = clone.path().join("secrets");
        make(&folder).unwrap();
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let (password, url) = (read("postgres_password"), read("database_url"));
        assert_eq!((password.len(), url.contains(&password)), (48, true));
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        make(&folder).unwrap();
        assert_eq!((read("postgres_password"), read("database_url")), (password, url));
    }
}
