//! The image as it is kept between the stages: an OCI layout, a folder of blobs by digest. What is in it is what is pushed,
//! signed and run, bit for bit.
//!
//! It is made from what Docker saves. Times, and what a builder adds about itself, are left out: so the same files give
//! the same digest, on another day and by another version of Docker.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::process;
use tar::{Archive, Builder};

use super::{Digest, layer};

pub struct Layout {
    folder: PathBuf,
}

/// What Docker says about what it saved.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: PathBuf,
    layers: Vec<PathBuf>,
}

/// Of an image's configuration, what says something about the image.
const KEPT: [&str; 4] = ["architecture", "config", "os", "variant"];
/// Of how it is run, what api/Dockerfile can say; the rest are marks of the builder's.
const MEANT: [&str; 10] = [
    "Cmd",
    "Entrypoint",
    "Env",
    "ExposedPorts",
    "Healthcheck",
    "Labels",
    "StopSignal",
    "User",
    "Volumes",
    "WorkingDir",
];
const GZIPPED: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

impl Layout {
    pub fn of(machine: &Machine) -> Self {
        Layout::at(machine.target.join("image/oci"))
    }

    pub fn at(folder: PathBuf) -> Self {
        Layout { folder }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Of the image, as a registry will name it.
    pub fn digest(&self) -> Result<Digest> {
        let digest = || self.read("index.json").ok()?["manifests"][0]["digest"].as_str()?.parse().ok();
        digest().ok_or_else(|| {
            Failure::check("no image has been built yet")
                .next("cargo xtask image build; with --release it can be pushed")
                .into()
        })
    }

    pub fn manifest(&self) -> Result<Value> {
        self.read(&blob(self.digest()?.as_str()))
    }

    pub fn config(&self) -> Result<Value> {
        self.read(&blob(self.manifest()?["config"]["digest"].as_str().context("the manifest names no config")?))
    }

    /// Unpacked, from the base's first to ours.
    pub fn layers(&self) -> Result<Vec<Vec<u8>>> {
        let digests = self.layer_digests()?;
        digests.iter().map(|digest| layer::unpacked(&fs::read(self.folder.join(blob(digest)))?)).collect()
    }

    fn layer_digests(&self) -> Result<Vec<String>> {
        let manifest = self.manifest()?;
        let layers = manifest["layers"].as_array().context("the manifest names no layers")?;
        Ok(layers.iter().filter_map(|layer| Some(layer["digest"].as_str()?.to_owned())).collect())
    }

    /// What a client has to load.
    pub fn packed_bytes(&self) -> Result<u64> {
        let manifest = self.manifest()?;
        let layers = manifest["layers"].as_array().context("the manifest names no layers")?;
        Ok(layers.iter().filter_map(|layer| layer["size"].as_u64()).sum())
    }

    fn read(&self, file: &str) -> Result<Value> {
        let file = self.folder.join(file);
        let text = fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))
    }

    /// Makes it anew from what Docker saved. Until all of it is there, the one before stays as it is.
    pub fn take(&self, saved: &Path, seconds: u64, created: &str) -> Result<()> {
        let new = Layout::at(self.folder.with_extension("new"));
        clear(&new.folder)?;
        let done = new.fill(saved, seconds, created);
        if let Err(error) = done {
            clear(&new.folder)?;
            return Err(error);
        }
        clear(&self.folder)?;
        fs::rename(&new.folder, &self.folder).context("the new image can't replace the old one")
    }

    fn fill(&self, saved: &Path, seconds: u64, created: &str) -> Result<()> {
        fs::create_dir_all(self.folder.join("blobs/sha256"))?;
        let files = fs::read_to_string(saved.join("manifest.json")).context("Docker's export has no manifest.json")?;
        let files: Vec<Saved> = serde_json::from_str(&files).context("Docker's export can't be parsed")?;
        let files = files.first().context("Docker's export has no image")?;
        let (mut layers, mut contents) = (Vec::new(), Vec::new());
        for (index, path) in files.layers.iter().enumerate() {
            anyhow::ensure!(!process::interrupted(), Failure::new(Exit::Interrupted, "interrupted"));
            let bytes = fs::read(saved.join(path))
                .with_context(|| format!("Docker's export doesn't contain {}", path.display()))?;
            let is_ours = index + 1 == files.layers.len();
            let (content, packed) = match is_ours {
                true => ours(&bytes, seconds)?,
                false => of_base(bytes)?,
            };
            layers.push(self.put(&packed, GZIPPED)?);
            contents.push(content);
        }
        let config: Value = serde_json::from_slice(&fs::read(saved.join(&files.config))?)?;
        let config = self.put(&settled(&config, &contents, created).to_string().into_bytes(), CONFIG)?;
        let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers });
        let manifest = self.put(manifest.to_string().as_bytes(), MANIFEST)?;
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [manifest] });
        fs::write(self.folder.join("index.json"), index.to_string())?;
        Ok(fs::write(self.folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?)
    }

    fn put(&self, bytes: &[u8], kind: &str) -> Result<Value> {
        let digest = Digest::of(bytes);
        let file = self.folder.join(blob(digest.as_str()));
        fs::write(&file, bytes).with_context(|| format!("can't write {}", file.display()))?;
        Ok(json!({ "mediaType": kind, "digest": digest, "size": bytes.len() }))
    }

    /// One file that Docker loads again: then what runs here is what is pushed.
    pub fn archive(&self, tag: &str, file: &Path) -> Result<()> {
        let config = self.manifest()?["config"]["digest"].as_str().map(blob);
        let layers: Vec<_> = self.layer_digests()?.iter().map(|digest| blob(digest)).collect();
        let about = json!([{ "Config": config, "RepoTags": [tag], "Layers": layers }]).to_string();
        let mut tar = Builder::new(fs::File::create(file).with_context(|| format!("can't write {}", file.display()))?);
        tar.append_dir_all(".", &self.folder)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(about.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, "manifest.json", about.as_bytes())?;
        Ok(tar.finish()?)
    }
}

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The last layer is ours: its files get the commit's time. With it comes the digest of what is in it.
fn ours(bytes: &[u8], seconds: u64) -> Result<(Digest, Vec<u8>)> {
    let tar = layer::settled(&layer::unpacked(bytes)?, seconds)?;
    Ok((Digest::of(&tar), layer::packed(&tar)))
}

