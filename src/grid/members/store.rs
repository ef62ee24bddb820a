//! The table of memberships.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use uuid::Uuid;

use super::model::{Held, Membership, MembershipId, State, day_number, day_of};
use super::role::Role;
use crate::clock::{self, Timestamp};
use crate::db::schema::{membership as table, unit};
use crate::db::{Conn, Id, Named, Tx};
use crate::error::{Error, Result};
use crate::grid::households;
use crate::grid::model::UnitId;
use crate::grid::store as unit_store;
use crate::identity::{self, PersonId};

/// The kind under which changes of memberships are followed, by the person's id.
pub const KIND: &str = "membership";

/// Any body; its kind stands beside it.
#[derive(Debug)]
pub struct AnyBody;
impl Named for AnyBody {
    const PREFIX: &'static str = "bdy";
}
/// The id of a body in a table.
pub type BodyId = Id<AnyBody>;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = table, treat_none_as_null = true)]
struct Row {
    id: MembershipId,
    person_id: PersonId,
    role: String,
    body_kind: String,
    body_id: BodyId,
    from_day: i64,
    to_day: Option<i64>,
    deputy: bool,
    state: String,
    granted_by: Option<String>,
    ended_by: Option<String>,
    reason: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
    title: Option<String>,
}

impl Row {
    fn of(membership: &Membership) -> Self {
        Self {
            id: membership.id,
            person_id: membership.person_id,
            role: membership.role.name().to_owned(),
            body_kind: membership.body_kind.name().to_owned(),
            body_id: Id::from_uuid(membership.body_id),
            from_day: day_number(membership.from_day).into(),
            to_day: membership.to_day.map(|day| day_number(day).into()),
            deputy: membership.deputy,
            state: membership.state.name().to_owned(),
            granted_by: membership.granted_by.clone(),
            ended_by: membership.ended_by.clone(),
            reason: membership.reason.clone(),
            created_at: membership.created_at,
            updated_at: membership.updated_at,
            version: membership.version,
            title: membership.title.clone(),
        }
    }

    fn into_membership(self) -> Result<Membership> {
        let wrong = |what: &str| Error::internal(format!("the table has a membership of an unknown {what}"));
        Ok(Membership {
            id: self.id,
            person_id: self.person_id,
            role: self.role.parse().map_err(|()| wrong("role"))?,
            body_kind: self.body_kind.parse().map_err(|()| wrong("kind of body"))?,
            body_id: self.body_id.uuid(),
            from_day: day_of(self.from_day).ok_or_else(|| wrong("day"))?,
            to_day: self
                .to_day
                .map(|day| day_of(day).ok_or_else(|| wrong("day")))
                .transpose()?,
            deputy: self.deputy,
            title: self.title,
            state: self.state.parse().map_err(|()| wrong("state"))?,
            granted_by: self.granted_by,
            ended_by: self.ended_by,
            reason: self.reason,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        })
    }
}

/// What memory holds of a row.
type Short = (PersonId, String, BodyId, i64, Option<i64>, Option<String>);

fn in_short((person, role, body, from_day, to_day, title): Short) -> Result<(Uuid, Held)> {
    let day = |number: i64| i32::try_from(number).map_err(Error::internal);
    let held = Held {
        role: role
            .parse()
            .map_err(|()| Error::internal("the table has a membership of an unknown role"))?,
        body: body.uuid(),
        from_day: day(from_day)?,
        to_day: to_day.map_or(Ok(i32::MAX), day)?,
        is_officer: title.is_some(),
    };
    Ok((person.uuid(), held))
}

macro_rules! short_rows {
    () => {
        table::table.filter(table::state.eq(State::Active.name())).select((
            table::person_id,
            table::role,
            table::body_id,
            table::from_day,
            table::to_day,
            table::title,
        ))
    };
}

/// Everybody's active roles but `resident`, each with the person's id.
pub fn all_staff(conn: &mut Conn) -> Result<Vec<(Uuid, Held)>> {
    let rows: Vec<Short> = short_rows!().filter(table::role.ne(Role::Resident.name())).load(conn)?;
    rows.into_iter().map(in_short).collect()
}

