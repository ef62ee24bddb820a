//! Delegations over HTTP.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::acts::{self, ActId, Around, Undoing};
use super::change::{self, Terms, check_until};
use super::model::{Delegation, DelegationId};
use super::store;
use super::view::{DelegationAsked, DelegationCode, DelegationInput, DelegationList, DelegationView, DeputedActView};
use crate::clock::Timestamp;
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};
use crate::gate::{Apply, OnesOwn, Read, SignedIn};
use crate::grid::access::ServeAtDesk;
use crate::grid::audit::{self, Act, Entry};
use crate::grid::members::routes::person;
use crate::grid::members::view::ReasonInput;
use crate::grid::members::{BodyKind, day_number};
use crate::grid::{Shared, UnitId};
use crate::http::{
    Answer, Body, Caller, Http, Nothing, Operation, Page, PageQuery, Path, Query, client_name, language,
};
use crate::identity::codes::{self, Asker, Purpose};
use crate::identity::routes::{FLOOD, phone};
use crate::identity::sign_in::Identity;
use crate::identity::{People, PersonId};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_ask_to_act, _, _>(ask_to_act),
        Operation::new::<__path_confirm_delegation, _, _>(confirm_delegation),
        Operation::new::<__path_list_delegations, _, _>(list_delegations),
        Operation::new::<__path_end_delegation, _, _>(end_delegation),
        Operation::new::<__path_countersign_delegation, _, _>(countersign_delegation),
        Operation::new::<__path_list_acts, _, _>(list_acts),
        Operation::new::<__path_undo_act, _, _>(undo_act),
    ]
}

pub(in crate::identity) fn shown(
    conn: &mut Conn,
    people: &People,
    delegations: &[Delegation],
    today: i64,
) -> Result<Vec<DelegationView>> {
    let ids: Vec<PersonId> = delegations
        .iter()
        .flat_map(|one| [Some(one.agent_id), one.principal_id])
        .flatten()
        .collect();
    let people = people.load_people(conn, &ids)?;
    let views = delegations.iter().map(|one| DelegationView::of(one, &people, today));
    Ok(views.collect())
}

pub(in crate::identity) fn one_shown(
    conn: &mut Conn,
    people: &People,
    id: DelegationId,
    today: i64,
) -> Result<DelegationView> {
    let one = store::load(conn, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
    let shown = shown(conn, people, std::slice::from_ref(&one), today)?.pop();
    shown.ok_or_else(|| Error::internal("a delegation that is not shown"))
}

/// Asks to act for somebody: a code goes to their phone, which they read out to the caller. It signs nobody in. The answer
/// is the same whether or not the number is known here.
#[utoipa::path(
    post,
    path = "/delegations",
    tag = "delegations",
    request_body = DelegationInput,
    responses((status = 202, description = "A code is on its way", body = DelegationAsked)),
)]
async fn ask_to_act(
    caller: Caller<SignedIn>,
    request: HttpRequest,
    _: Query<Nothing>,
    body: Body<DelegationInput>,
    http: web::Data<Http>,
    identity: web::Data<Identity>,
    shared: web::Data<Shared>,
) -> Answer {
    http.limits.charge(&request, &http, FLOOD, 1).await?;
    let agent = person(caller.actor())?;
    let input = body.value;
    let (today, until_day) = (day_number(shared.today()).into(), day_number(input.until).into());
    check_until(until_day, today)?;
    let terms = Terms {
        agent,
        scopes: input.scopes,
        until_day,
    };
    let number = phone(&input.phone)?;
    let id = shared.db.write(move |tx| change::ask(tx, &terms)).await?;
    let asker = Asker {
        phone: number,
        device: None,
        address: client_name(&request, &http),
        purpose: Purpose::Delegation(id.uuid(), agent),
    };
    identity.send_code(&shared.db, asker, language(&request)).await?;
    let expires_in_s = codes::GOOD_S;
    Ok(HttpResponse::Accepted().json(DelegationAsked { id, expires_in_s }))
}

/// Says the code that was read out: from now on the caller may act for that person, who is told.
#[utoipa::path(
    post,
    path = "/delegations/{id}/confirm",
    tag = "delegations",
    params(("id" = String, Path, description = "The delegation's id")),
    request_body = DelegationCode,
    responses((status = 200, description = "The delegation", body = DelegationView)),
)]
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
async fn confirm_delegation(
    caller: Caller<SignedIn>,
    request: HttpRequest,
    id: Path<DelegationId>,
    _: Query<Nothing>,
    body: Body<DelegationCode>,
    http: web::Data<Http>,
    identity: web::Data<Identity>,
    shared: web::Data<Shared>,
) -> Answer {
    http.limits.charge(&request, &http, FLOOD, 1).await?;
    let agent = person(caller.actor())?;
    let (id, today) = (id.0, i64::from(day_number(shared.today())));
    let asker = Asker {
        phone: phone(&body.value.phone)?,
        device: None,
        address: client_name(&request, &http),
        purpose: Purpose::Delegation(id.uuid(), agent),
    };
    let (identity, code, language) = (identity.get_ref().clone(), body.value.code, language(&request));
    let people = shared.people.clone();
    let confirmed = shared.db.write(move |tx| {
        let one = change::waiting(tx, id, agent)?;
        // A wrong code is counted, so this is committed.
        let Some(principal) = identity.person_by_code(tx, &asker, &code, language)? else {
            return Ok(None);
        };
        change::begin(tx, &one, principal, None, today)?;
        one_shown(tx, &people, id, today).map(Some)
    });
    let view = confirmed.await?.ok_or_else(|| Error::refused(Reason::WrongCode))?;
    Ok(HttpResponse::Ok().json(view))
}

