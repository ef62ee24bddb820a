//! Consents over HTTP.

use actix_web::{HttpRequest, HttpResponse, web};

use super::model::Matter;
use super::store;
use super::view::{ConsentInput, ConsentList, ConsentView, MatterList, MatterView};
use crate::clock;
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::{Public, SignedIn};
use crate::http::{Answer, Body, Caller, Entity, Nothing, Operation, Path, Query, Version, language};
use crate::privacy::Privacy;
use crate::privacy::routes::person;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_list_matters, _, _>(list_matters),
        Operation::new::<__path_list_consents, _, _>(list_consents),
        Operation::new::<__path_give_consent, _, _>(give_consent),
        Operation::new::<__path_withdraw_consent, _, _>(withdraw_consent),
    ]
}

fn matter_of<'a>(matters: &'a [Matter], name: &str) -> Result<&'a Matter> {
    let found = matters.iter().find(|matter| matter.name == name);
    found.ok_or_else(|| Error::refused(Reason::NotFound))
}

/// What takes a consent of its own, in the wording of now.
#[utoipa::path(
    get,
    path = "/privacy/consents",
    tag = "privacy",
    responses((status = 200, description = "What there is to agree to", body = MatterList), (status = 304, description = "The client has this version")),
)]
async fn list_matters(
    _: Caller<Public>,
    request: HttpRequest,
    _: Query<Nothing>,
    privacy: web::Data<Privacy>,
) -> Answer {
    let language = language(&request);
    let items = privacy.matters.iter().map(|matter| MatterView::of(matter, language));
    let value = MatterList { items: items.collect() };
    let version = Version::Content;
    Ok(Entity { value, version }.answer(&request))
}

/// To what I agree, and have agreed.
#[utoipa::path(
    get,
    path = "/me/consents",
    tag = "privacy",
    responses((status = 200, description = "Where the caller stands with each matter", body = ConsentList)),
)]
async fn list_consents(
    caller: Caller<SignedIn>,
    request: HttpRequest,
    _: Query<Nothing>,
    privacy: web::Data<Privacy>,
) -> Answer {
    let (person, language) = (person(caller.actor())?, language(&request));
    let given = privacy.db.read(move |conn| store::of_person(conn, person)).await?;
    let items = privacy
        .matters
        .iter()
        .map(|matter| ConsentView::of(matter, &given, language));
    Ok(HttpResponse::Ok().json(ConsentList { items: items.collect() }))
}

/// Agrees to a matter, in the wording that was shown.
#[utoipa::path(
    put,
    path = "/me/consents/{id}",
    tag = "privacy",
    params(("id" = String, Path, description = "The name of the matter")),
    request_body = ConsentInput,
    responses((status = 200, description = "Where the caller stands with it", body = ConsentView)),
)]
async fn give_consent(
    caller: Caller<SignedIn>,
    request: HttpRequest,
    name: Path<String>,
    _: Query<Nothing>,
    body: Body<ConsentInput>,
    privacy: web::Data<Privacy>,
) -> Answer {
    let (person, matter) = (person(caller.actor())?, *matter_of(&privacy.matters, &name.0)?);
    if body.value.version != matter.version {
        return Err(Error::field(FieldError::body(
            "/version",
            "not_the_wording_of_now",
            format!("请阅读第 {} 版内容后再同意。", matter.version),
            format!("Read the wording of version {} and agree to that.", matter.version),
        )));
    }
    let given = privacy.db.write(move |tx| {
        store::give(tx, person, &matter)?;
        store::of_person(tx, person)
    });
    let view = ConsentView::of(&matter, &given.await?, language(&request));
    Ok(HttpResponse::Ok().json(view))
}

/// Takes a consent back. What was kept by it ends at once.
#[utoipa::path(
    delete,
    path = "/me/consents/{id}",
    tag = "privacy",
    params(("id" = String, Path, description = "The name of the matter")),
    responses((status = 204, description = "The caller does not agree to it")),
)]
async fn withdraw_consent(
    caller: Caller<SignedIn>,
    name: Path<String>,
    _: Query<Nothing>,
    privacy: web::Data<Privacy>,
) -> Answer {
    let (person, matter) = (person(caller.actor())?, *matter_of(&privacy.matters, &name.0)?);
    let calendar = privacy.calendar.clone();
    let withdrawn = privacy.db.write(move |tx| {
        if store::withdraw(tx, person, &matter)? {
            (matter.withdrawn)(tx, person, calendar.date_of(clock::now().to_utc()))?;
        }
        Ok(())
    });
    withdrawn.await?;
    Ok(HttpResponse::NoContent().finish())
}
