//! Signatures by the Standard Webhooks specification: `v1,base64(HMAC-SHA256(key, "id.timestamp.body"))`, one for each key
//! that signs now, with a space between them.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::clock::Instant;

/// The header `webhook-signature`.
pub fn signatures<'a>(keys: impl Iterator<Item = &'a str>, id: &str, time: Instant, body: &str) -> String {
    keys.map(|key| signature(key, id, time, body)).collect::<Vec<_>>().join(" ")
}

fn signature(secret: &str, id: &str, time: Instant, body: &str) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap_or_else(|_| secret.as_bytes().to_vec());
    let mac = Hmac::<Sha256>::new_from_slice(&key)
        .expect("HMAC takes keys of any length")
        .chain_update(format!("{id}.{}.{body}", time.timestamp()));
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}
