//! Waiting for another process, which can only be asked again and again; and saying what was skipped.

use std::{
    io::Write,
    time::{Duration, Instant},
};

/// How long anything may take that ought to happen within a second or two.
pub const SOON: Duration = Duration::from_secs(40);
/// How long a lost event may lie before it comes again (30 seconds), with room for a slow machine.
pub const LATE: Duration = Duration::from_secs(100);

/// Asks until the answer is something.
pub async fn until<T>(what: &str, within: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(start.elapsed() < within, "waited {within:?} in vain until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Says that a test is skipped, past the test harness, which would swallow it.
pub fn skipped(why: &str) {
    assert!(
        std::env::var("WAYFARE_REQUIRE_PARTS").as_deref() != Ok("1"),
        "WAYFARE_REQUIRE_PARTS=1 and this can't run: {why}"
    );
    note(&format!("skipped: {why}"));
}

/// Says something past the test harness.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
