//! Utilisation as clients ask for it and read it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::count::Count;
use crate::booking::resources::{Resource, ResourceId};
use crate::circle::places::PlaceId;
use crate::grid::UnitId;
use crate::http::Input;

/// Between which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UtilisationQuery {
    /// The first day; 27 days before the last where it is not given.
    #[param(value_type = Option<String>, format = "date", example = "2026-11-01")]
    pub from: Option<NaiveDate>,
    /// The last day; yesterday where it is not given.
    #[param(value_type = Option<String>, format = "date", example = "2026-11-28")]
    pub to: Option<NaiveDate>,
}

impl Input for UtilisationQuery {}

/// How much of what there is was used, in place-minutes: of a shared resource each of its places
/// counts, any other counts once; halls by their parts.
#[derive(Debug, Serialize, ToSchema)]
pub struct UseView {
    /// Place-minutes in which it was open, by its hours as they are now, its agreements and closures.
    pub open_minutes: i64,
    /// Those that were booked by somebody who came or is to come.
    pub booked_minutes: i64,
    /// Those that stood idle.
    pub idle_minutes: i64,
    /// Booked divided by open, from 0 to 1; null where it was never open.
    pub utilisation: Option<f64>,
    /// Place-minutes that were withheld for some.
    pub withheld_minutes: i64,
    /// Those of them that they booked.
    pub withheld_used_minutes: i64,
    /// Bookings that began then and were not given back.
    pub bookings: i64,
    /// Those to which nobody came.
    pub no_shows: i64,
    /// No-shows divided by bookings, from 0 to 1; null where there were none.
    pub no_show_rate: Option<f64>,
}

fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl From<&Count> for UseView {
    fn from(count: &Count) -> Self {
        let minutes = count.minutes;
        Self {
            open_minutes: minutes.open,
            booked_minutes: minutes.booked,
            idle_minutes: (minutes.open - minutes.booked).max(0),
            utilisation: ratio(minutes.booked, minutes.open),
            withheld_minutes: count.withheld,
            withheld_used_minutes: count.withheld_used,
            bookings: count.bookings,
            no_shows: count.no_shows,
            no_show_rate: ratio(count.no_shows, count.bookings),
        }
    }
}

/// How much was used in an hour of the week.
#[derive(Debug, Serialize, ToSchema)]
pub struct HourUse {
    /// The weekday, 1 is Monday.
    #[schema(minimum = 1, maximum = 7)]
    pub weekday: u32,
    /// The hour, in the city's zone.
    #[schema(minimum = 0, maximum = 23)]
    pub hour: u32,
    /// Place-minutes in which it was open.
    pub open_minutes: i64,
    /// Those that were booked.
    pub booked_minutes: i64,
}

/// How much of a resource was used.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResourceUse {
    /// Which.
    pub resource_id: ResourceId,
    /// Where it is.
    pub place_id: PlaceId,
    /// Whose it is.
    pub unit_id: UnitId,
    /// Its name in Chinese.
    pub name: String,
    /// How much; of one that is divided its parts tell the minutes.
    pub used: UseView,
}

/// How much of what a unit and those below it have was used.
#[derive(Debug, Serialize, ToSchema)]
pub struct UtilisationView {
    /// Of which unit, and those below it.
    pub unit_id: UnitId,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// All together.
    pub total: UseView,
    /// By hour and weekday, those in which anything was open or booked.
    pub hours: Vec<HourUse>,
    /// By resource, the most idle first; 500 at the most.
    pub resources: Vec<ResourceUse>,
    /// So many more resources are in the total and not in the list.
    pub left_off: usize,
}

/// So many resources are listed.
const MOST: usize = 500;

impl UtilisationView {
    /// Of these resources.
    pub fn of(unit_id: UnitId, (from, to): (NaiveDate, NaiveDate), mut all: Vec<(Resource, Count)>) -> Self {
        let mut total = Count::default();
        for (_, count) in &all {
            total.add(count);
        }
        let hours = total.hours.iter().map(|((weekday, hour), minutes)| HourUse {
            weekday: *weekday,
            hour: *hour,
            open_minutes: minutes.open,
            booked_minutes: minutes.booked,
        });
        let hours = hours.collect();
        all.sort_by_key(|(one, count)| (count.minutes.booked - count.minutes.open, one.id));
        let left_off = all.len().saturating_sub(MOST);
        all.truncate(MOST);
        let resources = all.into_iter().map(|(one, count)| ResourceUse {
            resource_id: one.id,
            place_id: one.place_id,
            unit_id: one.unit_id,
            name: one.facts.name,
            used: UseView::from(&count),
        });
        Self {
            unit_id,
            from,
            to,
            total: UseView::from(&total),
            hours,
            resources: resources.collect(),
            left_off,
        }
    }
}
