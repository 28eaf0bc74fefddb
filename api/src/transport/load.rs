//! Where the city comes from: the file that the configuration names, or the demo city.
//!
//! The demo city takes half a second to make and a few milliseconds to read: what was made is kept in the data folder,
//! under a name that changes with the engine's source. Losing it costs time and nothing else.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use anyhow::Context;
use city::{City, DEMO_SEED, DEMO_STAMP};

use crate::{config::Config, data_folder};

const ENDING: &str = "wf";

/// Reads the city, or makes it; off the threads that serve.
///
/// # Errors
/// A city file that can't be read or used, and what to do about it.
pub async fn city(config: &Config) -> anyhow::Result<Arc<City>> {
    let (file, folder) = (config.city.clone(), config.data_dir.clone());
    let load = move || match file {
        Some(file) => read(&file).with_context(|| format!("WAYFARE_CITY: {}", file.display())),
        None => Ok(demo(&folder)),
    };
    let (tell, told) = tokio::sync::oneshot::channel();
    // A thread that ends: one of the pool's would hold on to what reading took.
    thread::Builder::new().name("city".to_owned()).spawn(move || drop(tell.send(load())))?;
    Ok(Arc::new(told.await??))
}

fn read(file: &Path) -> anyhow::Result<City> {
    Ok(City::load(&fs::read(file)?)?)
}

fn demo(folder: &Path) -> City {
    let file = folder.join(format!("demo-{DEMO_STAMP}.{ENDING}"));
    match read(&file) {
        Ok(city) => city,
        Err(_) => {
            let city = City::demo(DEMO_SEED);
            if let Err(problem) = keep(folder, &file, &city) {
                tracing::debug!(%problem, "the demo city couldn't be saved and will be generated again");
            }
            city
        }
    }
}

/// Keeps the demo city in a folder that is there, in place of an older source's.
fn keep(folder: &Path, file: &Path, city: &City) -> io::Result<()> {
    let old: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).filter(|p| is_demo(p)).collect();
    // Written aside and moved: another process may be reading, or writing the same.
    let aside = folder.join(format!("demo-{}.part", uuid::Uuid::new_v4().simple()));
    data_folder::new_file(&aside)?.write_all(&city.save())?;
    fs::rename(&aside, file)?;
    old.iter().filter(|path| *path != file).try_for_each(fs::remove_file)
}

fn is_demo(path: &Path) -> bool {
    let starts = path.file_stem().is_some_and(|name| name.to_string_lossy().starts_with("demo-"));
    starts && path.extension().is_some_and(|end| end == ENDING)
}