/// The same of these persons.
pub fn staff_of(conn: &mut Conn, people: &[PersonId]) -> Result<Vec<(Uuid, Held)>> {
    let rows: Vec<Short> = short_rows!()
        .filter(table::role.ne(Role::Resident.name()))
        .filter(table::person_id.eq_any(people))
        .load(conn)?;
    rows.into_iter().map(in_short).collect()
}

/// Where each of these persons lives.
pub fn homes_of(conn: &mut Conn, people: &[PersonId]) -> Result<Vec<(Uuid, Held)>> {
    let rows: Vec<Short> = short_rows!()
        .filter(table::role.eq(Role::Resident.name()))
        .filter(table::person_id.eq_any(people))
        .load(conn)?;
    rows.into_iter().map(in_short).collect()
}

/// Where a person lives.
pub fn homes(conn: &mut Conn, person: PersonId) -> Result<Vec<Held>> {
    let found = homes_of(conn, &[person])?;
    Ok(found.into_iter().map(|(_, held)| held).collect())
}

/// Adds a membership. Who is that already, or asked to be, is told so.
pub(super) fn insert(tx: &mut Tx<'_>, membership: &Membership) -> Result<()> {
    let inserted = diesel::insert_into(table::table)
        .values(Row::of(membership))
        .execute(&mut **tx);
    inserted.map_err(Error::taken(
        "此人已有该身份，或已在申请中。",
        "This person has this role there already, or has asked for it.",
    ))?;
    tx.changed(KIND, membership.person_id);
    Ok(())
}

/// One membership.
pub(super) fn load_one(conn: &mut Conn, id: MembershipId) -> Result<Option<Membership>> {
    let row: Option<Row> = table::table.find(id).first(conn).optional()?;
    row.map(Row::into_membership).transpose()
}

/// Those of these memberships that there are, in the order of their ids.
pub fn load_many(conn: &mut Conn, ids: &[MembershipId]) -> Result<Vec<Membership>> {
    let rows: Vec<Row> = table::table.filter(table::id.eq_any(ids)).order(table::id).load(conn)?;
    rows.into_iter().map(Row::into_membership).collect()
}

/// Writes a membership's new state.
pub(super) fn update(tx: &mut Tx<'_>, mut membership: Membership) -> Result<Membership> {
    membership.updated_at = clock::now();
    membership.version += 1;
    diesel::update(table::table.find(membership.id))
        .set(Row::of(&membership))
        .execute(&mut **tx)?;
    tx.changed(KIND, membership.person_id);
    Ok(membership)
}

/// So many ids in one statement: SQLite takes 32,766 at the most.
const AT_ONCE: usize = 10_000;

/// Which memberships are looked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// At these bodies.
    pub bodies: Vec<Uuid>,
    /// In this role.
    pub role: Option<Role>,
    /// Those that stand so on this day.
    pub state: Option<(State, NaiveDate)>,
    /// Only those that count on this day.
    pub on: Option<NaiveDate>,
    /// Only deputies, or only those who are none.
    pub deputy: Option<bool>,
    /// Only those in a named office.
    pub is_officer: bool,
    /// Those behind this one in the order of the list.
    pub after: Option<MembershipId>,
    /// So many at the most.
    pub most: i64,
}

/// Memberships at these bodies, in the order of their ids.
pub fn load_at(conn: &mut Conn, wanted: &Wanted) -> Result<Vec<Membership>> {
    let bodies: Vec<BodyId> = wanted.bodies.iter().copied().map(Id::from_uuid).collect();
    let mut query = table::table
        .filter(table::body_id.eq_any(bodies))
        .order(table::id)
        .limit(wanted.most)
        .into_boxed();
    if let Some(role) = wanted.role {
        query = query.filter(table::role.eq(role.name()));
    }
    // The state as Membership::state_on has it.
    let active = table::state.eq(State::Active.name());
    match wanted.state {
        Some((State::Active, day)) => {
            let day = i64::from(day_number(day));
            let goes_on = table::to_day.is_null().or(table::to_day.ge(day));
            query = query.filter(active).filter(goes_on);
        }
        Some((State::Ended, day)) => {
            let has_run_out = table::to_day.lt(i64::from(day_number(day)));
            query = query.filter(
                table::state
                    .eq(State::Ended.name())
                    .nullable()
                    .or(active.and(has_run_out)),
            );
        }
        Some((state, _)) => query = query.filter(table::state.eq(state.name())),
        None => {}
    }
    if let Some(day) = wanted.on {
        let day = i64::from(day_number(day));
        let goes_on = table::to_day.is_null().or(table::to_day.ge(day));
        query = query.filter(active).filter(table::from_day.le(day)).filter(goes_on);
    }
    if let Some(deputy) = wanted.deputy {
        query = query.filter(table::deputy.eq(deputy));
    }
    if wanted.is_officer {
        query = query.filter(table::title.is_not_null());
    }
    if let Some(after) = wanted.after {
        query = query.filter(table::id.gt(after));
    }
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(Row::into_membership).collect()
}

