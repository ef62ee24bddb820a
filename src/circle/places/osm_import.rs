//! Places from OpenStreetMap. Its data is not ours to mend: what cannot be read
//! of a place is left out and counted, and the place is taken.
//!
//! What a file no longer names stays as it is, since it may be of another city.
//! Of twins that were two places here before, the one that is left out is closed,
//! and opened again when they are no twins any more. Whoever mends a place here
//! knows better: it stays, and its twin is left out instead.

use std::collections::{HashMap, HashSet};

use super::extract::{self, Extract, OsmDoorKind, OsmPlace};
use super::import::{PlaceRow, store_places};
use super::model::{Facts, Place, PlaceId, Source, Status, Wheelchair};
use super::store;
use super::{Door, DoorKind};
use crate::db::Tx;
use crate::error::Result;
use crate::grid::is_door_name;
use crate::rows::Imported;

/// Stores what was extracted, known again by OpenStreetMap's ids.
pub fn import_osm_places(tx: &mut Tx<'_>, extract: &Extract) -> Result<Imported> {
    let known = store::load_source(tx, Source::Osm)?;
    let mended = store::changed_by_operator(tx)?;
    let settled = settle(extract, &known, &mended);
    let mut rows: Vec<PlaceRow> = extract.places.iter().map(row).collect();
    rows.retain(|row| !settled.left_out.contains(row.reference.as_str()));
    let places = |references: &[&str]| -> Vec<Place> {
        let known = references.iter().filter_map(|reference| known.get(*reference));
        known.cloned().collect()
    };
    let (closed, opened) = (places(&settled.closed), places(&settled.opened));
    let mut moved = Vec::new();
    for (places, status) in [(closed, Status::Closed), (opened, Status::Open)] {
        for place in places {
            moved.push(store::set_status(tx, place, status, store::IMPORT)?.id);
        }
    }
    for id in &moved {
        tx.changed(store::KIND, id);
    }
    let opened: HashSet<&str> = settled.opened.into_iter().collect();
    let is_only_opened = |row: &&PlaceRow| {
        let place = known.get(&row.reference).filter(|place| place.facts == row.facts);
        place.is_some() && opened.contains(row.reference.as_str())
    };
    let only_opened = rows.iter().filter(is_only_opened).count();
    let mut imported = store_places(tx, Source::Osm, rows, Vec::new(), false)?;
    imported.changed += moved.len() - opened.len() + only_opened;
    imported.unchanged -= only_opened;
    Ok(imported)
}

/// What becomes of places that are twins now, or were.
#[derive(Debug, Default)]
struct Settled<'a> {
    /// Rows that are not written: their twin is a place that somebody mended.
    left_out: HashSet<&'a str>,
    /// Open places that are others' twins now.
    closed: Vec<&'a str>,
    /// Places that were closed as twins and are none any more.
    opened: Vec<&'a str>,
}

fn settle<'a>(extract: &'a Extract, known: &HashMap<String, Place>, mended: &HashSet<PlaceId>) -> Settled<'a> {
    let mut settled = Settled::default();
    for twin in &extract.twins {
        let Some(place) = known.get(&twin.reference).filter(|place| place.status == Status::Open) else {
            continue;
        };
        if !mended.contains(&place.id) {
            settled.closed.push(&twin.reference);
        } else if settled.left_out.insert(&twin.place)
            && known
                .get(&twin.place)
                .is_some_and(|place| place.status == Status::Open && !mended.contains(&place.id))
        {
            settled.closed.push(&twin.place);
        }
    }
    for place in &extract.places {
        let was_twin = known
            .get(&place.reference)
            .is_some_and(|place| place.status == Status::Closed && !mended.contains(&place.id));
        if was_twin && !settled.left_out.contains(place.reference.as_str()) {
            settled.opened.push(&place.reference);
        }
    }
    settled
}

fn row(place: &OsmPlace) -> PlaceRow {
    let facts = Facts {
        name: shortened(place.name.as_deref().unwrap_or(&place.kind.zh), 80),
        name_en: match (&place.name, &place.name_en) {
            (_, Some(name)) => Some(shortened(name, 120)),
            (None, None) => Some(place.kind.en.clone()),
            (Some(_), None) => None,
        },
        kind: place.kind,
        unit_id: None,
        location: place.point,
        opening_hours: place.opening_hours.clone(),
        phone: place.phone.clone(),
        wheelchair: place.wheelchair.map(|wheelchair| match wheelchair {
            extract::Wheelchair::Yes => Wheelchair::Yes,
            extract::Wheelchair::Limited => Wheelchair::Limited,
            extract::Wheelchair::No => Wheelchair::No,
        }),
        doors: place
            .doors
            .iter()
            .map(|door| Door {
                kind: match door.kind {
                    OsmDoorKind::Main => DoorKind::Main,
                    OsmDoorKind::Entrance => DoorKind::Entrance,
                    OsmDoorKind::Gate => DoorKind::Gate,
                    OsmDoorKind::Street => DoorKind::Street,
                },
                name: door.name.clone().filter(|name| is_door_name(name)),
                point: door.point,
            })
            .collect(),
        stops: Vec::new(),
    };
    PlaceRow {
        line: 0,
        reference: place.reference.clone(),
        unit_code: None,
        facts,
    }
}

fn shortened(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
