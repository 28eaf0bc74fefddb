//! S3, Azure and Google's storage as programs on this machine, each behind TLS: pgBackRest speaks nothing else.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{root, write};

/// Azurite's own, known to everybody.
pub const AZURE_ACCOUNT: &str = "devstoreaccount1";
pub const AZURE_KEY: &str =
    concat!("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2U", "VErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==");
/// Only its owner may read an object; the other two don't look at it.
const SIGNED: [&str; 4] = ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", "test:test"];
pub const BUCKET: &str = "wayfare-backups";

pub struct Emulators {
    children: Vec<Child>,
    pub certificate: PathBuf,
    /// With TLS, in the order of backup.toml.
    pub ports: [u16; 3],
    /// Without.
    pub plain: [u16; 3],
}

pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A program of the clone's own tools, or of the PATH.
fn tool(name: &str) -> PathBuf {
    let own = ["bin", "node_modules/.bin"].map(|folder| root().join("target/tools").join(folder).join(name));
    own.into_iter().find(|file| file.exists()).unwrap_or_else(|| name.into())
}

impl Emulators {
    pub fn start(folder: &Path) -> Self {
        let (certificate, both) = certificate(folder);
        let [plain, ports] = [(); 2].map(|()| [free_port(), free_port(), free_port()]);
        let stunnel = stunnel(folder, &both, &ports, &plain);
        let started = |name: &str, program: &str, words: &[String]| {
            let log = File::create(folder.join(format!("{name}.log"))).unwrap();
            let mut command = Command::new(tool(program));
            command.args(words).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
            command.spawn().unwrap_or_else(|error| panic!("{program}: {error}; cargo xtask doctor --install"))
        };
        let words = |text: String| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        let azure = folder.join("azure").display().to_string();
        let children = vec![
            started("s3", "moto_server", &words(format!("-H 127.0.0.1 -p {}", plain[0]))),
            started(
                "azure",
                "azurite-blob",
                &words(format!(
                    "--blobHost 127.0.0.1 --blobPort {} --location {azure} --skipApiVersionCheck --disableTelemetry --silent",
                    plain[1]
                )),
            ),
            started(
                "gcs",
                "gcp-storage-emulator",
                &words(format!("start --host=127.0.0.1 --port={} --in-memory", plain[2])),
            ),
            started("stunnel", "stunnel4", &[stunnel.display().to_string()]),
        ];
        let emulators = Emulators { children, certificate, ports, plain };
        emulators.buckets();
        emulators
    }

    fn buckets(&self) {
        let [s3, azure, gcs] = self.plain;
        soon("S3", || curl(&["-X", "PUT", &format!("http://127.0.0.1:{s3}/{BUCKET}")]));
        let date = http_date();
        let canonical = format!("/{AZURE_ACCOUNT}/{AZURE_ACCOUNT}/{BUCKET}\nrestype:container");
        let signed = format!("PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:2020-10-02\n{canonical}");
        let key = STANDARD.decode(AZURE_KEY).unwrap();
        let signature = STANDARD.encode(hmac_sha256::HMAC::mac(signed, key));
        let url = format!("http://127.0.0.1:{azure}/{AZURE_ACCOUNT}/{BUCKET}?restype=container");
        let headers = [
            format!("x-ms-date: {date}"),
            "x-ms-version: 2020-10-02".to_owned(),
            format!("Authorization: SharedKey {AZURE_ACCOUNT}:{signature}"),
            "Content-Length: 0".to_owned(),
        ];
        let words: Vec<_> = headers.iter().flat_map(|header| ["-H", header]).chain(["-X", "PUT", &url]).collect();
        soon("Azure", || curl(&words));
        let url = format!("http://127.0.0.1:{gcs}/storage/v1/b?project=p");
        let body = format!("{{\"name\":\"{BUCKET}\"}}");
        soon("Google", || curl(&["--json", &body, &url]));
    }

    /// Names of objects in S3 that begin so.
    pub fn objects(&self, prefix: &str) -> Vec<String> {
        let url = format!("http://127.0.0.1:{}/{BUCKET}?prefix={prefix}", self.plain[0]);
        let listed = Command::new("curl").args(["-fsS", &url]).output().unwrap();
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        text.split("<Key>").skip(1).filter_map(|rest| Some(rest.split_once('<')?.0.to_owned())).collect()
    }

    fn url(&self, object: &str) -> String {
        format!("http://127.0.0.1:{}/{BUCKET}/{object}", self.plain[0])
    }

    pub fn read(&self, object: &str) -> Vec<u8> {
        Command::new("curl").args(SIGNED).args(["-fsS", &self.url(object)]).output().unwrap().stdout
    }

    pub fn put(&self, object: &str, bytes: &[u8], folder: &Path) {
        let file = folder.join("object");
        fs::write(&file, bytes).unwrap();
        // As an upload: sent as a form, the emulator would wait for more of it.
        assert!(curl(&[&SIGNED[..], &["-T", &file.display().to_string(), &self.url(object)]].concat()));
    }

    pub fn delete(&self, object: &str) {
        assert!(curl(&[&SIGNED[..], &["-X", "DELETE", &self.url(object)]].concat()));
    }
}

impl Drop for Emulators {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn curl(words: &[&str]) -> bool {
    Command::new("curl").args(["-fsS", "-o", "/dev/null"]).args(words).stderr(Stdio::null()).status().unwrap().success()
}

fn soon(what: &str, ask: impl Fn() -> bool) {
    let start = Instant::now();
    while !ask() {
        assert!(start.elapsed() < Duration::from_secs(90), "the emulator of {what} doesn't answer");
        thread::sleep(Duration::from_millis(100));
    }
}

fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let [key, certificate, both] = ["key.pem", "certificate.pem", "both.pem"].map(|name| folder.join(name));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]);
    openssl.args(["-addext", "subjectAltName=DNS:localhost"]).arg("-keyout").arg(&key).arg("-out").arg(&certificate);
    assert!(openssl.output().unwrap().status.success());
    write(&both, &[fs::read_to_string(&key).unwrap(), fs::read_to_string(&certificate).unwrap()].concat());
    (certificate, both)
}

fn stunnel(folder: &Path, both: &Path, ports: &[u16; 3], plain: &[u16; 3]) -> PathBuf {
    let file = folder.join("stunnel.conf");
    let mut text = format!("foreground = yes\npid =\ncert = {}\n", both.display());
    // Without it each request waits for an acknowledgement of the one before.
    text += "socket = l:TCP_NODELAY=1\nsocket = r:TCP_NODELAY=1\n";
    for (index, (tls, plain)) in ports.iter().zip(plain).enumerate() {
        text += &format!("[repository{index}]\naccept = 127.0.0.1:{tls}\nconnect = 127.0.0.1:{plain}\n");
    }
    write(&file, &text);
    file
}

fn http_date() -> String {
    let output = Command::new("date").args(["-u", "+%a, %d %b %Y %H:%M:%S GMT"]).env("LC_ALL", "C").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
