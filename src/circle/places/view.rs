//! Places as clients write and read them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::kinds::{Category, Kinds};
use super::model::{Facts, Place, PlaceId, Source, Status, Stop, Wheelchair};
use crate::clock::Timestamp;
use crate::coordinates::Crs;
use crate::error::{Error, FieldError, Result};
use crate::grid::{Door, DoorKind, UnitId};
use crate::http::{Entity, Location, Version};

/// A door of a place.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DoorView {
    /// What kind of access point it is.
    pub kind: DoorKind,
    /// What is written at it.
    #[schema(format = "plain-text", min_length = 1, max_length = 80, example = "东门")]
    pub name: Option<String>,
    /// Where it is.
    pub location: Location,
}

/// Where and when a mobile service stands.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopView {
    /// Where it stands.
    pub location: Location,
    /// When it stands there, in the opening-hours grammar of OpenStreetMap. It is in the circles of the days that this names.
    #[schema(format = "opening-hours", max_length = 512, example = "Tu 09:00-11:00")]
    pub opening_hours: String,
}

/// What is said about a place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceInput {
    /// Its name in Chinese, or as it is written there.
    #[schema(format = "plain-text", min_length = 1, max_length = 80, example = "幸福药店")]
    pub name: String,
    /// Its name in English.
    #[schema(
        format = "plain-text",
        min_length = 1,
        max_length = 120,
        example = "Happiness Pharmacy"
    )]
    pub name_en: Option<String>,
    /// Its kind, of those that `GET /v1/categories` lists; the kind fixes the category.
    #[schema(min_length = 1, max_length = 40, example = "pharmacy")]
    pub kind: String,
    /// The unit in which it lies.
    pub unit_id: Option<UnitId>,
    /// Where it is.
    pub location: Location,
    /// When it is open, in the opening-hours grammar of OpenStreetMap.
    #[schema(
        format = "opening-hours",
        max_length = 512,
        example = "Mo-Fr 08:30-20:00; Sa,Su 09:00-18:00"
    )]
    pub opening_hours: Option<String>,
    /// Its telephone number.
    #[schema(pattern = r"^[0-9+(][0-9 ()/;,.+-]{2,31}$", example = "0999-5550123")]
    pub phone: Option<String>,
    /// Whether a wheelchair gets in.
    pub wheelchair: Option<Wheelchair>,
    /// Its doors; without any the location counts as one.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub doors: Vec<DoorView>,
    /// Where a mobile service stands; one that has stops is nowhere else.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub stops: Vec<StopView>,
}

impl PlaceInput {
    /// As facts. The kind was looked up when the input was checked.
    pub fn facts(self, crs: Crs) -> Result<Facts> {
        let kind = Kinds::table()
            .get(&self.kind)
            .ok_or_else(|| Error::internal("a kind went unchecked"))?;
        let facts = Facts {
            name: self.name,
            name_en: self.name_en,
            kind,
            unit_id: self.unit_id,
            location: self.location.to_point(crs),
            opening_hours: self.opening_hours,
            phone: self.phone,
            wheelchair: self.wheelchair,
            doors: self
                .doors
                .into_iter()
                .map(|door| Door {
                    kind: door.kind,
                    name: door.name,
                    point: door.location.to_point(crs),
                })
                .collect(),
            stops: self
                .stops
                .into_iter()
                .map(|stop| Stop {
                    point: stop.location.to_point(crs),
                    opening_hours: stop.opening_hours,
                })
                .collect(),
        };
        refuse_contradictions(&facts)?;
        Ok(facts)
    }
}

/// Refuses facts that do not go together, each field that is at fault.
pub fn refuse_contradictions(facts: &Facts) -> Result<()> {
    let faults: Vec<FieldError> = facts
        .contradictions()
        .into_iter()
        .map(|(field, code, zh, en)| FieldError::body(format!("/{field}"), code, zh, en))
        .collect();
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Error::Invalid(faults)),
    }
}

/// A place.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceView {
    /// Its id.
    pub id: PlaceId,
    /// Where it comes from.
    pub source: Source,
    /// By what its source knows it.
    pub reference: String,
    /// OpenStreetMap's element, where it comes from there.
    #[schema(example = "node/123")]
    pub osm: Option<String>,
    /// What must be shown with it, where it comes from OpenStreetMap.
    pub attribution: Option<&'static str>,
    /// The unit in which it lies.
    pub unit_id: Option<UnitId>,
    /// Its name in Chinese, or as it is written there.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// One of the ten categories.
    pub category: Category,
    /// Its kind, below the category.
    pub kind: String,
    /// Where it is.
    pub location: Location,
    /// When it is open, in the opening-hours grammar of OpenStreetMap.
    pub opening_hours: Option<String>,
    /// Its telephone number.
    pub phone: Option<String>,
    /// Whether a wheelchair gets in.
    pub wheelchair: Option<Wheelchair>,
    /// Its doors.
    pub doors: Vec<DoorView>,
    /// Where a mobile service stands.
    pub stops: Vec<StopView>,
    /// Whether it is still there.
    pub status: Status,
    /// Grows with each change; the `ETag`.
    pub version: i64,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl PlaceView {
    /// Of a place, with coordinates in that system.
    pub fn of(place: &Place, crs: Crs) -> Self {
        let facts = &place.facts;
        Self {
            id: place.id,
            source: place.source,
            reference: place.reference.clone(),
            osm: place.osm().map(str::to_owned),
            attribution: place.attribution(),
            unit_id: facts.unit_id,
            name: facts.name.clone(),
            name_en: facts.name_en.clone(),
            category: facts.kind.category,
            kind: facts.kind.code.clone(),
            location: Location::of(facts.location, crs),
            opening_hours: facts.opening_hours.clone(),
            phone: facts.phone.clone(),
            wheelchair: facts.wheelchair,
            doors: facts
                .doors
                .iter()
                .map(|door| DoorView {
                    kind: door.kind,
                    name: door.name.clone(),
                    location: Location::of(door.point, crs),
                })
                .collect(),
            stops: facts
                .stops
                .iter()
                .map(|stop| StopView {
                    location: Location::of(stop.point, crs),
                    opening_hours: stop.opening_hours.clone(),
                })
                .collect(),
            status: place.status,
            version: place.version,
            created_at: place.created_at,
            updated_at: place.updated_at,
        }
    }

    /// The same with its version.
    pub fn entity(place: &Place, crs: Crs) -> Entity<Self> {
        Entity {
            value: Self::of(place, crs),
            version: Version::Number(place.version, crs),
        }
    }
}

/// A kind of place.
#[derive(Debug, Serialize, ToSchema)]
pub struct KindView {
    /// Its code.
    pub code: &'static str,
    /// Its name in Chinese.
    pub name: &'static str,
    /// Its name in English.
    pub name_en: &'static str,
}

/// One of the ten categories, with the kinds below it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryView {
    /// Its code.
    pub code: Category,
    /// Its one character, of 党政居医养教文体娱商.
    pub character: &'static str,
    /// Its name in Chinese.
    pub name: &'static str,
    /// Its name in English.
    pub name_en: &'static str,
    /// The kinds of place below it.
    pub kinds: Vec<KindView>,
}

/// The ten categories.
#[derive(Debug, Serialize, ToSchema)]
pub struct Categories {
    /// In the order 党政居医养教文体娱商.
    pub items: Vec<CategoryView>,
}
