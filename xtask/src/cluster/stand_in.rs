//! The stand-in for Kind: a node of published Go modules, for machines that reach only package registries.

use std::path::PathBuf;

use stages::machine::{CLUSTER_STAND_IN, Machine};
use stages::plan::Step;
use xshell::cmd;

pub struct StandIn {
    folder: PathBuf,
}

impl StandIn {
    /// None where users' Kind is meant.
    pub fn of(machine: &Machine) -> Option<Self> {
        machine.variable(CLUSTER_STAND_IN).map(|folder| StandIn { folder: folder.into() })
    }

    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn up(&self, machine: &Machine) -> Step {
        let start = self.program("start");
        let port = machine.variable("WAYFARE_TEST_CLUSTER_PORT").unwrap_or("30080");
        Step::run("node", cmd!(machine.sh, "{start} {port}=30080"))
            .why("the stand-in for Kind, since WAYFARE_TEST_CLUSTER names it")
            .changes("a single node in its own Linux namespaces")
            .within(3600)
            .next("the logs are in $CLUSTER_STATE/log")
    }

    pub fn down(&self, machine: &Machine) -> Step {
        let stop = self.program("stop");
        Step::run("node", cmd!(machine.sh, "{stop}"))
            .why("removes everything; fails if a process, mount, control group or port is left")
            .changes("removes the node and its state")
            .within(120)
    }
}
