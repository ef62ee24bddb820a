//! What is held about people, over HTTP.

use actix_web::{HttpRequest, web};

use super::Holding;
use super::view::{PurposeList, PurposeView};
use crate::gate::Public;
use crate::http::{Answer, Caller, Entity, Nothing, Operation, Query, Version, language};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![Operation::new::<__path_list_purposes, _, _>(list_purposes)]
}

/// What is held about people: what it is, why it is kept, and for how many days. The service forgets by this very table.
#[utoipa::path(
    get,
    path = "/privacy/purposes",
    tag = "privacy",
    responses((status = 200, description = "The table", body = PurposeList), (status = 304, description = "The client has this version")),
)]
async fn list_purposes(
    _: Caller<Public>,
    request: HttpRequest,
    _: Query<Nothing>,
    holdings: web::Data<Vec<Holding>>,
) -> Answer {
    let language = language(&request);
    let items = holdings.iter().map(|holding| PurposeView::of(holding, language));
    let value = PurposeList { items: items.collect() };
    let version = Version::Content;
    Ok(Entity { value, version }.answer(&request))
}
