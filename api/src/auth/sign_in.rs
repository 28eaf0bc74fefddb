//! Registering, signing in, renewing. Unknown address and wrong password look and take the same.

use chrono::TimeDelta;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    App,
    audit::{self, By, Deed, Frequent},
    auth::{
        Credentials, NewUser, Role, Tokens, User, account,
        password::Compared,
        refresh_token::{self, Presented},
        session, strength,
    },
    caller::Caller,
    clock::Instant,
    config::Secret,
    error::{Error, Result},
    limit::{self, Action},
};

/// An account changes while its password is compared, at the most this often.
const AGAIN: usize = 3;

pub async fn register(app: &App, caller: &Caller, user: NewUser) -> Result<User> {
    if !app.flags.registration() {
        return Err(Error::forbidden("registration_off", "Nobody can register at the moment."));
    }
    limited(app, caller).await?;
    strength::check(app, &user.password, &[&user.email, &user.name]).await?;
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
    let by = By { account: Some((account.id, account.role.as_str())), caller };
    audit::write(&*tx, app, by, Deed::Register, account.id, json!({})).await?;
    tx.commit().await?;
    app.metrics.wayfare_sign_ups_total.inc();
    Ok(account.into())
}

/// Somebody who wants to sign in.
struct Attempt<'a> {
    app: &'a App,
    caller: &'a Caller,
    device: String,
    /// The digest of the e-mail address that they gave.
    address: String,
}

pub async fn sign_in(app: &App, caller: &Caller, device: String, credentials: Credentials) -> Result<Tokens> {
    limited(app, caller).await?;
    know_costs(app).await?;
    let address = app.keys.digest(&account::normal(&credentials.email));
    let attempt = Attempt { app, caller, device, address };
    let mut account = account::Entity::by_email(&app.db.write, &credentials.email).await?;
    attempt.counted(account.as_ref()).await?;
    for _ in 0..AGAIN {
        let hash = account.as_ref().map(|a| a.password_hash.as_str());
        let compared = app.hasher.compare(&credentials.password, hash).await?;
        let Some(found) = account.filter(|_| compared != Compared::Wrong) else { break };
        let renewed = match compared {
            Compared::Outdated => app.hasher.hash_again(&credentials.password).await?,
            _ => None,
        };
        match attempt.begin(&found, renewed).await? {
            Ok(tokens) => return Ok(tokens),
            Err(changed) => account = changed,
        }
    }
    Err(attempt.refused().await?)
}

impl Attempt<'_> {
    /// Counts the attempt at the account. Where somebody has signed in to it before, none of the pauses hold that others'
    /// attempts have brought about.
    async fn counted(&self, account: Option<&account::Model>) -> Result<()> {
        let Err(wait) = self.app.attempts.count(&self.address, self.app.clock.now()).await else { return Ok(()) };
        // Asked for nobody's account, too: that takes time.
        let id = account.map_or(Uuid::nil(), |a| a.id);
        let known = session::Entity::addresses(&self.app.db.write, id).await?;
        if known.into_iter().any(|ip| limit::network(ip) == limit::network(self.caller.ip)) {
            return Ok(());
        }
        self.note(json!({ "paused": true })).await?;
        self.app.metrics.wayfare_rate_limited_total.with_label_values(&[Action::SignIn.name()]).inc();
        Err(Error::throttled("rate_limited", Action::SignIn.message()).retry_after(wait))
    }

    /// Makes the session, if the account is still what the password was compared with; otherwise gives what it is now.
    async fn begin(
        &self,
        account: &account::Model,
        renewed: Option<String>,
    ) -> Result<Result<Tokens, Option<account::Model>>> {
        let app = self.app;
        let tx = app.db.begin().await?;
        let now = app.clock.now();
        let held = account::Entity::hold(&*tx, account.id).await?;
        let Some(held) = held.as_ref().filter(|h| h.password_hash == account.password_hash) else {
            return Ok(Err(held));
        };
        if held.disabled_at.is_some() {
            drop(tx);
            self.refused().await?;
            return Err(Error::forbidden("account_disabled", "This account can't be used; ask the operator."));
        }
        if let Some(hash) = renewed {
            let change = account::ActiveModel { password_hash: Set(hash), ..Default::default() };
            account::Entity::set(&*tx, held.id, change).await?;
        }
        let session = self.session(held.id, now);
        session::Entity::insert(session::ActiveModel::from(session.clone()).reset_all())
            .exec_without_returning(&*tx)
            .await?;
        let refresh = refresh_token::Entity::issue(&*tx, session.id, now).await?;
        let ended = session::Entity::end_oldest(&*tx, held.id, now).await?;
        let by = By { account: Some((held.id, held.role.as_str())), caller: self.caller };
        audit::write(&*tx, app, by, Deed::SignIn, session.id, json!({})).await?;
        tx.commit().await?;
        app.sessions.forget(&ended).await;
        app.attempts.forget(&self.address).await;
        app.metrics.wayfare_sign_ins_total.with_label_values(&["ok"]).inc();
        tokens(app, held.clone(), session.id, &refresh, now).map(Ok)
    }

    fn session(&self, account: Uuid, now: Instant) -> session::Model {
        session::Model {
            id: Uuid::now_v7(),
            account_id: account,
            created_at: now,
            used_at: now,
            expires_at: expiry(self.app, now, now),
            ended_at: None,
            ended_why: None,
            ip: self.caller.ip.to_string(),
            device: self.device.clone(),
        }
    }

    /// One text and one kind of line in the audit for every reason, so that nothing tells which addresses have accounts.
    async fn refused(&self) -> Result<Error> {
        self.note(json!({})).await?;
        self.app.metrics.wayfare_sign_ins_total.with_label_values(&["refused"]).inc();
        Ok(Error::unauthenticated("wrong_credentials", "E-mail address or password is not right."))
    }

    async fn note(&self, detail: Value) -> Result<()> {
        let it = Frequent {
            deed: Deed::SignInRefused,
            thing: &self.address,
            by: By { account: None, caller: self.caller },
            subject: self.address.clone(),
            detail,
        };
        audit::write_some(self.app, it).await
    }
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
                let by = By { account: None, caller };
                audit::write(&*tx, app, by, Deed::RefreshReused, id, json!({})).await?;
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
    session::Entity::renew(&*tx, id, now, expiry(app, session.created_at, now)).await?;
    let refresh = refresh_token::Entity::issue(&*tx, id, now).await?;
    tx.commit().await?;
    tokens(app, account, id, &refresh, now)
}

/// # Errors
/// 429 when this client has none of its attempts left.
pub(super) async fn limited(app: &App, caller: &Caller) -> Result<()> {
    let taken = app.limits.take(&app.config, Action::SignIn, caller.ip, app.clock.now()).await;
    if taken.is_err() {
        app.metrics.wayfare_rate_limited_total.with_label_values(&[Action::SignIn.name()]).inc();
    }
    taken.map(drop)
}

/// Learns, once, how much the stored hashes cost: a refusal has to cost as much as the dearest.
async fn know_costs(app: &App) -> Result<()> {
    let known = app.hasher.known.get_or_try_init(|| account::Entity::highest_cost(&app.db.write)).await?;
    known.iter().for_each(|cost| app.hasher.expect_cost(*cost));
    Ok(())
}

/// When a session ends that nobody uses any more; used all the time, it ends too.
fn expiry(app: &App, created: Instant, now: Instant) -> Instant {
    let unused = now + TimeDelta::days(app.config.session_days.into());
    unused.min(created + TimeDelta::days(app.config.session_max_days.into()))
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
