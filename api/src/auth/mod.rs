//! Accounts, sign-in, roles. What leaves here is an [`Identity`]; the account's row never does.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Header, Path},
    payload::Json,
};
use uuid::Uuid;

pub mod account;
pub mod identity;
pub mod password;
pub mod refresh_token;
pub mod session;
pub mod sign_in;
pub mod token;

pub use account::{Role, User};
pub use identity::{Admin, Courier, Customer, Identity, Manager, Staff, Visitor};

use crate::{App, around::Caller, error::Result, http::Chapter, text::Text};

/// Somebody new.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewUser {
    #[oai(validator(
        max_length = 254,
        pattern = r"^[^@\x00-\x20\x7f-\xa0]+@[^@\x00-\x20\x7f-\xa0]+\.[^@\x00-\x20\x7f-\xa0]+$"
    ))]
    pub email: Text,
    #[oai(validator(min_length = 1, max_length = 100))]
    pub name: Text,
    /// 10 characters or more, 72 bytes at the most
    #[oai(validator(min_length = 10, max_length = 72))]
    pub password: Text,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct Credentials {
    #[oai(validator(max_length = 254))]
    pub email: Text,
    #[oai(validator(max_length = 1000))]
    pub password: Text,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct Renewal {
    /// The refresh token of the last answer
    #[oai(validator(max_length = 100))]
    pub refresh_token: Text,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewPassword {
    #[oai(validator(max_length = 1000))]
    pub current: Text,
    /// 10 characters or more, 72 bytes at the most
    #[oai(validator(min_length = 10, max_length = 72))]
    pub new: Text,
}

/// A session's tokens
#[derive(Object)]
pub struct Tokens {
    /// For `Authorization: Bearer …`
    pub access_token: String,
    /// `Bearer`
    pub token_type: String,
    /// How long the access token lasts, seconds
    pub expires_in: i64,
    /// Renews the session; good once
    pub refresh_token: String,
    pub user: User,
}

#[derive(ApiResponse)]
pub enum Registered {
    /// The account is made; sign in
    #[oai(status = 201)]
    Made(Json<User>),
}

#[derive(ApiResponse)]
pub enum Done {
    /// Done
    #[oai(status = 204)]
    Done,
}

pub struct AuthApi(pub Arc<App>);

#[OpenApi(prefix_path = "/api", tag = "Chapter::Accounts")]
impl AuthApi {
    /// Make an account
    #[oai(path = "/auth/register", method = "post", operation_id = "register")]
    async fn register(&self, caller: Data<&Caller>, user: Json<NewUser>) -> Result<Registered> {
        Ok(Registered::Made(Json(sign_in::register(&self.0, caller.0, user.0).await?)))
    }

    /// Sign in
    #[oai(path = "/auth/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        caller: Data<&Caller>,
        #[oai(name = "User-Agent", validator(max_length = 500))] device: Header<Option<String>>,
        credentials: Json<Credentials>,
    ) -> Result<Json<Tokens>> {
        Ok(Json(sign_in::sign_in(&self.0, caller.0, device.0.unwrap_or_default(), credentials.0).await?))
    }

    /// Renew a session: a new access token and a new refresh token
    ///
    /// Each refresh token is good once. One that is presented again ends the session, everywhere.
    #[oai(path = "/auth/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(&self, caller: Data<&Caller>, renewal: Json<Renewal>) -> Result<Json<Tokens>> {
        Ok(Json(sign_in::renew(&self.0, caller.0, &renewal.refresh_token).await?))
    }

    /// Sign out: ends this session
    #[oai(path = "/auth/logout", method = "post", operation_id = "logout")]
    async fn logout(&self, who: Customer) -> Result<Done> {
        sign_in::sign_out(&self.0, &who.0).await.map(|()| Done::Done)
    }

    /// Change the password; ends all other sessions
    #[oai(path = "/auth/password", method = "post", operation_id = "change_password")]
    async fn password(&self, who: Customer, change: Json<NewPassword>) -> Result<Done> {
        sign_in::change_password(&self.0, &who.0, change.0).await.map(|()| Done::Done)
    }

    /// Who I am
    #[oai(path = "/me", method = "get", operation_id = "get_me")]
    async fn me(&self, who: Customer) -> Result<Json<User>> {
        Ok(Json(account::Entity::by_id(&self.0.db.write, who.0.account_id).await?.into()))
    }

    /// Where I am signed in
    #[oai(path = "/me/sessions", method = "get", operation_id = "list_sessions")]
    async fn sessions(&self, who: Customer) -> Result<Json<Vec<session::Model>>> {
        Ok(Json(session::Entity::of(&self.0.db.write, who.0.account_id, self.0.clock.now()).await?))
    }

    /// Sign out on another device
    #[oai(path = "/me/sessions/:id", method = "delete", operation_id = "end_session")]
    async fn end_session(&self, who: Customer, id: Path<Uuid>) -> Result<Done> {
        sign_in::end_session(&self.0, &who.0, id.0).await.map(|()| Done::Done)
    }
}
