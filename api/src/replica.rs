//! The read replica: asked for the catalog while it answers and keeps up with the primary, which
//! answers in its place otherwise.

use std::{
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};

use crate::error::Result;

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often its position is compared with the primary's.
const LOOK: Duration = Duration::from_secs(1);
/// How long it is left alone after it hasn't answered.
const REST: Duration = Duration::from_secs(5);
/// How far behind it may be.
const BEHIND: Duration = Duration::from_secs(10);

const POSITION: &str = "SELECT pg_current_wal_lsn()::text";
/// Whether it is one still, and has what the primary had at the last look, and at this one.
const STATE: &str = "SELECT pg_is_in_recovery(),
    coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false), coalesce(pg_last_wal_replay_lsn() >= $2::pg_lsn, false)";

pub struct Replica {
    db: DatabaseConnection,
    state: Mutex<State>,
    looking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    problem: Option<&'static str>,
    rests_until: Option<Instant>,
    looked: Option<Instant>,
    /// Where the primary was at the last look.
    mark: Option<(String, Instant)>,
    /// What the primary had committed by then is there.
    has: Option<Instant>,
    /// The primary didn't say where it is: how far behind the replica is can't be told.
    is_blind: bool,
    /// When something that is read here was last written.
    wrote: Option<Instant>,
}

impl State {
    fn problem(&self) -> Option<&'static str> {
        let lacks_own = self.wrote.is_some_and(|wrote| self.has.is_none_or(|has| has <= wrote));
        let is_behind = !self.is_blind && self.has.is_none_or(|has| has.elapsed() > BEHIND);
        self.problem.or(is_behind.then_some("it is behind")).or(lacks_own.then_some("it lacks what was just written"))
    }

    fn is_due(&self) -> bool {
        match self.rests_until {
            Some(until) => Instant::now() >= until,
            None => self.looked.is_none_or(|at| at.elapsed() >= LOOK),
        }
    }
}

/// How it is, for readiness and metrics.
pub struct Standing {
    /// Why the primary answers in its place.
    pub problem: Option<&'static str>,
    /// How far behind it is at the most; nothing before it has caught up once.
    pub lag: Option<Duration>,
}

impl Replica {
    pub fn new(db: DatabaseConnection) -> Self {
        Self { db, state: Mutex::default(), looking: tokio::sync::Mutex::default() }
    }

    /// Asks it, or the primary where it can't be asked, doesn't answer, or fails.
    ///
    /// # Errors
    /// What the primary says.
    pub async fn ask<T, F>(&self, primary: &DatabaseConnection, ask: impl Fn(DatabaseConnection) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        if self.standing(primary).await.problem.is_none() {
            match tokio::time::timeout(PATIENCE, ask(self.db.clone())).await {
                Ok(Err(error)) if error.is_database_away() => self.rest("it doesn't answer"),
                Err(_) => self.rest("it doesn't answer"),
                Ok(Err(error)) if error.status.is_server_error() => {
                    tracing::warn!(cause = %error, "the read replica failed; reading from the primary");
                }
                Ok(answer) => return answer,
            }
        }
        ask(primary.clone()).await
    }

    /// How it stands, looked at anew where that is due.
    pub async fn standing(&self, primary: &DatabaseConnection) -> Standing {
        if self.state().is_due()
            && let Ok(_only) = self.looking.try_lock()
        {
            self.look(primary).await;
        }
        let state = self.state();
        Standing { problem: state.problem(), lag: state.has.map(|has| has.elapsed()) }
    }

    /// Something was written that is read here: until it has arrived, the primary is asked.
    pub fn wrote(&self) {
        self.state().wrote = Some(Instant::now());
    }

    pub async fn close(&self) {
        let _ = self.db.close_by_ref().await;
    }

    async fn look(&self, primary: &DatabaseConnection) {
        if self.db.get_database_backend() != DbBackend::Postgres {
            let answers = tokio::time::timeout(PATIENCE, self.db.ping()).await;
            return self.found(answers.is_ok_and(|pong| pong.is_ok()).then_some((true, Some(Instant::now()))));
        }
        let now = Instant::now();
        let position = tokio::time::timeout(PATIENCE, position(primary)).await.ok().and_then(Result::ok);
        let mark = self.state().mark.clone();
        let at = position.clone().map(|position| (position, now));
        let (new, old) = (at.clone().or(mark.clone()), mark.or(at));
        self.state().is_blind = position.is_none();
        let known = |mark: &Option<(String, Instant)>| mark.clone().map_or_else(|| "0/0".to_owned(), |(lsn, _)| lsn);
        let asked = tokio::time::timeout(PATIENCE, self.reached(&known(&old), &known(&new))).await;
        self.found(asked.ok().and_then(Result::ok).map(|(is_one, has_old, has_new)| {
            let has = if has_new { new.as_ref() } else { old.as_ref().filter(|_| has_old) };
            (is_one, has.map(|(_, at)| *at))
        }));
        self.state().mark = new;
    }

    async fn reached(&self, old: &str, new: &str) -> Result<(bool, bool, bool), DbErr> {
        let values = [old.into(), new.into()];
        let row = one(&self.db, Statement::from_sql_and_values(DbBackend::Postgres, STATE, values)).await?;
        Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?))
    }

    /// Notes what a look has found: whether it is a replica still, and up to when it has
    /// everything.
    fn found(&self, found: Option<(bool, Option<Instant>)>) {
        match found {
            None => self.rest("it doesn't answer"),
            Some((false, _)) => self.rest("it is no replica any more"),
            Some((true, has)) => {
                let mut state = self.state();
                state.has = has.or(state.has);
                state.looked = Some(Instant::now());
                state.rests_until = None;
                if state.problem.take().is_some() {
                    tracing::info!("reading from the replica again");
                }
            }
        }
    }

    fn rest(&self, problem: &'static str) {
        let mut state = self.state();
        state.rests_until = Some(Instant::now() + REST);
        if state.problem.replace(problem) != Some(problem) {
            tracing::warn!(problem, "the read replica isn't used; reading from the primary");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

async fn position(primary: &DatabaseConnection) -> Result<String, DbErr> {
    one(primary, Statement::from_string(DbBackend::Postgres, POSITION)).await?.try_get_by_index(0)
}

async fn one(db: &DatabaseConnection, statement: Statement) -> Result<QueryResult, DbErr> {
    let row = db.query_one_raw(statement).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("a query without a table has a row".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(seconds: u64) -> Option<Instant> {
        Instant::now().checked_sub(Duration::from_secs(seconds))
    }

    #[test]
    fn it_is_asked_only_while_it_keeps_up_and_has_what_was_written() {
        let standing = |has, wrote| State { has, wrote, ..State::default() }.problem();
        assert_eq!(standing(ago(1), None), None);
        assert_eq!(standing(ago(1), ago(2)), None);
        assert_eq!(standing(ago(2), ago(1)), Some("it lacks what was just written"));
        assert_eq!(standing(ago(11), None), Some("it is behind"));
        assert_eq!(standing(None, None), Some("it is behind"));
    }

    #[test]
    fn while_the_primary_is_away_it_is_asked_however_far_behind_it_may_be() {
        let state = State { has: ago(60), is_blind: true, ..State::default() };
        assert_eq!(state.problem(), None);
    }
}
