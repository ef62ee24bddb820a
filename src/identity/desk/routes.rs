//! The desk over HTTP.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Datelike;

use super::model::{AGE, DeskSession, DeskSessionId, may_be_under_age};
use super::slip::Slip;
use super::store;
use super::view::{DeskDelegationInput, DeskInput, DeskPersonInput, DeskPhoneInput, DeskSessionView};
use super::{card, model};
use crate::clock;
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::Actor;
use crate::grid::access::{Access, ServeAtDesk};
use crate::grid::audit::{self, Act, Entry};
use crate::grid::members::routes::{LOOKS, find_person, person};
use crate::grid::members::view::PersonView;
use crate::grid::members::{BodyKind, day_number};
use crate::grid::{CHILD_ACCOUNT, Shared, UnitId};
use crate::http::{Answer, Body, Caller, Http, Nothing, Operation, Path, Query, client_name, language, preferred};
use crate::identity::codes::{self, Asker, Purpose};
use crate::identity::delegations::routes::one_shown;
use crate::identity::delegations::view::{DelegationCode, DelegationView};
use crate::identity::delegations::{self, Terms, Undoing, check_until};
use crate::identity::people::NewGuest;
use crate::identity::routes::phone;
use crate::identity::sign_in::Identity;
use crate::identity::view::CodeSent;
use crate::identity::{People, PersonId, PhoneSearch, lock_person};
use crate::language::Language;
use crate::privacy::consents;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_open_desk_session, _, _>(open_desk_session),
        Operation::new::<__path_register_at_desk, _, _>(register_at_desk),
        Operation::new::<__path_get_desk_session, _, _>(get_desk_session),
        Operation::new::<__path_end_desk_session, _, _>(end_desk_session),
        Operation::new::<__path_propose_delegation, _, _>(propose_delegation),
        Operation::new::<__path_send_phone_code, _, _>(send_phone_code),
        Operation::new::<__path_confirm_phone, _, _>(confirm_phone),
    ]
}

fn shown(conn: &mut Conn, people: &People, session: &DeskSession) -> Result<DeskSessionView> {
    let named = people.load_people(conn, &[session.person_id])?;
    let person = people.load(conn, session.person_id)?;
    let number = person
        .and_then(|person| person.card)
        .map(|number| card::grouped(&number));
    Ok(DeskSessionView::of(
        session,
        PersonView::of(session.person_id, &named),
        number,
    ))
}

/// The caller's own session, at whose desk they still serve.
async fn own(shared: &Shared, caller: &Caller<ServeAtDesk>, id: DeskSessionId) -> Result<(DeskSession, Actor)> {
    let found = shared.db.read(move |conn| store::load(conn, id)).await?;
    let session = found.ok_or_else(|| Error::refused(Reason::NotFound))?;
    let actor = caller.at(UnitId::from_uuid(session.unit_id))?.clone();
    match session.staff_id == person(&actor)? {
        true => Ok((session, actor)),
        false => Err(Error::refused(Reason::NotFound)),
    }
}

/// The same, which goes on.
async fn own_open(shared: &Shared, caller: &Caller<ServeAtDesk>, id: DeskSessionId) -> Result<(DeskSession, Actor)> {
    let (session, actor) = own(shared, caller, id).await?;
    match session.is_open(clock::now()) {
        true => Ok((session, actor)),
        false => Err(Error::refused(Reason::NotDelegated)),
    }
}

fn entry<'a>(actor: &'a Actor, act: Act, whose: PersonId, unit: UnitId, reason: &'a str) -> Entry<'a> {
    Entry {
        actor: &actor.name,
        act,
        person: Some(whose),
        role: None,
        body: Some((BodyKind::Unit, unit.uuid())),
        unit: Some(unit),
        reason: Some(reason),
    }
}

