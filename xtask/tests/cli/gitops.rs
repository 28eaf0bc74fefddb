//! `deploy --gitops` and `rollback --gitops` on a Git repository on disk: a commit of digests, and nothing else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::clone::{Clone, Ran, start};

const FILE: &str = "k8s/overlays/try/release/kustomization.yaml";

fn image(letter: &str) -> String {
    format!("registry.example/wayfare@sha256:{}", letter.repeat(64))
}

/// A clone of a repository that lies beside it, with an environment that Argo CD would follow.
fn clone() -> Clone {
    // Kustomize is tried elsewhere: here it finds the file that it is given.
    let kubectl = "test $1 = kustomize && exec cat $2/release/kustomization.yaml";
    let clone = Clone::bare().with("git", "exec git \"$@\"").with("kubectl", kubectl);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let copy = |from: &str, to: &str| {
        fs::create_dir_all(clone.path(to).parent().unwrap()).unwrap();
        fs::copy(root.join(from), clone.path(to)).unwrap();
    };
    copy("k8s/argocd/environments.yaml", "k8s/argocd/environments.yaml");
    copy("k8s/overlays/dev/release/kustomization.yaml", FILE);
    fs::write(clone.path("k8s/overlays/try/env.toml"), "signed = false\n[docker]\nport = 9000\n").unwrap();
    fs::write(clone.path(".gitignore"), "/target\n/bin\n/origin.git\n").unwrap();
    git(&clone, "init --quiet --bare --initial-branch main origin.git");
    git(&clone, "init --quiet --initial-branch main .");
    git(&clone, "config user.name Somebody");
    git(&clone, "config user.email somebody@example.org");
    git(&clone, "add --all");
    git(&clone, "commit --quiet --message Begin");
    git(&clone, "remote add origin ./origin.git");
    git(&clone, "push --quiet origin main");
    clone
}

fn git(clone: &Clone, words: &str) -> String {
    let output = Command::new("git").args(words.split(' ')).current_dir(clone.path("")).output().unwrap();
    assert!(output.status.success(), "git {words}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn run(clone: &Clone, words: &str) -> Ran {
    let mut command = clone.xtask(&format!("{words} --json"));
    command.env("WAYFARE_STATE_DIR", clone.path("state")).env("WAYFARE_WEB_IMAGE", image("e"));
    Ran::of(start(command).wait_with_output().unwrap())
}

fn published(clone: &Clone) -> String {
    git(clone, &format!("--git-dir origin.git show main:{FILE}"))
}

fn commits(clone: &Clone) -> usize {
    git(clone, "--git-dir origin.git rev-list --count main").parse().unwrap()
}

#[test]
fn a_deployment_is_a_commit_of_digests_and_a_rollback_one_that_takes_it_back() {
    let clone = clone();
    fs::write(clone.path("draft"), "what somebody is working on").unwrap();
    for (letter, count) in [("a", 2), ("a", 2), ("b", 3)] {
        let ran = run(&clone, &format!("deploy --env try --gitops {}", image(letter)));
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(commits(&clone), count, "the same again is no commit");
        assert!(published(&clone).contains(&format!("digest: sha256:{}", letter.repeat(64))), "{}", published(&clone));
    }
    let ran = run(&clone, "rollback --env try --gitops");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let data = ran.json()["data"].clone();
    assert_eq!((&data["from"], &data["to"]), (&image("b").into(), &image("a").into()));
    let text = published(&clone);
    assert!(text.contains(&"a".repeat(64)) && text.contains(&"e".repeat(64)), "the web tier stays: {text}");
    let message = git(&clone, "--git-dir origin.git log --max-count=1 --format=%B main");
    let reverted = git(&clone, "--git-dir origin.git rev-parse main^");
    assert!(message.ends_with(&format!("This reverts commit {reverted}.")), "{message}");
    assert_eq!(git(&clone, "status --porcelain"), "?? draft", "nothing here was touched");
    assert_eq!(git(&clone, "worktree list").lines().count(), 1);
}

#[test]
fn only_a_digest_gets_into_git_and_a_rollback_needs_a_version_before() {
    let clone = clone();
    let ran = run(&clone, "deploy --env try --gitops wayfare:local");
    assert_eq!(ran.code, Some(5), "{}", ran.err);
    assert!(ran.err.contains("wayfare:local can be moved"), "{}", ran.err);
    let ran = run(&clone, "rollback --env try --gitops");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("Git has no previous version of try"), "{}", ran.err);
    let ran = run(&clone, &format!("deploy --env try --gitops {}", image("a")));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let ran = run(&clone, "rollback --env try --gitops");
    assert_eq!(ran.code, Some(1), "nothing ran before the first one: {}", ran.err);
    assert_eq!(commits(&clone), 2);
}

#[test]
fn what_git_delivers_is_not_deployed_by_hand() {
    let clone = clone();
    run(&clone, &format!("deploy --env try --gitops {}", image("a")));
    git(&clone, "pull --quiet origin main");
    for words in ["deploy --env try wayfare:local", "rollback --env try wayfare:local"] {
        let ran = run(&clone, words);
        assert_eq!(ran.code, Some(5), "{}", ran.err);
        assert!(ran.err.contains("the same with --gitops"), "{}", ran.err);
    }
}

#[test]
fn where_git_is_away_or_says_no_nothing_is_left() {
    let clone = clone();
    let hook = clone.path("origin.git/hooks/pre-receive");
    fs::write(&hook, "#!/bin/sh\necho protected >&2; exit 1\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let deploy = format!("deploy --env try --gitops {}", image("a"));
    let ran = run(&clone, &deploy);
    assert_eq!(ran.code, Some(5), "{}", ran.err);
    fs::remove_dir_all(clone.path("origin.git")).unwrap();
    let ran = run(&clone, &deploy);
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    assert_eq!(git(&clone, "worktree list").lines().count(), 1);
}
