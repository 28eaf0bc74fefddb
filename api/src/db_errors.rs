//! What an error of the database means: was what we asked done, was it not, or does nobody know?

use sea_orm::{DbErr, RuntimeErr, sqlx::Error as Sqlx};

use crate::error::Error;

/// SQLite's primary result codes; the lowest byte of what it reports.
mod sqlite {
    pub const BUSY: u32 = 5;
    pub const LOCKED: u32 = 6;
    pub const OUT_OF_MEMORY: u32 = 7;
    pub const READ_ONLY: u32 = 8;
    pub const INTERRUPTED: u32 = 9;
    pub const INPUT_OUTPUT: u32 = 10;
    pub const FULL: u32 = 13;
    pub const CANT_OPEN: u32 = 14;
    pub const CONSTRAINT: u32 = 19;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// PostgreSQL stores no U+0000.
    BadText,
    /// The database couldn't be asked, or couldn't do anything at that moment.
    Away,
    /// Others were changing the same rows; nothing was changed.
    Contended,
    /// A prepared statement that is another connection's.
    Pooler,
    /// A fault of ours, or a refusal that the caller didn't expect.
    Other,
}

const POOLER: &str = "what pools connections in front of PostgreSQL mixes up prepared statements: set \
                      max_prepared_statements in PgBouncer, or pool_mode to session";

/// For a statement whose effect is undone unless a commit follows, and for one that only reads.
impl From<DbErr> for Error {
    fn from(cause: DbErr) -> Self {
        match meaning(&cause) {
            Meaning::BadText => {
                Self::malformed("bad_text", "A text contains a character that can't be stored, such as U+0000.")
            }
            Meaning::Away => Self::database_away(cause),
            Meaning::Contended => {
                let detail = "Others were changing the same at that moment, and nothing was changed; try again.";
                Self::unavailable("contended", detail).retry_after(1).because(cause)
            }
            Meaning::Pooler => Self::internal(anyhow::Error::new(cause).context(POOLER)),
            Meaning::Other => Self::internal(cause),
        }
    }
}

/// For a commit, and for a statement that is a transaction by itself: where the answer was lost, it
/// may have been done.
pub fn of_write(cause: DbErr) -> Error {
    if leaves_unknown(&cause) { Error::outcome_unknown(cause) } else { cause.into() }
}

fn meaning(cause: &DbErr) -> Meaning {
    match cause {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(RuntimeErr::SqlxError(_)) => Meaning::Away,
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => of_driver(cause),
        _ => Meaning::Other,
    }
}

fn of_driver(cause: &Sqlx) -> Meaning {
    match cause {
        Sqlx::Database(cause) => cause.code().map_or(Meaning::Other, |code| of_code(&code)),
        cause if connection_lost(cause) => Meaning::Away,
        Sqlx::PoolTimedOut | Sqlx::PoolClosed => Meaning::Away,
        _ => Meaning::Other,
    }
}

fn of_code(code: &str) -> Meaning {
    use sqlite::{BUSY, CANT_OPEN, FULL, INPUT_OUTPUT, INTERRUPTED, LOCKED, OUT_OF_MEMORY, READ_ONLY};
    if let Some(primary) = sqlite_code(code) {
        return match primary {
            BUSY | LOCKED | OUT_OF_MEMORY | READ_ONLY | INTERRUPTED | INPUT_OUTPUT | FULL | CANT_OPEN => Meaning::Away,
            _ => Meaning::Other,
        };
    }
    match code {
        "22021" | "22P05" => Meaning::BadText,
        "26000" => Meaning::Pooler,
        // Serialization failure, deadlock, a lock that couldn't be had.
        "40001" | "40P01" | "55P03" => Meaning::Contended,
        // A standby: it was promoted, or we were sent to the wrong one.
        "25006" => Meaning::Away,
        // Connection; out of connections, memory or disk; shutting down or starting; input and
        // output.
        code if ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class)) => Meaning::Away,
        _ => Meaning::Other,
    }
}

fn leaves_unknown(cause: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = cause else {
        return false;
    };
    match &**cause {
        Sqlx::Database(cause) => cause.code().is_none_or(|code| code_leaves_unknown(&code)),
        cause => connection_lost(cause),
    }
}

/// SQLite may have written the whole commit and then failed to sync it or to note where it is:
/// after a crash it would be found. PostgreSQL's server may have been ended, or its disk have
/// failed, on either side of the commit's record.
fn code_leaves_unknown(code: &str) -> bool {
    match sqlite_code(code) {
        Some(primary) => !matches!(primary, sqlite::BUSY | sqlite::FULL | sqlite::CONSTRAINT),
        None => ["08", "40003", "57P", "58", "XX"].iter().any(|class| code.starts_with(class)),
    }
}

fn connection_lost(cause: &Sqlx) -> bool {
    matches!(cause, Sqlx::Io(_) | Sqlx::Tls(_) | Sqlx::Protocol(_) | Sqlx::WorkerCrashed)
}

/// The codes of PostgreSQL have five places, those of SQLite fewer.
fn sqlite_code(code: &str) -> Option<u32> {
    (code.len() < 5).then(|| code.parse::<u32>().ok().map(|code| code & 0xff))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_keeps_sqlite_from_working_is_told_as_a_database_that_is_away() {
        // Busy, busy snapshot, out of memory, interrupted, five of reading and writing, full.
        for code in ["5", "517", "7", "9", "10", "266", "522", "778", "1034", "13"] {
            assert_eq!(of_code(code), Meaning::Away, "{code}");
        }
        assert_eq!(of_code("1299"), Meaning::Other, "a value that is missing is our fault");
    }

    #[test]
    fn postgresql_that_is_full_or_ending_is_away_and_a_race_is_one() {
        for code in ["53100", "53300", "57P01", "57P02", "57P03", "08006", "25006", "58030"] {
            assert_eq!(of_code(code), Meaning::Away, "{code}");
        }
        for code in ["40001", "40P01", "55P03"] {
            assert_eq!(of_code(code), Meaning::Contended, "{code}");
        }
        assert_eq!(of_code("23505"), Meaning::Other);
    }

    #[test]
    fn a_commit_that_was_refused_is_known_and_one_that_broke_off_is_not() {
        for known in ["5", "13", "787", "40001", "23505", "53100"] {
            assert!(!code_leaves_unknown(known), "{known}");
        }
        for unknown in ["10", "1034", "7", "1", "57P01", "57P02", "08006", "40003", "58030"] {
            assert!(code_leaves_unknown(unknown), "{unknown}");
        }
    }

    #[test]
    fn a_connection_lost_at_commit_is_told_as_unknown_and_before_it_as_away() {
        let lost = || {
            let cause = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
            DbErr::Exec(RuntimeErr::SqlxError(Sqlx::Io(cause).into()))
        };
        assert_eq!(of_write(lost()).code, "outcome_unknown");
        assert!(Error::from(lost()).is_database_away());
        let never_asked = DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout);
        assert!(of_write(never_asked).is_database_away());
    }
}
