//! What the tests are made of: a clone with the real tools, a registry of its own, an image to push.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::clone::{Clone, Ran, start, until};

/// The user of a registry with a password, which is `right`.
pub const USER: &str = "ann";
const USERS: &str = "ann:$2b$04$JGEgJQyjVfqGfMlF.LQjO.6VErLUAgYVIVCTKMoSPSEwDrvsJ2X0y\n";

/// A clone in which only cargo, npm and git are stand-ins: there is nothing to compile, and one commit.
pub fn clone() -> Clone {
    let clone = Clone::bare()
        .with("cargo", "")
        .with("npm", "")
        .with("node", "")
        .with("git", "case $1 in rev-parse) echo 0123abc;; log) echo 1700000000;; esac");
    ["docker", "skopeo", "cosign"]
        .into_iter()
        .fold(clone, |clone, tool| clone.with(tool, &format!("exec {} \"$@\"", found(tool))))
}

/// Where the tool really is.
pub fn found(tool: &str) -> String {
    on_path(tool).unwrap_or_else(|| panic!("{tool} isn't there: `cargo xtask test image` says what is missing"))
}

fn on_path(tool: &str) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap();
    let file = std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|file| file.is_file());
    file.map(|file| file.display().to_string())
}

/// With the service's image, as it was built before the tests.
pub fn with_image() -> Clone {
    let clone = clone();
    let built = std::env::var("WAYFARE_TEST_IMAGE").expect("run it by `cargo xtask test image`");
    copy(&Path::new(&built).join("oci"), &clone.path("target/image/oci"));
    copy(&Path::new(&built).with_file_name("reports"), &clone.path("target/reports"));
    clone
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let copied = Command::new("cp").arg("-R").arg(from.join(".")).arg(to).status().unwrap();
    assert!(copied.success());
}

pub fn run(clone: &Clone, words: &str, env: &[(&str, &str)]) -> Ran {
    let mut command = clone.xtask(words);
    for name in ["WAYFARE_REPOSITORY", "WAYFARE_REGISTRY_USER", "WAYFARE_COSIGN_KEY", "WAYFARE_COSIGN_PUBLIC_KEY"] {
        command.env_remove(name);
    }
    Ran::of(
        start({
            command.envs(env.iter().copied());
            command
        })
        .wait_with_output()
        .unwrap(),
    )
}

pub fn digest(clone: &Clone) -> String {
    json(&clone.path("target/image/oci/index.json"))["manifests"][0]["digest"].as_str().unwrap().to_owned()
}

pub fn json(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Debian's registry, or the same as Go installs it, with its blobs in a folder of its own.
pub struct Registry {
    process: Child,
    pub port: u16,
    folder: TempDir,
}

impl Registry {
    pub fn open() -> Self {
        Self::start("")
    }

    pub fn with_password() -> Self {
        Self::start("auth: {htpasswd: {realm: wayfare, path: users}}\n")
    }

    fn start(auth: &str) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        fs::write(folder.path().join("users"), USERS).unwrap();
        let settings = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: blobs}}}}\n\
             http: {{addr: \"127.0.0.1:{port}\"}}\n{auth}"
        );
        fs::write(folder.path().join("settings.yml"), settings).unwrap();
        let program = on_path("docker-registry").unwrap_or_else(|| found("registry"));
        let mut command = Command::new(program);
        command.args(["serve", "settings.yml"]).current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap();
        until("the registry answers", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        Registry { process, port, folder }
    }

    pub fn repository(&self) -> String {
        format!("127.0.0.1:{}/wayfare", self.port)
    }

    pub fn tags(&self) -> Vec<String> {
        let list = get(self.port, "/v2/wayfare/tags/list");
        let list: Value = serde_json::from_str(&list).unwrap();
        list["tags"].as_array().into_iter().flatten().filter_map(|tag| Some(tag.as_str()?.to_owned())).collect()
    }

    /// Its own file of what has that digest.
    pub fn blob(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").unwrap();
        self.folder.path().join("blobs/docker/registry/v2/blobs/sha256").join(&hex[..2]).join(hex).join("data")
    }

    pub fn manifest(&self, tag: &str) -> Value {
        let link = format!("blobs/docker/registry/v2/repositories/wayfare/_manifests/tags/{tag}/current/link");
        json(&self.blob(&fs::read_to_string(self.folder.path().join(link)).unwrap()))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// One byte in the middle of the file is another one.
pub fn tamper(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
}

/// The same files, and something else in its configuration.
pub fn changed(clone: &Clone, change: impl Fn(&mut Value)) {
    let folder = clone.path("target/image/oci");
    let put = |value: &Value| {
        let text = value.to_string();
        let file = tempfile::NamedTempFile::new_in(&folder).unwrap();
        fs::write(file.path(), &text).unwrap();
        let sum = Command::new("sha256sum").arg(file.path()).output().unwrap().stdout;
        let hex = String::from_utf8(sum).unwrap()[..64].to_owned();
        fs::write(folder.join("blobs/sha256").join(&hex), &text).unwrap();
        (format!("sha256:{hex}"), text.len())
    };
    let blob = |digest: &Value| folder.join("blobs").join(digest.as_str().unwrap().replace(':', "/"));
    let mut index = json(&folder.join("index.json"));
    let mut manifest = json(&blob(&index["manifests"][0]["digest"]));
    let mut config = json(&blob(&manifest["config"]["digest"]));
    change(&mut config);
    let (digest, size) = put(&config);
    (manifest["config"]["digest"], manifest["config"]["size"]) = (digest.into(), size.into());
    let (digest, size) = put(&manifest);
    (index["manifests"][0]["digest"], index["manifests"][0]["size"]) = (digest.into(), size.into());
    fs::write(folder.join("index.json"), index.to_string()).unwrap();
}
