//! One deployment at a time: a Lease that its holder renews, so that one whose holder was killed ends by itself.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use serde_json::{Value, json};
use stages::evidence::timestamp;
use stages::exit::{Exit, Failure};

use super::kubectl::Cluster;

const NAME: &str = "wayfare-deployment";
const LASTS: u64 = 15;
const RENEWED: Duration = Duration::from_secs(5);

/// Given back when it is dropped.
pub struct Lock {
    stop: Option<Sender<()>>,
    renewing: Option<JoinHandle<()>>,
}

impl Lock {
    pub fn take(cluster: &Cluster) -> Result<Self> {
        let me = format!("{} process {}", hostname(), std::process::id());
        let lease = lease(&me, seconds());
        if let Err(error) = cluster.tell(&["create", "--filename", "-"], &lease.to_string()) {
            let Some(held) = cluster.find("lease", NAME)? else { return Err(error) };
            if let Some(holder) = holder(&held, seconds(), &hostname(), is_alive) {
                let message = format!("another operation is in progress in {}: {holder}", cluster.namespace);
                bail!(
                    Failure::new(Exit::Refused, message)
                        .next(format!("wait until it has finished; the lock of a killed run expires after {LASTS} s"))
                );
            }
            let mut taken = lease;
            taken["metadata"]["resourceVersion"] = held["metadata"]["resourceVersion"].clone();
            cluster.tell(&["replace", "--filename", "-"], &taken.to_string()).map_err(|_| {
                Failure::new(Exit::Refused, "another deployment took the lock at the same time")
                    .next("wait until it has finished")
            })?;
        }
        let (stop, stopped) = mpsc::channel();
        let renewing = renew(cluster.clone(), stopped);
        Ok(Lock { stop: Some(stop), renewing: Some(renewing) })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(renewing) = self.renewing.take() {
            let _ = renewing.join();
        }
    }
}

/// A renewal that fails is tried again: the lock is lost only when several fail.
fn renew(cluster: Cluster, stopped: mpsc::Receiver<()>) -> JoinHandle<()> {
    thread::spawn(move || {
        while stopped.recv_timeout(RENEWED) == Err(RecvTimeoutError::Timeout) {
            let patch = json!({ "spec": { "renewTime": micro_time(seconds()) } }).to_string();
            let _ = cluster.ask(&["patch", "lease", NAME, "--type", "merge", "--patch", &patch]);
        }
        let _ = cluster.ask(&["delete", "lease", NAME, "--ignore-not-found"]);
    })
}

fn lease(holder: &str, now: u64) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": { "name": NAME, "labels": { "app.kubernetes.io/part-of": "wayfare" } },
        "spec": { "holderIdentity": holder, "leaseDurationSeconds": LASTS, "acquireTime": micro_time(now),
            "renewTime": micro_time(now) },
    })
}

/// Who holds it: none when it ran out, or its holder was a process of this machine that is gone.
fn holder(lease: &Value, now: u64, here: &str, is_alive: impl Fn(u32) -> bool) -> Option<String> {
    let spec = &lease["spec"];
    let holder = spec["holderIdentity"].as_str()?;
    if let Some((host, process)) = holder.split_once(" process ")
        && host == here
        && process.parse().is_ok_and(|process| !is_alive(process))
    {
        return None;
    }
    // Times of the same format, of which the later one is the greater text.
    let oldest = micro_time(now.saturating_sub(spec["leaseDurationSeconds"].as_u64().unwrap_or(LASTS)));
    let renewed = spec["renewTime"].as_str()?;
    (renewed >= &*oldest).then(|| format!("{holder}, last heard of at {renewed}"))
}

fn is_alive(process: u32) -> bool {
    std::path::Path::new(&format!("/proc/{process}")).exists() || !std::path::Path::new("/proc/self").exists()
}

fn hostname() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn micro_time(seconds: u64) -> String {
    let time = timestamp(UNIX_EPOCH + Duration::from_secs(seconds));
    time.replace('Z', ".000000Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_until_it_runs_out_or_its_process_is_gone() {
        let held = lease("here process 7", 1000);
        assert!(
            holder(&held, 1015, "here", |_| true)
                .unwrap()
                .starts_with("here process 7, last heard of at 1970-01-01T00:16:40")
        );
        assert_eq!(holder(&held, 1016, "here", |_| true), None, "it ran out");
        assert_eq!(holder(&held, 1001, "here", |_| false), None, "its process is gone");
        assert!(
            holder(&held, 1001, "elsewhere", |_| false).is_some(),
            "a process of another machine can't be looked at"
        );
    }
}
