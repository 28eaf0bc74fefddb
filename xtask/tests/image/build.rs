//! What a build leaves, and what it leaves when it fails.

use std::fs;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use crate::clone::{Clone, Ran, line_in, start};
use crate::parts::{clone, copy, digest, found, json, run};

const BUILD: &str = "image build --release --from-target --base runtime=scratch --tag";

/// A clone whose binary is a small file: nothing here runs it.
fn buildable(binary: &[u8]) -> Clone {
    let clone = clone();
    fs::create_dir_all(clone.path("target/release")).unwrap();
    fs::create_dir_all(clone.path("web/dist")).unwrap();
    fs::create_dir_all(clone.path("api")).unwrap();
    fs::write(clone.path("target/release/wayfare"), binary).unwrap();
    fs::write(clone.path("web/dist/index.html"), "page").unwrap();
    fs::write(clone.path("api/Dockerfile"), include_str!("../../../api/Dockerfile")).unwrap();
    clone
}

fn built(clone: &Clone) -> String {
    let ran = run(clone, &format!("{BUILD} wayfare-test/build:local"), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    digest(clone)
}

/// What Docker has of builds that are under way, of any clone whose name it is.
fn under_way(clone: &Clone) -> String {
    let name = clone.path("target").canonicalize().unwrap();
    let list = Command::new(found("docker")).args(["images", "--format", "{{.Repository}}"]).output().unwrap();
    let mut sum = Command::new("sh");
    sum.args(["-c", "printf %s \"$1\" | sha256sum", "sh", name.to_str().unwrap()]);
    let sum = String::from_utf8(sum.output().unwrap().stdout).unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    list.lines().filter(|line| line.ends_with(&sum[..8])).collect()
}

#[test]
fn the_same_files_are_the_same_image_in_any_clone_on_any_day() {
    let (first, second) = (buildable(b"binary"), buildable(b"binary"));
    let old = Command::new("touch").args(["-d", "2020-02-02"]).arg(second.path("target/release/wayfare")).status();
    assert!(old.unwrap().success());
    assert_eq!(built(&first), built(&second));
    let ran = run(&first, "image reproduce --from-target --base runtime=scratch --json", &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let digests = ran.json()["data"]["digests"].clone();
    assert_eq!((&digests[0], &digests[1]), (&digest(&first).into(), &digest(&first).into()));
    assert_ne!(built(&buildable(b"another")), digest(&first));
}

/// Nothing of this image runs while it is built, so no machine of that kind is needed.
#[test]
fn an_image_says_for_which_kind_of_machine_it_is() {
    let clone = buildable(b"binary");
    for (platform, kind) in [("linux/arm64", "arm64"), ("linux/amd64", "amd64")] {
        let ran = run(&clone, &format!("{BUILD} wayfare-test/build:local --platform {platform}"), &[]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let blob = |digest: &serde_json::Value| {
            json(&clone.path("target/image/oci/blobs").join(digest.as_str().unwrap().replace(':', "/")))
        };
        let manifest = blob(&digest(&clone).into());
        assert_eq!(blob(&manifest["config"]["digest"])["architecture"], kind);
    }
}

#[test]
fn the_first_file_that_differs_is_named() {
    let clone = buildable(b"binary");
    // Each build finds another binary, as if the time of the build were in it.
    let docker = format!("test $1 = build && date +%N >> target/release/wayfare; exec {} \"$@\"", found("docker"));
    let clone = clone.with("docker", &docker);
    let ran = run(&clone, "image reproduce --from-target --base runtime=scratch", &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("layer 1 of 1: usr/bin/wayfare: "), "{}", ran.err);
}

/// With a disk of 2 MB at target/image: in a namespace of this user's, or made by root where users may have none (Ubuntu).
fn on_a_small_disk(clone: &Clone, script: &str) -> Command {
    let mut may = Command::new("unshare");
    let may = may.args(["--user", "--map-root-user", "true"]).output().is_ok_and(|output| output.status.success());
    let path = format!("{}:{}", clone.path("bin").display(), std::env::var("PATH").unwrap());
    let as_before = || {
        let (user, group) = (rustix::process::getuid(), rustix::process::getgid());
        let home = std::env::var("HOME").unwrap_or_default();
        format!("setpriv --reuid {user} --regid {group} --init-groups env 'PATH={path}' 'HOME={home}'")
    };
    let (words, user): (&[&str], _) = match may {
        true => (&["unshare", "--user", "--map-root-user", "--mount"], String::new()),
        false => (&["sudo", "--non-interactive", "unshare", "--mount"], as_before()),
    };
    let mount = format!("mount -t tmpfs -o size=2m,mode=0777 none target/image && exec {user} sh -c \"$1\"");
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(["sh", "-c", &mount, "sh", script]).current_dir(clone.path(".")).env("PATH", path);
    command
}

#[test]
fn a_full_disk_keeps_the_image_of_before() {
    let clone = buildable(b"binary");
    let before = built(&clone);
    copy(&clone.path("target/image"), &clone.path("before"));
    let noise: Vec<u8> = (0..8_000_000_u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    fs::write(clone.path("target/release/wayfare"), noise).unwrap();
    let script = format!(
        "cp -R before/. target/image && {} {BUILD} wayfare-test/build:local; \
         code=$?; ls target/image > left; cp target/image/oci/index.json .; exit $code",
        env!("CARGO_BIN_EXE_xtask")
    );
    let ran = Ran::of(start(on_a_small_disk(&clone, &script)).wait_with_output().unwrap());
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(
        ran.err.contains("No space left on device") && ran.err.contains("check the free disk space"),
        "{}",
        ran.err
    );
    assert_eq!(fs::read_to_string(clone.path("left")).unwrap(), "digest\noci\n");
    assert!(fs::read_to_string(clone.path("index.json")).unwrap().contains(&before));
    assert_eq!(under_way(&clone), "");
}

#[test]
fn ctrl_c_in_the_middle_of_a_build_keeps_the_image_of_before() {
    let clone = buildable(b"binary");
    let before = built(&clone);
    let docker = format!("test $1 = save && echo now > saving && exec sleep 600; exec {} \"$@\"", found("docker"));
    let clone = clone.with("docker", &docker);
    fs::write(clone.path("target/release/wayfare"), "another").unwrap();
    let running = start(clone.xtask(&format!("{BUILD} wayfare-test/build:local")));
    line_in(&clone.path("saving"));
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    let ran = Ran::of(running.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.err);
    assert_eq!((digest(&clone), under_way(&clone)), (before, String::new()));
}
