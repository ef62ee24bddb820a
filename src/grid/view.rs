//! Doors as clients write and read them, of places and of units alike.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::doors::{Door, DoorKind};
use crate::coordinates::{Crs, Point};
use crate::error::{Error, FieldError, Result};
use crate::http::{Entity, Input, Location, Version};

/// A door in a list of doors.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListedDoor {
    /// What kind of access point it is.
    pub kind: DoorKind,
    /// What is written at it.
    #[schema(format = "plain-text", min_length = 1, max_length = 80, example = "东门")]
    pub name: Option<String>,
    /// Degrees north, from -90 to 90.
    #[schema(minimum = -90, maximum = 90, example = 31.2304)]
    pub lat: f64,
    /// Degrees east, from -180 to 180.
    #[schema(minimum = -180, maximum = 180, example = 112.6021)]
    pub lon: f64,
}

/// All doors of a place or of a unit.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Doors {
    /// The doors; the whole list is written at once.
    #[schema(max_items = 50)]
    pub doors: Vec<ListedDoor>,
    /// The system of coordinates of this list.
    #[serde(default)]
    pub crs: Crs,
}

impl Input for Doors {}

impl Doors {
    /// The list with its version, in that system of coordinates.
    pub fn entity(doors: &[Door], version: i64, crs: Crs) -> Entity<Self> {
        let listed = |door: &Door| {
            let Location { lat, lon } = Location::of(door.point, crs);
            ListedDoor {
                kind: door.kind,
                name: door.name.clone(),
                lat,
                lon,
            }
        };
        Entity {
            value: Self {
                doors: doors.iter().map(listed).collect(),
                crs,
            },
            version: Version::Number(version, crs),
        }
    }

    /// As doors.
    pub fn read(self) -> Vec<Door> {
        let crs = self.crs;
        let door = |door: ListedDoor| Door {
            kind: door.kind,
            name: door.name,
            point: crs.to_wgs84(door.lat, door.lon),
        };
        self.doors.into_iter().map(door).collect()
    }
}

/// Refuses doors that are too far from what they should lead into. Where that has
/// no location of its own, the first door tells where it is.
pub fn refuse_far(doors: &[Door], location: Option<Point>) -> Result<()> {
    let Some(location) = location.or(doors.first().map(|door| door.point)) else {
        return Ok(());
    };
    let faults: Vec<FieldError> = (0..)
        .zip(doors)
        .filter(|(_, door)| door.is_far_from(location))
        .map(|(number, _): (usize, _)| {
            FieldError::body(
                format!("/doors/{number}"),
                "too_far",
                "出入口距离太远，超过五公里，请检查坐标。",
                "This door is more than 5 km away; check the coordinates.",
            )
        })
        .collect();
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Error::Invalid(faults)),
    }
}
