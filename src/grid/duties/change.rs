//! What becomes of duties, each step with its entry in the audit.

use super::model::Duty;
use super::store;
use crate::db::Tx;
use crate::error::Result;
use crate::grid::audit::{self, Act, Entry};
use crate::grid::departments::Department;
use crate::grid::members::BodyKind;

/// An entry of what was done to a duty of a department.
pub(super) fn entry<'a>(actor: &'a str, act: Act, department: &Department, reason: Option<&'a str>) -> Entry<'a> {
    let body = (BodyKind::Department, department.id.uuid());
    Entry::of_body(actor, act, body, department.unit_id, reason)
}

/// Publishes a duty of a department, which the transaction holds open.
pub fn publish(tx: &mut Tx<'_>, by: &str, duty: &Duty, department: &Department) -> Result<()> {
    store::insert(tx, duty)?;
    audit::record(tx, &entry(by, Act::DutyPublished, department, None))
}
