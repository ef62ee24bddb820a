//! The question as clients write it.

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, web};
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::circle::facilities::tier_m;
use crate::circle::lookup::{Basis, Circles};
use crate::circle::places::PlaceId;
use crate::circle::places::kinds::Category;
use crate::circle::streets::Pace;
use crate::clock::{self, Timestamp};
use crate::coordinates::{Crs, Point};
use crate::error::{Error, FieldError, Reason, Result};
use crate::grid::{LiveTree, UnitId};

/// How one walks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaceName {
    /// A grown-up in good health, 5.1 km/h.
    #[default]
    Adult,
    /// An elder, 3.0 km/h.
    Elder,
    /// A child, 3.6 km/h.
    Child,
    /// A wheelchair, 2.9 km/h and no stairs.
    Wheelchair,
}

impl PaceName {
    /// Its name in the time model.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Adult => "adult",
            Self::Elder => "elder",
            Self::Child => "child",
            Self::Wheelchair => "wheelchair",
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BasisName {
    /// Seconds of the quickest walk.
    #[default]
    Time,
    /// Metres of the shortest walk, as GB 50180-2018 takes them: 300 for 5 minutes, 500
    /// for 10, 1000 for 15.
    Gb50180,
}

impl BasisName {
    /// The same for a lookup.
    pub const fn basis(self) -> Basis {
        match self {
            Self::Time => Basis::Time,
            Self::Gb50180 => Basis::Gb50180,
        }
    }
}

/// Which way one walks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the origin to the places.
    #[default]
    From,
    /// From the places to the origin.
    To,
}

/// Who reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// An elder.
    Elder,
    /// Anybody who wants it short.
    Plain,
    /// A screen reader.
    ScreenReader,
}

/// What circle is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CircleQuery {
    /// Degrees north of the origin.
    #[param(minimum = -90, maximum = 90, example = 31.2304)]
    pub lat: Option<f64>,
    /// Degrees east of the origin.
    #[param(minimum = -180, maximum = 180, example = 112.6021)]
    pub lon: Option<f64>,
    /// A unit in place of `lat` and `lon`: walks begin at its doors, or at its location
    /// where it has none.
    #[param(inline)]
    pub building: Option<UnitId>,
    /// A place in place of `lat` and `lon`: walks begin at its doors.
    #[param(inline)]
    pub place: Option<PlaceId>,
    /// How many minutes one walks at the most; with `basis=gb50180` 5, 10 or 15.
    #[serde(default = "ten")]
    #[param(minimum = 1, maximum = 30, default = 10)]
    pub minutes: u32,
    /// How one walks.
    #[serde(default)]
    #[param(inline)]
    pub pace: PaceName,
    /// What is counted.
    #[serde(default)]
    #[param(inline)]
    pub basis: BasisName,
    /// From the origin to the places, or from them to it: where a way goes up, or one
    /// way only, that differs.
    #[serde(default)]
    #[param(inline)]
    pub direction: Direction,
    /// Whether ferries are taken, waiting included.
    #[serde(default)]
    pub ferry: bool,
    /// The steepest slope that a wheelchair takes, in per cent; 6 unless told. Only with
    /// `pace=wheelchair`.
    #[param(minimum = 1, maximum = 20)]
    pub max_incline: Option<f64>,
    /// Whether the summary tells the nearest place up to 30 minutes of each category that
    /// the circle lacks.
    #[serde(default = "yes")]
    #[param(default = true)]
    pub beyond: bool,
    /// Only places of this category.
    #[param(inline)]
    pub category: Option<Category>,
    /// Only places of this kind.
    #[param(min_length = 1, max_length = 40)]
    pub kind: Option<String>,
    /// For which instant (RFC 3339, the years 1970 to 2199); now unless told.
    #[param(value_type = Option<String>, format = "date-time")]
    pub at: Option<Timestamp>,
    /// Only places that are open then, or only those known to be closed.
    pub open: Option<bool>,
    /// Only places whose name has this.
    #[param(min_length = 1, max_length = 64, format = "search-words")]
    pub q: Option<String>,
    /// The system of coordinates in the question and in the answer.
    #[serde(default)]
    #[param(inline)]
    pub crs: Crs,
    /// How many places at the most; the summary counts all.
    #[serde(default = "two_hundred")]
    #[param(minimum = 1, maximum = 1000, default = 200)]
    pub limit: usize,
    /// Adds a short text and a sentence to be spoken.
    #[param(inline)]
    pub profile: Option<Profile>,
}

