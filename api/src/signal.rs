//! When the operating system asks the process to end.

use tokio::signal::unix::{SignalKind, signal};

/// Resolves on SIGTERM or Ctrl-C.
pub async fn terminated() {
    let mut term = signal(SignalKind::terminate()).expect("signals can be listened to");
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
