//! The circle over HTTP.

use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse, web};

use super::lookup::{Asked, Circles};
use super::places;
use super::places::routes::{known_kind, no_words};
use super::speech;
use super::streets::Pace;
use super::view::{CircleQuery, CircleView, PaceName, geojson, view};
use crate::clock;
use crate::config::Config;
use crate::coordinates::{Crs, Point};
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::Public;
use crate::grid::{LiveTree, UnitId};
use crate::http::{Answer, Caller, Http, Operation, Query, Rate, language};
use crate::text;

const GEOJSON: &str = "application/geo+json";

/// The operations of the circle and of its places.
pub fn operations() -> Vec<Operation> {
    let mut operations = vec![Operation::new::<__path_get_circle, _, _>(get_circle)];
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
    let origin = origin(&query, &tree, as_geojson)?;
    let words = query
        .q
        .as_deref()
        .map(|words| text::Query::parse(words).ok_or_else(no_words));
    let words = words.transpose()?;
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
    let mut view = view(&circles, &circle, &asked, &query, words.as_ref());
    if query.profile.is_some() {
        let told = speech::Told {
            minutes: query.minutes,
            places: &circle.reached,
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
fn rate(config: &Config) -> Rate {
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
    let header = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    let Some(accept) = header else { return Ok(false) };
    let types: Vec<&str> = accept
        .split(',')
        .filter_map(|item| item.split(';').next())
        .map(str::trim)
        .collect();
    let takes = |wanted: &[&str]| types.iter().any(|kind| wanted.contains(kind));
    if takes(&["application/json", "application/*", "*/*"]) {
        // Who names both gets the one that it names first.
        let at = |wanted: &str| types.iter().position(|kind| *kind == wanted).unwrap_or(usize::MAX);
        Ok(at(GEOJSON) < at("application/json"))
    } else if takes(&[GEOJSON]) {
        Ok(true)
    } else {
        Err(Error::refused(Reason::NotAcceptable))
    }
}

fn origin(query: &CircleQuery, tree: &LiveTree, as_geojson: bool) -> Result<Point> {
    let mut faults = Vec::new();
    if as_geojson && query.crs != Crs::Wgs84 {
        faults.push(FieldError::query(
            "crs",
            "geojson_is_wgs84",
            "GeoJSON 只使用 WGS-84(RFC 7946)。",
            "GeoJSON is WGS-84 only (RFC 7946).",
        ));
    }
    if let Err(Error::Invalid(fault)) = known_kind(query.kind.as_deref()) {
        faults.extend(fault);
    }
    let point = match (query.building, query.lat, query.lon) {
        (None, Some(lat), Some(lon)) => Some(query.crs.to_wgs84(lat, lon)),
        (Some(id), None, None) => building(tree, id, &mut faults),
        (Some(_), _, _) => {
            faults.push(FieldError::query(
                "building",
                "one_origin",
                "请只给出 building 或 lat 和 lon 之一。",
                "Give building, or lat and lon, not both.",
            ));
            None
        }
        (None, lat, lon) => {
            for (name, given) in [("lat", lat.is_some()), ("lon", lon.is_some())] {
                if !given {
                    faults.push(FieldError::query(
                        name,
                        "required",
                        "请给出 lat 和 lon,或 building。",
                        "Give lat and lon, or building.",
                    ));
                }
            }
            None
        }
    };
    match point {
        Some(point) if faults.is_empty() => Ok(point),
        _ => Err(Error::Invalid(faults)),
    }
}

fn building(tree: &LiveTree, id: UnitId, faults: &mut Vec<FieldError>) -> Option<Point> {
    let tree = tree.now();
    let node = tree.node(id);
    let location = node.and_then(|node| node.unit.location);
    if location.is_none() {
        let (code, zh, en) = match node {
            None => ("unknown_unit", "没有这个单元。", "There is no such unit."),
            Some(_) => (
                "no_location",
                "该单元没有位置,请改用 lat 和 lon。",
                "This unit has no location; give lat and lon.",
            ),
        };
        faults.push(FieldError::query("building", code, zh, en));
    }
    location
}
