//! Each way between two pods: what may pass passes, what may not doesn't. And what Pod Security refuses.

use anyhow::{Result, ensure};
use serde_json::json;
use stages::ctx::Ctx;
use stages::exit::Failure;
use stages::plan::Step;
use xshell::cmd;

use super::{NAMESPACE, claim, images, kubectl, soon};

/// A connection, and whether it is allowed. A client is a component by its label, or a namespace.
const WAYS: [(&str, &str, bool); 17] = [
    ("web", "api:5000", true),
    ("monitoring/scraper", "pod api:9464", true),
    ("monitoring/scraper", "api:5000", false),
    ("web", "pod api:9464", false),
    ("worker", "api:5000", false),
    ("stranger", "api:5000", false),
    ("other/web", "api:5000", false),
    ("api", "postgres:5432", true),
    ("worker", "postgres:5432", true),
    ("migrate", "postgres:5432", true),
    ("web", "postgres:5432", false),
    ("monitoring/scraper", "postgres:5432", false),
    ("api", "redis:6379", true),
    ("worker", "redis:6379", true),
    ("web", "redis:6379", false),
    ("stranger", "redis:6379", false),
    ("api", "kubernetes.default:443", false),
];

pub fn steps() -> Vec<Step> {
    let ways = claim("each network policy lets pass what may pass, and nothing else", ways)
        .why("seventeen ways between pods, of which seven are open")
        .changes("probes in three namespaces, and removes them");
    let root = claim("`restricted` refuses a root pod", no_root).why("the namespace's label enforces it");
    vec![ways, root]
}

fn ways(ctx: &mut Ctx) -> Result<()> {
    for namespace in ["monitoring", "other"] {
        cluster(ctx, &["create", "namespace", namespace], "")?;
    }
    let judged = probes(ctx).and_then(|()| judge(ctx));
    for namespace in ["monitoring", "other"] {
        cluster(ctx, &["delete", "namespace", namespace, "--wait=false"], "")?;
    }
    kubectl(ctx, &["delete", "pods", "--selector", "probe=true", "--grace-period=1"])?;
    judged
}

fn clients() -> std::collections::BTreeSet<&'static str> {
    WAYS.iter().map(|(client, _, _)| *client).collect()
}

/// Namespace, name and component of the pod that asks.
fn pod(client: &str) -> (&str, String, &str) {
    let (namespace, component) = client.split_once('/').unwrap_or((NAMESPACE, client));
    (namespace, format!("probe-{component}"), component)
}

fn probes(ctx: &mut Ctx) -> Result<()> {
    let image = images::probe(ctx.machine)?;
    for client in clients() {
        let (namespace, name, component) = pod(client);
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": name, "namespace": namespace, "labels": { "probe": "true", "app.kubernetes.io/component": component } },
            "spec": {
                "automountServiceAccountToken": false,
                "terminationGracePeriodSeconds": 1,
                "securityContext": { "runAsNonRoot": true, "runAsUser": 999, "seccompProfile": { "type": "RuntimeDefault" } },
                // It is no replica of anything: it gets no requests.
                "readinessGates": [{ "conditionType": "wayfare.test/never" }],
                "containers": [{ "name": "probe", "image": image, "command": ["sleep", "600"],
                    "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } } }],
            },
        });
        cluster(ctx, &["apply", "--filename", "-"], &pod.to_string())?;
    }
    for client in clients() {
        let (namespace, name, _) = pod(client);
        let phase = ["--namespace", namespace, "get", "pod", &name, "--output", "jsonpath={.status.phase}"];
        soon(ctx, &name, |ctx| (cluster(ctx, &phase, "").ok()? == "Running").then_some(()))?;
    }
    Ok(())
}

fn judge(ctx: &mut Ctx) -> Result<()> {
    // What is open opens after a moment; what is closed is asked when everything open is.
    for (client, server, _) in WAYS.iter().filter(|(_, _, is_open)| *is_open) {
        soon(ctx, &format!("{client} reaches {server}"), |ctx| passes(ctx, client, server).then_some(()))?;
    }
    let closed = WAYS.iter().filter(|(_, _, is_open)| !is_open);
    let through: Vec<_> = closed.filter(|(client, server, _)| passes(ctx, client, server)).collect();
    ensure!(through.is_empty(), Failure::check(format!("these pass, and may not: {through:?}")));
    ctx.data.insert("ways".into(), WAYS.len().into());
    Ok(())
}

fn passes(ctx: &Ctx, client: &str, server: &str) -> bool {
    let (namespace, name, _) = pod(client);
    let (host, port) = server.split_once(':').unwrap_or_default();
    let host = if let Some(component) = host.strip_prefix("pod ") {
        address(ctx, component)
    } else if host.contains('.') {
        format!("{host}.svc.cluster.local")
    } else {
        format!("{host}.{NAMESPACE}.svc.cluster.local")
    };
    let connect = format!("exec 3<>/dev/tcp/{host}/{port}");
    cluster(ctx, &["--namespace", namespace, "exec", &name, "--", "timeout", "2", "bash", "-c", &connect], "").is_ok()
}

/// Of one of its pods: not each port is one of a Service.
fn address(ctx: &Ctx, component: &str) -> String {
    let selector = format!("app.kubernetes.io/component={component},probe!=true");
    let path = "jsonpath={.items[0].status.podIP}";
    kubectl(ctx, &["get", "pods", "--selector", &selector, "--output", path]).unwrap_or_default()
}

fn no_root(ctx: &mut Ctx) -> Result<()> {
    let image = images::probe(ctx.machine)?;
    let image = format!("--image={image}");
    let refused = kubectl(ctx, &["run", "root", &image, "--dry-run=server", "--restart=Never"]);
    let said = refused.err().map(|error| error.to_string()).unwrap_or_default();
    let message = || format!("a pod that may be root was let in, or refused for another reason: {said}");
    ensure!(said.contains("violates PodSecurity \"restricted"), Failure::check(message()));
    Ok(())
}

/// In any namespace.
fn cluster(ctx: &Ctx, words: &[&str], stdin: &str) -> Result<String> {
    let command = cmd!(ctx.machine.sh, "kubectl {words...}").env("PATH", &ctx.machine.path).stdin(stdin);
    let output = command.quiet().ignore_status().output()?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    ensure!(output.status.success(), Failure::check(format!("kubectl {}: {said}", words.join(" "))));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_a_component_of_ours_or_of_another_namespace() {
        assert_eq!(pod("web"), (NAMESPACE, "probe-web".into(), "web"));
        assert_eq!(pod("other/web"), ("other", "probe-web".into(), "web"));
    }
}
