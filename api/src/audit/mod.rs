//! Who did what, when, from where. Written in the transaction of the deed itself: a deed without its line doesn't happen.
//!
//! A refusal has no transaction: its line is written beside it, and of very many only some.
//!
//! There is no way to change a line: the API has none, and the database refuses it.

use std::{net::Ipv4Addr, sync::Arc};

use poem_openapi::{OpenApi, param::Query, payload::Json};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    App,
    around::Caller,
    auth::{Admin, Identity, Role},
    error::Result,
    http::Chapter,
    page::{self, Page},
};

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

/// Writes a line for somebody who is signed in.
pub async fn write(
    db: &impl ConnectionTrait,
    app: &App,
    who: &Identity,
    deed: Deed,
    subject: impl ToString,
    detail: Value,
) -> Result<()> {
    let who_role = Some((who.account_id, who.role.as_str()));
    entry::Entity::add(db, app.clock.now(), who_role, deed, subject.to_string(), detail, &who.caller).await
}

/// Writes a line for a caller who is not signed in, or not yet.
pub async fn write_unsigned(
    db: &impl ConnectionTrait,
    app: &App,
    who: Option<(Uuid, Role)>,
    caller: &Caller,
    deed: Deed,
    subject: impl ToString,
    detail: Value,
) -> Result<()> {
    entry::Entity::add(
        db,
        app.clock.now(),
        who.map(|(id, role)| (id, role.as_str())),
        deed,
        subject.to_string(),
        detail,
        caller,
    )
    .await
}

/// Writes a line for whoever runs the service: a deed at the machine itself, which came by no request.
///
/// # Errors
/// A database that doesn't answer.
pub async fn write_by_operator(
    db: &impl ConnectionTrait,
    now: crate::clock::Instant,
    deed: Deed,
    subject: &str,
    detail: Value,
) -> Result<()> {
    let caller =
        Caller { ip: Ipv4Addr::LOCALHOST.into(), request_id: "operator".into(), https: false, who: Arc::default() };
    entry::Entity::add(db, now, None, deed, subject.to_owned(), detail, &caller).await
}

/// Something that can come very often: a refusal, or somebody looking on. Only some leave a line ([`sample`]).
pub struct Frequent<'a> {
    pub deed: Deed,
    /// What is counted: an account, or the address that somebody tried.
    pub thing: &'a str,
    pub who: Option<(Uuid, Role)>,
    pub caller: &'a Caller,
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
    write_unsigned(&app.db.write, app, it.who, it.caller, it.deed, it.subject, detail).await
}

/// Writes, if it is due, that somebody looked at what many would like to see.
pub async fn write_look(app: &App, who: &Identity, deed: Deed) -> Result<()> {
    let thing = who.account_id.to_string();
    let by = Some((who.account_id, who.role));
    let it = Frequent { deed, thing: &thing, who: by, caller: &who.caller, subject: thing.clone(), detail: json!({}) };
    write_some(app, it).await
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
    write_some(app, Frequent { deed, thing: &thing, who: Some(who), caller, subject, detail }).await
}

pub struct AuditApi(pub Arc<App>);

#[OpenApi(prefix_path = "/api", tag = "Chapter::Operations")]
impl AuditApi {
    /// List audit entries, newest first
    #[oai(path = "/audit", method = "get", operation_id = "list_audit")]
    async fn list(
        &self,
        admin: Admin,
        /// Only what this account did
        account: Query<Option<Uuid>>,
        /// Only this kind of deed, such as `sign_in` or `move_order`
        #[oai(validator(max_length = 40))]
        action: Query<Option<String>>,
        /// Only what was done to this, such as an order's id
        #[oai(validator(max_length = 100))]
        subject: Query<Option<String>>,
        /// How many at the most
        #[oai(default = "fifty", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u64>,
        /// Where the last page ended
        #[oai(validator(max_length = 400))]
        after: Query<Option<String>>,
    ) -> Result<Json<Page<Entry>>> {
        let after: Option<i64> = after.0.as_deref().map(page::decode).transpose()?;
        write_look(&self.0, &admin.0, Deed::ListAudit).await?;
        let found = entry::Entity::search(&self.0.db.write, account.0, action.0, subject.0, after, limit.0 + 1).await?;
        Ok(Json(Page::cut(found, limit.0, |entry| entry.id)))
    }
}

fn fifty() -> u64 {
    50
}
