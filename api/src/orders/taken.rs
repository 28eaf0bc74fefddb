//! Whether a shop takes an order at all: it is open, and the address isn't somewhere else in the world.

use city::Point;

use crate::{
    App,
    catalog::{hours, sites::Site},
    error::{Detail, Error, Result},
    orders::order::Address,
};

/// How far beyond the city's map an order is brought.
const BEYOND_METRES: f64 = 25_000.0;

/// # Errors
/// 409 with the next opening in it when the shop is closed; 422 for an address that is too far away.
pub fn check(app: &App, site: &Site, address: &Address) -> Result<()> {
    let (now, zone) = (app.clock.now(), hours::zone(&app.city));
    if !site.hours.is_open(now, zone) {
        return Err(closed(site, site.hours.next(now, zone).map(hours::written)));
    }
    if !app.city.bounds().grown(BEYOND_METRES).contains(Point::new(address.lat, address.lon)) {
        let (city, kilometres) = (app.city.name(), BEYOND_METRES / 1_000.0);
        let detail = format!("The address is too far away: orders are brought up to {kilometres} km around {city}.");
        return Err(Error::invalid("too_far", detail));
    }
    Ok(())
}

fn closed(site: &Site, opens: Option<(String, String)>) -> Error {
    let Some((day, instant)) = opens else {
        return Error::conflict("shop_closed", format!("{} takes no orders: it has no opening hours.", site.name));
    };
    let detail = format!("{} is closed now. It opens on {day}; order again then.", site.name);
    Error::conflict("shop_closed", detail).with(vec![Detail { at: "opens_at".to_owned(), detail: instant }])
}
