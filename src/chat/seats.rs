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
                for body in below(conn, tree, unit)? {
                    sit(Kind::Residents, Some(body));
                }
            }
            Role::BuildingHead => {
                sit(Kind::BuildingHeads, community().map(UnitId::uuid));
                for body in below(conn, tree, unit)? {
                    sit(Kind::Residents, Some(body));
                }
            }
            Role::Resident => sit(Kind::Residents, of_home(conn, tree, unit)?),
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

/// Whose residents' channel a home is in: its estate's, or else its grid's.
fn of_home(conn: &mut Conn, tree: &Tree, home: UnitId) -> Result<Option<Uuid>> {
    let estate = estates::of_buildings(conn, &[home])?.pop();
    Ok(match estate {
        Some((_, estate)) => Some(estate.uuid()),
        None => at_level(tree, home, Level::Grid).map(UnitId::uuid),
    })
}

/// Whose residents' channels there are for homes at and below a unit: the estates of its
/// buildings, and its grid where a home is in none, be it a building or, in a village, a group.
fn below(conn: &mut Conn, tree: &Tree, unit: UnitId) -> Result<Vec<Uuid>> {
    let level = |id: &UnitId| tree.node(*id).map(|node| node.unit.level);
    let has_buildings = |id: &UnitId| {
        let below = tree.subtree(*id, usize::MAX).unwrap_or_default();
        below.iter().any(|id| level(id) == Some(Level::Building))
    };
    let is_home = |id: &UnitId| match level(id) {
        Some(Level::Building) => true,
        Some(Level::Group) => !has_buildings(id),
        _ => false,
    };
    let homes: Vec<UnitId> = tree
        .subtree(unit, usize::MAX)
        .unwrap_or_default()
        .into_iter()
        .filter(is_home)
        .collect();
    let drawn = estates::of_buildings(conn, &homes)?;
    let mut bodies: Vec<Uuid> = drawn.iter().map(|(_, estate)| estate.uuid()).collect();
    bodies.sort_unstable();
    bodies.dedup();
    if drawn.len() < homes.len() {
        bodies.extend(at_level(tree, unit, Level::Grid).map(UnitId::uuid));
    }
    Ok(bodies)
}
