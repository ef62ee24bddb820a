//! The table of duties.

use diesel::prelude::*;

use super::model::{Duty, DutyId};
use crate::clock::{self, Timestamp};
use crate::db::schema::{department, duty as table};
use crate::db::{Conn, Tx, search};
use crate::error::{Error, Reason, Result};
use crate::grid::departments::{Department, DepartmentId};
use crate::grid::model::UnitId;
use crate::text::{self, SearchName};

/// Under this duties are found by words.
const KIND: &str = "duty";
/// How many candidates of a search are looked at, as the description of `q` says.
const CANDIDATES: i64 = 5_000;

#[derive(Queryable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: DutyId,
    department_id: DepartmentId,
    item: String,
    legal_basis: String,
    deadline: i64,
    deadline_in: String,
    contact: String,
    published_at: Timestamp,
    withdrawn_at: Option<Timestamp>,
}

impl Row {
    fn of(duty: &Duty) -> Self {
        Self {
            id: duty.id,
            department_id: duty.department_id,
            item: duty.item.clone(),
            legal_basis: duty.legal_basis.clone(),
            deadline: duty.deadline,
            deadline_in: duty.deadline_in.name().to_owned(),
            contact: duty.contact.clone(),
            published_at: duty.published_at,
            withdrawn_at: duty.withdrawn_at,
        }
    }

    fn into_duty(self) -> Result<Duty> {
        let counted = self.deadline_in.parse();
        Ok(Duty {
            id: self.id,
            department_id: self.department_id,
            item: self.item,
            legal_basis: self.legal_basis,
            deadline: self.deadline,
            deadline_in: counted.map_err(|()| Error::internal("the table has days of an unknown kind"))?,
            contact: self.contact,
            published_at: self.published_at,
            withdrawn_at: self.withdrawn_at,
        })
    }
}

fn findable(duty: &Duty) -> SearchName {
    SearchName::new(&duty.item, None)
}

/// Adds a duty.
pub(super) fn insert(tx: &mut Tx<'_>, duty: &Duty) -> Result<()> {
    diesel::insert_into(table::table)
        .values(Row::of(duty))
        .execute(&mut **tx)?;
    search::index(tx, KIND, duty.id, &findable(duty).tokens())
}

/// One duty with its department, withdrawn ones too.
pub(super) fn load_one(conn: &mut Conn, id: DutyId) -> Result<Option<(Duty, Department)>> {
    let found: Option<(Row, Department)> = table::table
        .inner_join(department::table)
        .filter(table::id.eq(id))
        .first(conn)
        .optional()?;
    found
        .map(|(row, department)| Ok((row.into_duty()?, department)))
        .transpose()
}

/// Writes that a duty is withdrawn. Its department is locked by the transaction.
pub(super) fn withdraw(tx: &mut Tx<'_>, mut duty: Duty) -> Result<Duty> {
    if duty.withdrawn_at.is_some() {
        return Err(Error::because(
            Reason::StateConflict,
            "该事项已撤回。",
            "This duty was withdrawn already.",
        ));
    }
    duty.withdrawn_at = Some(clock::now());
    diesel::update(table::table.find(duty.id))
        .set(table::withdrawn_at.eq(duty.withdrawn_at))
        .execute(&mut **tx)?;
    search::forget(tx, KIND, duty.id)?;
    Ok(duty)
}

/// Withdraws whatever a department has published. The transaction has it locked.
pub fn withdraw_all(tx: &mut Tx<'_>, department: DepartmentId) -> Result<()> {
    let published: Vec<Row> = table::table
        .filter(table::department_id.eq(department))
        .filter(table::withdrawn_at.is_null())
        .load(&mut **tx)?;
    for row in published {
        withdraw(tx, row.into_duty()?)?;
    }
    Ok(())
}

/// Which duties are looked for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub department: Option<DepartmentId>,
    /// Those of the departments of this unit.
    pub unit: Option<UnitId>,
    pub words: Option<text::Query>,
}

/// Published duties behind this one with their departments, in the order in which they were
/// published.
pub(super) fn load(
    conn: &mut Conn,
    wanted: &Wanted,
    after: Option<DutyId>,
    most: i64,
) -> Result<Vec<(Duty, Department)>> {
    let mut query = table::table
        .inner_join(department::table)
        .filter(table::withdrawn_at.is_null())
        .order(table::id)
        .into_boxed();
    if let Some(department) = wanted.department {
        query = query.filter(table::department_id.eq(department));
    }
    if let Some(unit) = wanted.unit {
        query = query.filter(department::unit_id.eq(unit));
    }
    if let Some(after) = after {
        query = query.filter(table::id.gt(after));
    }
    query = match &wanted.words {
        None => query.limit(most),
        Some(words) => {
            let candidates: Vec<DutyId> = search::find(conn, KIND, words, CANDIDATES)?;
            query.filter(table::id.eq_any(candidates))
        }
    };
    let rows: Vec<(Row, Department)> = query.load(conn)?;
    let mut found = Vec::new();
    for (row, department) in rows {
        let duty = row.into_duty()?;
        let says_so = |words: &text::Query| words.matches(&findable(&duty));
        if wanted.words.as_ref().is_none_or(says_so) {
            found.push((duty, department));
        }
    }
    found.truncate(usize::try_from(most).map_err(Error::internal)?);
    Ok(found)
}
