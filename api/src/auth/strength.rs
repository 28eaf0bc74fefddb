//! Which passwords aren't taken: those that somebody who guesses tries first, and the demo's.

use std::collections::BTreeSet;

use crate::{
    App,
    auth::password,
    config::DEMO_PASSWORD,
    error::{Error, Result},
};

/// About so many guesses the limits of signing in hold off for good.
const GUESSES: u64 = 1_000_000;
/// What is longer is looked at less closely: the estimate takes time that grows with the square of the length.
const LOOKED_AT: usize = 32;

/// # Errors
/// 422 for a password that is among the first to be guessed; `about` is what is known of its owner.
pub async fn check(app: &App, password: &str, about: &[&str]) -> Result<()> {
    let password = password::normal(password);
    if password == DEMO_PASSWORD && !app.config.demo {
        return Err(refused("The demo's password is known to everybody; choose another one."));
    }
    let about: Vec<String> = about.iter().map(|s| (*s).to_owned()).collect();
    if app.hasher.aside(move || is_guessed(&password, &about)).await? {
        return Err(refused("This password is one of the first that somebody would guess; choose another one."));
    }
    Ok(())
}

fn is_guessed(password: &str, about: &[String]) -> bool {
    if is_of_owner(password, about) {
        return true;
    }
    if password.chars().count() > LOOKED_AT {
        return password.chars().collect::<BTreeSet<_>>().len() < 5;
    }
    zxcvbn::zxcvbn(password, &["wayfare"]).guesses() < GUESSES
}

/// Whether little is left of it without the owner's names and address.
fn is_of_owner(password: &str, about: &[String]) -> bool {
    let mut words: Vec<String> =
        about.iter().flat_map(|text| text.split(['@', '.', ' '])).map(str::to_lowercase).collect();
    words.retain(|word| word.chars().count() > 2);
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let left = words.iter().fold(password.to_lowercase(), |left, word| left.replace(word, ""));
    left.chars().filter(|c| c.is_alphanumeric()).count() < 4
}

fn refused(why: &str) -> Error {
    Error::invalid("password_guessable", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guessed_first_is_told_from_what_is_not() {
        let about = ["nora.harbour@people.example".to_owned(), "Nora Harbour".to_owned()];
        for password in [
            "aaaaaaaaaa",
            "1234567890",
            "password123",
            "Password123!",
            "qwertyuiop",
            "iloveyou123",
            "nora.harbour@people.example",
            "noraharbour1",
            &"é".repeat(36),
            &"ab".repeat(30),
        ] {
            assert!(is_guessed(password, &about), "{password}");
        }
        let long: String = ('a'..='z').chain('A'..='Z').collect();
        for password in ["a harbour in the fog", "another password", "pässwörd-é-lang-genug", &long] {
            assert!(!is_guessed(password, &about), "{password}");
        }
    }
}
