//! `image reproduce`: the same commit, built at two places, one after the other, is one digest. Where it isn't, it says
//! what differs first.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use super::build::{Once, Parts};
use super::engine_answers;
use super::layer::{self, Entry};
use super::layout::{self, Layout};
use crate::build::Profile;

#[derive(Args)]
pub struct Reproduce {
    #[command(flatten)]
    from: Parts,
}

impl Reproduce {
    pub fn plan(&self, machine: &Machine) -> Plan {
        // Names of different length: a path that gets into a file changes its size, too.
        let places = [("first", "reproduce/a"), ("second", "reproduce/another/place")];
        let rounds =
            places.map(|(name, place)| (name, machine.scratch(place), machine.scratch(&format!("reproduce/{name}"))));
        let rounds_of = rounds.clone();
        let building = rounds.into_iter().flat_map(|(name, place, layout)| self.round(machine, name, place, layout));
        let compare = Step::task("compare", move |ctx| {
            let [first, second] = rounds_of.clone().map(|(_, _, layout)| Layout::at(layout));
            let digests = [first.digest()?, second.digest()?];
            ctx.data.insert("digests".into(), serde_json::to_value(&digests)?);
            ensure!(digests[0] == digests[1], Failure::check(difference(&first, &second)?));
            ctx.screen.say(&format!("  twice {}", digests[0]));
            layout::clear(&ctx.machine.scratch("reproduce"))
        })
        .why("anyone can rebuild the commit and compare it with the signed image")
        .next("remove the dependency on time, path or order from what generates that file; both images are in target/xtask/reproduce");
        let steps =
            [engine_answers(machine)].into_iter().chain(self.from.made(machine, Profile::Release)).chain(building);
        Plan::new("image reproduce", steps.chain([compare]))
    }

    fn round(&self, machine: &Machine, name: &'static str, place: PathBuf, layout: PathBuf) -> Vec<Step> {
        let clone = (!self.from.from_target).then(|| clone(machine, name, &place));
        let elsewhere = [format!("WORK=/work/{name}"), format!("TARGET=/{name}")];
        let mut more = vec!["--no-cache".to_owned()];
        if !self.from.from_target {
            more.extend(elsewhere.into_iter().flat_map(|arg| ["--build-arg".to_owned(), arg]));
        }
        let once = Once { name, from: self.from.clone(), profile: Profile::Release, context: place, layout, more };
        clone.into_iter().flatten().chain(once.steps(machine)).collect()
    }
}

/// Of the current commit: the working tree may change while it builds.
fn clone(machine: &Machine, name: &str, place: &std::path::Path) -> [Step; 3] {
    let (old, commit) = (place.to_owned(), machine.commit().map_or("HEAD".to_owned(), |(commit, _)| commit));
    let clear = Step::task(&format!("{name}: clear earlier results"), move |_| layout::clear(&old))
        .why("each build starts from scratch");
    let clone =
        Step::run(&format!("{name}: clone"), cmd!(machine.sh, "git clone --quiet --shared --no-checkout . {place}"))
            .why("without uncommitted changes");
    let checkout = cmd!(machine.sh, "git -C {place} checkout --quiet --detach {commit}");
    let checkout = Step::run(&format!("{name}: commit"), checkout).why("both builds use the same one");
    [clear, clone, checkout]
}

/// The first difference of two images that aren't the same.
pub fn difference(first: &Layout, second: &Layout) -> Result<String> {
    let (ours, theirs) = (first.layers()?, second.layers()?);
    for (index, (a, b)) in ours.iter().zip(&theirs).enumerate() {
        if a != b {
            let what = in_layer(&layer::entries(a)?, &layer::entries(b)?);
            return Ok(format!("layer {} of {}: {what}", index + 1, ours.len()));
        }
    }
    if ours.len() != theirs.len() {
        return Ok(format!("{} layers, then {}", ours.len(), theirs.len()));
    }
    let (a, b) = (first.config()?, second.config()?);
    let key = a.as_object().into_iter().flat_map(|a| a.keys()).find(|key| a[*key] != b[*key]);
    Ok(match key {
        Some(key) => format!("the configuration: `{key}` is {}, then {}", a[key], b[key]),
        None => "the manifests".into(),
    })
}

fn in_layer(a: &[Entry], b: &[Entry]) -> String {
    let differing = a.iter().zip(b).find(|(a, b)| a != b);
    match differing {
        Some((a, b)) if a.path != b.path => format!("{}, then {} in its place", a.path, b.path),
        Some((a, b)) => format!("{}: {}", a.path, in_file(a, b)),
        None if a.len() != b.len() => {
            let (longer, when) = if a.len() > b.len() { (a, "only in the first") } else { (b, "only in the second") };
            format!("{} is {when}", longer[a.len().min(b.len())].path)
        }
        None => "the files are the same, the tar isn't".into(),
    }
}

fn in_file(a: &Entry, b: &Entry) -> String {
    let at = a.bytes.iter().zip(&b.bytes).position(|(a, b)| a != b);
    let facts = [
        (a.kind != b.kind, format!("{:?}, then {:?}", a.kind, b.kind)),
        (a.mode != b.mode, format!("mode {:o}, then {:o}", a.mode, b.mode)),
        (a.owner != b.owner, format!("owner {:?}, then {:?}", a.owner, b.owner)),
        (a.time != b.time, format!("time {}, then {}", a.time, b.time)),
        (a.link != b.link, format!("link to {:?}, then {:?}", a.link, b.link)),
        (at.is_some(), format!("byte {} of {} differs", at.unwrap_or_default(), a.bytes.len())),
        (a.bytes.len() != b.bytes.len(), format!("{} bytes, then {}", a.bytes.len(), b.bytes.len())),
    ];
    facts.into_iter().find(|(differs, _)| *differs).map_or("no known difference".into(), |(_, fact)| fact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::layer::tests::made;

    #[test]
    fn the_first_file_that_differs_is_told_with_what_differs() {
        let told = |a: &[(&str, &str)], b: &[(&str, &str)]| {
            in_layer(&layer::entries(&made(a, 7)).unwrap(), &layer::entries(&made(b, 7)).unwrap())
        };
        assert_eq!(told(&[("a", "1"), ("b", "22")], &[("a", "1"), ("b", "23")]), "b: byte 1 of 2 differs");
        assert_eq!(told(&[("a", "1")], &[("a", "12")]), "a: 1 bytes, then 2");
        assert_eq!(told(&[("a", "1")], &[("b", "1")]), "a, then b in its place");
        assert_eq!(told(&[("a", "1")], &[("a", "1"), ("b", "1")]), "b is only in the second");
        let (early, late) = (made(&[("a", "1")], 7), made(&[("a", "1")], 8));
        assert_eq!(in_layer(&layer::entries(&early).unwrap(), &layer::entries(&late).unwrap()), "a: time 7, then 8");
    }
}
