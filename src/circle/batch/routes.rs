//! Batches over HTTP.

use actix_web::{HttpRequest, HttpResponse, web};

use super::view::{BatchInput, BatchItem, BatchView};
use crate::circle::lookup::{Asked, Circles};
use crate::circle::question::view::{Direction, Origin, pace};
use crate::circle::routes::{cost, rate};
use crate::clock;
use crate::config::Config;
use crate::coordinates::Point;
use crate::error::{Error, Result};
use crate::grid::LiveTree;
use crate::grid::access::RunBatches;
use crate::http::{Answer, Body, Caller, Http, Nothing, Operation, Query, Rate};

/// So many circles of a batch cost as much as one that is asked for alone: they need
/// no connection and no list of places.
const CIRCLES_A_COST: usize = 100;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![Operation::new::<__path_batch_circles, _, _>(batch_circles)]
}

/// The circles of up to a thousand origins, summaries only.
#[utoipa::path(
    post,
    path = "/circle/batch",
    tag = "circle",
    request_body = BatchInput,
    responses((status = 200, description = "The circles, in the order of their origins", body = BatchView)),
)]
async fn batch_circles(
    _: Caller<RunBatches>,
    request: HttpRequest,
    _: Query<Nothing>,
    body: Body<BatchInput>,
    circles: web::Data<Circles>,
    tree: web::Data<LiveTree>,
    http: web::Data<Http>,
) -> Answer {
    let config = request.app_data::<web::Data<Config>>();
    let config = config.ok_or_else(|| Error::internal("the configuration is not there"))?;
    let input = body.value;
    let circles_cost = input.origins.len().div_ceil(CIRCLES_A_COST) as u32;
    let own_rate = Rate {
        name: "circle_batch",
        burst: rate(config).burst.max(2 * 1_000 / CIRCLES_A_COST as u32 * cost(30)),
        ..rate(config)
    };
    http.limits
        .charge(&request, &http, own_rate, circles_cost * cost(input.minutes))
        .await?;
    let origins: Vec<Origin> = (input.origins.iter())
        .map(|origin| {
            let position = origin.lat.zip(origin.lon);
            Origin::of(position, origin.building, None, input.crs, input.at, &circles, &tree)
        })
        .collect::<Result<_>>()?;
    // Tens of milliseconds in all: not on a thread that others wait for.
    let view = web::block(move || answer(&circles, &input, &origins)).await;
    Ok(HttpResponse::Ok().json(view.map_err(Error::internal)??))
}

fn answer(circles: &Circles, input: &BatchInput, origins: &[Origin]) -> Result<BatchView> {
    let now = clock::now();
    let pace = pace(circles, input.pace, input.max_incline)?;
    // Each origin puts itself in.
    let common = Asked {
        origin: Point::new(0.0, 0.0),
        starts: &[],
        pace: &pace,
        minutes: input.minutes,
        basis: input.basis.basis(),
        reverse: input.direction == Direction::To,
        ferry: input.ferry,
        beyond: input.beyond,
        at: input.at.unwrap_or(now),
        is_now: input.at.is_none(),
    };
    let mut of_places = None;
    let items = (origins.iter().zip(&input.origins))
        .map(|(origin, asked_for)| {
            let circle = circles.around(&Asked {
                origin: origin.point,
                starts: &origin.starts,
                ..common
            });
            of_places = of_places.or_else(|| circle.attribution());
            BatchItem::of(origin, asked_for.building, &circle, input.crs)
        })
        .collect();
    Ok(BatchView::of(circles, input, &common, items, of_places))
}
