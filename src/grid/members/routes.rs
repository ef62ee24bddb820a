//! Memberships over HTTP.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;

use super::change::{self, By, NewMembership, Step};
use super::model::{Membership, MembershipId, State, day_number};
use super::offices::{OfficeHolder, offices_of};
use super::role::{BodyKind, Role};
use super::store::{self, Wanted};
use super::telling;
use super::view::{
    GrantInput, MembersQuery, MembershipView, OfficeHolderView, OfficeView, OwnMemberships, PersonView, PhoneView,
    ReasonInput, Standing,
};
use crate::coordinates::Crs;
use crate::db::{Conn, Db, Tx};
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::{Actor, Apply, OnesOwn, Read};
use crate::grid::access::{DecideRoles, EndRoles, GrantRoles, Office, SeeMembers, SeePhones};
use crate::grid::audit::{self, Act, Entry};
use crate::grid::bodies::{self, At};
use crate::grid::model::UnitId;
use crate::grid::routes::in_short;
use crate::grid::shared::Shared;
use crate::grid::tree::Tree;
use crate::grid::undoing::HOME_ASKED;
use crate::http::{
    Answer, Body, Caller, Cursor, Entity, Http, Nothing, Once, Operation, Page, Path, Query, Rate, Stored, Version,
};
use crate::identity::{People, PersonId, PersonRef, Phone, PhoneSearch, delegations};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_my_grid, _, _>(my_grid),
        Operation::new::<__path_my_memberships, _, _>(my_memberships),
        Operation::new::<__path_ask_to_live_here, _, _>(ask_to_live_here),
        Operation::new::<__path_list_members, _, _>(list_members),
        Operation::new::<__path_grant_role, _, _>(grant_role),
        Operation::new::<__path_get_membership, _, _>(get_membership),
        Operation::new::<__path_confirm_membership, _, _>(confirm_membership),
        Operation::new::<__path_refuse_membership, _, _>(refuse_membership),
        Operation::new::<__path_end_membership, _, _>(end_membership),
        Operation::new::<__path_see_phone, _, _>(see_phone),
    ]
}

/// Whole phone numbers looked at and searched for from one address.
pub(crate) const LOOKS: Rate = Rate {
    name: "phones",
    per_second: 1,
    burst: 60,
};

/// The largest subtree whose members are listed together.
const MOST_UNITS: usize = 2_000;

/// The person whose own a signed-in request is about: the caller, or whom they act for.
pub(crate) fn person(actor: &Actor) -> Result<PersonId> {
    let whose = actor.whose().ok_or_else(|| Error::refused(Reason::Unauthenticated))?;
    Ok(PersonId::from_uuid(whose))
}

/// Memberships as they are shown, with the people in them.
pub(in crate::grid) fn shown(
    conn: &mut Conn,
    people: &People,
    memberships: &[Membership],
    tree: &Tree,
    today: NaiveDate,
) -> Result<Vec<MembershipView>> {
    let ids: Vec<PersonId> = memberships.iter().map(|one| one.person_id).collect();
    let people = people.load_people(conn, &ids)?;
    let names = bodies::names(conn, memberships.iter().map(|one| (one.body_kind, one.body_id)))?;
    let view = |one: &Membership| MembershipView::of(one, &people, &names, tree, today);
    Ok(memberships.iter().map(view).collect())
}

/// One of them.
pub(in crate::grid) fn one_shown(
    conn: &mut Conn,
    people: &People,
    membership: &Membership,
    tree: &Tree,
    today: NaiveDate,
) -> Result<MembershipView> {
    let shown = shown(conn, people, std::slice::from_ref(membership), tree, today)?.pop();
    shown.ok_or_else(|| Error::internal("a membership that is not shown"))
}

