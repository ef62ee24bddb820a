//! What is held about people, over HTTP.

use actix_web::{HttpRequest, web};

use super::view::{PurposeList, PurposeView};
use super::{Privacy, consents, erasure, exports};
use crate::error::{Error, Reason, Result};
use crate::gate::{Actor, Public};
use crate::http::{Answer, Caller, Entity, Nothing, Operation, Query, Version, language};
use crate::identity::PersonId;

/// The operations.
pub fn operations() -> Vec<Operation> {
    let mut operations = vec![Operation::new::<__path_list_purposes, _, _>(list_purposes)];
    operations.extend(consents::routes::operations());
    operations.extend(erasure::routes::operations());
    operations.extend(exports::routes::operations());
    operations
}

/// The person in whose name a signed-in request is done.
pub(in crate::privacy) fn person(actor: &Actor) -> Result<PersonId> {
    let whose = actor.whose().ok_or_else(|| Error::refused(Reason::Unauthenticated))?;
    Ok(PersonId::from_uuid(whose))
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
    privacy: web::Data<Privacy>,
) -> Answer {
    let language = language(&request);
    let items = privacy
        .holdings
        .iter()
        .map(|holding| PurposeView::of(holding, language));
    let value = PurposeList { items: items.collect() };
    let version = Version::Content;
    Ok(Entity { value, version }.answer(&request))
}
