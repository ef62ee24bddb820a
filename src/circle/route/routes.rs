//! A walk over HTTP.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::view::{RouteGeometry, RoutePlace, RouteProperties, RouteQuery, RouteView, StepView};
use super::words::{self, End};
use super::{MINUTES, Route, route};
use crate::circle::area::routes::positions;
use crate::circle::lookup::{Asked, Basis, Circles};
use crate::circle::places::Status;
use crate::circle::question::view::{Direction, Origin, PaceName, origin_faults, pace, walking_faults};
use crate::circle::reached::view::{ReachedDoorView, door_view};
use crate::circle::routes::{geojson_is_wgs84, geojson_type, rate};
use crate::circle::view::{OriginView, attribution, map_view, method_view, model_view, to_decimetre, whole_seconds};
use crate::clock;
use crate::config::Config;
use crate::coordinates::Crs;
use crate::error::{Error, FieldError, Reason};
use crate::gate::Public;
use crate::grid::LiveTree;
use crate::http::{Answer, Caller, Http, Input, Operation, Query, language};
use crate::language::Language;

/// What a walk costs of the circle's rate.
const COST: u32 = 2;

/// The operations of walks.
pub fn operations() -> Vec<Operation> {
    vec![Operation::new::<__path_get_route, _, _>(get_route)]
}

/// The walk to a place within 30 minutes, as GeoJSON with its steps in words.
#[utoipa::path(
    get,
    path = "/circle/route",
    tag = "circle",
    params(RouteQuery),
    responses((status = 200, description = "The walk", content(
        (RouteView = "application/geo+json"),
        (RouteView = "application/json"),
    ))),
)]
async fn get_route(
    _: Caller<Public>,
    request: HttpRequest,
    query: Query<RouteQuery>,
    circles: web::Data<Circles>,
    tree: web::Data<LiveTree>,
    http: web::Data<Http>,
    config: web::Data<Config>,
) -> Answer {
    let content_type = geojson_type(&request)?;
    let query = query.0;
    let origin = Origin::of(
        query.lat.zip(query.lon),
        query.building,
        query.place,
        query.crs,
        query.at,
        &circles,
        &tree,
    )?;
    let places = circles.places();
    if places
        .place(query.to)
        .is_none_or(|entry| entry.place.status == Status::Closed)
    {
        return Err(Error::refused(Reason::NotFound));
    }
    http.limits.charge(&request, &http, rate(&config), COST).await?;

    let language = language(&request);
    let pace = pace(&circles, query.pace, query.max_incline)?;
    let asked = Asked {
        origin: origin.point,
        starts: &origin.starts,
        pace: &pace,
        minutes: MINUTES,
        basis: Basis::Time,
        reverse: query.direction == Direction::To,
        ferry: query.ferry,
        beyond: false,
        at: query.at.unwrap_or_else(clock::now),
        is_now: query.at.is_none(),
    };
    let found = route(&circles, &asked, query.to, language, |reach| {
        let origin = OriginView::of(
            &asked,
            (query.building, query.place),
            &reach.feet,
            reach.island,
            Crs::Wgs84,
        );
        (
            origin,
            method_view(reach.method),
            reach.complete,
            reach.streets_change_at,
        )
    });
    let (route, (origin, method, complete, streets_change_at)) =
        found.ok_or_else(|| Error::refused(Reason::Unreachable))?;
    let door = door_view(&route.reached, Crs::Wgs84);
    let place = &route.reached.entry.place;
    let end = end(&route, &door, query.direction, language);
    let steps = words::steps(&route.pieces, &end, language);
    let view = RouteView {
        r#type: "Feature",
        geometry: RouteGeometry {
            r#type: "LineString",
            coordinates: positions(&route.line),
        },
        properties: RouteProperties {
            origin,
            place: RoutePlace {
                id: place.id,
                name: place.facts.name.clone(),
                name_en: place.facts.name_en.clone(),
            },
            door,
            direction: query.direction,
            method,
            walk_s: whole_seconds(route.reached.walk_s),
            walk_m: to_decimetre(route.reached.walk_m),
            network_m: route.reached.network_m.map(to_decimetre),
            private_end: route.arrival.private_end,
            unknown_m: (query.pace == PaceName::Wheelchair).then(|| to_decimetre(route.arrival.unknown_m)),
            steps: steps.into_iter().map(StepView::of).collect(),
            model: model_view(&circles, &pace, query.pace),
            map: map_view(&circles),
            attribution: attribution(&circles, route.reached.entry.place.attribution()),
            at: asked.at,
            complete,
            streets_change_at,
        },
    };
    Ok(HttpResponse::Ok().content_type(content_type).json(view))
}

/// Where the walk ends: at the place, or at the origin.
fn end<'a>(route: &'a Route, door: &'a ReachedDoorView, direction: Direction, language: Language) -> End<'a> {
    let facts = &route.reached.entry.place.facts;
    let last_point = route.line.len().saturating_sub(1);
    match (direction, language) {
        (Direction::To, Language::Zh) => End {
            place: "目的地",
            door: None,
            last_point,
        },
        (Direction::To, Language::En) => End {
            place: "your destination",
            door: None,
            last_point,
        },
        (Direction::From, language) => End {
            place: match language {
                Language::Zh => &facts.name,
                Language::En => facts.name_en.as_ref().unwrap_or(&facts.name),
            },
            door: door.name.as_deref(),
            last_point,
        },
    }
}

impl Input for RouteQuery {
    fn cross_check(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
        geojson_is_wgs84(value, faults);
        walking_faults(value, FieldError::query, faults);
        origin_faults(value, request, faults);
    }
}
