//! Who is in which standing channel: from the roles that they hold, the tree and the estates.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::model::Kind;
use crate::db::Conn;
use crate::error::Result;
use crate::grid::estates;
use crate::grid::members::{Held, Role};
use crate::grid::{Level, Tree, UnitId};

/// Somebody's place in a standing channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// Since which day.
    pub since_day: i32,
    /// Whether they see what was said before: work goes on with an office, what neighbours said
    /// does not concern who did not live there.
    pub sees_before: bool,
    /// Whether they look after it: they may recall what others said.
    pub looks_after: bool,
}

/// Of which kind, and whose.
pub type Place = (Kind, Uuid);

/// The channels that somebody is in who holds this today.
///
/// # Errors
/// Where the database fails.
pub fn seats(conn: &mut Conn, tree: &Tree, held: &[Held]) -> Result<BTreeMap<Place, Seat>> {
    let mut seats = BTreeMap::new();
    for one in held {
        let unit = UnitId::from_uuid(one.body);
        let community = || at_level(tree, unit, Level::Community);
        let looks_after = matches!(one.role, Role::GridLeader | Role::CommunityStaff);
        let seat = Seat {
            since_day: one.from_day,
            sees_before: one.role != Role::Resident,
            looks_after,
        };
        let mut sit = |kind: Kind, body: Option<Uuid>| {
            let Some(body) = body else { return };
            let known = seats.entry((kind, body)).or_insert(seat);
            // Of two roles the one that sees more counts.
            known.since_day = known.since_day.min(seat.since_day);
            known.sees_before |= seat.sees_before;
            known.looks_after |= seat.looks_after;
        };
        match one.role {
            Role::CommunityStaff => {
                sit(Kind::GridSecretaries, community().map(UnitId::uuid));
                sit(Kind::BuildingHeads, community().map(UnitId::uuid));
            }
            Role::GridLeader => {
                sit(Kind::GridSecretaries, community().map(UnitId::uuid));
                sit(Kind::BuildingHeads, community().map(UnitId::uuid));
                for body in of_grid(conn, tree, unit)? {
                    sit(Kind::Residents, Some(body));
                }
            }
            Role::BuildingHead => {
                sit(Kind::BuildingHeads, community().map(UnitId::uuid));
                sit(Kind::Residents, of_building(conn, tree, unit)?);
            }
            Role::Resident => sit(Kind::Residents, of_building(conn, tree, unit)?),
            _ => {}
        }
    }
    Ok(seats)
}

/// The unit itself or one above it, of this level.
fn at_level(tree: &Tree, unit: UnitId, level: Level) -> Option<UnitId> {
    tree.upwards(unit)
        .find(|id| tree.node(*id).is_some_and(|node| node.unit.level == level))
}

/// Whose residents' channel a building is in: its estate's, or else its grid's.
fn of_building(conn: &mut Conn, tree: &Tree, building: UnitId) -> Result<Option<Uuid>> {
    let estate = estates::of_buildings(conn, &[building])?.pop();
    Ok(match estate {
        Some((_, estate)) => Some(estate.uuid()),
        None => at_level(tree, building, Level::Grid).map(UnitId::uuid),
    })
}

/// Whose residents' channels there are in a grid: its estates', and its own where a building is
/// in none.
fn of_grid(conn: &mut Conn, tree: &Tree, grid: UnitId) -> Result<Vec<Uuid>> {
    let is_building = |id: &UnitId| tree.node(*id).is_some_and(|node| node.unit.level == Level::Building);
    let below = tree.subtree(grid, usize::MAX).unwrap_or_default();
    let buildings: Vec<UnitId> = below.into_iter().filter(is_building).collect();
    let drawn = estates::of_buildings(conn, &buildings)?;
    let mut bodies: Vec<Uuid> = drawn.iter().map(|(_, estate)| estate.uuid()).collect();
    bodies.sort_unstable();
    bodies.dedup();
    if drawn.len() < buildings.len() {
        bodies.push(grid.uuid());
    }
    Ok(bodies)
}
