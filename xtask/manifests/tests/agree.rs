//! Names, ports and versions that stand in several files are the same in each.

use std::fs;
use std::path::{Path, PathBuf};

use manifests::{Facts, Object, parse};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> Vec<Object> {
    parse(&fs::read_to_string(root().join(path)).unwrap()).unwrap()
}

fn one(path: &str) -> Object {
    read(path).remove(0)
}

#[test]
fn compose_has_the_same_parts_at_the_same_ports() {
    let compose = one("compose.yaml");
    let facts = Facts::of(&root()).unwrap();
    let port = |service: &str| {
        let ports = compose.text(&format!("/services/{service}/ports/0")).to_owned();
        ports.rsplit(':').next().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!((port("api"), port("web")), (facts.ports["wayfare"], facts.ports["web"]));
    for (service, file) in [
        ("api", "base/api/deployment.yaml"),
        ("web", "base/web/deployment.yaml"),
        ("worker", "base/worker/deployment.yaml"),
        ("migrate", "base/migrate/job.yaml"),
        ("postgres", "components/postgres-single/statefulset.yaml"),
        ("redis", "components/redis-single/statefulset.yaml"),
    ] {
        assert_eq!(one(&format!("k8s/{file}")).name(), service);
        assert!(!compose.at(&format!("/services/{service}")).is_null(), "{service}");
    }
}

#[test]
fn what_is_set_in_compose_and_in_a_cluster_has_one_name() {
    let facts = Facts::of(&root()).unwrap();
    let compose = one("compose.yaml");
    let names = compose.at("/x-wayfare/environment").as_object().unwrap().keys();
    for name in names {
        let plain = name.strip_suffix("_FILE").unwrap_or(name);
        assert!(facts.settings.contains(plain), "{name}");
    }
}

#[test]
fn kind_lets_in_at_the_node_port() {
    let service = one("k8s/components/node-port/service.yaml");
    let kind = one("k8s/kind/cluster.yaml");
    let open = kind.at("/nodes/0/extraPortMappings/0/containerPort");
    assert_eq!(service.at("/spec/ports/0/nodePort"), open);
    assert_eq!(kind.list("/nodes").filter(|node| node["role"] == "worker").count(), 2);
}

#[test]
fn the_version_is_the_workspaces() {
    let version = Value::from(Facts::of(&root()).unwrap().version);
    let chart = one("k8s/chart/Chart.yaml");
    let base = one("k8s/base/kustomization.yaml");
    assert_eq!((chart.at("/version"), chart.at("/appVersion")), (&version, &version));
    assert_eq!(base.at("/labels/0/pairs/app.kubernetes.io~1version"), &version);
}

/// Bounds that keep what people have to read small.
#[test]
fn base_and_overlays_stay_small() {
    let mut base = yaml(&root().join("k8s/base"));
    base.sort_unstable();
    let (all, middle) = (base.iter().sum::<usize>(), base[base.len() / 2]);
    assert!(all <= 500 && middle <= 40, "{all} lines in base, {middle} in the file in the middle");
    for overlay in yaml(&root().join("k8s/overlays")) {
        assert!(overlay <= 30, "an overlay has {overlay} lines");
    }
}

/// The lines of each file.
fn yaml(folder: &Path) -> Vec<usize> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let lines = |path: PathBuf| {
        if path.is_dir() {
            return yaml(&path);
        }
        let text = fs::read_to_string(&path).unwrap();
        let is_yaml = path.extension().is_some_and(|end| end == "yaml");
        if is_yaml { vec![text.lines().count()] } else { Vec::new() }
    };
    entries.flat_map(lines).collect()
}
