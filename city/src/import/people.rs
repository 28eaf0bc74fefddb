//! Where people live: from a grid, or estimated from buildings.

use super::report::Report;
use super::table::Table;
use crate::draft::{CityDraft, PeopleSource};
use crate::error::ImportError;
use crate::geo::Point;

/// Living space of one person in square metres; with stairs, walls and empty rooms.
const SQUARE_METRES_EACH: f32 = 40.0;
/// A building counts for no more than this.
const MOST_IN_A_BUILDING: f32 = 2_000.0;

/// Reads a CSV table with `lat`, `lon` and `population`; bad rows are dropped.
pub(super) fn read(bytes: &[u8], draft: &mut CityDraft, report: &mut Report) -> Result<(), ImportError> {
    let mut table = Table::new("people", bytes)?;
    let missing = |why: &str| ImportError::Feed { file: "people".to_owned(), why: why.to_owned() };
    let [lat, lon, people] = ["lat", "lon", "population"].map(|name| table.column(name));
    let (Some(lat), Some(lon), Some(people)) = (lat, lon, people) else {
        return Err(missing("the columns lat, lon and population are needed"));
    };
    while let Some(row) = table.next_row(report) {
        let number = |column: usize| row.get(column).and_then(|v| v.trim().parse::<f64>().ok());
        match (number(lat), number(lon), number(people)) {
            (Some(lat), Some(lon), Some(n))
                if Point::new(lat, lon).is_valid() && n.is_finite() && (0.0..1e8).contains(&n) =>
            {
                if n > 0.0 {
                    draft.people.push((Point::new(lat, lon).into(), n as f32));
                }
            }
            _ => report.drop("rows of people without numbers", row.get(0).unwrap_or_default()),
        }
    }
    draft.people_source = PeopleSource::Grid;
    report.take("cells with people", draft.people.len());
    Ok(())
}

/// People by floor area, where there are buildings at all.
pub(super) fn estimate(draft: &mut CityDraft, report: &mut Report) {
    if draft.buildings.is_empty() {
        return;
    }
    let people = |area: f32| (area / SQUARE_METRES_EACH).clamp(0.0, MOST_IN_A_BUILDING);
    draft.people = draft.buildings.iter().map(|&(at, area)| (at, people(area))).filter(|(_, n)| *n >= 0.5).collect();
    draft.people_source = PeopleSource::Buildings;
    report.take("buildings with people", draft.people.len());
}