/// Who may act for me, and for whom I may.
#[utoipa::path(
    get,
    path = "/delegations",
    tag = "delegations",
    responses((status = 200, description = "The caller's delegations that go on", body = DelegationList)),
)]
async fn list_delegations(caller: Caller<SignedIn>, _: Query<Nothing>, shared: web::Data<Shared>) -> Answer {
    let (person, people) = (person(caller.actor())?, shared.people.clone());
    let today = i64::from(day_number(shared.today()));
    let list = shared.db.read(move |conn| {
        let all = store::of_person(conn, person)?;
        let (held, given): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.agent_id == person);
        Ok(DelegationList {
            given: shown(conn, &people, &given, today)?,
            held: shown(conn, &people, &held, today)?,
        })
    });
    Ok(HttpResponse::Ok().json(list.await?))
}

/// Ends a delegation that I gave or hold, at once.
#[utoipa::path(
    delete,
    path = "/delegations/{id}",
    tag = "delegations",
    params(("id" = String, Path, description = "The delegation's id")),
    responses((status = 204, description = "It has ended")),
)]
async fn end_delegation(
    caller: Caller<SignedIn>,
    id: Path<DelegationId>,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    let person = person(caller.actor())?;
    shared.db.write(move |tx| change::end(tx, id.0, person)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Countersigns a delegation that another of the staff proposed at the desk, with the person present: it counts from now on.
#[utoipa::path(
    post,
    path = "/delegations/{id}/countersign",
    tag = "desk",
    params(("id" = String, Path, description = "The delegation's id")),
    request_body = ReasonInput,
    responses((status = 200, description = "The delegation", body = DelegationView)),
)]
async fn countersign_delegation(
    caller: Caller<ServeAtDesk>,
    id: Path<DelegationId>,
    _: Query<Nothing>,
    body: Body<ReasonInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let id = id.0;
    let found = shared.db.read(move |conn| store::load(conn, id)).await?;
    let unit = found.and_then(|one| store::unit_of(&one)).map(UnitId::from_uuid);
    let unit = unit.ok_or_else(|| Error::refused(Reason::NotFound))?;
    caller.at(unit)?;
    let (people, today) = (shared.people.clone(), i64::from(day_number(shared.today())));
    let signed = shared.db.write(move |tx| {
        let actor = caller.at(unit)?;
        let one = change::countersign(tx, id, person(actor)?, today)?;
        let entry = Entry {
            actor: &actor.name,
            act: Act::DelegationCountersigned,
            person: one.principal_id,
            role: None,
            body: Some((BodyKind::Unit, unit.uuid())),
            unit: Some(unit),
            reason: Some(&body.value.reason),
        };
        audit::record(tx, &entry)?;
        one_shown(tx, &people, id, today)
    });
    Ok(HttpResponse::build(StatusCode::OK).json(signed.await?))
}

/// What others did for me, the newest first.
#[utoipa::path(
    get,
    path = "/me/acts",
    tag = "delegations",
    params(PageQuery),
    responses((status = 200, description = "A page of acts", body = Page<DeputedActView>)),
)]
async fn list_acts(
    caller: Caller<OnesOwn<Read>>,
    request: HttpRequest,
    query: Query<PageQuery>,
    undoings: web::Data<Vec<Undoing>>,
    shared: web::Data<Shared>,
) -> Answer {
    let (person, people, language) = (person(caller.actor())?, shared.people.clone(), language(&request));
    let load = move |conn: &mut Conn, after: Option<(Timestamp, ActId)>, most| {
        let found = acts::acts_of(conn, person, after, most)?;
        let ids: Vec<PersonId> = found.iter().map(|act| act.agent_id).collect();
        let people = people.load_people(conn, &ids)?;
        let views = found.into_iter();
        Ok(views
            .map(|act| DeputedActView::of(act, &people, &undoings, language))
            .collect())
    };
    let (limit, cursor) = (query.0.limit, query.0.cursor.as_deref());
    let page = Page::load(&shared.db, limit, cursor, load, |act| (act.at, act.id));
    Ok(HttpResponse::Ok().json(page.await?))
}

/// Undoes what another did for me, until it begins and within a day. Whoever did it is told.
#[utoipa::path(
    post,
    path = "/me/acts/{id}/undo",
    tag = "delegations",
    params(("id" = String, Path, description = "The act's id")),
    responses((status = 200, description = "The act as it is now", body = DeputedActView)),
)]
async fn undo_act(
    caller: Caller<OnesOwn<Apply>>,
    request: HttpRequest,
    id: Path<ActId>,
    _: Query<Nothing>,
    undoings: web::Data<Vec<Undoing>>,
    shared: web::Data<Shared>,
) -> Answer {
    let (person, people) = (person(caller.actor())?, shared.people.clone());
    let around = Around {
        calendar: Arc::clone(&shared.calendar),
        people: people.clone(),
    };
    let known = undoings.clone();
    let undone = shared.db.write(move |tx: &mut Tx<'_>| {
        let act = acts::undo(tx, person, id.0, &known, &around)?;
        let people = people.load_people(tx, &[act.agent_id])?;
        Ok((act, people))
    });
    let (act, people) = undone.await?;
    Ok(HttpResponse::Ok().json(DeputedActView::of(act, &people, &undoings, language(&request))))
}
