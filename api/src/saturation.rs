//! How much of what the process may use is left: CPU, memory, and the disk that holds its data.

use std::{fs, num::NonZero, path::Path, thread};

use crate::metrics::Metrics;

const CONTROL_GROUP: &str = "/sys/fs/cgroup";

pub fn measure(metrics: &Metrics, data_dir: &Path) {
    metrics.wayfare_cpu_limit_cores.set(cpus());
    if let Some(bytes) = memory() {
        metrics.wayfare_memory_limit_bytes.set(bytes);
    }
    if let Ok(disk) = rustix::fs::statvfs(data_dir) {
        let bytes = |blocks: u64| i64::try_from(blocks.saturating_mul(disk.f_frsize)).unwrap_or(i64::MAX);
        metrics.wayfare_disk_size_bytes.set(bytes(disk.f_blocks));
        // What root alone may still use is of no use to us.
        metrics.wayfare_disk_free_bytes.set(bytes(disk.f_bavail));
    }
}

fn cpus() -> f64 {
    let machine = || thread::available_parallelism().map_or(1, NonZero::get) as f64;
    let limit = fs::read_to_string(format!("{CONTROL_GROUP}/cpu.max"));
    limit.ok().and_then(|text| quota(&text)).unwrap_or_else(machine)
}

/// `50000 100000` is half a CPU; `max 100000` is no quota.
fn quota(limit: &str) -> Option<f64> {
    let (quota, period) = limit.trim().split_once(' ')?;
    let (quota, period): (f64, f64) = (quota.parse().ok()?, period.parse().ok()?);
    (period > 0.0).then(|| quota / period)
}

fn memory() -> Option<i64> {
    let limit = fs::read_to_string(format!("{CONTROL_GROUP}/memory.max"));
    let machine = || total(&fs::read_to_string("/proc/meminfo").ok()?);
    limit.ok().and_then(|text| text.trim().parse().ok()).or_else(machine)
}

/// `MemTotal:       16303480 kB` of /proc/meminfo.
fn total(meminfo: &str) -> Option<i64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: i64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_a_share_of_a_period_and_none_is_told_as_none() {
        assert_eq!(quota("50000 100000\n"), Some(0.5));
        assert_eq!(quota("max 100000\n"), None);
        assert_eq!(quota("50000 0"), None);
        assert_eq!(quota(""), None);
    }

    #[test]
    fn the_machines_memory_is_in_kilobytes() {
        assert_eq!(total("MemTotal:       16303480 kB\nMemFree: 1 kB\n"), Some(16_694_763_520));
        assert_eq!(total("MemFree: 1 kB\n"), None);
    }

    #[test]
    fn what_is_measured_is_there_and_makes_sense() {
        let metrics = Metrics::default();
        measure(&metrics, Path::new("."));
        assert!(metrics.wayfare_cpu_limit_cores.get() > 0.0);
        assert!(metrics.wayfare_disk_size_bytes.get() >= metrics.wayfare_disk_free_bytes.get());
        assert!(metrics.wayfare_disk_size_bytes.get() > 0);
    }
}