/// Serves somebody who stands at the desk of a unit: one who lives there, or who has no home yet. For half an hour at the
/// most the caller acts for them with `Acting-For`; the person reads in their access log that it was so, and why.
#[utoipa::path(
    post,
    path = "/units/{id}/desk-sessions",
    tag = "desk",
    params(("id" = String, Path, description = "The unit's id")),
    request_body = DeskInput,
    responses((status = 201, description = "The session", body = DeskSessionView)),
)]
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
async fn open_desk_session(
    caller: Caller<ServeAtDesk>,
    request: HttpRequest,
    id: Path<UnitId>,
    _: Query<Nothing>,
    body: Body<DeskInput>,
    http: web::Data<Http>,
    access: web::Data<Access>,
    shared: web::Data<Shared>,
) -> Answer {
    let (unit, input) = (id.0, body.value);
    let actor = caller.at(unit)?.clone();
    http.limits.charge(&request, &http, LOOKS, 1).await?;
    let whose = served(&shared, &actor, &input).await?;
    let homes = access.homes(whose).await?;
    let tree = shared.tree.now();
    let lives_here = |home: &crate::grid::members::Held| tree.is_within(UnitId::from_uuid(home.body), unit);
    let staff = person(&actor)?;
    if whose == staff || !(homes.is_empty() || homes.iter().any(lives_here)) {
        return Err(Error::refused(Reason::NotFound));
    }
    let people = shared.people.clone();
    let opened = shared.db.write(move |tx| {
        let actor = caller.at(unit)?;
        lock_person(tx, whose)?;
        let session = store::open(tx, staff, unit.uuid(), whose)?;
        audit::record(tx, &entry(actor, Act::DeskOpened, whose, unit, &input.reason))?;
        shown(tx, &people, &session)
    });
    Ok(HttpResponse::build(StatusCode::CREATED)
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(opened.await?))
}

/// Whoever is named by their phone, their card or their id.
async fn served(shared: &Shared, actor: &Actor, input: &DeskInput) -> Result<PersonId> {
    if let Some(number) = &input.phone {
        return find_person(shared, actor, number).await;
    }
    if let Some(id) = input.person_id {
        let people = shared.people.clone();
        let found = shared.db.read(move |conn| people.load_people(conn, &[id])).await?;
        return match found.contains_key(&id) {
            true => Ok(id),
            false => Err(Error::refused(Reason::NotFound)),
        };
    }
    let wrong = || {
        Error::field(FieldError::body(
            "/card",
            "unknown_card",
            "没有这个卡号，请核对后重新输入。",
            "There is no such card; check its number.",
        ))
    };
    let number = input.card.as_deref().and_then(card::tidied).ok_or_else(wrong)?;
    let asking = person(actor)?;
    let search = PhoneSearch::new(shared.people.clone(), shared.calendar.zone());
    let found = shared
        .db
        .write(move |tx| search.find_by_card(tx, asking, &number))
        .await?;
    found.ok_or_else(wrong)
}

/// Makes an account for somebody without a phone who stands at the desk of a unit, and serves them. The answer has the
/// number of their household card. Who is or may be under 14 comes with their guardian, who then acts for them.
#[utoipa::path(
    post,
    path = "/units/{id}/desk-people",
    tag = "desk",
    params(("id" = String, Path, description = "The unit's id")),
    request_body = DeskPersonInput,
    responses((status = 201, description = "The session in which they are served", body = DeskSessionView)),
)]
async fn register_at_desk(
    caller: Caller<ServeAtDesk>,
    id: Path<UnitId>,
    _: Query<Nothing>,
    body: Body<DeskPersonInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let (unit, input) = (id.0, body.value);
    let actor = caller.at(unit)?.clone();
    let today = shared.today();
    if input.birth_year > today.year() {
        return Err(Error::field(FieldError::body(
            "/birth_year",
            "future",
            "出生年份还没有到。",
            "This year is still to come.",
        )));
    }
    let is_child = may_be_under_age(input.birth_year, today.year());
    let guardian = match (&input.guardian_phone, is_child) {
        (None, true) => return Err(Error::refused(Reason::GuardianNeeded)),
        (Some(_), false) => {
            return Err(Error::field(FieldError::body(
                "/guardian_phone",
                "not_a_child",
                "年满十四周岁不需要监护人。",
                "Who is 14 or older needs no guardian.",
            )));
        }
        (Some(number), true) => Some(guardian(&shared, &actor, number).await?),
        (None, false) => None,
    };
    let (people, staff) = (shared.people.clone(), person(&actor)?);
    let made = shared.db.write(move |tx| {
        let actor = caller.at(unit)?;
        let guest = NewGuest {
            name: &input.name,
            birth_year: input.birth_year,
            language: Language::Zh,
        };
        let whose = people.create_guest(tx, &guest)?;
        if let Some(guardian) = guardian {
            // They agree themselves, in their own account, before they come.
            lock_person(tx, guardian)?;
            consents::need(tx, guardian, &CHILD_ACCOUNT)?;
            let last = chrono::NaiveDate::from_ymd_opt(input.birth_year + model::AGE, 12, 31);
            let last = last.ok_or_else(|| Error::internal("a year without an end"))?;
            delegations::guard(tx, whose, guardian, day_number(last).into(), staff)?;
        }
        let session = store::open(tx, staff, unit.uuid(), whose)?;
        audit::record(tx, &entry(actor, Act::PersonRegistered, whose, unit, &input.reason))?;
        shown(tx, &people, &session)
    });
    Ok(HttpResponse::build(StatusCode::CREATED)
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(made.await?))
}

