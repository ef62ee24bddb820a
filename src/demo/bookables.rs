//! What is booked in the demo city: halls that divide, courts that are alike, seats, rooms that
//! take an approval, and doctors who come to the villages.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::Place;
use crate::booking::{
    Agreement, AgreementId, Holder, Mode, Party, Share, ShareId, Span, found_agreement, found_resource, found_rules,
    found_share,
};
use crate::booking::{Approval, Facts, Kind, Limit, NoShowPolicy, Period, ResourceId, Terms, Unit, Whose};
use crate::circle::places::PlaceId;
use crate::clock;
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
            ..NoShowPolicy::default()
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

/// How what is booked at a place of a kind is shared: in which of the four ways, the other party and
/// what it is bound to do, and in which hours.
type Shared = (Mode, &'static str, &'static str, &'static str);

fn shared(kind: &str) -> Option<Shared> {
    Some(match kind {
        "party_service_centre" => (
            Mode::CoOwned,
            "党群共有",
            "社区党支部：安排党员活动，轮流看护。",
            "Mo-Fr 18:00-20:00",
        ),
        "elder_day_care" | "elder_activity_room" => (
            Mode::Shared,
            "老人共享",
            "居民小组：闲时向邻近小组的老人开放。",
            "Sa 09:00-11:00",
        ),
        "culture_station" | "culture_centre" => (
            Mode::CoBuilt,
            "共建",
            "文化部门：提供设备，派出辅导老师。",
            "Mo-Su 19:00-21:00",
        ),
        "sports_centre" => (
            Mode::ByAgreement,
            "协议共用",
            "学校：工作日傍晚让出球场，使用方负责清场。",
            "Mo-Fr 21:00-22:00",
        ),
        _ => return None,
    })
}

/// Enters how a resource is shared, and what of it is withheld.
fn share(tx: &mut Tx<'_>, kind: &str, resource: ResourceId, owner: &Party, today: NaiveDate) -> Result<()> {
    if let Some((mode, name, duties, hours)) = shared(kind) {
        let (other, duties) = duties.split_once('：').unwrap_or(("协议方", duties));
        let agreement = Agreement {
            id: AgreementId::new(),
            resource_id: resource,
            mode,
            name: name.to_owned(),
            from_day: today,
            to_day: today + chrono::TimeDelta::days(365),
            hours: hours.to_owned(),
            is_public: mode == Mode::ByAgreement,
            parties: vec![
                owner.clone(),
                Party {
                    unit_id: None,
                    name: other.to_owned(),
                    duties: duties.to_owned(),
                },
            ],
            created_at: clock::now(),
            ended_at: None,
        };
        found_agreement(tx, &agreement, BY)?;
    }
    let withheld = match kind {
        "library" => (Holder::Desk, 3, "为到馆和来电的读者保留", 3600),
        "elder_day_care" | "elder_activity_room" => (Holder::Elders, 6, "优先老年人", 24 * 3600),
        "sports_centre" => (Holder::Desk, 1, "为到场和来电的居民保留一片场地", 2 * 3600),
        _ => return Ok(()),
    };
    let (holder, places, reason, release_seconds) = withheld;
    let share = Share {
        id: ShareId::new(),
        resource_id: resource,
        holder,
        unit_id: None,
        places,
        hours: None,
        reason: reason.to_owned(),
        release_seconds,
        created_at: clock::now(),
        ended_at: None,
    };
    found_share(tx, &share, BY)
}

/// Enters what is booked at these places.
pub(super) fn enter(
    tx: &mut Tx<'_>,
    places: &[Place],
    (ids, units, names): (&HashMap<String, PlaceId>, &HashMap<String, UnitId>, &[super::Unit]),
    county: UnitId,
    today: NaiveDate,
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
                open_to: Vec::new(),
                department_id: None,
            };
            wholes.push(found_resource(tx, id, unit, rules, facts)?);
            entered += 1;
        }
        let code = &place.unit_code;
        let name = names
            .iter()
            .find(|unit| unit.code == *code)
            .map(|unit| unit.name.clone());
        let owner = Party {
            unit_id: Some(unit),
            name: name.unwrap_or_default(),
            duties: "提供场地，负责日常保洁和安全。".to_owned(),
        };
        if let Some(resource) = wholes.first() {
            share(tx, place.kind, *resource, &owner, today)?;
        }
    }
    Ok(entered)
}
