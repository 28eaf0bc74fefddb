//! Access tokens: JWT, HS256, short-lived. They carry who and which session, never a role: roles are looked up, so that a
//! change of role counts at once.
//!
//! `jsonwebtoken` is given this file's HMAC as its cryptography. Its ready-made providers bring RSA and elliptic curves,
//! which nothing here uses, and with them an open advisory.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use anyhow::{Context, bail, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::ErrorKind,
};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use signature::{Signer, Verifier};
use uuid::Uuid;

use crate::{
    clock::Instant,
    config::{Config, Secret},
    data_folder,
};

const ISSUER: &str = "wayfare";
const AUDIENCE: &str = "wayfare-api";
/// Clocks of two machines may differ by this much, seconds.
const LEEWAY: i64 = 5;

#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    pub sub: Uuid,
    pub sid: Uuid,
    iss: String,
    aud: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

struct Key {
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

/// The keys in force: the first signs, all verify. To rotate, put a new one first and drop the old one when its tokens
/// have run out.
pub struct Keys {
    keys: Vec<Key>,
    validation: Validation,
    seconds: i64,
    digests: Hmac<Sha256>,
}

impl Keys {
    /// # Errors
    /// Keys that can't be read; a data folder in which none can be kept.
    pub fn load(config: &Config) -> anyhow::Result<Self> {
        // Installed at most once; who comes second finds the same one.
        let _ = PROVIDER.install_default();
        let secret = match &config.jwt_keys {
            Some(keys) => keys.clone(),
            None => made_once(&config.data_dir.join("jwt.key"))?,
        };
        let key = |(kid, secret): (String, String)| Key {
            kid,
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
        };
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // Times are checked below, against the clock that the service was given.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let parsed = parse_keys(&secret)?;
        Ok(Self {
            digests: Hmac::new_from_slice(parsed[0].1.as_bytes())?,
            keys: parsed.into_iter().map(key).collect(),
            validation,
            seconds: config.access_seconds.into(),
        })
    }

    pub fn sign(&self, account: Uuid, session: Uuid, now: Instant) -> anyhow::Result<String> {
        let (key, now) = (&self.keys[0], now.timestamp());
        let claims = Claims {
            sub: account,
            sid: session,
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            iat: now,
            nbf: now,
            exp: now + self.seconds,
        };
        let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::HS256) };
        Ok(jsonwebtoken::encode(&header, &claims, &key.encoding)?)
    }

    /// The claims of a token that one of our keys signed and that is valid now; nothing for any other.
    pub fn verify(&self, token: &str, now: Instant) -> Option<Claims> {
        let kid = jsonwebtoken::decode_header(token).ok()?.kid?;
        let key = self.keys.iter().find(|k| k.kid == kid)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &self.validation).ok()?.claims;
        let now = now.timestamp();
        (claims.nbf <= now + LEEWAY && now < claims.exp + LEEWAY).then_some(claims)
    }

    /// A name for an e-mail address that nobody can read it from without the first key. It never is what a token signs:
    /// that has no U+0000 in it.
    pub fn digest(&self, address: &str) -> String {
        let mac = self.digests.clone().chain_update(b"address\0").chain_update(address.as_bytes());
        URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..12])
    }

    pub fn seconds(&self) -> i64 {
        self.seconds
    }
}

/// Reads `kid:secret,kid:secret`.
///
/// # Errors
/// No key, a key without a name, a name twice, a secret shorter than the hash.
pub fn parse_keys(text: &Secret) -> anyhow::Result<Vec<(String, String)>> {
    let mut keys: Vec<(String, String)> = Vec::new();
    for entry in text.expose().split(',').map(str::trim).filter(|e| !e.is_empty()) {
        let Some((kid, secret)) = entry.split_once(':') else { bail!("write each key as kid:secret") };
        ensure!(!kid.is_empty() && keys.iter().all(|(k, _)| k != kid), "give each key a name of its own");
        ensure!(
            secret.len() >= 32,
            "the secret of `{kid}` is shorter than 32 bytes; make one with `openssl rand -base64 48`"
        );
        keys.push((kid.to_owned(), secret.to_owned()));
    }
    ensure!(!keys.is_empty(), "there is no key");
    Ok(keys)
}

/// The embedded key: random, made at the first start, readable by the owner alone.
fn made_once(path: &Path) -> anyhow::Result<Secret> {
    match fs::read_to_string(path) {
        Ok(text) => return read_key(path, text),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        Err(cause) => return Err(cause).with_context(|| format!("the signing key {} can't be read", path.display())),
    }
    let mut random = [0; 48];
    rand::rng().fill_bytes(&mut random);
    let text = format!("embedded:{}", URL_SAFE_NO_PAD.encode(random));
    if let Some(dir) = path.parent() {
        data_folder::make(dir)?;
    }
    // Whole or not at all, also on a disk that is full: written aside, and linked to a name that nobody has.
    let aside = path.with_extension(format!("{}.part", Uuid::new_v4().simple()));
    let made = write_key(&aside, &text).and_then(|()| link(&aside, path));
    let _ = fs::remove_file(&aside);
    match made {
        Ok(()) => Ok(Secret::new(text)),
        // Of two processes that start together one makes it, the other reads it.
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => read_key(path, fs::read_to_string(path)?),
        Err(cause) => Err(cause).with_context(|| format!("the signing key {} can't be made", path.display())),
    }
}

/// Some file systems have no links: there the last of two that start together wins.
fn link(aside: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(aside, path) {
        Err(cause) if matches!(cause.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {
            fs::rename(aside, path)
        }
        linked => linked,
    }
}

fn read_key(path: &Path, text: String) -> anyhow::Result<Secret> {
    let secret = Secret::new(text.trim());
    parse_keys(&secret).with_context(|| {
        format!(
            "the signing key {} is damaged; put it back from a backup, or delete it: a new one is made, and everybody \
             signs in again",
            path.display()
        )
    })?;
    Ok(secret)
}

fn write_key(path: &Path, text: &str) -> io::Result<()> {
    let mut file = data_folder::new_file(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hs256::new(key.as_bytes())?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hs256::new(key.try_get_as_bytes()?)?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(secret: &[u8]) -> jsonwebtoken::errors::Result<Self> {
        Ok(Self(Hmac::new_from_slice(secret).map_err(|_| ErrorKind::InvalidKeyFormat)?))
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    /// Compares in constant time.
    fn verify(&self, message: &[u8], given: &Vec<u8>) -> Result<(), signature::Error> {
        self.0.clone().chain_update(message).verify_slice(given).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}
