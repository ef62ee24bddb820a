//! What becomes of departments, each step with its entry in the audit.

use super::model::{Department, has_departments};
use super::store;
use crate::db::Tx;
use crate::error::{Error, Reason, Result};
use crate::grid::audit::{self, Act, Entry};
use crate::grid::members::BodyKind;
use crate::grid::store as units;

/// An entry of what was done to a department.
pub(super) fn entry<'a>(actor: &'a str, act: Act, one: &Department, reason: Option<&'a str>) -> Entry<'a> {
    let body = (BodyKind::Department, one.id.uuid());
    Entry::of_body(actor, act, body, one.unit_id, reason)
}

/// Founds a department of a city or a county.
pub fn found(tx: &mut Tx<'_>, by: &str, one: &Department) -> Result<()> {
    let unit = units::hold_open(tx, one.unit_id)?;
    if !has_departments(unit.level) {
        return Err(Error::because(
            Reason::StateConflict,
            "部门设在市或县（区）。",
            "Departments belong to a city or a county.",
        ));
    }
    store::insert(tx, one)?;
    audit::record(tx, &entry(by, Act::DepartmentFounded, one, None))
}
