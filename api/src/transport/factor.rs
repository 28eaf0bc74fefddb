//! What emissions are worked out with.

use city::emissions::{CAR_OCCUPANCY, Factor as Known, Per, Scope};
use poem_openapi::{Enum, Object};

/// What a factor is multiplied with
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "FactorUnit")]
pub enum Unit {
    /// Grams of CO2e for a kilometre of one passenger
    GramsPerPassengerKilometre,
    /// Grams of CO2e for a kilometre of the vehicle, shared by those inside
    GramsPerVehicleKilometre,
}

/// What a factor includes
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "FactorScope")]
pub enum Includes {
    /// Fuel burnt or power made, on the way
    Use,
    /// Use, and making the vehicle
    UseAndVehicle,
}

/// Greenhouse gases of a way of travelling
#[derive(Clone, Debug, PartialEq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Factor {
    /// Of what: `bus, diesel`
    pub what: String,
    pub value: f64,
    pub unit: Unit,
    pub scope: Includes,
    /// Who published it
    pub source: String,
    /// In which year
    pub year: u16,
    /// People in the vehicle that it is divided by, where it is
    pub shared_by: Option<f64>,
}

impl From<&Known> for Factor {
    fn from(known: &Known) -> Self {
        let Known { what, grams, per, scope, source, year } = *known;
        let (unit, shared_by) = match per {
            Per::PassengerKilometre => (Unit::GramsPerPassengerKilometre, None),
            Per::VehicleKilometre => (Unit::GramsPerVehicleKilometre, Some(CAR_OCCUPANCY)),
        };
        let scope = match scope {
            Scope::Use => Includes::Use,
            Scope::UseAndVehicle => Includes::UseAndVehicle,
        };
        Self { what: what.to_owned(), value: grams, unit, scope, source: source.to_owned(), year, shared_by }
    }
}