/// The minutes of a circle unless told.
pub fn ten() -> u32 {
    10
}

fn yes() -> bool {
    true
}

fn two_hundred() -> usize {
    200
}

/// An origin: what is asked about, and where walks begin.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// What straight lines are measured from.
    pub point: Point,
    /// Its doors, or the point itself.
    pub starts: Vec<Point>,
}

impl Origin {
    /// A point.
    pub fn at(point: Point) -> Self {
        Self {
            point,
            starts: vec![point],
        }
    }

    /// A unit: its doors where it has some. None where there is no such unit or it has
    /// no location.
    pub fn of_unit(tree: &LiveTree, id: UnitId) -> Option<Self> {
        let tree = tree.now();
        let unit = &tree.node(id)?.unit;
        let doors: Vec<Point> = unit.doors.iter().map(|door| door.point).collect();
        let point = unit.location.or(doors.first().copied())?;
        Some(Self {
            point,
            starts: if doors.is_empty() { vec![point] } else { doors },
        })
    }

    /// A place: where it is entered at an instant. None where there is no such place, or
    /// a mobile service that stands nowhere on that day.
    pub fn of_place(circles: &Circles, id: PlaceId, at: Timestamp) -> Option<Self> {
        let places = circles.places();
        let entry = places.place(id)?;
        let starts = circles.access_points(entry, at);
        let is_mobile = !entry.place.facts.stops.is_empty();
        let point = if is_mobile {
            *starts.first()?
        } else {
            entry.place.facts.location
        };
        Some(Self { point, starts })
    }

    /// The one of the three that a question names; the checks of the question found
    /// it to be there.
    ///
    /// # Errors
    /// `NotFound` where it has gone since.
    pub fn of(
        position: Option<(f64, f64)>,
        building: Option<UnitId>,
        place: Option<PlaceId>,
        crs: Crs,
        at: Option<Timestamp>,
        circles: &Circles,
        tree: &LiveTree,
    ) -> Result<Self> {
        let found = match (position, building, place) {
            (Some((lat, lon)), ..) => Some(Self::at(crs.to_wgs84(lat, lon))),
            (_, Some(id), _) => Self::of_unit(tree, id),
            (.., Some(id)) => Self::of_place(circles, id, at.unwrap_or_else(clock::now)),
            _ => None,
        };
        found.ok_or_else(|| Error::refused(Reason::NotFound))
    }
}

/// What is wrong with the origin of a question: none, several, or one that is not
/// there. Malformed ids are the schema's to refuse.
pub fn origin_faults(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
    let given = |name: &str| value.get(name).is_some();
    let named: Vec<&str> = ["building", "place"].into_iter().filter(|name| given(name)).collect();
    let position = given("lat") || given("lon");
    if named.is_empty() {
        faults.extend(["lat", "lon"].into_iter().filter(|name| !given(name)).map(needed));
    } else if position || named.len() > 1 {
        for name in named {
            faults.push(FieldError::query(
                name,
                "one_origin",
                "lat 和 lon、building、place 只能给出一种。",
                "Give one of lat and lon, building, and place.",
            ));
        }
    } else {
        unplaced_building(value, request, faults);
        unknown_place(value, request, faults);
    }
}

/// The same of a question that may leave the origin out: whoever is signed in is asked
/// about from home.
pub fn origin_or_home_faults(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
    let names_one = ["lat", "lon", "building", "place"]
        .iter()
        .any(|name| value.get(name).is_some());
    if names_one || !request.headers().contains_key(AUTHORIZATION) {
        origin_faults(value, request, faults);
    }
}

