//! Flags and the log level, read from a file (or a mounted ConfigMap's folder) and read again when it changes: no restart.
//!
//! A file that can't be read, or names an unknown flag, changes nothing and is told in the log.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Context, bail};

macro_rules! flags {
    ($($(#[doc = $doc:literal])+ $name:ident = $default:literal;)+) => {
        #[derive(Debug)]
        pub struct Flags { $($(#[doc = $doc])+ $name: AtomicBool),+ }

        impl Default for Flags {
            fn default() -> Self { Self { $($name: AtomicBool::new($default)),+ } }
        }

        impl Flags {
            $($(#[doc = $doc])+ pub fn $name(&self) -> bool { self.$name.load(Relaxed) })+

            /// Name, value and meaning of each.
            pub fn list(&self) -> Vec<(&'static str, bool, &'static str)> {
                vec![$((stringify!($name), self.$name(), concat!($($doc),+).trim())),+]
            }

            fn set(&self, name: &str, value: bool) -> bool {
                match name {
                    $(stringify!($name) => self.$name.store(value, Relaxed),)+
                    _ => return false,
                }
                true
            }

            fn reset(&self) { $(self.$name.store($default, Relaxed);)+ }
        }
    };
}

flags! {
    /// New people may register.
    registration = true;
    /// Orders may be placed.
    ordering = true;
    /// Visitors who are not signed in may keep a cart.
    guest_carts = true;
    /// Managers may upload images.
    uploads = true;
}

impl Flags {
    /// Takes over what `path` says; tells the log filter, when it names one.
    ///
    /// # Errors
    /// A file that can't be read, an unknown flag, a value that is not true or false: nothing is changed then.
    pub fn read(&self, path: &Path) -> anyhow::Result<Option<String>> {
        let mut entries = if path.is_dir() { folder(path)? } else { file(path)? };
        let log = entries.remove("log");
        let known: Vec<_> = self.list().into_iter().map(|(name, ..)| name).collect();
        let mut values = Vec::new();
        for (name, value) in &entries {
            if !known.contains(&name.as_str()) {
                bail!("{}: there is no flag `{name}`; there are {}", path.display(), known.join(", "));
            }
            values.push((
                name,
                value
                    .parse::<bool>()
                    .with_context(|| format!("{}: `{name}` is true or false, not `{value}`", path.display()))?,
            ));
        }
        self.reset();
        for (name, value) in values {
            self.set(name, value);
        }
        Ok(log)
    }
}

fn file(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let table: toml::Table = fs::read_to_string(path)
        .and_then(|t| t.parse().map_err(std::io::Error::other))
        .with_context(|| path.display().to_string())?;
    Ok(table.into_iter().map(|(k, v)| (k, v.as_str().map_or_else(|| v.to_string(), str::to_owned))).collect())
}

/// A ConfigMap's volume: one file a key; what begins with a dot is Kubernetes' own.
fn folder(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut entries = BTreeMap::new();
    for entry in fs::read_dir(path).with_context(|| path.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && entry.path().is_file() {
            entries.insert(name, fs::read_to_string(entry.path())?.trim().to_owned());
        }
    }
    Ok(entries)
}

/// Reads the file again every few seconds, for as long as the process lives.
pub async fn watch(flags: Arc<Flags>, path: PathBuf, set_log: impl Fn(&str) -> anyhow::Result<()>) {
    let (mut last_log, mut last_problem) = (None, None);
    loop {
        match flags.read(&path) {
            Ok(log) => {
                if log != last_log {
                    if let Some(Err(problem)) = log.as_deref().map(&set_log) {
                        tracing::warn!(%problem, "the log filter is unchanged");
                    }
                    last_log = log;
                }
                last_problem = None;
            }
            Err(problem) => {
                let problem = format!("{problem:#}");
                if last_problem.as_ref() != Some(&problem) {
                    tracing::warn!(problem, "the flags are unchanged");
                }
                last_problem = Some(problem);
            }
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}
