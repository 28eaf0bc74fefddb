//! `lint`: everything that can be judged without running the service. It changes nothing.

use anyhow::Result;
use clap::Args;
use stages::cli::Stage;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use super::{manifests, monitor, tidy, web};
use crate::image;
use crate::write::{openapi, pipelines, reference};

/// Check form, lints, generated files, the rules of the house and the dependencies.
#[derive(Args)]
pub struct Lint {}

impl Stage for Lint {
    const NAME: &'static str = "lint";
    const EXAMPLE: &'static str = "lint";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let format = Step::run("format", cmd!(machine.sh, "cargo fmt --all --check"))
            .why("one form, so that a diff shows only what was meant")
            .next("cargo fmt --all");
        let clippy =
            Step::run("clippy", cmd!(machine.sh, "cargo clippy --workspace --all-targets --locked -- -D warnings"))
                .why("what the compiler's second reader finds is found here and not in review")
                .next("cargo clippy --workspace --all-targets --fix, or mend what it names");
        let deny = Step::run("dependencies", cmd!(machine.sh, "cargo deny --workspace check bans licenses sources"))
            .why("licences, sources and doubles of what we build on; `scan` asks for known weaknesses")
            .optional("cargo-deny", machine)
            .next("deny.toml says what is allowed; each exception there has its reason");
        let cheap = [format, tidy::step(), reference::check_step()].into_iter().chain(pipelines::check_steps(machine));
        let steps = cheap
            .chain([image::check_step(machine), deny])
            .chain(monitor::check_steps(machine))
            .chain(manifests::check_steps(machine))
            .chain(web::lint(machine))
            .chain([clippy])
            .chain(openapi::steps(machine, true));
        // Whoever mends one offence wants to see the others too.
        Ok(Plan::new("lint", steps).keep_going())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_for;
    use stages::script;

    #[test]
    fn a_machine_with_cargo_alone_is_told_what_it_leaves_out() {
        let machine = Machine::pretend(&["cargo", "git"]);
        let text = script::text(&plan_for(&["lint"], &machine).unwrap(), &machine);
        assert_eq!(
            text,
            format!(
                "\
# cargo xtask lint: 25 steps, run in the root of the clone

# 1. format: one form, so that a diff shows only what was meant
cargo fmt --all --check

# 2. tidy: the rules of the house, as code
# (done by xtask itself)

# 3. reference is up to date: docs/reference/xtask.md is what people read, and it is generated
# (done by xtask itself)

# 4. pipelines are up to date: a stage that no pipeline runs, or one that only a pipeline runs, is found by nobody
# (done by xtask itself)

# 5. workflows: GitHub tells a mistake only after the push
# skipped: not installed: {actionlint}
# actionlint .github/workflows/verify.yml .github/workflows/nightly.yml .github/workflows/release.yml

# 6. workflows are safe: permissions, credentials and templates that a stranger's pull request could use
# skipped: not installed: {zizmor}
# zizmor --offline --no-progress .github

# 7. Jenkinsfile: pipelines/Jenkinsfile is a program that no compiler sees
# skipped: not installed: {groovy}
# npm-groovy-lint --noserver --loglevel error --failon error --path pipelines --files '**/Jenkinsfile'

# 8. Dockerfiles: mistakes that only show in somebody else's cluster
# skipped: not installed: {hadolint}
# hadolint api/Dockerfile web/Dockerfile .ci/images/node/Dockerfile .ci/images/postgres/Dockerfile .ci/images/prometheus/Dockerfile .ci/images/redis/Dockerfile .ci/images/runtime/Dockerfile .ci/images/rust/Dockerfile

# 9. dependencies: licences, sources and doubles of what we build on; `scan` asks for known weaknesses
# skipped: not installed: {deny}
# cargo deny --workspace check bans licenses sources

# 10. Prometheus: a mistake in it or in a rule is found by nobody who isn't called
# skipped: not installed: {promtool}
# promtool check config monitoring/prometheus.yml

# 11. alerts: each fires when it should, and is quiet when it should be
# skipped: not installed: {promtool}
# promtool test rules monitoring/rules/wayfare_test.yaml

# 12. analysis is up to date: a rollout is judged by the objectives of slo.toml
# (done by xtask itself)

# 13. Kustomize: each environment with each strategy, as it would be applied
# skipped: not installed: {kubectl}

# 14. manifests: a selector that finds no pod, a port that nobody listens at, a secret in a ConfigMap: no schema sees them
# skipped: not installed: {kubectl}

# 15. schemas: an unknown field is left out in silence, and missed in the cluster
# skipped: not installed: {kubectl}

# 16. checkov: what others learned to look for
# skipped: not installed: {kubectl}

# 17. chart: whoever uses Helm gets the same objects as whoever uses Kustomize
# skipped: not installed: {kubectl}

# 18. web packages: what the page is built with, as web/package-lock.json has it
# skipped: not installed: {node}
# npm --prefix web ci --no-audit --no-fund

# 19. web client is up to date: the page's client is generated from docs/reference/openapi.json
# skipped: not installed: {node}
# npm --prefix web run types:check

# 20. web types: strict types, and every text in every language
# skipped: not installed: {node}
# npm --prefix web run check

# 21. web lint: form, hooks, and what keeps people out
# skipped: not installed: {node}
# npm --prefix web run lint

# 22. clippy: what the compiler's second reader finds is found here and not in review
cargo clippy --workspace --all-targets --locked -- -D warnings

# 23. build: the binary has to be that of this source
cargo build --locked --package wayfare

# 24. openapi: the document as this source makes it
target/debug/wayfare openapi > target/xtask/openapi.json

# 25. openapi is up to date: clients are generated from docs/reference/openapi.json: it says what the service does
# (done by xtask itself)
",
                deny = stages::tools::remedy("cargo-deny"),
                node = stages::tools::remedy("node"),
                actionlint = stages::tools::remedy("actionlint"),
                zizmor = stages::tools::remedy("zizmor"),
                hadolint = stages::tools::remedy("hadolint"),
                promtool = stages::tools::remedy("promtool"),
                kubectl = stages::tools::remedy("kubectl"),
                groovy = stages::tools::remedy("npm-groovy-lint"),
            )
        );
    }

    #[test]
    fn lint_goes_on_after_the_first_offence() {
        assert!(plan_for(&["lint"], &Machine::pretend(&["cargo", "git"])).unwrap().keeps_going);
    }
}
