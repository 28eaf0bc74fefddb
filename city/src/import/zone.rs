//! In which time zone a city lies that neither its feeds nor its importer names.

use crate::clock::Zone;
use crate::error::ImportError;
use crate::geo::Coord;

/// The zone at the middle of the streets. At sea there are only zones of ships, which no city lives by.
pub(super) fn at(nodes: &[Coord]) -> Result<String, ImportError> {
    let point = super::osm::middle(nodes).map(Coord::point).ok_or(ImportError::Zone)?;
    let finder = tzf_rs::EmbeddedFinder::new();
    let name = finder.get_tz_name(point.lon, point.lat);
    let known = Some(name).filter(|n| Zone::knows(n) && !n.starts_with("Etc/"));
    known.map(str::to_owned).ok_or(ImportError::Zone)
}
