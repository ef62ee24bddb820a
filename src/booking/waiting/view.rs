//! Those who wait, as clients write and read them.

use actix_web::HttpRequest;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::model::{Waiting, WaitingId, WaitingState};
use crate::booking::model::BookingId;
use crate::booking::resources::ResourceId;
use crate::clock::Timestamp;
use crate::error::FieldError;
use crate::http::Input;

/// For what somebody waits: for one slot, or for any slot of a day.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitingInput {
    /// When the slot begins.
    pub start: Option<Timestamp>,
    /// When it ends; one slot where it is not given.
    pub end: Option<Timestamp>,
    /// Any slot of this day.
    pub day: Option<NaiveDate>,
    /// How many come.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 10_000, default = 1)]
    pub party: i64,
}

fn one() -> i64 {
    1
}

impl Input for WaitingInput {
    fn cross_check(value: &Value, _: &HttpRequest, faults: &mut Vec<FieldError>) {
        if value["start"].is_null() == value["day"].is_null() {
            faults.push(FieldError::body(
                "/start",
                "one_of",
                "start 和 day 填写一项。",
                "Give one of start and day.",
            ));
        }
    }
}

/// Somebody who waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingView {
    /// Its id.
    pub id: WaitingId,
    /// At which resource.
    pub resource_id: ResourceId,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Whether any slot that begins between is good.
    pub any_slot: bool,
    /// How many come.
    pub party: i64,
    /// How they stand.
    pub state: WaitingState,
    /// The how manieth they are among those who wait for these times, from 1; null where they wait no more. Whoever is
    /// passed over since there are too few places for them keeps theirs.
    pub position: Option<i64>,
    /// The offer, which is a booking to be confirmed, or what came of it.
    pub booking_id: Option<BookingId>,
    /// Since when they wait.
    pub created_at: Timestamp,
}

impl WaitingView {
    /// With so many before them.
    pub fn of(one: Waiting, before: i64) -> Self {
        Self {
            id: one.id,
            resource_id: one.resource_id,
            from: one.from_at,
            to: one.to_at,
            any_slot: one.is_day,
            party: one.party,
            position: (one.state == WaitingState::Waiting).then_some(before + 1),
            state: one.state,
            booking_id: one.booking_id,
            created_at: one.created_at,
        }
    }
}

/// For what somebody waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingList {
    /// The latest first.
    pub items: Vec<WaitingView>,
}
