//! Alerts on their whole way: a fault, a real Prometheus with the rules of the clone, a real Alertmanager with its file, and a
//! receiver. Each fires, arrives, and ends.
//!
//! Time runs thirty times as fast in the rules: every range and every `for` is divided by [`FASTER`]. What stands in for the
//! exporters of machines, PostgreSQL, Redis and backups is told in `parts`; the faults of the service are its own. Not made here:
//! burning budgets, saturation, a database that is away, a queue that waits, webhooks given up, and the business's two. promtool
//! tries those.

mod parts;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::query::{files, read};
use crate::rules::FOLDER;
use crate::running::{Service, free_port};
use parts::{Exporters, Received};

const FASTER: u64 = 30;
/// Until an alert has arrived, or has ended: its `for`, its ranges, and thirty seconds.
const PATIENCE: Duration = Duration::from_secs(90);
const OF_OTHERS: [&str; 10] = [
    "WayfareHostDiskFilling",
    "WayfareHostMemoryLow",
    "WayfareHostCpuBusy",
    "WayfarePostgresDown",
    "WayfarePostgresConnections",
    "WayfareRedisMemory",
    "WayfareBackupOld",
    "WayfareRestoreDrillOld",
    "WayfareCertificateExpires",
    "WayfareRulesFail",
];

/// # Errors
/// Prometheus or Alertmanager isn't there or doesn't start.
pub fn run(root: &Path, binary: &Path, folder: &Path) -> Result<Vec<String>> {
    let proof = Proof::start(root, binary, folder)?;
    let mut service = proof.service(&[])?;
    proof.fires("nothing", &["WayfareWatchdog"])?;
    proof.others()?;
    proof.fires("one replica", &["WayfareSingleReplica"])?;
    proof.receiver_refuses()?;
    for (fault, setting, value, alert) in [
        ("Redis away", "WAYFARE_REDIS_URL", "redis://127.0.0.1:1", "WayfareRedisDown"),
        ("read replica away", "WAYFARE_DATABASE_READ_URL", "postgres://nobody@127.0.0.1:1/none", "WayfareReplicaDown"),
    ] {
        drop(service);
        service = proof.service(&[(setting, value.to_owned())])?;
        proof.fires(fault, &[alert])?;
        drop(service);
        service = proof.service(&[])?;
        proof.ends(fault, &[alert])?;
    }
    drop(service);
    proof.provider_is_away()?;
    let mut service = proof.service(&[])?;
    proof.ends("no provider", &["WayfareProviderDown"])?;
    for _ in 0..4 {
        drop(service);
        service = proof.service(&[])?;
        // Each start has to be scraped.
        std::thread::sleep(Duration::from_secs(2));
    }
    proof.fires("restarts", &["WayfareRestarting"])?;
    proof.ends("no restart", &["WayfareRestarting"])?;
    drop(service);
    proof.fires("the service is gone", &["WayfareDown"])?;
    let _service = proof.service(&[])?;
    proof.ends("the service is back", &["WayfareDown"])?;
    Ok(Vec::new())
}

struct Proof {
    binary: PathBuf,
    folder: PathBuf,
    port: u16,
    received: Arc<Received>,
    exporters: Arc<Exporters>,
    _parts: [Part; 2],
}

