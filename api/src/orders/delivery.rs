//! How an order can be brought: by bike, on foot, by car, and small ones by bus, each with its time and emissions.
//!
//! The figures are of the way from the shop to the customer at the moment of asking; the courier's way back isn't counted.
//! They are worked out by the city and never stop an order: an address that the map doesn't reach has none.

use city::{
    City, Moment, Point, Vehicle, When,
    emissions::{self, CAR_OCCUPANCY, Emission, Traveller},
};
use poem_openapi::Object;

use crate::{
    App,
    catalog::sites::Site,
    error::{Error, Result},
    orders::{order::Mode, place::NewOrder},
    transport::{factor::Factor, journey::tenths, routes::Reason},
};

/// The most pieces that somebody takes along on a bus.
pub const MOST_BY_BUS: i32 = 5;

/// The ways in which an order could be brought
#[derive(Debug, Object)]
pub struct Delivery {
    pub shop_id: i64,
    pub options: Vec<DeliveryOption>,
    /// What the emissions were worked out with
    pub factors: Vec<Factor>,
}

/// One way to bring an order
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct DeliveryOption {
    /// As the order names it
    pub mode: Mode,
    pub trip: Option<Trip>,
    /// Why it can't be brought so
    pub reason: Option<Reason>,
}

/// The way from the shop to the customer
#[derive(Clone, Copy, Debug, PartialEq, Object)]
pub struct Trip {
    pub metres: i32,
    /// Waits for the bus included
    pub seconds: i32,
    /// Greenhouse gases of the whole vehicle, by bus of one passenger, grams of CO2 equivalent
    pub co2e_grams: f64,
}

/// All ways to bring so many pieces from a shop to a point.
///
/// # Errors
/// 404 for a shop that there isn't.
pub async fn options(app: &App, shop: i64, to: Point, pieces: i32) -> Result<Delivery> {
    let from = app.sites.of(app, shop).await?.at;
    let now = now(app);
    let mut delivery = Delivery { shop_id: shop, options: vec![], factors: vec![] };
    for mode in [Mode::Bike, Mode::Foot, Mode::Car, Mode::Bus] {
        let found = fits(mode, pieces).and_then(|()| Ok(trip(&app.city, from, to, mode, now)?));
        let (trip, reason) = match found {
            Ok((trip, emission)) => {
                let new = |f: &&&emissions::Factor| !delivery.factors.iter().any(|known| known.what == f.what);
                let new: Vec<Factor> = emission.factors.iter().filter(new).map(|f| (*f).into()).collect();
                delivery.factors.extend(new);
                (Some(trip), None)
            }
            Err(why) => (None, Some(Reason { code: why.code.to_owned(), detail: why.detail })),
        };
        delivery.options.push(DeliveryOption { mode, trip, reason });
    }
    Ok(delivery)
}

/// The way of an order that is being placed; nothing where the map knows none.
///
/// # Errors
/// 422 for too many pieces for a bus.
pub fn chosen(app: &App, site: &Site, new: &NewOrder, pieces: i32) -> Result<Option<Trip>> {
    fits(new.mode, pieces)?;
    let to = Point::new(new.address.lat, new.address.lon);
    Ok(trip(&app.city, site.at, to, new.mode, now(app)).ok().map(|(trip, _)| trip))
}

fn now(app: &App) -> Moment {
    app.city.zone().moment(app.clock.now().timestamp())
}

fn fits(mode: Mode, pieces: i32) -> Result<()> {
    if mode == Mode::Bus && pieces > MOST_BY_BUS {
        let detail = format!("By bus at most {MOST_BY_BUS} pieces can be brought; choose another mode.");
        return Err(Error::invalid("too_much_for_bus", detail));
    }
    Ok(())
}

fn trip(city: &City, from: Point, to: Point, mode: Mode, now: Moment) -> Result<(Trip, Emission), city::Error> {
    let (metres, seconds, emission) = match mode {
        Mode::Foot => street(city, from, to, Vehicle::Foot, Traveller::Foot)?,
        Mode::Bike => street(city, from, to, Vehicle::Bike, Traveller::Bike)?,
        Mode::Car => {
            let (metres, seconds, emission) = street(city, from, to, Vehicle::Car, Traveller::Car)?;
            // Nobody shares the car with the parcel.
            (metres, seconds, Emission { grams: emission.grams * CAR_OCCUPANCY, ..emission })
        }
        Mode::Bus => {
            let found = city.ride(from, to, city::Mode::Bus, When::Depart(now))?;
            let best = found.into_iter().next().ok_or(city::Error::NoRoute(city::NoRoute::NoServiceInTime))?;
            // From now on: the wait for the first bus is part of it.
            (best.metres, best.arrive.since(now) as f64, best.emission)
        }
    };
    let whole = |value: f64| value.round().clamp(0.0, f64::from(i32::MAX)) as i32;
    Ok((Trip { metres: whole(metres), seconds: whole(seconds), co2e_grams: tenths(emission.grams) }, emission))
}

fn street(
    city: &City,
    from: Point,
    to: Point,
    vehicle: Vehicle,
    traveller: Traveller,
) -> Result<(f64, f64, Emission), city::Error> {
    let found = city.summary(from, to, vehicle)?;
    Ok((found.metres, found.seconds, emissions::of(&[(traveller, found.metres)])))
}
