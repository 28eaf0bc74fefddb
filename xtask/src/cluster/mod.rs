//! `cluster`: a Kubernetes on this machine, by Kind. Where Kind can't run, the stand-in of `.ci/cluster` answers to the same
//! verbs; `WAYFARE_TEST_CLUSTER` names its folder.

mod images;
mod kind;
mod stand_in;

use anyhow::Result;
use clap::{Args, Subcommand};
use stages::cli::Stage;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use self::stand_in::StandIn;

/// Start and stop a local Kubernetes cluster, and load images into it.
#[derive(Args)]
pub struct Cluster {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Start a cluster: control plane, two workers, registry, metrics, gateway and Argo Rollouts
    #[command(disable_help_flag = true)]
    Up,
    /// Remove the cluster with everything in it, and check that nothing is left
    #[command(disable_help_flag = true)]
    Down,
    /// Show the cluster's nodes and pods
    #[command(disable_help_flag = true)]
    Status,
    /// Load images from the local Docker, and print their references for `deploy`
    #[command(disable_help_flag = true)]
    Load {
        #[arg(required = true, value_name = "IMAGE")]
        images: Vec<String>,
    },
}

impl Stage for Cluster {
    const NAME: &'static str = "cluster";
    const EXAMPLE: &'static str = "cluster up";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let stand_in = StandIn::of(machine);
        Ok(match (&self.what, stand_in) {
            (What::Up, Some(stand_in)) => Plan::new("cluster up", [stand_in.up(machine)]),
            (What::Up, None) => Plan::new("cluster up", kind::up(machine)),
            (What::Down, Some(stand_in)) => Plan::new("cluster down", [stand_in.down(machine)]),
            (What::Down, None) => Plan::new("cluster down", kind::down(machine)),
            (What::Status, _) => Plan::new("cluster status", status(machine)),
            (What::Load { images }, stand_in) => Plan::new("cluster load", images::load(machine, images, stand_in)),
        })
    }
}

fn status(machine: &Machine) -> [Step; 2] {
    let nodes = Step::run("nodes", cmd!(machine.sh, "kubectl get nodes --output wide"))
        .why("shows whether the cluster responds, and its nodes");
    let pods = Step::run("pods", cmd!(machine.sh, "kubectl get pods --all-namespaces")).why("its pods");
    [nodes, pods].map(|step| {
        step.showing_data()
            .within(30)
            .failing_as(stages::exit::Exit::Unreachable)
            .next("cargo xtask cluster up; KUBECONFIG says which cluster is asked")
    })
}
