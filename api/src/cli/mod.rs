//! What the command line answers by itself, without a server: routes, places, the making of city files, backups.
//!
//! Answers go to standard output, everything else to standard error.

pub mod backup;
pub mod import;
pub mod journeys;
pub mod sketch;

use city::{City, Point, Query};

use crate::transport::routes::outside;

/// A position as `lat,lon`, or the best place of a name.
///
/// # Errors
/// What can't be found, and how to look for it.
fn spot(city: &City, text: &str) -> anyhow::Result<(String, Point)> {
    let number = |part: &str| part.trim().parse::<f64>().ok();
    if let Some((lat, lon)) = text.split_once(',').and_then(|(lat, lon)| number(lat).zip(number(lon))) {
        let at = Point::new(lat, lon);
        city.street_at(at).map_err(|why| anyhow::anyhow!("{}", outside(city, text, at, &why).detail))?;
        return Ok((text.to_owned(), at));
    }
    let found = city.geocode(Query { text, near: Some(city.bounds().centre()), limit: 1 }).into_iter().next();
    let place = found.ok_or_else(|| {
        anyhow::anyhow!(
            "no place in {} is like `{text}`; give `lat,lon`, or see what there is: wayfare geocode NAME",
            city.name()
        )
    })?;
    Ok((place.name, place.at))
}
