//! Resources as clients write and read them.

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::change::Left;
use super::model::{Closure, ClosureId, Facts, Kind, Resource, ResourceId, Status};
use crate::booking::model::{Booking, BookingId, State};
use crate::booking::rules::RulesId;
use crate::circle::places::PlaceId;
use crate::clock::Timestamp;
use crate::error::FieldError;
use crate::grid::departments::DepartmentId;
use crate::grid::{LiveTree, UnitId};
use crate::http::Input;

/// What is said about a resource.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceInput {
    /// Its name in Chinese.
    #[schema(format = "plain-text", min_length = 1, max_length = 80, example = "多功能厅")]
    pub name: String,
    /// Its name in English.
    #[schema(format = "plain-text", min_length = 1, max_length = 120, example = "Hall")]
    pub name_en: Option<String>,
    /// What it is part of: booking either blocks the other. Parts of a pool are alike, and
    /// who books the pool gets one of them.
    pub part_of: Option<ResourceId>,
    /// How it is shared.
    pub kind: Kind,
    /// How many people it has places for; of a pool, one of its parts.
    #[schema(minimum = 1, maximum = 10_000)]
    pub capacity: i64,
    /// When it is offered, in the opening-hours grammar of OpenStreetMap. Days off and shifted
    /// working days are those of the state's calendar.
    #[schema(format = "opening-hours", max_length = 512, example = "Mo-Fr 09:00-17:00; PH off")]
    pub opening_hours: String,
    /// How long a slot is, in minutes.
    #[schema(minimum = 5, maximum = 1_440, multiple_of = 5)]
    pub slot_minutes: i64,
    /// From one beginning of a slot to the next, in minutes; as long as a slot where it is
    /// not given.
    #[schema(minimum = 5, maximum = 1_440, multiple_of = 5)]
    pub interval_minutes: Option<i64>,
    /// How long it is taken before a booking begins, in minutes.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 720, multiple_of = 5, default = 0)]
    pub buffer_before_minutes: i64,
    /// How long it is taken after a booking ends, in minutes: the pause between two bookings
    /// is the sum of both.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 720, multiple_of = 5, default = 0)]
    pub buffer_after_minutes: i64,
    /// Its rules.
    pub rules_id: RulesId,
    /// The units whose residents may book in its own hours; where there are none, those of what it is part of, else everybody.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub open_to: Vec<UnitId>,
    /// The department whose it is, where it is one's: its officers serve it as well.
    pub department_id: Option<DepartmentId>,
}

impl ResourceInput {
    /// As facts.
    pub fn facts(self) -> Facts {
        Facts {
            part_of: self.part_of,
            kind: self.kind,
            name: self.name,
            name_en: self.name_en,
            capacity: self.capacity,
            opening_hours: self.opening_hours.trim().to_owned(),
            slot_minutes: self.slot_minutes,
            interval_minutes: self.interval_minutes.unwrap_or(self.slot_minutes),
            buffer_before_minutes: self.buffer_before_minutes,
            buffer_after_minutes: self.buffer_after_minutes,
            rules_id: self.rules_id,
            open_to: self.open_to,
            department_id: self.department_id,
        }
    }
}

impl Input for ResourceInput {}

/// Names what is no unit.
pub fn unknown_unit(pointer: String, value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
    let unit = value.as_str().and_then(|text| text.parse::<UnitId>().ok());
    let tree = request.app_data::<web::Data<LiveTree>>();
    if let (Some(unit), Some(tree)) = (unit, tree)
        && tree.now().node(unit).is_none()
    {
        let words = ("没有这个单元。", "There is no such unit.");
        faults.push(FieldError::body(pointer, "unknown_unit", words.0, words.1));
    }
}

/// A resource to be entered.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewResourceInput {
    /// Where it is.
    pub place_id: PlaceId,
    /// Whose it is; its place's unit where it is not given.
    pub unit_id: Option<UnitId>,
    /// What is said about it.
    pub resource: ResourceInput,
}

impl Input for NewResourceInput {
    fn cross_check(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
        unknown_unit("/unit_id".into(), &value["unit_id"], request, faults);
    }
}

/// A resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResourceView {
    /// Its id.
    pub id: ResourceId,
    /// Where it is.
    pub place_id: PlaceId,
    /// Whose it is.
    pub unit_id: UnitId,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// What it is part of.
    pub part_of: Option<ResourceId>,
    /// How it is shared.
    pub kind: Kind,
    /// How many people it has places for.
    pub capacity: i64,
    /// When it is offered, in the opening-hours grammar of OpenStreetMap.
    pub opening_hours: String,
    /// How long a slot is, in minutes.
    pub slot_minutes: i64,
    /// From one beginning of a slot to the next, in minutes.
    pub interval_minutes: i64,
    /// How long it is taken before a booking begins, in minutes.
    pub buffer_before_minutes: i64,
    /// How long it is taken after a booking ends, in minutes.
    pub buffer_after_minutes: i64,
    /// Its rules.
    pub rules_id: RulesId,
    /// The units whose residents may book in its own hours; where there are none, those of what it is part of, else everybody.
    pub open_to: Vec<UnitId>,
    /// The department whose it is.
    pub department_id: Option<DepartmentId>,
    /// Whether it is offered.
    pub status: Status,
    /// Grows with each change.
    pub version: i64,
}