/// Where I stand: the path from my building to the city, and who answers for its head and its grid leader.
#[utoipa::path(
    get,
    path = "/me/grid",
    tag = "people",
    responses((status = 200, description = "Where the caller stands", body = Standing), (status = 304, description = "The client has this version")),
)]
async fn my_grid(
    caller: Caller<OnesOwn<Read>>,
    request: HttpRequest,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    let (tree, people, today) = shared.now();
    let person = person(caller.actor())?;
    let standing = shared.db.read(move |conn| {
        let own = store::load_of(conn, person, today)?;
        let home = own
            .iter()
            .find(|one| one.role == Role::Resident && one.counts_on(today))
            .map(|one| UnitId::from_uuid(one.body_id));
        let offices = match home {
            Some(home) => offices_of(conn, &tree, home, today)?,
            None => Vec::new(),
        };
        let holders = offices.iter().flat_map(|office| &office.holders);
        let ids: Vec<PersonId> = holders.map(|holder| holder.membership.person_id).collect();
        let named = people.load_people(conn, &ids)?;
        let unit = |id: UnitId| tree.node(id).map(|node| in_short(node));
        Ok(Standing {
            home: home.and_then(unit),
            path: home
                .into_iter()
                .flat_map(|home| tree.upwards(home))
                .filter_map(unit)
                .collect(),
            offices: offices
                .into_iter()
                .map(|office| OfficeView {
                    role: office.role,
                    unit: office.unit.and_then(unit),
                    vacant: office.vacant,
                    holders: office
                        .holders
                        .iter()
                        .map(|one| holder_view(one, &named, &tree))
                        .collect(),
                })
                .collect(),
            memberships: shown(conn, &people, &own, &tree, today)?,
        })
    });
    let (value, version) = (standing.await?, Version::Content);
    Ok(Entity { value, version }.answer(&request))
}

fn holder_view(holder: &OfficeHolder, named: &HashMap<PersonId, PersonRef>, tree: &Tree) -> OfficeHolderView {
    OfficeHolderView {
        person: PersonView::of(holder.membership.person_id, named),
        role: holder.membership.role,
        unit: tree.node(holder.unit).map(|node| in_short(node)),
        deputy: holder.membership.deputy,
    }
}

/// What I am, and have asked to be.
#[utoipa::path(
    get,
    path = "/me/memberships",
    tag = "people",
    responses((status = 200, description = "The caller's memberships", body = OwnMemberships)),
)]
async fn my_memberships(caller: Caller<OnesOwn<Read>>, _: Query<Nothing>, shared: web::Data<Shared>) -> Answer {
    let (tree, people, today) = shared.now();
    let person = person(caller.actor())?;
    let items = shared.db.read(move |conn| {
        let own = store::load_of(conn, person, today)?;
        shown(conn, &people, &own, &tree, today)
    });
    Ok(HttpResponse::Ok().json(OwnMemberships { items: items.await? }))
}

/// Asks to be a resident of a building. Its head, its grid leader or who stands above them confirms or refuses.
#[utoipa::path(
    post,
    path = "/units/{id}/residents",
    tag = "people",
    params(("id" = String, Path, description = "The building's id"), ("Idempotency-Key" = Option<String>, Header, description = "The same key has its effect once")),
    responses((status = 201, description = "The request", body = MembershipView)),
)]
async fn ask_to_live_here(
    caller: Caller<OnesOwn<Apply>>,
    id: Path<UnitId>,
    _: Query<Nothing>,
    once: Once,
    shared: web::Data<Shared>,
) -> Answer {
    let (tree, people, today) = shared.now();
    let person = person(caller.actor())?;
    refuse_wrong_level(&tree, id.0, Role::Resident)?;
    let new = NewMembership {
        person,
        role: Role::Resident,
        body_kind: BodyKind::Unit,
        body: id.0.uuid(),
        unit: Some(id.0),
        from_day: today,
        to_day: None,
        deputy: false,
        title: None,
    };
    let stored = shared.db.write(move |tx| {
        let actor = caller.actor();
        let by = by(actor, today);
        let ask = |tx: &mut Tx<'_>| {
            let asked = change::request(tx, by, &new)?;
            telling::tell_who_decides(tx, &tree, &asked, today)?;
            let day = day_number(today).into();
            delegations::record(tx, actor, &HOME_ASKED, asked.id.uuid(), None, day)?;
            Ok(asked.id)
        };
        once.run_shown(tx, actor, "", ask, |tx, id| made(tx, &people, id, &tree, today))
    });
    Ok(stored.await?.answer())
}

