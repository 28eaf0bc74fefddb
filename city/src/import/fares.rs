//! Prices of rides: the flat fares of a feed, by route where it says so. Zones are left out.

use super::archive::Archive;
use super::report::Report;
use super::table::Table;
use crate::error::ImportError;
use std::collections::HashMap;

/// Hundredths, currency, changes included.
pub(super) type Fare = (u32, String, u8);

/// The price of a ride by route; under the empty name the one for all.
pub(super) fn read(archive: &mut Archive, report: &mut Report) -> Result<HashMap<String, Fare>, ImportError> {
    let mut by_id: HashMap<String, Fare> = HashMap::new();
    let mut cheapest: Option<Fare> = None;
    if let Some(bytes) = archive.bytes("fare_attributes.txt")? {
        let mut table = Table::new("fare_attributes.txt", &bytes)?;
        let [id, price, currency, changes] =
            ["fare_id", "price", "currency_type", "transfers"].map(|c| table.column(c));
        while let Some(row) = table.next_row(report) {
            let Some(amount) = row.number::<f64>(price).filter(|p| (0.0..1e6).contains(p)) else {
                report.drop("fares without a price", row.text(id));
                continue;
            };
            let changes = row.number::<u8>(changes).unwrap_or(255);
            let fare = ((amount * 100.0).round() as u32, row.text(currency), changes);
            if cheapest.as_ref().is_none_or(|c| fare.0 < c.0) {
                cheapest = Some(fare.clone());
            }
            by_id.insert(row.text(id), fare);
        }
    }
    let mut by_route = HashMap::new();
    if let Some(bytes) = archive.bytes("fare_rules.txt")? {
        let mut table = Table::new("fare_rules.txt", &bytes)?;
        let [id, route] = ["fare_id", "route_id"].map(|c| table.column(c));
        while let Some(row) = table.next_row(report) {
            match by_id.get(row.field(id)) {
                Some(fare) => _ = by_route.insert(row.text(route), fare.clone()),
                None => report.drop("fare rules for unknown fares", row.text(id)),
            }
        }
    }
    if by_route.is_empty()
        && let Some(fare) = cheapest
    {
        by_route.insert(String::new(), fare);
    }
    Ok(by_route)
}
