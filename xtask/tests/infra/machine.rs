//! A machine from a bare Debian to the first answer through nginx, and a second run that changes nothing. It is a container
//! with systemd: what belongs to a kernel (sysctl, auditd) is left out there, and the role says so.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use serde_json::json;

use crate::{Clone, said};

const IMAGE: &str = "wayfare-test/machine:local";
/// systemd wants to mount, and nftables to filter. Not `--privileged`: a machine that is a container itself can't give all.
const RIGHTS: &str = "--cap-add=SYS_ADMIN --cap-add=NET_ADMIN --security-opt=seccomp=unconfined \
                      --security-opt=apparmor=unconfined --tmpfs=/run --tmpfs=/run/lock \
                      --volume=/sys/fs/cgroup:/sys/fs/cgroup:rw --publish=127.0.0.1::22 --publish=127.0.0.1::443";
const TOUR: &str = "docs/tour.md";

struct Machine {
    id: String,
    folder: tempfile::TempDir,
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "--force", "--volumes", &self.id]).output();
    }
}

fn done(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8_lossy(&stdout).trim().to_owned()
}

fn docker(words: &[&str]) -> String {
    done(Command::new("docker").args(words))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

impl Machine {
    fn start() -> Self {
        let base = std::env::var("WAYFARE_BASE_DEBIAN").unwrap_or("wayfare-test/debian:local".into());
        let context = root().join(".ci/ansible");
        let argument = format!("BASE={base}");
        docker(&["build", "--quiet", "--tag", IMAGE, "--build-arg", &argument, context.to_str().unwrap()]);
        let rights: Vec<_> = RIGHTS.split_whitespace().collect();
        let words = [&["run", "--detach", "--hostname", "machine"][..], &rights, &[IMAGE]].concat();
        let machine = Machine { id: docker(&words), folder: tempfile::tempdir().unwrap() };
        machine.let_in();
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn inside(&self, words: &[&str]) -> String {
        docker(&[&["exec", &self.id][..], words].concat())
    }

    fn port(&self, of: &str) -> String {
        docker(&["port", &self.id, of]).rsplit(':').next().unwrap().to_owned()
    }

    /// As a cloud does: a key in the account's file. And as a careful person does: the machine's own key, asked at its console.
    fn let_in(&self) {
        let key = self.path("key");
        done(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", key.to_str().unwrap()]));
        let authorized = format!("{}:/home/admin/.ssh/authorized_keys", self.id);
        docker(&["cp", key.with_extension("pub").to_str().unwrap(), &authorized]);
        self.inside(&["chown", "admin:admin", "/home/admin/.ssh/authorized_keys"]);
        let public = self.inside(&["cat", "/etc/ssh/ssh_host_ed25519_key.pub"]);
        let own = public.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        std::fs::write(self.path("known_hosts"), format!("[127.0.0.1]:{} {own}\n", self.port("22"))).unwrap();
    }

    fn inventory(&self, key: &str) -> PathBuf {
        let page = self.path("page");
        std::fs::create_dir_all(&page).unwrap();
        std::fs::write(page.join("index.html"), "<!doctype html><title>Wayfare</title>").unwrap();
        let known = format!("-o UserKnownHostsFile={} -o IdentitiesOnly=yes", self.path("known_hosts").display());
        let host = json!({
            "ansible_host": "127.0.0.1",
            "ansible_port": self.port("22"),
            "ansible_user": "admin",
            "ansible_ssh_private_key_file": self.path(key),
            "ansible_ssh_common_args": known,
            "wayfare_binary": program(),
            "wayfare_page": page,
            "wayfare_domain": "machine.example.org",
            // The tour asks more often in a minute than one client may.
            "wayfare_settings": { "WAYFARE_RATE_LIMIT": 10000, "WAYFARE_LOGIN_RATE_LIMIT": 1000 },
        });
        let file = self.path(&format!("{key}.json"));
        std::fs::write(&file, json!({ "wayfare": { "hosts": { "machine": host } } }).to_string()).unwrap();
        file
    }

    fn configure(&self, inventory: &Path, rest: &str) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["infra", "configure", "--env", "dev", "--inventory"]).arg(inventory);
        command.args(rest.split_whitespace()).current_dir(root());
        let target = self.path("target");
        said(command.env("PATH", path()).env("CARGO_TARGET_DIR", target).env("ANSIBLE_NOCOLOR", "1").output().unwrap())
    }
}

/// The program that the workspace builds, beside this one.
fn program() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_xtask")).with_file_name("wayfare")
}

fn path() -> String {
    let own = done(&mut Command::new(root().join(".ci/ansible/install")));
    format!("{own}:{}", std::env::var("PATH").unwrap_or_default())
}

fn recap(text: &str, field: &str) -> u32 {
    let line = text.lines().rfind(|line| line.contains("unreachable=")).unwrap_or_else(|| panic!("{text}"));
    let value = line.split_whitespace().find_map(|word| word.strip_prefix(field)?.strip_prefix('='));
    value.unwrap().parse().unwrap()
}

