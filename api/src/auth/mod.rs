//! Accounts, sign-in, roles. What leaves here is an [`Identity`]; the account's row never does.

use std::sync::Arc;

use poem::{http::HeaderMap, web::Data};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Header, Path},
    payload::Json,
};
use uuid::Uuid;

pub mod account;
pub mod attempts;
pub mod cookie;
pub mod identity;
pub mod leave;
pub mod password;
pub mod refresh_token;
pub mod session;
pub mod sign_in;
pub mod strength;
pub mod token;

pub use account::{Role, User};
pub use identity::{Admin, Courier, Customer, Identity, Manager, Staff, Visitor};

use crate::{
    App,
    caller::Caller,
    config::Config,
    error::{Error, Result},
    tags::Tag,
    text::{Line, Text},
};

/// Somebody new.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "UserRequest")]
pub struct NewUser {
    #[oai(validator(
        max_length = 254,
        pattern = r"^[^@\x00-\x20\x7f-\xa0]+@[^@\x00-\x20\x7f-\xa0]+\.[^@\x00-\x20\x7f-\xa0]+$"
    ))]
    pub email: Text,
    #[oai(validator(min_length = 1, max_length = 100))]
    pub name: Line,
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
    /// The refresh token of the last answer; left out when it is in the cookie
    #[oai(validator(max_length = 100))]
    pub refresh_token: Option<Text>,
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
    /// Renews the session; good once. Not here when it is in the cookie
    #[oai(skip_serializing_if_is_none)]
    pub refresh_token: Option<String>,
    pub user: User,
}

#[derive(ApiResponse)]
pub enum Registered {
    /// The account is made; sign in
    #[oai(status = 201)]
    Made(Json<User>),
}

#[derive(ApiResponse)]
pub enum SignedIn {
    /// Signed in
    #[oai(status = 200)]
    In(
        Json<Tokens>,
        /// The refresh token, with `X-Refresh-In: cookie`
        #[oai(header = "Set-Cookie")]
        Option<String>,
    ),
}

#[derive(ApiResponse)]
pub enum SignedOut {
    /// Done
    #[oai(status = 204)]
    Out(
        /// Takes the refresh token's cookie away
        #[oai(header = "Set-Cookie")]
        String,
    ),
}

#[derive(ApiResponse)]
pub enum Done {
    /// Done
    #[oai(status = 204)]
    Done,
}

/// What is wrong with the settings of accounts and tokens.
pub fn problems(config: &Config) -> Vec<String> {
    let keys = config.jwt_keys.as_ref().and_then(|keys| token::parse_keys(keys).err());
    let mut problems: Vec<_> = keys.into_iter().map(|problem| format!("WAYFARE_JWT_KEYS: {problem}")).collect();
    if !(password::SHORTEST..=password::LONGEST).contains(&config.seed_password().expose().len()) {
        problems.push("WAYFARE_SEED_PASSWORD: between 10 and 72 bytes".to_owned());
    }
    problems
}

pub struct AuthApi(pub Arc<App>);

#[OpenApi(prefix_path = "/api", tag = "Tag::Accounts")]
impl AuthApi {
    /// Register an account
    #[oai(path = "/auth/register", method = "post", operation_id = "register")]
    async fn register(&self, caller: Data<&Caller>, user: Json<NewUser>) -> Result<Registered> {
        Ok(Registered::Made(Json(sign_in::register(&self.0, caller.0, user.0).await?)))
    }

    /// Sign in
    ///
    /// With `X-Refresh-In: cookie` the refresh token comes as a cookie that only this API sees, and not in the body: what
    /// a browser's page should ask for.
    #[oai(path = "/auth/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        caller: Data<&Caller>,
        #[oai(name = "User-Agent", validator(max_length = 500))] device: Header<Option<String>>,
        #[oai(name = "X-Refresh-In")] refresh_in: Header<Option<cookie::RefreshIn>>,
        credentials: Json<Credentials>,
    ) -> Result<SignedIn> {
        let tokens = sign_in::sign_in(&self.0, caller.0, device.0.unwrap_or_default(), credentials.0).await?;
        Ok(self.signed_in(caller.0, refresh_in.0, tokens))
    }

    /// Refresh a session: get a new access token and a new refresh token
    ///
    /// Each refresh token is good once. One that is presented again ends the session, everywhere. The cookie's counts
    /// only with `X-Refresh-In: cookie`, which no other site can send.
    #[oai(path = "/auth/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        caller: Data<&Caller>,
        #[oai(name = "X-Refresh-In")] refresh_in: Header<Option<cookie::RefreshIn>>,
        headers: &HeaderMap,
        renewal: Json<Renewal>,
    ) -> Result<SignedIn> {
        let in_cookie = refresh_in.0 == Some(cookie::RefreshIn::Cookie);
        let token = renewal.0.refresh_token.map(String::from).or_else(|| cookie::read(headers).filter(|_| in_cookie));
        let token = token.ok_or_else(|| {
            let how = "Send the refresh token in the body, or in its cookie with `X-Refresh-In: cookie`.";
            Error::invalid("no_refresh_token", how)
        })?;
        let tokens = sign_in::renew(&self.0, caller.0, &token).await?;
        Ok(self.signed_in(caller.0, refresh_in.0, tokens))
    }

    /// Sign out: end this session
    #[oai(path = "/auth/logout", method = "post", operation_id = "logout")]
    async fn logout(&self, who: Customer) -> Result<SignedOut> {
        leave::sign_out(&self.0, &who.0).await.map(|()| SignedOut::Out(cookie::gone(&who.0.caller)))
    }

    /// Change the password and end all other sessions
    #[oai(path = "/auth/password", method = "post", operation_id = "change_password")]
    async fn password(&self, who: Customer, change: Json<NewPassword>) -> Result<Done> {
        leave::change_password(&self.0, &who.0, change.0).await.map(|()| Done::Done)
    }

    /// Get my account
    #[oai(path = "/me", method = "get", operation_id = "get_me")]
    async fn me(&self, who: Customer) -> Result<Json<User>> {
        Ok(Json(account::Entity::by_id(&self.0.db.write, who.0.account_id).await?.into()))
    }

    /// List my sessions
    #[oai(path = "/me/sessions", method = "get", operation_id = "list_sessions")]
    async fn sessions(&self, who: Customer) -> Result<Json<Vec<session::Model>>> {
        Ok(Json(session::Entity::of(&self.0.db.write, who.0.account_id, self.0.clock.now()).await?))
    }

    /// Sign out everywhere: end all my sessions, including this one
    #[oai(path = "/me/sessions", method = "delete", operation_id = "end_all_sessions")]
    async fn end_all_sessions(&self, who: Customer) -> Result<SignedOut> {
        leave::sign_out_everywhere(&self.0, &who.0).await.map(|()| SignedOut::Out(cookie::gone(&who.0.caller)))
    }

    /// Sign out on another device
    #[oai(path = "/me/sessions/:id", method = "delete", operation_id = "end_session")]
    async fn end_session(&self, who: Customer, id: Path<Uuid>) -> Result<Done> {
        leave::end_session(&self.0, &who.0, id.0).await.map(|()| Done::Done)
    }
}

impl AuthApi {
    fn signed_in(&self, caller: &Caller, wanted: Option<cookie::RefreshIn>, mut tokens: Tokens) -> SignedIn {
        let cookie = cookie::put(&self.0, caller, wanted.unwrap_or_default(), &mut tokens);
        SignedIn::In(Json(tokens), cookie)
    }
}