/// A base stays as it is, and packed as it is where it came packed.
fn of_base(bytes: Vec<u8>) -> Result<(Digest, Vec<u8>)> {
    let tar = layer::unpacked(&bytes)?;
    let packed = if layer::is_packed(&bytes) { bytes } else { layer::packed(&tar) };
    Ok((Digest::of(&tar), packed))
}

fn settled(config: &Value, contents: &[Digest], created: &str) -> Value {
    let about = KEPT.iter().filter(|key| !config[key].is_null()).map(|key| (key.to_string(), config[key].clone()));
    let mut settled: serde_json::Map<_, _> = about.collect();
    settled.insert("created".into(), created.into());
    settled.insert("rootfs".into(), json!({ "type": "layers", "diff_ids": contents }));
    if let Some(run) = settled.get_mut("config").and_then(Value::as_object_mut) {
        run.retain(|key, value| MEANT.contains(&&**key) && !says_nothing(value));
        if let Some(labels) = run.get_mut("Labels").and_then(Value::as_object_mut) {
            labels.retain(|name, _| !name.starts_with("io.buildah."));
        }
    }
    settled.into()
}

/// One builder writes down what another leaves out.
fn says_nothing(value: &Value) -> bool {
    [json!(null), json!({}), json!([]), json!(""), json!("/")].contains(value)
}

/// Unpacks what `docker save` wrote.
pub fn unpack(archive: &Path, folder: &Path) -> Result<()> {
    clear(folder)?;
    let file = fs::File::open(archive).with_context(|| format!("can't read {}", archive.display()))?;
    Archive::new(file).unpack(folder).with_context(|| format!("can't unpack into {}", folder.display()))
}

pub fn clear(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn blob(digest: &str) -> String {
    format!("blobs/{}", digest.replace(':', "/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::layer::tests::made;

    /// As Docker saves an image of one base layer and ours, built at that time.
    fn saved(folder: &Path, seconds: u64, config: Value) {
        fs::write(folder.join("base.tar"), made(&[("lib/libc.so.6", "libc")], 5)).unwrap();
        fs::write(folder.join("ours.tar"), made(&[("usr/bin/wayfare", "binary")], seconds)).unwrap();
        fs::write(folder.join("config.json"), config.to_string()).unwrap();
        let manifest = json!([{ "Config": "config.json", "Layers": ["base.tar", "ours.tar"] }]);
        fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
    }

    fn taken(seconds: u64, config: Value) -> (tempfile::TempDir, Layout) {
        let folder = tempfile::tempdir().unwrap();
        saved(folder.path(), seconds, config);
        let layout = Layout::at(folder.path().join("oci"));
        layout.take(folder.path(), 100, "1970-01-01T00:01:40Z").unwrap();
        (folder, layout)
    }

    #[test]
    fn the_same_files_have_one_digest_whoever_built_them_and_when() {
        let old = json!({ "architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z",
            "config": { "User": "1000:1000", "ArgsEscaped": true, "OnBuild": null }, "history": [{ "created_by": "old" }] });
        let new = json!({ "os": "linux", "created": "2027-01-01T00:00:00Z", "config": { "User": "1000:1000" },
            "architecture": "amd64", "moby.buildkit.buildinfo.v1": "new" });
        let ((_a, old), (_b, new)) = (taken(7, old), taken(1_900_000_000, new));
        assert_eq!(old.digest().unwrap(), new.digest().unwrap());
        // Packed by another version, or written in another order, it would be another image: this is to be noticed.
        assert_eq!(
            old.digest().unwrap().as_str(),
            "sha256:5a6c74fa94907ffd5c671022a4e571dfcb633dfdca202ad23e1d3053e2f994bb"
        );
        let times = |layer: &[u8]| layer::entries(layer).unwrap()[0].time;
        assert_eq!(old.layers().unwrap().iter().map(|layer| times(layer)).collect::<Vec<_>>(), [5, 100]);
    }

    #[test]
    fn what_fails_half_way_leaves_the_one_of_before() {
        let (folder, layout) = taken(7, json!({ "os": "linux" }));
        let before = layout.digest().unwrap();
        fs::remove_file(folder.path().join("ours.tar")).unwrap();
        assert!(layout.take(folder.path(), 100, "").is_err());
        assert_eq!(layout.digest().unwrap(), before);
        assert!(!folder.path().join("oci.new").exists());
    }
}
