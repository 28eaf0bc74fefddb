//! The streets: rows and columns of the lattice cut into named pieces, with arterials, bridges, paths and one-ways.

use super::ground::{Ground, HIGH, WIDE, coord};
use super::names::StreetNames;
use crate::areas::AreaKind;
use crate::draft::CityDraft;
use crate::geo::Coord;
use crate::network::{Class, DraftWay, Manner, SIGNALS, Vehicle};
use crate::random::Random;

/// A block of street: its crossings, name and kind.
pub(super) struct Block {
    pub from: (usize, usize),
    pub to: (usize, usize),
    pub name: String,
    pub class: Class,
}

pub(super) struct Plan {
    pub blocks: Vec<Block>,
    /// Crossing → node of the draft, `u32::MAX` where there is none.
    pub node: Vec<u32>,
}

/// Every how many rows or columns an arterial runs.
const ARTERIAL: usize = 6;
/// Blocks until a street takes another name.
const NAMED_FOR: usize = 9;

pub(super) fn draw(ground: &Ground, draft: &mut CityDraft, random: &mut Random) -> Plan {
    let mut plan = Plan { blocks: Vec::new(), node: vec![u32::MAX; WIDE * HIGH] };
    for j in 0..HIGH {
        for i in 0..WIDE {
            if ground.exists(i, j) {
                plan.node[j * WIDE + i] = draft.streets.node(ground.coord(i, j));
                if i % ARTERIAL == 5 && j % ARTERIAL == 5 {
                    *draft.streets.marks.last_mut().expect("just added") |= SIGNALS;
                }
            }
        }
    }
    let mut names = StreetNames::new();
    for j in 0..HIGH {
        line(ground, &mut plan, draft, random, &mut names, (0..WIDE).map(|i| (i, j)).collect(), j % ARTERIAL == 5);
    }
    for i in 0..WIDE {
        let main = i % ARTERIAL == 5 || ground.bridges.contains(&i);
        line(ground, &mut plan, draft, random, &mut names, (0..HIGH).map(|j| (i, j)).collect(), main);
    }
    paths(ground, &plan, draft);
    plan
}

/// One row or column: blocks wherever both crossings exist and no water lies between.
fn line(
    ground: &Ground,
    plan: &mut Plan,
    draft: &mut CityDraft,
    random: &mut Random,
    names: &mut StreetNames,
    crossings: Vec<(usize, usize)>,
    main: bool,
) {
    let (mut name, mut left) = (String::new(), 0);
    let avenue = if main { names.avenue(random) } else { String::new() };
    let one_way = !main && random.chance(0.22);
    for pair in crossings.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let bridge = ground.crosses_river(from, to) && ground.bridges.contains(&from.0) && from.0 == to.0;
        let open = ground.exists(from.0, from.1) && ground.exists(to.0, to.1);
        let gap = !main && random.chance(0.07);
        if !open || gap || (ground.crosses_river(from, to) && !bridge) {
            left = 0;
            continue;
        }
        if left == 0 {
            name = if main { avenue.clone() } else { names.street(random) };
            left = NAMED_FOR;
        }
        left -= usize::from(!main);
        let centre = ground.centrality(ground.metres(from.0, from.1));
        let class = match (main, bridge) {
            (true, _) if from.0 % 18 == 5 || from.1 % 18 == 5 => Class::Secondary,
            (true, _) | (_, true) => Class::Tertiary,
            _ if centre > 0.985 => Class::Path,
            _ if centre > 0.93 => Class::Living,
            _ => Class::Street,
        };
        let one_way = one_way && centre > 0.35 && class == Class::Street;
        let label = if bridge { format!("{name} Bridge") } else { name.clone() };
        way(ground, plan, draft, random, Block { from, to, name: label, class }, one_way);
    }
}

fn way(ground: &Ground, plan: &mut Plan, draft: &mut CityDraft, random: &mut Random, block: Block, one_way: bool) {
    let (a, b) = (ground.metres(block.from.0, block.from.1), ground.metres(block.to.0, block.to.1));
    let bow = random.between(-7.0, 7.0);
    // A point a little beside the middle makes the street bend.
    let (dx, dy) = ((b.0 - a.0) / 100.0, (b.1 - a.1) / 100.0);
    let middle = coord(((a.0 + b.0) / 2.0 - dy * bow, (a.1 + b.1) / 2.0 + dx * bow));
    let ends = [block.from, block.to].map(|(i, j)| plan.node[j * WIDE + i]);
    let middle = draft.streets.node(middle);
    let nodes = vec![ends[0], middle, ends[1]];
    draft.streets.ways.push(DraftWay { nodes, name: block.name.clone(), manner: manner(block.class, one_way) });
    plan.blocks.push(block);
}

fn manner(class: Class, one_way: bool) -> Manner {
    let (bike, car) = match class {
        Class::Secondary => (1_500, 4_200),
        Class::Tertiary => (1_500, 3_700),
        Class::Street => (1_500, 2_400),
        Class::Living => (1_400, 1_000),
        Class::Cycleway => (1_600, 0),
        _ => (800, 0),
    };
    let mut manner = Manner { class: class as u8, ..Manner::default() };
    manner.speed[Vehicle::Foot as usize] = [500; 2];
    // Bicycles may ride against the traffic everywhere, as in most towns that allow it at all.
    manner.speed[Vehicle::Bike as usize] = [bike; 2];
    manner.speed[Vehicle::Car as usize] = [car, if one_way { 0 } else { car }];
    manner
}

/// Ways through the parks and along both banks, on foot and by bike.
fn paths(ground: &Ground, plan: &Plan, draft: &mut CityDraft) {
    for (number, (low, high)) in ground.parks.iter().enumerate() {
        let corners = [(low[0], low[1]), (high[0], high[1]), (low[0], high[1]), (high[0], low[1])];
        let nodes = corners.map(|(i, j)| plan.node.get(j * WIDE + i).copied().unwrap_or(u32::MAX));
        let outline: Vec<Coord> = [0, 2, 1, 3, 0].iter().map(|&c| ground.coord(corners[c].0, corners[c].1)).collect();
        draft.areas.push((AreaKind::Park, outline));
        let (a, b) = (ground.metres(low[0], low[1]), ground.metres(high[0], high[1]));
        let middle = draft.streets.node(coord(((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0)));
        for end in nodes.into_iter().filter(|n| *n != u32::MAX) {
            let name = format!("Park Path {}", number + 1);
            draft.streets.ways.push(DraftWay {
                nodes: vec![end, middle],
                name,
                manner: manner(Class::Cycleway, false),
            });
        }
    }
    draft.areas.push((AreaKind::River, ground.river()));
    for bank in [0, 1] {
        let row = |i: usize| ground.river_row(i).checked_sub(1 - bank).filter(|j| ground.exists(i, *j));
        for i in 0..WIDE - 1 {
            let ends = row(i).zip(row(i + 1)).filter(|(a, b)| a != b);
            let Some((a, b)) = ends else { continue };
            let nodes = vec![plan.node[a * WIDE + i], plan.node[b * WIDE + i + 1]];
            let name = if bank == 0 { "South Bank" } else { "North Bank" };
            draft.streets.ways.push(DraftWay { nodes, name: name.to_owned(), manner: manner(Class::Cycleway, false) });
        }
    }
}
