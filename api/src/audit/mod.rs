//! Who did what, when, from where. Written in the transaction of the deed itself: a deed without its line doesn't happen.
//!
//! A refusal has no transaction: its line is written beside it, and of very many only some.
//!
//! There is no way to change a line: the API has none, and the database refuses it.

use std::{net::Ipv4Addr, sync::Arc};

use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{App, caller::Caller, clock::Instant, error::Result};

pub mod entry;
pub mod sample;

pub use entry::Model as Entry;

/// Everything that is worth a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    Register,
    SignIn,
    SignInRefused,
    SignOut,
    RefreshReused,
    ChangePassword,
    ChangePasswordRefused,
    EndSession,
    SignOutEverywhere,
    SetRole,
    DisableAccount,
    EnableAccount,
    AddProduct,
    ChangeProduct,
    RetireProduct,
    SetImage,
    ChangeShop,
    SetWebhook,
    PlaceOrder,
    MoveOrder,
    MoveOrderRefused,
    /// Anything else that somebody who is signed in may not do.
    Forbidden,
    ListUsers,
    ListAudit,
    RestoreDatabase,
}

impl Deed {
    pub fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::SignIn => "sign_in",
            Self::SignInRefused => "sign_in_refused",
            Self::SignOut => "sign_out",
            Self::RefreshReused => "refresh_reused",
            Self::ChangePassword => "change_password",
            Self::ChangePasswordRefused => "change_password_refused",
            Self::EndSession => "end_session",
            Self::SignOutEverywhere => "sign_out_everywhere",
            Self::SetRole => "set_role",
            Self::DisableAccount => "disable_account",
            Self::EnableAccount => "enable_account",
            Self::AddProduct => "add_product",
            Self::ChangeProduct => "change_product",
            Self::RetireProduct => "retire_product",
            Self::SetImage => "set_image",
            Self::ChangeShop => "change_shop",
            Self::SetWebhook => "set_webhook",
            Self::PlaceOrder => "place_order",
            Self::MoveOrder => "move_order",
            Self::MoveOrderRefused => "move_order_refused",
            Self::Forbidden => "forbidden",
            Self::ListUsers => "list_users",
            Self::ListAudit => "list_audit",
            Self::RestoreDatabase => "restore_database",
        }
    }
}

/// By whom: the account with its role, where it is known, and the request.
#[derive(Clone, Copy)]
pub struct By<'a> {
    pub account: Option<(Uuid, &'static str)>,
    pub caller: &'a Caller,
}

/// Writes a line.
///
/// # Errors
/// A database that doesn't answer.
pub async fn write<'a>(
    db: &impl ConnectionTrait,
    app: &App,
    by: impl Into<By<'a>>,
    deed: Deed,
    subject: impl ToString,
    detail: Value,
) -> Result<()> {
    add(db, app.clock.now(), by.into(), deed, subject.to_string(), detail).await
}

async fn add(
    db: &impl ConnectionTrait,
    at: Instant,
    by: By<'_>,
    deed: Deed,
    subject: String,
    detail: Value,
) -> Result<()> {
    let entry = entry::ActiveModel {
        at: Set(at),
        account_id: Set(by.account.map(|(id, _)| id)),
        role: Set(by.account.map(|(_, role)| role.to_owned())),
        action: Set(deed.name().to_owned()),
        subject: Set(subject),
        detail: Set(detail),
        ip: Set(by.caller.ip.to_string()),
        request_id: Set(by.caller.request_id.to_string()),
        ..Default::default()
    };
    entry::Entity::insert(entry).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a line for whoever runs the service: a deed at the machine itself, which came by no request.
///
/// # Errors
/// A database that doesn't answer.
pub async fn write_by_operator(
    db: &impl ConnectionTrait,
    now: Instant,
    deed: Deed,
    subject: &str,
    detail: Value,
) -> Result<()> {
    let caller =
        Caller { ip: Ipv4Addr::LOCALHOST.into(), request_id: "operator".into(), https: false, who: Arc::default() };
    add(db, now, By { account: None, caller: &caller }, deed, subject.to_owned(), detail).await
}

/// Something that can come very often: a refusal, or somebody looking on. Only some leave a line ([`sample`]).
pub struct Frequent<'a> {
    pub deed: Deed,
    /// What is counted: an account, or the address that somebody tried.
    pub thing: &'a str,
    pub by: By<'a>,
    pub subject: String,
    pub detail: Value,
}

/// Writes a line, if one is due.
pub async fn write_some(app: &App, it: Frequent<'_>) -> Result<()> {
    let Some(count) = app.samples.count(it.deed, it.thing, app.clock.now()) else { return Ok(()) };
    let mut detail = it.detail;
    if count > 1 {
        detail["count"] = count.into();
    }
    write(&app.db.write, app, it.by, it.deed, it.subject, detail).await
}

/// Writes, if it is due, that somebody looked at what many would like to see.
pub async fn write_look<'a>(app: &App, by: impl Into<By<'a>>, deed: Deed) -> Result<()> {
    let by = by.into();
    let thing = by.account.map(|(id, _)| id.to_string()).unwrap_or_default();
    write_some(app, Frequent { deed, thing: &thing, by, subject: thing.clone(), detail: json!({}) }).await
}

/// Writes, if it is due, that somebody who is signed in was refused: `code` says why, `path` what.
///
/// # Errors
/// A database that doesn't answer.
pub async fn write_refusal(app: &App, caller: &Caller, code: &str, path: &str) -> Result<()> {
    let Some(who) = caller.who.get().copied() else { return Ok(()) };
    let deed = match code {
        "not_your_move" => Deed::MoveOrderRefused,
        "wrong_password" => Deed::ChangePasswordRefused,
        _ => Deed::Forbidden,
    };
    // What it was about, where the address says so; paths are the client's and may be long.
    let id = path.split('/').find_map(|part| part.parse::<Uuid>().ok());
    let subject = id.map_or_else(|| path.chars().take(100).collect(), |id| id.to_string());
    let thing = who.0.to_string();
    let detail = json!({ "code": code });
    write_some(app, Frequent { deed, thing: &thing, by: By { account: Some(who), caller }, subject, detail }).await
}
