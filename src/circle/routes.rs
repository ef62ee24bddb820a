//! The circle over HTTP.

use actix_web::http::header::{ACCEPT, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::facilities::tier_m;
use super::lookup::{Asked, Circles};
use super::places::routes::unknown_kind;
use super::question::view::{
    BasisName, CircleQuery, Direction, Origin, homeless, origin_or_home_faults, pace, walking_faults,
};
use super::reached::view::reached_view;
use super::speech;
use super::view::{CircleView, FacilitiesView, facilities, geojson, json, passing, view};
use super::{area, batch, places, route};
use crate::clock;
use crate::config::Config;
use crate::coordinates::Crs;
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::Public;
use crate::grid::access::Access;
use crate::grid::{LiveTree, UnitId};
use crate::http::{Answer, Caller, Http, Input, Nothing, Operation, Query, Rate, language, preferred};
use crate::identity::PersonId;
use crate::text;

const GEOJSON: &str = "application/geo+json";

/// The operations of the circle and of its places.
pub fn operations() -> Vec<Operation> {
    let mut operations = vec![
        Operation::new::<__path_get_circle, _, _>(get_circle),
        Operation::new::<__path_list_facilities, _, _>(list_facilities),
    ];
    operations.extend(area::routes::operations());
    operations.extend(route::routes::operations());
    operations.extend(batch::routes::operations());
    operations.extend(places::routes::operations());
    operations
}

/// The building of a question, or the caller's home where it names no origin at all.
pub async fn or_home(
    names_one: bool,
    building: Option<UnitId>,
    caller: &Caller<Public>,
    access: &Access,
    tree: &LiveTree,
) -> Result<Option<UnitId>> {
    if names_one {
        return Ok(building);
    }
    let signed = caller.actor().signed.ok_or_else(homeless)?;
    let homes = access.homes(PersonId::from_uuid(signed.person)).await?;
    let home = homes.first().map(|home| UnitId::from_uuid(home.body));
    match home.filter(|home| Origin::of_unit(tree, *home).is_some()) {
        Some(home) => Ok(Some(home)),
        None => Err(homeless()),
    }
}

/// What is within some minutes' walk of a point or of a building, over the street network. A resident who names no
/// origin is asked about from home.
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
    caller: Caller<Public>,
    request: HttpRequest,
    query: Query<CircleQuery>,
    circles: web::Data<Circles>,
    tree: web::Data<LiveTree>,
    http: web::Data<Http>,
    access: web::Data<Access>,
) -> Answer {
    let config = request.app_data::<web::Data<Config>>();
    let config = config.ok_or_else(|| Error::internal("the configuration is not there"))?;
    let mut query = query.0;
    let names_one = query.lat.is_some() || query.building.is_some() || query.place.is_some();
    query.building = or_home(names_one, query.building, &caller, &access, &tree).await?;
    let as_geojson = wants_geojson(&request)?;
    let origin = Origin::of(
        query.lat.zip(query.lon),
        query.building,
        query.place,
        query.crs,
        query.at,
        &circles,
        &tree,
    )?;
    let words = query.q.as_deref().and_then(text::Query::parse);
    http.limits
        .charge(&request, &http, rate(config), cost(query.minutes))
        .await?;

    let now = clock::now();
    let pace = pace(&circles, query.pace, query.max_incline)?;
    let asked = Asked {
        origin: origin.point,
        starts: &origin.starts,
        pace: &pace,
        minutes: query.minutes,
        basis: query.basis.basis(),
        reverse: query.direction == Direction::To,
        ferry: query.ferry,
        beyond: query.beyond,
        at: query.at.unwrap_or(now),
        is_now: query.at.is_none(),
    };
    let circle = circles.around(&asked);
    let passing = passing(&circle, &query, words.as_ref());
    let mut view = view(&circles, &circle, &passing, &asked, &query);
    if query.basis == BasisName::Gb50180 {
        view.facilities = Some(facilities(&circles, &asked));
    }
    if query.profile.is_some() {
        let told = speech::Told {
            minutes: query.minutes,
            metres: tier_m(query.minutes).filter(|_| query.basis == BasisName::Gb50180),
            places: &passing,
            at: asked.at.to_utc().with_timezone(&circles.calendar().zone()),
        };
        let language = language(&request);
        view.summary_text = Some(speech::summary_text(&told, language));
        view.say = Some(speech::say(&told, language));
    }
    let listed = passing.get(..query.limit).unwrap_or(&passing);
    if as_geojson {
        view.places = listed
            .iter()
            .map(|reached| reached_view(reached, &asked, &query))
            .collect();
        return Ok(HttpResponse::Ok().content_type(GEOJSON).json(geojson(&view)?));
    }
    let body = json(&view, listed, &asked, &query)?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(body))
}

/// Twice as many at once as in the long run.
pub fn rate(config: &Config) -> Rate {
    Rate {
        name: "circle",
        per_second: config.circle_rate,
        burst: config.circle_rate.saturating_mul(2),
    }
}

/// A large circle costs as much as two.
pub const fn cost(minutes: u32) -> u32 {
    if minutes > 15 { 2 } else { 1 }
}

/// The type of an answer that is GeoJSON in any case: what the client names of the
/// two, GeoJSON where it leaves it open.
pub(super) fn geojson_type(request: &HttpRequest) -> Result<&'static str> {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    preferred(accept, &[GEOJSON, "application/json"]).ok_or_else(|| Error::refused(Reason::NotAcceptable))
}

/// That a question whose answer is GeoJSON has no other system of coordinates.
pub(super) fn geojson_is_wgs84(value: &Value, faults: &mut Vec<FieldError>) {
    if value.get("crs").is_some_and(|crs| crs != Crs::Wgs84.name()) {
        faults.push(FieldError::query(
            "crs",
            "geojson_is_wgs84",
            "GeoJSON 只使用 WGS-84（RFC 7946）。",
            "GeoJSON is WGS-84 only (RFC 7946).",
        ));
    }
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
        if matches!(wants_geojson(request), Ok(true)) {
            geojson_is_wgs84(value, faults);
        }
        walking_faults(value, FieldError::query, faults);
        origin_or_home_faults(value, request, faults);
    }
}

/// The facilities that standards ask for within a walk: the table that ships, with the
/// city's own rows before it.
#[utoipa::path(
    get,
    path = "/facilities",
    tag = "circle",
    responses((status = 200, description = "The table in force", body = FacilitiesView)),
)]
async fn list_facilities(_: Caller<Public>, _: Query<Nothing>, circles: web::Data<Circles>) -> Answer {
    let items = circles.facilities().all().to_vec();
    Ok(HttpResponse::Ok().json(FacilitiesView { items }))
}