fn needed(name: &str) -> FieldError {
    FieldError::query(
        name,
        "required",
        "请给出 lat 和 lon，或 building，或 place。",
        "Give lat and lon, or building, or place.",
    )
}

/// Nobody confirmed yet where this person lives, so they have to say from where.
pub fn homeless() -> Error {
    Error::Invalid(["lat", "lon"].map(needed).to_vec())
}

fn unplaced_building(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
    let id = value["building"].as_str().and_then(|text| text.parse::<UnitId>().ok());
    let (Some(id), Some(tree)) = (id, request.app_data::<web::Data<LiveTree>>()) else {
        return;
    };
    if let Some((code, zh, en)) = unit_fault(tree, id) {
        faults.push(FieldError::query("building", code, zh, en));
    }
}

/// Why walks cannot begin at a unit: a stable code, and the reason in Chinese and
/// English.
pub fn unit_fault(tree: &LiveTree, id: UnitId) -> Option<(&'static str, &'static str, &'static str)> {
    if Origin::of_unit(tree, id).is_some() {
        return None;
    }
    Some(match tree.now().node(id) {
        None => ("unknown_unit", "没有这个单元。", "There is no such unit."),
        Some(_) => (
            "no_location",
            "该单元没有位置，请改用 lat 和 lon。",
            "This unit has no location; give lat and lon.",
        ),
    })
}

fn unknown_place(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
    let id = value["place"].as_str().and_then(|text| text.parse::<PlaceId>().ok());
    let (Some(id), Some(circles)) = (id, request.app_data::<web::Data<Circles>>()) else {
        return;
    };
    let at = value["at"].as_str().and_then(|text| text.parse().ok());
    if Origin::of_place(circles, id, at.unwrap_or_else(clock::now)).is_some() {
        return;
    }
    faults.push(match circles.places().place(id) {
        None => FieldError::query("place", "unknown_place", "没有这个服务点。", "There is no such place."),
        Some(_) => FieldError::query(
            "place",
            "not_out",
            "该流动服务当天不在任何停靠点，请换一天（at）。",
            "This mobile service stands nowhere on that day; ask for another one (at).",
        ),
    });
}

/// What of the shared parameters does not go together; `fault` makes a fault of a
/// field's name, a code and the words.
pub fn walking_faults(
    value: &Value,
    fault: fn(&'static str, &'static str, &'static str, &'static str) -> FieldError,
    faults: &mut Vec<FieldError>,
) {
    if value.get("max_incline").is_some_and(|steepest| !steepest.is_null()) && value["pace"] != "wheelchair" {
        faults.push(fault(
            "max_incline",
            "wheelchair_only",
            "max_incline 只用于 pace=wheelchair。",
            "It goes with pace=wheelchair only.",
        ));
    }
    let minutes = value.get("minutes").map_or(Some(u64::from(ten())), Value::as_u64);
    let is_tier = minutes.is_some_and(|minutes| tier_m(minutes as u32).is_some());
    if value["basis"] == "gb50180" && !is_tier {
        faults.push(fault(
            "minutes",
            "gb50180_tiers",
            "basis=gb50180 只有 5、10、15 分钟三档。",
            "basis=gb50180 knows 5, 10 and 15 minutes only.",
        ));
    }
    let at: Option<Timestamp> = value["at"].as_str().and_then(|text| text.parse().ok());
    if at.is_some_and(|at| !(1970..2200).contains(&at.to_utc().year())) {
        faults.push(fault(
            "at",
            "range",
            "只支持 1970 年到 2199 年。",
            "It takes the years 1970 to 2199.",
        ));
    }
}

/// The pace of that name, with its own steepest slope in per cent where told.
///
/// # Errors
/// Where the time model lacks it, which only a faulty build can cause.
pub fn pace(circles: &Circles, name: PaceName, max_incline: Option<f64>) -> Result<Pace> {
    let pace = circles.model().pace(name.code());
    let pace = pace.ok_or_else(|| Error::internal("the time model lacks a pace"))?;
    Ok(match max_incline {
        Some(percent) => pace.with_max_incline((percent / 100.0) as f32),
        None => pace.clone(),
    })
}
