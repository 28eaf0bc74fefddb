//! `image sign` and `image verify`: by cosign, with a key, or without one by who runs the pipeline (OIDC).
//!
//! With a key nothing leaves for the transparency log: a private registry stays private. Without one the log is the proof.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::{Args, Command, FromArgMatches};
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use stages::secret;
use xshell::{Cmd, cmd};

use super::layout::{self, Layout};
use super::push::{pushed, verified};
use super::registry::{Account, is_here, tls};
use super::{Reference, sbom};

#[derive(Args)]
pub struct Sign {
    #[command(flatten)]
    signer: Signer,
}

/// Who signs.
#[derive(Args)]
pub struct Signer {
    #[command(flatten)]
    account: Account,
    /// The key: a file, `env://NAME`, or a key store's URL, with the password in COSIGN_PASSWORD
    /// [default: keyless, with the pipeline's OIDC identity]
    #[arg(long, env = "WAYFARE_COSIGN_KEY", hide_env_values = true)]
    key: Option<String>,
}

#[derive(Args)]
pub struct Verify {
    /// REPOSITORY@DIGEST [default: the image last pushed or found]
    #[arg(value_name = "IMAGE")]
    image: Option<Reference>,
    #[command(flatten)]
    signed: Signed,
}

/// Whose signature is accepted.
#[derive(Args)]
pub struct Signed {
    #[command(flatten)]
    account: Account,
    /// The public key: a file, `env://NAME`, or a key store's URL
    #[arg(long, env = "WAYFARE_COSIGN_PUBLIC_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Without a key: pattern of the identity that has to have signed [default: this GitHub
    /// repository's workflows]
    #[arg(long, value_name = "PATTERN", conflicts_with = "key")]
    identity: Option<String>,
    /// Without a key: OIDC issuer of that identity
    #[arg(long, value_name = "URL", default_value = "https://token.actions.githubusercontent.com")]
    issuer: String,
}

/// What was pushed or found last.
pub fn current(machine: &Machine) -> Result<Reference> {
    let nothing =
        || Failure::check("no image has been pushed or found yet").next("cargo xtask image push, or image find");
    let file = pushed(machine);
    let text = fs::read_to_string(&file).with_context(nothing)?;
    text.trim().parse().map_err(|why| Failure::check(format!("{}: {why}", file.display())).into())
}

impl Sign {
    pub fn plan(&self, machine: &Machine) -> Result<Plan> {
        let image = current(machine)?.to_string();
        let sbom = sbom::file(machine);
        let ready = Step::task("check the image to sign", |ctx| is_ready(ctx.machine))
            .why("image and SBOM have to belong together")
            .needs(&["cosign", "skopeo"]);
        let signer = &self.signer;
        let (key, on_loopback) = (&signer.key(), &on_loopback(&image));
        let sign = cmd!(machine.sh, "cosign sign --yes {key...} {on_loopback...} {image}");
        let steps = vec![
            in_registry(&signer.account, &image),
            signer.step("signature", sign, &image, machine).why("lets users verify the image's origin"),
            signer
                .attest("SBOM", "cyclonedx", &sbom, &image, machine)
                .why("signs the SBOM, so that it can't be altered"),
        ];
        Ok(Plan::new("image sign", [ready].into_iter().chain(signer.account.around(machine, &image, steps))))
    }
}

impl Signer {
    fn key(&self) -> Vec<String> {
        let with = |key: &String| vec!["--key".to_owned(), key.clone(), "--tlog-upload=false".to_owned()];
        self.key.as_ref().map(with).unwrap_or_default()
    }

    /// Says, signed and beside the image, what the file has: something of that type.
    fn attest(&self, name: &str, kind: &str, file: &Path, image: &str, machine: &Machine) -> Step {
        let (key, on_loopback) = (&self.key(), &on_loopback(image));
        let attest =
            cmd!(machine.sh, "cosign attest --yes --type {kind} --predicate {file} {key...} {on_loopback...} {image}");
        self.step(name, attest, image, machine)
    }

    /// The same for something other than the SBOM.
    pub fn attestation(&self, name: &str, kind: &str, file: &Path, image: &Reference, machine: &Machine) -> Vec<Step> {
        let image = image.to_string();
        let attest = self.attest(name, kind, file, &image, machine).needs(&["cosign"]);
        self.account.around(machine, &image, vec![in_registry(&self.account, &image), attest])
    }

    fn step(&self, name: &str, command: Cmd, image: &str, machine: &Machine) -> Step {
        Step::run(name, self.account.told(command, machine))
            .changes(format!("a signature of {image} in the registry"))
            .within(300)
            .next("check the key, and its password in COSIGN_PASSWORD; `cosign generate-key-pair` creates one")
    }
}

impl Verify {
    pub fn plan(&self, machine: &Machine) -> Result<Plan> {
        let image = self.image.clone().map_or_else(|| current(machine), Ok)?;
        Ok(Plan::new("image verify", self.signed.steps(machine, &image, |_| None)))
    }
}