#[test]
fn a_bare_machine_serves_the_tour_through_nginx_and_a_second_run_changes_nothing() {
    let machine = Machine::start();
    let inventory = machine.inventory("key");
    let start = Instant::now();
    let (code, text) = machine.configure(&inventory, "");
    assert_eq!(code, 0, "{text}");
    println!("from a bare machine to the first answer through nginx: {} s", start.elapsed().as_secs());

    let start = Instant::now();
    let (code, text) = machine.configure(&inventory, "");
    assert!(code == 0 && recap(&text, "changed") == 0, "{text}");
    println!("a second run: {} s", start.elapsed().as_secs());
    let (code, text) = machine.configure(&inventory, "--check");
    assert!(code == 0 && recap(&text, "changed") == 0, "{text}");

    tour(&machine);
    is_closed(&machine);
    is_in_a_sandbox(&machine);
    survives_a_restart(&machine, &inventory);
}

/// The blocks of docs/tour.md, by HTTPS and with the machine's own certificate authority.
fn tour(machine: &Machine) {
    machine.inside(&["sh", "-c", SEED]);
    let text = std::fs::read_to_string(root().join(TOUR)).unwrap();
    let blocks: Vec<_> = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let authority = machine.inside(&["cat", "/etc/wayfare/tls/authority.pem"]);
    std::fs::write(machine.path("authority.pem"), authority).unwrap();
    let script = format!("set -euo pipefail\n{}", blocks.concat());
    let mut bash = Command::new("bash");
    bash.args(["-c", &script]).env("CURL_CA_BUNDLE", machine.path("authority.pem"));
    let (code, text) =
        said(bash.env("WAYFARE", format!("https://localhost:{}", machine.port("443"))).output().unwrap());
    assert_eq!(code, 0, "{text}");
}

/// The demo's accounts, which no environment that people use has.
const SEED: &str = "systemd-run --quiet --pipe --wait --uid=wayfare --property=EnvironmentFile=/etc/wayfare/wayfare.env \
                    --property=WorkingDirectory=/var/lib/wayfare /usr/local/bin/wayfare seed";

fn is_closed(machine: &Machine) {
    let rules = machine.inside(&["nft", "list", "table", "inet", "wayfare"]);
    assert!(rules.contains("policy drop") && rules.contains("tcp dport { 80, 443 } accept"), "{rules}");
    let ssh = machine.inside(&["sshd", "-T"]);
    for line in ["passwordauthentication no", "permitrootlogin no", "allowusers admin"] {
        assert!(ssh.lines().any(|it| it == line), "{line}: {ssh}");
    }
    let secrets = machine.inside(&["find", "/etc/wayfare/secrets", "-not", "-user", "root", "-o", "-perm", "/077"]);
    assert_eq!(secrets, "");
    let listens = machine.inside(&["ss", "--no-header", "--listening", "--tcp", "--numeric"]);
    let open = |line: &&str| {
        let local = line.split_whitespace().nth(3).unwrap_or_default();
        !local.starts_with("127.0.0.1:") && !local.starts_with("[::1]:")
    };
    let ports: std::collections::BTreeSet<_> =
        listens.lines().filter(open).filter_map(|line| line.split_whitespace().nth(3)?.rsplit(':').next()).collect();
    // 8080 is the tier's own, behind the firewall.
    assert!(ports.iter().all(|port| ["22", "80", "443", "8080"].contains(port)), "{listens}");
}

/// systemd's own count of what a unit could still do: 10 is everything, 0 nothing.
fn is_in_a_sandbox(machine: &Machine) {
    for unit in ["wayfare-api.service", "wayfare-worker.service", "wayfare-migrate.service"] {
        let told = machine.inside(&["systemd-analyze", "security", "--no-pager", unit]);
        let overall = told.lines().find(|line| line.contains("Overall exposure")).unwrap();
        let exposure: f64 = overall.split(": ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!(exposure <= 2.0, "{unit}: {overall}");
        println!("{unit}: {exposure}");
    }
}

/// A reboot in the middle of a run leaves a machine like this: parts stopped, one file gone.
fn survives_a_restart(machine: &Machine, inventory: &Path) {
    machine.inside(&["systemctl", "stop", "wayfare.target", "wayfare-api", "wayfare-web"]);
    machine.inside(&["rm", "/etc/wayfare/host.conf"]);
    let (code, text) = machine.configure(inventory, "");
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_key_that_is_not_accepted_and_a_machine_that_is_not_there_are_told_apart() {
    let machine = Machine::start();
    machine.inventory("key");
    done(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(machine.path("other")));
    let (code, text) = machine.configure(&machine.inventory("other"), "");
    assert!(code == 5 && text.contains("doesn't accept this SSH key"), "{code}: {text}");
    let inventory = machine.inventory("key");
    docker(&["stop", "--time=1", &machine.id]);
    let (code, text) = machine.configure(&inventory, "");
    assert!(code == 4 && text.contains("can't be reached"), "{code}: {text}");
}

#[test]
fn roles_are_clean_at_ansible_lints_production_profile() {
    let clone = Clone::new();
    let folder = clone.path("infra/ansible");
    let run = |program: &str, words: &[&str]| {
        let mut command = Command::new(program);
        said(command.args(words).current_dir(&folder).env("PATH", path()).env("NO_COLOR", "1").output().unwrap())
    };
    let (code, text) = run("ansible-lint", &["--offline", "--config-file", ".ansible-lint.yml", "."]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = run("yamllint", &["--strict", "--config-file", ".yamllint.yml", "."]);
    assert_eq!(code, 0, "{text}");
}