/// In whose name, today.
pub(in crate::grid) fn by(actor: &Actor, today: NaiveDate) -> By<'_> {
    By {
        name: &actor.name,
        today,
    }
}

/// The answer that a membership was made.
pub(in crate::grid) fn made(
    conn: &mut Conn,
    people: &People,
    id: MembershipId,
    tree: &Tree,
    today: NaiveDate,
) -> Result<Stored> {
    let membership = store::load_one(conn, id)?.ok_or_else(|| Error::internal("a membership that was not made"))?;
    let view = one_shown(conn, people, &membership, tree, today)?;
    let location = format!("/v1/memberships/{id}");
    Stored::created(view, Version::Number(membership.version, Crs::Wgs84), location)
}

fn refuse_wrong_level(tree: &Tree, unit: UnitId, role: Role) -> Result<()> {
    let node = tree.node(unit).ok_or_else(|| Error::refused(Reason::NotFound))?;
    if role.levels().contains(&node.unit.level) {
        return Ok(());
    }
    let levels: Vec<&str> = role.levels().iter().map(|level| level.name()).collect();
    Err(Error::because(
        Reason::StateConflict,
        "该层级的单元没有这个身份。",
        format!("A {role} is held at: {}.", levels.join(", ")),
    ))
}

/// Who is what at a unit, and who asks to be, in the order in which they came.
#[utoipa::path(
    get,
    path = "/units/{id}/members",
    tag = "people",
    params(("id" = String, Path, description = "The unit's id"), MembersQuery),
    responses((status = 200, description = "A page of memberships", body = Page<MembershipView>)),
)]
async fn list_members(
    caller: Caller<SeeMembers>,
    id: Path<UnitId>,
    query: Query<MembersQuery>,
    shared: web::Data<Shared>,
) -> Answer {
    caller.at(id.0)?;
    let query = query.0;
    let (tree, people, today) = shared.now();
    let most = if query.below { MOST_UNITS } else { 1 };
    let units = match query.below {
        false => vec![id.0],
        true => tree.subtree(id.0, most).ok_or_else(too_many_units)?,
    };
    let wanted = Wanted {
        bodies: units.iter().map(|unit| unit.uuid()).collect(),
        role: query.role,
        state: Some((query.state.unwrap_or(State::Active), today)),
        after: Cursor::read(query.cursor.as_deref())?,
        most: i64::try_from(query.limit + 1).map_err(Error::internal)?,
        ..Wanted::default()
    };
    let page = shared.db.read(move |conn| {
        let page = Page::cut(store::load_at(conn, &wanted)?, query.limit, |one| one.id);
        let items = shown(conn, &people, &page.items, &tree, today)?;
        Ok(Page { items, next: page.next })
    });
    Ok(HttpResponse::Ok().json(page.await?))
}

fn too_many_units() -> Error {
    Error::field(FieldError::query(
        "below",
        "too_many_units",
        "下属单元超过两千个，请选择更低层级的单元。",
        "More than 2,000 units lie below; ask a lower unit.",
    ))
}

/// Gives somebody a role at a unit.
#[utoipa::path(
    post,
    path = "/units/{id}/members",
    tag = "people",
    params(("id" = String, Path, description = "The unit's id"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = GrantInput,
    responses((status = 201, description = "The membership", body = MembershipView)),
)]
async fn grant_role(
    caller: Caller<GrantRoles>,
    id: Path<UnitId>,
    _: Query<Nothing>,
    once: Once,
    body: Body<GrantInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let (tree, people, today) = shared.now();
    let input = body.value.clone();
    tree.node(id.0).ok_or_else(|| Error::refused(Reason::NotFound))?;
    let office = Office {
        role: input.role,
        body: id.0.uuid(),
        unit: Some(id.0),
        is_named: false,
        holder: None,
    };
    let actor = caller.at(office)?.clone();
    if input.role == Role::Resident {
        return Err(Error::because(
            Reason::StateConflict,
            "居民身份须由本人申请。",
            "Residents ask themselves; confirm their request.",
        ));
    }
    refuse_wrong_level(&tree, id.0, input.role)?;
    let person = find_person(&shared, &actor, &input.phone).await?;
    let new = NewMembership {
        person,
        role: input.role,
        body_kind: BodyKind::Unit,
        body: id.0.uuid(),
        unit: Some(id.0),
        from_day: input.from.unwrap_or(today),
        to_day: input.to,
        deputy: input.deputy,
        title: None,
    };
    refuse_past(&new, today)?;
    let stored = shared.db.write(move |tx| {
        let give = |tx: &mut Tx<'_>| {
            caller.at(office)?;
            Ok(change::grant(tx, by(&actor, today), &new, None)?.id)
        };
        let show = |tx: &mut Tx<'_>, id| made(tx, &people, id, &tree, today);
        once.run_shown(tx, &actor, &body.digest, give, show)
    });
    Ok(stored.await?.answer())
}

