//! From a point to the nearest address, place or street.

use super::Place;
use crate::City;
use crate::error::Error;
use crate::geo::Point;

/// A house farther than this isn't where the point is. Metres.
const HOUSE_METRES: f64 = 60.0;
/// The same for shops and the like, which are points.
const PLACE_METRES: f64 = 250.0;
/// The farthest a district's name carries.
const DISTRICT_METRES: f64 = 4_000.0;

impl City {
    /// What is at a point, nearest first: the house, the street, then named places around.
    ///
    /// # Errors
    /// When the point isn't on Earth or outside the city.
    pub fn reverse(&self, at: Point, limit: usize) -> Result<Vec<Place>, Error> {
        self.snap(at, crate::Vehicle::Foot)?;
        let g = &self.gazetteer;
        let mut found = Vec::new();
        if let Some((house, metres)) = g.house_grid.nearest(&g.houses, at, HOUSE_METRES, |_| true)
            && let Some(mut place) = self.place(g.house_street[house as usize])
        {
            g.names.get(g.house_number[house as usize]).clone_into(&mut place.number);
            place.street.clone_from(&place.name);
            place.name = format!("{} {}", place.street, place.number);
            (place.key, place.value) = ("building".to_owned(), "yes".to_owned());
            place.at = g.houses[house as usize].point();
            place.metres = Some(metres);
            found.push(place);
        }
        let (street, metres) = self.nearest_street(at).unwrap_or_default();
        let same = |id: &u32| g.names.get(g.entries[*id as usize].name) == street;
        let streets = (0..g.entries.len() as u32).filter(|id| !street.is_empty() && same(id));
        let nearest = streets.min_by(|a, b| {
            let far = |id: u32| g.entries[id as usize].at.point().metres_to(at);
            far(*a).total_cmp(&far(*b))
        });
        found.extend(nearest.and_then(|id| self.place(id)).map(|p| Place { metres: Some(metres), ..p }));
        let mut around: Vec<(f64, u32)> = Vec::new();
        g.grid.within(&g.spots, at, PLACE_METRES, |id, metres| around.push((metres, id)));
        around.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let named =
            around.into_iter().filter_map(|(metres, id)| self.place(id).map(|p| Place { metres: Some(metres), ..p }));
        found.extend(named.filter(|p| p.key != "highway"));
        found.truncate(limit.min(50));
        Ok(found)
    }

    /// The district that a point is in, by the nearest name of one.
    pub(crate) fn district(&self, at: Point) -> Option<&str> {
        let g = &self.gazetteer;
        let districts = g.districts.iter().copied();
        let near = districts.map(|e| (g.entries[e as usize].at.point().metres_to(at), e));
        let (_, entry) = near.filter(|(m, _)| *m < DISTRICT_METRES).min_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(g.names.get(g.entries[entry as usize].name))
    }
}
