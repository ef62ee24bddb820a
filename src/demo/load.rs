//! The demo city into a database and a map file, at the first start.

use std::path::Path;

use chrono::NaiveDate;

use super::{City, Place, Unit, bookables, generate, people};
use crate::circle::places::kinds::Kinds;
use crate::circle::places::{Door, DoorKind, Facts, PlaceRow, Source, Stop, ids_by_reference, store_places};
use crate::circle::streets::{BuildOptions, build};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::grid::{UnitRow, store_units, unit_ids_by_code};
use crate::identity::People;
use crate::rows::Imported;

/// The city that the demo shows.
pub const SEED: u64 = 2026;

/// Writes the map of the demo's streets.
pub fn write_map(path: &Path) -> Result<()> {
    let options = BuildOptions {
        bbox: None,
        attribution: "Synthetic demo city, invented by OneGrid".to_owned(),
        source: format!("demo city {SEED}"),
    };
    let streets = generate(SEED).streets;
    let (bytes, _) = build(&streets, &options, &mut |_, _| {}).map_err(Error::internal)?;
    bytes.write(path).map_err(Error::internal)
}

/// What was stored.
#[derive(Debug)]
pub struct Loaded {
    /// The units.
    pub units: Imported,
    /// The places.
    pub places: Imported,
    /// How many people.
    pub people: usize,
    /// How many resources that are booked.
    pub resources: usize,
}

/// Stores the demo's units, places and people, in one transaction. What is there
/// already stays as it is.
pub async fn load(db: &Db, people: &People, today: NaiveDate) -> Result<Loaded> {
    let city = generate(SEED);
    let (settled, served) = (city.units.clone(), city.places.clone());
    let (units, places) = rows(city)?;
    let people = people.clone();
    db.write(move |tx| {
        let imported_units = store_units(tx, units.clone(), Vec::new(), false)?;
        let imported_places = store_places(tx, Source::Import, places.clone(), Vec::new(), false)?;
        match imported_units.faults.iter().chain(&imported_places.faults).next() {
            Some(fault) => Err(Error::internal(format!("the demo city is at fault: {fault}"))),
            None => {
                let ids = unit_ids_by_code(tx)?;
                let served_by = ids_by_reference(tx, Source::Import)?;
                let county = settled
                    .iter()
                    .find(|unit| unit.level == "county" && is_drawn(unit, &settled));
                let county = county.and_then(|unit| ids.get(&unit.code)).copied();
                let county = county.ok_or_else(|| Error::internal("the demo city has no county"))?;
                Ok(Loaded {
                    resources: bookables::enter(tx, &served, (&served_by, &ids, &settled), county, today)?,
                    units: imported_units,
                    places: imported_places,
                    people: people::settle(tx, &people, &settled, &ids, today)?,
                })
            }
        }
    })
    .await
}

/// Whether anything lies below a unit.
fn is_drawn(unit: &Unit, all: &[Unit]) -> bool {
    all.iter().any(|other| other.parent_code.as_ref() == Some(&unit.code))
}

fn rows(city: City) -> Result<(Vec<UnitRow>, Vec<PlaceRow>)> {
    let units = (1..)
        .zip(city.units)
        .map(|(line, unit)| unit_row(line, unit))
        .collect::<Result<_>>()?;
    let places = (1..)
        .zip(city.places)
        .map(|(line, place)| place_row(line, place))
        .collect::<Result<_>>()?;
    Ok((units, places))
}

fn unit_row(line: u64, unit: Unit) -> Result<UnitRow> {
    let unknown = || Error::internal(format!("the demo city has a unit of level {}", unit.level));
    Ok(UnitRow {
        line,
        level: unit.level.parse().map_err(|()| unknown())?,
        setting: unit.setting.parse().map_err(|()| unknown())?,
        code: unit.code,
        parent_code: unit.parent_code,
        name: unit.name,
        name_en: Some(unit.name_en),
        population: unit.population,
        location: unit.location,
    })
}

fn place_row(line: u64, place: Place) -> Result<PlaceRow> {
    let kind = Kinds::table()
        .get(place.kind)
        .ok_or_else(|| Error::internal(format!("the demo city has a place of kind {}", place.kind)))?;
    Ok(PlaceRow {
        line,
        reference: place.reference,
        unit_code: Some(place.unit_code),
        facts: Facts {
            name: place.name,
            name_en: Some(place.name_en),
            kind,
            unit_id: None,
            location: place.point,
            opening_hours: place.opening_hours,
            phone: place.phone,
            wheelchair: None,
            doors: place
                .doors
                .into_iter()
                .map(|point| Door {
                    kind: DoorKind::Entrance,
                    name: None,
                    point,
                })
                .collect(),
            stops: place
                .stops
                .into_iter()
                .map(|stop| Stop {
                    point: stop.point,
                    opening_hours: stop.opening_hours,
                })
                .collect(),
        },
    })
}
