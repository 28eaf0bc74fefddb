//! What is asked before anything is touched, and what is asked of a version that was rolled out.

use anyhow::{Result, ensure};
use serde_json::Value;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};

use super::Kubernetes;
use super::objects::{self, Phase, component, name, of_phase};
use super::progress;

impl Kubernetes {
    /// The context may be used, the cluster answers, and the namespace is ours or not there yet.
    pub fn reachable(&self) -> Result<()> {
        let cluster = self.cluster()?;
        cluster.ask(&["get", "--raw", "/readyz"])?;
        let Some(namespace) = cluster.find("namespace", &cluster.namespace)? else { return Ok(()) };
        let (name, label) = (&cluster.namespace, objects::OURS);
        let is_ours = namespace["metadata"]["labels"]["app.kubernetes.io/part-of"] == "wayfare";
        let foreign = Failure::new(
            Exit::Refused,
            format!("the namespace {name} isn't Wayfare's: it doesn't have the label {label}"),
        );
        ensure!(is_ours, foreign.next("use another namespace in env.toml, or label this one"));
        let environment = self.record()?.environment;
        let is_free = environment.is_empty() || environment == self.name;
        let taken = Failure::new(Exit::Refused, format!("the namespace {name} is the environment {environment}'s"));
        ensure!(is_free, taken.next("use another namespace in env.toml"));
        Ok(())
    }

    /// The namespace, roles and policies: applied if this user may change them, else they have to exist.
    pub fn access(&self) -> Result<()> {
        let cluster = self.cluster()?;
        let access = of_phase(&self.rendered()?.objects, Phase::Access);
        let may = |what: &str| cluster.ask(&["auth", "can-i", "create", what]).is_ok_and(|answer| answer == "yes");
        if may("namespaces") && may("roles") {
            return cluster.apply(&access, &[]).map(drop);
        }
        let message = format!("there is no namespace {}, and this user may not create one", cluster.namespace);
        let missing = Failure::new(Exit::Refused, message).next("an administrator applies k8s/base/access");
        ensure!(cluster.find("namespace", &cluster.namespace)?.is_some(), missing);
        Ok(())
    }

    /// All of it as the API server would take it, strictly; nothing is changed.
    pub fn dry_run(&self) -> Result<()> {
        let mut objects = self.rendered()?.objects;
        objects.retain(|object| !matches!(objects::phase(object), Phase::Migration | Phase::Access));
        self.cluster()?.apply(&objects, &["--dry-run=server"]).map(drop)
    }

    /// Settings, addresses and databases.
    pub fn apply_settings(&self, ctx: &mut Ctx) -> Result<()> {
        let mut settings = of_phase(&self.rendered()?.objects, Phase::Settings);
        self.cluster()?.apply(&settings, &[])?;
        settings.retain(|object| objects::kind(object) == "StatefulSet");
        self.replace_broken(&settings)?;
        self.wait_for(ctx, &settings)
    }

    /// A StatefulSet waits for ever for a pod of an earlier version that can't start: it has to go first.
    fn replace_broken(&self, sets: &[Value]) -> Result<()> {
        let pods = self.cluster()?.list("pods")?;
        let is_of_a_set = |pod: &&Value| sets.iter().any(|set| component(set) == component(pod));
        let broken = pods.iter().filter(is_of_a_set).filter(|pod| progress::broken(pod).is_some());
        self.cluster()?.delete(&broken.map(objects::id).collect::<Vec<_>>())
    }

    /// Each replica of the service says of which commit it is.
    pub fn commits(&self, ctx: &mut Ctx) -> Result<()> {
        let expected = self.rendered()?.version.revision;
        self.says_commit(ctx, &expected)
    }

    pub fn says_commit(&self, ctx: &mut Ctx, expected: &str) -> Result<()> {
        let pods = self.cluster()?.list("pods")?;
        let replicas: Vec<_> = pods.iter().filter(|pod| component(pod) == "api" && progress::is_ready(pod)).collect();
        ensure!(!replicas.is_empty(), Failure::check("no replica of the service is ready"));
        for pod in &replicas {
            let said = self.commit_of(name(pod))?;
            let message = || format!("the image is of commit {expected}, but {} reports {said}", name(pod));
            ensure!(said == expected, Failure::check(message()));
        }
        ctx.data.insert("replicas".into(), replicas.len().into());
        Ok(())
    }

    pub fn commit_of(&self, pod: &str) -> Result<String> {
        let answer = self.cluster()?.proxied(&format!("pods/{pod}:5000"), "/readyz")?;
        let answer: Value = serde_json::from_str(&answer)?;
        Ok(answer["revision"].as_str().unwrap_or("nothing").to_owned())
    }

    /// The page and the shops, through the web tier. A new Service answers after a moment.
    pub fn smoke_test(&self, ctx: &mut Ctx) -> Result<()> {
        let cluster = self.cluster()?;
        let ask = |path: &str| cluster.proxied("services/web:8080", path);
        let page = ctx.wait_for("the web tier", self.settings.ready_within, || {
            ask("/").inspect_err(|_| std::thread::sleep(std::time::Duration::from_millis(500))).ok()
        })?;
        ensure!(page.contains("<html"), Failure::check("the web tier's response to / isn't the page"));
        let shops: Value = serde_json::from_str(&ask("/api/shops")?)?;
        ensure!(shops.is_object() || shops.is_array(), Failure::check("/api/shops through the web tier isn't a list"));
        Ok(())
    }
}
