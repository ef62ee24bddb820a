//! What becomes of organisations, each step with its entry in the audit.

use super::model::Organisation;
use super::store;
use crate::db::Tx;
use crate::error::{Error, FieldError, Reason, Result};
use crate::grid::audit::{self, Act, Entry};
use crate::grid::estates;
use crate::grid::members::BodyKind;
use crate::grid::store as units;

/// An entry of what was done to an organisation.
pub(super) fn entry<'a>(actor: &'a str, act: Act, one: &Organisation, reason: Option<&'a str>) -> Entry<'a> {
    let body = (BodyKind::Organisation, one.id.uuid());
    Entry::of_body(actor, act, body, one.unit_id, reason)
}

/// Founds an organisation of a unit that is open. A second party branch is refused.
pub fn found(tx: &mut Tx<'_>, by: &str, one: &Organisation) -> Result<()> {
    units::hold_open(tx, one.unit_id)?;
    refuse_foreign_estate(tx, one)?;
    store::insert(tx, one)?;
    audit::record(tx, &entry(by, Act::OrganisationFounded, one, None))
}

/// A council is of an estate in its own unit that stays open.
fn refuse_foreign_estate(tx: &mut Tx<'_>, one: &Organisation) -> Result<()> {
    let Some(estate) = one.estate_id else { return Ok(()) };
    let found = estates::load_open_locked(tx, estate);
    match found {
        Ok(estate) if estate.unit_id == one.unit_id => Ok(()),
        Err(error) if error.reason() != Reason::NotFound => Err(error),
        _ => Err(Error::field(FieldError::body(
            "/estate_id",
            "not_in_the_unit",
            "该单元没有这个小区。",
            "The unit has no such estate.",
        ))),
    }
}
