//! Passwords: hashed with bcrypt, on threads of their own and few at a time, so that people who sign in can't starve those
//! who order. What can't be hashed whole is refused, never cut.
//!
//! A password is hashed in one spelling (NFC, each kind of space as a space), so that it is the same from any keyboard.
//! Hashes from before that are found by the other spellings, and made anew.

use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use bcrypt::HashParts;
use tokio::sync::{OnceCell, Semaphore};
use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Result};

pub const SHORTEST: usize = 10;
/// bcrypt takes no more, and would quietly ignore the rest.
pub const LONGEST: usize = 72;
/// Who waits longer is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a password compares with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    Wrong,
    Right,
    /// Right, and the hash has another cost or another spelling than one of today.
    Outdated,
}

pub struct Hasher {
    cost: u32,
    /// The highest cost of any hash that is known: what each refusal costs, so that its time tells nothing.
    highest: AtomicU32,
    /// What the database says of the stored hashes' costs, asked once.
    pub(super) known: OnceCell<Option<u32>>,
    permits: Arc<Semaphore>,
}

impl Hasher {
    pub fn new(cost: u32) -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            cost,
            highest: AtomicU32::new(cost),
            known: OnceCell::new(),
            permits: Arc::new(Semaphore::new((cores / 2).max(1))),
        })
    }

    /// Hashes with this cost are stored.
    pub fn expect_cost(&self, cost: u32) {
        self.highest.fetch_max(cost, Relaxed);
    }

    /// # Errors
    /// 422 for a password that can't be taken, 503 when too many wait.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let password = normal(password);
        check(&password)?;
        let cost = self.cost;
        Ok(self.aside(move || bcrypt::hash(password, cost)).await??)
    }

    /// A hash of today for a password that was right; nothing when today's spelling of it doesn't fit.
    ///
    /// # Errors
    /// 503 when too many wait.
    pub async fn hash_again(&self, password: &str) -> Result<Option<String>> {
        let password = normal(password);
        if !fits(&password) {
            return Ok(None);
        }
        let cost = self.cost;
        Ok(Some(self.aside(move || bcrypt::hash(password, cost)).await??))
    }

    /// Whether the password is the one of `hash`. Without a hash the answer is no, and takes as long.
    ///
    /// # Errors
    /// 503 when too many wait.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        Ok(self.compare(password, hash).await? != Compared::Wrong)
    }

    /// # Errors
    /// 503 when too many wait.
    pub async fn compare(&self, password: &str, hash: Option<&str>) -> Result<Compared> {
        let spellings = spellings(password);
        let cost = hash.and_then(cost_of);
        if let Some(cost) = cost {
            self.expect_cost(cost);
        }
        let known = hash.map(str::to_owned).zip(cost);
        let today = self.cost;
        let highest = self.highest.load(Relaxed);
        self.aside(move || compare(&spellings, known, today, highest)).await
    }

    /// Does work that takes as long as hashing, where hashing is done.
    pub(super) async fn aside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let busy = || Error::unavailable("busy", "Too many people are signing in; try again.").retry_after(5);
        let permit = tokio::time::timeout(PATIENCE, self.permits.clone().acquire_owned())
            .await
            .map_err(|_| busy())?
            .map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        })
        .await
        .map_err(Error::internal)
    }
}

impl From<bcrypt::BcryptError> for Error {
    fn from(cause: bcrypt::BcryptError) -> Self {
        Self::internal(cause)
    }
}

/// One spelling for all keyboards (RFC 8265).
pub fn normal(password: &str) -> String {
    spaced(password).nfc().collect()
}

fn spaced(password: &str) -> impl Iterator<Item = char> {
    let is_space = |c: char| c.is_whitespace() && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    password.chars().map(move |c| if is_space(c) { ' ' } else { c })
}

/// Today's spelling, then those in which it may have been hashed before there was one. At least one: a password that can't
/// have been set is compared all the same, and takes as long as any other.
fn spellings(password: &str) -> Vec<Option<String>> {
    let mut found = vec![normal(password)];
    for other in [password.to_owned(), password.nfd().collect()] {
        if !found.contains(&other) {
            found.push(other);
        }
    }
    found.into_iter().map(|spelling| Some(spelling).filter(|s| fits(s))).collect()
}

