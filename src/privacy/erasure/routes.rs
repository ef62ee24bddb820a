//! Erasure over HTTP.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::model::Erasure;
use super::view::ErasureView;
use super::{change, store};
use crate::db::Tx;
use crate::error::Result;
use crate::gate::SignedIn;
use crate::http::{Answer, Caller, Nothing, Operation, Query, language};
use crate::identity::{PersonId, lock_person};
use crate::language::Words;
use crate::live::inbox::{self, Letter};
use crate::privacy::Privacy;
use crate::privacy::routes::person;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_show_erasure, _, _>(show_erasure),
        Operation::new::<__path_ask_for_erasure, _, _>(ask_for_erasure),
        Operation::new::<__path_withdraw_erasure, _, _>(withdraw_erasure),
    ]
}

/// What erasing my account does: what goes, what stays and why; and whether and when it is erased.
#[utoipa::path(
    get,
    path = "/me/erasure",
    tag = "privacy",
    responses((status = 200, description = "What it does, and where it stands", body = ErasureView)),
)]
async fn show_erasure(
    caller: Caller<SignedIn>,
    request: HttpRequest,
    _: Query<Nothing>,
    privacy: web::Data<Privacy>,
) -> Answer {
    let person = person(caller.actor())?;
    let open = privacy.db.read(move |conn| store::open_of(conn, person)).await?;
    let view = ErasureView::of(open.as_ref(), &privacy.holdings, language(&request));
    Ok(HttpResponse::Ok().json(view))
}

/// Erases my account, in seven days: until then I may think again, and everything goes on as it was. `GET /v1/me/erasure`
/// says before what goes and what stays.
#[utoipa::path(
    delete,
    path = "/me",
    tag = "privacy",
    responses((status = 202, description = "It is erased at `due_at`; asking again changes nothing", body = ErasureView)),
)]
async fn ask_for_erasure(
    caller: Caller<SignedIn>,
    request: HttpRequest,
    _: Query<Nothing>,
    privacy: web::Data<Privacy>,
) -> Answer {
    let person = person(caller.actor())?;
    let calendar = privacy.calendar.clone();
    let asked = privacy.db.write(move |tx| {
        let (erasure, is_new) = change::ask(tx, person)?;
        if !is_new {
            return Ok(erasure);
        }
        let day = calendar.date_of(erasure.due_at.to_utc());
        let day = Words::new(
            day.format("%Y年%-m月%-d日").to_string(),
            day.format("%-d %B %Y").to_string(),
        );
        tell(tx, person, "erasure_asked", &erasure, vec![("day", day)])?;
        Ok(erasure)
    });
    let view = ErasureView::of(Some(&asked.await?), &privacy.holdings, language(&request));
    Ok(HttpResponse::build(StatusCode::ACCEPTED).json(view))
}

/// I thought again: my account stays.
#[utoipa::path(
    delete,
    path = "/me/erasure",
    tag = "privacy",
    responses((status = 204, description = "The account is not erased")),
)]
async fn withdraw_erasure(caller: Caller<SignedIn>, _: Query<Nothing>, privacy: web::Data<Privacy>) -> Answer {
    let person = person(caller.actor())?;
    let withdrawn = privacy.db.write(move |tx| {
        lock_person(tx, person)?;
        if let Some(open) = store::open_of(tx, person)? {
            store::withdraw(tx, open.id)?;
            tell(tx, person, "erasure_withdrawn", &open, Vec::new())?;
        }
        Ok(())
    });
    withdrawn.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Tells the person, who may not be the one who asked with their phone in hand.
fn tell(
    tx: &mut Tx<'_>,
    person: PersonId,
    kind: &'static str,
    erasure: &Erasure,
    words: Vec<(&'static str, Words)>,
) -> Result<()> {
    let about = Some(("erasure", erasure.id.to_string()));
    inbox::write_to(tx, person.uuid(), &Letter { kind, about, words })?;
    Ok(())
}
