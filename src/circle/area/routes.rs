//! The area over HTTP.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::ground::Reached;
use super::view::{AreaFeature, AreaGeometry, AreaKind, AreaProperties, AreaQuery, AreaView, read_minutes};
use super::{MultiPolygon, bands, discs};
use crate::circle::lookup::{Asked, Basis, Circles};
use crate::circle::question::view::{Direction, Origin, origin_faults, pace, walking_faults};
use crate::circle::routes::{geojson_is_wgs84, geojson_type, rate};
use crate::circle::streets::Method;
use crate::circle::view::{OriginView, map_view, method_view, model_view};
use crate::clock;
use crate::config::Config;
use crate::coordinates::{Crs, Point};
use crate::error::{Error, FieldError, Result};
use crate::gate::Public;
use crate::grid::LiveTree;
use crate::http::{Answer, Caller, Http, Input, Location, Operation, Query};

/// What an area costs of the circle's rate.
const COST: u32 = 5;
/// A walk that ends with its minute is in the band, whatever rounding did to it.
const SLACK_S: f32 = 0.01;
/// How many areas are drawn at a time; each takes some megabytes and a core.
static DRAWN_AT_ONCE: Semaphore = Semaphore::const_new(4);

/// The operations of the area.
pub fn operations() -> Vec<Operation> {
    vec![Operation::new::<__path_get_area, _, _>(get_area)]
}

/// The streets within some minutes' walk and the ground around them, as GeoJSON.
#[utoipa::path(
    get,
    path = "/circle/area",
    tag = "circle",
    params(AreaQuery),
    responses((status = 200, description = "The area", content(
        (AreaView = "application/geo+json"),
        (AreaView = "application/json"),
    ))),
)]
async fn get_area(
    _: Caller<Public>,
    request: HttpRequest,
    query: Query<AreaQuery>,
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
    http.limits.charge(&request, &http, rate(&config), COST).await?;
    // Who waits here holds nothing yet.
    let turn = DRAWN_AT_ONCE.acquire().await.map_err(Error::internal)?;

    let minutes = query.bands();
    let largest = minutes.first().copied().unwrap_or_default();
    let pace = pace(&circles, query.pace, query.max_incline)?;
    let asked = Asked {
        origin: origin.point,
        starts: &origin.starts,
        pace: &pace,
        minutes: largest,
        basis: Basis::Time,
        reverse: query.direction == Direction::To,
        ferry: query.ferry,
        beyond: false,
        at: query.at.unwrap_or_else(clock::now),
        is_now: query.at.is_none(),
    };
    let ask = circles.ask(&asked, None);
    let (reached, mut view) = circles.search(&ask, |places, walker, reach| {
        let stretches = match reach.method {
            Method::Streets => walker.streets(circles.map(), places.doors(), &ask, reach),
            Method::StraightLine => Vec::new(),
        };
        let map = map_view(&circles);
        let view = AreaView {
            r#type: "FeatureCollection",
            features: Vec::with_capacity(minutes.len() + 1),
            origin: OriginView::of(
                &asked,
                (query.building, query.place),
                &reach.feet,
                reach.island,
                Crs::Wgs84,
            ),
            direction: query.direction,
            method: method_view(reach.method),
            model: model_view(&circles, &pace, query.pace),
            attribution: map.iter().map(|map| map.attribution.clone()).collect(),
            map,
            at: asked.at,
            complete: reach.complete,
            streets_change_at: reach.streets_change_at,
        };
        let is_streets = reach.method == Method::Streets;
        let reached = is_streets.then(|| Reached::of(circles.map(), asked.origin, &ask, reach, &stretches));
        (reached, view)
    });
    let (areas, streets) = match reached {
        Some(reached) => draw(reached, &minutes, turn).await?,
        None => (straight_lines(&asked, &minutes), Vec::new()),
    };
    let feature = |kind, minutes, geometry| AreaFeature {
        r#type: "Feature",
        geometry,
        properties: AreaProperties {
            kind,
            minutes,
            method: view.method,
        },
    };
    let bands = areas.into_iter().zip(&minutes);
    let mut features: Vec<AreaFeature> = bands
        .map(|(area, minutes)| feature(AreaKind::Band, *minutes, AreaGeometry::MultiPolygon(area)))
        .collect();
    features.push(feature(
        AreaKind::Streets,
        largest,
        AreaGeometry::MultiLineString(streets),
    ));
    view.features = features;
    Ok(HttpResponse::Ok().content_type(content_type).json(view))
}

/// The bands and the streets. It takes some ten milliseconds, so it is done apart.
///
/// The turn is kept until they are drawn, also where nobody waits for the answer any more.
async fn draw(
    reached: Reached,
    minutes: &[u32],
    turn: SemaphorePermit<'static>,
) -> Result<(Vec<MultiPolygon>, Vec<Vec<[f64; 2]>>)> {
    let limits_s: Vec<f32> = minutes.iter().map(|minutes| (minutes * 60) as f32 + SLACK_S).collect();
    web::block(move || {
        let _turn = turn;
        let streets = reached.streets.iter().map(|line| positions(line)).collect();
        (bands(&reached.ground, &limits_s), streets)
    })
    .await
    .map_err(Error::internal)
}

fn straight_lines(asked: &Asked<'_>, minutes: &[u32]) -> Vec<MultiPolygon> {
    let metres_a_minute = 60.0 / (f64::from(asked.pace.seconds_a_metre) * asked.pace.detour_factor);
    let of = |minutes: &u32| discs(asked.starts, f64::from(*minutes) * metres_a_minute);
    minutes.iter().map(of).collect()
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

impl Input for AreaQuery {
    fn cross_check(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
        geojson_is_wgs84(value, faults);
        walking_faults(value, FieldError::query, faults);
        origin_faults(value, request, faults);
        let minutes = value["minutes"].as_str().map(read_minutes).unwrap_or_default();
        if minutes.iter().any(|minutes| !(1..=30).contains(minutes)) {
            faults.push(FieldError::query(
                "minutes",
                "range",
                "每个数字须在 1 到 30 之间。",
                "Each number must be from 1 to 30.",
            ));
        }
    }
}