/// The guardian of a child: somebody with an account who is none themselves.
async fn guardian(shared: &Shared, actor: &Actor, number: &str) -> Result<PersonId> {
    let found = find_person(shared, actor, number).await.map_err(|error| match error {
        Error::Invalid(_) => Error::field(FieldError::body(
            "/guardian_phone",
            "unknown_person",
            "没有使用此手机号的账户，请监护人先登录一次。",
            "Nobody signs in with this number; the guardian signs in once first.",
        )),
        other => other,
    })?;
    let (people, year) = (shared.people.clone(), shared.today().year());
    let known = shared.db.read(move |conn| people.load(conn, found)).await?;
    let birth_year = known.and_then(|person| person.birth_year);
    match birth_year.is_some_and(|birth_year| year - birth_year < AGE + 4) {
        true => Err(Error::refused(Reason::GuardianNeeded)),
        false => Ok(found),
    }
}

/// A session of mine; as plain text the slip that the person takes home, 32 columns wide.
#[utoipa::path(
    get,
    path = "/desk-sessions/{id}",
    tag = "desk",
    params(("id" = String, Path, description = "The session's id")),
    responses((status = 200, description = "The session", content((DeskSessionView = "application/json"), (String = "text/plain")))),
)]
async fn get_desk_session(
    caller: Caller<ServeAtDesk>,
    request: HttpRequest,
    id: Path<DeskSessionId>,
    _: Query<Nothing>,
    undoings: web::Data<Vec<Undoing>>,
    shared: web::Data<Shared>,
) -> Answer {
    let (session, _) = own(&shared, &caller, id.0).await?;
    let accept = request.headers().get("accept").and_then(|value| value.to_str().ok());
    let form = preferred(accept, &["application/json", "text/plain"]);
    let form = form.ok_or_else(|| Error::refused(Reason::NotAcceptable))?;
    let people = shared.people.clone();
    if form == "application/json" {
        let view = shared.db.read(move |conn| shown(conn, &people, &session)).await?;
        return Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(view));
    }
    // Who it was is said as long as they stand there.
    if !session.is_open(clock::now()) {
        return Err(Error::refused(Reason::NotDelegated));
    }
    let unit = UnitId::from_uuid(session.unit_id);
    let name = shared.tree.now().node(unit).map(|node| node.unit.name.clone());
    let at = session.begun_at.to_utc().with_timezone(&shared.calendar.zone());
    let slip = shared.db.read(move |conn| {
        let person = people.load(conn, session.person_id)?;
        let done = delegations::open_at_desk(conn, session.person_id)?;
        let words: HashMap<&str, &str> = undoings.iter().map(|one| (one.what, one.words.0)).collect();
        Ok(Slip {
            unit: name.unwrap_or_default(),
            name: person.as_ref().and_then(|person| person.name.clone()),
            card: person
                .and_then(|person| person.card)
                .map(|number| card::grouped(&number)),
            at: at.format("%Y年%-m月%-d日 %H:%M").to_string(),
            done: done
                .iter()
                .filter_map(|act| words.get(act.what.as_str()).map(|text| (*text).to_owned()))
                .collect(),
        })
    });
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("text/plain; charset=utf-8")
        .body(slip.await?.text()))
}

