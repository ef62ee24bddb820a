//! Utilisation over HTTP.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use chrono::Days;

use super::store;
use super::view::{UtilisationQuery, UtilisationView};
use crate::booking::Bookings;
use crate::clock;
use crate::error::{Error, FieldError};
use crate::grid::UnitId;
use crate::grid::access::ServeBookings;
use crate::grid::{LiveTree, Shared};
use crate::http::{Answer, Caller, Operation, Path, Query};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![Operation::new::<__path_get_utilisation, _, _>(get_utilisation)]
}

/// So many days are counted at once.
const MOST_DAYS: i64 = 92;

/// How much of what a unit and those below it have is used, by hour and weekday and by resource, what stands idle, and
/// how many did not come: counted anew from the bookings at each request.
#[utoipa::path(
    get,
    path = "/units/{id}/utilisation",
    tag = "bookings",
    params(("id" = String, Path, description = "The unit's id"), UtilisationQuery),
    responses((status = 200, description = "The figures", body = UtilisationView)),
)]
async fn get_utilisation(
    caller: Caller<ServeBookings>,
    id: Path<UnitId>,
    query: Query<UtilisationQuery>,
    tree: web::Data<LiveTree>,
    shared: web::Data<Shared>,
    bookings: web::Data<Bookings>,
) -> Answer {
    caller.at(id.0.into())?;
    let calendar = bookings.calendar();
    let yesterday = calendar.date_of(clock::now().to_utc()).pred_opt();
    let to = query.0.to.or(yesterday).unwrap_or_default();
    let from = query.0.from.or(to.checked_sub_days(Days::new(27))).unwrap_or(to);
    let days = (to - from).num_days() + 1;
    let is_near = |date: chrono::NaiveDate| (1_970..2_200).contains(&chrono::Datelike::year(&date));
    if !(1..=MOST_DAYS).contains(&days) || !is_near(from) || !is_near(to) {
        return Err(Error::field(FieldError::query(
            "to",
            "range",
            "不早于 from，最多 92 天。",
            "It is not before from, and 92 days are counted at the most.",
        )));
    }
    let next = to.succ_opt().unwrap_or(to);
    let span = (calendar.instant(from, 0).into(), calendar.instant(next, 0).into());
    let (booker, tree) = (Arc::clone(&bookings.booker), tree.now());
    let unit = id.0;
    let counted = shared
        .db
        .read(move |conn| store::used(conn, &booker.trees, &tree, unit, span));
    let view = UtilisationView::of(unit, (from, to), counted.await?);
    Ok(HttpResponse::Ok().json(view))
}
