//! Places from OpenStreetMap. Its data is not ours to mend: what cannot be read
//! of a place is left out and counted, and the place is taken.

use super::extract::{self, Extract, OsmDoorKind, OsmPlace};
use super::import::{PlaceRow, store_places};
use super::model::{Facts, Source, Wheelchair};
use super::{Door, DoorKind};
use crate::db::Tx;
use crate::error::Result;
use crate::rows::Imported;

/// Stores what was extracted, known again by OpenStreetMap's ids.
pub fn import_osm_places(tx: &mut Tx<'_>, extract: &Extract) -> Result<Imported> {
    let rows = extract.places.iter().map(row).collect();
    store_places(tx, Source::Osm, rows, Vec::new(), false)
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
                },
                name: None,
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