/// A process that ends with the proof.
struct Part(Child);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Proof {
    fn start(root: &Path, binary: &Path, folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder.join("rules"))?;
        let folder = folder.canonicalize()?;
        for (path, file) in files(root, FOLDER, ".yaml")?.into_iter().filter(|(path, _)| !path.ends_with("_test.yaml"))
        {
            let name = path.rsplit('/').next().unwrap_or_default();
            fs::write(folder.join("rules").join(name), faster(&fs::read_to_string(file)?))?;
        }
        let (received, exporters) = (Arc::<Received>::default(), Arc::<Exporters>::default());
        let (to, of_others) = (parts::receive(received.clone())?, parts::export(exporters.clone())?);
        let (port, alertmanager, prometheus) = (free_port()?, free_port()?, free_port()?);
        fs::write(folder.join("alertmanager.yml"), routes(&read(root, "monitoring/alertmanager.yml")?, &folder, to)?)?;
        fs::write(folder.join("prometheus.yml"), scrapes(port, of_others, alertmanager))?;
        let of = |program: &str, words: &[String]| -> Result<Part> {
            let log = fs::File::create(folder.join(format!("{program}.log")))?;
            let start = |name: &str| -> std::io::Result<Child> {
                Command::new(name)
                    .args(words)
                    .current_dir(&folder)
                    .stdout(Stdio::null())
                    .stderr(log.try_clone()?)
                    .spawn()
            };
            // Debian puts a word of its own before the name.
            let started = start(program).or_else(|_| start(&format!("prometheus-{program}")));
            Ok(Part(started.with_context(|| format!("{program} can't be started"))?))
        };
        let parts = [
            of(
                "alertmanager",
                &[
                    "--config.file=alertmanager.yml".to_owned(),
                    "--storage.path=alertmanager".to_owned(),
                    "--cluster.listen-address=".to_owned(),
                    format!("--web.listen-address=127.0.0.1:{alertmanager}"),
                ],
            )?,
            of(
                "prometheus",
                &[
                    "--config.file=prometheus.yml".to_owned(),
                    "--storage.tsdb.path=prometheus".to_owned(),
                    // What it sends before it has found Alertmanager is lost, and sent again after a minute otherwise.
                    "--rules.alert.resend-delay=2s".to_owned(),
                    format!("--web.listen-address=127.0.0.1:{prometheus}"),
                ],
            )?,
        ];
        Ok(Proof { binary: binary.to_owned(), folder, port, received, exporters, _parts: parts })
    }

    fn service(&self, settings: &[(&str, String)]) -> Result<Service> {
        let listen = [("WAYFARE_METRICS_LISTEN", format!("127.0.0.1:{}", self.port))];
        let settings: Vec<_> = listen.into_iter().chain(settings.iter().cloned()).collect();
        Service::start(&self.binary, &self.folder.join("service"), &settings)
    }

    fn others(&self) -> Result<()> {
        self.exporters.are_unwell.store(true, SeqCst);
        self.fires("other exporters say that nothing is well", &OF_OTHERS)?;
        self.exporters.are_unwell.store(false, SeqCst);
        self.ends("other exporters say that all is well", &OF_OTHERS)?;
        self.exporters.are_away.store(true, SeqCst);
        self.fires("other exporters don't answer", &["WayfareTargetDown"])?;
        self.exporters.are_away.store(false, SeqCst);
        self.ends("other exporters answer", &["WayfareTargetDown"])
    }

    /// Asked for places until it is left alone.
    fn provider_is_away(&self) -> Result<()> {
        let service = self.service(&[("WAYFARE_PHOTON_URL", "http://127.0.0.1:1".to_owned())])?;
        for place in ["market", "harbour", "station", "school", "museum", "park", "church"] {
            service.agent.get(format!("{}/api/geocode?q={place}", service.address)).call()?;
        }
        self.fires("a provider away", &["WayfareProviderDown"])
    }

    /// What isn't delivered is told once it can be.
    fn receiver_refuses(&self) -> Result<()> {
        self.received.refuses.store(true, SeqCst);
        std::thread::sleep(Duration::from_secs(8));
        self.received.refuses.store(false, SeqCst);
        self.fires("the receiver refused", &["WayfareNotificationsFail"])?;
        self.ends("the receiver takes messages", &["WayfareNotificationsFail"])
    }

    fn fires(&self, fault: &str, alerts: &[&str]) -> Result<()> {
        self.wait(fault, alerts, "firing")
    }

    fn ends(&self, fault: &str, alerts: &[&str]) -> Result<()> {
        self.wait(fault, alerts, "resolved")
    }

    fn wait(&self, fault: &str, alerts: &[&str], status: &str) -> Result<()> {
        let start = Instant::now();
        loop {
            let missing = {
                let last = self.received.last.lock().expect("no holder panics");
                let is_so = |alert: &str| last.get(alert).is_some_and(|it| it == status);
                alerts.iter().filter(|alert| !is_so(alert)).copied().collect::<Vec<_>>()
            };
            if missing.is_empty() {
                eprintln!("{fault}: {} {status} after {} s", alerts.join(", "), start.elapsed().as_secs());
                return Ok(());
            }
            let what = || format!("{fault}: {} isn't {status} after {} s", missing.join(", "), PATIENCE.as_secs());
            ensure!(start.elapsed() < PATIENCE, what());
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// Every range, offset and `for` of the rules, divided. A name such as `failing_5m` stays.
fn faster(rules: &str) -> String {
    let lines = rules.lines().map(|line| {
        if let Some((start, time)) = line.split_once("for: ").filter(|(start, _)| start.trim().is_empty()) {
            return format!("{start}for: {}", divided(time));
        }
        let mut parts = line.split('[');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, rest| match rest.split_once(']') {
            Some((time, after)) if time.starts_with(|c: char| c.is_ascii_digit()) => {
                text + "[" + &divided(time) + "]" + &after.replace("offset 1w", &format!("offset {}", divided("1w")))
            }
            _ => text + "[" + rest,
        })
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

fn divided(time: &str) -> String {
    let (count, unit) = time.split_at(time.len() - 1);
    let seconds = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => 1,
    };
    format!("{}ms", count.parse::<u64>().unwrap_or(1) * seconds * 1000 / FASTER)
}

/// The clone's own routes: only the addresses, and the waits between messages, are the proof's.
fn routes(text: &str, folder: &Path, to: u16) -> Result<String> {
    let address = folder.join("address");
    fs::write(&address, format!("http://127.0.0.1:{to}/"))?;
    let own = ["critical", "warnings", "watchdog"].iter().fold(text.to_owned(), |text, name| {
        text.replace(&format!("/run/secrets/alerts_{name}"), &address.display().to_string())
    });
    ensure!(!own.contains("/run/secrets"), "monitoring/alertmanager.yml has an address that the proof doesn't know");
    let own = own.replace("group_wait: 10s", "group_wait: 1s").replace("group_interval: 1m", "group_interval: 2s");
    Ok(own.replace("repeat_interval: 1m", "repeat_interval: 4s"))
}

fn scrapes(service: u16, others: u16, alertmanager: u16) -> String {
    format!(
        "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}
rule_files: [rules/*.yaml]
alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: [\"127.0.0.1:{alertmanager}\"] }}] }}] }}
scrape_configs:
  - {{ job_name: wayfare, static_configs: [{{ targets: [\"127.0.0.1:{service}\"] }}] }}
  - {{ job_name: alertmanager, static_configs: [{{ targets: [\"127.0.0.1:{alertmanager}\"] }}] }}
  - {{ job_name: node, static_configs: [{{ targets: [\"127.0.0.1:{others}\"] }}] }}
  - {{ job_name: postgres, static_configs: [{{ targets: [\"127.0.0.1:{others}\"] }}] }}
  - {{ job_name: redis, static_configs: [{{ targets: [\"127.0.0.1:{others}\"] }}] }}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_divided_and_names_are_not() {
        let rules =
            "        expr: a:failing_5m > 1 and rate(b[5m]) and c[1h] offset 1w\n        for: 1m\n        by: [x]\n";
        let expected = "        expr: a:failing_5m > 1 and rate(b[10000ms]) and c[120000ms] offset 20160000ms\n        for: 2000ms\n        by: [x]\n";
        assert_eq!(faster(rules), expected);
    }
}
