//! Gives the source a name that changes with it: what is kept of one build isn't mistaken for another's.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::Path,
};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=src");
    let mut hasher = DefaultHasher::new();
    take_in(Path::new(&env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("src").as_path(), &mut hasher)?;
    println!("cargo::rustc-env=CITY_STAMP={:016x}", hasher.finish());
    Ok(())
}

fn take_in(path: &Path, hasher: &mut impl Hasher) -> io::Result<()> {
    if path.is_dir() {
        let mut inside: Vec<_> = fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
        inside.sort();
        return inside.iter().try_for_each(|path| take_in(path, hasher));
    }
    path.file_name().hash(hasher);
    fs::read(path)?.hash(hasher);
    Ok(())
}
