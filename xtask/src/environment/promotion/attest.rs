//! `attest`: what an environment says of the image that runs in it.

use anyhow::{Result, ensure};
use clap::Args;
use stages::cli::Stage;
use stages::evidence::Record;
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::{Plan, Step, slug};

use super::super::Environment;
use super::KIND;
use super::proof::Proof;
use crate::image::{Reference, Signer};

/// Sign, beside the image, that it passed in an environment: deployed, toured, and judged under load.
///
/// An environment with `soak_minutes` takes no image without it: docs/operations.md, Promotion.
#[derive(Args)]
pub struct Attest {
    /// A folder of k8s/overlays
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// The image that is meant: it has to be what was deployed there [default: that one]
    #[arg(value_name = "IMAGE")]
    image: Option<Reference>,
    #[command(flatten)]
    signer: Signer,
}

impl Stage for Attest {
    const NAME: &'static str = "attest";
    const EXAMPLE: &'static str = "attest --env staging \
        ghcr.io/wayfare/wayfare@sha256:5a6c74fa94907ffd5c671022a4e571dfcb633dfdca202ad23e1d3053e2f994bb";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let environment = Environment::named(&self.env, machine)?;
        let image = match &self.image {
            Some(image) => image.clone(),
            None => proof(&environment, machine)?.image,
        };
        let file = machine.scratch("proof.json");
        let (of_write, meant) = (file.clone(), image.clone());
        let write = Step::task("proof", move |ctx| {
            let proof = proof(&environment, ctx.machine)?;
            let other = format!("{} was deployed there, and not {meant}", proof.image);
            ensure!(proof.image == meant, Failure::check(other));
            ctx.data.insert("proof".into(), serde_json::to_value(&proof)?);
            Ok(ctx.machine.sh.write_file(&of_write, serde_json::to_string_pretty(&proof)?)?)
        });
        let write = write.why("of the records that `deploy --tour` and `load` left here").needs(&["cosign"]);
        let attest = self.signer.attestation("record", KIND, &file, &image, machine).into_iter();
        let attest = attest.map(|step| step.why("any machine can see that it passed"));
        Ok(Plan::new(&format!("attest --env {}", self.env), [write].into_iter().chain(attest)))
    }
}

fn proof(environment: &Environment, machine: &Machine) -> Result<Proof> {
    let record = |stage: &str| Record::load(&machine.evidence().join(format!("{}.json", slug(stage))));
    let deployed = record(&format!("deploy --env {}", environment.name))?;
    Proof::of(&environment.name, &environment.target.address(), &deployed, record("load").ok().as_ref())
}
