//! Who did what, when, from where. Written in the transaction of the deed itself: a deed without its line doesn't happen.
//!
//! There is no way to change a line: the API has none, and the database refuses it.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Query, payload::Json};
use sea_orm::ConnectionTrait;
use serde_json::Value;
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

pub use entry::Model as Entry;

/// Everything that is worth a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Register,
    SignIn,
    SignInRefused,
    SignOut,
    RefreshReused,
    ChangePassword,
    EndSession,
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
            Self::EndSession => "end_session",
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

pub struct AuditApi(pub Arc<App>);

#[OpenApi(prefix_path = "/api", tag = "Chapter::Operations")]
impl AuditApi {
    /// The audit, newest first
    #[oai(path = "/audit", method = "get", operation_id = "list_audit")]
    async fn list(
        &self,
        _admin: Admin,
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
        let found = entry::Entity::search(&self.0.db.read, account.0, action.0, subject.0, after, limit.0 + 1).await?;
        Ok(Json(Page::cut(found, limit.0, |entry| entry.id)))
    }
}

fn fifty() -> u64 {
    50
}
