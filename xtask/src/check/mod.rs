//! What is judged: nothing here changes the clone or an environment, and nothing else uses it.

mod bench;
mod coverage;
mod doctor;
mod kubectl;
mod lint;
mod load;
mod manifests;
mod monitor;
mod scan;
mod test;
mod tidy;
mod web;

pub use self::bench::Bench;
pub use self::coverage::Coverage;
pub use self::doctor::Doctor;
pub use self::lint::Lint;
pub use self::load::Load;
pub use self::manifests::Manifests;
pub use self::monitor::Monitor;
pub use self::scan::Scan;
pub use self::test::Test;
pub use self::tidy::Tidy;
