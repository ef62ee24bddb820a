//! Places from a table or a GeoJSON file: whole or not at all, and twice is once.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::kinds::Kinds;
use super::model::{Facts, MOST_ACCESS_POINTS, PlaceId, Source, Stop, Wheelchair, is_phone};
use super::store;
use crate::calendar::Hours;
use crate::coordinates::{Crs, Point};
use crate::db::Tx;
use crate::error::Result;
use crate::grid::{Door, DoorKind, UnitId, is_door_name, unit_ids_by_code};
use crate::rows::{Fault, Imported, Row, read_csv};

const NEEDED: [&str; 5] = ["reference", "name", "kind", "lat", "lon"];
const OPTIONAL: [&str; 8] = [
    "name_en",
    "unit_code",
    "opening_hours",
    "phone",
    "wheelchair",
    "crs",
    "doors",
    "stops",
];
/// A change of so many places is told as "reload", not one by one.
const ONE_BY_ONE: usize = 200;

/// A place as a table has it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceRow {
    /// Where it stands in the file, for its faults.
    pub line: u64,
    /// By what it is known again.
    pub reference: String,
    /// The code of its unit.
    pub unit_code: Option<String>,
    /// What the row says about it; the unit is found by its code.
    pub facts: Facts,
}

impl PlaceRow {
    fn read(row: &Row, faults: &mut Vec<Fault>) -> Option<Self> {
        let mut own = Vec::new();
        let crs: Crs = row
            .parsed("crs", "wgs84, cgcs2000, gcj02 or bd09", &mut own)
            .unwrap_or_default();
        let reference = row.needed("reference", 120, &mut own);
        let name = row.needed("name", 80, &mut own);
        let kind = row.needed("kind", 40, &mut own);
        let known_kind = Kinds::table().get(&kind);
        if known_kind.is_none() && !kind.is_empty() {
            own.push(row.fault(
                "kind",
                format!("there is no kind {kind:?}; docs/categories.md lists them"),
            ));
        }
        let location = row.position("lat", "lon", &mut own);
        for column in ["lat", "lon"] {
            let told = own.iter().any(|fault| fault.column.as_deref() == Some(column));
            if row.text(column).is_none() && !told {
                own.push(row.fault(column, "is empty"));
            }
        }
        let opening_hours = row.short("opening_hours", 512, &mut own);
        if let Some(Err(error)) = opening_hours.as_deref().map(Hours::parse) {
            own.push(row.fault("opening_hours", error.to_string()));
        }
        let phone = row.text("phone").map(str::to_owned);
        if phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
            own.push(row.fault("phone", "is no telephone number"));
        }
        let name_en = row.short("name_en", 120, &mut own);
        let wheelchair: Option<Wheelchair> = row.parsed("wheelchair", "yes, limited or no", &mut own);
        let doors = doors(row, crs, &mut own);
        let stops = stops(row, crs, &mut own);
        for (column, count) in [("doors", doors.len()), ("stops", stops.len())] {
            if count > MOST_ACCESS_POINTS {
                own.push(row.fault(column, format!("has more than {MOST_ACCESS_POINTS}")));
            }
        }
        let unit_code = row.short("unit_code", 64, &mut own);
        let (kind, (lat, lon)) = match known_kind.zip(location) {
            Some(both) if own.is_empty() => both,
            _ => {
                faults.extend(own);
                return None;
            }
        };
        let facts = Facts {
            name,
            name_en,
            kind,
            unit_id: None,
            location: crs.to_wgs84(lat, lon),
            opening_hours,
            phone,
            wheelchair,
            doors,
            stops,
        };
        let contradictions = facts.contradictions();
        faults.extend(contradictions.iter().map(|(column, _, _, en)| row.fault(column, *en)));
        contradictions.is_empty().then_some(Self {
            line: row.line,
            reference,
            unit_code,
            facts,
        })
    }

    fn fault(&self, column: &str, why: String) -> Fault {
        Fault {
            line: self.line,
            column: Some(column.to_owned()),
            why,
        }
    }
}