fn compare(spellings: &[Option<String>], known: Option<(String, u32)>, today: u32, highest: u32) -> Compared {
    for (i, spelling) in spellings.iter().enumerate() {
        let Some(((hash, cost), spelling)) = known.as_ref().zip(spelling.as_ref()) else {
            stand_in(highest);
            continue;
        };
        if bcrypt::verify(spelling, hash).unwrap_or(false) {
            return if i == 0 && *cost == today { Compared::Right } else { Compared::Outdated };
        }
        missing(*cost, highest).for_each(stand_in);
    }
    Compared::Wrong
}

/// What a comparison of this cost lacks to one of the highest: 2^c + (2^c + … + 2^(h-1)) = 2^h.
fn missing(cost: u32, highest: u32) -> std::ops::Range<u32> {
    cost..highest
}

/// The work of one comparison.
fn stand_in(cost: u32) {
    let nobody = format!("$2b${cost:02}${}", ".".repeat(53));
    let _ = bcrypt::verify("no password", &nobody);
}

fn cost_of(hash: &str) -> Option<u32> {
    HashParts::from_str(hash).ok().map(|parts| parts.get_cost())
}

fn fits(password: &str) -> bool {
    password.len() <= LONGEST && !password.contains('\0')
}

fn check(password: &str) -> Result<()> {
    if password.chars().count() < SHORTEST {
        return Err(Error::invalid("password_too_short", format!("A password has at least {SHORTEST} characters.")));
    }
    if password.len() > LONGEST {
        return Err(Error::invalid(
            "password_too_long",
            format!("A password has at most {LONGEST} bytes; accents and emoji count for more than one."),
        ));
    }
    if password.contains('\0') {
        return Err(Error::invalid("password_invalid", "A password can't contain the character U+0000."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_costs_as_much_as_the_highest_cost_whatever_the_hash_costs() {
        for (cost, highest) in [(4, 12), (11, 12), (12, 12), (4, 4)] {
            let work: u64 = missing(cost, highest).map(|c| 1 << c).sum();
            assert_eq!((1 << cost) + work, 1_u64 << highest, "{cost} beside {highest}");
        }
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_right_and_outdated() {
        let (old, new) = (Hasher::new(4).expect("a hasher"), Hasher::new(5).expect("a hasher"));
        let hash = old.hash("a harbour in the fog").await.expect("a good password");
        let compare =
            async |hasher: &Hasher, password: &str| hasher.compare(password, Some(&hash)).await.expect("room");
        assert_eq!(compare(&old, "a harbour in the fog").await, Compared::Right);
        assert_eq!(compare(&new, "a harbour in the fog").await, Compared::Outdated);
        assert_eq!(compare(&new, "a harbour in the sun").await, Compared::Wrong);
        // One process runs with the lower cost beside another's higher one: its refusals cost as much.
        let higher = new.hash("a harbour in the fog").await.expect("a good password");
        old.compare("x", Some(&higher)).await.expect("room");
        assert_eq!(old.highest.load(Relaxed), 5);
    }

    #[tokio::test]
    async fn a_password_is_the_same_however_it_is_typed_and_however_it_was_hashed() {
        let hasher = Hasher::new(4).expect("a hasher");
        let composed = "p\u{e4}ssw\u{f6}rd \u{1ec7} lang genug";
        let typed: Vec<String> = vec![
            composed.to_owned(),
            composed.nfd().collect(),
            composed.replace(' ', "\u{a0}"),
            composed.replace('\u{1ec7}', "\u{1eb9}\u{302}"),
        ];
        let today = hasher.hash(&typed[1]).await.expect("a good password");
        for password in &typed {
            assert_eq!(hasher.compare(password, Some(&today)).await.expect("room"), Compared::Right, "{password:?}");
        }
        let before = bcrypt::hash(&typed[1], 4).expect("a hash");
        for password in &typed[..2] {
            assert_eq!(hasher.compare(password, Some(&before)).await.expect("room"), Compared::Outdated);
        }
    }
}
