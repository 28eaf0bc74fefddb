//! How far our answers and the peers' lie apart, and why where they lie farthest.

use city::{City, Day, Journey, Moment, Point, Vehicle, When, line_metres};

use super::{
    contest::{Pair, points},
    peer::Answer,
};
use crate::{
    contest::Spread,
    report::{Bound, Report, Row},
};

const WORST: usize = 10;
/// Ends this far apart mean that two engines started from different streets.
const APART_METRES: f64 = 25.0;

struct Compared {
    pair: Pair,
    ours: f64,
    osrm: Answer,
    valhalla: Option<Answer>,
}

impl Compared {
    fn ratio(&self) -> f64 {
        self.ours / self.osrm.metres
    }

    fn off(&self) -> f64 {
        (self.ratio() - 1.0).abs()
    }
}

/// Distances of one vehicle against OSRM's, with Valhalla as the third opinion on the worst pairs.
pub fn compare(
    city: &City,
    mode: &str,
    vehicle: Vehicle,
    pairs: &[Pair],
    [osrm, valhalla]: [&[Option<Answer>]; 2],
    report: &mut Report,
) {
    let mut compared = Vec::new();
    for (pair, (osrm, valhalla)) in pairs.iter().zip(osrm.iter().zip(valhalla)) {
        let [a, b] = points(*pair);
        let ours = city.summary(a, b, vehicle).ok();
        // Below a hundred metres a share of the distance says nothing.
        if let (Some(ours), Some(osrm)) = (ours, osrm.clone().filter(|o| o.metres > 100.0)) {
            compared.push(Compared { pair: *pair, ours: ours.metres, osrm, valhalla: valhalla.clone() });
        }
    }
    let share =
        |within: f64| compared.iter().filter(|c| c.off() <= within).count() as f64 * 100.0 / compared.len() as f64;
    let mut row = |what: String, unit, value: f64, bound| {
        report.rows.push(Row { what, unit, ours: Spread::of(vec![value]), rival: None, bound });
    };
    let (one, five) = match vehicle {
        Vehicle::Foot => (Some(85.0), 98.0),
        Vehicle::Car => (None, 70.0),
        Vehicle::Bike => (None, 55.0),
    };
    if let Some(least) = one {
        row(format!("{mode}: distance within 1 % of OSRM's"), "% of pairs", share(0.01), Bound::AtLeast(least));
    }
    row(format!("{mode}: distance within 5 % of OSRM's"), "% of pairs", share(0.05), Bound::AtLeast(five));
    let mut ratios: Vec<f64> = compared.iter().map(Compared::ratio).collect();
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN);
    row(format!("{mode}: median of our distance by OSRM's"), "", median, Bound::Between(0.98, 1.05));
    report.notes.push(peers_between_themselves(mode, &compared));
    compared.sort_by(|x, y| y.off().total_cmp(&x.off()));
    report.notes.push(format!("{mode}: the {WORST} pairs that lie farthest apart, of {}", compared.len()));
    report.notes.extend(compared.iter().take(WORST).map(|c| explained(city, vehicle, c)));
}

fn peers_between_themselves(mode: &str, compared: &[Compared]) -> String {
    let both: Vec<f64> =
        compared.iter().filter_map(|c| Some((c.valhalla.as_ref()?.metres / c.osrm.metres - 1.0).abs())).collect();
    let share = |within: f64| both.iter().filter(|off| **off <= within).count() as f64 * 100.0 / both.len() as f64;
    format!("{mode}: OSRM and Valhalla are within 1 % for {:.1} %, within 5 % for {:.1} %", share(0.01), share(0.05))
}

/// One pair: where, how far and how long for each engine by its own speeds, and the first reason that holds.
fn explained(city: &City, vehicle: Vehicle, c: &Compared) -> String {
    let [a, b] = points(c.pair);
    let journey = city.drive(a, b, vehicle, When::Depart(Moment::new(Day::default(), 0)), 0).ok();
    let journey = journey.and_then(|found| found.into_iter().next());
    let told = |metres: f64, seconds: f64| format!("{metres:.0} m in {:.1} min", seconds / 60.0);
    let ours = told(c.ours, journey.as_ref().map_or(f64::NAN, |j| j.seconds as f64));
    let valhalla = c.valhalla.as_ref().map_or("–".into(), |v| told(v.metres, v.seconds));
    let [x, y, z, w] = c.pair;
    format!(
        "  {x:.5},{y:.5} → {z:.5},{w:.5}: ours {ours}, OSRM {}, Valhalla {valhalla}: {}",
        told(c.osrm.metres, c.osrm.seconds),
        reason(journey, c, [a, b])
    )
}

fn reason(journey: Option<Journey>, c: &Compared, [a, b]: [Point; 2]) -> String {
    let shape = journey.and_then(|j| j.legs.into_iter().next()).map(|leg| leg.shape);
    let met = shape.and_then(|s| s.first().copied().zip(s.last().copied()));
    if let (Some((start, end)), [p, q]) = (met, c.osrm.ends.as_slice()) {
        for (which, own, theirs, asked) in [("start", start, p, a), ("goal", end, q, b)] {
            let theirs = Point::new(theirs[0], theirs[1]);
            let apart = line_metres(&[own, theirs]);
            if apart > APART_METRES {
                let (own, theirs) = (line_metres(&[own, asked]), line_metres(&[theirs, asked]));
                return format!(
                    "the {which} meets the streets {apart:.0} m apart (ours {own:.0} m from the point, theirs {theirs:.0} m)"
                );
            }
        }
    }
    let close = |v: &Answer, metres: f64| (v.metres / metres - 1.0).abs() <= 0.05;
    match &c.valhalla {
        Some(v) if close(v, c.ours) => "Valhalla takes our way".into(),
        Some(v) if close(v, c.osrm.metres) => "both peers take another way: their speeds differ from ours".into(),
        Some(_) => "three engines, three ways: speeds and penalties differ".into(),
        None => "the ways differ".into(),
    }
}

/// Arrivals by bus. Ours are the earliest for our walks; the peer walks and changes by other rules, so some are earlier.
pub fn buses(city: &City, pairs: &[Pair], depart: Moment, peer: &[Option<Answer>], report: &mut Report) {
    let answered = pairs.iter().zip(peer).filter_map(|(pair, answer)| {
        let [a, b] = points(*pair);
        let (arrive, rides) = city.earliest_arrival(a, b, depart).ok()?;
        Some((*pair, arrive.since(depart) as f64, rides, answer.as_ref()?))
    });
    let mut both: Vec<_> = answered.collect();
    let count = |test: &dyn Fn(f64, &Answer) -> bool| both.iter().filter(|(_, ours, _, a)| test(*ours, a)).count();
    report.notes.push(format!(
        "bus and foot: of {} pairs Valhalla answers {}, {} with a ride; ours arrives more than a minute earlier for {}, later for {}; latest against it:",
        pairs.len(),
        both.len(),
        count(&|_, a| a.rides > 0),
        count(&|ours, a| ours < a.seconds - 60.0),
        count(&|ours, a| ours > a.seconds + 60.0),
    ));
    both.sort_by(|x, y| (y.1 - y.3.seconds).total_cmp(&(x.1 - x.3.seconds)));
    report.notes.extend(both.iter().take(5).map(|([a, b, c, d], ours, rides, theirs)| {
        format!(
            "  {a:.5},{b:.5} → {c:.5},{d:.5}: ours {ours:.0} s with {rides} rides, Valhalla {:.0} s with {}",
            theirs.seconds, theirs.rides
        )
    }));
}
