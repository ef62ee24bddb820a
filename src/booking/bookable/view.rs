//! What can be booked in a circle, as clients ask for it and read it.

use actix_web::HttpRequest;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::booking::resources::{Kind, ResourceId};
use crate::booking::view::{SlotView, SlotsQuery};
use crate::circle::places::PlaceId;
use crate::circle::places::kinds::Category;
use crate::circle::places::routes::unknown_kind;
use crate::circle::question::view::{PaceName, origin_or_home_faults, ten};
use crate::coordinates::Crs;
use crate::error::FieldError;
use crate::grid::UnitId;
use crate::http::Input;

/// What can be booked is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BookableQuery {
    /// Degrees north of the origin.
    #[param(minimum = -90, maximum = 90, example = 31.2304)]
    pub lat: Option<f64>,
    /// Degrees east of the origin.
    #[param(minimum = -180, maximum = 180, example = 112.6021)]
    pub lon: Option<f64>,
    /// A unit in place of `lat` and `lon`.
    #[param(inline)]
    pub building: Option<UnitId>,
    /// A place in place of `lat` and `lon`.
    #[param(inline)]
    pub place: Option<PlaceId>,
    /// How many minutes one walks at the most.
    #[serde(default = "ten")]
    #[param(minimum = 1, maximum = 30, default = 10)]
    pub minutes: u32,
    /// How one walks.
    #[serde(default)]
    #[param(inline)]
    pub pace: PaceName,
    /// Only places of this category.
    #[param(inline)]
    pub category: Option<Category>,
    /// Only places of this kind.
    #[param(min_length = 1, max_length = 40)]
    pub kind: Option<String>,
    /// Free on this day (`2026-12-01`) or at this time (RFC 3339) or later; from now on where
    /// it is not given.
    #[param(min_length = 10, max_length = 40, example = "2026-12-01")]
    pub from: Option<String>,
    /// Free on this day at the latest, or before this time; seven days are looked at where it
    /// is not given, and 62 at the most.
    #[param(min_length = 10, max_length = 40, example = "2026-12-07")]
    pub to: Option<String>,
    /// For so many people.
    #[serde(default = "one")]
    #[param(minimum = 1, maximum = 10_000, default = 1)]
    pub party: i64,
    /// The system of coordinates of the question.
    #[serde(default)]
    #[param(inline)]
    pub crs: Crs,
}

fn one() -> i64 {
    1
}

impl BookableQuery {
    /// The times that are asked about.
    pub fn times(&self) -> SlotsQuery {
        SlotsQuery {
            from: self.from.clone(),
            to: self.to.clone(),
            party: self.party,
        }
    }
}

impl Input for BookableQuery {
    fn cross_check(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
        unknown_kind(value, "query", faults);
        origin_or_home_faults(value, request, faults);
    }
}

/// A resource that is free.
#[derive(Debug, Serialize, ToSchema)]
pub struct FreeResource {
    /// Its id.
    pub id: ResourceId,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// How it is shared.
    pub kind: Kind,
    /// The first times at which it is free.
    pub first_free: Vec<SlotView>,
}

/// A place with resources that are free.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookablePlace {
    /// Its id.
    pub id: PlaceId,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// Its category.
    pub category: Category,
    /// Seconds of walking, from the origin to the door.
    pub walk_s: u32,
    /// Metres of walking, from the origin to the door.
    pub walk_m: f64,
    /// What is free there.
    pub resources: Vec<FreeResource>,
}

/// What can be booked within the circle.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bookable {
    /// The places, the nearest first.
    pub items: Vec<BookablePlace>,
    /// What must be shown with them.
    pub attribution: Option<&'static str>,
}
