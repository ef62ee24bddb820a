//! What becomes of estates, each step with its entry in the audit.

use super::model::{Estate, misplaced};
use super::store;
use crate::db::Tx;
use crate::error::{Error, FieldError, Reason, Result};
use crate::grid::audit::{self, Act, Entry};
use crate::grid::model::{Level, UnitId};
use crate::grid::store as units;

/// An entry of what was done to an estate.
pub(super) fn entry<'a>(actor: &'a str, act: Act, estate: &Estate, reason: Option<&'a str>) -> Entry<'a> {
    Entry {
        actor,
        act,
        person: None,
        role: None,
        body: None,
        unit: Some(estate.unit_id),
        reason,
    }
}

/// Draws an estate of a grid.
pub fn draw(tx: &mut Tx<'_>, by: &str, estate: &Estate) -> Result<()> {
    refuse_misplaced(tx, &estate.buildings, estate.unit_id)?;
    store::insert(tx, estate)?;
    audit::record(tx, &entry(by, Act::EstateDrawn, estate, None))
}

/// Refuses what is no building of the grid, and names each; what hangs where is held until
/// the transaction ends.
pub(super) fn refuse_misplaced(tx: &mut Tx<'_>, buildings: &[UnitId], grid: UnitId) -> Result<()> {
    units::lock_shape(tx)?;
    if units::hold_open(tx, grid)?.level != Level::Grid {
        return Err(Error::because(
            Reason::StateConflict,
            "小区属于网格。",
            "Estates belong to a grid.",
        ));
    }
    let of_grid = units::buildings_within(tx, grid)?;
    let fault = |at: usize| {
        FieldError::body(
            format!("/buildings/{at}"),
            "not_in_the_grid",
            "应为本网格的楼栋，且不重复。",
            "It takes buildings of the grid, each once.",
        )
    };
    let faults: Vec<FieldError> = misplaced(buildings, &of_grid).into_iter().map(fault).collect();
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Error::Invalid(faults)),
    }
}
