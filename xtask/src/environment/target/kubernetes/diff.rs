//! What a deployment would change in the cluster. Secrets are named, never shown.

use anyhow::Result;
use serde_json::Value;
use stages::ctx::Ctx;

use super::Kubernetes;
use super::kubectl::{MANAGER, failure, list};
use super::objects::{self, Phase, kind, name};

impl Kubernetes {
    /// As `diff -u` writes it; nothing where nothing would change.
    pub fn show_diff(&self, ctx: &mut Ctx) -> Result<()> {
        let rendered = self.rendered()?;
        let record = self.record()?;
        let (secrets, shown) = parted(&rendered.objects);
        let words = ["diff", "--server-side", "--force-conflicts", MANAGER, "--filename", "-"];
        let output = self.cluster()?.output(&words, &list(&shown))?;
        // 1 is "there are differences"; what is worse is a number above it.
        if !matches!(output.status.code(), Some(0 | 1)) {
            return Err(failure(&output).into());
        }
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        let goes = record.now.map(|now| objects::disposable(&now.objects, &objects::ids(&rendered.objects)));
        for id in goes.unwrap_or_default() {
            text += &format!("deleted: {id}\n");
        }
        for secret in secrets {
            text += &format!("secret {secret}: its content isn't compared\n");
        }
        ctx.data.insert("changes".into(), text.lines().filter(|line| line.starts_with("diff ")).count().into());
        if text.is_empty() {
            ctx.screen.say("  nothing would change");
        } else if ctx.screen.look.json {
            ctx.data.insert("diff".into(), text.into());
        } else {
            ctx.screen.data(text.trim_end());
        }
        Ok(())
    }
}

/// The names of the secrets, and what may be shown. A migration is a new object each time.
fn parted(rendered: &[Value]) -> (Vec<String>, Vec<Value>) {
    let (secrets, rest): (Vec<_>, Vec<_>) = rendered.iter().partition(|object| kind(object) == "Secret");
    let shown = rest.into_iter().filter(|object| objects::phase(object) != Phase::Migration);
    (secrets.into_iter().map(|secret| name(secret).to_owned()).collect(), shown.cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::super::objects::tests::object;
    use super::*;

    #[test]
    fn a_secret_is_named_and_not_shown() {
        let objects =
            [object("v1", "Secret", "keys"), object("v1", "Service", "api"), object("batch/v1", "Job", "migrate")];
        let (secrets, shown) = parted(&objects);
        assert_eq!((secrets, shown), (vec!["keys".to_owned()], vec![objects[1].clone()]));
    }
}