/// Doors as `lat lon; lat lon`, each with its kind in front and its name behind
/// where they are known (`gate 31.2 112.6 东门`).
fn doors(row: &Row, crs: Crs, faults: &mut Vec<Fault>) -> Vec<Door> {
    let mut doors = Vec::new();
    for text in row.text("doors").into_iter().flat_map(|text| text.split(';')) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (kind, rest) = match words.as_slice() {
            [first, rest @ ..] if first.parse::<f64>().is_err() => (first.parse().ok(), rest),
            all => (Some(DoorKind::Entrance), all),
        };
        let (position, name) = rest.split_at(rest.len().min(2));
        let name = Some(name.join(" ")).filter(|name| !name.is_empty());
        let is_named_well = name.as_deref().is_none_or(is_door_name);
        match kind.zip(position_of(position, crs)) {
            Some((kind, point)) if is_named_well => doors.push(Door { kind, name, point }),
            _ => faults.push(row.fault(
                "doors",
                format!("{text:?} is not a door such as 31.2 112.6 or gate 31.2 112.6 东门"),
            )),
        }
    }
    doors
}

/// Stops as `lat lon hours | lat lon hours`.
fn stops(row: &Row, crs: Crs, faults: &mut Vec<Fault>) -> Vec<Stop> {
    let mut stops = Vec::new();
    for text in row.text("stops").into_iter().flat_map(|text| text.split('|')) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (position, hours) = words.split_at(words.len().min(2));
        let hours = hours.join(" ");
        match (position_of(position, crs), Hours::parse(&hours)) {
            (Some(point), Ok(_)) => stops.push(Stop {
                point,
                opening_hours: hours,
            }),
            _ => faults.push(row.fault(
                "stops",
                format!("{text:?} is not a stop such as 31.2 112.6 Tu 09:00-11:00"),
            )),
        }
    }
    stops
}

fn position_of(words: &[&str], crs: Crs) -> Option<Point> {
    let [lat, lon] = words else { return None };
    let (lat, lon) = (lat.parse().ok()?, lon.parse().ok()?);
    Point::new(lat, lon).is_valid().then(|| crs.to_wgs84(lat, lon))
}

/// Imports a CSV file of places, known again by their references.
pub fn import_places_csv(tx: &mut Tx<'_>, csv: &[u8], keep_going: bool) -> Result<Imported> {
    match read_csv(csv, &NEEDED, &OPTIONAL) {
        Ok((rows, faults)) => import_rows(tx, &rows, faults, keep_going),
        Err(fault) => Ok(refused(fault)),
    }
}

/// Imports a GeoJSON file (RFC 7946) of point features whose properties are the
/// columns of the table.
pub fn import_places_geojson(tx: &mut Tx<'_>, text: &str, keep_going: bool) -> Result<Imported> {
    match geojson_rows(text) {
        Ok((rows, faults)) => import_rows(tx, &rows, faults, keep_going),
        Err(fault) => Ok(refused(fault)),
    }
}

fn refused(fault: Fault) -> Imported {
    Imported {
        faults: vec![fault],
        ..Imported::default()
    }
}

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    features: Vec<&'a RawValue>,
}

/// The features as rows; a feature's line is where it begins in the file.
fn geojson_rows(text: &str) -> Result<(Vec<Row>, Vec<Fault>), Fault> {
    let whole = |line: usize, why: String| Fault {
        line: line as u64,
        column: None,
        why,
    };
    let collection: Collection<'_> = serde_json::from_str(text)
        .map_err(|error| whole(error.line(), format!("is not a FeatureCollection: {error}")))?;
    if collection.kind != "FeatureCollection" {
        return Err(whole(1, format!("is a {}, not a FeatureCollection", collection.kind)));
    }
    let mut rows = Vec::new();
    let mut faults = Vec::new();
    let (mut line, mut counted) = (1, 0);
    for raw in collection.features {
        let offset = raw.get().as_ptr() as usize - text.as_ptr() as usize;
        line += text[counted..offset].matches('\n').count() as u64;
        counted = offset;
        feature_row(line, raw.get(), &mut rows, &mut faults);
    }
    Ok((rows, faults))
}

