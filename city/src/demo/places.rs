//! Where one goes: districts, squares, landmarks, shops and kitchens.

use super::ground::{Ground, HIGH, WIDE};
use super::names::{DISTRICTS, shop};
use super::streets::Plan;
use crate::draft::{CityDraft, DraftPlace};
use crate::geo::Coord;
use crate::random::Random;

/// Landmarks: name, kind, and where in the town (shares of its width and height).
const LANDMARKS: [(&str, (&str, &str), f64, f64); 22] = [
    ("Market Square", ("place", "square"), 0.50, 0.50),
    ("Town Hall", ("amenity", "townhall"), 0.52, 0.53),
    ("Harbour", ("leisure", "marina"), 0.86, 0.47),
    ("Central Station", ("railway", "station"), 0.44, 0.60),
    ("University", ("amenity", "university"), 0.33, 0.70),
    ("General Hospital", ("amenity", "hospital"), 0.66, 0.72),
    ("City Library", ("amenity", "library"), 0.47, 0.46),
    ("History Museum", ("tourism", "museum"), 0.55, 0.44),
    ("Riverside Theatre", ("amenity", "theatre"), 0.58, 0.49),
    ("City Stadium", ("leisure", "stadium"), 0.22, 0.30),
    ("Observatory", ("tourism", "attraction"), 0.80, 0.78),
    ("Castle Gardens", ("leisure", "park"), 0.23, 0.72),
    ("Botanical Garden", ("leisure", "garden"), 0.68, 0.30),
    ("Grammar School", ("amenity", "school"), 0.40, 0.36),
    ("Northside School", ("amenity", "school"), 0.52, 0.82),
    ("Quarry Pool", ("leisure", "swimming_pool"), 0.74, 0.20),
    ("Westgate Clinic", ("amenity", "clinic"), 0.14, 0.52),
    ("Old Mill", ("tourism", "attraction"), 0.28, 0.45),
    ("East Gate Mall", ("shop", "mall"), 0.78, 0.58),
    ("South Depot", ("amenity", "bus_station"), 0.50, 0.10),
    ("Fire Station", ("amenity", "fire_station"), 0.60, 0.60),
    ("Police Headquarters", ("amenity", "police"), 0.46, 0.54),
];

/// The shops and kitchens that orders come from, as `LANDMARKS`. The service's own demo data finds them by these names.
const STORES: [(&str, (&str, &str), f64, f64); 13] = [
    ("Harbour Bakery", ("shop", "bakery"), 0.82, 0.47),
    ("Market Hall Greens", ("shop", "greengrocer"), 0.50, 0.49),
    ("Noodle House Lin", ("amenity", "restaurant"), 0.46, 0.60),
    ("Pizzeria Vesuvio", ("amenity", "restaurant"), 0.60, 0.40),
    ("Curry Leaf", ("amenity", "restaurant"), 0.44, 0.33),
    ("Green Bowl", ("amenity", "restaurant"), 0.36, 0.68),
    ("Old Town Books", ("shop", "books"), 0.53, 0.55),
    ("Wheel & Spoke", ("shop", "bicycle"), 0.30, 0.45),
    ("Corner Pharmacy", ("amenity", "pharmacy"), 0.64, 0.70),
    ("Night Owl", ("shop", "convenience"), 0.43, 0.61),
    ("Cheese & Vine", ("shop", "deli"), 0.57, 0.58),
    ("Flora", ("shop", "florist"), 0.66, 0.33),
    ("Little Ones", ("shop", "toys"), 0.42, 0.38),
];

/// Kinds of other shops and kitchens, and how many of each.
const SHOPS: [(&str, &str, usize); 12] = [
    ("amenity", "restaurant", 34),
    ("amenity", "fast_food", 22),
    ("amenity", "cafe", 26),
    ("shop", "bakery", 22),
    ("shop", "supermarket", 16),
    ("shop", "convenience", 20),
    ("amenity", "pharmacy", 12),
    ("shop", "books", 6),
    ("shop", "clothes", 14),
    ("shop", "hairdresser", 16),
    ("shop", "florist", 8),
    ("amenity", "bank", 8),
];

pub(super) fn open(ground: &Ground, plan: &Plan, draft: &mut CityDraft, random: &mut Random) {
    for (row, names) in DISTRICTS.iter().enumerate() {
        for (column, name) in names.iter().enumerate() {
            let at = crossing(ground, plan, (column as f64 + 0.5) / 3.0, (row as f64 + 0.5) / 3.0);
            draft.places.push(named(name, ("place", "suburb"), at));
        }
    }
    for (name, kind, x, y) in LANDMARKS {
        draft.places.push(named(name, kind, crossing(ground, plan, x, y)));
    }
    let houses: Vec<DraftPlace> = draft.places.iter().filter(|p| !p.number.is_empty()).cloned().collect();
    for (name, (key, value), x, y) in STORES {
        let at = crossing(ground, plan, x, y);
        let house = houses.iter().min_by_key(|h| rank(h.at, at)).unwrap_or(&houses[0]);
        let kind = (key.to_owned(), value.to_owned());
        draft.places.push(DraftPlace { name: name.to_owned(), kind, ..house.clone() });
    }
    let middle = ground.coord(WIDE / 2, HIGH / 2);
    for (key, value, count) in SHOPS {
        for _ in 0..count {
            // Of a few houses the one nearest the middle: shops crowd there.
            let few: Vec<&DraftPlace> = (0..3).map(|_| random.pick(&houses)).collect();
            let house = few.into_iter().min_by_key(|h| rank(h.at, middle)).unwrap_or(&houses[0]);
            draft.places.push(DraftPlace {
                name: shop(random, value),
                kind: (key.to_owned(), value.to_owned()),
                ..house.clone()
            });
        }
    }
}

fn rank(a: Coord, b: Coord) -> i64 {
    let (x, y) = (i64::from(a.lon - b.lon) / 3 * 2, i64::from(a.lat - b.lat));
    x * x + y * y
}

fn named(name: &str, (key, value): (&str, &str), at: Coord) -> DraftPlace {
    DraftPlace {
        name: name.to_owned(),
        kind: (key.to_owned(), value.to_owned()),
        at,
        street: String::new(),
        number: String::new(),
    }
}

/// The crossing nearest to a place given in shares of the town's width and height.
pub(super) fn crossing(ground: &Ground, plan: &Plan, x: f64, y: f64) -> Coord {
    let (i, j) = nearest(plan, x, y);
    ground.coord(i, j)
}

pub(super) fn nearest(plan: &Plan, x: f64, y: f64) -> (usize, usize) {
    let (wi, wj) = ((x * (WIDE - 1) as f64) as i64, (y * (HIGH - 1) as f64) as i64);
    let all = (0..WIDE * HIGH).filter(|c| plan.node[*c] != u32::MAX);
    let best = all.min_by_key(|c| {
        let (dx, dy) = ((c % WIDE) as i64 - wi, (c / WIDE) as i64 - wj);
        dx * dx + dy * dy
    });
    best.map_or((0, 0), |c| (c % WIDE, c / WIDE))
}
