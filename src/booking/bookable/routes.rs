//! What can be booked within the circle, over HTTP.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};

use super::find::{Free, free_at};
use super::view::{Bookable, BookablePlace, BookableQuery, FreeResource};
use crate::booking::Bookings;
use crate::booking::view::SlotView;
use crate::circle::places::PlaceId;
use crate::circle::question::view::{Origin, pace};
use crate::circle::routes::{cost, or_home, rate};
use crate::circle::{Asked, Basis, Circles};
use crate::clock;
use crate::config::Config;
use crate::error::Error;
use crate::gate::Public;
use crate::grid::LiveTree;
use crate::grid::access::Access;
use crate::http::{Answer, Caller, Http, Operation, Query, language};
use crate::identity::PersonId;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![Operation::new::<__path_list_bookable, _, _>(list_bookable)]
}

/// The places within some minutes' walk where something can be booked, the nearest first, each with the first free
/// times of what there is. A resident who names no origin is asked about from home, and is told of what they may book
/// by their own limits.
#[utoipa::path(
    get,
    path = "/circle/bookable",
    tag = "bookings",
    params(BookableQuery),
    responses((status = 200, description = "The places", body = Bookable)),
)]
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
async fn list_bookable(
    caller: Caller<Public>,
    request: HttpRequest,
    query: Query<BookableQuery>,
    circles: web::Data<Circles>,
    tree: web::Data<LiveTree>,
    http: web::Data<Http>,
    access: web::Data<Access>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let config = request.app_data::<web::Data<Config>>();
    let config = config.ok_or_else(|| Error::internal("the configuration is not there"))?;
    let query = query.0;
    let now = clock::now();
    let times = query.times().times(bookings.calendar(), now)?;
    let names_one = query.lat.is_some() || query.building.is_some() || query.place.is_some();
    let building = or_home(names_one, query.building, &caller, &access, &tree).await?;
    let position = query.lat.zip(query.lon);
    let origin = Origin::of(
        position,
        building,
        query.place,
        query.crs,
        Some(times.0),
        &circles,
        &tree,
    )?;
    http.limits
        .charge(&request, &http, rate(config), cost(query.minutes))
        .await?;
    let pace = pace(&circles, query.pace, None)?;
    let circle = circles.around(&Asked {
        origin: origin.point,
        starts: &origin.starts,
        pace: &pace,
        minutes: query.minutes,
        basis: Basis::Time,
        reverse: false,
        ferry: false,
        beyond: false,
        at: times.0,
        is_now: false,
    });
    let passes = |place: &crate::circle::places::Place| {
        let kind = place.facts.kind;
        query.category.is_none_or(|category| kind.category == category)
            && query.kind.as_ref().is_none_or(|code| kind.code == *code)
    };
    let mut near: Vec<BookablePlace> = Vec::new();
    for reached in &circle.reached {
        let place = &reached.entry.place;
        // A mobile service may be reached at several stops: the nearest counts.
        if passes(place) && !near.iter().any(|known| known.id == place.id) {
            near.push(BookablePlace {
                id: place.id,
                name: place.facts.name.clone(),
                name_en: place.facts.name_en.clone(),
                category: place.facts.kind.category,
                walk_s: reached.walk_s.round() as u32,
                walk_m: (reached.walk_m * 10.0).round() / 10.0,
                resources: Vec::new(),
            });
        }
    }
    let places: Vec<PlaceId> = near.iter().map(|place| place.id).collect();
    let person = caller.actor().whose().map(PersonId::from_uuid);
    let language = language(&request);
    let mut free: HashMap<PlaceId, Vec<FreeResource>> = HashMap::new();
    for Free { resource, slots } in free_at(&bookings, places, times, query.party, person).await? {
        free.entry(resource.place_id).or_default().push(FreeResource {
            id: resource.id,
            name: resource.facts.name,
            name_en: resource.facts.name_en,
            kind: resource.facts.kind,
            first_free: slots.into_iter().map(|slot| SlotView::of(slot, language)).collect(),
        });
    }
    near.retain_mut(|place| {
        place.resources = free.remove(&place.id).unwrap_or_default();
        !place.resources.is_empty()
    });
    Ok(HttpResponse::Ok().json(Bookable {
        items: near,
        attribution: circle.attribution(),
    }))
}