/// One feature as a row, or its faults.
fn feature_row(line: u64, raw: &str, rows: &mut Vec<Row>, faults: &mut Vec<Fault>) {
    let before = faults.len();
    let mut fault = |column: &str, why: &str| {
        faults.push(Fault {
            line,
            column: Some(column.to_owned()),
            why: why.to_owned(),
        });
    };
    // It was read once as a part of the collection, so it is JSON.
    let feature: Value = serde_json::from_str(raw).unwrap_or_default();
    if feature["type"] != "Feature" {
        fault("type", "is not Feature");
    }
    let mut cells = Vec::new();
    let position: Option<Vec<f64>> = match &feature["geometry"]["type"] {
        Value::String(kind) if kind == "Point" => feature["geometry"]["coordinates"]
            .as_array()
            .and_then(|numbers| numbers.iter().map(Value::as_f64).collect()),
        _ => None,
    };
    match position.as_deref() {
        Some([lon, lat] | [lon, lat, _]) => {
            cells.push(("lat".to_owned(), lat.to_string()));
            cells.push(("lon".to_owned(), lon.to_string()));
        }
        _ => fault("geometry", "is not a Point with longitude and latitude"),
    }
    let Some(properties) = feature["properties"].as_object() else {
        return fault("properties", "is not an object");
    };
    for (name, value) in properties {
        let known = NEEDED.contains(&name.as_str()) || OPTIONAL.contains(&name.as_str());
        if !known || name == "lat" || name == "lon" || name == "crs" {
            fault(name, "is no property of a place here (GeoJSON is WGS-84)");
            continue;
        }
        match value {
            Value::Null => {}
            Value::String(text) => cells.push((name.clone(), text.clone())),
            Value::Number(number) => cells.push((name.clone(), number.to_string())),
            _ => fault(name, "takes a text"),
        }
    }
    if faults.len() == before {
        rows.push(Row::new(line, cells));
    }
}

fn import_rows(tx: &mut Tx<'_>, rows: &[Row], mut faults: Vec<Fault>, keep_going: bool) -> Result<Imported> {
    let rows = rows.iter().filter_map(|row| PlaceRow::read(row, &mut faults)).collect();
    store_places(tx, Source::Import, rows, faults, keep_going)
}

/// Stores rows that were read already; `faults` are those found in reading. What
/// a file no longer names stays as it is.
pub fn store_places(
    tx: &mut Tx<'_>,
    source: Source,
    rows: Vec<PlaceRow>,
    mut faults: Vec<Fault>,
    keep_going: bool,
) -> Result<Imported> {
    let units = unit_ids_by_code(tx)?;
    let rows = sound(rows, &units, &mut faults);
    faults.sort_by(|a, b| (a.line, &a.column).cmp(&(b.line, &b.column)));
    if !faults.is_empty() && !keep_going {
        return Ok(Imported {
            faults,
            ..Imported::default()
        });
    }
    let mut known = store::load_source(tx, source)?;
    // Whoever mends a place of OpenStreetMap here knows better than its next extract.
    let mended = match source {
        Source::Osm => store::changed_by_operator(tx)?,
        _ => HashSet::new(),
    };
    let mut imported = Imported::default();
    let mut touched = Vec::new();
    for row in rows {
        let written = match known.remove(&row.reference) {
            Some(place) if place.facts == row.facts || mended.contains(&place.id) => {
                imported.unchanged += 1;
                continue;
            }
            Some(place) => {
                imported.changed += 1;
                store::change(tx, place, row.facts, store::IMPORT)?
            }
            None => {
                imported.added += 1;
                store::insert(tx, source, Some(row.reference), row.facts, store::IMPORT)?
            }
        };
        touched.push(written.id);
    }
    tell(tx, &touched);
    imported.faults = faults;
    Ok(imported)
}

fn sound(rows: Vec<PlaceRow>, units: &HashMap<String, UnitId>, faults: &mut Vec<Fault>) -> Vec<PlaceRow> {
    let mut seen = HashSet::new();
    let mut sound = Vec::with_capacity(rows.len());
    for mut row in rows {
        if !seen.insert(row.reference.clone()) {
            faults.push(row.fault("reference", format!("{} stands in the file twice", row.reference)));
            continue;
        }
        if let Some(code) = &row.unit_code {
            match units.get(code) {
                Some(id) => row.facts.unit_id = Some(*id),
                None => {
                    faults.push(row.fault("unit_code", format!("there is no unit {code}")));
                    continue;
                }
            }
        }
        sound.push(row);
    }
    sound
}

fn tell(tx: &mut Tx<'_>, touched: &[PlaceId]) {
    if touched.len() > ONE_BY_ONE {
        tx.changed_all(store::KIND);
    } else {
        for id in touched {
            tx.changed(store::KIND, id);
        }
    }
}
