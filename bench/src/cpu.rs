//! CPU time of a process and of everything that it started, from the kernel's own accounting.
//!
//! A live process is read from its CPU clock (nanoseconds, all threads, also those that ended); children that
//! ended are read from their parent's `cutime` and `cstime` (10 ms steps). Not counted: what the kernel does in
//! interrupts for nobody in particular.

use std::{collections::BTreeSet, fs, time::Duration};

use anyhow::{Context, Result, bail};
use nix::{
    time::clock_getcpuclockid,
    unistd::{Pid, SysconfVar, sysconf},
};

/// CPU time used so far by `root` and all its descendants.
pub fn used(root: u32) -> Result<Duration> {
    // A child that ends while we read would be counted twice or not at all: read again until nobody came or went.
    for _ in 0..100 {
        let before = family(root)?;
        let total = before.iter().map(|&pid| own(pid)).sum::<Result<Duration>>();
        if let Ok(total) = total
            && family(root)? == before
        {
            return Ok(total);
        }
    }
    bail!("the processes under {root} kept changing; is it restarting its workers?")
}

/// CPU time of the children of this process that ended and were waited for.
pub fn ended_children() -> Result<Duration> {
    Ok(Stat::of(std::process::id())?.ended_children)
}

fn own(pid: u32) -> Result<Duration> {
    let now = clock_getcpuclockid(Pid::from_raw(pid.try_into()?))?.now()?;
    Ok(Duration::from(now) + Stat::of(pid)?.ended_children)
}

fn family(root: u32) -> Result<BTreeSet<u32>> {
    let processes: Vec<(u32, u32)> = fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, Stat::of(pid).ok()?.parent)))
        .collect();
    if !processes.iter().any(|&(pid, _)| pid == root) {
        bail!("process {root} is gone");
    }
    let mut members = BTreeSet::from([root]);
    loop {
        let found: Vec<u32> = processes
            .iter()
            .filter(|(pid, parent)| members.contains(parent) && !members.contains(pid))
            .map(|&(pid, _)| pid)
            .collect();
        if found.is_empty() {
            return Ok(members);
        }
        members.extend(found);
    }
}

struct Stat {
    parent: u32,
    ended_children: Duration,
}

impl Stat {
    fn of(pid: u32) -> Result<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The program's name may hold spaces and brackets: the fields are counted from the last bracket.
        let (_, rest) = text.rsplit_once(')').context("/proc stat without a name")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = fields[13].parse::<u64>()? + fields[14].parse::<u64>()?;
        let per_second = sysconf(SysconfVar::CLK_TCK)?.context("no clock tick")?;
        Ok(Self {
            parent: fields[1].parse()?,
            ended_children: Duration::from_nanos(ticks * 1_000_000_000 / u64::try_from(per_second)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };

    /// Runs a script that works, says so and then waits for its input to close.
    fn after(script: &str) -> Duration {
        let mut shell =
            Command::new("sh").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let used = used(shell.id()).unwrap();
        drop(shell.stdin.take());
        shell.wait().unwrap();
        used
    }

    const WORK: &str = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";

    #[test]
    fn a_living_childs_work_counts() {
        let used = after(&format!("sh -c '{WORK}; echo done; read wait'; true"));
        assert!(used > Duration::from_millis(20), "{used:?}");
    }

    #[test]
    fn an_ended_childs_work_counts() {
        let used = after(&format!("sh -c '{WORK}'; echo done; read wait"));
        assert!(used > Duration::from_millis(20), "{used:?}");
    }

    #[test]
    fn a_process_that_is_gone_is_an_error() {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        assert!(used(child.id()).is_err());
    }
}