/// Ends a session of mine.
#[utoipa::path(
    delete,
    path = "/desk-sessions/{id}",
    tag = "desk",
    params(("id" = String, Path, description = "The session's id")),
    responses((status = 204, description = "It has ended")),
)]
async fn end_desk_session(
    caller: Caller<ServeAtDesk>,
    id: Path<DeskSessionId>,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    let (session, _) = own(&shared, &caller, id.0).await?;
    shared.db.write(move |tx| store::end(tx, session.id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Proposes that somebody acts for the person at the desk, who is present. It counts when a second one of the staff
/// countersigns it.
#[utoipa::path(
    post,
    path = "/desk-sessions/{id}/delegations",
    tag = "desk",
    params(("id" = String, Path, description = "The session's id")),
    request_body = DeskDelegationInput,
    responses((status = 201, description = "The delegation, which does not count yet", body = DelegationView)),
)]
async fn propose_delegation(
    caller: Caller<ServeAtDesk>,
    id: Path<DeskSessionId>,
    _: Query<Nothing>,
    body: Body<DeskDelegationInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let (session, actor) = own_open(&shared, &caller, id.0).await?;
    let input = body.value;
    let (today, until_day) = (day_number(shared.today()).into(), day_number(input.until).into());
    check_until(until_day, today)?;
    let terms = Terms {
        agent: find_person(&shared, &actor, &input.phone).await?,
        scopes: input.scopes,
        until_day,
    };
    let (people, unit) = (shared.people.clone(), UnitId::from_uuid(session.unit_id));
    let proposed = shared.db.write(move |tx| {
        if !store::is_open_locked(tx, session.id.uuid())? {
            return Err(Error::refused(Reason::NotDelegated));
        }
        let id = delegations::propose(tx, &terms, session.person_id, session.staff_id, session.unit_id)?;
        let about = entry(&actor, Act::DelegationProposed, session.person_id, unit, &input.reason);
        audit::record(tx, &about)?;
        one_shown(tx, &people, id, today)
    });
    Ok(HttpResponse::build(StatusCode::CREATED).json(proposed.await?))
}

/// Sends a code to a phone that is to be the person's from now on, who had none.
#[utoipa::path(
    post,
    path = "/desk-sessions/{id}/phone",
    tag = "desk",
    params(("id" = String, Path, description = "The session's id")),
    request_body = DeskPhoneInput,
    responses((status = 202, description = "A code is on its way", body = CodeSent)),
)]
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
async fn send_phone_code(
    caller: Caller<ServeAtDesk>,
    request: HttpRequest,
    id: Path<DeskSessionId>,
    _: Query<Nothing>,
    body: Body<DeskPhoneInput>,
    http: web::Data<Http>,
    identity: web::Data<Identity>,
    shared: web::Data<Shared>,
) -> Answer {
    let (session, _) = own_open(&shared, &caller, id.0).await?;
    let asker = Asker {
        phone: phone(&body.value.phone)?,
        device: None,
        address: client_name(&request, &http),
        purpose: Purpose::Phone(session.person_id),
    };
    identity.send_code(&shared.db, asker, language(&request)).await?;
    Ok(HttpResponse::Accepted().json(CodeSent {
        resend_after_s: codes::RESEND_S,
        expires_in_s: codes::GOOD_S,
    }))
}

/// Says the code: the phone is the person's, who keeps all that they have and signs in with it from now on.
#[utoipa::path(
    post,
    path = "/desk-sessions/{id}/phone/confirm",
    tag = "desk",
    params(("id" = String, Path, description = "The session's id")),
    request_body = DelegationCode,
    responses((status = 200, description = "The session", body = DeskSessionView)),
)]
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
async fn confirm_phone(
    caller: Caller<ServeAtDesk>,
    request: HttpRequest,
    id: Path<DeskSessionId>,
    _: Query<Nothing>,
    body: Body<DelegationCode>,
    http: web::Data<Http>,
    identity: web::Data<Identity>,
    shared: web::Data<Shared>,
) -> Answer {
    let (session, actor) = own_open(&shared, &caller, id.0).await?;
    let asker = Asker {
        phone: phone(&body.value.phone)?,
        device: None,
        address: client_name(&request, &http),
        purpose: Purpose::Phone(session.person_id),
    };
    let (identity, code) = (identity.get_ref().clone(), body.value.code);
    let people = shared.people.clone();
    let confirmed = shared.db.write(move |tx: &mut Tx<'_>| {
        if !store::is_open_locked(tx, session.id.uuid())? {
            return Err(Error::refused(Reason::NotDelegated));
        }
        if !identity.try_code(tx, &asker, &code)? {
            return Ok(None);
        }
        people.give_phone(tx, session.person_id, &asker.phone)?;
        let unit = UnitId::from_uuid(session.unit_id);
        let given = Entry {
            reason: None,
            ..entry(&actor, Act::PhoneGiven, session.person_id, unit, "")
        };
        audit::record(tx, &given)?;
        shown(tx, &people, &session).map(Some)
    });
    let view = confirmed.await?.ok_or_else(|| Error::refused(Reason::WrongCode))?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(view))
}
