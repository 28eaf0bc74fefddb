//! Who calls, as an argument: a handler that needs a role takes it as a parameter, so that a missing check doesn't compile,
//! and the OpenAPI document names it.

use std::{sync::Arc, time::Duration};

use poem::Request;
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, SecurityScheme, auth::Bearer, registry::Registry,
};
use uuid::Uuid;

use crate::{
    App,
    audit::By,
    auth::{account::Role, session::Owner},
    caller::Caller,
    error::{Error, Result},
};

/// How often an open stream sees whether its reader is still allowed to read it.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Identity {
    pub account_id: Uuid,
    pub session_id: Uuid,
    pub role: Role,
    pub shop_id: Option<i64>,
    pub caller: Caller,
}

impl<'a> From<&'a Identity> for By<'a> {
    fn from(who: &'a Identity) -> Self {
        Self { account: Some((who.account_id, who.role.as_str())), caller: &who.caller }
    }
}

macro_rules! roles {
    ($($(#[doc = $doc:literal])+ $name:ident = $rename:literal by $checker:ident: $($role:ident)|+;)+) => { $(
        $(#[doc = $doc])+
        #[derive(SecurityScheme)]
        #[oai(ty = "bearer", bearer_format = "JWT", rename = $rename, checker = $checker)]
        pub struct $name(pub Identity);

        async fn $checker(request: &Request, bearer: Bearer) -> poem::Result<Identity> {
            let who = identify(request, &bearer.token).await?;
            match who.role {
                $(Role::$role)|+ => Ok(who),
                #[allow(unreachable_patterns)]
                _ => Err(Error::forbidden("wrong_role", concat!("This needs the role ", $rename, ".")).into()),
            }
        }
    )+ };
}

roles! {
    /// An access token of anybody who is signed in
    Customer = "customer" by customer: Customer | Courier | Manager | Admin;
    /// An access token of a courier or an admin
    Courier = "courier" by courier: Courier | Admin;
    /// An access token of a shop's manager or an admin
    Manager = "manager" by manager: Manager | Admin;
    /// An access token of a courier, a manager or an admin
    Staff = "staff" by staff: Courier | Manager | Admin;
    /// An access token of an admin
    Admin = "admin" by admin: Admin;
}

async fn identify(request: &Request, token: &str) -> Result<Identity> {
    let lost =
        || Error::unauthenticated("token_invalid", "The access token is not valid any more; refresh it or sign in.");
    let (app, caller) = parts(request)?;
    let claims = app.keys.verify(token, app.clock.now()).ok_or_else(lost)?;
    let owner = app.sessions.owner(app, claims.sid).await?.filter(|o| o.account_id == claims.sub).ok_or_else(lost)?;
    let _ = caller.who.set((owner.account_id, owner.role.as_str()));
    Ok(Identity {
        account_id: owner.account_id,
        session_id: claims.sid,
        role: owner.role,
        shop_id: owner.shop_id,
        caller: caller.clone(),
    })
}

fn parts(request: &Request) -> Result<(&Arc<App>, &Caller)> {
    let missing = || Error::internal(anyhow::anyhow!("the request did not come through `Around`"));
    request.data::<Arc<App>>().zip(request.data::<Caller>()).ok_or_else(missing)
}

/// Somebody who may be signed in. Without a token: a guest. With one that isn't valid: refused, not a guest.
pub struct Visitor(pub Option<Identity>);

impl<'a> ApiExtractor<'a> for Visitor {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Customer::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        Customer::security_schemes()
    }

    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(
        request: &'a Request,
        body: &mut poem::RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        if !request.headers().contains_key("authorization") {
            return Ok(Self(None));
        }
        Customer::from_request(request, body, options).await.map(|customer| Self(Some(customer.0)))
    }
}

impl Identity {
    /// Resolves when a new request of this session would be refused, or would come from another role or shop: then
    /// whatever answer is still being sent has to end. While nobody can tell, neither can the answer go on by itself.
    pub async fn withdrawn(&self, app: &App) {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            match app.sessions.owner(app, self.session_id).await {
                Ok(Some(owner)) if self.is(&owner) => {}
                Ok(_) => return,
                Err(cause) => tracing::debug!(%cause, "an event stream is waiting for the database"),
            }
        }
    }

    fn is(&self, owner: &Owner) -> bool {
        let Owner { account_id, role, shop_id, expires_at: _ } = owner;
        (self.account_id, self.role, self.shop_id) == (*account_id, *role, *shop_id)
    }

    /// Whether this is the shop's manager, or an admin.
    ///
    /// # Errors
    /// 403 for anybody else.
    pub fn manages(&self, shop: i64) -> Result<()> {
        if self.role == Role::Admin || (self.role == Role::Manager && self.shop_id == Some(shop)) {
            return Ok(());
        }
        Err(Error::forbidden("not_your_shop", "You don't manage this shop."))
    }
}
