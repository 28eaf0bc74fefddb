//! One rule a file.

pub mod containers;
pub mod images;
pub mod labels;
pub mod ports;
pub mod queries;
pub mod references;
pub mod replicas;
pub mod secrets;
pub mod selectors;
pub mod settings;