/// A role that is over before it is given helps nobody.
pub(in crate::grid) fn refuse_past(new: &NewMembership, today: NaiveDate) -> Result<()> {
    if new.to_day.is_none_or(|last| last >= today && last >= new.from_day) {
        return Ok(());
    }
    Err(Error::field(FieldError::body(
        "/to",
        "past",
        "结束日期已过。",
        "This day is over.",
    )))
}

/// The person with this number. That somebody looked is counted and logged.
pub(crate) async fn find_person(shared: &Shared, actor: &Actor, phone: &str) -> Result<PersonId> {
    let phone: Phone = phone
        .parse()
        .map_err(|_| Error::internal("a phone number that was checked"))?;
    let asking = person(actor)?;
    let search = PhoneSearch::new(shared.people.clone(), shared.calendar.zone());
    let found = shared.db.write(move |tx| search.find(tx, asking, &phone)).await?;
    found.ok_or_else(|| {
        Error::field(FieldError::body(
            "/phone",
            "unknown_person",
            "没有使用此手机号的账户，请本人先登录一次。",
            "Nobody signs in with this number; they sign in once first.",
        ))
    })
}

/// The membership, and where its body stands.
async fn existing(db: &Db, id: MembershipId) -> Result<(Membership, At)> {
    let found = db.read(move |conn| {
        let Some(membership) = store::load_one(conn, id)? else {
            return Ok(None);
        };
        let at = bodies::place_of(conn, membership.body_kind, membership.body_id)?;
        Ok(at.map(|at| (membership, at)))
    });
    found.await?.ok_or_else(|| Error::refused(Reason::NotFound))
}

fn office_of(membership: &Membership, at: At) -> Office {
    Office {
        role: membership.role,
        body: membership.body_id,
        unit: at.seen_from(membership),
        is_named: membership.title.is_some(),
        holder: Some(membership.person_id.uuid()),
    }
}

/// A membership: of one's own, or one that one may end.
#[utoipa::path(
    get,
    path = "/memberships/{id}",
    tag = "people",
    params(("id" = String, Path, description = "The membership's id")),
    responses((status = 200, description = "The membership", body = MembershipView), (status = 304, description = "The client has this version")),
)]
async fn get_membership(
    caller: Caller<EndRoles>,
    request: HttpRequest,
    id: Path<MembershipId>,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    let (membership, at) = existing(&shared.db, id.0).await?;
    caller.at(office_of(&membership, at))?;
    let version = Version::Content;
    let value = view_of(&shared, membership).await?;
    Ok(Entity { value, version }.answer(&request))
}

async fn view_of(shared: &Shared, membership: Membership) -> Result<MembershipView> {
    let (tree, people, today) = shared.now();
    shared
        .db
        .read(move |conn| one_shown(conn, &people, &membership, &tree, today))
        .await
}

/// Confirms a request: it counts from today on. Of two who answer at once, one is told that it was answered.
#[utoipa::path(
    post,
    path = "/memberships/{id}/confirm",
    tag = "people",
    params(("id" = String, Path, description = "The membership's id")),
    responses((status = 200, description = "The membership as it is now", body = MembershipView)),
)]
async fn confirm_membership(
    caller: Caller<DecideRoles>,
    id: Path<MembershipId>,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    let (membership, at) = existing(&shared.db, id.0).await?;
    let office = office_of(&membership, at);
    caller.at(office)?;
    let (step, today) = (step_of(&membership, at), shared.today());
    let decided = shared
        .db
        .write(move |tx| change::confirm(tx, by(caller.at(office)?, today), step));
    let view = view_of(&shared, decided.await?).await?;
    Ok(HttpResponse::build(StatusCode::OK).json(view))
}

