//! The circle over HTTP.

use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Datelike;
use serde_json::Value;

use super::area;
use super::lookup::{Asked, Circles};
use super::places;
use super::places::routes::unknown_kind;
use super::route;
use super::speech;
use super::streets::Pace;
use super::view::{CircleQuery, CircleView, PaceName, geojson, passing, view};
use crate::clock::{self, Timestamp};
use crate::config::Config;
use crate::coordinates::{Crs, Point};
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::Public;
use crate::grid::{LiveTree, UnitId};
use crate::http::{Answer, Caller, Http, Input, Operation, Query, Rate, language, preferred};
use crate::text;

const GEOJSON: &str = "application/geo+json";

/// The operations of the circle and of its places.
pub fn operations() -> Vec<Operation> {
    let mut operations = vec![Operation::new::<__path_get_circle, _, _>(get_circle)];
    operations.extend(area::routes::operations());
    operations.extend(route::routes::operations());
    operations.extend(places::routes::operations());
    operations
}

/// What is within some minutes' walk of a point or of a building, over the street network.
#[utoipa::path(
    get,
    path = "/circle",
    tag = "circle",
    params(CircleQuery),
    responses((status = 200, description = "The circle", content(
        (CircleView = "application/json"),
        (Object = "application/geo+json"),
    ))),
)]
async fn get_circle(
    _: Caller<Public>,
    request: HttpRequest,
    query: Query<CircleQuery>,
    circles: web::Data<Circles>,
    tree: web::Data<LiveTree>,
    http: web::Data<Http>,
    config: web::Data<Config>,
) -> Answer {
    let query = query.0;
    let as_geojson = wants_geojson(&request)?;
    let origin = origin(&query, &tree)?;
    let words = query.q.as_deref().and_then(text::Query::parse);
    http.limits
        .charge(&request, &http, rate(&config), cost(query.minutes))
        .await?;

    let now = clock::now();
    let asked = Asked {
        origin,
        pace: pace(&circles, query.pace)?,
        limit_s: f64::from(query.minutes) * 60.0,
        at: query.at.unwrap_or(now),
        is_now: query.at.is_none(),
    };
    let circle = circles.around(&asked);
    let passing = passing(&circle, &query, words.as_ref());
    let mut view = view(&circles, &circle, &passing, &asked, &query);
    if query.profile.is_some() {
        let told = speech::Told {
            minutes: query.minutes,
            places: &passing,
            at: asked.at.to_utc().with_timezone(&circles.calendar().zone()),
        };
        let language = language(&request);
        view.summary_text = Some(speech::summary_text(&told, language));
        view.say = Some(speech::say(&told, language));
    }
    if as_geojson {
        return Ok(HttpResponse::Ok().content_type(GEOJSON).json(geojson(&view)?));
    }
    Ok(HttpResponse::Ok().json(view))
}

/// Twice as many at once as in the long run.
pub(super) fn rate(config: &Config) -> Rate {
    Rate {
        name: "circle",
        per_second: config.circle_rate,
        burst: config.circle_rate.saturating_mul(2),
    }
}

/// A large circle costs as much as two.
const fn cost(minutes: u32) -> u32 {
    if minutes > 15 { 2 } else { 1 }
}

fn pace(circles: &Circles, name: PaceName) -> Result<&Pace> {
    circles
        .model()
        .pace(name.code())
        .ok_or_else(|| Error::internal("the time model lacks a pace"))
}

fn wants_geojson(request: &HttpRequest) -> Result<bool> {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    match preferred(accept, &["application/json", GEOJSON]) {
        Some(kind) => Ok(kind == GEOJSON),
        None => Err(Error::refused(Reason::NotAcceptable)),
    }
}

impl Input for CircleQuery {
    fn cross_check(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
        unknown_kind(value, "query", faults);
        let is_geojson = matches!(wants_geojson(request), Ok(true));
        if is_geojson && value.get("crs").is_some_and(|crs| crs != Crs::Wgs84.name()) {
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
        let given = |name: &str| value.get(name).is_some();
        if !given("building") {
            for name in ["lat", "lon"].into_iter().filter(|name| !given(name)) {
                faults.push(FieldError::query(
                    name,
                    "required",
                    "请给出 lat 和 lon，或 building。",
                    "Give lat and lon, or building.",
                ));
            }
        } else if given("lat") || given("lon") {
            faults.push(FieldError::query(
                "building",
                "one_origin",
                "请只给出 building 或 lat 和 lon 之一。",
                "Give building, or lat and lon, not both.",
            ));
        } else {
            unplaced_building(value, request, faults);
        }
    }
}

/// A building that is not there or has no location. One whose id is malformed is
/// the schema's to refuse.
fn unplaced_building(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
    let id = value["building"].as_str().and_then(|text| text.parse::<UnitId>().ok());
    let (Some(id), Some(tree)) = (id, request.app_data::<web::Data<LiveTree>>()) else {
        return;
    };
    let (code, zh, en) = match tree.now().node(id) {
        None => ("unknown_unit", "没有这个单元。", "There is no such unit."),
        Some(node) if node.unit.location.is_none() => (
            "no_location",
            "该单元没有位置，请改用 lat 和 lon。",
            "This unit has no location; give lat and lon.",
        ),
        Some(_) => return,
    };
    faults.push(FieldError::query("building", code, zh, en));
}

/// The origin, which the checks above found to be there.
fn origin(query: &CircleQuery, tree: &LiveTree) -> Result<Point> {
    let building = query.building.and_then(|id| tree.now().node(id)?.unit.location);
    let point = query.lat.zip(query.lon).map(|(lat, lon)| query.crs.to_wgs84(lat, lon));
    // A building may have gone since it was checked.
    point.or(building).ok_or_else(|| Error::refused(Reason::NotFound))
}
