//! Places where a test can kill the process, as SIGKILL would: the worker has to survive that between any two steps.
//! Not in release builds.

/// Every place, for the test that goes through them.
pub const POINTS: [&str; 9] =
    ["locked", "queued", "published", "read", "taken", "noted", "committed", "claimed", "sent"];

/// Dies here when `WAYFARE_CRASH_AT` names this place.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    debug_assert!(POINTS.contains(&name), "list the crash point `{name}`");
    if std::env::var("WAYFARE_CRASH_AT").is_ok_and(|at| at == name) {
        let me = std::process::id().to_string();
        let _ = std::process::Command::new("kill").args(["-KILL", &me]).status();
        loop {
            std::thread::park();
        }
    }
}

#[cfg(not(debug_assertions))]
pub fn point(_name: &str) {}
