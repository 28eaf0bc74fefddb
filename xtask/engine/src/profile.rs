//! The profiles of Cargo.toml by which the workspace is built.

/// Of Cargo.toml: how long a build may take for how fast it answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Profile {
    /// For the tests.
    Debug,
    /// To try: soon built again.
    Quick,
    /// What is pushed and measured.
    Release,
}

impl Profile {
    pub fn release_or(self, release: bool) -> Self {
        if release { Profile::Release } else { self }
    }

    /// Its name in Cargo.toml, and of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Debug => "debug",
            Profile::Quick => "quick",
            Profile::Release => "release",
        }
    }
}
