//! Houses with numbers along the streets, and the people in them.

use super::ground::{Ground, coord};
use super::streets::Plan;
use crate::draft::{CityDraft, DraftPlace};
use crate::network::Class;
use crate::random::Random;
use std::collections::HashMap;

/// Metres of street for one house on each side.
const FRONT: f64 = 27.0;
/// Metres from the middle of the street to the middle of a house.
const SETBACK: f64 = 17.0;

pub(super) fn build(ground: &Ground, plan: &Plan, draft: &mut CityDraft, random: &mut Random) {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    for block in plan.blocks.iter().filter(|b| !b.name.ends_with("Bridge")) {
        let (a, b) = (ground.metres(block.from.0, block.from.1), ground.metres(block.to.0, block.to.1));
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = (dx * dx + dy * dy).sqrt().max(1.0);
        let (ux, uy) = (dx / length, dy / length);
        let houses = ((length - 24.0) / FRONT) as u32;
        let next = numbers.entry(&block.name).or_insert(1);
        for h in 0..houses {
            let along = 12.0 + FRONT * (f64::from(h) + 0.5);
            for side in [0u32, 1] {
                let number = *next + 2 * h + side;
                let off = if side == 0 { SETBACK } else { -SETBACK };
                let spot = (a.0 + ux * along - uy * off, a.1 + uy * along + ux * off);
                let at = coord(spot);
                let centre = ground.centrality(spot);
                let floors = (1.0 + 4.5 * centre * centre + random.between(-0.5, 1.0)).max(1.0).floor();
                draft.buildings.push((at, (floors * 120.0) as f32));
                let shared = if block.class == Class::Path { 0.4 } else { 1.0 };
                let people = (floors * random.between(0.6, 2.6) * shared).round();
                if people > 0.0 {
                    draft.people.push((at, people as f32));
                }
                draft.places.push(DraftPlace {
                    name: String::new(),
                    kind: ("building".to_owned(), "yes".to_owned()),
                    at,
                    street: block.name.clone(),
                    number: number.to_string(),
                });
            }
        }
        *next += 2 * houses;
    }
}
