//! What is booked in the demo city: halls that divide, courts that are alike, seats, rooms that
//! take an approval, and doctors who come to the villages.

use std::collections::HashMap;

use super::Place;
use crate::booking::{Approval, Facts, Kind, Limit, NoShowPolicy, Period, ResourceId, Terms, Unit, Whose};
use crate::booking::{Span, found_resource, found_rules};
use crate::circle::places::PlaceId;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::grid::UnitId;

/// In whose name it was entered.
const BY: &str = "demo";

/// Rules that many have: two a week at the most, a quarter of an hour to come, two hours to cancel.
fn usual() -> Terms {
    Terms {
        slots_max: 3,
        cancel_until_seconds: 2 * 3600,
        remind_seconds: Some(3600),
        horizon: Span {
            count: 14,
            unit: Unit::Days,
        },
        limits: vec![
            Limit {
                of: Whose::Person,
                per: Period::Week,
                bookings: Some(3),
                minutes: None,
            },
            Limit {
                of: Whose::Household,
                per: Period::Day,
                bookings: Some(2),
                minutes: None,
            },
        ],
        no_show: NoShowPolicy {
            grace_seconds: Some(900),
            count: Some(3),
            within_days: 30,
            pause_days: 30,
        },
        ..Terms::default()
    }
}

/// What there is at a place of a kind: names in Chinese and English, how it is shared, for how
/// many, which of those before it is its whole, and how long a slot is.
type Offered = (&'static str, &'static str, Kind, i64, Option<usize>, i64);

const HALL: &[Offered] = &[
    ("多功能厅", "Hall", Kind::Exclusive, 120, None, 60),
    ("多功能厅东区", "Hall, East", Kind::Exclusive, 60, Some(0), 60),
    ("多功能厅西区", "Hall, West", Kind::Exclusive, 60, Some(0), 60),
    ("书画室", "Calligraphy Room", Kind::Shared, 20, None, 120),
];
const COURTS: &[Offered] = &[
    ("羽毛球场", "Badminton Courts", Kind::Pool, 4, None, 60),
    ("羽毛球场1号", "Badminton Court 1", Kind::Exclusive, 4, Some(0), 60),
    ("羽毛球场2号", "Badminton Court 2", Kind::Exclusive, 4, Some(0), 60),
    ("羽毛球场3号", "Badminton Court 3", Kind::Exclusive, 4, Some(0), 60),
    ("羽毛球场4号", "Badminton Court 4", Kind::Exclusive, 4, Some(0), 60),
];
const SEATS: &[Offered] = &[("阅览座位", "Reading Seats", Kind::Shared, 30, None, 120)];
const CARE: &[Offered] = &[("康复活动", "Exercise for Elders", Kind::Shared, 12, None, 60)];
const MEETING: &[Offered] = &[("会议室", "Meeting Room", Kind::Exclusive, 16, None, 60)];
const DOCTOR: &[Offered] = &[("巡回门诊", "Visiting Doctor", Kind::Shared, 1, None, 15)];

fn offered(place: &Place) -> Option<(&'static [Offered], bool)> {
    Some(match place.kind {
        "culture_station" | "culture_centre" => (HALL, false),
        "sports_centre" => (COURTS, false),
        "library" if place.stops.is_empty() => (SEATS, false),
        "elder_day_care" | "elder_activity_room" => (CARE, false),
        "party_service_centre" => (MEETING, true),
        "clinic" if !place.stops.is_empty() => (DOCTOR, false),
        _ => return None,
    })
}

/// Enters what is booked at these places.
pub(super) fn enter(
    tx: &mut Tx<'_>,
    places: &[Place],
    ids: &HashMap<String, PlaceId>,
    units: &HashMap<String, UnitId>,
    county: UnitId,
) -> Result<usize> {
    let approved = Terms {
        approval: Approval::Occupies,
        pending_expires_seconds: 12 * 3600,
        ..usual()
    };
    let usual = found_rules(tx, county, "一般预约规则", &usual(), BY)?;
    let approved = found_rules(tx, county, "需审核的预约规则", &approved, BY)?;
    let mut entered = 0;
    for place in places {
        let Some((all, needs_approval)) = offered(place) else {
            continue;
        };
        let missing = || Error::internal("a place of the demo is not stored");
        let id = *ids.get(&place.reference).ok_or_else(missing)?;
        let unit = *units.get(&place.unit_code).ok_or_else(missing)?;
        let hours = match (&place.opening_hours, place.stops.first()) {
            (Some(hours), _) => hours.clone(),
            (None, Some(stop)) => stop.opening_hours.clone(),
            (None, None) => "Mo-Su 09:00-17:00".to_owned(),
        };
        let rules = if needs_approval { &approved } else { &usual };
        let mut wholes: Vec<ResourceId> = Vec::new();
        for (name, name_en, kind, capacity, part_of, slot) in all {
            let facts = Facts {
                part_of: part_of.and_then(|whole| wholes.get(whole).copied()),
                kind: *kind,
                name: (*name).to_owned(),
                name_en: Some((*name_en).to_owned()),
                capacity: *capacity,
                opening_hours: hours.clone(),
                slot_minutes: *slot,
                interval_minutes: *slot,
                buffer_before_minutes: 0,
                buffer_after_minutes: 0,
                rules_id: rules.rules_id,
            };
            wholes.push(found_resource(tx, id, unit, rules, facts)?);
            entered += 1;
        }
    }
    Ok(entered)
}