/// Refuses a request.
#[utoipa::path(
    post,
    path = "/memberships/{id}/refuse",
    tag = "people",
    params(("id" = String, Path, description = "The membership's id")),
    request_body = ReasonInput,
    responses((status = 200, description = "The membership as it is now", body = MembershipView)),
)]
async fn refuse_membership(
    caller: Caller<DecideRoles>,
    id: Path<MembershipId>,
    _: Query<Nothing>,
    body: Body<ReasonInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let (membership, at) = existing(&shared.db, id.0).await?;
    let office = office_of(&membership, at);
    caller.at(office)?;
    let (step, today) = (step_of(&membership, at), shared.today());
    let decided = shared.db.write(move |tx| {
        let by = by(caller.at(office)?, today);
        change::refuse(tx, by, step, Some(&body.value.reason))
    });
    let view = view_of(&shared, decided.await?).await?;
    Ok(HttpResponse::build(StatusCode::OK).json(view))
}

/// Ends a role at once, or takes a request back: one's own, or one that one may grant.
#[utoipa::path(
    post,
    path = "/memberships/{id}/end",
    tag = "people",
    params(("id" = String, Path, description = "The membership's id")),
    request_body = ReasonInput,
    responses((status = 200, description = "The membership as it is now", body = MembershipView)),
)]
async fn end_membership(
    caller: Caller<EndRoles>,
    id: Path<MembershipId>,
    _: Query<Nothing>,
    body: Body<ReasonInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let (membership, at) = existing(&shared.db, id.0).await?;
    let office = office_of(&membership, at);
    caller.at(office)?;
    let (step, today) = (step_of(&membership, at), shared.today());
    let ended = shared.db.write(move |tx| {
        let by = by(caller.at(office)?, today);
        change::end_one(tx, by, step, Some(&body.value.reason))
    });
    let view = view_of(&shared, ended.await?).await?;
    Ok(HttpResponse::build(StatusCode::OK).json(view))
}

fn step_of(membership: &Membership, at: At) -> Step {
    Step {
        id: membership.id,
        person: membership.person_id,
        unit: at.seen_from(membership),
    }
}

/// The whole phone number of a member. Who looked, and why, is kept, and those above read it.
#[utoipa::path(
    post,
    path = "/memberships/{id}/phone",
    tag = "people",
    params(("id" = String, Path, description = "The membership's id")),
    request_body = ReasonInput,
    responses((status = 200, description = "The number", body = PhoneView)),
)]
async fn see_phone(
    caller: Caller<SeePhones>,
    request: HttpRequest,
    id: Path<MembershipId>,
    _: Query<Nothing>,
    body: Body<ReasonInput>,
    shared: web::Data<Shared>,
    http: web::Data<Http>,
) -> Answer {
    let (membership, at) = existing(&shared.db, id.0).await?;
    let unit = at.unit;
    if membership.body_kind == BodyKind::Unit {
        caller.at(unit)?;
    }
    let is_open = matches!(membership.state_on(shared.today()), State::Requested | State::Active);
    if !is_open || membership.body_kind != BodyKind::Unit {
        return Err(Error::refused(Reason::NotFound));
    }
    http.limits.charge(&request, &http, LOOKS, 1).await?;
    let people = shared.people.clone();
    let search = PhoneSearch::new(people.clone(), shared.calendar.zone());
    let phone = shared.db.write(move |tx| {
        search.count_look(tx, person(caller.at(unit)?)?)?;
        let entry = Entry {
            actor: &caller.at(unit)?.name,
            act: Act::PhoneSeen,
            person: Some(membership.person_id),
            role: Some(membership.role),
            body: Some((membership.body_kind, membership.body_id)),
            unit: Some(unit),
            reason: Some(&body.value.reason),
        };
        audit::record(tx, &entry)?;
        people.reveal_phone(tx, membership.person_id)
    });
    let phone = phone.await?.map(|phone| phone.reveal().to_owned());
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(PhoneView { phone }))
}
