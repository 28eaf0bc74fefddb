//! Registering, signing in and out. Unknown address and wrong password look and take the same.

use chrono::TimeDelta;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait};
use serde_json::json;
use uuid::Uuid;

use crate::{
    App,
    around::Caller,
    audit::{self, Deed},
    auth::{
        Credentials, Identity, NewPassword, NewUser, Role, Tokens, User, account,
        refresh_token::{self, Presented},
        session,
    },
    clock::Instant,
    config::Secret,
    error::{Error, Result},
    limit::Action,
};

pub async fn register(app: &App, caller: &Caller, user: NewUser) -> Result<User> {
    if !app.flags.registration() {
        return Err(Error::forbidden("registration_off", "Nobody can register at the moment."));
    }
    limited(app, caller).await?;
    let password_hash = app.hasher.hash(&user.password).await?;
    let account = account::Model {
        id: Uuid::now_v7(),
        email: user.email.into(),
        name: user.name.into(),
        password_hash,
        role: Role::Customer,
        shop_id: None,
        disabled_at: None,
        created_at: app.clock.now(),
    };
    let tx = app.db.begin().await?;
    let account = account::Entity::add(&*tx, account).await?;
    audit::write_unsigned(&*tx, app, Some((account.id, account.role)), caller, Deed::Register, account.id, json!({}))
        .await?;
    tx.commit().await?;
    app.metrics.wayfare_sign_ups_total.inc();
    Ok(account.into())
}

pub async fn sign_in(app: &App, caller: &Caller, device: String, credentials: Credentials) -> Result<Tokens> {
    limited(app, caller).await?;
    let account = account::Entity::by_email(&app.db.write, &credentials.email).await?;
    let right = app.hasher.verify(&credentials.password, account.as_ref().map(|a| a.password_hash.as_str())).await?;
    let Some(account) = account.as_ref().filter(|_| right) else {
        return Err(refused(app, caller, account.map(|a| a.id)).await?);
    };
    if account.disabled_at.is_some() {
        refused(app, caller, Some(account.id)).await?;
        return Err(Error::forbidden("account_disabled", "This account can't be used; ask the operator."));
    }
    let now = app.clock.now();
    let session = session::Model {
        id: Uuid::now_v7(),
        account_id: account.id,
        created_at: now,
        used_at: now,
        expires_at: expiry(app, now),
        ended_at: None,
        ended_why: None,
        ip: caller.ip.to_string(),
        device,
    };
    let tx = app.db.begin().await?;
    session::Entity::insert(session::ActiveModel::from(session.clone()).reset_all())
        .exec_without_returning(&*tx)
        .await?;
    let refresh = refresh_token::Entity::issue(&*tx, session.id, now).await?;
    audit::write_unsigned(&*tx, app, Some((account.id, account.role)), caller, Deed::SignIn, session.id, json!({}))
        .await?;
    tx.commit().await?;
    app.metrics.wayfare_sign_ins_total.with_label_values(&["ok"]).inc();
    tokens(app, account.clone(), session.id, &refresh, now)
}

pub async fn renew(app: &App, caller: &Caller, token: &str) -> Result<Tokens> {
    let now = app.clock.now();
    let over = || Error::unauthenticated("session_over", "The session is over; sign in.");
    let tx = app.db.begin().await?;
    let id = match refresh_token::Entity::present(&*tx, token, now).await? {
        Presented::Good(id) => id,
        Presented::Unknown => return Err(over()),
        Presented::Reused(id) => {
            if session::Entity::end(&*tx, id, now, "refresh token reused").await? {
                audit::write_unsigned(&*tx, app, None, caller, Deed::RefreshReused, id, json!({})).await?;
            }
            tx.commit().await?;
            app.sessions.forget(&[id]).await;
            return Err(over());
        }
    };
    let session = session::Entity::find_by_id(id)
        .one(&*tx)
        .await?
        .filter(|s| s.ended_at.is_none() && s.expires_at > now)
        .ok_or_else(over)?;
    let account = account::Entity::by_id(&*tx, session.account_id).await?;
    if account.disabled_at.is_some() {
        return Err(over());
    }
    session::Entity::renew(&*tx, id, now, expiry(app, now)).await?;
    let refresh = refresh_token::Entity::issue(&*tx, id, now).await?;
    tx.commit().await?;
    tokens(app, account, id, &refresh, now)
}

pub async fn sign_out(app: &App, who: &Identity) -> Result<()> {
    end(app, who, who.session_id, Deed::SignOut, "signed out").await
}

pub async fn end_session(app: &App, who: &Identity, id: Uuid) -> Result<()> {
    if !session::Entity::is_of(&app.db.write, id, who.account_id, app.clock.now()).await? {
        return Err(Error::no("session"));
    }
    end(app, who, id, Deed::EndSession, "ended from another device").await
}

pub async fn change_password(app: &App, who: &Identity, change: NewPassword) -> Result<()> {
    limited(app, &who.caller).await?;
    let account = account::Entity::by_id(&app.db.write, who.account_id).await?;
    if !app.hasher.verify(&change.current, Some(&account.password_hash)).await? {
        return Err(Error::forbidden("wrong_password", "The current password is not right."));
    }
    let hash = app.hasher.hash(&change.new).await?;
    let tx = app.db.begin().await?;
    account::Entity::set(&*tx, account.id, account::ActiveModel { password_hash: Set(hash), ..Default::default() })
        .await?;
    let ended =
        session::Entity::end_all(&*tx, account.id, Some(who.session_id), app.clock.now(), "password changed").await?;
    audit::write(&*tx, app, who, Deed::ChangePassword, account.id, json!({ "sessions_ended": ended.len() })).await?;
    tx.commit().await?;
    app.sessions.forget(&ended).await;
    Ok(())
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

async fn limited(app: &App, caller: &Caller) -> Result<()> {
    let taken = app.limits.take(&app.config, Action::SignIn, caller.ip, app.clock.now()).await;
    if taken.is_err() {
        app.metrics.wayfare_rate_limited_total.with_label_values(&[Action::SignIn.name()]).inc();
    }
    taken.map(drop)
}

/// One text and one line in the audit for every reason, so that nothing tells which addresses have accounts.
async fn refused(app: &App, caller: &Caller, account: Option<Uuid>) -> Result<Error> {
    let subject = account.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
    audit::write_unsigned(&app.db.write, app, None, caller, Deed::SignInRefused, subject, json!({})).await?;
    app.metrics.wayfare_sign_ins_total.with_label_values(&["refused"]).inc();
    Ok(Error::unauthenticated("wrong_credentials", "E-mail address or password is not right."))
}

fn expiry(app: &App, now: Instant) -> Instant {
    now + TimeDelta::days(app.config.session_days.into())
}

fn tokens(app: &App, account: account::Model, session: Uuid, refresh: &Secret, now: Instant) -> Result<Tokens> {
    Ok(Tokens {
        access_token: app.keys.sign(account.id, session, now)?,
        token_type: "Bearer".to_owned(),
        expires_in: app.keys.seconds(),
        refresh_token: Some(refresh.expose().to_owned()),
        user: account.into(),
    })
}
