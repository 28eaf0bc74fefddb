//! Passwords: hashed with bcrypt, on threads of their own and few at a time, so that people who sign in can't starve those
//! who order. What can't be hashed whole is refused, never cut.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use crate::error::{Error, Result};

pub const SHORTEST: usize = 10;
/// bcrypt takes no more, and would quietly ignore the rest.
pub const LONGEST: usize = 72;
/// Who waits longer is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

pub struct Hasher {
    cost: u32,
    permits: Arc<Semaphore>,
    /// Well formed and nobody's: verified when there is no account, so that the time tells nothing.
    nobody: String,
}

impl Hasher {
    pub fn new(cost: u32) -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            cost,
            permits: Arc::new(Semaphore::new((cores / 2).max(1))),
            nobody: format!("$2b${cost:02}${}", ".".repeat(53)),
        })
    }

    /// # Errors
    /// 422 for a password that can't be taken, 503 when too many wait.
    pub async fn hash(&self, password: &str) -> Result<String> {
        check(password)?;
        let (password, cost) = (password.to_owned(), self.cost);
        Ok(self.aside(move || bcrypt::hash(password, cost)).await??)
    }

    /// Whether the password is the one of `hash`. Without a hash the answer is no, and takes as long.
    ///
    /// # Errors
    /// 503 when too many wait.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        // One that can't have been set is compared all the same: it takes as long as any other.
        let fits = check(password).is_ok();
        let known = hash.is_some() && fits;
        let (password, hash) = (
            if fits { password.to_owned() } else { "no password".to_owned() },
            hash.unwrap_or(&self.nobody).to_owned(),
        );
        Ok(self.aside(move || bcrypt::verify(password, &hash)).await?.unwrap_or(false) && known)
    }

    async fn aside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
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
