//! Whether a backup is what its manifest says, read from the disk to its end.

use super::{
    Failure,
    folder::{Backup, DATABASE, PICTURES},
    manifest::{Digest, SCHEMA},
    shelf::Shelf,
};

/// # Errors
/// What is damaged or missing.
pub async fn verify(backup: &Backup) -> anyhow::Result<()> {
    let damaged = |what: String| Failure::damaged(format!("{} is damaged: {what}", backup.name));
    let manifest = &backup.manifest;
    if manifest.schema != SCHEMA {
        let message = format!("{} was made by version {}: verify it with that one", backup.name, manifest.version);
        return Err(Failure::usage(message).into());
    }
    let database = (DATABASE.to_owned(), &manifest.database);
    let pictures = manifest.pictures.iter().map(|(name, digest)| (format!("{PICTURES}/{name}"), digest));
    for (name, digest) in [database].into_iter().chain(pictures) {
        let found = Digest::of(&backup.path.join(&name)).map_err(|cause| damaged(format!("{name}: {cause}")))?;
        if found != *digest {
            return Err(damaged(format!("{name} isn't what was written")).into());
        }
    }
    let mut shelf = Shelf::open(&backup.path.join(DATABASE)).await?;
    shelf.judge().await.map_err(|cause| damaged(cause.to_string()))?;
    let rows = shelf.rows().await?;
    if rows != manifest.rows {
        return Err(damaged("its tables have other numbers of rows".to_owned()).into());
    }
    Ok(())
}
