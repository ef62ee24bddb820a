//! What questions about walks have in common, as clients ask and read it.

use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, web};
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Walking;
use crate::circle::lookup::Circles;
use crate::circle::places::PlaceId;
use crate::circle::streets::{Method, Reach};
use crate::circle::view::{MethodView, ModelView, PaceName, SnappedView, to_decimetre};
use crate::clock::{self, Timestamp};
use crate::coordinates::{Crs, Point};
use crate::error::{Error, FieldError, Reason, Result};
use crate::grid::{LiveTree, UnitId};
use crate::http::{Location, preferred};

/// The type of GeoJSON (RFC 7946).
pub const GEOJSON: &str = "application/geo+json";

/// From the origin, or to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// One walks from the origin.
    #[default]
    From,
    /// One walks to the origin.
    To,
}

/// What was asked, as the queries have it.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    /// Degrees north.
    pub lat: Option<f64>,
    /// Degrees east.
    pub lon: Option<f64>,
    /// A building in place of both.
    pub building: Option<UnitId>,
    /// A place in place of both.
    pub place: Option<PlaceId>,
    /// How one walks.
    pub pace: PaceName,
    /// The steepest slope that a wheelchair takes, per cent.
    pub max_incline: Option<f64>,
    /// From the origin or to it.
    pub direction: Direction,
    /// Whether ferries are taken.
    pub ferry: bool,
    /// For which instant.
    pub at: Option<Timestamp>,
}

impl Given {
    /// The walk that is asked about; what it refers to was found to be there.
    ///
    /// # Errors
    /// `not-found` where a building or place went since it was checked.
    pub fn walking(&self, circles: &Circles, tree: &LiveTree) -> Result<Walking> {
        let gone = || Error::refused(Reason::NotFound);
        let (at, origins) = if let Some(id) = self.building {
            let tree = tree.now();
            let node = tree.node(id).ok_or_else(gone)?;
            let at = node.unit.location.ok_or_else(gone)?;
            let doors: Vec<Point> = node.unit.doors.iter().map(|door| door.point).collect();
            (at, if doors.is_empty() { vec![at] } else { doors })
        } else if let Some(id) = self.place {
            let places = circles.places();
            let entry = places.place(id).ok_or_else(gone)?;
            (entry.place.facts.location, entry.access_points().collect())
        } else {
            let (lat, lon) = self.lat.zip(self.lon).ok_or_else(gone)?;
            let at = Point::new(lat, lon);
            (at, vec![at])
        };
        let pace = circles
            .model()
            .pace(self.pace.code())
            .ok_or_else(|| Error::internal("the time model lacks a pace"))?;
        Ok(Walking {
            at,
            origins,
            pace: match self.max_incline {
                Some(percent) => pace.with_max_incline((percent / 100.0) as f32),
                None => pace.clone(),
            },
            reverse: self.direction == Direction::To,
            ferry: self.ferry,
            when: self.at.unwrap_or_else(clock::now),
            is_now: self.at.is_none(),
        })
    }
}

/// Where the walks start, or end where they lead to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WalkOrigin {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// The unit that was asked for.
    pub building: Option<UnitId>,
    /// The place that was asked for.
    pub place: Option<PlaceId>,
    /// The points on the streets from which the walk may begin.
    pub snapped: Vec<SnappedView>,
    /// Whether these streets hang together with little else.
    pub island: bool,
}

impl WalkOrigin {
    /// The origin of a reach.
    pub fn of(given: &Given, walking: &Walking, reach: &Reach) -> Self {
        let at = Location::of(walking.at, Crs::Wgs84);
        Self {
            lat: at.lat,
            lon: at.lon,
            building: given.building,
            place: given.place,
            snapped: reach.feet.iter().map(|foot| snapped(foot.point, foot.snap_m)).collect(),
            island: reach.island,
        }
    }
}

/// A point on a street with its straight leg.
pub fn snapped(point: Point, snap_m: f32) -> SnappedView {
    let at = Location::of(point, Crs::Wgs84);
    SnappedView {
        lat: at.lat,
        lon: at.lon,
        snap_m: to_decimetre(f64::from(snap_m)),
    }
}

