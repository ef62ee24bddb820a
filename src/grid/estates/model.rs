//! Estates and their rules.

use std::collections::HashSet;

use crate::clock::{self, Timestamp};
use crate::db::{Id, Named};
use crate::grid::model::UnitId;

/// The id of an estate.
pub type EstateId = Id<Estate>;

/// A named set of buildings in one grid.
#[derive(Debug, Clone)]
pub struct Estate {
    /// Its id.
    pub id: EstateId,
    /// The grid that it is in.
    pub unit_id: UnitId,
    /// Its name.
    pub name: String,
    /// When it was drawn first.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Grows with each change.
    pub version: i64,
    /// Its buildings, each in no other estate.
    pub buildings: Vec<UnitId>,
}

impl Named for Estate {
    const PREFIX: &'static str = "est";
}

impl Estate {
    /// To be drawn now.
    pub fn new(unit_id: UnitId, name: &str, buildings: Vec<UnitId>) -> Self {
        let now = clock::now();
        Self {
            id: EstateId::new(),
            unit_id,
            name: name.to_owned(),
            created_at: now,
            updated_at: now,
            closed_at: None,
            version: 1,
            buildings,
        }
    }
}

/// The places in the list of those that are no buildings of the grid, or stand there twice.
pub fn misplaced(buildings: &[UnitId], of_grid: &HashSet<UnitId>) -> Vec<usize> {
    let twice = |at: usize, id: &UnitId| buildings.iter().take(at).any(|before| before == id);
    let found = buildings.iter().enumerate();
    found
        .filter(|(at, id)| !of_grid.contains(*id) || twice(*at, id))
        .map(|(at, _)| at)
        .collect()
}
