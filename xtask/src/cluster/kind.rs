//! Kind: nodes as containers. Its parts are pinned in k8s/kind.

use stages::exit::Exit;
use stages::machine::Machine;
use stages::plan::Step;
use xshell::cmd;

const NAME: &str = "wayfare";
const NODES: [&str; 3] = ["wayfare-control-plane", "wayfare-worker", "wayfare-worker2"];
const CONTEXT: &str = "kind-wayfare";
const REGISTRY: &str = "wayfare-registry";
/// As the folder k8s/kind/certs.d configures the nodes' containerd.
pub const REGISTRY_AT: &str = "localhost:5001";
const REGISTRY_IMAGE: &str = "docker.io/library/registry:3";

pub fn up(machine: &Machine) -> Vec<Step> {
    let sh = &machine.sh;
    let registry = Step::run(
        "registry",
        cmd!(sh, "docker run --detach --name {REGISTRY} --publish 127.0.0.1:5001:5000 {REGISTRY_IMAGE}"),
    )
    .why("the nodes pull images from it by digest")
    .changes("a container and port 5001")
    .within(300)
    .next("cargo xtask cluster down removes one of an earlier time");
    let nodes = Step::run("nodes", cmd!(sh, "kind create cluster --config k8s/kind/cluster.yaml --wait 180s"))
        .why("a control plane and two workers")
        .changes("three containers, and the context kind-wayfare")
        .needs(&["kind"])
        .within(600);
    let network = Step::run("network", cmd!(sh, "docker network connect kind {REGISTRY}"))
        .why("the nodes reach the registry by name")
        .within(30);
    let told = NODES.map(|node| {
        let copy = cmd!(sh, "docker cp k8s/kind/certs.d {node}:/etc/containerd");
        Step::run(&format!("registry of {node}"), copy)
            .why("maps localhost:5001 to the registry on the node")
            .within(30)
    });
    let addons = |name: &str, folder: &str, why: &str| {
        let folder = format!("k8s/kind/{folder}");
        let apply = cmd!(sh, "kubectl --context {CONTEXT} apply --server-side --kustomize {folder}");
        Step::run(name, apply).why(why).changes("objects of the cluster").within(300)
    };
    let addons = [
        addons("metrics", "metrics-server", "autoscalers need CPU and memory metrics"),
        addons("gateway", "gateway", "the Gateway API and its controller"),
        addons("rollouts", "rollouts", "blue-green and canary"),
    ];
    let ready = "kubectl --context kind-wayfare wait --for condition=Available --timeout 300s deployment --all";
    let ready: Vec<_> = ready.split(' ').skip(1).collect();
    let ready =
        Step::run("ready", cmd!(sh, "kubectl {ready...} --all-namespaces")).why("deployments use them").within(360);
    [daemon(machine), registry, nodes, network].into_iter().chain(told).chain(addons).chain([ready]).collect()
}

pub fn down(machine: &Machine) -> Vec<Step> {
    let sh = &machine.sh;
    let nodes = Step::run("nodes", cmd!(sh, "kind delete cluster --name {NAME}"))
        .why("with everything in it")
        .changes("removes the nodes and the context")
        .needs(&["kind"])
        .within(120);
    let registry = Step::run("registry", cmd!(sh, "docker rm --force --volumes {REGISTRY}"))
        .why("with the images in it")
        .changes("removes a container")
        .within(60);
    let proof = Step::task("nothing is left", |ctx| {
        let sh = &ctx.machine.sh;
        let filters = ["--filter", "label=io.x-k8s.kind.cluster=wayfare"];
        let nodes = cmd!(sh, "docker ps --all --format").arg("{{.Names}}").args(filters).quiet().read()?;
        let name = format!("name=^{REGISTRY}$");
        let registry = cmd!(sh, "docker ps --all --filter {name} --format").arg("{{.Names}}").quiet().read()?;
        let left: Vec<_> = nodes.lines().chain(registry.lines()).collect();
        ctx.data.insert("left".into(), left.clone().into());
        anyhow::ensure!(left.is_empty(), stages::exit::Failure::check(format!("still there: {}", left.join(", "))));
        Ok(())
    })
    .why("leftovers use memory and ports")
    .needs(&["docker"]);
    vec![daemon(machine), nodes, registry, proof]
}

fn daemon(machine: &Machine) -> Step {
    Step::run("docker", cmd!(machine.sh, "docker version --format").arg("{{.Server.Version}}"))
        .why("nodes are containers")
        .within(20)
        .failing_as(Exit::Unreachable)
        .next("start Docker's daemon")
}
