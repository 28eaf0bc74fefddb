//! `lint`: everything that can be judged without running the service. It changes nothing.

use anyhow::Result;
use clap::Args;
use xshell::cmd;

use crate::cli::Stage;
use crate::here::Here;
use crate::plan::{Plan, Step};
use crate::{openapi, reference, tidy, web};

/// Check form, lints, generated files, the rules of the house and the dependencies.
#[derive(Args)]
pub struct Lint {}

impl Stage for Lint {
    const NAME: &'static str = "lint";
    const EXAMPLE: &'static str = "lint";

    fn plan(&self, here: &Here) -> Result<Plan> {
        let format = Step::run("format", cmd!(here.sh, "cargo fmt --all --check"))
            .why("one form, so that a diff shows only what was meant")
            .next("cargo fmt --all");
        let clippy =
            Step::run("clippy", cmd!(here.sh, "cargo clippy --workspace --all-targets --locked -- -D warnings"))
                .why("what the compiler's second reader finds is found here and not in review")
                .next("cargo clippy --workspace --all-targets --fix, or mend what it names");
        let deny = Step::run("dependencies", cmd!(here.sh, "cargo deny --workspace check"))
            .why("licences, advisories, sources and doubles of what we build on")
            .optional("cargo-deny", here)
            .next("deny.toml says what is allowed; each exception there has its reason");
        let cheap = [format, tidy::step(), reference::check_step(), deny];
        let steps = cheap.into_iter().chain(web::lint(here)).chain([clippy]).chain(openapi::steps(here, true));
        // Whoever mends one offence wants to see the others too.
        Ok(Plan::new("lint", steps).keep_going())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::plan_for;
    use crate::script;

    #[test]
    fn a_machine_without_cargo_deny_is_told_what_it_leaves_out() {
        let here = Here::pretend(&["cargo", "git"]);
        let text = script::text(&plan_for(&["lint"], &here).unwrap(), &here);
        assert_eq!(
            text,
            format!(
                "\
# cargo xtask lint: 12 steps, run in the root of the clone

# 1. format: one form, so that a diff shows only what was meant
cargo fmt --all --check

# 2. tidy: the rules of the house, as code
# (done by xtask itself)

# 3. reference is up to date: docs/reference/xtask.md is what people read, and it is generated
# (done by xtask itself)

# 4. dependencies: licences, advisories, sources and doubles of what we build on
# skipped: not installed: {deny}
# cargo deny --workspace check

# 5. web packages: what the page is built with, as web/package-lock.json has it
# skipped: not installed: {node}
# npm --prefix web ci --no-audit --no-fund

# 6. web client is up to date: the page's client is generated from docs/reference/openapi.json
# skipped: not installed: {node}
# npm --prefix web run types:check

# 7. web types: strict types, and every text in every language
# skipped: not installed: {node}
# npm --prefix web run check

# 8. web lint: form, hooks, and what keeps people out
# skipped: not installed: {node}
# npm --prefix web run lint

# 9. clippy: what the compiler's second reader finds is found here and not in review
cargo clippy --workspace --all-targets --locked -- -D warnings

# 10. build: the binary has to be that of this source
cargo build --locked --package wayfare

# 11. openapi: the document as this source makes it
target/debug/wayfare openapi > target/xtask/openapi.json

# 12. openapi is up to date: clients are generated from docs/reference/openapi.json: it says what the service does
# (done by xtask itself)
",
                deny = crate::tools::remedy("cargo-deny"),
                node = crate::tools::remedy("node"),
            )
        );
    }

    #[test]
    fn lint_goes_on_after_the_first_offence() {
        assert!(plan_for(&["lint"], &Here::pretend(&["cargo", "git"])).unwrap().keeps_going);
    }
}
