//! Each mistake is planted into manifests that are sound, and is found: by the sentence that names it, and by no other.

use std::path::Path;
use std::sync::LazyLock;

use manifests::{Facts, offences, parse};

const SOUND: &str = include_str!("sound.yaml");

static FACTS: LazyLock<Facts> =
    LazyLock::new(|| Facts::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap());

fn told(yaml: &str) -> Vec<String> {
    offences(&parse(yaml).unwrap(), &FACTS)
}

/// In place of the first of `this` stands `that`.
#[track_caller]
fn finds(this: &str, that: &str, sentences: &[&str]) {
    assert!(SOUND.contains(this), "the sample has no {this}");
    assert_eq!(told(&SOUND.replacen(this, that, 1)), sentences);
}

#[test]
fn what_is_sound_is_left_alone() {
    assert_eq!(told(SOUND), Vec::<String>::new());
}

#[test]
fn a_label_that_is_missing() {
    finds("app.kubernetes.io/instance: a, ", "", &["ConfigMap wayfare: it has no label app.kubernetes.io/instance"]);
}

#[test]
fn a_service_that_selects_no_pod() {
    finds(
        "{ selector: { app.kubernetes.io/component: api }",
        "{ selector: { app.kubernetes.io/component: apo }",
        &[r#"Service api: its selector {"app.kubernetes.io/component":"apo"} finds no pod"#],
    );
}

#[test]
fn a_deployment_that_does_not_select_its_own_pods() {
    finds(
        "  selector: { matchLabels: { app.kubernetes.io/component: api } }\n  template",
        "  selector: { matchLabels: { app: api } }\n  template",
        &[r#"Deployment api: its pods don't have the labels of its selector {"matchLabels":{"app":"api"}}"#],
    );
}

#[test]
fn a_network_policy_that_lets_in_nobody_that_there_is() {
    finds(
        "podSelector: { matchLabels: { app.kubernetes.io/name: wayfare }",
        "podSelector: { matchLabels: { app.kubernetes.io/name: web }",
        &[r#"NetworkPolicy api: its selector {"matchLabels":{"app.kubernetes.io/name":"web"}} finds no pod"#],
    );
}

#[test]
fn a_port_that_is_not_the_containers() {
    finds("targetPort: http", "targetPort: 8080", &["Service api: no pod that it finds listens at the port 8080"]);
    finds("[{ port: 5000 }]", "[{ port: 80 }]", &["NetworkPolicy api: no pod that it finds listens at the port 80"]);
    finds(
        "port: 5000 } }",
        "port: 5001 } }",
        &["Deployment api: a probe of wayfare asks at the port 5001, which it doesn't have"],
    );
    finds("name: api, port: 80 }", "name: api, port: 81 }", &["HTTPRoute api: the Service api has no port 81"]);
}

#[test]
fn a_port_that_the_image_does_not_expose() {
    let elsewhere = SOUND.replace("containerPort: 5000", "containerPort: 5001").replace("port: 5000", "port: 5001");
    assert_eq!(told(&elsewhere), ["Deployment api: wayfare listens at 5000, not at 5001"]);
}

#[test]
fn a_name_that_leads_nowhere() {
    finds(
        "configMapRef: { name: wayfare }",
        "configMapRef: { name: settings }",
        &["Deployment api: there is no ConfigMap settings"],
    );
    finds("secretName: wayfare-secrets", "secretName: secrets", &["Deployment api: there is no Secret secrets"]);
    finds(
        "kind: Deployment, name: api",
        "kind: Deployment, name: apis",
        &["HorizontalPodAutoscaler api: there is no Deployment apis"],
    );
}

#[test]
fn a_limit_that_is_missing() {
    finds(
        ", limits: { cpu: 500m, memory: 512Mi }",
        ", limits: { cpu: 500m }",
        &["Deployment api: its container wayfare has no resources/limits/memory"],
    );
}

#[test]
fn a_pod_that_may_more_than_it_needs() {
    finds(
        "automountServiceAccountToken: false",
        "automountServiceAccountToken: true",
        &["Deployment api: it has the service account's token"],
    );
    finds("runAsUser: 1000", "runAsUser: 0", &["Deployment api: it doesn't set the user of its pods"]);
    finds(
        "readOnlyRootFilesystem: true",
        "readOnlyRootFilesystem: false",
        &["Deployment api: its container wayfare may write to its root"],
    );
    finds("drop: [ALL]", "drop: [NET_RAW]", &["Deployment api: its container wayfare keeps capabilities"]);
    finds(", seccompProfile: { type: RuntimeDefault }", "", &["Deployment api: it has no seccomp profile"]);
}

#[test]
fn a_probe_that_is_missing() {
    finds(
        "          livenessProbe: { httpGet: { path: /livez, port: http } }\n",
        "",
        &["Deployment api: its container wayfare has ports and no livenessProbe"],
    );
}

#[test]
fn replicas_that_are_the_autoscalers() {
    finds(
        "spec:\n  selector",
        "spec:\n  replicas: 3\n  selector",
        &["HorizontalPodAutoscaler api: the replicas of Deployment api are stated, and are its own"],
    );
}

#[test]
fn a_tag_in_place_of_a_digest() {
    let digest = format!("wayfare@sha256:{}", "0".repeat(64));
    for other in ["wayfare:1.0", "wayfare", "wayfare:1.0@sha256:00"] {
        let sentence = format!("Deployment api: the image ghcr.io/wayfare/{other} isn't named by its digest");
        finds(&digest, other, &[&sentence]);
    }
}

#[test]
fn an_image_that_is_not_the_one_of_the_list() {
    finds(
        "ghcr.io/wayfare/wayfare@",
        "docker.io/library/redis@",
        &["Deployment api: the image docker.io/library/redis isn't the one of xtask/images.toml"],
    );
}

#[test]
fn a_secret_that_all_may_read() {
    let sentence = |key: &str| format!("ConfigMap wayfare: {key} is a secret, and stands here for all to read");
    let url = "WAYFARE_REDIS_URL: \"redis://redis:6379\"";
    finds(url, "WAYFARE_REDIS_URL: \"redis://:secret@redis:6379\"", &[&sentence("WAYFARE_REDIS_URL")]);
    finds(url, "WAYFARE_JWT_KEYS: first-key", &[&sentence("WAYFARE_JWT_KEYS")]);
    finds(
        "WAYFARE_DATABASE_URL_FILE: /run/secrets/wayfare/database_url",
        "WAYFARE_SEED_PASSWORD: abc",
        &[&sentence("WAYFARE_SEED_PASSWORD")],
    );
    finds(
        "kind: ConfigMap\nmetadata: { name: flags",
        "kind: Secret\nmetadata: { name: flags",
        &["Secret flags: it holds a secret, and is in the repository"],
    );
}

#[test]
fn a_variable_or_a_flag_that_nothing_reads() {
    finds(
        "WAYFARE_DRAIN_SECONDS",
        "WAYFARE_DRAIN_SECS",
        &["Deployment api: wayfare knows no variable WAYFARE_DRAIN_SECS"],
    );
    finds("uploads: \"false\"", "upload: \"false\"", &["ConfigMap flags: there is no flag upload"]);
}

#[test]
fn a_file_for_what_is_no_secret_and_a_secret_that_is_not_mounted() {
    finds(
        "WAYFARE_DRAIN_SECONDS: \"5\"",
        "WAYFARE_DRAIN_SECONDS_FILE: /run/secrets/wayfare/a",
        &["Deployment api: wayfare knows no variable WAYFARE_DRAIN_SECONDS_FILE"],
    );
    finds(
        "mountPath: /run/secrets/wayfare",
        "mountPath: /run/secrets",
        &[
            "Deployment api: WAYFARE_DATABASE_URL_FILE is /run/secrets/wayfare/database_url, which no secret is mounted for",
        ],
    );
}

#[test]
fn a_query_for_what_nobody_exports() {
    finds(
        "http_server_request_duration_seconds_bucket",
        "http_server_requests_bucket",
        &["AnalysisTemplate objectives: latency queries http_server_requests_bucket, which isn't exported"],
    );
    finds(
        "http_route=~",
        "route=~",
        &[
            "AnalysisTemplate objectives: latency asks http_server_request_duration_seconds_bucket for the label route, \
         which it doesn't have",
        ],
    );
    finds(
        "\"place_order\"",
        "\"place_order|sell\"",
        &["AnalysisTemplate objectives: latency asks for the operation sell, which the API doesn't have"],
    );
}

#[test]
fn an_analysis_that_passes_without_data() {
    finds("len(result) > 0 && ", "", &["AnalysisTemplate objectives: latency passes without data"]);
}

#[test]
fn an_address_to_listen_at_that_is_no_port_of_the_container() {
    finds(
        "WAYFARE_DRAIN_SECONDS: \"5\"",
        "WAYFARE_METRICS_LISTEN: 0.0.0.0:9464",
        &["Deployment api: WAYFARE_METRICS_LISTEN is at the port 9464, which wayfare doesn't have"],
    );
}
