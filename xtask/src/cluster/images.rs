//! `cluster load`: images of this machine's Docker, brought to where the cluster's nodes find them by their digest.

use std::fs;

use anyhow::{Context, Result};
use stages::ctx::Ctx;
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::Step;
use xshell::cmd;

use super::kind::REGISTRY_AT;
use super::stand_in::StandIn;
use crate::environment::{Loaded, loaded, loaded_file};

pub fn load(machine: &Machine, images: &[String], stand_in: Option<StandIn>) -> Vec<Step> {
    let (of_load, of_list) = (images.to_vec(), images.to_vec());
    let names = images.join(", ");
    let bring = match &stand_in {
        Some(stand_in) => {
            let (archive, load) = (machine.scratch("kubernetes").join("images.tar"), stand_in.program("load"));
            Step::task("images", move |ctx| import(ctx, &of_load, &archive, &load))
        }
        None => Step::task("images", move |ctx| push(ctx, &of_load)),
    };
    let listed = Step::task("references", move |ctx| {
        let all = loaded(ctx.machine);
        let lines = of_list.iter().filter_map(|image| all.iter().find(|loaded| loaded.from == *image));
        let lines: Vec<_> = lines.map(|loaded| loaded.reference.clone()).collect();
        ctx.data.insert("references".into(), lines.clone().into());
        if !ctx.screen.look.json {
            ctx.screen.data(&lines.join("\n"));
        }
        Ok(())
    });
    vec![
        bring
            .why(format!("{names}: nodes take images by their digest"))
            .changes("images in the cluster")
            .needs(&["docker"]),
        listed.why("what `deploy` is given"),
    ]
}

/// One archive: layers that images share are in it once.
fn import(ctx: &mut Ctx, images: &[String], archive: &std::path::Path, load: &std::path::Path) -> Result<()> {
    let sh = &ctx.machine.sh;
    let there =
        images.iter().map(|image| Ok((image.clone(), revision(ctx.machine, image)?))).collect::<Result<Vec<_>>>()?;
    fs::create_dir_all(ctx.machine.scratch("kubernetes"))?;
    cmd!(sh, "docker save --output {archive} {images...}").quiet().run()?;
    let printed = cmd!(sh, "{load} {archive}").quiet().read();
    fs::remove_file(archive)?;
    let printed = printed?;
    let found = there.into_iter().map(|(from, revision)| {
        let line = printed.lines().find_map(|line| line.strip_prefix(&format!("{} ", full(&from))));
        let reference = line.with_context(|| format!("{from} isn't among what was imported"))?.to_owned();
        Ok(Loaded { from, reference, revision })
    });
    remember(ctx.machine, found.collect::<Result<_>>()?)
}

fn push(ctx: &mut Ctx, images: &[String]) -> Result<()> {
    let (sh, mut found) = (&ctx.machine.sh, Vec::new());
    for from in images {
        let revision = revision(ctx.machine, from)?;
        let repository = format!("{REGISTRY_AT}/{}", repository(from).rsplit('/').next().unwrap_or_default());
        let name = format!("{repository}:loaded");
        cmd!(sh, "docker tag {from} {name}").quiet().run()?;
        cmd!(sh, "docker push --quiet {name}").quiet().ignore_stdout().run()?;
        let format = "{{range .RepoDigests}}{{println .}}{{end}}";
        let digests = cmd!(sh, "docker image inspect --format {format} {name}").quiet().read()?;
        let reference = digests.lines().find(|line| line.starts_with(&format!("{repository}@")));
        let reference = reference.with_context(|| format!("{name} has no digest after its push"))?.to_owned();
        found.push(Loaded { from: from.clone(), reference, revision });
    }
    remember(ctx.machine, found)
}

/// The commit of the service's images; none of others.
fn revision(machine: &Machine, image: &str) -> Result<String> {
    let format = r#"{{index .Config.Labels "org.opencontainers.image.revision"}}"#;
    let read = cmd!(machine.sh, "docker image inspect --format {format} {image}").quiet().ignore_stderr().read();
    let said =
        read.map_err(|_| Failure::check(format!("there is no image {image}")).next("cargo xtask image build"))?;
    Ok(if said == "<no value>" { String::new() } else { said })
}

fn remember(machine: &Machine, new: Vec<Loaded>) -> Result<()> {
    let mut all = loaded(machine);
    all.retain(|old| new.iter().all(|new| new.from != old.from && new.reference != old.reference));
    all.extend(new);
    let file = loaded_file(machine);
    fs::create_dir_all(file.parent().context("a file has a folder")?)?;
    Ok(fs::write(file, serde_json::to_string_pretty(&all)?)?)
}

/// The name as containerd writes it.
fn full(image: &str) -> String {
    let tagged = if repository(image) == image { format!("{image}:latest") } else { image.to_owned() };
    match tagged.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => tagged,
        Some(_) => format!("docker.io/{tagged}"),
        None => format!("docker.io/library/{tagged}"),
    }
}

fn repository(image: &str) -> &str {
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => image,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_as_containerd_writes_it() {
        let cases = [
            ("wayfare:local", "docker.io/library/wayfare:local"),
            ("wayfare", "docker.io/library/wayfare:latest"),
            ("wayfare-test/redis:7", "docker.io/wayfare-test/redis:7"),
            ("localhost:5001/a:1", "localhost:5001/a:1"),
            ("localhost:5001/a", "localhost:5001/a:latest"),
        ];
        for (image, expected) in cases {
            assert_eq!(full(image), expected);
        }
    }
}
