//! A place within reach as clients read it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::circle::lookup::{Asked, Reached};
use crate::circle::places::PlaceId;
use crate::circle::places::kinds::Category;
use crate::circle::question::view::{CircleQuery, PaceName};
use crate::circle::view::{SnappedView, snapped_view, to_decimetre, whole_seconds};
use crate::clock::Timestamp;
use crate::coordinates::Crs;
use crate::grid::DoorKind;
use crate::http::Location;

/// What kind of point a walk leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DoorName {
    /// The main entrance.
    Main,
    /// Another entrance.
    Entrance,
    /// A gate in the fence or wall around.
    Gate,
    /// Where a street meets the outline.
    Street,
    /// No door is known: the place itself.
    Location,
    /// A stop of a mobile service.
    Stop,
}

/// The door at which a walk ends.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReachedDoorView {
    /// Its kind.
    pub kind: DoorName,
    /// What is written at it.
    pub name: Option<String>,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Where it stands on a street; null in straight lines.
    pub snapped: Option<SnappedView>,
}

/// A place within reach.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReachedView {
    /// Its id.
    pub id: PlaceId,
    /// Its name in Chinese, or as it is written there.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// Its category.
    pub category: Category,
    /// Its kind.
    pub kind: &'static str,
    /// Degrees north: of the place, or of the stop of a mobile service.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Seconds of walking, from the origin to the door.
    pub walk_s: u32,
    /// Metres of walking, from the origin to the door.
    pub walk_m: f64,
    /// The part of `walk_m` between the snapped points, along streets and over squares;
    /// null in straight lines.
    pub network_m: Option<f64>,
    /// Metres to the door as the crow flies.
    pub straight_m: f64,
    /// The door at which the walk ends, or begins where it leads to the origin.
    pub door: ReachedDoorView,
    /// Whether the way there is private at its end: a compound, a customers' path.
    pub private_end: bool,
    /// Metres of the walk of which nothing is known that a wheelchair would have to know;
    /// null for other paces.
    pub unknown_m: Option<f64>,
    /// Whether it is open at the instant; null where its hours are unknown.
    pub open_now: Option<bool>,
    /// When that changes next.
    pub next_change: Option<Timestamp>,
    /// Whether the hours may yet change, because the holidays of the year are not known.
    pub hours_provisional: bool,
    /// Its telephone number.
    pub phone: Option<String>,
    /// OpenStreetMap's element, where it comes from there.
    #[schema(example = "node/123")]
    pub osm: Option<String>,
}

/// The door at which a walk ends.
pub fn door_view(reached: &Reached, crs: Crs) -> ReachedDoorView {
    let facts = &reached.entry.place.facts;
    let at = Location::of(reached.point, crs);
    let door = facts.doors.iter().find(|door| door.point == reached.point);
    let kind = match door.map(|door| door.kind) {
        _ if !facts.stops.is_empty() => DoorName::Stop,
        None => DoorName::Location,
        Some(DoorKind::Main) => DoorName::Main,
        Some(DoorKind::Entrance) => DoorName::Entrance,
        Some(DoorKind::Gate) => DoorName::Gate,
        Some(DoorKind::Street) => DoorName::Street,
    };
    let snapped = reached
        .foot
        .map(|foot| snapped_view(foot.point.point(), foot.snap_m, crs));
    ReachedDoorView {
        kind,
        name: door.and_then(|door| door.name.clone()),
        lat: at.lat,
        lon: at.lon,
        snapped,
    }
}

/// A place within reach, to a question.
pub fn reached_view(reached: &Reached, asked: &Asked<'_>, query: &CircleQuery) -> ReachedView {
    let crs = query.crs;
    let place = &reached.entry.place;
    let facts = &place.facts;
    let is_mobile = !facts.stops.is_empty();
    let at = Location::of(if is_mobile { reached.point } else { facts.location }, crs);
    let next_change = reached.hours.as_ref().and_then(|state| state.next_change);
    ReachedView {
        id: place.id,
        name: facts.name.clone(),
        name_en: facts.name_en.clone(),
        category: facts.kind.category,
        kind: &facts.kind.code,
        lat: at.lat,
        lon: at.lon,
        walk_s: whole_seconds(reached.walk_s),
        walk_m: to_decimetre(reached.walk_m),
        network_m: reached.network_m.map(to_decimetre),
        straight_m: to_decimetre(asked.origin.metres_to(reached.point)),
        door: door_view(reached, crs),
        private_end: reached.private_end,
        unknown_m: (query.pace == PaceName::Wheelchair).then(|| to_decimetre(reached.unknown_m)),
        open_now: reached.open(),
        next_change: next_change.map(Timestamp::from),
        hours_provisional: reached.hours.as_ref().is_some_and(|state| state.provisional),
        phone: facts.phone.clone(),
        osm: place.osm().map(str::to_owned),
    }
}
