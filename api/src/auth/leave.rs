//! The ends of sessions: one's own, another device's, all of them, those that a new password ends; and when what is over is
//! deleted.

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use serde_json::json;
use uuid::Uuid;

use crate::{
    App,
    audit::{self, Deed},
    auth::{Identity, NewPassword, account, password, refresh_token, session, sign_in, strength},
    error::{Error, Result},
};

/// So many rows are deleted in one transaction: others wait for it.
const AT_ONCE: u64 = 500;
/// What is over stays so long: it says where somebody signed in before.
const KEPT_DAYS: i64 = 30;

pub async fn sign_out(app: &App, who: &Identity) -> Result<()> {
    end(app, who, who.session_id, Deed::SignOut, "signed out").await
}

pub async fn sign_out_everywhere(app: &App, who: &Identity) -> Result<()> {
    let tx = app.db.begin().await?;
    // A sign-in that is under way is over before, or comes after.
    account::Entity::hold(&*tx, who.account_id).await?;
    let ended = session::Entity::end_all(&*tx, who.account_id, None, app.clock.now(), "signed out everywhere").await?;
    let detail = json!({ "sessions_ended": ended.len() });
    audit::write(&*tx, app, who, Deed::SignOutEverywhere, who.account_id, detail).await?;
    tx.commit().await?;
    app.sessions.forget(&ended).await;
    Ok(())
}

pub async fn end_session(app: &App, who: &Identity, id: Uuid) -> Result<()> {
    if !session::Entity::is_of(&app.db.write, id, who.account_id, app.clock.now()).await? {
        return Err(Error::no("session"));
    }
    end(app, who, id, Deed::EndSession, "ended from another device").await
}

async fn end(app: &App, who: &Identity, id: Uuid, deed: Deed, why: &str) -> Result<()> {
    let tx = app.db.begin().await?;
    if session::Entity::end(&*tx, id, app.clock.now(), why).await? {
        audit::write(&*tx, app, who, deed, id, json!({})).await?;
    }
    tx.commit().await?;
    app.sessions.forget(&[id]).await;
    Ok(())
}

pub async fn change_password(app: &App, who: &Identity, change: NewPassword) -> Result<()> {
    sign_in::limited(app, &who.caller).await?;
    // Each session by itself: whoever guesses in one doesn't keep the owner waiting in another.
    let attempts = format!("change:{}", who.session_id);
    app.attempts.count(&attempts, app.clock.now()).await.map_err(|wait| {
        Error::throttled("rate_limited", "Too many wrong passwords; wait as long as Retry-After says.")
            .retry_after(wait)
    })?;
    let account = account::Entity::by_id(&app.db.write, who.account_id).await?;
    if !app.hasher.verify(&change.current, Some(&account.password_hash)).await? {
        return Err(wrong());
    }
    app.attempts.forget(&attempts).await;
    if password::normal(&change.new) == password::normal(&change.current) {
        return Err(Error::invalid("password_unchanged", "The new password is the current one."));
    }
    strength::check(app, &change.new, &[&account.email, &account.name]).await?;
    let hash = app.hasher.hash(&change.new).await?;
    let tx = app.db.begin().await?;
    let held = account::Entity::hold(&*tx, account.id).await?;
    if held.is_none_or(|held| held.password_hash != account.password_hash) {
        return Err(Error::conflict("password_changed", "The password was changed just now, elsewhere; look again."));
    }
    account::Entity::set(&*tx, account.id, account::ActiveModel { password_hash: Set(hash), ..Default::default() })
        .await?;
    let ended =
        session::Entity::end_all(&*tx, account.id, Some(who.session_id), app.clock.now(), "password changed").await?;
    audit::write(&*tx, app, who, Deed::ChangePassword, account.id, json!({ "sessions_ended": ended.len() })).await?;
    tx.commit().await?;
    app.sessions.forget(&ended).await;
    Ok(())
}

fn wrong() -> Error {
    Error::forbidden("wrong_password", "The current password is not right.")
}

/// Deletes sessions that have been over for long, and refresh tokens that were used so long ago that their session would be
/// over without the next one: to see one of them again tells nothing.
///
/// # Errors
/// A database that doesn't answer.
pub async fn tidy(app: &App) -> Result<()> {
    let sessions = app.clock.now() - TimeDelta::days(KEPT_DAYS);
    let tokens = app.clock.now() - TimeDelta::days(app.config.session_days.into());
    let mut gone = 0;
    loop {
        let tx = app.db.begin().await?;
        let some = session::Entity::delete_over(&*tx, sessions, AT_ONCE).await?
            + refresh_token::Entity::delete_used(&*tx, tokens, AT_ONCE).await?;
        tx.commit().await?;
        gone += some;
        if some == 0 || app.is_stopping() {
            break;
        }
    }
    if gone > 0 {
        tracing::info!(gone, "deleted expired sessions and refresh tokens");
    }
    Ok(())
}
