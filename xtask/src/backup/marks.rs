//! Rows in `backup.mark`, by the database's own clock: what a restore has to have, and what it must not have.

use anyhow::{Context, Result};
use stages::machine::Machine;

use super::host::Host;
use super::instant::Instant;

pub struct Mark {
    pub at: Instant,
    /// The WAL segment that it is in.
    pub segment: String,
}

const TABLE: &str = "
    CREATE SCHEMA IF NOT EXISTS backup;
    CREATE TABLE IF NOT EXISTS backup.mark (at timestamptz PRIMARY KEY DEFAULT clock_timestamp(), what text NOT NULL);
    DELETE FROM backup.mark WHERE at < now() - interval '30 days';";

/// How PostgreSQL writes a time so that nobody can misread it.
pub const UTC: &str = r#"'YYYY-MM-DD HH24:MI:SS.US"+00"'"#;

/// `what` is a word of ours.
pub fn write(host: &Host, what: &str, machine: &Machine) -> Result<Mark> {
    host.ask(TABLE, machine)?;
    let insert =
        format!("INSERT INTO backup.mark (what) VALUES ('{what}') RETURNING to_char(at AT TIME ZONE 'UTC', {UTC})");
    let at = host.ask(&insert, machine)?;
    let segment = host.ask("SELECT pg_walfile_name(pg_current_wal_lsn())", machine)?;
    Ok(Mark { at: time(&at)?, segment })
}

/// A time that a question gave; none where it gave nothing.
pub fn time_of(host: &Host, sql: &str, machine: &Machine) -> Result<Option<Instant>> {
    let text = host.ask(&format!("SELECT to_char(({sql}) AT TIME ZONE 'UTC', {UTC})"), machine)?;
    if text.is_empty() { Ok(None) } else { time(&text).map(Some) }
}

pub fn time(text: &str) -> Result<Instant> {
    text.parse().map_err(anyhow::Error::msg).with_context(|| format!("the database's time `{text}`"))
}
