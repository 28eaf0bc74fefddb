//! The refresh token of a browser: in a cookie that no script can read and no other site can make use of.
//!
//! It counts only beside the header `X-Refresh-In: cookie`. Another site's form can't send that header, and its scripts
//! would have to ask first, which is refused: `SameSite` and the header each stand against forged requests.

use poem::http::{HeaderMap, header};
use poem_openapi::Enum;

use crate::{App, auth::Tokens, caller::Caller};

pub const NAME: &str = "wayfare_refresh";
/// Nothing but signing in, renewing and signing out ever sees it.
const PATH: &str = "/api/auth";

/// Where a client wants its refresh token.
#[derive(Clone, Copy, Debug, Default, Enum, PartialEq, Eq)]
#[oai(rename_all = "snake_case")]
pub enum RefreshIn {
    /// In the answer's body.
    #[default]
    Body,
    /// In a cookie of the browser's.
    Cookie,
}

/// The token that the browser has kept.
pub fn read(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == NAME).map(|(_, token)| token.to_owned()).next()
}

/// Moves the refresh token to where it is wanted: gives the cookie to set.
pub fn put(app: &App, caller: &Caller, wanted: RefreshIn, tokens: &mut Tokens) -> Option<String> {
    match wanted {
        RefreshIn::Body => None,
        RefreshIn::Cookie => {
            let token = tokens.refresh_token.take()?;
            let seconds = u64::from(app.config.session_days) * 24 * 3600;
            Some(format!("{NAME}={token}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{}", secure(caller)))
        }
    }
}

/// The cookie that takes the cookie away.
pub fn gone(caller: &Caller) -> String {
    format!("{NAME}=; Path={PATH}; Max-Age=0; HttpOnly; SameSite=Strict{}", secure(caller))
}

/// Over plain HTTP, as on a laptop, a secure cookie would not be kept by every browser.
fn secure(caller: &Caller) -> &'static str {
    if caller.https { "; Secure" } else { "" }
}
