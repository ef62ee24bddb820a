//! A walk over HTTP.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::view::{
    RouteDoor, RouteDoorKind, RouteGeometry, RoutePlace, RouteProperties, RouteQuery, RouteView, StepView,
};
use super::words::{self, End};
use super::{Route, route};
use crate::circle::asking::view::{Direction, WalkOrigin, check, geojson_type, method, model, positions, snapped};
use crate::circle::lookup::Circles;
use crate::circle::places::Status;
use crate::circle::routes::rate;
use crate::circle::view::{PaceName, map_view, to_decimetre, whole_seconds};
use crate::config::Config;
use crate::coordinates::Crs;
use crate::error::{Error, FieldError, Reason};
use crate::gate::Public;
use crate::grid::{DoorKind, LiveTree};
use crate::http::{Answer, Caller, Http, Input, Location, Operation, Query, language};
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
    let given = query.given();
    let walking = given.walking(&circles, &tree)?;
    let places = circles.places();
    if places
        .place(query.to)
        .is_none_or(|entry| entry.place.status == Status::Closed)
    {
        return Err(Error::refused(Reason::NotFound));
    }
    http.limits.charge(&request, &http, rate(&config), COST).await?;

    let language = language(&request);
    let found = route(&circles, &walking, query.to, language, |reach| {
        let origin = WalkOrigin::of(&given, &walking, reach);
        (origin, method(reach), reach.streets_change_at)
    });
    let (route, (origin, method, streets_change_at)) = found.ok_or_else(|| Error::refused(Reason::Unreachable))?;
    let door = door(&route, &circles);
    let place = &route.reached.entry.place;
    let steps = words::steps(&route.pieces, &end(&route, &door, query.direction, language), language);
    let map = map_view(&circles);
    let of_map = map.as_ref().map(|map| map.attribution.clone());
    let mut attribution: Vec<String> = of_map
        .into_iter()
        .chain(place.attribution().map(str::to_owned))
        .collect();
    attribution.dedup();
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
            model: model(&circles, &given, &walking),
            map,
            attribution,
            at: walking.when,
            streets_change_at,
        },
    };
    Ok(HttpResponse::Ok().content_type(content_type).json(view))
}

/// The door by which the place is entered.
fn door(route: &Route, circles: &Circles) -> RouteDoor {
    let facts = &route.reached.entry.place.facts;
    let own = facts.doors.iter().find(|door| door.point == route.reached.point);
    let (kind, name) = match own {
        _ if !facts.stops.is_empty() => (RouteDoorKind::Stop, None),
        Some(door) => (kind_view(door.kind), door.name.clone()),
        None => (RouteDoorKind::Location, None),
    };
    let at = Location::of(route.reached.point, Crs::Wgs84);
    let foot = route.arrival.foot;
    RouteDoor {
        kind,
        name,
        lat: at.lat,
        lon: at.lon,
        snapped: foot.and_then(|foot| {
            let point = circles.map().point_on(foot.edge, foot.along_m)?;
            Some(snapped(point, foot.snap_m))
        }),
    }
}

fn kind_view(kind: DoorKind) -> RouteDoorKind {
    match kind {
        DoorKind::Main => RouteDoorKind::Main,
        DoorKind::Entrance => RouteDoorKind::Entrance,
        DoorKind::Gate => RouteDoorKind::Gate,
        DoorKind::Street => RouteDoorKind::Street,
    }
}

/// Where the walk ends: at the place, or at the origin.
fn end<'a>(route: &'a Route, door: &'a RouteDoor, direction: Direction, language: Language) -> End<'a> {
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
        check(value, request, faults);
    }
}