/// Who is what on a day at a unit, and below it where that is asked for, with the units' codes.
pub fn list_at(conn: &mut Conn, unit: UnitId, below: bool, today: NaiveDate) -> Result<Vec<(Membership, String)>> {
    let units = match below {
        true => unit_store::below(conn, unit)?,
        false => vec![unit],
    };
    let mut found = Vec::new();
    for some in units.chunks(AT_ONCE) {
        let codes: HashMap<UnitId, String> = unit::table
            .select((unit::id, unit::code))
            .filter(unit::id.eq_any(some))
            .load::<(UnitId, String)>(conn)?
            .into_iter()
            .collect();
        let wanted = Wanted {
            bodies: some.iter().map(|unit| unit.uuid()).collect(),
            state: Some((State::Active, today)),
            most: i64::MAX,
            ..Wanted::default()
        };
        for one in load_at(conn, &wanted)? {
            let code = codes.get(&UnitId::from_uuid(one.body_id)).cloned().unwrap_or_default();
            found.push((one, code));
        }
    }
    found.sort_by(|(a, code_a), (b, code_b)| (code_a, a.role, a.id).cmp(&(code_b, b.role, b.id)));
    Ok(found)
}

/// A person's memberships that are asked for or active on a day, in the order of their ids.
pub(super) fn load_of(conn: &mut Conn, person: PersonId, today: NaiveDate) -> Result<Vec<Membership>> {
    let mut open = load_open_rows(conn, person)?;
    open.retain(|one| one.state_on(today) != State::Ended);
    Ok(open)
}

/// All memberships that somebody has, has had or asked for, in the order of their ids.
pub fn all_of(conn: &mut Conn, person: PersonId) -> Result<Vec<Membership>> {
    let rows: Vec<Row> = table::table
        .filter(table::person_id.eq(person))
        .order(table::id)
        .load(conn)?;
    rows.into_iter().map(Row::into_membership).collect()
}

/// Blanks what was written about somebody's memberships.
pub fn blank_reasons(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    diesel::update(table::table.filter(table::person_id.eq(person)))
        .set(table::reason.eq(None::<String>))
        .execute(&mut **tx)?;
    Ok(())
}

fn load_open_rows(conn: &mut Conn, person: PersonId) -> Result<Vec<Membership>> {
    let open = [State::Requested.name(), State::Active.name()];
    let rows: Vec<Row> = table::table
        .filter(table::person_id.eq(person))
        .filter(table::state.eq_any(open))
        .order(table::id)
        .load(conn)?;
    rows.into_iter().map(Row::into_membership).collect()
}

/// The same, which nobody else changes until the transaction ends. What has run out is
/// written to have ended, so that it is in nobody's way any more.
pub(super) fn load_of_locked(tx: &mut Tx<'_>, person: PersonId, today: NaiveDate) -> Result<Vec<Membership>> {
    identity::lock_person(tx, person)?;
    let (run_out, open): (Vec<_>, Vec<_>) = load_open_rows(tx, person)?
        .into_iter()
        .partition(|one| one.state_on(today) == State::Ended);
    for mut membership in run_out {
        if membership.role == Role::Resident {
            households::leave(tx, person)?;
        }
        membership.state = State::Ended;
        update(tx, membership)?;
    }
    Ok(open)
}
