//! What has to be true of a database that was restored, before it serves: nobody is signed in by a
//! session that had ended since, and the audit says what happened.

use serde_json::json;

use crate::{
    audit::{self, Deed},
    auth::session,
    clock::Instant,
    db::Db,
};

/// What was put back.
pub struct Restored<'a> {
    /// The backup's name.
    pub from: &'a str,
    /// The time that the data is of.
    pub of: Instant,
    /// What was lost, as far as it is known.
    pub lost: serde_json::Value,
}

/// Ends every session and writes the line; tells how many sessions ended.
///
/// # Errors
/// What the database says: then nothing was changed.
pub async fn settle(db: &Db, now: Instant, restored: &Restored<'_>) -> anyhow::Result<u64> {
    let tx = db.begin().await?;
    let ended = session::Entity::end_everyones(&*tx, now, "restored").await?;
    let detail = json!({ "of": restored.of, "lost": restored.lost, "sessions_ended": ended });
    audit::write_by_operator(&*tx, now, Deed::RestoreDatabase, restored.from, detail).await?;
    tx.commit().await?;
    Ok(ended)
}
