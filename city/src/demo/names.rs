//! Names of streets, districts and shops: all made up.

use crate::random::Random;
use std::collections::HashSet;

const FIRST: [&str; 56] = [
    "Alder", "Amber", "Anchor", "Apple", "Ash", "Baker", "Barley", "Bell", "Birch", "Bridge", "Canal", "Cedar",
    "Chapel", "Cherry", "Clover", "Cooper", "Copper", "Dove", "Elm", "Falcon", "Ferry", "Field", "Forge", "Fox",
    "Garden", "Glass", "Granite", "Harvest", "Hazel", "Heron", "Hill", "Ivory", "Juniper", "Lantern", "Lark", "Laurel",
    "Linden", "Maple", "Meadow", "Mill", "Oak", "Orchard", "Otter", "Pine", "Poplar", "Quarry", "Raven", "River",
    "Rose", "Saddler", "Silver", "Stone", "Swan", "Tanner", "Thistle", "Willow",
];
const LAST: [&str; 8] = ["Street", "Road", "Lane", "Way", "Row", "Close", "Walk", "Terrace"];
const AVENUES: [&str; 16] = [
    "Central Avenue",
    "Station Avenue",
    "Harbour Road",
    "University Avenue",
    "North Parade",
    "South Parade",
    "Castle Avenue",
    "Republic Street",
    "Liberty Avenue",
    "Museum Avenue",
    "Garden Avenue",
    "Stadium Road",
    "Old Mill Road",
    "East Gate Road",
    "West Gate Road",
    "Observatory Avenue",
];

/// What districts are called: by column and row of a three by three plan.
pub(super) const DISTRICTS: [[&str; 3]; 3] = [
    ["Millbank", "Southfields", "Quarry Hill"],
    ["Westgate", "Old Town", "Harbour"],
    ["Orchard Park", "Northside", "Observatory"],
];

/// Hands out street names, each once.
pub(super) struct StreetNames {
    given: HashSet<String>,
    avenues: usize,
}

impl StreetNames {
    pub fn new() -> Self {
        Self { given: HashSet::new(), avenues: 0 }
    }

    pub fn avenue(&mut self, random: &mut Random) -> String {
        let name = AVENUES.get(self.avenues).map(|n| (*n).to_owned());
        self.avenues += 1;
        name.unwrap_or_else(|| self.street(random))
    }

    pub fn street(&mut self, random: &mut Random) -> String {
        for _ in 0..60 {
            let name = format!("{} {}", random.pick(&FIRST), random.pick(&LAST));
            if self.given.insert(name.clone()) {
                return name;
            }
        }
        let name = format!(
            "{} {} {}",
            random.pick(&["New", "Upper", "Lower", "Little"]),
            random.pick(&FIRST),
            random.pick(&LAST)
        );
        self.given.insert(name.clone());
        name
    }
}

const SHOP_FIRST: [&str; 24] = [
    "Blue",
    "Golden",
    "Little",
    "Corner",
    "Old",
    "Green",
    "Happy",
    "Red",
    "Sunny",
    "Lucky",
    "Royal",
    "Silver",
    "Crooked",
    "Quiet",
    "Hungry",
    "Wandering",
    "Rolling",
    "Honest",
    "Velvet",
    "Copper",
    "Twin",
    "Morning",
    "Midnight",
    "Salty",
];
const SHOP_LAST: [&str; 20] = [
    "Kettle", "Spoon", "Oven", "Basket", "Lantern", "Table", "Pan", "Fig", "Olive", "Pepper", "Wheel", "Anchor",
    "Garden", "Hearth", "Whisk", "Barrel", "Plate", "Pear", "Crown", "Sparrow",
];

/// The name of a shop; the same pair of words may come twice in a large town.
pub(super) fn shop(random: &mut Random, kind: &str) -> String {
    let name = format!("{} {}", random.pick(&SHOP_FIRST), random.pick(&SHOP_LAST));
    match kind {
        "bakery" => format!("{name} Bakery"),
        "cafe" => format!("{name} Café"),
        "pharmacy" => format!("{name} Pharmacy"),
        "supermarket" => format!("{name} Market"),
        "books" => format!("{name} Books"),
        _ => name,
    }
}