impl From<Resource> for ResourceView {
    fn from(one: Resource) -> Self {
        Self {
            id: one.id,
            place_id: one.place_id,
            unit_id: one.unit_id,
            name: one.facts.name,
            name_en: one.facts.name_en,
            part_of: one.facts.part_of,
            kind: one.facts.kind,
            capacity: one.facts.capacity,
            opening_hours: one.facts.opening_hours,
            slot_minutes: one.facts.slot_minutes,
            interval_minutes: one.facts.interval_minutes,
            buffer_before_minutes: one.facts.buffer_before_minutes,
            buffer_after_minutes: one.facts.buffer_after_minutes,
            rules_id: one.facts.rules_id,
            open_to: one.facts.open_to,
            department_id: one.facts.department_id,
            status: one.status,
            version: one.version,
        }
    }
}

/// A booking that a change left behind.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeftBooking {
    /// Its id.
    pub id: BookingId,
    /// What is booked.
    pub resource_id: ResourceId,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// How many come.
    pub party: i64,
    /// How it stands.
    pub state: State,
}

impl From<Booking> for LeftBooking {
    fn from(one: Booking) -> Self {
        Self {
            id: one.id,
            resource_id: one.resource_id,
            start: one.start_at,
            end: one.end_at,
            party: one.party,
            state: one.state,
        }
    }
}

/// Bookings to come that do not go with their resource as it is now. All of them stay.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictsView {
    /// Those that do not fit: nothing new is taken at their times until the rest fits.
    pub excess: Vec<LeftBooking>,
    /// Those at times that are not offered, or are closed.
    pub outside: Vec<LeftBooking>,
}

impl From<Left> for ConflictsView {
    fn from(left: Left) -> Self {
        Self {
            excess: left.excess.into_iter().map(LeftBooking::from).collect(),
            outside: left.outside.into_iter().map(LeftBooking::from).collect(),
        }
    }
}

/// A resource that was changed, and what that leaves.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangedResource {
    /// The resource as it is now.
    pub resource: ResourceView,
    /// Bookings to come that do not go with it.
    pub conflicts: ConflictsView,
}

/// Which resources to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ResourcesQuery {
    /// Only those at this place.
    #[param(inline)]
    pub place: Option<PlaceId>,
    /// Only those of this very unit.
    #[param(inline)]
    pub unit: Option<UnitId>,
    /// Only those that are offered, or those that were given up as well.
    #[serde(default = "yes")]
    #[param(default = true)]
    pub open: bool,
    /// How many at the most.
    #[serde(default = "usual_limit")]
    #[param(minimum = 1, maximum = 500, default = 100)]
    pub limit: usize,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

fn yes() -> bool {
    true
}

fn usual_limit() -> usize {
    100
}

impl Input for ResourcesQuery {}

/// A time in which a resource is not offered, nor what is part of it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosureInput {
    /// From when on.
    pub from: Timestamp,
    /// Until when; may be left out only where it is again and again.
    pub to: Option<Timestamp>,
    /// Within these hours only, again and again, in the opening-hours grammar of
    /// OpenStreetMap: `Mo 12:00-14:00`.
    #[schema(format = "opening-hours", max_length = 512, example = "Mo 12:00-14:00")]
    pub hours: Option<String>,
    /// Why, for everybody to read.
    #[schema(format = "plain-text", min_length = 1, max_length = 120, example = "设备检修")]
    pub reason: String,
}

impl Input for ClosureInput {
    fn cross_check(value: &Value, _: &HttpRequest, faults: &mut Vec<FieldError>) {
        let at = |name: &str| value[name].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        if value["to"].is_null() && value["hours"].is_null() {
            faults.push(FieldError::body(
                "/to",
                "required",
                "请填写结束时间，或填写每次停用的时段 hours。",
                "Say until when, or in which hours again and again.",
            ));
        }
        if let (Some(from), Some(to)) = (at("from"), at("to"))
            && to <= from
        {
            faults.push(FieldError::body(
                "/to",
                "order",
                "结束时间应晚于开始时间。",
                "It ends later than it begins.",
            ));
        }
    }
}

/// A time in which a resource is not offered.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClosureView {
    /// Its id.
    pub id: ClosureId,
    /// Of which resource.
    pub resource_id: ResourceId,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub to: Option<Timestamp>,
    /// Within these hours only, where it is again and again.
    pub hours: Option<String>,
    /// Why.
    pub reason: String,
    /// When it was lifted.
    pub lifted_at: Option<Timestamp>,
}

impl From<Closure> for ClosureView {
    fn from(one: Closure) -> Self {
        Self {
            id: one.id,
            resource_id: one.resource_id,
            from: one.from_at,
            to: one.to_at,
            hours: one.hours,
            reason: one.reason,
            lifted_at: one.lifted_at,
        }
    }
}

/// A closure that was entered, and what it meets.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewClosure {
    /// The closure.
    pub closure: ClosureView,
    /// Bookings to come that do not go with the resource now.
    pub conflicts: ConflictsView,
}

/// The closures of a resource that hold now or later.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClosureList {
    /// The closures, by when they begin.
    pub items: Vec<ClosureView>,
}