impl Signed {
    /// As the environment variables say, for a command line without these options.
    pub fn of_variables() -> Result<Self> {
        let matches = Self::augment_args(Command::new("signed")).try_get_matches_from(["signed"])?;
        Ok(Self::from_arg_matches(&matches)?)
    }

    /// Who asks the registry.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// `then` is what else is asked of the registry, by the same account.
    pub fn steps(&self, machine: &Machine, image: &Reference, then: impl Fn(&Account) -> Option<Step>) -> Vec<Step> {
        let image = image.to_string();
        let (who, on_loopback) = (&self.who(machine), &on_loopback(&image));
        let signature = cmd!(machine.sh, "cosign verify {who...} {on_loopback...} {image}");
        let parts = cmd!(machine.sh, "cosign verify-attestation --type cyclonedx {who...} {on_loopback...} {image}");
        let folder = machine.scratch("verified");
        let tls = tls("--src-tls-verify", &image);
        let content = cmd!(machine.sh, "skopeo copy --preserve-digests {tls...} docker://{image} oci:{folder}");
        let step = |name, command| {
            Step::run(name, self.account.told(command, machine))
                .within(600)
                .next("don't deploy it: it isn't what was signed, or another key signed it; see the log")
        };
        let old = folder.clone();
        let clear =
            Step::task("clear earlier results", move |_| layout::clear(&old)).why("everything is downloaded again");
        let said = image.clone();
        let keep = Step::task("verified", move |ctx| {
            layout::clear(&folder)?;
            ctx.data.insert("image".into(), said.clone().into());
            Ok(fs::write(verified(ctx.machine), format!("{said}\n"))?)
        })
        .why("a deployment uses the image in this file")
        .changes("target/image/verified");
        let before = verified(machine);
        let begin = Step::task("which image", move |_| secret::forget(&before))
            .why("by digest, because a tag can be moved")
            .needs(&["cosign", "skopeo"]);
        let steps = vec![
            in_registry(&self.account, &image),
            step("signature", signature).why("who signed it").into_file(machine.scratch("signature.json")),
            step("SBOM", parts).why("the signed list of its content").into_file(machine.scratch("attestation.json")),
            clear,
            step("content", content).why("every layer has to match the signed digest"),
            keep,
        ];
        let steps = steps.into_iter().chain(then(&self.account)).collect();
        [begin].into_iter().chain(self.account.around(machine, &image, steps)).collect()
    }

    /// What somebody of ours says of the image, of that type: into the file, one statement a line.
    pub fn attested(&self, name: &str, kind: &str, file: &Path, image: &Reference, machine: &Machine) -> Vec<Step> {
        let image = image.to_string();
        let (who, on_loopback) = (&self.who(machine), &on_loopback(&image));
        let verify = cmd!(machine.sh, "cosign verify-attestation --type {kind} {who...} {on_loopback...} {image}");
        let verify = Step::run(name, self.account.told(verify, machine)).into_file(file).within(300).needs(&["cosign"]);
        self.account.around(machine, &image, vec![verify])
    }

    fn who(&self, machine: &Machine) -> Vec<String> {
        let words = match &self.key {
            Some(key) => vec!["--key", key, "--insecure-ignore-tlog=true"],
            None => return self.by_identity(machine),
        };
        words.into_iter().map(str::to_owned).collect()
    }

    fn by_identity(&self, machine: &Machine) -> Vec<String> {
        let ours = machine.variable("GITHUB_REPOSITORY").unwrap_or("wayfare/wayfare");
        let workflows = format!("^https://github.com/{ours}/\\.github/workflows/");
        let identity = self.identity.clone().unwrap_or(workflows);
        vec!["--certificate-identity-regexp".into(), identity, "--certificate-oidc-issuer".into(), self.issuer.clone()]
    }
}

fn in_registry(account: &Account, image: &str) -> Step {
    let (account, image) = (account.clone(), image.to_owned());
    Step::task("in the registry", move |ctx| {
        let missing = || Failure::check(format!("{image} isn't there")).next("cargo xtask image push");
        account.look_up(ctx.machine, &image)?.ok_or_else(missing)?;
        Ok(())
    })
    .why("distinguishes an unreachable registry from a missing image")
}

fn is_ready(machine: &Machine) -> Result<()> {
    let image = current(machine)?;
    let digest = Layout::of(machine).digest()?;
    ensure!(
        image.digest == digest,
        Failure::check(format!("{image} was pushed, and {digest} was built since")).next("cargo xtask image push")
    );
    ensure!(
        sbom::is_of(machine, &digest)?,
        Failure::check(format!("there is no SBOM of {digest}")).next("cargo xtask image sbom")
    );
    Ok(())
}

fn on_loopback(image: &str) -> Vec<&'static str> {
    match is_here(image) {
        true => vec!["--allow-http-registry", "--allow-insecure-registry"],
        false => Vec::new(),
    }
}
