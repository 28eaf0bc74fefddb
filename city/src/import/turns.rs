//! Turn restrictions of OpenStreetMap. Those over a way instead of a node, and those bound to hours, are left out.

use super::pbf::{RawTurn, tag};
use super::report::Report;
use crate::draft::CityDraft;
use crate::network::{Turn, Vehicle};
use std::collections::HashMap;

pub(super) fn read(
    raw: &[RawTurn],
    nodes: &HashMap<i64, u32>,
    ways: &HashMap<i64, u32>,
    draft: &mut CityDraft,
    report: &mut Report,
) {
    for turn in raw {
        let own = tag(&turn.tags, "restriction:motorcar");
        let Some(kind) = own.or_else(|| tag(&turn.tags, "restriction")) else {
            report.drop("turn restrictions for others or for some hours", "");
            continue;
        };
        let except = tag(&turn.tags, "except").unwrap_or_default();
        let bikes = own.is_none() && !except.contains("bicycle");
        let cars = !except.contains("motorcar") && !except.contains("motor_vehicle");
        let vehicles = u8::from(bikes) << Vehicle::Bike as u8 | u8::from(cars) << Vehicle::Car as u8;
        let numbers = ways.get(&turn.from).zip(ways.get(&turn.to)).zip(nodes.get(&turn.via));
        let Some(((&from, &to), &via)) = numbers else {
            report.drop("turn restrictions outside the extract", "");
            continue;
        };
        let only = kind.starts_with("only_");
        if only || kind.starts_with("no_") {
            draft.streets.turns.push(Turn { from, via, to, only, vehicles });
        } else {
            report.drop("turn restrictions of an unknown kind", kind);
        }
    }
    report.take("turn restrictions", draft.streets.turns.len());
}
