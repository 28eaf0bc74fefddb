//! Greenhouse gases of journeys: one table of factors, each with its source and year, and the sum over a journey.
//!
//! Factors are averages; occupancy, weather and driving style are not considered.

use serde::Serialize;

/// What a factor is multiplied with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    PassengerKilometre,
    /// Shared by those in the vehicle.
    VehicleKilometre,
}

/// What a factor includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Fuel burnt or power made, on the way.
    Use,
    /// Use, and making the vehicle.
    UseAndVehicle,
}

/// Grams of CO2 equivalent for a kilometre.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Factor {
    pub what: &'static str,
    pub grams: f64,
    pub per: Per,
    pub scope: Scope,
    pub source: &'static str,
    pub year: u16,
}

const ADEME: &str = "ADEME Base Empreinte / Impact CO2";
const DESNZ: &str = "UK DESNZ/DEFRA conversion factors";

const fn ademe(what: &'static str, on_the_way: f64, vehicle: f64) -> Factor {
    Factor {
        what,
        grams: on_the_way + vehicle,
        per: Per::PassengerKilometre,
        scope: Scope::UseAndVehicle,
        source: ADEME,
        year: 2026,
    }
}

const fn desnz(what: &'static str, grams: f64, per: Per) -> Factor {
    Factor { what, grams, per, scope: Scope::Use, source: DESNZ, year: 2024 }
}

/// All factors known. The DESNZ values are second hand.
pub static FACTORS: [Factor; 16] = [
    ademe("on foot", 0.0, 0.0),
    ademe("bike", 0.0, 0.17),
    ademe("e-bike", 2.23, 8.72),
    ademe("bus, diesel", 113.5, 8.92),
    ademe("bus, electric", 9.5, 12.2),
    ademe("bus, gas", 112.8, 8.9),
    ademe("tram", 3.8, 0.48),
    ademe("metro", 4.2, 0.24),
    desnz("bus, average local", 108.46, Per::PassengerKilometre),
    desnz("car, petrol", 164.5, Per::VehicleKilometre),
    desnz("car, hybrid", 126.07, Per::VehicleKilometre),
    Factor {
        what: "car, thermal",
        grams: 217.6,
        per: Per::VehicleKilometre,
        scope: Scope::UseAndVehicle,
        source: ADEME,
        year: 2024,
    },
    Factor {
        what: "car, electric (older table)",
        grams: 103.4,
        per: Per::VehicleKilometre,
        scope: Scope::UseAndVehicle,
        source: ADEME,
        year: 2024,
    },
    Factor {
        what: "car, electric",
        grams: 67.4,
        per: Per::VehicleKilometre,
        scope: Scope::UseAndVehicle,
        source: ADEME,
        year: 2025,
    },
    desnz("ferry, on foot", 18.71, Per::PassengerKilometre),
    desnz("ferry, with a car", 129.33, Per::PassengerKilometre),
];

/// People in a car on average in city traffic: what a vehicle-kilometre is divided by.
pub const CAR_OCCUPANCY: f64 = 1.2;

/// Who emits on a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Traveller {
    Foot,
    Bike,
    Car,
    Bus,
    Tram,
    Metro,
    /// On a ferry without a car.
    Ferry,
    /// On a ferry with one.
    CarFerry,
}

impl Traveller {
    /// By GTFS route type, the extended ones included; rail counts as metro, everything unknown as a bus.
    #[must_use]
    pub fn of_route_type(kind: u16) -> Self {
        match kind {
            0 | 5 | 900..=906 => Self::Tram,
            1 | 2 | 12 | 100..=117 | 400..=405 => Self::Metro,
            _ => Self::Bus,
        }
    }

    /// The factor used.
    #[must_use]
    pub fn factor(self) -> &'static Factor {
        // Places in the table; a test ties them to the names.
        match self {
            Self::Foot => &FACTORS[0],
            Self::Bike => &FACTORS[1],
            Self::Bus => &FACTORS[3],
            Self::Tram => &FACTORS[6],
            Self::Metro => &FACTORS[7],
            Self::Car => &FACTORS[9],
            Self::Ferry => &FACTORS[14],
            Self::CarFerry => &FACTORS[15],
        }
    }

    fn grams_per_metre(self) -> f64 {
        let factor = self.factor();
        let shared = match factor.per {
            Per::PassengerKilometre => 1.0,
            Per::VehicleKilometre => CAR_OCCUPANCY,
        };
        factor.grams / 1000.0 / shared
    }
}

/// What a journey emits for one person, and the factors behind the number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Emission {
    pub grams: f64,
    pub factors: Vec<&'static Factor>,
}

/// The sum over parts: who, and metres.
#[must_use]
pub fn of(parts: &[(Traveller, f64)]) -> Emission {
    let mut factors: Vec<&'static Factor> = Vec::new();
    for (traveller, _) in parts {
        if !factors.iter().any(|f| f.what == traveller.factor().what) {
            factors.push(traveller.factor());
        }
    }
    Emission { grams: parts.iter().map(|(t, metres)| t.grams_per_metre() * metres).sum(), factors }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kilometre_by_bus_emits_the_factor() {
        assert!((of(&[(Traveller::Bus, 1000.0)]).grams - 122.42).abs() < 1e-9);
    }

    #[test]
    fn a_car_is_shared_by_its_occupancy() {
        assert!((of(&[(Traveller::Car, 2000.0)]).grams - 2.0 * 164.5 / CAR_OCCUPANCY).abs() < 1e-9);
    }

    #[test]
    fn each_traveller_has_the_factor_of_its_name() {
        assert_eq!(Traveller::Car.factor().what, "car, petrol");
        assert_eq!(Traveller::Metro.factor().what, "metro");
        assert_eq!(Traveller::Bus.factor().what, "bus, diesel");
        assert_eq!(Traveller::Ferry.factor().what, "ferry, on foot");
        assert_eq!(Traveller::CarFerry.factor().what, "ferry, with a car");
    }
}
