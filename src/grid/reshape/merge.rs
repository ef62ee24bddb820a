//! A unit that is merged into another.

use super::model::refuse_unlike;
use super::routes::{changed, note};
use crate::clock;
use crate::db::Tx;
use crate::error::Result;
use crate::grid::audit::Act;
use crate::grid::members::{self, By};
use crate::grid::model::{Level, Unit};
use crate::grid::{departments, estates, households, organisations, store};

/// Which unit is merged into which, both locked.
pub(super) struct Merger<'a> {
    pub unit: Unit,
    pub into: Unit,
    pub by: By<'a>,
    pub reason: &'a str,
}

/// Hands all that hangs on the unit to the other, and closes it.
pub(super) fn merge(tx: &mut Tx<'_>, merger: Merger<'_>) -> Result<Unit> {
    let Merger {
        mut unit,
        mut into,
        by,
        reason,
    } = merger;
    store::refuse_closed(&into)?;
    refuse_unlike(&unit, &into)?;
    for mut child in store::children(tx, unit.id)? {
        child.parent_id = Some(into.id);
        changed(tx, child, by.name)?;
    }
    for earlier in store::redirect(tx, unit.id, into.id)? {
        tx.changed(store::KIND, earlier);
    }
    estates::hand_over(tx, unit.id, into.id)?;
    if unit.level == Level::Building {
        estates::forget_building(tx, unit.id)?;
    }
    organisations::hand_over(tx, unit.id, into.id)?;
    departments::hand_over(tx, unit.id, into.id)?;
    members::carry_over(tx, by, unit.id, into.id, reason)?;
    households::hand_over(tx, unit.id, into.id)?;
    // Those who stood above it read of it as well.
    for read_at in [Some(into.id), unit.parent_id].into_iter().flatten() {
        note(tx, by.name, Act::UnitMerged, unit.id, read_at, reason)?;
    }
    // Where one is unknown, so is the sum.
    if into.population.is_some() || unit.population.is_some() {
        let both = into.population.zip(unit.population);
        into.population = both.map(|(own, more)| own.saturating_add(more));
        changed(tx, into.clone(), by.name)?;
    }
    unit.merged_into = Some(into.id);
    unit.closed_at = Some(clock::now());
    changed(tx, unit, by.name)
}
