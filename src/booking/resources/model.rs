//! Resources and their rules.

use crate::booking::cells::CELL_MINUTES;
use crate::booking::model::named;
use crate::booking::rules::{RulesId, RulesVersionId};
use crate::circle::places::PlaceId;
use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::grid::UnitId;
use crate::grid::access::BodyOf;
use crate::grid::departments::DepartmentId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

named! {
    /// How a resource is shared.
    Kind as ResourceKind {
        /// By several parties at once, as many people as it has places.
        Shared "shared",
        /// By one party at a time.
        Exclusive "exclusive",
        /// It stands for its parts, which are alike: whoever books it gets one of them.
        Pool "pool",
    }
}

named! {
    /// Whether a resource is offered.
    Status as ResourceStatus {
        /// It is.
        Open "open",
        /// It has been given up; nothing new is booked there.
        Closed "closed",
    }
}

/// What somebody says about a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// What it is part of.
    pub part_of: Option<ResourceId>,
    /// How it is shared.
    pub kind: Kind,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// How many people it has places for.
    pub capacity: i64,
    /// When it is offered, in the grammar of OpenStreetMap's `opening_hours`.
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
    /// The department whose it is, where it is one's: its officers serve it as well.
    pub department_id: Option<DepartmentId>,
}

impl Facts {
    /// The fields that are no multiples of five minutes.
    pub fn uneven(&self) -> impl Iterator<Item = &'static str> {
        [
            ("slot_minutes", self.slot_minutes),
            ("interval_minutes", self.interval_minutes),
            ("buffer_before_minutes", self.buffer_before_minutes),
            ("buffer_after_minutes", self.buffer_after_minutes),
        ]
        .into_iter()
        .filter(|(_, minutes)| minutes % CELL_MINUTES != 0)
        .map(|(name, _)| name)
    }
}

/// The id of a resource.
pub type ResourceId = Id<Resource>;

/// Something bookable at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its id.
    pub id: ResourceId,
    /// Where it is.
    pub place_id: PlaceId,
    /// Whose it is.
    pub unit_id: UnitId,
    /// The whole that it belongs to; itself where it is part of nothing.
    pub root_id: ResourceId,
    /// What is said about it.
    pub facts: Facts,
    /// The version of its rules that is in force.
    pub rules_version_id: RulesVersionId,
    /// Whether there are or were agreements or withheld shares of it.
    pub has_sharing: bool,
    /// Whether it is offered.
    pub status: Status,
    /// Grows with each change.
    pub version: i64,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Resource {
    /// For whom it is to say who may change and serve it: its department, and the staff of its unit
    /// and above.
    pub fn subject(&self) -> BodyOf {
        BodyOf {
            id: self.facts.department_id.map_or(uuid::Uuid::nil(), DepartmentId::uuid),
            unit: Some(self.unit_id),
        }
    }
}

impl Named for Resource {
    const PREFIX: &'static str = "res";
}

/// The id of a closure.
pub type ClosureId = Id<Closure>;

/// A time in which a resource is not offered, and what is part of it neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// Its id.
    pub id: ClosureId,
    /// Of which resource.
    pub resource_id: ResourceId,
    /// From when on.
    pub from_at: Timestamp,
    /// Until when; without an end only where it is again and again.
    pub to_at: Option<Timestamp>,
    /// Within these hours only, where it is again and again.
    pub hours: Option<String>,
    /// Why, for everybody to read.
    pub reason: String,
    /// When it was lifted.
    pub lifted_at: Option<Timestamp>,
}

impl Named for Closure {
    const PREFIX: &'static str = "cls";
}