/// A line as GeoJSON has it.
pub fn positions(line: &[Point]) -> Vec<[f64; 2]> {
    line.iter()
        .map(|point| {
            let at = Location::of(*point, Crs::Wgs84);
            [at.lon, at.lat]
        })
        .collect()
}

/// How a reach was found.
pub fn method(reach: &Reach) -> MethodView {
    match reach.method {
        Method::Streets => MethodView::Streets,
        Method::StraightLine => MethodView::StraightLine,
    }
}

/// By what figures one walks.
pub fn model(circles: &Circles, given: &Given, walking: &Walking) -> ModelView {
    ModelView {
        name: &circles.model().name,
        pace: given.pace,
        km_per_hour: (36.0 / f64::from(walking.pace.seconds_a_metre)).round() / 10.0,
        detour_factor: walking.pace.detour_factor,
    }
}

/// The type of an answer that is GeoJSON in any case: what the client names of the
/// two, GeoJSON where it leaves it open.
///
/// # Errors
/// `not-acceptable` where it takes neither.
pub fn geojson_type(request: &HttpRequest) -> Result<&'static str> {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    preferred(accept, &[GEOJSON, "application/json"]).ok_or_else(|| Error::refused(Reason::NotAcceptable))
}

/// Names what is wrong with what all questions about walks have.
pub fn check(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
    if value.get("crs").is_some_and(|crs| crs != Crs::Wgs84.name()) {
        faults.push(FieldError::query(
            "crs",
            "geojson_is_wgs84",
            "GeoJSON 只使用 WGS-84（RFC 7946）。",
            "GeoJSON is WGS-84 only (RFC 7946).",
        ));
    }
    let at: Option<Timestamp> = value["at"].as_str().and_then(|text| text.parse().ok());
    if at.is_some_and(|at| !(1970..2200).contains(&at.to_utc().year())) {
        faults.push(FieldError::query(
            "at",
            "range",
            "只支持 1970 年到 2199 年。",
            "It takes the years 1970 to 2199.",
        ));
    }
    if value.get("max_incline").is_some() && value["pace"] != PaceName::Wheelchair.code() {
        faults.push(FieldError::query(
            "max_incline",
            "wheelchair_only",
            "只能与 pace=wheelchair 一起使用。",
            "It goes with pace=wheelchair only.",
        ));
    }
    check_origin(value, request, faults);
}

/// There is one origin, and it is somewhere.
fn check_origin(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
    let given = |name: &str| value.get(name).is_some();
    let others: Vec<&str> = ["building", "place"].into_iter().filter(|name| given(name)).collect();
    let has_point = given("lat") || given("lon");
    match others.as_slice() {
        [] => {
            for name in ["lat", "lon"].into_iter().filter(|name| !given(name)) {
                faults.push(FieldError::query(
                    name,
                    "required",
                    "请给出 lat 和 lon，或 building，或 place。",
                    "Give lat and lon, or building, or place.",
                ));
            }
        }
        [one] if !has_point => absent(one, value, request, faults),
        [one, ..] => faults.push(FieldError::query(
            one,
            "one_origin",
            "请只给出 lat 和 lon、building、place 之一。",
            "Give one of lat and lon, building, place.",
        )),
    }
}

/// A building or place that is not there or has no location. One whose id is
/// malformed is the schema's to refuse.
fn absent(name: &str, value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
    let text = value[name].as_str().unwrap_or_default();
    let (code, zh, en) = if name == "building" {
        let (Ok(id), Some(tree)) = (text.parse::<UnitId>(), request.app_data::<web::Data<LiveTree>>()) else {
            return;
        };
        match tree.now().node(id) {
            None => ("unknown_unit", "没有这个单元。", "There is no such unit."),
            Some(node) if node.unit.location.is_none() => (
                "no_location",
                "该单元没有位置，请改用 lat 和 lon。",
                "This unit has no location; give lat and lon.",
            ),
            Some(_) => return,
        }
    } else {
        let (Ok(id), Some(circles)) = (text.parse::<PlaceId>(), request.app_data::<web::Data<Circles>>()) else {
            return;
        };
        if circles.places().place(id).is_some() {
            return;
        }
        ("unknown_place", "没有这个服务点。", "There is no such place.")
    };
    faults.push(FieldError::query(name, code, zh, en));
}
