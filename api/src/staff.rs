//! Who works here: what admins do to accounts. List, set a role, disable. Each ends the account's sessions: a role counts from the next
//! sign-in, and a disabled account is out at once.

use std::sync::Arc;

use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::json;
use uuid::Uuid;

use crate::{
    App,
    audit::{self, Deed},
    auth::{Admin, Role, User, account, session},
    catalog::shop,
    error::{Error, Result},
    page::{self, Page},
    tags::Tag,
};

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct RoleChange {
    pub role: Role,
    /// The shop that a manager manages: given for managers, and only for them
    #[oai(validator(minimum(value = "1")))]
    pub shop_id: Option<i64>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct Disabling {
    /// true: can't be used any more; false: can be used again
    pub disabled: bool,
}

pub struct StaffApi(pub Arc<App>);

#[OpenApi(prefix_path = "/api", tag = "Tag::Accounts")]
impl StaffApi {
    /// List accounts, oldest first
    #[oai(path = "/users", method = "get", operation_id = "list_users")]
    async fn list(
        &self,
        admin: Admin,
        /// How many at the most
        #[oai(default = "fifty", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u64>,
        /// Where the last page ended
        #[oai(validator(max_length = 400))]
        after: Query<Option<String>>,
    ) -> Result<Json<Page<User>>> {
        let after: Option<Uuid> = after.0.as_deref().map(page::decode).transpose()?;
        audit::write_look(&self.0, &admin.0, Deed::ListUsers).await?;
        let found = account::Entity::page(&self.0.db.write, after, limit.0 + 1).await?;
        Ok(Json(Page::cut(found.into_iter().map(User::from).collect(), limit.0, |user| user.id)))
    }

    /// Give an account a role
    #[oai(path = "/users/:id/role", method = "put", operation_id = "set_role")]
    async fn set_role(&self, admin: Admin, id: Path<Uuid>, change: Json<RoleChange>) -> Result<Json<User>> {
        let (app, RoleChange { role, shop_id }) = (&self.0, change.0);
        if (role == Role::Manager) != shop_id.is_some() {
            return Err(Error::invalid("shop_for_managers", "Give `shop_id` for a manager, and for nobody else."));
        }
        if let Some(shop) = shop_id {
            shop::Entity::by_id(&app.db.write, shop).await?;
        }
        let change = account::ActiveModel { role: Set(role), shop_id: Set(shop_id), ..Default::default() };
        self.change(admin, id.0, change, Deed::SetRole, json!({ "role": role, "shop_id": shop_id })).await
    }

    /// Disable an account, or enable it again
    #[oai(path = "/users/:id/disabled", method = "put", operation_id = "set_disabled")]
    async fn set_disabled(&self, admin: Admin, id: Path<Uuid>, change: Json<Disabling>) -> Result<Json<User>> {
        if id.0 == admin.0.account_id {
            return Err(Error::conflict("yourself", "Admins can't disable themselves."));
        }
        let (deed, at) = if change.disabled {
            (Deed::DisableAccount, Some(self.0.clock.now()))
        } else {
            (Deed::EnableAccount, None)
        };
        self.change(admin, id.0, account::ActiveModel { disabled_at: Set(at), ..Default::default() }, deed, json!({}))
            .await
    }
}

impl StaffApi {
    async fn change(
        &self,
        admin: Admin,
        id: Uuid,
        change: account::ActiveModel,
        deed: Deed,
        detail: serde_json::Value,
    ) -> Result<Json<User>> {
        let app = &self.0;
        let tx = app.db.begin().await?;
        let admins = account::Entity::hold_admins(&*tx).await?;
        if !admins.contains(&admin.0.account_id) {
            return Err(Error::forbidden("wrong_role", "You aren't an admin any more."));
        }
        account::Entity::find_by_id(id).one(&*tx).await?.ok_or_else(|| Error::no("user"))?;
        let account = account::Entity::set(&*tx, id, change).await?;
        let is_admin = account.role == Role::Admin && account.disabled_at.is_none();
        if admins == [id] && !is_admin {
            return Err(Error::conflict("last_admin", "This is the last admin; make another one first."));
        }
        let ended = session::Entity::end_all(&*tx, id, None, app.clock.now(), deed.name()).await?;
        audit::write(&*tx, app, &admin.0, deed, id, detail).await?;
        tx.commit().await?;
        app.sessions.forget(&ended).await;
        Ok(Json(account.into()))
    }
}

fn fifty() -> u64 {
    50
}
